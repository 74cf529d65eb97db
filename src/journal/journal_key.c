/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing the key. The new one is on disk beside the old one before the transaction that names it, and takes the old
 * one's place after it: whenever a crash comes, the journal tells which of the two is in force.
 */
#include "journal/journal_key.h"

#include "journal/key_change.h"
#include "journal/sql.h"
#include "sys/clock.h"

#define LINE_BYTES 1024
#define KEYS_BYTES (1u << 20)

static int read_keys(sqlite3 *db, struct aff_buf *out, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "SELECT value FROM meta WHERE key = 'keys'", &s, diag);
	if (rc)
		return rc;
	int step = sqlite3_step(s);
	if (step == SQLITE_ROW)
		aff_buf_put_view(out, sql_text(s, 0));
	else if (step != SQLITE_DONE)
		rc = sql_error(db, step, "read the keys", diag);
	sqlite3_finalize(s);
	return rc || !out->error ? rc : aff_diag_set(diag, out->error, "too many keys");
}

static int add_keys(sqlite3 *db, struct aff_view lines, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db,
			     "INSERT INTO meta(key, value) VALUES('keys', ?1)"
			     " ON CONFLICT(key) DO UPDATE SET value = value || excluded.value",
			     &s, diag);
	if (rc)
		return rc;
	sql_bind_text(s, 1, lines);
	rc = sql_run(s, "note the keys", diag);
	sqlite3_finalize(s);
	return rc;
}

int journal_copy_keys(sqlite3 *from, sqlite3 *to, struct aff_diag *diag)
{
	struct aff_buf keys;
	aff_buf_init(&keys, KEYS_BYTES);
	int rc = read_keys(from, &keys, diag);
	if (!rc && keys.n)
		rc = add_keys(to, aff_buf_view(&keys), diag);
	aff_buf_free(&keys);
	return rc;
}

/* The key that signed last, as the log file has it; false: there is none. */
static int last_signer(sqlite3 *db, unsigned char key[SIGN_KEY_SIZE], bool *found, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "SELECT key FROM checkpoint ORDER BY link DESC LIMIT 1", &s, diag);
	if (rc)
		return rc;
	*found = sqlite3_step(s) == SQLITE_ROW && sql_blob(s, 0).n == SIGN_KEY_SIZE;
	if (*found)
		memcpy(key, sql_blob(s, 0).p, SIGN_KEY_SIZE);
	sqlite3_finalize(s);
	return 0;
}

int journal_settle_key(struct journal *j, sqlite3 *db, struct aff_diag *diag)
{
	unsigned char before[SIGN_KEY_SIZE];
	struct aff_buf keys;
	struct key_change c, last;
	bool signed_before = false, named = false;
	aff_buf_init(&keys, KEYS_BYTES);
	int rc = read_keys(db, &keys, diag);
	struct aff_view text = aff_buf_view(&keys);
	while (!rc && key_change_find(&c, &text)) {
		last = c;
		named = true;
	}
	if (!rc)
		rc = last_signer(db, before, &signed_before, diag);
	aff_buf_free(&keys);
	if (!rc)
		signer_settle_key(&j->signer, named ? last.new : NULL, signed_before ? before : NULL);
	return rc;
}

static int record(struct journal *j, struct aff_view who, struct aff_buf *line, struct aff_diag *diag)
{
	struct key_change c = {.link = j->file.chain.number + 1, .at_us = clock_wall_us()};
	memcpy(c.journal, j->file.chain.journal, sizeof c.journal);
	int rc = key_change_sign(&c, j->signer.key, j->signer.next);
	if (rc)
		return aff_diag_set(diag, rc, "cannot sign the new key");
	key_change_put(&c, line);
	struct journal_action a = {
		.at_us = c.at_us, .kind = aff_view_of(KEY_ACTION), .who = who, .detail = aff_buf_view(line)};
	rc = line->error ? line->error : journal_add_action(j, &a, diag);
	aff_buf_put_char(line, '\n');
	return rc ? rc : add_keys(j->file.db, aff_buf_view(line), diag);
}

int journal_new_key(struct journal *j, struct aff_view who, struct aff_diag *diag)
{
	struct aff_buf line;
	int rc = signer_make_next(&j->signer, diag);
	if (rc)
		return rc;
	aff_buf_init(&line, LINE_BYTES);
	rc = journal_begin(j, diag);
	if (!rc)
		rc = record(j, who, &line, diag);
	if (!rc)
		rc = journal_commit_signed(j, diag);
	if (rc) {
		journal_rollback(j);
		signer_drop_next(&j->signer);
	} else {
		signer_take_next(&j->signer);
		signer_export(&j->signer, KEY_ACTION, aff_view(line.p, line.n - 1));
	}
	aff_buf_free(&line);
	return rc;
}
