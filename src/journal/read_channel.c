/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading in the journal's order: what a sender that is behind does, and looking up one message.
 */
#include "journal/reader.h"
#include "journal/sql.h"

struct reading {
	struct journal_reader *reader;
	struct aff_view channel;
	int64_t after;               /* the last id given to fn */
	journal_row_fn *fn;
	void *arg;
	struct aff_diag *diag;
};

/* Gives the page's rows; the body must be there. */
static int give_page(struct reading *g, struct reader_file *f)
{
	struct reader_page *page = &g->reader->page;
	int rc = 0;
	for (size_t i = 0; i < page->n && !rc; i++) {
		g->after = page->row[i].id;
		rc = reader_give(g->reader, f, &page->row[i], true, g->fn, g->arg, g->diag);
	}
	return rc;
}

static int read_file(struct reading *g, struct reader_file *f)
{
	sqlite3_stmt *s = NULL;
	int64_t channel;
	int rc = reader_name(f, NAME_CHANNEL, g->channel, &channel, g->diag);
	if (rc)
		return rc == AFF_ENOTFOUND ? 0 : rc;
	rc = sql_prepare(f->db,
	                 "SELECT " READER_COLUMNS READER_BODY READER_FROM
	                 "WHERE m.id > ?1 AND +m.channel = ?2 AND +m.verdict = 1 ORDER BY m.id",
	                 &s, g->diag);
	bool more = true;
	while (!rc && more) {
		sqlite3_bind_int64(s, 1, g->after);
		sqlite3_bind_int64(s, 2, channel);
		rc = reader_fill(g->reader, s, g->diag);
		more = g->reader->page.full;
		if (!rc)
			rc = give_page(g, f);
	}
	sqlite3_finalize(s);
	return rc;
}

int journal_read_channel(struct journal_reader *r, struct aff_view channel, int64_t after, journal_row_fn *fn,
                         void *arg, struct aff_diag *diag)
{
	struct reading g = {r, channel, after, fn, arg, diag};
	int rc = reader_refresh(r, diag);
	for (size_t i = rc ? 0 : folder_position(&r->list, after); !rc && i < r->list.n; i++) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, diag);
		if (!rc)
			rc = read_file(&g, f);
		else if (rc == READER_GONE)
			rc = 0;
	}
	return rc < 0 ? rc : 0;
}

int journal_get(struct journal_reader *r, int64_t id, journal_row_fn *fn, void *arg, struct aff_diag *diag)
{
	struct reader_file *f;
	sqlite3_stmt *s = NULL;
	int rc = reader_refresh(r, diag);
	if (!rc)
		rc = reader_file(r, folder_position(&r->list, id), &f, diag);
	if (!rc)
		rc = sql_prepare(f->db, "SELECT " READER_COLUMNS READER_BODY READER_FROM "WHERE m.id = ?1", &s, diag);
	if (!rc) {
		sqlite3_bind_int64(s, 1, id);
		rc = reader_fill(r, s, diag);
	}
	sqlite3_finalize(s);
	if (rc < 0)
		return rc;
	if (rc == READER_GONE || r->page.n == 0)
		return aff_diag_set(diag, AFF_ENOTFOUND, "message %lld is not in the journal", (long long)id);
	rc = reader_give(r, f, &r->page.row[0], true, fn, arg, diag);
	return rc < 0 ? rc : 0;
}

int journal_get_snapshot(struct journal_reader *r, const unsigned char sha[SHA256_SIZE], struct aff_buf *out,
                         struct aff_diag *diag)
{
	int rc = reader_refresh(r, diag);
	for (size_t i = rc ? 0 : r->list.n; !rc && i-- > 0;) {
		struct reader_file *f;
		sqlite3_stmt *s = NULL;
		rc = reader_file(r, i, &f, diag);
		if (rc == READER_GONE) {
			rc = 0;
			continue;
		}
		if (!rc)
			rc = sql_prepare(f->db, "SELECT body FROM snapshot WHERE sha256 = ?1 AND body IS NOT NULL", &s,
			                 diag);
		if (rc)
			break;
		sql_bind_blob(s, 1, sha, SHA256_SIZE);
		int step = sqlite3_step(s);
		bool found = step == SQLITE_ROW;
		if (found)
			rc = unpack_alone(sql_blob(s, 0), out);
		else if (step != SQLITE_DONE)
			rc = sql_error(f->db, step, "read a configuration", diag);
		sqlite3_finalize(s);
		if (found)
			return rc ? aff_diag_set(diag, rc, "%s: a stored configuration: %s", sql_file_name(f->db),
			                         aff_error_text(rc))
			          : 0;
	}
	return rc ? rc : aff_diag_set(diag, AFF_ENOTFOUND, "this configuration is not in the journal");
}
