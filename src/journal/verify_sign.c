/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints: those of the log files all have to be good; of a file outside, a line that agrees with the chain is
 * taken as it is, one that does not counts when its signature is good.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/vector.h"
#include "journal/sql.h"
#include "journal/verify_internal.h"
#include "sys/file.h"

#define EXPORTED_MAX ((size_t)2 << 30)

static bool take(struct verify *v, sqlite3_stmt *s, struct checkpoint *c)
{
	struct aff_view hash = sql_blob(s, 2), key = sql_blob(s, 3), signature = sql_blob(s, 4);
	*c = (struct checkpoint){.link = sqlite3_column_int64(s, 0), .at_us = sqlite3_column_int64(s, 1)};
	memcpy(c->journal, v->journal, sizeof c->journal);
	if (c->link < 0 || c->at_us < 0 || sqlite3_column_type(s, 1) != SQLITE_INTEGER || hash.n != sizeof c->hash ||
	    key.n != sizeof c->key || signature.n != sizeof c->signature)
		return false;
	memcpy(c->hash, hash.p, hash.n);
	memcpy(c->key, key.p, key.n);
	memcpy(c->signature, signature.p, signature.n);
	return true;
}

/* Signed, and by the right key. */
static const char *judge(struct verify *v, const struct checkpoint *c)
{
	return checkpoint_verify(c) ? "was changed: its signature is wrong" : verify_key_counts(v, c->key, c->link);
}

int verify_anchor(struct verify *v, struct checkpoint *c, bool *found)
{
	sqlite3_stmt *s = NULL;
	*found = false;
	int rc = sql_prepare(v->db,
	                     "SELECT link, at, hash, key, signature FROM checkpoint ORDER BY link LIMIT 1", &s,
	                     v->diag);
	if (rc)
		return rc;
	int step = sqlite3_step(s);
	if (step == SQLITE_ROW) /* bad ones are told by verify_checkpoints */
		*found = take(v, s, c) && (!v->file_first || c->link == v->file_first - 1) && !judge(v, c);
	else if (step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	sqlite3_finalize(s);
	if (*found && v->begun && c->link == v->number && memcmp(c->hash, v->hash, SHA256_SIZE) != 0)
		verify_tell(v, "checkpoint", c->link, "the log file before this one ends with another hash");
	return rc;
}

/* The stored hash of a link: 0, AFF_ENOTFOUND. */
static int link_hash_of(sqlite3_stmt *s, int64_t number, unsigned char out[SHA256_SIZE])
{
	sqlite3_bind_int64(s, 1, number);
	int rc = AFF_ENOTFOUND;
	if (sqlite3_step(s) == SQLITE_ROW && sql_blob(s, 0).n == SHA256_SIZE) {
		memcpy(out, sql_blob(s, 0).p, SHA256_SIZE);
		rc = 0;
	}
	sqlite3_reset(s);
	return rc;
}

static void check_one(struct verify *v, sqlite3_stmt *s, sqlite3_stmt *links)
{
	struct checkpoint c;
	unsigned char hash[SHA256_SIZE];
	if (!take(v, s, &c)) {
		verify_tell(v, "checkpoint", c.link, "was changed: a column is damaged");
		return;
	}
	const char *what = judge(v, &c);
	bool anchor = !what && c.link == v->file_first - 1;
	if (!what && !anchor && link_hash_of(links, c.link, hash))
		what = "its link is missing";
	else if (!what && !anchor && memcmp(hash, c.hash, SHA256_SIZE) != 0)
		what = "the chain was computed anew: what was signed is not what is stored";
	if (what) {
		verify_tell(v, "checkpoint", c.link, "%s", what);
		return;
	}
	v->result->checkpoints++;
	verify_note_key(v, c.key);
	if (c.link >= v->result->signed_link) {
		v->result->signed_link = c.link;
		v->result->signed_at_us = c.at_us;
	}
}

int verify_checkpoints(struct verify *v)
{
	sqlite3_stmt *s = NULL, *links = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(v->db, "SELECT link, at, hash, key, signature FROM checkpoint ORDER BY link", &s, v->diag);
	if (!rc)
		rc = sql_prepare(v->db, "SELECT hash FROM link WHERE id = ?1", &links, v->diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		check_one(v, s, links);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	sqlite3_finalize(s);
	sqlite3_finalize(links);
	return rc;
}

/* ---- the file outside ---- */

static int by_link(const void *a, const void *b)
{
	const struct exported *x = a, *y = b;
	return (x->link > y->link) - (x->link < y->link);
}

/* Every checkpoint in one line of the file. */
static int take_exported(struct verify *v, struct aff_view line, size_t *allocated)
{
	struct checkpoint c;
	struct aff_view found;
	size_t before = v->nexported;
	bool known = line.n == 0;
	int rc = verify_take_keys(v, line, &known);
	if (rc)
		return rc;
	while (checkpoint_find(&c, &line, &found)) {
		if (vector_room(&v->exported, allocated, v->nexported, sizeof *v->exported))
			return aff_diag_set(v->diag, AFF_ENOMEM, "out of memory");
		struct exported *e = &v->exported[v->nexported++];
		*e = (struct exported){
			.link = c.link, .offset = (size_t)(found.p - v->exported_text.p), .n = found.n};
		memcpy(e->journal, c.journal, sizeof e->journal);
		memcpy(e->hash, c.hash, SHA256_SIZE);
	}
	v->result->exported_ignored += !known && v->nexported == before;
	return 0;
}

int verify_read_exported(struct verify *v)
{
	size_t allocated = 0;
	if (!v->options->checkpoint_file)
		return 0;
	aff_buf_init(&v->exported_text, EXPORTED_MAX);
	int rc = file_read(v->options->checkpoint_file, &v->exported_text, v->diag);
	for (size_t at = 0, n; !rc && at < v->exported_text.n; at += n + 1) {
		const char *line = v->exported_text.p + at, *end = memchr(line, '\n', v->exported_text.n - at);
		n = end ? (size_t)(end - line) : v->exported_text.n - at;
		rc = take_exported(v, aff_view(line, n), &allocated);
	}
	if (!rc && v->nexported)
		qsort(v->exported, v->nexported, sizeof *v->exported, by_link);
	return rc;
}

/* A syslog server may hear of several journals. */
static bool is_ours(const struct verify *v, const struct exported *e)
{
	return memcmp(e->journal, v->journal, JOURNAL_ID_SIZE) == 0;
}

/* Whether a line that contradicts the chain counts. */
static bool counts(struct verify *v, const struct exported *e)
{
	struct checkpoint c;
	if (checkpoint_read(&c, aff_view(v->exported_text.p + e->offset, e->n)) || judge(v, &c)) {
		v->result->exported_ignored++;
		return false;
	}
	return true;
}

void verify_exported_link(struct verify *v, int64_t number, const unsigned char hash[SHA256_SIZE])
{
	for (; v->next_exported < v->nexported && v->exported[v->next_exported].link <= number; v->next_exported++) {
		const struct exported *e = &v->exported[v->next_exported];
		if (e->link != number || !is_ours(v, e))
			continue; /* its log file is not there any more */
		if (memcmp(e->hash, hash, SHA256_SIZE) == 0)
			v->result->exported_used++;
		else if (counts(v, e))
			verify_tell(v, "link", number,
			            "the chain was computed anew: the checkpoint kept elsewhere says another hash");
	}
}

void verify_exported_end(struct verify *v)
{
	for (size_t i = 0; i < v->nexported; i++) {
		bool ours = is_ours(v, &v->exported[i]);
		v->result->exported += ours;
		v->result->exported_ignored += !ours;
	}
	for (size_t i = v->nexported; i-- > v->next_exported;) {
		if (!is_ours(v, &v->exported[i]) || !counts(v, &v->exported[i]))
			continue;
		v->file[0] = '\0';
		verify_tell(v, "link", v->number + 1,
		            "the end is cut off: a checkpoint kept elsewhere is of link %" PRId64, v->exported[i].link);
		return;
	}
}
