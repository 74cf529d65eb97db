/* SPDX-License-Identifier: Apache-2.0
 *
 * The ledger, counted from the rows: received from the messages, delivered and so on from the outcomes, pending from the
 * messages after the cursor less the outcomes after it. The three are counted independently, so that an imbalance shows.
 *
 * The newest log file is counted within one read transaction together with its cursors; older ones no longer change. A sealed
 * file that lies on one side of every start and cursor is counted by its totals, others row by row.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "journal/reader.h"
#include "journal/sql.h"

#define ATTEMPTS 5

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

/* No start and no cursor lies within these ids, so each ledger counts all of them or none. */
static bool is_one_sided(const struct counting *c, int64_t low, int64_t high)
{
	for (size_t i = 0; i < c->out->nledgers; i++) {
		int64_t start = c->count[i].start, cursor = c->out->ledgers[i].cursor;
		if ((low <= start && start < high) || (low <= cursor && cursor < high))
			return false;
	}
	return true;
}

static void count_messages(struct counting *c, int64_t id, int64_t channel, int verdict, uint64_t n, uint64_t length)
{
	c->out->messages += n;
	c->out->bytes_received += length;
	c->out->accepted += verdict == JOURNAL_ACCEPTED ? n : 0;
	c->out->kept += verdict == JOURNAL_KEPT ? n : 0;
	c->out->rejected += verdict == JOURNAL_REJECTED ? n : 0;
	for (size_t i = 0; verdict == JOURNAL_ACCEPTED && i < c->out->nledgers; i++) {
		struct journal_ledger *l = &c->out->ledgers[i];
		if (c->count[i].channel != channel)
			continue;
		l->received += id > c->count[i].start ? n : 0;
		c->count[i].after += id > l->cursor ? n : 0;
	}
}

static void count_outcomes(struct counting *c, int64_t message, int64_t destination, int kind, uint64_t n)
{
	for (size_t i = 0; i < c->out->nledgers; i++) {
		struct journal_ledger *l = &c->out->ledgers[i];
		if (c->count[i].destination != destination || message <= c->count[i].start)
			continue;
		l->delivered += kind == JOURNAL_DELIVERED ? n : 0;
		l->filtered += kind == JOURNAL_FILTERED ? n : 0;
		l->merged += kind == JOURNAL_MERGED ? n : 0;
		l->dead += kind == JOURNAL_DEAD ? n : 0;
		c->count[i].outcomes_after += message > l->cursor ? n : 0;
	}
}

/* Messages of one log file. `id` stands for all of them when they are counted by totals. */
static int messages_of(struct counting *c, const struct reader_file *f, bool totals, int64_t id)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(f->db,
	                     totals ? "SELECT n, channel, verdict, length FROM message_total"
	                            : "SELECT id, channel, verdict, length FROM message",
	                     &s, c->diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t first = sqlite3_column_int64(s, 0);
		count_messages(c, totals ? id : first, sqlite3_column_int64(s, 1), sqlite3_column_int(s, 2),
		               totals ? (uint64_t)first : 1, (uint64_t)sqlite3_column_int64(s, 3));
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "count the messages", c->diag);
	sqlite3_finalize(s);
	return rc;
}

static int outcomes_of(struct counting *c, const struct reader_file *f, bool totals, int64_t id)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(f->db,
	                     totals ? "SELECT n, destination, kind FROM outcome_total"
	                            : "SELECT message, destination, kind FROM outcome",
	                     &s, c->diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t first = sqlite3_column_int64(s, 0);
		count_outcomes(c, totals ? id : first, sqlite3_column_int64(s, 1), sqlite3_column_int(s, 2),
		               totals ? (uint64_t)first : 1);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "count the outcomes", c->diag);
	sqlite3_finalize(s);
	return rc;
}

/* Can a sealed file's outcomes be counted by totals? *id stands for the messages they are about. */
static int outcomes_are_one_sided(struct counting *c, const struct reader_file *f, bool *totals, int64_t *id)
{
	int64_t high = 0;
	*totals = false;
	*id = 0;
	if (!f->sealed)
		return 0;
	int rc = sql_integer(f->db, "SELECT min(message) FROM outcome", id, c->diag);
	if (!rc)
		rc = sql_integer(f->db, "SELECT max(message) FROM outcome", &high, c->diag);
	*totals = rc == AFF_ENOTFOUND || (!rc && is_one_sided(c, *id, high));
	return rc == AFF_ENOTFOUND ? 0 : rc;
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

static uint64_t size_of(const struct journal_reader *r, int64_t first)
{
	static const char *const parts[] = {"", "-wal"};
	uint64_t size = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char path[PATH_MAX];
		struct stat st;
		if (!folder_path(path, sizeof path, r->folder, first, parts[i], NULL) && stat(path, &st) == 0)
			size += (uint64_t)st.st_size;
	}
	return size;
}

static int count_file(struct counting *c, const struct reader_file *f, int64_t last_id)
{
	bool by_totals;
	int64_t id;
	int rc = find_names(c, f);
	if (!rc)
		rc = messages_of(c, f, f->sealed && is_one_sided(c, f->first, last_id), f->first);
	if (!rc)
		rc = outcomes_are_one_sided(c, f, &by_totals, &id);
	if (!rc)
		rc = outcomes_of(c, f, by_totals, id);
	if (!rc)
		rc = read_ends(c, f);
	c->out->files++;
	c->out->sealed += f->sealed;
	c->out->bytes_stored += size_of(c->reader, f->first);
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
		rc = folder_list(r->folder, &r->list, c->diag);
	if (!rc && (r->list.n == 0 || r->list.first[r->list.n - 1] != newest))
		rc = AFF_EAGAIN;
	if (!rc)
		rc = count_file(c, f, INT64_MAX);
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
			                 "SELECT received FROM message WHERE id > ?1 AND +channel = ?2 AND verdict = 1 ORDER BY id"
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

static int count_all(struct counting *c)
{
	struct journal_reader *r = c->reader;
	int rc = count_newest(c);
	for (size_t i = rc ? 0 : r->list.n - 1; !rc && i-- > 0;) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, c->diag);
		if (!rc)
			rc = count_file(c, f, r->list.first[i + 1] - 1);
		else if (rc == READER_GONE)
			rc = 0;
	}
	for (size_t i = 0; !rc && i < c->out->nledgers; i++) {
		struct journal_ledger *l = &c->out->ledgers[i];
		l->pending = c->count[i].after > c->count[i].outcomes_after ? c->count[i].after - c->count[i].outcomes_after : 0;
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

void journal_stats_free(struct journal_stats *s)
{
	free(s->ledgers);
	*s = (struct journal_stats){0};
}
