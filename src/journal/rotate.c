/* SPDX-License-Identifier: Apache-2.0
 *
 * The next log file is made under another name, with the cursors, the configuration and the dictionaries it starts
 * with, and gets its own name when all of that is on disk: a crash leaves either nothing or a whole file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal/journal_key.h"
#include "journal/sql.h"
#include "sys/clock.h"
#include "sys/file.h"

static int copy_cursors(sqlite3 *from, struct logfile *to, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(
		from, "SELECT n.text, c.start, c.position FROM cursor c JOIN name n ON n.id = c.destination", &s, diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = logfile_set_cursor(to, sql_text(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
					diag);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(from, step, "read the cursors", diag);
	sqlite3_finalize(s);
	return rc;
}

static int copy_attempts(sqlite3 *from, struct logfile *to, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(from, "SELECT n.text, a.message, a.n FROM attempt a JOIN name n ON n.id = a.destination",
			     &s, diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = logfile_set_attempts(to, sql_text(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
					  diag);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(from, step, "read the attempts", diag);
	sqlite3_finalize(s);
	return rc;
}

/* The chain goes on in the new file, from the link that the old file's last checkpoint signs. */
static int begin_chain(struct journal *j, struct logfile *new, const struct logfile *old, struct aff_diag *diag)
{
	bool chained = old && old->chain.record;
	const struct checkpoint *anchor = NULL;
	if (chained && old->chain.number) {
		anchor = &j->signer.last;
		int rc = signer_sign(&j->signer, old->chain.journal, old->chain.number, old->chain.hash);
		if (rc)
			return aff_diag_set(diag, rc, "cannot sign a checkpoint");
	}
	return logfile_begin_chain(new, chained ? &old->chain : NULL, anchor, diag);
}

static int fill(struct journal *j, struct logfile *new, const struct logfile *old, struct aff_diag *diag)
{
	static const unsigned char none[SHA256_SIZE];
	int rc = logfile_begin(new, diag);
	if (!rc)
		rc = begin_chain(j, new, old, diag);
	if (!rc && old)
		rc = copy_cursors(old->db, new, diag);
	if (!rc && old)
		rc = copy_attempts(old->db, new, diag);
	if (!rc && old)
		rc = journal_copy_keys(old->db, new->db, diag);
	if (!rc && old)
		rc = carry_copy(old->db, new->db, diag);
	if (!rc && memcmp(j->snapshot, none, SHA256_SIZE) != 0)
		rc = logfile_add_snapshot(new, j->snapshot, diag);
	const struct dictionary *d = atomic_load(&j->book.newest);
	for (; !rc && d; d = d->older) {
		if (book_is_current(&j->book, d))
			rc = logfile_add_dictionary(new, d->id, diag);
	}
	if (!rc)
		rc = logfile_link(new, diag);
	return rc ? rc : logfile_commit(new, NULL, diag);
}

/* Writes the whole file under its unfinished name. */
static int prepare(struct journal *j, const char *path, int64_t first, const struct logfile *old, struct aff_diag *diag)
{
	sqlite3 *db;
	struct logfile *new = malloc(sizeof *new);
	if (!new)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	int rc = schema_create(&db, path, j->vfs.name, diag);
	if (rc)
		goto out;
	rc = logfile_attach_new(new, db, first, &j->book, &j->keyring, &j->snapshots, diag);
	if (rc) {
		sqlite3_close(db);
		goto out;
	}
	rc = fill(j, new, old, diag);
	if (!rc)
		rc = schema_use_wal(db, diag);
	logfile_close(new, true);
out:
	free(new);
	return rc;
}

static void discard(const char *unfinished)
{
	static const char *const parts[] = {"", "-journal", "-wal", "-shm"};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char path[PATH_MAX];
		int n = snprintf(path, sizeof path, "%s%s", unfinished, parts[i]);
		if (n > 0 && (size_t)n < sizeof path)
			unlink(path);
	}
}

static int publish(struct journal *j, const char *unfinished, const char *path, struct aff_diag *diag)
{
	if (rename(unfinished, path))
		return aff_diag_set(diag, AFF_EIO, "cannot rename %s: %s", unfinished, strerror(errno));
	int rc = file_sync_dir(j->folder);
	return rc ? aff_diag_set(diag, AFF_EIO, "cannot sync the folder %s", j->folder) : 0;
}

/* Goes on with the old file, as long as nothing was written to the new one: opening that may need space that is not
 * there. The folder is synced before the old file gets more rows, or a crash could bring the new one back. */
static int take_back(const struct journal *j, const char *path, struct aff_diag *diag)
{
	discard(path);
	return file_sync_dir(j->folder) ? aff_diag_set(diag, AFF_EIO, "cannot sync the folder %s", j->folder)
					: AFF_EFULL;
}

static int switch_to(struct journal *j, const char *path, int64_t first, struct logfile *old, struct aff_diag *diag)
{
	sqlite3 *db;
	int64_t closed = old ? old->first : 0, acted = old ? old->acted : 0;
	int rc = schema_open(&db, path, j->vfs.name, diag);
	if (rc == AFF_EFULL && old)
		return take_back(j, path, diag);
	if (rc)
		return rc;
	/* From here on there is no way back. */
	if (old)
		logfile_close(old, false);
	rc = logfile_attach(&j->file, db, first, &j->book, &j->keyring, &j->snapshots, diag);
	if (rc) {
		sqlite3_close(db);
		return rc == AFF_EFULL ? AFF_EIO : rc;
	}
	j->last = first - 1;
	if (j->file.acted < acted)
		j->file.acted = acted;
	return closed && !j->leaving_damaged ? sealer_add(&j->sealer, closed) : 0;
}

int journal_start_file(struct journal *j, struct logfile *old, struct aff_diag *diag)
{
	char unfinished[PATH_MAX], path[PATH_MAX];
	int64_t first = j->now_us();
	if (first <= j->last)
		first = j->last + 1;
	if (old && first <= old->first)
		first = old->first + 1;
	int rc = folder_path(path, sizeof path, j->folder, first, "", diag);
	if (!rc)
		rc = folder_path(unfinished, sizeof unfinished, j->folder, first, ".new", diag);
	if (!rc)
		rc = keyring_renew(&j->keyring, diag);
	if (rc)
		return rc;
	book_turn(&j->book);
	rc = prepare(j, unfinished, first, old, diag);
	if (rc) {
		discard(unfinished);
		return rc;
	}
	rc = publish(j, unfinished, path, diag);
	bool anchored = old && old->chain.number;
	if (!rc)
		rc = switch_to(j, path, first, old, diag);
	if (!rc && anchored)
		signer_committed(&j->signer, 0, true, clock_mono_us());
	if (!rc && j->file.chain.number > j->signer.link)
		signer_committed(&j->signer, 1, false, clock_mono_us());
	return rc;
}
