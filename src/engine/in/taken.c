/* SPDX-License-Identifier: Apache-2.0
 *
 * All messages of a file are in one transaction: the journal has all of them or none.
 */
#include "engine/in/taken.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/peer.h"

void taken_add(struct taken *t, const struct journal_message *row)
{
	t->messages++;
	if (row->verdict != JOURNAL_REJECTED)
		return;
	if (t->rejected < TAKEN_TOLD_MAX) {
		t->told[t->rejected].number = t->messages;
		t->told[t->rejected].error = row->error;
		t->told[t->rejected].id = row->id;
	}
	t->rejected++;
}

void taken_report(const struct taken *t, struct aff_buf *out)
{
	unsigned told = t->rejected < TAKEN_TOLD_MAX ? t->rejected : TAKEN_TOLD_MAX;
	aff_buf_printf(out, "%u of %u message%s rejected; what was not is taken.\n", t->rejected, t->messages,
		       t->messages == 1 ? " was" : "s were");
	for (unsigned i = 0; i < told; i++)
		aff_buf_printf(out, "message %u: %s; see afferent journal show %" PRId64 "\n", t->told[i].number,
			       aff_error_text(t->told[i].error), t->told[i].id);
	if (told < t->rejected)
		aff_buf_printf(out, "and %u others; see afferent journal search --verdict rejected\n",
			       t->rejected - told);
}

struct search {
	struct taken_known *files;
	size_t n;
};

static int by_peer(const void *key, const void *item)
{
	const struct aff_view *peer = key;
	const struct taken_known *file = item;
	int order = strncmp(peer->p, file->peer, peer->n);
	return order ? order : file->peer[peer->n] ? -1 : 0;
}

static int sort_by_peer(const void *a, const void *b)
{
	const struct taken_known *x = a, *y = b;
	return strcmp(x->peer, y->peer);
}

static int note(void *arg, const struct journal_row *row)
{
	const struct search *s = arg;
	const struct taken_known *file =
		bsearch(&row->message.peer, s->files, s->n, sizeof *s->files, by_peer);
	if (file && row->message.id > file->after)
		taken_add(file->taken, &row->message);
	return 0;
}

int taken_find(const struct conf *conf, const char *channel, struct taken_known *files, size_t n,
	       struct aff_diag *diag)
{
	struct journal_reader *reader = NULL;
	struct search s = {files, n};
	int64_t after = INT64_MAX;
	if (!n)
		return 0;
	qsort(files, n, sizeof *files, sort_by_peer);
	for (size_t i = 0; i < n; i++)
		after = files[i].after < after ? files[i].after : after;
	int rc = journal_reader_open(&reader, conf->engine.journal, diag);
	if (!rc) {
		struct journal_query q = {.channel = aff_view_of(channel),
					  .peer = peer_sender(aff_view_of(files[0].peer)),
					  .before_id = after,
					  .oldest_first = true,
					  .limit = INT64_MAX};
		rc = journal_search(reader, &q, note, &s, diag);
		journal_reader_close(reader);
	}
	return rc < 0 ? rc : 0;
}
