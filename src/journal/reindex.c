/* SPDX-License-Identifier: Apache-2.0
 *
 * Indices and totals of sealed log files, made anew. Each file is written once more under an unfinished name, row for
 * row and without what is derived, gets its indices, and changes places with the old one in one step: whoever reads the
 * old one goes on reading it, and a crash leaves one whole file or the other. The open log file is never touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/journal.h"
#include "journal/schema.h"
#include "journal/sql.h"
#include "journal/stats.h"
#include "sys/file.h"

#define STEPS_BETWEEN_LOOKS 20000
#define SQL_MAX             65536

struct reindex {
	const char *folder;
	char path[PATH_MAX], unfinished[PATH_MAX];
	journal_reindex_fn *fn;
	void *arg;
	uint64_t before, size, total; /* bytes: of the files before, of this one, of all */
	struct aff_diag *diag;
};

static uint64_t size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int look(void *arg)
{
	const struct reindex *r = arg;
	uint64_t written = size_of(r->unfinished);
	if (r->fn)
		r->fn(r->arg, r->before + (written < r->size ? written : r->size), r->total);
	return 0;
}

/* ---- the copy ---- */

static int copy_table(const struct reindex *r, sqlite3 *db, struct aff_view name, struct aff_view create)
{
	struct aff_buf sql;
	bool derived = aff_view_is(name, "message_total") || aff_view_is(name, "outcome_total") ||
		       aff_view_is(name, "block");
	aff_buf_init(&sql, SQL_MAX);
	aff_buf_put_view(&sql, create);
	if (!derived)
		aff_buf_printf(&sql, "; INSERT INTO main.\"%.*s\" SELECT * FROM old.\"%.*s\"", (int)name.n, name.p,
		               (int)name.n, name.p);
	aff_buf_put_char(&sql, '\0');
	int rc = sql.error ? aff_diag_set(r->diag, sql.error, "out of memory") : sql_exec(db, sql.p, r->diag);
	aff_buf_free(&sql);
	return rc;
}

static int copy_tables(const struct reindex *r, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(db, "SELECT name, sql FROM old.sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
	                         " AND name NOT LIKE 'sqlite%'", &s, r->diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = copy_table(r, db, sql_text(s, 0), sql_text(s, 1));
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(db, step, "read the tables", r->diag);
	sqlite3_finalize(s);
	return rc;
}

static int copy_number(const struct reindex *r, sqlite3 *db, const char *name)
{
	char sql[80];
	int64_t value = 0;
	snprintf(sql, sizeof sql, "PRAGMA old.%s", name);
	int rc = sql_integer(db, sql, &value, r->diag);
	snprintf(sql, sizeof sql, "PRAGMA main.%s = %lld", name, (long long)value);
	return rc ? rc : sql_exec(db, sql, r->diag);
}

static int attach(const struct reindex *r, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "ATTACH ?1 AS old", &s, r->diag);
	if (!rc) {
		sql_bind_text(s, 1, aff_view_of(r->path));
		rc = sql_run(s, "open the log file", r->diag);
	}
	sqlite3_finalize(s);
	return rc;
}

/* Nothing of it needs to be on disk before the end. */
static int fill(const struct reindex *r, sqlite3 *db)
{
	int rc = sql_exec(db, "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
	                      "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY", r->diag);
	if (!rc)
		rc = attach(r, db);
	if (!rc)
		rc = copy_tables(r, db);
	if (!rc)
		rc = copy_number(r, db, "application_id");
	if (!rc)
		rc = copy_number(r, db, "user_version");
	if (!rc)
		rc = sql_exec(db, "DETACH old", r->diag);
	if (!rc)
		rc = sql_exec(db, schema_indices, r->diag);
	if (!rc)
		rc = sql_exec(db, schema_totals, r->diag);
	return rc ? rc : stats_note_reused(db, r->diag);
}

static int failed(const struct reindex *r, const char *what, const char *path)
{
	return aff_diag_set(r->diag, errno == ENOSPC || errno == EDQUOT ? AFF_EFULL : AFF_EIO, "cannot %s %s: %s",
	                    what, path, strerror(errno));
}

static int write_copy(struct reindex *r)
{
	sqlite3 *db = NULL;
	int fd = open(r->unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed(r, "create", r->unfinished);
	int rc = sqlite3_open_v2(r->unfinished, &db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, NULL);
	rc = rc == SQLITE_OK ? 0 : sql_error(db, rc, "open", r->diag);
	if (!rc) {
		sqlite3_busy_timeout(db, 5000);
		sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, look, r);
		rc = fill(r, db);
	}
	sqlite3_close(db);
	if (!rc && fsync(fd))
		rc = failed(r, "sync", r->unfinished);
	close(fd);
	return rc;
}

/* ---- its place ---- */

/* 1: the file was removed meanwhile, and stays so. */
static int change_places(const struct reindex *r)
{
	if (renameat2(AT_FDCWD, r->unfinished, AT_FDCWD, r->path, RENAME_EXCHANGE))
		return errno == ENOENT ? 1 : failed(r, "exchange", r->path);
	return file_sync_dir(r->folder) ? failed(r, "sync", r->folder) : 0;
}

static int check_version(const struct reindex *r)
{
	sqlite3 *db;
	int rc = schema_open(&db, r->path, NULL, r->diag);
	if (!rc)
		sqlite3_close(db);
	return rc;
}

static int do_file(struct reindex *r, int64_t first, struct journal_reindexed *out)
{
	bool sealed = false;
	int rc = folder_path(r->path, sizeof r->path, r->folder, first, "", r->diag);
	if (!rc)
		rc = folder_path(r->unfinished, sizeof r->unfinished, r->folder, first, ".new", r->diag);
	if (!rc)
		rc = schema_is_sealed(r->path, &sealed, r->diag);
	if (rc == AFF_ENOTFOUND) /* removed meanwhile */
		rc = 0;
	if (!rc && sealed)
		rc = check_version(r);
	if (!rc && sealed) {
		unlink(r->unfinished); /* of a run that was broken off */
		rc = write_copy(r);
		if (!rc)
			rc = change_places(r);
		unlink(r->unfinished);
	}
	if (rc < 0)
		return rc;
	out->files += sealed && rc == 0;
	out->left += !sealed || rc == 1;
	return 0;
}

static int do_files(struct reindex *r, const struct file_list *list, struct journal_reindexed *out)
{
	int rc = 0;
	for (size_t i = 0; i < list->n; i++) {
		if (!folder_path(r->path, sizeof r->path, r->folder, list->first[i], "", NULL))
			r->total += size_of(r->path);
	}
	for (size_t i = 0; i < list->n && !rc; i++) {
		if (!folder_path(r->path, sizeof r->path, r->folder, list->first[i], "", NULL))
			r->size = size_of(r->path);
		/* The newest one is open, whatever it says. */
		if (i + 1 < list->n)
			rc = do_file(r, list->first[i], out);
		else
			out->left++;
		r->before += r->size;
	}
	return rc;
}

int journal_reindex(const char *folder, journal_reindex_fn *fn, void *arg, struct journal_reindexed *out,
                    struct aff_diag *diag)
{
	struct reindex r = {.folder = folder, .fn = fn, .arg = arg, .diag = diag};
	struct file_list list = {0};
	char lock[PATH_MAX];
	*out = (struct journal_reindexed){0};
	int n = snprintf(lock, sizeof lock, "%s/reindex.lock", folder), fd = -1;
	if (n < 0 || (size_t)n >= sizeof lock)
		return aff_diag_set(diag, AFF_ELIMIT, "the journal's folder name is too long");
	int rc = folder_list(folder, &list, diag);
	if (!rc && list.n == 0)
		rc = aff_diag_set(diag, AFF_ENOTFOUND, "there is no journal in %s", folder);
	if (!rc) {
		fd = file_lock(lock, diag);
		rc = fd == AFF_EBUSY ? aff_diag_set(diag, fd, "another process makes these indices") : fd < 0 ? fd : 0;
	}
	if (!rc)
		rc = do_files(&r, &list, out);
	if (fd >= 0)
		close(fd);
	folder_list_free(&list);
	return rc;
}
