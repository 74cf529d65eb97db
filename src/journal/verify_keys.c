/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose signatures count: the key that was given (else the one that signed first), and those that are bound to it by
 * changes of keys, both ways, since both keys sign a change. A key counts for the links for which it was in force.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/vector.h"
#include "journal/sql.h"
#include "journal/verify_internal.h"

static bool same_key(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, SIGN_KEY_SIZE) == 0;
}

/* A shared syslog server hears of the keys of other journals, too. */
static bool is_ours(const struct verify *v, const struct key_change *c)
{
	return memcmp(c->journal, v->journal, JOURNAL_ID_SIZE) == 0;
}

static int add(struct verify *v, const struct key_change *c)
{
	for (size_t i = 0; i < v->nchanges; i++) {
		if (same_key(v->changes[i].old, c->old) && same_key(v->changes[i].new, c->new) &&
		    v->changes[i].link == c->link && memcmp(v->changes[i].journal, c->journal, JOURNAL_ID_SIZE) == 0)
			return 0;
	}
	if (v->nchanges == VERIFY_KEYS)
		return aff_diag_set(v->diag, AFF_ELIMIT, "more than %d changes of keys", VERIFY_KEYS);
	if (vector_room(&v->changes, &v->changes_allocated, v->nchanges, sizeof *v->changes))
		return aff_diag_set(v->diag, AFF_ENOMEM, "out of memory");
	v->changes[v->nchanges++] = *c;
	return 0;
}

int verify_take_keys(struct verify *v, struct aff_view text, bool *some)
{
	struct key_change c;
	int rc = 0;
	while (!rc && key_change_find(&c, &text)) {
		if (key_change_verify(&c))
			continue;
		rc = add(v, &c);
		*some = true;
	}
	return rc;
}

/* Takes what the chain says of keys; NULL or what is wrong. */
static const char *take(struct verify *v, struct aff_view line, int64_t link, int *rc)
{
	struct key_change c;
	if (key_change_read(&c, line) || !is_ours(v, &c) || (link && c.link != link))
		return "names a new key for checkpoints, but not as the engine does";
	if (key_change_verify(&c))
		return "names a new key for checkpoints that the old one did not sign";
	for (size_t i = 0; i < v->nchanges; i++) {
		const struct key_change *other = &v->changes[i];
		if (is_ours(v, other) && same_key(other->old, c.old) && !same_key(other->new, c.new))
			return "names a new key for checkpoints, but there is another one in place of the same old one";
	}
	*rc = add(v, &c);
	return NULL;
}

const char *verify_key_action(struct verify *v, int64_t link, struct aff_view kind, struct aff_view detail, int *rc)
{
	return aff_view_is(kind, KEY_ACTION) ? take(v, detail, link, rc) : NULL;
}

int verify_file_keys(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(v->db, "SELECT value FROM meta WHERE key = 'keys'", &s, v->diag);
	if (rc)
		return rc;
	struct aff_view lines = sqlite3_step(s) == SQLITE_ROW ? sql_text(s, 0) : aff_view("", 0);
	while (!rc && lines.n) {
		const char *end = memchr(lines.p, '\n', lines.n);
		size_t n = end ? (size_t)(end - lines.p) : lines.n;
		const char *what = take(v, aff_view(lines.p, n), 0, &rc);
		if (what)
			verify_tell(v, "meta", 0, "keys: it %s", what);
		lines = aff_view(lines.p + n + (end != NULL), lines.n - n - (end != NULL));
	}
	sqlite3_finalize(s);
	return rc;
}

int verify_newest_keys(struct verify *v, const char *path)
{
	sqlite3 *db;
	sqlite3_stmt *s = NULL;
	bool some;
	if (schema_open(&db, path, NULL, NULL)) /* told when it is its turn */
		return 0;
	int rc = 0;
	if (!sql_prepare(db, "SELECT value FROM meta WHERE key = 'keys'", &s, NULL) && sqlite3_step(s) == SQLITE_ROW)
		rc = verify_take_keys(v, sql_text(s, 0), &some);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return rc;
}

/* Whether changes lead from one key to another one, forward only or both ways. */
static bool leads(const struct verify *v, const unsigned char *from, const unsigned char *key, bool back)
{
	const unsigned char *known[2 * VERIFY_KEYS + 1] = {from};
	size_t n = 1;
	for (size_t k = 0; k < n; k++) {
		if (same_key(known[k], key))
			return true;
		for (size_t i = 0; i < v->nchanges && n + 2 <= sizeof known / sizeof *known; i++) {
			const struct key_change *c = &v->changes[i];
			const unsigned char *next = same_key(c->old, known[k])           ? c->new
						    : back && same_key(c->new, known[k]) ? c->old
											 : NULL;
			bool had = !next || !is_ours(v, c);
			for (size_t h = 0; h < n && !had; h++)
				had = same_key(known[h], next);
			if (!had)
				known[n++] = next;
		}
	}
	return false;
}

static bool was_in_force(const struct verify *v, const unsigned char *key, int64_t link)
{
	bool ok = true;
	for (size_t i = 0; i < v->nchanges; i++) {
		const struct key_change *c = &v->changes[i];
		if (is_ours(v, c) && same_key(c->new, key))
			ok = ok && link >= c->link;
		if (is_ours(v, c) && same_key(c->old, key))
			ok = ok && link <= c->link;
	}
	return ok;
}

const char *verify_key_counts(struct verify *v, const unsigned char key[SIGN_KEY_SIZE], int64_t link)
{
	struct verify_result *r = v->result;
	if (v->options->key && !leads(v, v->options->key, key, true))
		return "was signed with another key than the one given, and no change of keys leads to it";
	if (r->has_key && !leads(v, r->key, key, true))
		return "was signed with another key than the ones before";
	if (!was_in_force(v, key, link))
		return "was signed with a key that was not in force then";
	r->has_key = true;
	memcpy(r->key, key, SIGN_KEY_SIZE);
	return NULL;
}

void verify_note_key(struct verify *v, const unsigned char key[SIGN_KEY_SIZE])
{
	v->vouched = v->vouched || !v->options->key || leads(v, v->options->key, key, false);
}

void verify_count_keys(struct verify *v)
{
	for (size_t i = 0; i < v->nchanges; i++)
		v->result->key_changes += is_ours(v, &v->changes[i]);
}
