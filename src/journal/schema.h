/* SPDX-License-Identifier: Apache-2.0
 *
 * What a log file looks like inside, and how one is opened.
 */
#ifndef JOURNAL_SCHEMA_H
#define JOURNAL_SCHEMA_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include <afferent/diag.h>

#define SCHEMA_VERSION 3
#define SCHEMA_VERSION_TEXT "3"

/* How the digests of a log file's rows are made (link.h). One of an earlier version keeps its own when its tables are
 * brought up to date (migrate.h): it is read and sealed, but gets no more messages. */
#define FORMAT_UNCHAINED 1 /* there is no hash chain */
#define FORMAT_WHOLE 2     /* the digest of a message is over its body itself */
#define FORMAT 3

enum name_kind { NAME_CHANNEL = 1, NAME_TYPE = 2, NAME_DESTINATION = 3 };

/* The tables; the indices and totals that a file gets when it is sealed. */
extern const char schema_tables[];
extern const char schema_indices[];
extern const char schema_totals[];

/* Opens a log file for reading and writing through the named VFS (durable: FULL), or only for reading (vfs NULL).
 * Refuses files of another program or of another version (AFF_ECORRUPT, with a hint); a file that is not there is
 * AFF_ENOTFOUND. */
int schema_open(sqlite3 **out, const char *path, const char *vfs, struct aff_diag *diag);
/* The same for a file of an older version too, which *version tells. */
int schema_open_old(sqlite3 **out, const char *path, const char *vfs, int64_t *version, struct aff_diag *diag);
/* The format of an open log file. */
int schema_format(sqlite3 *db, int *format, struct aff_diag *diag);
/* Whether it is sealed, one file that never changes in place: one with a write-ahead log is open, or not sealed, or the
 * sealer has not left it yet. AFF_ENOTFOUND: it is not there. */
int schema_is_sealed(const char *path, bool *sealed, struct aff_diag *diag);
/* Makes a new log file, readable by the owner alone, with its tables. It has a rollback journal until schema_use_wal,
 * so that everything it starts with is in the one file when it gets its name. */
int schema_create(sqlite3 **out, const char *path, const char *vfs, struct aff_diag *diag);
int schema_use_wal(sqlite3 *db, struct aff_diag *diag);

#endif
