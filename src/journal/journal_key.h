/* SPDX-License-Identifier: Apache-2.0
 *
 * The signing key of an open journal and its changes.
 */
#ifndef JOURNAL_JOURNAL_KEY_H
#define JOURNAL_JOURNAL_KEY_H

#include "journal/internal.h"

/* Compares the key with what the newest log file knows of keys. A change that a crash cut off is completed. */
int journal_settle_key(struct journal *j, sqlite3 *db, struct aff_diag *diag);
/* What a new log file tells of earlier keys. */
int journal_copy_keys(sqlite3 *from, sqlite3 *to, struct aff_diag *diag);

#endif
