/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of many messages at once. In a sealed log file the index finds each message's outcomes; the open one is
 * scanned once for all of them.
 */
#include <stdlib.h>

#include "journal/collect.h"
#include "journal/reader.h"
#include "journal/sql.h"

struct fates {
	struct journal_reader *reader;
	const struct journal_message *messages;
	size_t n;
	size_t *by_id;               /* positions of the messages, in order of their ids */
	struct collected outcomes;   /* order: the message's position */
	struct reader_cursors cursors;
	struct aff_diag *diag;
};

static int compare_ids(const void *a, const void *b, void *messages)
{
	const struct journal_message *m = messages;
	int64_t x = m[*(const size_t *)a].id, y = m[*(const size_t *)b].id;
	return (x > y) - (x < y);
}

static int64_t id_at(const struct fates *f, size_t i)
{
	return f->messages[f->by_id[i]].id;
}

/* The message's position, or n when none of ours has this id. */
static size_t position_of(const struct fates *f, int64_t id)
{
	size_t low = 0, high = f->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (id_at(f, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->n && id_at(f, low) == id ? f->by_id[low] : f->n;
}

/* Leaves, of the outcomes from `from` on, those of our messages. */
static void keep_ours(struct fates *f, size_t from)
{
	size_t n = from;
	for (size_t i = from; i < f->outcomes.n; i++) {
		size_t position = position_of(f, f->outcomes.item[i].outcome.message);
		if (position == f->n)
			continue;
		f->outcomes.item[n] = f->outcomes.item[i];
		f->outcomes.item[n++].order = position;
	}
	f->outcomes.n = n;
}

static int has_any(const struct fates *f, const struct reader_file *file, bool *any)
{
	sqlite3_stmt *s = NULL;
	int64_t found = 0;
	int rc = sql_prepare(file->db, "SELECT EXISTS(SELECT 1 FROM outcome WHERE message BETWEEN ?1 AND ?2)", &s,
	                     f->diag);
	if (!rc) {
		sqlite3_bind_int64(s, 1, id_at(f, 0));
		sqlite3_bind_int64(s, 2, id_at(f, f->n - 1));
		rc = sql_integer_of(s, &found, f->diag);
	}
	sqlite3_finalize(s);
	*any = found != 0;
	return rc;
}

static int look_up(struct fates *f, const struct reader_file *file)
{
	sqlite3_stmt *s = NULL;
	bool any;
	int rc = has_any(f, file, &any);
	if (rc || !any)
		return rc;
	rc = sql_prepare(file->db, COLLECT_COLUMNS "WHERE o.message = ?1 ORDER BY o.id", &s, f->diag);
	for (size_t i = 0; i < f->n && !rc; i++) {
		sqlite3_bind_int64(s, 1, id_at(f, i));
		rc = collect(&f->outcomes, s, f->diag);
	}
	sqlite3_finalize(s);
	return rc;
}

/* First only which rows: most outcomes in the range may be of other messages, and are not worth their texts. */
static int scan(struct fates *f, const struct reader_file *file)
{
	sqlite3_stmt *ids = NULL, *rows = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(file->db,
	                     "SELECT id, message FROM outcome WHERE message BETWEEN ?1 AND ?2 ORDER BY id", &ids,
	                     f->diag);
	if (!rc)
		rc = sql_prepare(file->db, COLLECT_COLUMNS "WHERE o.id = ?1", &rows, f->diag);
	if (!rc) {
		sqlite3_bind_int64(ids, 1, id_at(f, 0));
		sqlite3_bind_int64(ids, 2, id_at(f, f->n - 1));
	}
	while (!rc && (step = sqlite3_step(ids)) == SQLITE_ROW) {
		if (position_of(f, sqlite3_column_int64(ids, 1)) == f->n)
			continue;
		sqlite3_bind_int64(rows, 1, sqlite3_column_int64(ids, 0));
		rc = collect(&f->outcomes, rows, f->diag);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(file->db, step, "read the outcomes", f->diag);
	sqlite3_finalize(rows);
	sqlite3_finalize(ids);
	return rc;
}

static int read_outcomes(struct fates *f)
{
	struct journal_reader *r = f->reader;
	int rc = 0;
	for (size_t i = folder_position(&r->list, id_at(f, 0)); !rc && i < r->list.n; i++) {
		struct reader_file *file;
		size_t before = f->outcomes.n;
		rc = reader_file(r, i, &file, f->diag);
		if (!rc)
			rc = file->sealed ? look_up(f, file) : scan(f, file);
		else if (rc == READER_GONE)
			rc = 0;
		keep_ours(f, before);
	}
	return rc;
}

/* ---- giving ---- */

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->destination > y->destination) - (x->destination < y->destination); /* as they were collected */
}

struct giving {
	journal_fate_fn *fn;
	void *arg;
	size_t message;
};

static int give_outcome(void *arg, const struct journal_outcome *o)
{
	struct giving *g = arg;
	return g->fn(g->arg, g->message, o);
}

/* The message's outcomes are items first to end. */
static bool has_outcome(const struct fates *f, size_t first, size_t end, const char *destination)
{
	for (size_t i = first; i < end; i++) {
		const struct item *item = &f->outcomes.item[i];
		if (aff_view_is(aff_view(f->outcomes.texts.p + item->destination, item->outcome.destination.n),
		                destination))
			return true;
	}
	return false;
}

static int give_pending(const struct fates *f, const struct giving *g, size_t first, size_t end)
{
	const struct journal_message *m = &f->messages[g->message];
	int rc = 0;
	for (size_t i = 0; i < f->cursors.n && !rc && m->verdict == JOURNAL_ACCEPTED; i++) {
		const struct reader_cursor *c = &f->cursors.item[i];
		struct journal_outcome o = {.message = m->id, .destination = aff_view_of(c->destination)};
		o.kind = (enum journal_outcome_kind)JOURNAL_PENDING;
		if (c->position < m->id && aff_view_equal(reader_channel_of(o.destination), m->channel) &&
		    !has_outcome(f, first, end, c->destination))
			rc = g->fn(g->arg, g->message, &o);
	}
	return rc;
}

static int give_all(struct fates *f, journal_fate_fn *fn, void *arg)
{
	struct giving g = {.fn = fn, .arg = arg};
	size_t at = 0;
	int rc = 0;
	for (g.message = 0; g.message < f->n && !rc; g.message++) {
		size_t first = at;
		while (at < f->outcomes.n && f->outcomes.item[at].order == g.message && !rc)
			rc = collected_give(&f->outcomes, &f->outcomes.item[at++], give_outcome, &g);
		if (!rc)
			rc = give_pending(f, &g, first, at);
	}
	return rc;
}

static int prepare(struct fates *f)
{
	struct reader_file *newest;
	f->by_id = malloc(f->n * sizeof *f->by_id);
	if (!f->by_id)
		return aff_diag_set(f->diag, AFF_ENOMEM, "out of memory");
	for (size_t i = 0; i < f->n; i++)
		f->by_id[i] = i;
	qsort_r(f->by_id, f->n, sizeof *f->by_id, compare_ids, (void *)(uintptr_t)f->messages);
	int rc = reader_refresh(f->reader, f->diag);
	if (!rc)
		rc = reader_file(f->reader, f->reader->list.n - 1, &newest, f->diag);
	if (rc == READER_GONE)
		rc = aff_diag_set(f->diag, AFF_EIO, "the newest log file was removed");
	return rc ? rc : reader_cursors(newest, &f->cursors, f->diag);
}

int journal_get_fates(struct journal_reader *r, const struct journal_message *messages, size_t n, journal_fate_fn *fn,
                      void *arg, struct aff_diag *diag)
{
	struct fates f = {.reader = r, .messages = messages, .n = n, .diag = diag};
	if (n == 0)
		return 0;
	collected_init(&f.outcomes);
	int rc = prepare(&f);
	if (!rc)
		rc = read_outcomes(&f);
	if (!rc && f.outcomes.n)
		qsort(f.outcomes.item, f.outcomes.n, sizeof *f.outcomes.item, compare_items);
	if (!rc)
		rc = give_all(&f, fn, arg);
	collected_free(&f.outcomes);
	free(f.cursors.item);
	free(f.by_id);
	return rc < 0 ? rc : 0;
}
