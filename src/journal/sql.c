/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/sql.h"

#include <errno.h>

const char *sql_file_name(sqlite3 *db)
{
	const char *path = sqlite3_db_filename(db, "main");
	const char *slash = path ? strrchr(path, '/') : NULL;
	return slash ? slash + 1 : path ? path : "?";
}

static int code_of(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return AFF_EFULL;
	case SQLITE_NOMEM:
		return AFF_ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return AFF_EBUSY;
	case SQLITE_INTERRUPT:
		return AFF_EAGAIN;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return AFF_ECORRUPT;
	case SQLITE_IOERR:
		/* The shared-memory file cannot grow on a full disk. A failed sync has lost data whatever its reason.
		 * */
		if (rc == SQLITE_IOERR_SHMSIZE && db && sqlite3_system_errno(db) == ENOSPC)
			return AFF_EFULL;
#ifdef AFF_MUTANT_32 /* a failed disk is taken for a full one */
		return AFF_EFULL;
#endif
		return AFF_EIO;
	default:
		return AFF_EIO;
	}
}

int sql_error(sqlite3 *db, int rc, const char *doing, struct aff_diag *diag)
{
	int code = code_of(db, rc);
	aff_diag_set(diag, code, "%s: cannot %s: %s (SQLite %d)", db ? sql_file_name(db) : "journal", doing,
	             sqlite3_errstr(rc), rc);
	if (code == AFF_ECORRUPT)
		aff_diag_hint(diag, "set this log file aside and restore it from a backup");
	else if (code == AFF_EFULL)
		aff_diag_hint(diag, "free space on the journal's file system");
	return code;
}

int sql_exec(sqlite3 *db, const char *sql, struct aff_diag *diag)
{
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : sql_error(db, rc, "set up", diag);
}

int sql_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct aff_diag *diag)
{
	int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
	return rc == SQLITE_OK ? 0 : sql_error(db, rc, "prepare a statement", diag);
}

int sql_run(sqlite3_stmt *s, const char *doing, struct aff_diag *diag)
{
	int rc = sqlite3_step(s);
	rc = rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : sql_error(sqlite3_db_handle(s), rc, doing, diag);
	sqlite3_reset(s);
	return rc;
}

int sql_integer_of(sqlite3_stmt *s, int64_t *out, struct aff_diag *diag)
{
	int step = sqlite3_step(s), rc = AFF_ENOTFOUND;
	if (step == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL) {
		*out = sqlite3_column_int64(s, 0);
		rc = 0;
	} else if (step != SQLITE_ROW && step != SQLITE_DONE) {
		rc = sql_error(sqlite3_db_handle(s), step, "read", diag);
	}
	sqlite3_reset(s);
	return rc;
}

int sql_integer(sqlite3 *db, const char *sql, int64_t *out, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, sql, &s, diag);
	if (!rc)
		rc = sql_integer_of(s, out, diag);
	sqlite3_finalize(s);
	return rc;
}

void sql_bind_text(sqlite3_stmt *s, int at, struct aff_view v)
{
	if (v.n)
		sqlite3_bind_text64(s, at, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(s, at);
}

void sql_bind_blob(sqlite3_stmt *s, int at, const void *bytes, size_t n)
{
	if (n)
		sqlite3_bind_blob64(s, at, bytes, n, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, at);
}

struct aff_view sql_text(sqlite3_stmt *s, int column)
{
	const unsigned char *p = sqlite3_column_text(s, column);
	return aff_view(p ? (const char *)p : "", p ? (size_t)sqlite3_column_bytes(s, column) : 0);
}

struct aff_view sql_blob(sqlite3_stmt *s, int column)
{
	const void *p = sqlite3_column_blob(s, column);
	return aff_view(p ? p : "", p ? (size_t)sqlite3_column_bytes(s, column) : 0);
}
