/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/codes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/vector.h"
#include "journal/crypt.h"
#include "journal/pack.h"
#include "journal/sql.h"

#define BLOCK_MESSAGES 256
#define BUCKETS        (1u << 17) /* a power of two, more than CODES_MAX */
#define RAW_MAX        ((size_t)PACK_MAX_MESSAGE + 64)

/* The blocks of one code: finished runs as pairs of numbers (blocks skipped, blocks in the run), and the last run. */
struct entry {
	size_t text, n;              /* in the texts */
	uint32_t end;                /* of the last finished run */
	uint32_t begin, last;        /* the run that may go on */
	unsigned char *runs;
	size_t runs_n, runs_allocated;
};

struct codes {
	uint32_t bucket[BUCKETS];    /* place in the entries + 1, 0 = empty */
	struct entry *entry;
	size_t n, allocated;
	struct aff_buf texts, ends;  /* ends: the id of each block's last message, 8 bytes */
	size_t bytes;
	uint32_t block;
	bool too_many;
	int64_t file;
	struct unlock unlock;
	struct unpacker unpacker;
	struct aff_buf body, raw;    /* of the message at hand, decrypted and unpacked */
};

/* What codes of a log file are stored and looked up as. */
struct form {
	struct decrypter *key;       /* NULL: as they are */
	unsigned char digest[JOURNAL_HASHED_SIZE];
};

/* Valid until another data key is asked for. */
static int form_init(struct form *f, sqlite3 *db, struct unlock *u, int64_t file, struct aff_diag *diag)
{
	int64_t key = 0;
	f->key = NULL;
	int rc = sql_integer(db, "SELECT min(id) FROM datakey", &key, diag);
	if (rc)
		return rc == AFF_ENOTFOUND ? 0 : rc;
	return key <= 0 || key > UINT32_MAX ? AFF_ECORRUPT : unlock_key(u, db, file, (uint32_t)key, &f->key, NULL);
}

static int form_of(struct form *f, struct aff_view code, struct aff_view *out)
{
	int rc = f->key ? decrypter_digest(f->key, CRYPT_CODE, code, f->digest) : 0;
	*out = f->key ? aff_view((const char *)f->digest, sizeof f->digest) : code;
	return rc;
}

/* ---- collecting ---- */

static struct entry *find_or_add(struct codes *c, struct aff_view code, int *rc)
{
	uint32_t at = (uint32_t)hash64(code) % BUCKETS;
	for (; c->bucket[at]; at = (at + 1) % BUCKETS) {
		struct entry *e = &c->entry[c->bucket[at] - 1];
		if (aff_view_equal(aff_view(c->texts.p + e->text, e->n), code))
			return e;
	}
	c->too_many = c->too_many || c->n == CODES_MAX;
	if (c->too_many || vector_room(&c->entry, &c->allocated, c->n, sizeof *c->entry)) {
		*rc = c->too_many ? 1 : AFF_ENOMEM;
		return NULL;
	}
	c->entry[c->n] = (struct entry){.text = c->texts.n, .n = code.n, .begin = c->block, .last = c->block};
	aff_buf_put_view(&c->texts, code);
	c->bytes += code.n + sizeof *c->entry;
	c->bucket[at] = (uint32_t)++c->n;
	*rc = c->texts.error;
	return c->texts.error ? NULL : &c->entry[c->n - 1];
}

static int put_number(struct codes *c, struct entry *e, uint32_t n)
{
	for (bool more = true; more; n >>= 7) {
		if (vector_room(&e->runs, &e->runs_allocated, e->runs_n, 1))
			return AFF_ENOMEM;
		more = n >= 0x80;
		e->runs[e->runs_n++] = (unsigned char)((n & 0x7f) | (more ? 0x80 : 0));
		c->bytes++;
	}
	return 0;
}

static int end_run(struct codes *c, struct entry *e)
{
	int rc = put_number(c, e, e->begin - e->end);
	if (!rc)
		rc = put_number(c, e, e->last - e->begin);
	e->end = e->last + 1;
	return rc;
}

static int add_code(void *codes, struct aff_view code)
{
	struct codes *c = codes;
	int rc = 0;
	if (code.n == 0 || code.n > CODES_MAX_TEXT)
		return 0;
	struct entry *e = find_or_add(c, code, &rc);
	if (!e || e->last == c->block)
		return rc;
	if (c->block == e->last + 1) {
		e->last = c->block;
		return 0;
	}
	rc = end_run(c, e);
	e->begin = e->last = c->block;
	c->too_many = c->too_many || c->bytes > CODES_BYTES;
	return rc ? rc : c->too_many;
}

static void end_block(struct codes *c, int64_t id)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		aff_buf_put_char(&c->ends, (char)((uint64_t)id >> shift & 0xff));
	c->block++;
}

/* Its text, in c->raw. A damaged body has no codes; that it is damaged, the verification tells. */
static int read_message(struct codes *c, sqlite3_stmt *s)
{
	struct aff_view body = sql_blob(s, 3);
	int64_t key = sqlite3_column_int64(s, 4);
	sqlite3 *db = sqlite3_db_handle(s);
	int rc = 0;
	aff_buf_clear(&c->raw);
	aff_buf_clear(&c->body);
	if (key) {
		struct decrypter *d = NULL;
		rc = key < 0 || key > UINT32_MAX ? AFF_ECORRUPT
						 : unlock_key(&c->unlock, db, c->file, (uint32_t)key, &d, NULL);
		if (!rc)
			rc = decrypter_put(d, CRYPT_BODY, body, &c->body);
		body = aff_buf_view(&c->body);
	}
	return rc ? rc : unpack(&c->unpacker, db, c->file, (uint32_t)sqlite3_column_int64(s, 2), body,
				(uint32_t)sqlite3_column_int64(s, 1), &c->raw);
}

static int collect_rows(struct codes *c, sqlite3_stmt *s, const struct codes_how *how)
{
	int64_t id = 0;
	uint64_t rows = 0;
	int step = SQLITE_DONE, rc = 0;
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		id = sqlite3_column_int64(s, 0);
		rc = read_message(c, s);
		if (!rc)
			rc = how->coder->codes(how->coder->state, aff_buf_view(&c->raw), add_code, c);
		else if (rc == AFF_ECORRUPT)
			rc = 0;
		if (!rc && ++rows % BLOCK_MESSAGES == 0) {
			end_block(c, id);
			rc = how->stop && how->stop(how->arg) ? AFF_EAGAIN : c->ends.error;
		}
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(sqlite3_db_handle(s), step, "read the messages", NULL);
	if (!rc && rows % BLOCK_MESSAGES)
		end_block(c, id);
	return unlock_is_closed(rc) ? 1 : rc;
}

static int set_up(struct codes *c, const char *secret)
{
	aff_buf_init(&c->texts, CODES_BYTES);
	aff_buf_init(&c->ends, CODES_BYTES);
	aff_buf_init(&c->body, RAW_MAX);
	aff_buf_init(&c->raw, RAW_MAX);
	int n = snprintf(c->unlock.path, sizeof c->unlock.path, "%s", secret);
	return n < 0 || (size_t)n >= sizeof c->unlock.path ? AFF_ELIMIT : unpacker_init(&c->unpacker, &c->unlock);
}

int codes_collect(struct codes **out, sqlite3 *db, int64_t first, const struct codes_how *how, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	*out = NULL;
	struct codes *c = calloc(1, sizeof *c);
	if (!c)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	c->file = first;
	int rc = set_up(c, how->secret);
	if (!rc)
		rc = sql_prepare(db, "SELECT id, length, dictionary, body, key FROM message WHERE body IS NOT NULL"
		                     " ORDER BY id", &s, diag);
	if (!rc)
		rc = collect_rows(c, s, how);
	sqlite3_finalize(s);
	for (size_t i = 0; !rc && i < c->n; i++)
		rc = end_run(c, &c->entry[i]);
	if (rc < 0)
		aff_diag_set(diag, rc, "%s: cannot collect the codes: %s", sql_file_name(db), aff_error_text(rc));
	if (!rc)
		*out = c;
	else
		codes_free(c);
	return rc > 0 ? 0 : rc;
}

void codes_free(struct codes *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		free(c->entry[i].runs);
	free(c->entry);
	unpacker_free(&c->unpacker);
	unlock_free(&c->unlock);
	aff_buf_free(&c->texts);
	aff_buf_free(&c->ends);
	aff_buf_free(&c->body);
	aff_buf_free(&c->raw);
	free(c);
}

/* ---- storing ---- */

static int store_ends(const struct codes *c, sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "INSERT INTO meta(key, value) VALUES('code_blocks', ?1)", &s, diag);
	if (!rc) {
		sqlite3_bind_blob64(s, 1, c->ends.n ? c->ends.p : "", c->ends.n, SQLITE_STATIC);
		rc = sql_run(s, "store the codes", diag);
	}
	sqlite3_finalize(s);
	return rc;
}

int codes_store(struct codes *c, sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	struct form form;
	int rc = sql_exec(db, "DELETE FROM code; DELETE FROM meta WHERE key = 'code_blocks'", diag);
	if (rc || !c)
		return rc;
	rc = form_init(&form, db, &c->unlock, c->file, diag);
	if (rc)
		return aff_diag_set(diag, rc, "%s: cannot store the codes: %s", sql_file_name(db), aff_error_text(rc));
	rc = sql_prepare(db, "INSERT INTO code(code, blocks) VALUES(?1, ?2)", &s, diag);
	for (size_t i = 0; !rc && i < c->n; i++) {
		const struct entry *e = &c->entry[i];
		struct aff_view stored;
		rc = form_of(&form, aff_view(c->texts.p + e->text, e->n), &stored);
		if (rc)
			break;
		sql_bind_blob(s, 1, stored.p, stored.n);
		sql_bind_blob(s, 2, e->runs, e->runs_n);
		rc = sql_run(s, "store the codes", diag);
	}
	sqlite3_finalize(s);
	return rc ? rc : store_ends(c, db, diag);
}

/* ---- finding ---- */

static bool take_number(struct aff_view *v, uint32_t *n)
{
	*n = 0;
	for (unsigned shift = 0; v->n && shift < 32; shift += 7) {
		unsigned char byte = (unsigned char)*v->p;
		*v = aff_view(v->p + 1, v->n - 1);
		*n |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static int64_t end_of(struct aff_view ends, size_t block)
{
	uint64_t id = 0;
	for (size_t i = 0; i < 8; i++)
		id = id << 8 | (unsigned char)ends.p[8 * block + i];
	return (int64_t)id;
}

/* AFF_ECORRUPT: these are no runs of these blocks. */
static int add_runs(struct aff_view runs, struct aff_view ends, struct id_range within, struct id_ranges *out,
                    struct aff_diag *diag)
{
	uint64_t at = 0, blocks = ends.n / 8;
	int rc = 0;
	while (runs.n && !rc) {
		uint32_t skipped, more;
		if (!take_number(&runs, &skipped) || !take_number(&runs, &more))
			return AFF_ECORRUPT;
		uint64_t begin = at + skipped, last = begin + more;
		if (last >= blocks)
			return AFF_ECORRUPT;
		struct id_range r = {begin ? end_of(ends, begin - 1) : INT64_MIN, end_of(ends, last) + 1};
		r.low = r.low < within.low ? within.low : r.low;
		r.high = r.high > within.high ? within.high : r.high;
		rc = id_ranges_add(out, r, diag);
		at = last + 1;
	}
	return rc;
}

/* The first column of the first row as bytes, copied. AFF_ENOTFOUND. */
static int read_blob(sqlite3_stmt *s, struct aff_buf *out)
{
	int step = sqlite3_step(s);
	aff_buf_init(out, CODES_BYTES);
	if (step == SQLITE_ROW)
		aff_buf_put_view(out, sql_blob(s, 0));
	sqlite3_reset(s);
	return step == SQLITE_ROW ? out->error : step == SQLITE_DONE ? AFF_ENOTFOUND : AFF_EIO;
}

static int read_index(sqlite3 *db, struct form *form, struct aff_view code, struct aff_buf *ends, struct aff_buf *runs,
                      struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "SELECT value FROM meta WHERE key = 'code_blocks'", &s, diag);
	if (!rc)
		rc = read_blob(s, ends);
	sqlite3_finalize(s);
	s = NULL;
	if (!rc)
		rc = sql_prepare(db, "SELECT blocks FROM code WHERE code = ?1", &s, diag);
	struct aff_view stored;
	if (!rc)
		rc = form_of(form, code, &stored);
	if (!rc) {
		sql_bind_blob(s, 1, stored.p, stored.n);
		rc = read_blob(s, runs);
		rc = rc == AFF_ENOTFOUND ? 0 : rc;
	}
	sqlite3_finalize(s);
	return rc;
}

int codes_find(sqlite3 *db, struct unlock *u, int64_t file, struct aff_view code, struct id_range within,
               struct id_ranges *out, struct aff_diag *diag)
{
	struct aff_buf ends = {0}, runs = {0};
	struct form form;
	int rc = code.n > CODES_MAX_TEXT ? AFF_ENOTFOUND : form_init(&form, db, u, file, diag);
	if (!rc)
		rc = read_index(db, &form, code, &ends, &runs, diag);
	out->n = 0;
	if (!rc)
		rc = add_runs(aff_buf_view(&runs), aff_buf_view(&ends), within, out, diag);
	aff_buf_free(&ends);
	aff_buf_free(&runs);
	if (rc == AFF_ECORRUPT) {
		aff_diag_set(diag, rc, "%s: the index of codes is damaged", sql_file_name(db));
		aff_diag_hint(diag, "make it anew: afferent journal reindex");
	}
	return rc == AFF_ENOTFOUND || unlock_is_closed(rc) ? id_ranges_add(out, within, diag) : rc;
}
