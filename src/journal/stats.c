/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger, counted from the rows: received from the messages, delivered and so on from the outcomes, pending from
 * the messages after the cursor less the outcomes after it. The three are counted independently, so that an imbalance
 * shows.
 *
 * The newest log file is counted within one read transaction together with its cursors; older ones no longer change.
 * A sealed file has totals, which serve when all that they sum up lies on one side of every start and cursor;
 * otherwise the rows are counted one by one.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "journal/carry.h"
#include "journal/reader.h"
#include "journal/sql.h"
#include "journal/stats.h"

#define ATTEMPTS 5
#define MIXED    1
#define REUSED   "ids_reused"

struct count {
	int64_t start;
	uint64_t after;          /* messages after the cursor */
	uint64_t outcomes_after;
	int64_t channel, destination; /* names in the log file at hand, 0 = not in it */
};

struct counting {
	struct journal_reader *reader;
	struct journal_stats *out;
	struct count *count;     /* one for each ledger */
	int64_t removed;         /* log files up to this one count as carried totals */
	struct aff_diag *diag;
};

static int read_cursors(struct counting *c, const struct reader_file *newest)
{
	struct reader_cursors cursors;
	int rc = reader_cursors(newest, &cursors, c->diag);
	if (rc || cursors.n == 0)
		return rc;
	c->out->ledgers = calloc(cursors.n, sizeof *c->out->ledgers);
	c->count = calloc(cursors.n, sizeof *c->count);
	if (c->out->ledgers && c->count) {
		c->out->nledgers = cursors.n;
		for (size_t i = 0; i < cursors.n; i++) {
			struct journal_ledger *l = &c->out->ledgers[i];
			l->cursor = cursors.item[i].position;
			memcpy(l->destination, cursors.item[i].destination, sizeof l->destination);
			c->count[i].start = cursors.item[i].start;
		}
	} else {
		rc = aff_diag_set(c->diag, AFF_ENOMEM, "out of memory");
	}
	free(cursors.item);
	return rc;
}

static int find_names(struct counting *c, const struct reader_file *f)
{
	int rc = 0;
	for (size_t i = 0; i < c->out->nledgers && !rc; i++) {
		struct aff_view name = aff_view_of(c->out->ledgers[i].destination);
		rc = reader_name_or_0(f, NAME_DESTINATION, name, &c->count[i].destination, c->diag);
		if (!rc)
			rc = reader_name_or_0(f, NAME_CHANNEL, reader_channel_of(name), &c->count[i].channel, c->diag);
	}
	return rc;
}

/* Messages or outcomes that are counted at once: a total, or a single row. */
struct group {
	int64_t low, high; /* ids of the messages */
	int64_t name;      /* channel or destination */
	int kind;          /* verdict or outcome */
	uint64_t n, length;
	int instead;       /* of outcomes: what they were before, 0 = they are the first ones */
};

/* No start and no cursor of the group's ledgers lies within it: each of them counts all of it or nothing. */
static bool is_one_sided(const struct counting *c, const struct group *g)
{
	for (size_t i = 0; i < c->out->nledgers; i++) {
		int64_t start = c->count[i].start, cursor = c->out->ledgers[i].cursor;
		if (c->count[i].channel != g->name && c->count[i].destination != g->name)
			continue;
		if ((g->low <= start && start < g->high) || (g->low <= cursor && cursor < g->high))
			return false;
	}
	return true;
}

static void count_messages(struct counting *c, const struct group *g)
{
	c->out->messages += g->n;
	c->out->bytes_received += g->length;
	c->out->accepted += g->kind == JOURNAL_ACCEPTED ? g->n : 0;
	c->out->kept += g->kind == JOURNAL_KEPT ? g->n : 0;
	c->out->rejected += g->kind == JOURNAL_REJECTED ? g->n : 0;
	c->out->duplicates += g->kind == JOURNAL_DUPLICATE ? g->n : 0;
	for (size_t i = 0; g->kind == JOURNAL_ACCEPTED && i < c->out->nledgers; i++) {
		if (c->count[i].channel != g->name)
			continue;
		c->out->ledgers[i].received += g->low > c->count[i].start ? g->n : 0;
		c->count[i].after += g->low > c->out->ledgers[i].cursor ? g->n : 0;
	}
}

/* Sums wrap round: a log file may tell of more that ceased to be dead than of new dead letters. */
static void count_kind(struct journal_ledger *l, int kind, uint64_t n)
{
	switch (kind) {
	case JOURNAL_DELIVERED:
		l->delivered += n;
		break;
	case JOURNAL_FILTERED:
		l->filtered += n;
		break;
	case JOURNAL_MERGED:
		l->merged += n;
		break;
	case JOURNAL_DISCARDED:
		l->discarded += n;
		l->dead += n;
		break;
	case JOURNAL_DEAD:
		l->dead += n;
		break;
	default:
		break;
	}
}

static void count_outcomes(struct counting *c, const struct group *g)
{
	for (size_t i = 0; i < c->out->nledgers; i++) {
		struct journal_ledger *l = &c->out->ledgers[i];
		if (c->count[i].destination != g->name || g->low <= c->count[i].start)
			continue;
		count_kind(l, g->kind, g->n);
#ifndef AFF_MUTANT_10 /* a message that is replayed counts twice */
		count_kind(l, g->instead, -g->n);
#endif
		c->count[i].outcomes_after += g->low > l->cursor && !g->instead ? g->n : 0;
	}
}

/* Steps through groups. With `count` NULL it only looks whether all are one-sided (MIXED when one is not). */
static int each_group(struct counting *c, sqlite3 *db, const char *sql,
                      void (*count)(struct counting *, const struct group *))
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(db, sql, &s, c->diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		struct group g = {
			.low = sqlite3_column_int64(s, 0),
			.high = sqlite3_column_int64(s, 1),
			.name = sqlite3_column_int64(s, 2),
			.kind = sqlite3_column_int(s, 3),
			.n = (uint64_t)sqlite3_column_int64(s, 4),
			.length = (uint64_t)sqlite3_column_int64(s, 5),
			.instead = sqlite3_column_int(s, 6),
		};
		if (count)
			count(c, &g);
		else if (!is_one_sided(c, &g))
			rc = MIXED;
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(db, step, "count", c->diag);
	sqlite3_finalize(s);
	return rc;
}

/* A file that was sealed has counted it; one that a version before sealed has not. */
static int count_reused(struct counting *c, const struct reader_file *f)
{
	sqlite3_stmt *s = NULL;
	int64_t n = 0;
	int rc = f->sealed ? sql_integer(f->db, "SELECT value FROM meta WHERE key = '" REUSED "'", &n, c->diag)
			   : AFF_ENOTFOUND;
	if (rc == AFF_ENOTFOUND) {
		rc = sql_prepare(f->db, "SELECT count(*) FROM message WHERE error = ?1 AND verdict = 1", &s, c->diag);
		if (!rc) {
			sqlite3_bind_int(s, 1, AFF_EIDREUSE);
			rc = sql_integer_of(s, &n, c->diag);
		}
		sqlite3_finalize(s);
	}
	c->out->ids_reused += rc ? 0 : (uint64_t)n;
	return rc;
}

int stats_note_reused(sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db,
			     "INSERT OR REPLACE INTO meta(key, value) VALUES('" REUSED "',"
			     " (SELECT count(*) FROM message WHERE error = ?1 AND verdict = 1))",
			     &s, diag);
	if (!rc) {
		sqlite3_bind_int(s, 1, AFF_EIDREUSE);
		rc = sql_run(s, "count control ids that were used again", diag);
	}
	sqlite3_finalize(s);
	return rc;
}

/* Counts by totals where a sealed file has them and they serve, else row by row. */
static int count_by(struct counting *c, const struct reader_file *f, const char *totals, const char *rows,
                    void (*count)(struct counting *, const struct group *))
{
	int rc = f->sealed ? each_group(c, f->db, totals, NULL) : MIXED;
	return rc < 0 ? rc : each_group(c, f->db, rc == MIXED ? rows : totals, count);
}

static int read_ends(struct counting *c, const struct reader_file *f)
{
	int64_t first = 0, last = 0;
	int rc = sql_integer(f->db, "SELECT received FROM message ORDER BY id LIMIT 1", &first, c->diag);
	if (!rc)
		rc = sql_integer(f->db, "SELECT received FROM message ORDER BY id DESC LIMIT 1", &last, c->diag);
	if (rc)
		return rc == AFF_ENOTFOUND ? 0 : rc;
	/* Files come newest first. */
	c->out->first_us = first;
	if (c->out->last_us == 0)
		c->out->last_us = last;
	return 0;
}

static int count_file(struct counting *c, const struct reader_file *f)
{
	int rc = find_names(c, f);
	if (!rc)
		rc = count_by(c, f, "SELECT low, high, channel, verdict, n, length, 0 FROM message_total",
		              "SELECT id, id, channel, verdict, 1, length, 0 FROM message", count_messages);
	if (!rc)
		rc = count_by(c, f, "SELECT low, high, destination, kind, n, 0, instead FROM outcome_total",
		              "SELECT message, message, destination, kind, 1, 0, instead FROM outcome", count_outcomes);
	if (!rc)
		rc = count_reused(c, f);
	if (!rc)
		rc = read_ends(c, f);
	c->out->files++;
	c->out->sealed += f->sealed;
	if (!f->sealed && !reader_is_newest(c->reader, f)) {
		const struct file_list *list = &c->reader->list;
		c->out->waiting++;
		c->out->waiting_us = list->first[folder_position(list, f->first) + 1]; /* it was closed then */
	}
	c->out->bytes_stored += folder_size(c->reader->folder, f->first);
	return rc;
}

/* Cursors and counts of the newest log file, of one moment. AFF_EAGAIN: a newer one has come meanwhile. */
static int count_newest(struct counting *c)
{
	struct journal_reader *r = c->reader;
	struct reader_file *f;
	int rc = reader_refresh(r, c->diag);
	if (!rc)
		rc = reader_file(r, r->list.n - 1, &f, c->diag);
	if (rc)
		return rc == READER_GONE ? AFF_EAGAIN : rc;
	int64_t newest = f->first;
	rc = sql_exec(f->db, "BEGIN", c->diag);
	if (!rc)
		rc = read_cursors(c, f);
	if (!rc)
		rc = carry_mark(f->db, &c->removed, c->diag);
	if (!rc)
		rc = carry_read(f->db, c->out, c->diag);
	if (!rc)
		rc = folder_list(r->folder, &r->list, c->diag);
	if (!rc && (r->list.n == 0 || r->list.first[r->list.n - 1] != newest))
		rc = AFF_EAGAIN;
	if (!rc)
		rc = count_file(c, f);
	sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* The first message after the cursor waits longest: the cursor stands as far as it can. */
static int find_oldest_pending(struct counting *c, struct journal_ledger *l)
{
	struct journal_reader *r = c->reader;
	struct aff_view channel = reader_channel_of(aff_view_of(l->destination));
	int rc = AFF_ENOTFOUND;
	for (size_t i = folder_position(&r->list, l->cursor); rc == AFF_ENOTFOUND && i < r->list.n; i++) {
		struct reader_file *f;
		sqlite3_stmt *s = NULL;
		int64_t name;
		rc = reader_file(r, i, &f, c->diag);
		if (!rc)
			rc = reader_name(f, NAME_CHANNEL, channel, &name, c->diag);
		if (!rc)
			rc = sql_prepare(f->db,
			                 "SELECT received FROM message WHERE id > ?1 AND +channel = ?2 AND verdict = 1 "
			                 "ORDER BY id"
			                 " LIMIT 1",
			                 &s, c->diag);
		if (!rc) {
			sqlite3_bind_int64(s, 1, l->cursor);
			sqlite3_bind_int64(s, 2, name);
			rc = sql_integer_of(s, &l->oldest_pending_us, c->diag);
		}
		sqlite3_finalize(s);
		if (rc == READER_GONE)
			rc = AFF_ENOTFOUND;
	}
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

/* AFF_EAGAIN: a log file was removed meanwhile, and may have been counted neither as a file nor as carried. */
static int check_mark(struct counting *c)
{
	struct reader_file *f;
	int64_t mark;
	int rc = reader_refresh(c->reader, c->diag);
	if (!rc)
		rc = reader_file(c->reader, c->reader->list.n - 1, &f, c->diag);
	if (!rc)
		rc = carry_mark(f->db, &mark, c->diag);
	return rc ? rc == READER_GONE ? AFF_EAGAIN : rc : mark != c->removed ? AFF_EAGAIN : 0;
}

static int count_all(struct counting *c)
{
	struct journal_reader *r = c->reader;
	int rc = count_newest(c);
	for (size_t i = rc ? 0 : r->list.n - 1; !rc && i-- > 0 && r->list.first[i] > c->removed;) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, c->diag);
		if (!rc)
			rc = count_file(c, f);
		else if (rc == READER_GONE)
			rc = 0;
	}
	if (!rc)
		rc = check_mark(c);
	for (size_t i = 0; !rc && i < c->out->nledgers; i++) {
		struct journal_ledger *l = &c->out->ledgers[i];
		l->pending = c->count[i].after > c->count[i].outcomes_after
		                     ? c->count[i].after - c->count[i].outcomes_after
		                     : 0;
		if (l->pending)
			rc = find_oldest_pending(c, l);
	}
	return rc;
}

int journal_read_stats(struct journal_reader *r, struct journal_stats *out, struct aff_diag *diag)
{
	int rc = AFF_EAGAIN;
	for (int i = 0; i < ATTEMPTS && rc == AFF_EAGAIN; i++) {
		struct counting c = {.reader = r, .out = out, .diag = diag};
		*out = (struct journal_stats){0};
		rc = count_all(&c);
		free(c.count);
		if (rc)
			journal_stats_free(out);
	}
	return rc == AFF_EAGAIN ? aff_diag_set(diag, rc, "log files are begun faster than they can be counted") : rc;
}

int stats_of_file(struct journal_reader *r, size_t i, struct journal_stats *out, struct aff_diag *diag)
{
	struct counting c = {.reader = r, .out = out, .diag = diag};
	struct reader_file *f;
	*out = (struct journal_stats){0};
	int rc = reader_file(r, r->list.n - 1, &f, diag);
	if (!rc)
		rc = read_cursors(&c, f);
	if (!rc)
		rc = reader_file(r, i, &f, diag);
	if (!rc)
		rc = count_file(&c, f);
	for (size_t k = 0; !rc && k < out->nledgers; k++)
		out->ledgers[k].pending = c.count[k].after;
	free(c.count);
	if (rc)
		journal_stats_free(out);
	return rc;
}

void journal_stats_free(struct journal_stats *s)
{
	free(s->ledgers);
	*s = (struct journal_stats){0};
}
