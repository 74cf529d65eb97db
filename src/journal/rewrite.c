/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "journal/codes.h"
#include "journal/folder.h"
#include "journal/schema.h"
#include "journal/secret.h"
#include "journal/sql.h"
#include "journal/stats.h"
#include "sys/file.h"

#define STEPS_BETWEEN_LOOKS 20000
#define SQL_MAX             65536


/* ---- without bodies ---- */

static void sha_of(sqlite3_context *context, int n, sqlite3_value **value)
{
	unsigned char sha[SHA256_SIZE];
	(void)n;
	sha256(sha, aff_view(sqlite3_value_blob(value[0]), (size_t)sqlite3_value_bytes(value[0])));
	sqlite3_result_blob(context, sha, sizeof sha, SQLITE_TRANSIENT);
}

static int note_kept(const struct rewrite *r, sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_exec(db, "CREATE TEMP TABLE kept(id INTEGER PRIMARY KEY)", r->diag);
	if (!rc)
		rc = sql_prepare(db, "INSERT OR IGNORE INTO temp.kept(id) VALUES(?1)", &s, r->diag);
	for (size_t i = 0; i < r->nkept && !rc; i++) {
		sqlite3_bind_int64(s, 1, r->kept[i]);
		rc = sql_run(s, "note what is kept", r->diag);
	}
	sqlite3_finalize(s);
	return rc;
}

static int prepare_strip(const struct rewrite *r, sqlite3 *db)
{
	if (!r->strip)
		return 0;
	if (sqlite3_create_function(db, "body_sha", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sha_of, NULL, NULL))
		return aff_diag_set(r->diag, AFF_ENOMEM, "out of memory");
	return note_kept(r, db);
}

static const char strip_messages[] =
	"INSERT INTO main.message(id, received, channel, peer, type, verdict, error, control_id, patient, device,"
	" snapshot, length, dictionary, body, mark, key, ids, body_sha)"
	" SELECT id, received, channel, peer, type, verdict, error, control_id, patient, device, snapshot, length,"
	" dictionary, CASE WHEN id IN temp.kept THEN body END, mark, key, ids,"
	" CASE WHEN body IS NULL THEN body_sha WHEN id NOT IN temp.kept THEN body_sha(body) END FROM old.message";

/* The number of rows is the same in both, and so are what the rows say of themselves. */
static int compare(const struct rewrite *r, sqlite3 *db)
{
	static const char *const sql[] = {
		"SELECT (SELECT count(*) FROM main.message) = (SELECT count(*) FROM old.message)",
		"SELECT (SELECT total(mark) FROM main.message) = (SELECT total(mark) FROM old.message)",
		"SELECT (SELECT count(*) FROM main.outcome) = (SELECT count(*) FROM old.outcome)",
		"SELECT (SELECT count(*) FROM main.link) = (SELECT count(*) FROM old.link)",
		"SELECT count(*) = 0 FROM main.message WHERE body IS NULL AND (body_sha IS NULL OR"
		" length(body_sha) != 32)",
	};
	int64_t same = 1;
	int rc = 0;
	for (size_t i = 0; i < sizeof sql / sizeof *sql && !rc && same; i++)
		rc = sql_integer(db, sql[i], &same, r->diag);
	return rc || same ? rc : aff_diag_set(r->diag, AFF_EIO, "%s differs from what it was written from",
					      r->unfinished);
}

static int finish_strip(const struct rewrite *r, sqlite3 *db)
{
	char sql[160];
	if (!r->strip)
		return 0;
	snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO main.meta(key, value) VALUES('bodies_removed', %lld)",
		 (long long)r->at_us);
	int rc = compare(r, db);
	if (!rc)
		rc = sql_exec(db, "DELETE FROM main.dictionary WHERE id NOT IN"
				  " (SELECT dictionary FROM main.message WHERE body IS NOT NULL)", r->diag);
	return rc ? rc : sql_exec(db, sql, r->diag);
}

/* ---- the copy ---- */

static int copy_table(const struct rewrite *r, sqlite3 *db, struct aff_view name, struct aff_view create)
{
	struct aff_buf sql;
	bool derived = aff_view_is(name, "message_total") || aff_view_is(name, "outcome_total") ||
		       aff_view_is(name, "block") || (r->coder && aff_view_is(name, "code"));
	aff_buf_init(&sql, SQL_MAX);
	aff_buf_put_view(&sql, create);
	if (r->strip && aff_view_is(name, "message"))
		aff_buf_printf(&sql, "; %s", strip_messages);
	else if (!derived)
		aff_buf_printf(&sql, "; INSERT INTO main.\"%.*s\" SELECT * FROM old.\"%.*s\"", (int)name.n, name.p,
		               (int)name.n, name.p);
	aff_buf_put_char(&sql, '\0');
	int rc = sql.error ? aff_diag_set(r->diag, sql.error, "out of memory") : sql_exec(db, sql.p, r->diag);
	aff_buf_free(&sql);
	return rc;
}

static int copy_tables(const struct rewrite *r, sqlite3 *db)
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

static int copy_number(const struct rewrite *r, sqlite3 *db, const char *name)
{
	char sql[80];
	int64_t value = 0;
	snprintf(sql, sizeof sql, "PRAGMA old.%s", name);
	int rc = sql_integer(db, sql, &value, r->diag);
	snprintf(sql, sizeof sql, "PRAGMA main.%s = %lld", name, (long long)value);
	return rc ? rc : sql_exec(db, sql, r->diag);
}

static int attach(const struct rewrite *r, sqlite3 *db)
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

static int make_codes(const struct rewrite *r, sqlite3 *db, int64_t first)
{
	char secret[PATH_MAX];
	const struct codes_how how = {.coder = r->coder, .secret = secret};
	struct codes *codes = NULL;
	int rc = secret_path(secret, sizeof secret, r->folder, NULL, r->diag);
	if (!rc)
		rc = codes_collect(&codes, db, first, &how, r->diag);
	if (!rc)
		rc = codes_store(codes, db, r->diag);
	codes_free(codes);
	return rc;
}

/* Nothing of it needs to be on disk before the end. */
static int fill(const struct rewrite *r, sqlite3 *db, int64_t first)
{
	int rc = sql_exec(db, "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
	                      "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY", r->diag);
	if (!rc)
		rc = attach(r, db);
	if (!rc)
		rc = prepare_strip(r, db);
	if (!rc)
		rc = copy_tables(r, db);
	if (!rc)
		rc = finish_strip(r, db);
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
	if (!rc)
		rc = stats_note_reused(db, r->diag);
	return rc || !r->coder ? rc : make_codes(r, db, first);
}

static int failed(const struct rewrite *r, const char *what, const char *path)
{
	return aff_diag_set(r->diag, errno == ENOSPC || errno == EDQUOT ? AFF_EFULL : AFF_EIO, "cannot %s %s: %s",
	                    what, path, strerror(errno));
}

static int write_copy(struct rewrite *r, int64_t first)
{
	sqlite3 *db = NULL;
	int fd = open(r->unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed(r, "create", r->unfinished);
	int rc = sqlite3_open_v2(r->unfinished, &db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, NULL);
	rc = rc == SQLITE_OK ? 0 : sql_error(db, rc, "open", r->diag);
	if (!rc) {
		sqlite3_busy_timeout(db, 5000);
		if (r->look)
			sqlite3_progress_handler(db, r->steps ? r->steps : STEPS_BETWEEN_LOOKS, r->look, r->arg);
		rc = fill(r, db, first);
	}
	sqlite3_close(db);
	if (!rc && fsync(fd))
		rc = failed(r, "sync", r->unfinished);
	close(fd);
	return rc;
}

/* ---- its place ---- */

static int change_places(const struct rewrite *r)
{
	if (renameat2(AT_FDCWD, r->unfinished, AT_FDCWD, r->path, RENAME_EXCHANGE)) {
		int number = errno;
		int rc = failed(r, "exchange", r->path);
		return number == ENOENT ? AFF_ENOTFOUND : rc;
	}
	return file_sync_dir(r->folder) ? failed(r, "sync", r->folder) : 0;
}

static int check_version(const struct rewrite *r)
{
	sqlite3 *db;
	int rc = schema_open(&db, r->path, NULL, r->diag);
	if (!rc)
		sqlite3_close(db);
	return rc;
}

int rewrite_lock(const char *folder, int *lock, struct aff_diag *diag)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/reindex.lock", folder);
	if (n < 0 || (size_t)n >= sizeof path)
		return aff_diag_set(diag, AFF_ELIMIT, "the journal's folder name is too long");
	int fd = file_lock(path, diag);
	if (fd >= 0)
		*lock = fd;
	return fd == AFF_EBUSY ? aff_diag_set(diag, fd, "another process writes log files anew") : fd < 0 ? fd : 0;
}

int rewrite_file(struct rewrite *r, int64_t first)
{
	bool sealed = false;
	int rc = folder_path(r->path, sizeof r->path, r->folder, first, "", r->diag);
	if (!rc)
		rc = folder_path(r->unfinished, sizeof r->unfinished, r->folder, first, ".new", r->diag);
	if (!rc)
		rc = schema_is_sealed(r->path, &sealed, r->diag);
	if (!rc && !sealed)
		rc = aff_diag_set(r->diag, AFF_EBUSY, "%s is not sealed", r->path);
	if (!rc)
		rc = check_version(r);
	if (rc)
		return rc;
	unlink(r->unfinished); /* of a run that was broken off */
	rc = write_copy(r, first);
	if (!rc)
		rc = change_places(r);
	unlink(r->unfinished);
	return rc;
}
