/* SPDX-License-Identifier: Apache-2.0
 *
 * The one SQL text of a log file. A message's id is the row id: it is the receive time, made unique, so the table is in
 * time order and needs no index on time. The open file has no secondary index: they cost more than everything else.
 */
#include "journal/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/sql.h"

#define APPLICATION_ID 1095124550 /* "AFFF" */
#define BUSY_MS        5000
#define TEXT_OF(x) #x
#define NUMBER(x) TEXT_OF(x)

const char schema_tables[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	/* Channels, message types and destinations, stored once. kind: enum name_kind. */
	"CREATE TABLE name(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE(kind, text));"
	/* Configurations; the body is zstd without a dictionary, after 4 bytes of length (big-endian). */
	"CREATE TABLE snapshot(id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, body BLOB);"
	/* Where key is not 0, what could tell of a patient is encrypted with that data key: bodies, dictionaries (they
	 * are made of messages) and ids, which hold the three texts whose columns have keyed hashes then. */
	"CREATE TABLE datakey(id INTEGER PRIMARY KEY, master BLOB NOT NULL, wrapped BLOB NOT NULL);"
	"CREATE TABLE dictionary(id INTEGER PRIMARY KEY, key INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);"
	/* body_sha: instead of a body that retention has removed. */
	"CREATE TABLE message(id INTEGER PRIMARY KEY, received INTEGER NOT NULL, channel INTEGER NOT NULL, peer TEXT,"
	" type INTEGER, verdict INTEGER NOT NULL, error INTEGER NOT NULL, control_id, patient, device,"
	" snapshot INTEGER NOT NULL, length INTEGER NOT NULL, dictionary INTEGER NOT NULL, body BLOB,"
	" mark INTEGER NOT NULL, key INTEGER NOT NULL DEFAULT 0, ids BLOB, body_sha BLOB);"
	/* instead: the kind of the earlier outcome that this one stands for from now on, 0 in the first one of a
	 * message at a destination; action: the time of the action that it comes from. */
	"CREATE TABLE outcome(id INTEGER PRIMARY KEY, message INTEGER NOT NULL, destination INTEGER NOT NULL,"
	" kind INTEGER NOT NULL, at INTEGER NOT NULL, tries INTEGER NOT NULL, snapshot INTEGER NOT NULL, sent BLOB,"
	" sent_length INTEGER NOT NULL, detail TEXT, mark INTEGER NOT NULL, instead INTEGER NOT NULL DEFAULT 0,"
	" action INTEGER NOT NULL DEFAULT 0);"
	/* What people did: start, stop, reload, replay. */
	"CREATE TABLE action(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT, detail TEXT,"
	" mark INTEGER NOT NULL);"
	/* The hash chain (link.h). Of each table: how many rows the link is over, and the newest id then. */
	"CREATE TABLE link(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, messages INTEGER NOT NULL,"
	" message INTEGER NOT NULL, outcomes INTEGER NOT NULL, outcome INTEGER NOT NULL, actions INTEGER NOT NULL,"
	" action INTEGER NOT NULL, others BLOB, hash BLOB NOT NULL);"
	/* Signed links; that of the last link of the log file before comes first. */
	"CREATE TABLE checkpoint(link INTEGER PRIMARY KEY, at INTEGER NOT NULL, hash BLOB NOT NULL, key BLOB NOT NULL,"
	" signature BLOB NOT NULL);"
	"CREATE TABLE cursor(destination INTEGER PRIMARY KEY, start INTEGER NOT NULL, position INTEGER NOT NULL);"
	/* How often the process may have ended while it tried to deliver a message that has no outcome yet. */
	"CREATE TABLE attempt(destination INTEGER, message INTEGER, n INTEGER NOT NULL,"
	" PRIMARY KEY(destination, message)) WITHOUT ROWID;"
	/* Only while the file is not sealed (block.h). */
	"CREATE TABLE block(last INTEGER PRIMARY KEY, filter BLOB NOT NULL);"
	/* Filled when the file is sealed (codes.h). */
	"CREATE TABLE code(code BLOB PRIMARY KEY, blocks BLOB NOT NULL) WITHOUT ROWID;"
	/* So are these; low and high are ids of messages. */
	"CREATE TABLE message_total(low INTEGER, high INTEGER, channel INTEGER, verdict INTEGER, n INTEGER,"
	" length INTEGER);"
	"CREATE TABLE outcome_total(low INTEGER, high INTEGER, destination INTEGER, kind INTEGER, n INTEGER,"
	" instead INTEGER NOT NULL DEFAULT 0);"
	"PRAGMA application_id = " NUMBER(APPLICATION_ID) ";"
							  "PRAGMA user_version = " SCHEMA_VERSION_TEXT ";";

/* Each index is (column, time), as the row id comes last in every index. */
const char schema_indices[] =
	"DELETE FROM block;" /* the indices take the place that becomes free */
	"CREATE INDEX IF NOT EXISTS message_control_id ON message(control_id) WHERE control_id IS NOT NULL;"
	"CREATE INDEX IF NOT EXISTS message_patient ON message(patient) WHERE patient IS NOT NULL;"
	"CREATE INDEX IF NOT EXISTS message_device ON message(device) WHERE device IS NOT NULL;"
	"CREATE INDEX IF NOT EXISTS outcome_message ON outcome(message, destination, kind, instead);"
	"CREATE INDEX IF NOT EXISTS outcome_destination ON outcome(destination, message);";

const char schema_totals[] =
	"DELETE FROM message_total;"
	"INSERT INTO message_total SELECT min(id), max(id), channel, verdict, count(*), sum(length) FROM message"
	" GROUP BY channel, verdict;"
	"DELETE FROM outcome_total;"
	"INSERT INTO outcome_total SELECT min(message), max(message), destination, kind, count(*), instead FROM outcome"
	" GROUP BY destination, kind, instead;";

static const char settings[] =
	"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -8192;"
	"PRAGMA temp_store = MEMORY;";
/* The write-ahead log keeps its size: overwriting written blocks is faster than growing a file. */
static const char writer_settings[] =
#ifdef AFF_MUTANT_20 /* a commit does not wait for the disk */
	"PRAGMA synchronous = OFF;"
#else
	"PRAGMA synchronous = FULL;"
#endif
	"PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = -1;";

/* A crash has come in the last step of sealing, the one that needs a rollback journal: SQLite undoes it before anybody
 * reads. A reader may not write, so this is a connection of its own. */
static int undo_sealing(const char *path)
{
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(db, BUSY_MS);
		rc = sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
	}
	sqlite3_close(db);
	return rc == SQLITE_OK ? 0 : AFF_EPERMISSION;
}

static int set_up(sqlite3 *db, const char *path, const char *vfs, struct aff_diag *diag)
{
	int rc = sql_exec(db, settings, diag);
	if (rc && !vfs && sqlite3_extended_errcode(db) == SQLITE_READONLY_ROLLBACK) {
		if (!undo_sealing(path))
			return sql_exec(db, settings, diag);
		aff_diag_set(diag, rc, "%s was being sealed when the engine died, and cannot be set right",
			     sql_file_name(db));
		aff_diag_hint(diag, "start the engine, or read as the user that owns the journal");
	}
	if (!rc && vfs)
		rc = sql_exec(db, writer_settings, diag);
	return rc;
}

static int open_connection(sqlite3 **out, const char *path, const char *vfs, struct aff_diag *diag)
{
	sqlite3 *db = NULL;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (vfs ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	int rc = sqlite3_open_v2(path, &db, flags, vfs);
	if (rc != SQLITE_OK) {
		if (access(path, F_OK) && errno == ENOENT)
			rc = aff_diag_set(diag, AFF_ENOTFOUND, "%s is not there", path);
		else if (access(path, vfs ? R_OK | W_OK : R_OK) && errno == EACCES)
			rc = aff_diag_set(diag, AFF_EPERMISSION, "cannot open %s: permission denied", path);
		else
			rc = sql_error(db, rc, "open", diag);
		sqlite3_close(db);
		return rc;
	}
	sqlite3_busy_timeout(db, BUSY_MS);
	rc = set_up(db, path, vfs, diag);
	if (rc) {
		sqlite3_close(db);
		return rc;
	}
	*out = db;
	return 0;
}

int schema_format(sqlite3 *db, int *format, struct aff_diag *diag)
{
	int64_t stored = FORMAT;
	int rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'format'", &stored, diag);
	if (rc && rc != AFF_ENOTFOUND)
		return rc;
	if (stored < FORMAT_UNCHAINED || stored > FORMAT)
		return aff_diag_set(diag, AFF_ECORRUPT, "%s does not tell its format", sql_file_name(db));
	*format = (int)stored;
	return 0;
}

int schema_open_old(sqlite3 **out, const char *path, const char *vfs, int64_t *version, struct aff_diag *diag)
{
	sqlite3 *db;
	int64_t application = 0;
	int rc = open_connection(&db, path, vfs, diag);
	if (rc)
		return rc;
	rc = sql_integer(db, "PRAGMA application_id", &application, diag);
	if (!rc)
		rc = sql_integer(db, "PRAGMA user_version", version, diag);
	if (!rc && application != APPLICATION_ID)
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s is not a log file", sql_file_name(db));
	if (!rc && (*version < 1 || *version > SCHEMA_VERSION)) {
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s has format %lld, this program knows format %d",
				  sql_file_name(db), (long long)*version, SCHEMA_VERSION);
		aff_diag_hint(diag, "use the newer version of afferent that wrote it");
	}
	if (rc)
		sqlite3_close(db);
	else
		*out = db;
	return rc;
}

int schema_open(sqlite3 **out, const char *path, const char *vfs, struct aff_diag *diag)
{
	int64_t version;
	int rc = schema_open_old(out, path, vfs, &version, diag);
	if (rc || version == SCHEMA_VERSION)
		return rc;
	rc = aff_diag_set(diag, AFF_ECORRUPT, "%s has the old format %lld, not %d", sql_file_name(*out),
			  (long long)version, SCHEMA_VERSION);
	aff_diag_hint(diag, "start the engine once, or run afferent journal upgrade: either brings it up to date");
	sqlite3_close(*out);
	return rc;
}

static bool has(const char *path, const char *suffix)
{
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof beside, "%s%s", path, suffix);
	return n > 0 && (size_t)n < sizeof beside && access(beside, F_OK) == 0;
}

int schema_is_sealed(const char *path, bool *sealed, struct aff_diag *diag)
{
	sqlite3 *db;
	int64_t version, value = 0;
	*sealed = false;
	if (has(path, "-wal") || has(path, "-journal"))
		return 0;
	int rc = schema_open_old(&db, path, NULL, &version, diag);
	if (rc)
		return rc;
	rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'sealed'", &value, diag);
	sqlite3_close(db);
	*sealed = !rc && value;
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

int schema_create(sqlite3 **out, const char *path, const char *vfs, struct aff_diag *diag)
{
	sqlite3 *db;
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return aff_diag_set(diag, errno == ENOSPC || errno == EDQUOT ? AFF_EFULL : AFF_EIO,
				    "cannot create %s: %s", path, strerror(errno));
	close(fd);
	int rc = open_connection(&db, path, vfs, diag);
	if (rc)
		return rc;
	rc = sql_exec(db, "PRAGMA page_size = 4096; BEGIN IMMEDIATE;", diag);
	if (!rc)
		rc = sql_exec(db, schema_tables, diag);
	if (!rc)
		rc = sql_exec(db, "COMMIT;", diag);
	if (rc)
		sqlite3_close(db);
	else
		*out = db;
	return rc;
}

int schema_use_wal(sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "PRAGMA journal_mode = WAL", &s, diag);
	if (rc)
		return rc;
	int step = sqlite3_step(s);
	if (step != SQLITE_ROW)
		rc = sql_error(db, step, "switch to WAL", diag);
	else if (!aff_view_is(sql_text(s, 0), "wal"))
		rc = aff_diag_set(diag, AFF_EIO, "%s: the file system does not allow write-ahead logging",
				  sql_file_name(db));
	sqlite3_finalize(s);
	return rc;
}
