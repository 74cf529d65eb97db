/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/rekey.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal/internal.h"
#include "journal/schema.h"
#include "journal/sql.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"

#define KEYS_MAX 4096 /* of one log file */

static int update(sqlite3 *db, const struct wrapped_key *w, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "UPDATE datakey SET master = ?2, wrapped = ?3 WHERE id = ?1", &s, diag);
	if (!rc) {
		sqlite3_bind_int64(s, 1, w->id);
		sql_bind_blob(s, 2, w->master, sizeof w->master);
		sql_bind_blob(s, 3, w->bytes, sizeof w->bytes);
		rc = sql_run(s, "wrap a data key anew", diag);
	}
	sqlite3_finalize(s);
	return rc;
}

/* ---- sealed log files ---- */

/* The data keys that are not wrapped with the newest master key. */
static int stale_keys(sqlite3 *db, const struct secret *secret, struct wrapped_key *to, size_t *n,
		      struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	*n = 0;
	int rc = sql_prepare(db, "SELECT id, master, wrapped FROM datakey WHERE master <> ?1", &s, diag);
	if (!rc)
		sql_bind_blob(s, 1, secret->key[0].id, SECRET_ID_SIZE);
	while (!rc && *n < KEYS_MAX && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = keyring_row(s, &to[(*n)++], diag);
	if (!rc && step != SQLITE_DONE && step != SQLITE_ROW)
		rc = sql_error(db, step, "read the data keys", diag);
	sqlite3_finalize(s);
	return rc;
}

static int wrap_anew(sqlite3 *db, const struct secret *secret, const struct wrapped_key *old, struct aff_diag *diag)
{
	unsigned char key[CIPHER_KEY_SIZE];
	struct wrapped_key new;
	int rc = secret_unwrap(secret, old, key);
	if (!rc)
		rc = secret_wrap(secret, old->id, key, &new);
	explicit_bzero(key, sizeof key);
	return rc ? keyring_tell(rc, db, old, "the key file", diag) : update(db, &new, diag);
}

static int change(sqlite3 *db, const struct secret *secret, const struct wrapped_key *keys, size_t n,
		  struct rekey_result *out, struct aff_diag *diag)
{
	bool missing = false;
	int rc = sql_exec(db, "PRAGMA secure_delete = ON; BEGIN IMMEDIATE", diag);
	for (size_t i = 0; i < n && !rc; i++) {
		rc = wrap_anew(db, secret, &keys[i], diag);
		missing = missing || rc == AFF_EKEY;
		rc = rc == AFF_EKEY ? 0 : rc;
#ifdef AFF_MUTANT_28 /* a data key goes with its old wrapping */
		if (!rc)
			rc = sql_exec(db, "DELETE FROM datakey", diag);
#endif
	}
	if (!rc)
		rc = sql_exec(db, "COMMIT", diag);
	out->files += !rc && !missing;
	out->missing += missing;
	return rc;
}

static int rekey_file(const char *path, const char *vfs, const struct secret *secret, struct rekey_result *out,
		      struct aff_diag *diag)
{
	sqlite3 *db;
	size_t n = 0;
	struct wrapped_key *keys = malloc(KEYS_MAX * sizeof *keys);
	int rc = keys ? schema_open(&db, path, vfs, diag) : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (rc) {
		free(keys);
		return rc == AFF_ENOTFOUND ? 0 : rc; /* retention took it */
	}
	rc = stale_keys(db, secret, keys, &n, diag);
	if (!rc && n)
		rc = change(db, secret, keys, n, out, diag);
	sqlite3_close(db);
	free(keys);
	return rc;
}

int rekey_sealed(const char *folder, const char *vfs, const struct secret *secret, const atomic_bool *stop,
		 struct rekey_result *out, struct aff_diag *diag)
{
	struct file_list list = {0};
	char path[PATH_MAX];
	*out = (struct rekey_result){0};
	/* Who writes log files anew copies what we change. */
	if (snprintf(path, sizeof path, "%s/reindex.lock", folder) >= (int)sizeof path)
		return aff_diag_set(diag, AFF_ELIMIT, "the journal's folder name is too long");
	int lock = file_lock(path, diag);
	if (lock < 0)
		return lock;
	int rc = folder_list(folder, &list, diag);
	for (size_t i = 0; i + 1 < list.n && !rc && !atomic_load(stop); i++) {
		rc = folder_path(path, sizeof path, folder, list.first[i], "", diag);
		if (!rc)
			rc = rekey_file(path, vfs, secret, out, diag);
		if (rc == AFF_ECORRUPT) {
			out->damaged++;
			rc = 0;
		}
	}
	folder_list_free(&list);
	close(lock);
	return rc;
}

/* ---- the open one ---- */

/* Wraps all data keys in memory, and those of the open log file, in the transaction that records it. */
static int change_open(struct journal *j, const struct secret *new, struct wrapped_key *wrapped, struct aff_diag *diag)
{
	size_t i = 0;
	int rc = 0;
	for (struct data_key *d = j->keyring.all; d && !rc; d = d->older, i++) {
		rc = secret_wrap(new, d->id, d->key, &wrapped[i]);
		if (rc)
			return aff_diag_set(diag, rc, "cannot wrap data key %u: %s", d->id, aff_error_text(rc));
		rc = update(j->file.db, &wrapped[i], diag);
	}
	return rc;
}

static int record(struct journal *j, const struct secret *new, struct aff_view who, struct aff_diag *diag)
{
	char detail[80], name[SECRET_NAME_SIZE];
	snprintf(detail, sizeof detail, "data keys are wrapped with master key %s", secret_name(new->key[0].id, name));
	struct journal_action a = {
		.at_us = clock_wall_us(), .kind = aff_view_of("rekey"), .who = who, .detail = aff_view_of(detail)};
	return journal_add_action(j, &a, diag);
}

static size_t count_keys(const struct keyring *k)
{
	size_t n = 0;
	for (const struct data_key *d = k->all; d; d = d->older)
		n++;
	return n;
}

static bool is_stale(const struct keyring *k, const struct secret *new)
{
	for (const struct data_key *d = k->all; d; d = d->older) {
		if (memcmp(d->wrapped.master, new->key[0].id, SECRET_ID_SIZE) != 0)
			return true;
	}
	return false;
}

static void take(struct journal *j, const struct secret *new, const struct wrapped_key *wrapped)
{
	size_t i = 0;
	for (struct data_key *d = j->keyring.all; d && wrapped; d = d->older, i++)
		d->wrapped = wrapped[i];
	pthread_mutex_lock(&j->keyring.lock);
	j->keyring.secret = *new;
	pthread_mutex_unlock(&j->keyring.lock);
	sealer_rekey(&j->sealer);
}

static int rekey(struct journal *j, const struct secret *new, struct aff_view who, struct aff_diag *diag)
{
	/* A log file that begins here has a data key more. */
	int rc = journal_begin(j, diag);
	if (rc)
		return rc;
	struct wrapped_key *wrapped = calloc(count_keys(&j->keyring) + 1, sizeof *wrapped);
	rc = wrapped ? change_open(j, new, wrapped, diag) : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (!rc)
		rc = record(j, new, who, diag);
	rc = rc ? rc : journal_commit(j, diag);
	if (rc)
		journal_rollback(j);
	else
		take(j, new, wrapped);
	free(wrapped);
	return rc;
}

int journal_rekey(struct journal *j, struct aff_view who, bool *changed, struct aff_diag *diag)
{
	struct secret new;
	char name[SECRET_NAME_SIZE];
	*changed = false;
	if (!j->keyring.on && !j->keyring.secret.n) /* nothing is encrypted */
		return 0;
	int rc = secret_read(&new, j->keyring.path, diag);
	if (rc)
		return rc;
	*changed = is_stale(&j->keyring, &new);
	if (*changed)
		rc = rekey(j, &new, who, diag);
	else
		take(j, &new, NULL);
	if (*changed && !rc)
		log_info("journal", "data keys are wrapped with the master key %s; sealed log files follow",
			 secret_name(new.key[0].id, name));
	secret_wipe(&new);
	return rc;
}
