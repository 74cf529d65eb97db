/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/carry.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "journal/sql.h"

#define PREFIX "carried:"
#define MARK   "removed"

/* What is carried of the whole file, and of each ledger. */
struct figure {
	const char *name;
	size_t at;
};
static const struct figure totals[] = {
	{"messages", offsetof(struct journal_stats, messages)},
	{"accepted", offsetof(struct journal_stats, accepted)},
	{"kept", offsetof(struct journal_stats, kept)},
	{"rejected", offsetof(struct journal_stats, rejected)},
	{"duplicates", offsetof(struct journal_stats, duplicates)},
	{"ids_reused", offsetof(struct journal_stats, ids_reused)},
	{"bytes", offsetof(struct journal_stats, bytes_received)},
};
static const struct figure of_ledger[] = {
	{"received", offsetof(struct journal_ledger, received)},
	{"delivered", offsetof(struct journal_ledger, delivered)},
	{"filtered", offsetof(struct journal_ledger, filtered)},
	{"merged", offsetof(struct journal_ledger, merged)},
	{"dead", offsetof(struct journal_ledger, dead)},
	{"discarded", offsetof(struct journal_ledger, discarded)},
};
#define N_TOTALS (sizeof totals / sizeof *totals)
#define N_LEDGER (sizeof of_ledger / sizeof *of_ledger)

static uint64_t get(const void *from, size_t at)
{
	uint64_t n;
	memcpy(&n, (const char *)from + at, sizeof n);
	return n;
}

static void add(void *to, size_t at, uint64_t more)
{
	uint64_t n = get(to, at) + more;
	memcpy((char *)to + at, &n, sizeof n);
}

static void put(struct carry *c, const char *what, const char *of, uint64_t n)
{
	if (n == 0)
		return;
	struct carry_sum *s = &c->sum[c->n++];
	snprintf(s->key, sizeof s->key, PREFIX "%s%s%s", what, of ? ":" : "", of ? of : "");
	s->of = of ? strlen(s->key) - strlen(of) : 0;
	s->n = (int64_t)n; /* negative: more ceased to be so than became it */
}

int carry_make(struct carry *c, int64_t first, const struct journal_stats *file)
{
	*c = (struct carry){.through = first, .action = "remove-file"};
	snprintf(c->detail, sizeof c->detail, "log-%016" PRId64 ".db: %" PRIu64 " messages", first, file->messages);
	c->sum = calloc(N_TOTALS + 1 + N_LEDGER * file->nledgers, sizeof *c->sum);
	if (!c->sum)
		return AFF_ENOMEM;
	put(c, "files", NULL, 1);
	for (size_t i = 0; i < N_TOTALS; i++)
		put(c, totals[i].name, NULL, get(file, totals[i].at));
	for (size_t i = 0; i < file->nledgers; i++) {
		for (size_t k = 0; k < N_LEDGER; k++)
			put(c, of_ledger[k].name, file->ledgers[i].destination,
			    get(&file->ledgers[i], of_ledger[k].at));
	}
	return 0;
}

void carry_make_bodies(struct carry *c, int64_t first, const char *detail)
{
	*c = (struct carry){.through = first, .bodies = true, .action = CARRY_BODIES_KIND};
	snprintf(c->detail, sizeof c->detail, "%s", detail);
}

void carry_free(struct carry *c)
{
	free(c->sum);
	*c = (struct carry){0};
}

/* ---- writing ---- */

static int write_one(sqlite3_stmt *s, struct aff_view key, int64_t n, struct aff_diag *diag)
{
	sql_bind_text(s, 1, key);
	sqlite3_bind_int64(s, 2, n);
	return sql_run(s, "carry totals on", diag);
}

/* 0 or AFF_ENOTFOUND. */
static int find_cursor(sqlite3 *db, struct aff_view destination, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int64_t id;
	int rc = sql_prepare(db,
	                     "SELECT c.destination FROM cursor c JOIN name n ON n.id = c.destination WHERE n.kind = 3"
	                     " AND n.text = ?1",
	                     &s, diag);
	if (!rc) {
		sql_bind_text(s, 1, destination);
		rc = sql_integer_of(s, &id, diag);
	}
	sqlite3_finalize(s);
	return rc;
}

static int run_with(sqlite3 *db, const char *sql, struct aff_view destination, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, sql, &s, diag);
	if (!rc) {
		sql_bind_text(s, 1, destination);
		rc = sql_run(s, "forget a destination", diag);
	}
	sqlite3_finalize(s);
	return rc;
}

int carry_forget(sqlite3 *db, struct aff_view destination, struct aff_diag *diag)
{
	static const char cursor[] = "DELETE FROM cursor WHERE destination IN"
				     " (SELECT id FROM name WHERE kind = 3 AND text = ?1)";
	static const char sums[] = "DELETE FROM meta WHERE key GLOB '" PREFIX "*'"
				   " AND substr(key, -1 - length(?1)) = ':' || ?1";
	int rc = find_cursor(db, destination, diag);
	if (!rc)
		rc = run_with(db, cursor, destination, diag);
	return rc ? rc : run_with(db, sums, destination, diag);
}

int carry_write(const struct carry *c, sqlite3 *to, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	if (c->bodies)
		return 0;
	int rc = sql_prepare(to,
	                     "INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value ="
	                     " CASE key WHEN '" MARK "' THEN excluded.value ELSE value + excluded.value END",
	                     &s, diag);
	for (size_t i = 0; i < c->n && !rc; i++) {
		/* A destination that was forgotten meanwhile gets no sums: it may come back, and starts anew then. */
		rc = c->sum[i].of ? find_cursor(to, aff_view_of(c->sum[i].key + c->sum[i].of), diag) : 0;
		if (!rc)
			rc = write_one(s, aff_view_of(c->sum[i].key), c->sum[i].n, diag);
		else if (rc == AFF_ENOTFOUND)
			rc = 0;
	}
	if (!rc)
		rc = write_one(s, aff_view_of(MARK), c->through, diag);
	sqlite3_finalize(s);
	return rc;
}

int carry_copy(sqlite3 *from, sqlite3 *to, struct aff_diag *diag)
{
	sqlite3_stmt *in = NULL, *out = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(from, "SELECT key, value FROM meta WHERE key GLOB '" PREFIX "*' OR key = '" MARK "'", &in,
	                     diag);
	if (!rc)
		rc = sql_prepare(to, "INSERT INTO meta(key, value) VALUES(?1, ?2)", &out, diag);
	while (!rc && (step = sqlite3_step(in)) == SQLITE_ROW)
		rc = write_one(out, sql_text(in, 0), sqlite3_column_int64(in, 1), diag);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(from, step, "read the totals carried on", diag);
	sqlite3_finalize(in);
	sqlite3_finalize(out);
	return rc;
}

/* ---- reading ---- */

int carry_mark(sqlite3 *db, int64_t *mark, struct aff_diag *diag)
{
	*mark = 0;
	int rc = sql_integer(db, "SELECT value FROM meta WHERE key = '" MARK "'", mark, diag);
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

static void take(struct journal_stats *to, struct aff_view key, uint64_t n)
{
	const char *colon = memchr(key.p, ':', key.n);
	struct aff_view what = aff_view(key.p, colon ? (size_t)(colon - key.p) : key.n);
	struct aff_view of = colon ? aff_view(colon + 1, key.n - what.n - 1) : aff_view("", 0);
	if (!colon && aff_view_is(what, "files"))
		to->removed_files += n;
	if (!colon && aff_view_is(what, "messages"))
		to->removed_messages += n;
	if (!colon && aff_view_is(what, "bytes"))
		to->removed_bytes += n;
	for (size_t i = 0; !colon && i < N_TOTALS; i++) {
		if (aff_view_is(what, totals[i].name))
			add(to, totals[i].at, n);
	}
	for (size_t i = 0; colon && i < to->nledgers; i++) {
		for (size_t k = 0; k < N_LEDGER && aff_view_is(of, to->ledgers[i].destination); k++) {
			if (aff_view_is(what, of_ledger[k].name))
				add(&to->ledgers[i], of_ledger[k].at, n);
		}
	}
}

int carry_read(sqlite3 *db, struct journal_stats *to, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	static const char text[] = "SELECT substr(key, length('" PREFIX "') + 1), value FROM meta"
				   " WHERE key GLOB '" PREFIX "*'";
	int rc = sql_prepare(db, text, &s, diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		take(to, sql_text(s, 0), (uint64_t)sqlite3_column_int64(s, 1));
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(db, step, "read the totals carried on", diag);
	sqlite3_finalize(s);
	return rc;
}
