/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/migrate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/journal.h"
#include "journal/schema.h"
#include "journal/sql.h"
#include "journal/vfs.h"
#include "sys/copy.h"

/* What takes a log file from version i + 1 to the next one. */
static const char *const steps[SCHEMA_VERSION - 1] = {
	"ALTER TABLE message ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outcome ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE action(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT, detail TEXT,"
	" mark INTEGER NOT NULL);"
	"CREATE TABLE link(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, messages INTEGER NOT NULL,"
	" message INTEGER NOT NULL, outcomes INTEGER NOT NULL, outcome INTEGER NOT NULL, actions INTEGER NOT NULL,"
	" action INTEGER NOT NULL, others BLOB, hash BLOB NOT NULL);"
	"CREATE TABLE checkpoint(link INTEGER PRIMARY KEY, at INTEGER NOT NULL, hash BLOB NOT NULL, key BLOB NOT NULL,"
	" signature BLOB NOT NULL);"
	"INSERT INTO meta(key, value) VALUES('format', 1);",

	"CREATE TABLE datakey(id INTEGER PRIMARY KEY, master BLOB NOT NULL, wrapped BLOB NOT NULL);"
	"ALTER TABLE dictionary ADD COLUMN key INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN key INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN ids BLOB;"
	"ALTER TABLE message ADD COLUMN body_sha BLOB;"
	"ALTER TABLE outcome ADD COLUMN instead INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outcome ADD COLUMN action INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outcome_total ADD COLUMN instead INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE attempt(destination INTEGER, message INTEGER, n INTEGER NOT NULL,"
	" PRIMARY KEY(destination, message)) WITHOUT ROWID;"
	"CREATE TABLE code(code BLOB PRIMARY KEY, blocks BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE block(last INTEGER PRIMARY KEY, filter BLOB NOT NULL);"
	"INSERT OR IGNORE INTO meta(key, value) VALUES('format', 2);",
};

static int migrate(sqlite3 *db, int64_t version, struct aff_diag *diag)
{
	int rc = sql_exec(db, "BEGIN IMMEDIATE", diag);
	for (; !rc && version < SCHEMA_VERSION; version++)
		rc = sql_exec(db, steps[version - 1], diag);
	if (!rc)
		rc = sql_exec(db, "PRAGMA user_version = " SCHEMA_VERSION_TEXT, diag);
	return rc ? rc : sql_exec(db, "COMMIT", diag);
}

/* A backup may share the file: it stays as it is. */
static int unshare(const char *path, struct aff_diag *diag)
{
	char copy[PATH_MAX];
	struct stat st;
	if (stat(path, &st) || st.st_nlink < 2)
		return 0;
	int n = snprintf(copy, sizeof copy, "%s.new", path);
	if (n < 0 || (size_t)n >= sizeof copy)
		return aff_diag_set(diag, AFF_ELIMIT, "the journal's folder name is too long");
	unlink(copy);
	int rc = copy_file(path, copy, NULL, NULL, diag);
	if (!rc && rename(copy, path))
		rc = aff_diag_set(diag, AFF_EIO, "cannot rename %s: %s", copy, strerror(errno));
	return rc;
}

static int migrate_file(const char *path, const char *vfs, unsigned *changed, struct aff_diag *diag)
{
	sqlite3 *db;
	int64_t version;
	int rc = schema_open_old(&db, path, vfs, &version, diag);
	if (rc)
		return rc;
	bool old = version < SCHEMA_VERSION;
	if (old) {
		sqlite3_close(db);
		rc = unshare(path, diag);
		if (!rc)
			rc = schema_open_old(&db, path, vfs, &version, diag);
		if (rc)
			return rc;
		rc = migrate(db, version, diag);
		*changed += !rc;
	}
	sqlite3_close(db);
	return rc;
}

int migrate_files(const char *folder, const struct file_list *list, const char *vfs, unsigned *changed,
		  struct aff_diag *diag)
{
	int rc = 0;
	*changed = 0;
	for (size_t i = 0; i < list->n && !rc; i++) {
		char path[PATH_MAX];
		rc = folder_path(path, sizeof path, folder, list->first[i], "", diag);
		if (!rc)
			rc = migrate_file(path, vfs, changed, diag);
	}
	return rc;
}

static int upgrade(const char *folder, const char *vfs, unsigned *changed, struct aff_diag *diag)
{
	struct file_list list = {0};
	int lock = -1, rc = folder_list(folder, &list, diag);
	if (!rc && list.n == 0)
		rc = aff_diag_set(diag, AFF_ENOTFOUND, "there is no journal in %s", folder);
	if (!rc)
		rc = folder_lock(folder, &lock, diag);
	if (rc == AFF_EBUSY)
		aff_diag_hint(diag, "the engine that runs has brought it up to date when it started");
	if (!rc)
		rc = migrate_files(folder, &list, vfs, changed, diag);
	if (lock >= 0)
		close(lock);
	folder_list_free(&list);
	return rc;
}

int journal_upgrade(const char *folder, unsigned *changed, struct aff_diag *diag)
{
	struct vfs vfs = {0};
	*changed = 0;
	int rc = vfs_register(&vfs);
	if (rc)
		return aff_diag_set(diag, rc, "cannot register with SQLite");
	rc = upgrade(folder, vfs.name, changed, diag);
	if (!rc && vfs_failed(&vfs))
		rc = aff_diag_set(diag, AFF_EIO, "input/output error in %s", folder);
	vfs_unregister(&vfs);
	return rc;
}
