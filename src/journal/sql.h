/* SPDX-License-Identifier: Apache-2.0
 *
 * Small helpers around SQLite: errors with the file's name, prepared statements, views in and out.
 */
#ifndef JOURNAL_SQL_H
#define JOURNAL_SQL_H

#include <sqlite3.h>

#include <afferent/text.h>

/* What SQLite reported as AFF_E...: FULL, CORRUPT, BUSY, NOMEM, AGAIN (interrupted), else IO; with a diag that names
 * the file. */
int sql_error(sqlite3 *db, int rc, const char *doing, struct aff_diag *diag);
/* The log file's name without its folder. */
const char *sql_file_name(sqlite3 *db);

int sql_exec(sqlite3 *db, const char *sql, struct aff_diag *diag);
/* A statement that is kept for long, or for one call; free with sqlite3_finalize. */
int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct aff_diag *diag);
/* Runs a statement that gives no rows, and resets it. */
int sql_run(sqlite3_stmt *s, const char *doing, struct aff_diag *diag);
/* The first column of the first row as an integer: 0 found, AFF_ENOTFOUND (diag untouched): no row, or NULL. */
int sql_integer(sqlite3 *db, const char *sql, int64_t *out, struct aff_diag *diag);
/* The same for a prepared and bound statement; resets it. */
int sql_integer_of(sqlite3_stmt *s, int64_t *out, struct aff_diag *diag);

/* Empty views are stored as NULL and come back as "". Bound bytes must live until the statement is reset. */
void sql_bind_text(sqlite3_stmt *s, int at, struct aff_view v);
void sql_bind_blob(sqlite3_stmt *s, int at, const void *bytes, size_t n);
struct aff_view sql_text(sqlite3_stmt *s, int column);
struct aff_view sql_blob(sqlite3_stmt *s, int column);

#endif
