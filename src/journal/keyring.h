/* SPDX-License-Identifier: Apache-2.0
 *
 * The data keys of one open journal, and the master keys that they are stored under. Each log file begins with a new
 * data key; a row that was encrypted just before still has the former one, and the file it lands in stores both. Data
 * keys live until the journal is closed.
 */
#ifndef JOURNAL_KEYRING_H
#define JOURNAL_KEYRING_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "journal/secret.h"

struct data_key {
	uint32_t id;
	struct data_key *older;
	unsigned char key[CIPHER_KEY_SIZE];
	/* The writer's: */
	struct wrapped_key wrapped;
	bool stored; /* in some log file */
};

struct keyring {
	bool on;                           /* what is stored from now on is encrypted */
	char path[4096];                   /* of the master keys; "": there are none */
	struct data_key *all;              /* the newest first; the writer's */
	_Atomic(struct data_key *) newest; /* NULL: rows are stored clear */
	pthread_mutex_t lock;              /* of the master keys */
	struct secret secret;
};

void keyring_init(struct keyring *k);
void keyring_free(struct keyring *k);

/* Reads the master keys. A file that is not there is made when the first data key is; until then there are none.
 * given: NULL: "<folder>.secret". */
int keyring_open(struct keyring *k, const char *folder, const char *given, bool on, struct aff_diag *diag);
/* The data keys that a log file stores. AFF_EKEY, AFF_ECORRUPT. */
int keyring_load(struct keyring *k, sqlite3 *db, struct aff_diag *diag);
/* Makes a new data key the newest one, unless the newest one was never used. Nothing when encryption is off. */
int keyring_renew(struct keyring *k, struct aff_diag *diag);
/* The data key that a log file which is continued goes on with: its newest one, or a new one. */
int keyring_go_on(struct keyring *k, struct aff_diag *diag);
/* NULL when the keyring does not have it. The writer's, as are the others above. */
struct data_key *keyring_find(struct keyring *k, uint32_t id);
/* A copy of the master keys; wipe it. Thread-safe. */
void keyring_secret(struct keyring *k, struct secret *out);

/* Columns id, master, wrapped of the table datakey. AFF_ECORRUPT names the file. */
int keyring_row(sqlite3_stmt *s, struct wrapped_key *out, struct aff_diag *diag);
/* Why a data key of a log file cannot be had: fills diag, returns rc. */
int keyring_tell(int rc, sqlite3 *db, const struct wrapped_key *w, const char *path, struct aff_diag *diag);

#endif
