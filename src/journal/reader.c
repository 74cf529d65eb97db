/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections are kept for the newest log file and for sealed ones. One that has been closed by the writer but is not
 * yet sealed is let go after each question, so that the sealer can finish it.
 */
#include "journal/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/sql.h"

#define RAW_MAX  ((size_t)PACK_MAX_MESSAGE + 64)
#define PAGE_MAX ((size_t)PACK_MAX_MESSAGE + READER_PAGE_BYTES)
#define MAX_CURSORS 10000

static void close_file(struct reader_file *f)
{
	sqlite3_close(f->db);
	*f = (struct reader_file){0};
}

int journal_reader_open(struct journal_reader **out, const char *folder, struct aff_diag *diag)
{
	size_t n = strlen(folder);
	struct journal_reader *r = calloc(1, sizeof *r);
	if (!r)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	aff_buf_init(&r->page.bytes, PAGE_MAX);
	aff_buf_init(&r->raw, RAW_MAX);
	aff_buf_init(&r->ids, CRYPT_IDS_MAX);
	aff_buf_init(&r->body, PAGE_MAX);
	int rc = unpacker_init(&r->unpacker, &r->unlock);
	if (rc)
		aff_diag_set(diag, rc, "out of memory");
	else if (n >= sizeof r->folder)
		rc = aff_diag_set(diag, AFF_EARGUMENT, "the journal's folder name is too long");
	if (!rc) {
		memcpy(r->folder, folder, n + 1);
		rc = journal_reader_use_keys(r, NULL, diag);
	}
	if (!rc)
		rc = reader_refresh(r, diag);
	if (rc)
		journal_reader_close(r);
	else
		*out = r;
	return rc;
}

int journal_reader_use_keys(struct journal_reader *r, const char *secret_file, struct aff_diag *diag)
{
	return secret_path(r->unlock.path, sizeof r->unlock.path, r->folder, secret_file, diag);
}

void journal_reader_close(struct journal_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < READER_CONNECTIONS; i++)
		close_file(&r->file[i]);
	unpacker_free(&r->unpacker);
	unlock_free(&r->unlock);
	aff_buf_free(&r->ids);
	aff_buf_free(&r->body);
	aff_buf_free(&r->page.bytes);
	aff_buf_free(&r->raw);
	folder_list_free(&r->list);
	free(r);
}

bool reader_is_newest(const struct journal_reader *r, const struct reader_file *f)
{
	return f->first == r->list.first[r->list.n - 1];
}

static ino_t inode_of(const struct journal_reader *r, int64_t first)
{
	char path[PATH_MAX];
	struct stat st;
	return folder_path(path, sizeof path, r->folder, first, "", NULL) || stat(path, &st) ? 0 : st.st_ino;
}

static bool is_listed(const struct journal_reader *r, int64_t first)
{
	return r->list.first[folder_position(&r->list, first)] == first;
}

int reader_refresh(struct journal_reader *r, struct aff_diag *diag)
{
	unlock_again(&r->unlock);
	int rc = folder_list(r->folder, &r->list, diag);
	if (!rc && r->list.n == 0)
		rc = aff_diag_set(diag, AFF_ENOTFOUND, "there is no journal in %s", r->folder);
	if (rc)
		return rc;
	for (size_t i = 0; i < READER_CONNECTIONS; i++) {
		struct reader_file *f = &r->file[i];
		if (f->db && (!is_listed(r, f->first) || (!f->sealed && !reader_is_newest(r, f)) ||
			      f->inode != inode_of(r, f->first)))
			close_file(f);
	}
	return 0;
}

/* Removed in the middle of opening: whatever that failed with. */
static bool is_gone(const char *path)
{
	return access(path, F_OK) && errno == ENOENT;
}

static int open_file(struct journal_reader *r, struct reader_file *f, int64_t first, struct aff_diag *diag)
{
	char path[PATH_MAX];
	int64_t sealed = 0, removed = 0;
	ino_t inode = inode_of(r, first);
	sqlite3 *db;
	int rc = folder_path(path, sizeof path, r->folder, first, "", diag);
	if (!rc)
		rc = schema_open(&db, path, NULL, diag);
	if (rc)
		return rc == AFF_ENOTFOUND || is_gone(path) ? READER_GONE : rc;
	rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'sealed'", &sealed, diag);
	if (!rc)
		rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'bodies_removed'", &removed, diag);
	if (rc && rc != AFF_ENOTFOUND) {
		sqlite3_close(db);
		return is_gone(path) ? READER_GONE : rc;
	}
	close_file(f);
	*f = (struct reader_file){.inode = inode,
					 .first = first, .db = db, .sealed = sealed != 0,
					 .bodies_removed_us = removed};
	return 0;
}

int reader_file(struct journal_reader *r, size_t i, struct reader_file **out, struct aff_diag *diag)
{
	struct reader_file *oldest = &r->file[0];
	for (size_t k = 0; k < READER_CONNECTIONS; k++) {
		struct reader_file *f = &r->file[k];
		if (f->db && f->first == r->list.first[i]) {
			f->used = ++r->clock;
			*out = f;
			return 0;
		}
		if (f->used < oldest->used)
			oldest = f;
	}
	int rc = open_file(r, oldest, r->list.first[i], diag);
	if (rc)
		return rc;
	oldest->used = ++r->clock;
	*out = oldest;
	return 0;
}

int reader_name(const struct reader_file *f, enum name_kind kind, struct aff_view text, int64_t *id,
                struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(f->db, "SELECT id FROM name WHERE kind = ?1 AND text = ?2", &s, diag);
	if (!rc) {
		sqlite3_bind_int(s, 1, (int)kind);
		sqlite3_bind_text64(s, 2, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
		rc = sql_integer_of(s, id, diag);
	}
	sqlite3_finalize(s);
	return rc;
}

int reader_name_or_0(const struct reader_file *f, enum name_kind kind, struct aff_view text, int64_t *id,
                     struct aff_diag *diag)
{
	int rc = reader_name(f, kind, text, id, diag);
	if (rc == AFF_ENOTFOUND) {
		*id = 0;
		rc = 0;
	}
	return rc;
}

/* ---- rows ---- */

static int damaged(sqlite3 *db, int64_t id, const char *what, struct aff_diag *diag)
{
	aff_diag_set(diag, AFF_ECORRUPT, "%s: message %lld: %s", sql_file_name(db), (long long)id, what);
	aff_diag_hint(diag, "set this log file aside and restore it from a backup");
	return AFF_ECORRUPT;
}

/* The page's buffer has room for it: views into it stay where they are. */
static struct aff_view keep(struct aff_buf *bytes, struct aff_view v)
{
	size_t at = bytes->n;
	aff_buf_put_view(bytes, v);
	return v.n ? aff_view(bytes->p + at, v.n) : aff_view("", 0);
}

/* Columns as READER_COLUMNS has them. */
static int take_row(struct reader_page *page, sqlite3_stmt *s, bool *fits, struct aff_diag *diag)
{
	static const int texts[] = {2, 3, 4, 5, 6, 7};
	struct aff_view v[sizeof texts / sizeof *texts], body = sql_blob(s, 16), ids = sql_blob(s, 14),
							 body_sha = sql_blob(s, 15);
	int64_t id = sqlite3_column_int64(s, 0), length = sqlite3_column_int64(s, 11),
		dictionary = sqlite3_column_int64(s, 12), key = sqlite3_column_int64(s, 13);
	int verdict = sqlite3_column_int(s, 8);
	size_t need = body.n + ids.n;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		/* The columns of encrypted ids hold digests. */
		v[i] = key && texts[i] >= 5 ? aff_view("", 0) : sql_text(s, texts[i]);
		need += v[i].n;
	}
	struct aff_view sha = sql_blob(s, 10);
	if (v[0].n == 0 || sha.n != SHA256_SIZE || verdict < JOURNAL_ACCEPTED || verdict > JOURNAL_DUPLICATE ||
	    length < 0 || length > PACK_MAX_MESSAGE || dictionary < 0 || dictionary > UINT32_MAX || key < 0 ||
	    key > UINT32_MAX || (body_sha.n && body_sha.n != SHA256_SIZE))
		return damaged(sqlite3_db_handle(s), id, "a column is damaged", diag);
	*fits = page->n == 0 || need <= page->bytes.allocated - page->bytes.n;
	if (!*fits)
		return 0;
	if (page->n == 0 && !aff_buf_reserve(&page->bytes, need > READER_PAGE_BYTES ? need : READER_PAGE_BYTES))
		return aff_diag_set(diag, page->bytes.error, "a row is too large to read");
	struct journal_message *m = &page->row[page->n++];
	*m = (struct journal_message){
		.id = id,
		.received_us = sqlite3_column_int64(s, 1),
		.channel = keep(&page->bytes, v[0]),
		.peer = keep(&page->bytes, v[1]),
		.type = keep(&page->bytes, v[2]),
		.control_id = keep(&page->bytes, v[3]),
		.patient = keep(&page->bytes, v[4]),
		.device = keep(&page->bytes, v[5]),
		.verdict = (enum journal_verdict)verdict,
		.error = sqlite3_column_int(s, 9),
		.length = (uint32_t)length,
		.dictionary = (uint32_t)dictionary,
		.key = (uint32_t)key,
		.ids = keep(&page->bytes, ids),
		.body = keep(&page->bytes, body),
	};
	memcpy(m->body_sha, body_sha.p, body_sha.n);
	memcpy(m->snapshot, sha.p, SHA256_SIZE);
	return 0;
}

int reader_fill(struct journal_reader *r, sqlite3_stmt *s, struct aff_diag *diag)
{
	struct reader_page *page = &r->page;
	int rc = 0, step = SQLITE_ROW;
	bool fits = true;
	page->n = 0;
	aff_buf_clear(&page->bytes);
	while (!rc && fits && page->n < READER_PAGE_ROWS && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = take_row(page, s, &fits, diag);
	if (!rc && step != SQLITE_ROW && step != SQLITE_DONE)
		rc = sql_error(sqlite3_db_handle(s), step, "read", diag);
	page->full = step == SQLITE_ROW;
	sqlite3_reset(s);
	return rc;
}

/* Decrypts ids, and the body where there is one. Without a key ids stay hidden; a body that is wanted is an error. */
static int decrypt(struct journal_reader *r, struct reader_file *f, struct journal_row *row, bool raw,
		   struct aff_diag *diag)
{
	struct aff_diag why = {0};
	struct journal_message *m = &row->message;
	struct decrypter *d;
	int rc = unlock_key(&r->unlock, f->db, f->first, m->key, &d, &why);
	if (unlock_is_closed(rc) && !raw)
		return 0;
	if (rc) {
		if (diag)
			*diag = why;
		return rc;
	}
	aff_buf_clear(&r->ids);
	aff_buf_clear(&r->body);
	rc = m->ids.n ? decrypter_put(d, CRYPT_IDS, m->ids, &r->ids) : 0;
	if (rc == AFF_ECORRUPT || (!rc && m->ids.n && !crypt_split_ids(m, aff_buf_view(&r->ids))))
		return damaged(f->db, m->id, "its ids were changed", diag);
	m->ids = aff_view("", 0);
	if (!rc && m->body.n)
		rc = decrypter_put(d, CRYPT_BODY, m->body, &r->body);
	if (rc == AFF_ECORRUPT)
		return damaged(f->db, m->id, "its body was changed", diag);
	if (rc)
		return aff_diag_set(diag, rc, "cannot decrypt message %lld: %s", (long long)m->id, aff_error_text(rc));
	if (m->body.n)
		m->body = aff_buf_view(&r->body);
	return 0;
}

int reader_give(struct journal_reader *r, struct reader_file *f, const struct journal_message *m, bool raw,
                journal_row_fn *fn, void *arg, struct aff_diag *diag)
{
	struct journal_row row = {.message = *m, .raw = aff_view("", 0)};
	bool removed = raw && !m->body.n && f->bodies_removed_us;
	int rc = m->key ? decrypt(r, f, &row, raw && !removed, diag) : 0;
	if (removed)
		row.body_removed_us = f->bodies_removed_us;
	if (!rc && raw && !removed) {
		aff_buf_clear(&r->raw);
		rc = unpack(&r->unpacker, f->db, f->first, m->dictionary, row.message.body, m->length, &r->raw);
		if (rc == AFF_ECORRUPT)
			return damaged(f->db, m->id, "the body is damaged", diag);
		if (rc)
			aff_diag_set(diag, rc, "cannot unpack message %lld: %s", (long long)m->id, aff_error_text(rc));
		row.raw = aff_buf_view(&r->raw);
	}
	return rc ? rc : fn(arg, &row);
}

/* ---- destinations ---- */

struct aff_view reader_channel_of(struct aff_view destination)
{
	const char *slash = memchr(destination.p, '/', destination.n);
	return aff_view(destination.p, slash ? (size_t)(slash - destination.p) : destination.n);
}

int reader_cursors(const struct reader_file *newest, struct reader_cursors *out, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	*out = (struct reader_cursors){0};
	int rc = sql_prepare(
		newest->db,
		"SELECT n.text, c.start, c.position FROM cursor c JOIN name n ON n.id = c.destination ORDER BY 1", &s,
		diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		struct aff_view name = sql_text(s, 0);
		struct reader_cursor *more = realloc(out->item, (out->n + 1) * sizeof *more);
		if (!more || out->n == MAX_CURSORS || name.n >= sizeof more->destination) {
			rc = more ? AFF_ELIMIT : AFF_ENOMEM;
			aff_diag_set(diag, rc, "%s: cannot read its cursors", sql_file_name(newest->db));
		}
		if (more)
			out->item = more;
		if (rc)
			break;
		struct reader_cursor *c = &out->item[out->n++];
		*c = (struct reader_cursor){.start = sqlite3_column_int64(s, 1),
		                            .position = sqlite3_column_int64(s, 2)};
		memcpy(c->destination, name.p, name.n);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(newest->db, step, "read the cursors", diag);
	sqlite3_finalize(s);
	if (rc) {
		free(out->item);
		*out = (struct reader_cursors){0};
	}
	return rc;
}
