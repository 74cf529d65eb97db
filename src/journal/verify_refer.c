/* SPDX-License-Identifier: Apache-2.0
 *
 * What rows refer to by number. The open log file may get more of it while it is verified, so a number that is not
 * known is looked for once more. Numbers grow by one, mostly: the entry is where it is expected, or it is searched.
 */
#include <stdlib.h>

#include "base/vector.h"
#include "journal/secret.h"
#include "journal/sql.h"
#include "journal/verify_internal.h"

#define TEXT_MAX (256u << 20)

static struct referred *find(const struct referred_list *l, int64_t id)
{
	size_t low = 0, high = l->n;
	if (id > 0 && (uint64_t)id <= l->n && l->item[id - 1].id == id)
		return &l->item[id - 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (l->item[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->n && l->item[low].id == id ? &l->item[low] : NULL;
}

static struct referred *add(struct referred_list *l)
{
	if (vector_room(&l->item, &l->allocated, l->n, sizeof *l->item))
		return NULL;
	l->item[l->n] = (struct referred){0};
	return &l->item[l->n++];
}

enum what { NAMES, SNAPSHOTS, DICTIONARIES, KEYS };

static int take(struct verify *v, enum what what, struct referred_list *l, sqlite3_stmt *s)
{
	struct referred *r = add(l);
	if (!r)
		return aff_diag_set(v->diag, AFF_ENOMEM, "out of memory");
	r->id = sqlite3_column_int64(s, 0);
	if (what == NAMES) {
		r->offset = l->text.n;
		r->n = sql_text(s, 1).n;
		r->kind = sqlite3_column_int64(s, 2);
		aff_buf_put_view(&l->text, sql_text(s, 1));
		return l->text.error ? aff_diag_set(v->diag, l->text.error, "too many names in %s", v->file) : 0;
	}
	if (what == DICTIONARIES)
		sha256(r->digest, sql_blob(s, 1));
	else if (sql_blob(s, 1).n == SHA256_SIZE)
		memcpy(r->digest, sql_blob(s, 1).p, SHA256_SIZE);
	return 0;
}

static int load(struct verify *v, enum what what, struct referred_list *l)
{
	static const char *const sql[] = {"SELECT id, text, kind FROM name WHERE id > ?1 ORDER BY id",
	                                  "SELECT id, sha256 FROM snapshot WHERE id > ?1 ORDER BY id",
	                                  "SELECT id, body FROM dictionary WHERE id > ?1 ORDER BY id",
					  "SELECT id, wrapped FROM datakey WHERE id > ?1 ORDER BY id"};
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	if (!l->text.max)
		aff_buf_init(&l->text, TEXT_MAX);
	int rc = sql_prepare(v->db, sql[what], &s, v->diag);
	if (rc)
		return rc;
	sqlite3_bind_int64(s, 1, l->n ? l->item[l->n - 1].id : INT64_MIN);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = take(v, what, l, s);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	sqlite3_finalize(s);
	return rc;
}

static const struct referred *look_up(struct verify *v, enum what what, struct referred_list *l, int64_t id, int *rc)
{
	struct referred *r = find(l, id);
	*rc = 0;
	if (!r) {
		*rc = load(v, what, l);
		r = *rc ? NULL : find(l, id);
	}
	return r;
}

const struct referred *verify_name(struct verify *v, enum name_kind kind, int64_t id, int *rc)
{
	const struct referred *r = look_up(v, NAMES, &v->names, id, rc);
	return r && r->kind == (int64_t)kind ? r : NULL;
}

const struct referred *verify_snapshot(struct verify *v, int64_t id, int *rc)
{
	return look_up(v, SNAPSHOTS, &v->snapshots, id, rc);
}

const struct referred *verify_dictionary(struct verify *v, int64_t id, int *rc)
{
	return look_up(v, DICTIONARIES, &v->dictionaries, id, rc);
}

const struct referred *verify_key(struct verify *v, int64_t id, int *rc)
{
	return look_up(v, KEYS, &v->keys, id, rc);
}

void verify_forget(struct verify *v)
{
	struct referred_list *lists[] = {&v->names, &v->snapshots, &v->dictionaries, &v->keys, &v->others};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		free(lists[i]->item);
		aff_buf_free(&lists[i]->text);
		*lists[i] = (struct referred_list){0};
	}
}

/* ---- what links say of them ---- */

static struct referred *find_other(struct verify *v, unsigned char kind, int64_t id)
{
	for (size_t i = v->others.n; i-- > 0;) {
		if (v->others.item[i].kind == kind && v->others.item[i].id == id)
			return &v->others.item[i];
	}
	return NULL;
}

bool verify_take_others(struct verify *v, struct aff_view others, int *rc)
{
	*rc = 0;
	for (size_t at = 0; at + LINK_OTHER_SIZE <= others.n; at += LINK_OTHER_SIZE) {
		const unsigned char *p = (const unsigned char *)others.p + at;
		uint64_t number = 0;
		for (size_t i = 1; i <= 8; i++)
			number = number << 8 | p[i];
		if ((p[0] != LINK_SNAPSHOT && p[0] != LINK_DICTIONARY) || number > INT64_MAX)
			return false;
		struct referred *r = find_other(v, p[0], (int64_t)number);
		if (!r && !(r = add(&v->others))) {
			*rc = aff_diag_set(v->diag, AFF_ENOMEM, "out of memory");
			return true;
		}
		r->kind = p[0];
		r->id = (int64_t)number;
		memcpy(r->digest, p + 9, SHA256_SIZE);
	}
	return others.n % LINK_OTHER_SIZE == 0;
}

static void check_other(struct verify *v, unsigned char kind, int64_t id, const unsigned char digest[SHA256_SIZE])
{
	const char *table = kind == LINK_SNAPSHOT ? "snapshot" : "dictionary";
	struct referred *r = find_other(v, kind, id);
	if (!r)
		verify_tell(v, table, id, "was added: no link is over it");
	else if (memcmp(r->digest, digest, SHA256_SIZE) != 0)
		verify_tell(v, table, id, "was changed");
	if (r)
		r->seen = true;
}

static int check_table(struct verify *v, const char *sql, unsigned char kind)
{
	sqlite3_stmt *s = NULL;
	int step, rc = sql_prepare(v->db, sql, &s, v->diag);
	if (rc)
		return rc;
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		unsigned char digest[SHA256_SIZE], sha[SHA256_SIZE] = {0};
		if (kind == LINK_DICTIONARY) {
			record_dictionary(v->record, v->format, sqlite3_column_int64(s, 2), sql_blob(s, 1), digest);
		} else {
			if (sql_blob(s, 2).n == SHA256_SIZE)
				memcpy(sha, sql_blob(s, 2).p, SHA256_SIZE);
			record_snapshot(v->record, sha, sql_blob(s, 1), digest);
		}
		check_other(v, kind, sqlite3_column_int64(s, 0), digest);
	}
	if (step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	sqlite3_finalize(s);
	return rc;
}

/* No link is over the data keys, for they are wrapped anew when the master key changes: each is its own witness. */
static int check_keys(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	int step, rc = sql_prepare(v->db, "SELECT id, master, wrapped FROM datakey", &s, v->diag);
	if (rc)
		return rc;
	while ((step = sqlite3_step(s)) == SQLITE_ROW) {
		struct wrapped_key w;
		int64_t id = sqlite3_column_int64(s, 0);
		if (!secret_take(&w, id, sql_blob(s, 1), sql_blob(s, 2)) || !secret_is_whole(&w))
			verify_tell(v, "data key", id, "was changed");
	}
	if (step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	sqlite3_finalize(s);
	return rc;
}

int verify_check_others(struct verify *v)
{
	int rc = check_table(v, "SELECT id, body, sha256 FROM snapshot", LINK_SNAPSHOT);
	if (!rc)
		rc = check_table(v, "SELECT id, body, key FROM dictionary", LINK_DICTIONARY);
	if (!rc)
		rc = check_keys(v);
	for (size_t i = 0; !rc && i < v->others.n; i++) {
		const struct referred *r = &v->others.item[i];
		if (!r->seen && !(v->stripped && r->kind == LINK_DICTIONARY))
			verify_tell(v, r->kind == LINK_SNAPSHOT ? "snapshot" : "dictionary", r->id, "is missing");
	}
	return rc;
}
