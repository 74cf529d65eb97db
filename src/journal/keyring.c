/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal/sql.h"

void keyring_init(struct keyring *k)
{
	*k = (struct keyring){0};
	atomic_init(&k->newest, NULL);
	pthread_mutex_init(&k->lock, NULL);
}

void keyring_free(struct keyring *k)
{
	while (k->all) {
		struct data_key *older = k->all->older;
		explicit_bzero(k->all, sizeof *k->all);
		free(k->all);
		k->all = older;
	}
	secret_wipe(&k->secret);
	pthread_mutex_destroy(&k->lock);
}

int keyring_open(struct keyring *k, const char *folder, const char *given, bool on, struct aff_diag *diag)
{
	int rc = secret_path(k->path, sizeof k->path, folder, given, diag);
	if (rc)
		return rc;
	k->on = on;
	if (access(k->path, F_OK) && errno == ENOENT)
		return 0;
	return secret_read(&k->secret, k->path, diag);
}

/* Made only when it is needed first: where there are data keys already, the file is lost. */
static int need_secret(struct keyring *k, struct aff_diag *diag)
{
	if (k->secret.n)
		return 0;
	int rc = secret_make(k->path, diag);
	return rc ? rc : secret_read(&k->secret, k->path, diag);
}

static int add(struct keyring *k, uint32_t id, const unsigned char key[CIPHER_KEY_SIZE], struct data_key **out)
{
	struct data_key *d = malloc(sizeof *d);
	if (!d)
		return AFF_ENOMEM;
	*d = (struct data_key){.id = id, .older = k->all};
	memcpy(d->key, key, sizeof d->key);
	k->all = d;
	*out = d;
	return 0;
}

int keyring_row(sqlite3_stmt *s, struct wrapped_key *out, struct aff_diag *diag)
{
	if (secret_take(out, sqlite3_column_int64(s, 0), sql_blob(s, 1), sql_blob(s, 2)))
		return 0;
	return aff_diag_set(diag, AFF_ECORRUPT, "%s: data key %lld was changed", sql_file_name(sqlite3_db_handle(s)),
			    (long long)sqlite3_column_int64(s, 0));
}

int keyring_tell(int rc, sqlite3 *db, const struct wrapped_key *w, const char *path, struct aff_diag *diag)
{
	char name[SECRET_NAME_SIZE];
	if (rc == AFF_EKEY) {
		aff_diag_set(diag, rc, "%s is encrypted under the master key %s, which is not there", sql_file_name(db),
			     secret_name(w->master, name));
		aff_diag_hint(diag, "put the key back into %s, or name the file that has it", path);
	} else if (rc == AFF_ECORRUPT) {
		aff_diag_set(diag, rc, "%s: data key %u was changed", sql_file_name(db), w->id);
		aff_diag_hint(diag, "restore this log file from a backup");
	} else if (rc) {
		aff_diag_set(diag, rc, "%s: data key %u: %s", sql_file_name(db), w->id, aff_error_text(rc));
	}
	return rc;
}

static int load_row(struct keyring *k, sqlite3_stmt *s, struct aff_diag *diag)
{
	struct wrapped_key w;
	unsigned char key[CIPHER_KEY_SIZE];
	struct data_key *d = NULL;
	int rc = keyring_row(s, &w, diag);
	if (rc || keyring_find(k, w.id))
		return rc;
	rc = secret_unwrap(&k->secret, &w, key);
	if (!rc)
		rc = add(k, w.id, key, &d);
	explicit_bzero(key, sizeof key);
	if (rc)
		return keyring_tell(rc, sqlite3_db_handle(s), &w, k->path, diag);
	d->wrapped = w;
	d->stored = true;
	return 0;
}

int keyring_load(struct keyring *k, sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(db, "SELECT id, master, wrapped FROM datakey ORDER BY id", &s, diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = load_row(k, s, diag);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(db, step, "read the data keys", diag);
	sqlite3_finalize(s);
	return rc;
}

int keyring_renew(struct keyring *k, struct aff_diag *diag)
{
	unsigned char key[CIPHER_KEY_SIZE];
	struct data_key *d = NULL;
	if (!k->on || (k->all && !k->all->stored && atomic_load(&k->newest) == k->all))
		return 0;
	uint32_t id = k->all ? k->all->id + 1 : 1;
	if (id == 0)
		return aff_diag_set(diag, AFF_ELIMIT, "there are no more numbers for data keys");
	int rc = need_secret(k, diag);
	if (rc)
		return rc;
	rc = getentropy(key, sizeof key) ? AFF_EIO : add(k, id, key, &d);
	explicit_bzero(key, sizeof key);
	if (!rc)
		rc = secret_wrap(&k->secret, id, d->key, &d->wrapped);
	if (rc)
		return aff_diag_set(diag, rc, "cannot make a data key: %s", aff_error_text(rc));
	atomic_store_explicit(&k->newest, d, memory_order_release);
	return 0;
}

int keyring_go_on(struct keyring *k, struct aff_diag *diag)
{
	if (!k->on || !k->all)
		return keyring_renew(k, diag);
	atomic_store_explicit(&k->newest, k->all, memory_order_release);
	return 0;
}

struct data_key *keyring_find(struct keyring *k, uint32_t id)
{
	struct data_key *d = k->all;
	while (d && d->id != id)
		d = d->older;
	return d;
}

void keyring_secret(struct keyring *k, struct secret *out)
{
	pthread_mutex_lock(&k->lock);
	*out = k->secret;
	pthread_mutex_unlock(&k->lock);
}
