/* SPDX-License-Identifier: Apache-2.0
 *
 * What people did, and attempts at delivery.
 */
#include "journal/reader.h"
#include "journal/sql.h"

#define PAGE_ACTIONS 64
#define PAGE_BYTES (1u << 20)

struct page {
	struct aff_buf texts;
	struct row {
		int64_t at_us;
		size_t kind, who, detail, end; /* offsets in texts */
	} row[PAGE_ACTIONS];
	size_t n;
};

static int fill(struct page *p, sqlite3_stmt *s, struct aff_diag *diag)
{
	int step = SQLITE_ROW;
	p->n = 0;
	aff_buf_clear(&p->texts);
	while (p->n < PAGE_ACTIONS && (step = sqlite3_step(s)) == SQLITE_ROW) {
		struct row *r = &p->row[p->n++];
		r->at_us = sqlite3_column_int64(s, 0);
		r->kind = p->texts.n;
		aff_buf_put_view(&p->texts, sql_text(s, 1));
		r->who = p->texts.n;
		aff_buf_put_view(&p->texts, sql_text(s, 2));
		r->detail = p->texts.n;
		aff_buf_put_view(&p->texts, sql_text(s, 3));
		r->end = p->texts.n;
	}
	int rc = p->texts.error;
	if (rc)
		aff_diag_set(diag, rc, "%s: its actions are too long", sql_file_name(sqlite3_db_handle(s)));
	if (!rc && step != SQLITE_ROW && step != SQLITE_DONE)
		rc = sql_error(sqlite3_db_handle(s), step, "read the actions", diag);
	sqlite3_reset(s);
	return rc;
}

struct giving {
	int64_t before_us;
	uint64_t left;
	journal_action_fn *fn;
	void *arg;
};

static struct aff_view text(const struct page *p, size_t from, size_t to)
{
	return aff_view(from < to ? p->texts.p + from : "", to - from);
}

static int give(struct giving *g, const struct page *p)
{
	int rc = 0;
	for (size_t i = 0; i < p->n && !rc && g->left; i++, g->left--) {
		const struct row *r = &p->row[i];
		const struct journal_action a = {r->at_us, text(p, r->kind, r->who), text(p, r->who, r->detail),
						 text(p, r->detail, r->end)};
		g->before_us = r->at_us;
		rc = g->fn(g->arg, &a);
	}
	return rc;
}

static int read_file(struct giving *g, sqlite3 *db, struct page *p, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "SELECT at, kind, who, detail FROM action WHERE at < ?1 ORDER BY id DESC", &s, diag);
	do {
		if (rc)
			break;
		sqlite3_bind_int64(s, 1, g->before_us);
		rc = fill(p, s, diag);
		if (!rc)
			rc = give(g, p);
	} while (!rc && p->n == PAGE_ACTIONS && g->left);
	sqlite3_finalize(s);
	return rc;
}

int journal_read_actions(struct journal_reader *r, int64_t before_us, uint64_t limit, journal_action_fn *fn, void *arg,
			 struct aff_diag *diag)
{
	struct giving g = {before_us, limit, fn, arg};
	struct page p = {.n = 0};
	aff_buf_init(&p.texts, PAGE_BYTES);
	int rc = reader_refresh(r, diag);
	for (size_t i = rc ? 0 : r->list.n; !rc && i-- > 0 && g.left;) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, diag);
		if (!rc)
			rc = read_file(&g, f->db, &p, diag);
		else if (rc == READER_GONE)
			rc = 0;
	}
	aff_buf_free(&p.texts);
	return rc < 0 ? rc : 0;
}

static int count_acted(const struct reader_file *f, int64_t action_us, int64_t *last, uint64_t *n,
		       struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(f->db, "SELECT max(message), count(*) FROM outcome WHERE action = ?1", &s, diag);
	if (rc)
		return rc;
	sqlite3_bind_int64(s, 1, action_us);
	int step = sqlite3_step(s);
	if (step == SQLITE_ROW) {
		int64_t newest = sqlite3_column_int64(s, 0);
		*last = newest > *last ? newest : *last;
		*n += (uint64_t)sqlite3_column_int64(s, 1);
	} else {
		rc = sql_error(f->db, step, "count the outcomes", diag);
	}
	sqlite3_finalize(s);
	return rc;
}

int journal_read_acted(struct journal_reader *r, int64_t action_us, int64_t *last, uint64_t *n, struct aff_diag *diag)
{
	int rc = reader_refresh(r, diag);
	*last = 0;
	*n = 0;
	/* From the file before on: its first id need not be older than an action that the clock gave its time. */
	size_t at = rc ? 0 : folder_position(&r->list, action_us);
	for (size_t i = at ? at - 1 : 0; !rc && i < r->list.n; i++) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, diag);
		if (!rc)
			rc = count_acted(f, action_us, last, n, diag);
		else if (rc == READER_GONE)
			rc = 0;
	}
	return rc;
}

int journal_read_attempts(struct journal_reader *r, struct aff_view destination, journal_attempts_fn *fn, void *arg,
			  struct aff_diag *diag)
{
	struct reader_file *f;
	sqlite3_stmt *s = NULL;
	int64_t id;
	int step = SQLITE_DONE;
	int rc = reader_refresh(r, diag);
	if (!rc)
		rc = reader_file(r, r->list.n - 1, &f, diag);
	if (!rc)
		rc = reader_name(f, NAME_DESTINATION, destination, &id, diag);
	if (rc)
		return rc == AFF_ENOTFOUND && r->list.n ? 0 : rc;
	rc = sql_prepare(f->db, "SELECT message, n FROM attempt WHERE destination = ?1 ORDER BY message", &s, diag);
	if (!rc)
		sqlite3_bind_int64(s, 1, id);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = fn(arg, sqlite3_column_int64(s, 0), (unsigned)sqlite3_column_int(s, 1));
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "read the attempts", diag);
	sqlite3_finalize(s);
	return rc < 0 ? rc : 0;
}
