/* SPDX-License-Identifier: Apache-2.0
 *
 * See import_there.h. The entries are sorted; each row of the journal from their time is looked up among them, and only
 * what has an entry's channel and receive time is unpacked.
 */
#include "cli/import_there.h"

#include <stdlib.h>

#include "base/vector.h"

int import_there_add(struct import_there *t, const struct export_message *m)
{
	if (t->n >= IMPORT_MOST)
		return AFF_ELIMIT;
	if (vector_room(&t->entry, &t->allocated, t->n, sizeof t->entry[0]))
		return AFF_ENOMEM;
	struct import_entry *e = &t->entry[t->n];
	*e = (struct import_entry){.received_us = m->received_us, .number = (uint32_t)t->n, .there = !m->has_raw};
	e->channel = hash64(m->channel);
	if (m->has_raw)
		memcpy(e->sha, m->sha, sizeof e->sha);
	t->first_us = t->n && t->first_us < m->received_us ? t->first_us : m->received_us;
	t->last_us = t->n && t->last_us > m->received_us ? t->last_us : m->received_us;
	t->without_body += !m->has_raw;
	t->n++;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct import_entry *x = a, *y = b;
	if (x->received_us != y->received_us)
		return x->received_us < y->received_us ? -1 : 1;
	return x->channel < y->channel ? -1 : x->channel > y->channel;
}

/* The first entry with this time and channel, NULL: there is none. */
static struct import_entry *first_like(const struct import_there *t, const struct import_entry *like)
{
	size_t low = 0, high = t->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_time(&t->entry[middle], like) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->n && by_time(&t->entry[low], like) == 0 ? &t->entry[low] : NULL;
}

struct look {
	struct import_there *there;
	struct journal_reader *bodies;
	struct import_entry like, *first;
	struct aff_diag *diag;
};

/* A row of the journal stands for one entry. */
static int compare(void *arg, const struct journal_row *row)
{
	struct look *l = arg;
	const struct import_entry *end = l->there->entry + l->there->n;
	if (row->body_removed_us)
		return 0;
	sha256(l->like.sha, row->raw);
	for (struct import_entry *e = l->first; e < end && by_time(e, &l->like) == 0; e++) {
		if (e->there || memcmp(e->sha, l->like.sha, sizeof e->sha) != 0)
			continue;
		e->there = true;
		l->there->already++;
		return 0;
	}
	return 0;
}

static int look_up(void *arg, const struct journal_row *row)
{
	struct look *l = arg;
	l->like.received_us = row->message.received_us;
	l->like.channel = hash64(row->message.channel);
	l->first = first_like(l->there, &l->like);
	int rc = l->first ? journal_get(l->bodies, row->message.id, compare, l, l->diag) : 0;
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

int import_there_find(struct import_there *t, struct journal_reader *r, struct journal_reader *bodies,
		      struct aff_diag *diag)
{
	struct look l = {.there = t, .bodies = bodies, .diag = diag};
	const struct journal_query q = {
		.from_us = t->first_us, .to_us = t->last_us + 1, .limit = INT64_MAX, .oldest_first = true};
	if (!t->n)
		return 0;
	t->skip = calloc(t->n, sizeof t->skip[0]);
	if (!t->skip)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	qsort(t->entry, t->n, sizeof t->entry[0], by_time);
	int rc = journal_search(r, &q, look_up, &l, diag);
#ifdef AFF_MUTANT_43 /* a second import doubles everything */
	return rc < 0 ? rc : 0;
#endif
	for (size_t i = 0; i < t->n; i++)
		t->skip[t->entry[i].number] = t->entry[i].there;
	return rc < 0 ? rc : 0;
}

void import_there_free(struct import_there *t)
{
	free(t->entry);
	free(t->skip);
	*t = (struct import_there){.n = 0};
}
