/* SPDX-License-Identifier: Apache-2.0
 *
 * Which message a duplicate repeats. No row refers to another one: the bytes are the proof, and each log file stands
 * for itself.
 */
#include "journal/reader.h"

struct original {
	struct aff_view raw;
	int64_t id;
};

static int compare(void *arg, const struct journal_row *row)
{
	struct original *o = arg;
	if (!aff_view_equal(row->raw, o->raw))
		return 0;
	o->id = row->message.id;
	return 1;
}

int journal_find_original(struct journal_reader *r, const struct journal_message *duplicate, struct aff_view raw,
                          int64_t *id, struct aff_diag *diag)
{
	struct original o = {.raw = raw};
	const char *colon = duplicate->peer.n ? memrchr(duplicate->peer.p, ':', duplicate->peer.n) : NULL;
	struct journal_query q = {.channel = duplicate->channel,
	                          .type = duplicate->type,
	                          .control_id = duplicate->control_id,
	                          .peer = duplicate->peer,
	                          .verdict = JOURNAL_ACCEPTED,
	                          .before_id = duplicate->id,
	                          .limit = UINT64_MAX,
	                          .raw = true};
	if (colon)
		q.peer.n = (size_t)(colon - q.peer.p);
	int rc = journal_search(r, &q, compare, &o, diag);
	if (rc < 0)
		return rc;
	if (!o.id)
		return aff_diag_set(diag, AFF_ENOTFOUND, "the original is not in the journal any more");
	*id = o.id;
	return 0;
}
