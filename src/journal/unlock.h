/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader's side of encryption: master keys, read when something encrypted is met, and the data keys of the log
 * files that are read, the last few of them kept.
 */
#ifndef JOURNAL_UNLOCK_H
#define JOURNAL_UNLOCK_H

#include <limits.h>
#include <sqlite3.h>

#include "journal/crypt.h"
#include "journal/secret.h"

#define UNLOCK_KEYS 16

struct unlock {
	char path[PATH_MAX]; /* of the master keys */
	struct secret secret;
	bool tried; /* the file was read since unlock_again */
	struct unlock_key {
		int64_t file; /* first id of the log file; 0 = unused */
		struct decrypter decrypter;
	} cache[UNLOCK_KEYS];
	unsigned next; /* the entry that goes next */
};

void unlock_free(struct unlock *u);
/* The file may have another content by now. */
void unlock_again(struct unlock *u);
/* Data key `id` of the log file `file`, open as db; valid until the next call. AFF_EKEY, AFF_EPERMISSION, AFF_ESYNTAX
 * and others of secret_read: the master key cannot be had (unlock_is_closed); AFF_ECORRUPT. */
int unlock_key(struct unlock *u, sqlite3 *db, int64_t file, uint32_t id, struct decrypter **out, struct aff_diag *diag);
/* Whether an error of unlock_key is one of the master keys, not of the journal. */
bool unlock_is_closed(int rc);

#endif
