/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/unlock.h"

#include "journal/keyring.h"
#include "journal/sql.h"

void unlock_free(struct unlock *u)
{
	for (size_t i = 0; i < UNLOCK_KEYS; i++)
		decrypter_free(&u->cache[i].decrypter);
	secret_wipe(&u->secret);
}

void unlock_again(struct unlock *u)
{
	u->tried = false;
}

bool unlock_is_closed(int rc)
{
	return rc == AFF_EKEY || rc == AFF_EPERMISSION || rc == AFF_ESYNTAX;
}

static int stored_key(sqlite3 *db, uint32_t id, struct wrapped_key *out, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "SELECT id, master, wrapped FROM datakey WHERE id = ?1", &s, diag);
	if (rc)
		return rc;
	sqlite3_bind_int64(s, 1, id);
	int step = sqlite3_step(s);
	if (step == SQLITE_ROW)
		rc = keyring_row(s, out, diag);
	else if (step == SQLITE_DONE)
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s: data key %u is missing", sql_file_name(db), id);
	else
		rc = sql_error(db, step, "read a data key", diag);
	sqlite3_finalize(s);
	return rc;
}

/* Reads the file of the master keys, unless it was just read. */
static int read_secret(struct unlock *u, sqlite3 *db, struct aff_diag *diag)
{
	struct secret read;
	if (u->tried)
		return 0;
	u->tried = true;
	int rc = secret_read(&read, u->path, diag);
	if (rc == AFF_ENOTFOUND) {
		rc = aff_diag_set(diag, AFF_EKEY, "%s is encrypted, and the key file %s is not there",
				  sql_file_name(db), u->path);
		aff_diag_hint(diag, "name the file with the master key: --key-file, or encrypt: key_file");
	}
	if (!rc)
		u->secret = read;
	secret_wipe(&read);
	return rc;
}

static int unwrap(struct unlock *u, sqlite3 *db, const struct wrapped_key *w, unsigned char key[CIPHER_KEY_SIZE],
		  struct aff_diag *diag)
{
	int rc = secret_unwrap(&u->secret, w, key);
	if (rc == AFF_EKEY) {
		rc = read_secret(u, db, diag);
		if (rc)
			return rc;
		rc = secret_unwrap(&u->secret, w, key);
	}
	return rc ? keyring_tell(rc, db, w, u->path, diag) : 0;
}

int unlock_key(struct unlock *u, sqlite3 *db, int64_t file, uint32_t id, struct decrypter **out, struct aff_diag *diag)
{
	unsigned char key[CIPHER_KEY_SIZE];
	struct wrapped_key w;
	for (size_t i = 0; i < UNLOCK_KEYS; i++) {
		if (u->cache[i].file == file && u->cache[i].decrypter.id == id) {
			*out = &u->cache[i].decrypter;
			return 0;
		}
	}
	int rc = stored_key(db, id, &w, diag);
	if (!rc)
		rc = unwrap(u, db, &w, key, diag);
	if (rc)
		return rc;
	struct unlock_key *k = &u->cache[u->next];
	u->next = (u->next + 1) % UNLOCK_KEYS;
	decrypter_free(&k->decrypter);
	k->file = 0;
	rc = decrypter_init(&k->decrypter, id, key);
	explicit_bzero(key, sizeof key);
	if (rc)
		return aff_diag_set(diag, rc, "out of memory");
	k->file = file;
	*out = &k->decrypter;
	return 0;
}
