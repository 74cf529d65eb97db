/* SPDX-License-Identifier: Apache-2.0
 *
 * Cursors and outcomes. The outcome of a message is in the log file that was open when it was reached: the message's
 * own or a later one.
 */
#include <stdlib.h>

#include "journal/collect.h"
#include "journal/reader.h"
#include "journal/sql.h"

#define PAGE_OUTCOMES 1024

/* The open file has no index. But its links say which outcomes were there before the message was, and that newer links
 * are looked at first makes it cheap for a message that came not long ago. */
#ifdef AFF_MUTANT_94 /* what was stored together with the message is not looked at */
#define BEFORE "<="
#else
#define BEFORE "<"
#endif
#define SINCE_MESSAGE                                                                                                  \
	" AND o.id > coalesce((SELECT l.outcome FROM link l WHERE l.message " BEFORE " ?1 AND l.message > 0"        \
	" ORDER BY l.id DESC LIMIT 1), 0)"

static int of_message(struct collected *c, const struct reader_file *f, int64_t id, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(f->db,
			     f->sealed ? COLLECT_COLUMNS "WHERE o.message = ?1 ORDER BY o.id"
				       : COLLECT_COLUMNS "WHERE o.message = ?1" SINCE_MESSAGE " ORDER BY o.id",
			     &s, diag);
	if (!rc) {
		sqlite3_bind_int64(s, 1, id);
		rc = collect(c, s, diag);
	}
	sqlite3_finalize(s);
	return rc;
}

int journal_get_outcomes(struct journal_reader *r, int64_t id, journal_outcome_fn *fn, void *arg, struct aff_diag *diag)
{
	struct collected c;
	collected_init(&c);
	int rc = reader_refresh(r, diag);
	for (size_t i = rc ? 0 : folder_position(&r->list, id); !rc && i < r->list.n; i++) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, diag);
		if (!rc)
			rc = of_message(&c, f, id, diag);
		else if (rc == READER_GONE)
			rc = 0;
	}
	for (size_t i = 0; i < c.n && !rc; i++)
		rc = collected_give(&c, &c.item[i], fn, arg);
	collected_free(&c);
	return rc < 0 ? rc : 0;
}

/* Leaves the destinations that had not come to the message when the cursors were read. */
static void select_behind(struct reader_cursors *c, const struct journal_message *m)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct aff_view channel = reader_channel_of(aff_view_of(c->item[i].destination));
		if (c->item[i].position < m->id && aff_view_equal(channel, m->channel))
			c->item[n++] = c->item[i];
	}
	c->n = n;
}

static int strike_out(void *arg, const struct journal_outcome *o)
{
	struct reader_cursors *c = arg;
	for (size_t i = 0; i < c->n; i++) {
		if (aff_view_is(o->destination, c->item[i].destination))
			c->item[i].destination[0] = '\0';
	}
	return 0;
}

int journal_get_pending(struct journal_reader *r, const struct journal_message *m, journal_destination_fn *fn,
                        void *arg, struct aff_diag *diag)
{
	struct reader_cursors cursors = {0};
	struct reader_file *newest;
	if (m->verdict != JOURNAL_ACCEPTED)
		return 0;
	int rc = reader_refresh(r, diag);
	if (!rc)
		rc = reader_file(r, r->list.n - 1, &newest, diag);
	if (!rc)
		rc = reader_cursors(newest, &cursors, diag);
	select_behind(&cursors, m);
	if (!rc && cursors.n)
		rc = journal_get_outcomes(r, m->id, strike_out, &cursors, diag);
	for (size_t i = 0; i < cursors.n && !rc; i++) {
		if (cursors.item[i].destination[0])
			rc = fn(arg, aff_view_of(cursors.item[i].destination));
	}
	free(cursors.item);
	return rc < 0 ? rc : 0;
}

/* The file's first outcomes after `after`; lowers *bound to the last of them when there may be more. */
static int of_destination(struct collected *c, const struct reader_file *f, struct aff_view destination, int64_t after,
                          int64_t *bound, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int64_t name;
	int rc = reader_name(f, NAME_DESTINATION, destination, &name, diag);
	if (rc)
		return rc == AFF_ENOTFOUND ? 0 : rc;
	rc = sql_prepare(
		f->db, COLLECT_COLUMNS "WHERE o.destination = ?1 AND o.message > ?2 ORDER BY o.message, o.id LIMIT ?3",
		&s, diag);
	size_t before = c->n;
	if (!rc) {
		sqlite3_bind_int64(s, 1, name);
		sqlite3_bind_int64(s, 2, after);
		sqlite3_bind_int(s, 3, PAGE_OUTCOMES);
		rc = collect(c, s, diag);
	}
	sqlite3_finalize(s);
	if (!rc && c->n - before == PAGE_OUTCOMES && c->item[c->n - 1].outcome.message < *bound)
		*bound = c->item[c->n - 1].outcome.message;
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->outcome.message != y->outcome.message)
		return x->outcome.message < y->outcome.message ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* One round over the files: everything below *bound is complete. */
static int collect_round(struct journal_reader *r, struct collected *c, struct aff_view destination, int64_t after,
                         int64_t *bound, struct aff_diag *diag)
{
	int rc = 0;
	c->n = 0;
	aff_buf_clear(&c->texts);
	*bound = INT64_MAX;
	for (size_t i = folder_position(&r->list, after); !rc && i < r->list.n; i++) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, diag);
		if (!rc)
			rc = of_destination(c, f, destination, after, bound, diag);
		else if (rc == READER_GONE)
			rc = 0;
	}
	if (c->n)
		qsort(c->item, c->n, sizeof *c->item, compare);
	if (!rc && *bound != INT64_MAX && c->item[0].outcome.message == *bound)
		rc = aff_diag_set(diag, AFF_ECORRUPT, "message %lld has too many outcomes", (long long)*bound);
	return rc;
}

int journal_read_outcomes(struct journal_reader *r, struct aff_view destination, int64_t after, journal_outcome_fn *fn,
                          void *arg, struct aff_diag *diag)
{
	struct collected c;
	collected_init(&c);
	int64_t bound = 0;
	int rc = reader_refresh(r, diag);
	while (!rc && bound != INT64_MAX) {
		rc = collect_round(r, &c, destination, after, &bound, diag);
		for (size_t i = 0; i < c.n && !rc && c.item[i].outcome.message < bound; i++)
			rc = collected_give(&c, &c.item[i], fn, arg);
		after = bound - 1;
	}
	collected_free(&c);
	return rc < 0 ? rc : 0;
}

int journal_read_cursor(struct journal_reader *r, struct aff_view destination, int64_t *position, struct aff_diag *diag)
{
	struct reader_file *f;
	sqlite3_stmt *s = NULL;
	int rc = reader_refresh(r, diag);
	if (!rc)
		rc = reader_file(r, r->list.n - 1, &f, diag);
	if (rc == READER_GONE)
		rc = aff_diag_set(diag, AFF_EIO, "the newest log file was removed");
	if (!rc)
		rc = sql_prepare(f->db,
		                 "SELECT c.position FROM cursor c JOIN name n ON n.id = c.destination WHERE n.kind = 3 "
		                 "AND n.text = ?1",
		                 &s, diag);
	if (!rc) {
		sqlite3_bind_text64(s, 1, destination.p, destination.n, SQLITE_STATIC, SQLITE_UTF8);
		rc = sql_integer_of(s, position, diag);
		if (rc == AFF_ENOTFOUND)
			aff_diag_set(diag, rc, "destination %.*s has no cursor", (int)destination.n, destination.p);
	}
	sqlite3_finalize(s);
	return rc;
}
