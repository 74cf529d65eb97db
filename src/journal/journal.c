/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening, closing and writing. Everything here but journal_head is called by one thread. An error other than a full
 * disk is kept in `failed` and returned from then on: what the disk holds is known again only after the next start.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/backup_mark.h"
#include "journal/crypt.h"
#include "journal/internal.h"
#include "journal/journal_key.h"
#include "journal/migrate.h"
#include "journal/quarantine.h"
#include "journal/sql.h"
#include "journal/verify.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"

#define DEFAULT_ROWS  1000000u
#define DEFAULT_BYTES (512u << 20)
#define DAY_US        INT64_C(86400000000)

/* ---- opening ---- */

/* The lock file of a journal that held a log file says so: such a journal may not come back empty. */
static int check_lock_file(int lock, bool have_files, struct aff_diag *diag)
{
	static const char mark[] = "afferent journal\n";
	struct stat st;
	if (fstat(lock, &st))
		return aff_diag_set(diag, AFF_EIO, "cannot examine the journal's lock file: %s", strerror(errno));
	if (!have_files && st.st_size) {
		aff_diag_set(diag, AFF_ECORRUPT, "the journal's log files are missing");
		aff_diag_hint(diag, "restore them; to begin an empty journal, remove the file \"lock\" in its folder");
		return AFF_ECORRUPT;
	}
	if (!have_files || st.st_size)
		return 0;
	int rc = file_write_all(lock, mark, sizeof mark - 1);
	if (!rc && fsync(lock))
		rc = AFF_EIO;
	return rc ? aff_diag_set(diag, rc, "cannot write the journal's lock file: %s", strerror(errno)) : 0;
}

static int load_encrypted(struct journal *j, uint32_t id, int64_t key, struct aff_view channel,
			  struct aff_view body, const char *file, struct aff_diag *diag)
{
	struct decrypter d = {0};
	struct aff_buf clear;
	const struct data_key *k = key <= UINT32_MAX ? keyring_find(&j->keyring, (uint32_t)key) : NULL;
	aff_buf_init(&clear, body.n + 1);
	int rc = k ? decrypter_init(&d, k->id, k->key) : AFF_ECORRUPT;
	if (!rc)
		rc = decrypter_put(&d, CRYPT_DICTIONARY, body, &clear);
	decrypter_free(&d);
	if (!rc)
		rc = book_load(&j->book, id, channel, aff_buf_view(&clear));
	aff_buf_free(&clear);
	return rc == AFF_ECORRUPT ? aff_diag_set(diag, rc, "%s: dictionary %u was changed", file, id) : rc;
}

static int load_dictionaries(struct journal *j, sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(db, "SELECT d.id, d.key, d.body, substr(m.key, 12) FROM dictionary d"
	                         " LEFT JOIN meta m ON m.value = d.id AND m.key GLOB 'dictionary:*' ORDER BY d.id", &s,
	                     diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		uint32_t id = (uint32_t)sqlite3_column_int64(s, 0);
		int64_t key = sqlite3_column_int64(s, 1);
		rc = key ? load_encrypted(j, id, key, sql_text(s, 3), sql_blob(s, 2), sql_file_name(db), diag)
			 : book_load(&j->book, id, sql_text(s, 3), sql_blob(s, 2));
		if (rc == AFF_ENOMEM)
			aff_diag_set(diag, rc, "out of memory");
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(db, step, "read the dictionaries", diag);
	sqlite3_finalize(s);
	return rc;
}

/* A log file of a version before the hash chain ends here; a new one takes over its cursors. */
static int leave_old_version(struct journal *j, sqlite3 *db, int64_t first, struct aff_diag *diag)
{
	logfile_attach_old(&j->file, db, first);
	j->last = first - 1;
	int rc = sql_integer(db, "SELECT max(id) FROM message", &j->last, diag);
	if (!rc || rc == AFF_ENOTFOUND)
		rc = load_dictionaries(j, db, diag);
	return rc ? rc : journal_start_file(j, &j->file, diag);
}

int journal_attach_file(struct journal *j, sqlite3 *db, int64_t first, struct aff_diag *diag)
{
	int rc = keyring_load(&j->keyring, db, diag);
	if (!rc)
		rc = logfile_attach(&j->file, db, first, &j->book, &j->keyring, &j->snapshots, diag);
	if (rc) {
		sqlite3_close(db);
		return rc;
	}
	j->last = first - 1;
	rc = sql_integer(db, "SELECT max(id) FROM message", &j->last, diag);
	if (!rc || rc == AFF_ENOTFOUND)
		rc = load_dictionaries(j, db, diag);
	return rc ? rc : journal_settle_key(j, db, diag);
}

/* Goes on with the newest log file. */
static int continue_file(struct journal *j, int64_t first, struct aff_diag *diag)
{
	char path[PATH_MAX];
	sqlite3 *db;
	int64_t sealed;
	int format = FORMAT;
	int rc = folder_path(path, sizeof path, j->folder, first, "", diag);
	if (!rc)
		rc = schema_open(&db, path, j->vfs.name, diag);
	if (rc)
		return rc;
	rc = schema_format(db, &format, diag);
	if (!rc && format == FORMAT_UNCHAINED)
		return leave_old_version(j, db, first, diag);
	if (rc) {
		sqlite3_close(db);
		return rc;
	}
	rc = journal_attach_file(j, db, first, diag);
	if (rc)
		return rc;
	rc = sql_integer(db, "SELECT value FROM meta WHERE key = 'sealed'", &sealed, diag);
	if (!rc || format != FORMAT) /* a newer file was taken away, or an older version wrote it */
		return journal_start_file(j, &j->file, diag);
	if (rc == AFF_ENOTFOUND)
		rc = 0;
#ifndef AFF_MUTANT_21 /* what a crash left is taken as it is */
	if (!rc)
		rc = journal_verify_tail(db, sql_file_name(db), diag);
#endif
	if (!rc)
		rc = schema_use_wal(db, diag); /* one from a backup has no write-ahead log */
	return rc ? rc : keyring_go_on(&j->keyring, diag);
}

static int migrate(struct journal *j, const struct file_list *list, struct aff_diag *diag)
{
	unsigned changed = 0;
	int rc = migrate_files(j->folder, list, j->vfs.name, &changed, diag);
	if (!rc && changed)
		log_info("journal", "%u log files were of an older version: brought to format %d", changed,
			 SCHEMA_VERSION);
	return rc;
}

/* Goes on with the newest log file, or sets it aside when it is damaged and the configuration says so. */
static int continue_newest(struct journal *j, const struct file_list *list, struct aff_diag *diag)
{
	int64_t newest = list->first[list->n - 1], damaged = 0;
	struct aff_diag why = {0};
	int rc = quarantine_find(j->folder, newest, &damaged, diag);
	if (rc)
		return rc;
	if (damaged) /* a crash came between setting it aside and the next one */
		return quarantine_go_on(j, damaged, list, diag);
	rc = migrate(j, list, &why);
	if (!rc)
		rc = continue_file(j, newest, &why);
	if (rc == AFF_ECORRUPT && j->quarantine)
		return quarantine_newest(j, list, &why, diag);
	if (rc && diag)
		*diag = why;
	return rc;
}

/* What stands signed already; what a crash left unsigned is signed at once. */
static int sign_the_end(struct journal *j, struct aff_diag *diag)
{
	int64_t link = 0;
	int rc = sql_integer(j->file.db, "SELECT max(link) FROM checkpoint", &link, diag);
	if (rc && rc != AFF_ENOTFOUND)
		return rc;
	j->signer.link = link;
	if (j->file.chain.number == link)
		return 0;
	rc = journal_checkpoint(j, diag);
	return rc == AFF_EFULL ? 0 : rc; /* the next commit signs */
}

static int open_files(struct journal *j, struct aff_diag *diag)
{
	struct file_list list = {0};
	int rc = folder_remove_unfinished(j->folder, diag);
	if (!rc)
		rc = folder_list(j->folder, &list, diag);
	if (!rc)
		rc = check_lock_file(j->lock, list.n, diag);
	if (!rc && list.n)
		rc = continue_newest(j, &list, diag);
	else if (!rc)
		rc = journal_start_file(j, NULL, diag);
	if (!rc)
		rc = check_lock_file(j->lock, true, diag);
	int64_t removed = 0;
	if (!rc)
		rc = sign_the_end(j, diag);
	if (!rc)
		rc = carry_mark(j->file.db, &removed, diag);
	if (!rc && removed) /* a crash came between the commit and the removal */
		rc = folder_remove_through(j->folder, removed, diag);
	if (!rc)
		rc = folder_list(j->folder, &list, diag);
	for (size_t i = 0; i + 1 < list.n && !rc; i++) {
		if (list.first[i] > removed)
			rc = sealer_add(&j->sealer, list.first[i]);
	}
	folder_list_free(&list);
	return rc;
}

/* Nothing is written where a disk may be missing. */
static int check_exists(const char *folder, struct aff_diag *diag)
{
	struct file_list list = {0};
	int rc = folder_list(folder, &list, diag);
	if (rc == AFF_ENOTFOUND || (!rc && list.n == 0)) {
		rc = aff_diag_set(diag, AFF_ECORRUPT, "there is no journal in %s", folder);
		aff_diag_hint(diag, "mount its disk or restore it; 'new_journal: allow' lets an empty one begin");
	}
	folder_list_free(&list);
	return rc;
}

/* Nobody goes on with a backup, which would be none any more, or with half of one. */
static int check_no_backup(const char *folder, struct aff_diag *diag)
{
	struct backup_mark m;
	int rc = backup_mark_read(&m, folder, diag);
	if (rc || m.state == BACKUP_NONE)
		return rc;
	if (m.state == BACKUP_RESTORING) {
		aff_diag_set(diag, AFF_ECORRUPT, "a restore to %s was broken off", folder);
		aff_diag_hint(diag, "run 'afferent journal restore' again to finish it");
		return AFF_ECORRUPT;
	}
	aff_diag_set(diag, AFF_EARGUMENT, "%s holds a backup", folder);
	aff_diag_hint(diag, "restore it to another folder with 'afferent journal restore'");
	return AFF_EARGUMENT;
}

/* What the command that restored this journal has left to be recorded. */
static int record_restore(struct journal *j, struct aff_diag *diag)
{
	struct aff_buf who, detail;
	aff_buf_init(&who, 256);
	aff_buf_init(&detail, 1024);
	int rc = backup_note_read(j->folder, &who, &detail, diag);
	bool found = !rc;
	if (found && !(rc = journal_begin(j, diag))) {
		struct journal_action a = {.at_us = clock_wall_us(), .kind = aff_view_of("restore"),
					   .who = aff_buf_view(&who), .detail = aff_buf_view(&detail)};
		rc = journal_add_action(j, &a, diag);
		if (!rc)
			rc = journal_commit(j, diag);
	}
	if (found && !rc)
		rc = backup_note_remove(j->folder, diag);
	aff_buf_free(&who);
	aff_buf_free(&detail);
	return rc == AFF_ENOTFOUND || rc == AFF_EFULL ? 0 : rc; /* without room: at the next start */
}

static int open_signer(struct journal *j, const struct journal_options *o, struct aff_diag *diag)
{
	char path[PATH_MAX + 8];
	size_t n = strlen(j->folder);
	while (n > 1 && j->folder[n - 1] == '/')
		n--;
	snprintf(path, sizeof path, "%.*s.key", (int)n, j->folder);
	return signer_open(&j->signer, o->key_file ? o->key_file : path, o->checkpoint_file, diag);
}

static int set_up(struct journal *j, const struct journal_options *o, struct aff_diag *diag)
{
	size_t n = strlen(o->folder);
	if (n == 0 || n >= sizeof j->folder)
		return aff_diag_set(diag, AFF_EARGUMENT, "the journal's folder name is empty or too long");
	memcpy(j->folder, o->folder, n + 1);
	j->file_rows = o->file_rows ? o->file_rows : DEFAULT_ROWS;
	j->file_bytes = o->file_bytes ? o->file_bytes : DEFAULT_BYTES;
	j->signer.records = o->checkpoint_records ? o->checkpoint_records : SIGNER_RECORDS;
	j->signer.period_us = o->checkpoint_us ? o->checkpoint_us : SIGNER_PERIOD_US;
	j->signer.export = o->export;
	j->signer.export_arg = o->export_arg;
	j->daily = o->daily;
	j->quarantine = o->quarantine;
	j->now_us = o->now_us ? o->now_us : clock_wall_us;
	int rc = o->must_exist ? check_exists(j->folder, diag) : file_make_dir(j->folder, diag);
	if (!rc)
		rc = folder_check_local(j->folder, diag);
	if (!rc)
		rc = folder_lock(j->folder, &j->lock, diag);
	if (!rc)
		rc = check_no_backup(j->folder, diag);
	if (rc)
		return rc;
	rc = open_signer(j, o, diag);
	if (!rc)
		rc = keyring_open(&j->keyring, j->folder, o->secret_file, o->encrypt, diag);
	if (rc)
		return rc;
	struct journal_options here = *o;
	here.folder = j->folder;
	rc = sealer_start(&j->sealer, &here, &j->vfs, &j->book, &j->keyring);
	if (rc)
		return aff_diag_set(diag, rc, "cannot start the sealer's thread");
	rc = reserve_open(&j->reserve, j->folder, o->reserve_bytes, diag);
	if (!rc)
		rc = open_files(j, diag);
	/* Full already: the reserve that an earlier run has left is there for this. */
	if (rc == AFF_EFULL && !j->file.db && reserve_release(&j->reserve)) {
		rc = open_files(j, diag);
		atomic_store(&j->full, !rc);
	}
	if (rc)
		return rc;
	bool changed;
	rc = journal_rekey(j, aff_view_of("engine"), &changed, diag);
	if (rc == AFF_EFULL) /* at the next start, or reload */
		rc = 0;
	return rc ? rc : record_restore(j, diag);
}

int journal_open(struct journal **out, const struct journal_options *options, struct aff_diag *diag)
{
	struct journal *j = calloc(1, sizeof *j);
	if (!j)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	j->lock = -1;
	j->signer.file = -1;
	book_init(&j->book);
	keyring_init(&j->keyring);
	int rc = vfs_register(&j->vfs);
	if (rc) {
		keyring_free(&j->keyring);
		book_free(&j->book);
		free(j);
		return aff_diag_set(diag, rc, "cannot register with SQLite");
	}
	rc = set_up(j, options, diag);
	if (!rc && vfs_failed(&j->vfs))
		rc = aff_diag_set(diag, AFF_EIO, "input/output error in %s", j->folder);
	if (rc) {
		j->failed = rc; /* nothing is signed any more */
		journal_close(j);
		return rc;
	}
	atomic_store(&j->head, j->last);
	*out = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->file.db) {
		journal_rollback(j);
		if (!j->failed && j->signer.key && j->file.chain.number > j->signer.link)
			(void)journal_checkpoint(j, NULL); /* the next start signs */
		logfile_close(&j->file, true);
	}
	sealer_stop(&j->sealer);
	signer_close(&j->signer);
	vfs_unregister(&j->vfs);
	book_free(&j->book);
	keyring_free(&j->keyring);
	snapshot_list_free(&j->snapshots);
	if (j->lock >= 0)
		close(j->lock);
	free(j);
}

int64_t journal_head(const struct journal *j)
{
	return atomic_load(&j->head);
}

/* ---- writing ---- */

static int fail(struct journal *j, int rc)
{
	if (rc && rc != AFF_EFULL)
		j->failed = rc;
	if (rc)
		journal_rollback(j);
#ifndef AFF_MUTANT_6 /* the space set aside is never used */
	if (rc == AFF_EFULL && !atomic_exchange(&j->full, true))
		reserve_release(&j->reserve);
#endif
	return rc;
}

static int check(struct journal *j, bool in_transaction, struct aff_diag *diag)
{
	if (j->failed)
		return aff_diag_set(diag, j->failed, "the journal failed before: %s", aff_error_text(j->failed));
	if (j->in_transaction != in_transaction)
		return aff_diag_set(diag, AFF_EARGUMENT,
		                    in_transaction ? "no transaction was begun" : "a transaction is open");
	return 0;
}

/* The space of the reserve and some more is there again: messages are taken. */
static int look_for_room(struct journal *j, struct aff_diag *diag)
{
	bool full = atomic_load(&j->full);
	if (!full && (j->reserve.held || !j->reserve.size))
		return 0;
	int rc = reserve_make(&j->reserve, diag);
	if (!rc)
		atomic_store(&j->full, false);
	return rc == AFF_EFULL ? 0 : rc;
}

/* Days are those of UTC: each has 24 hours, whatever the time zone and its changes. A full disk has no room for the
 * next file: the outcomes that are still taken go to this one. */
static bool is_file_over(const struct journal *j)
{
	if (atomic_load(&j->full))
		return false;
	return j->file.rows >= j->file_rows || j->file.bytes >= j->file_bytes ||
	       (j->daily && j->file.rows && j->now_us() / DAY_US > j->file.oldest / DAY_US);
}

/* What a log file that is to go has counted, and that it, or its bodies, go. */
static int carry_out(struct journal *j, const struct carry *carry, struct aff_diag *diag)
{
	struct journal_action a = {.at_us = clock_wall_us(), .kind = aff_view_of(carry->action),
				   .who = aff_view_of("retention"), .detail = aff_view_of(carry->detail)};
	int rc = carry_write(carry, j->file.db, diag);
	return rc ? rc : logfile_add_action(&j->file, &a, diag);
}

int journal_begin(struct journal *j, struct aff_diag *diag)
{
	int rc = check(j, false, diag);
	if (rc)
		return rc;
	rc = look_for_room(j, diag);
	if (!rc && is_file_over(j))
		rc = journal_start_file(j, &j->file, diag);
	if (!rc)
		rc = logfile_begin(&j->file, diag);
	if (!rc)
		j->in_transaction = true;
	const struct carry *carry = rc ? NULL : sealer_carry(&j->sealer);
	if (carry)
		rc = carry_out(j, carry, diag);
	j->carrying = !rc && carry;
	return fail(j, rc);
}

int journal_tend(struct journal *j, struct aff_diag *diag)
{
	int rc = check(j, false, diag);
	if (!rc)
		rc = fail(j, look_for_room(j, diag));
	if (!rc && (is_file_over(j) || sealer_carry(&j->sealer))) {
		rc = journal_begin(j, diag);
		if (!rc)
			rc = journal_commit(j, diag);
	}
	if (!rc && signer_due_us(&j->signer) <= clock_mono_us())
		rc = journal_checkpoint(j, diag);
	return rc;
}

int journal_forget(struct journal *j, struct aff_view destination, struct aff_diag *diag)
{
	int rc = journal_begin(j, diag);
	if (rc)
		return rc;
	rc = carry_forget(j->file.db, destination, diag);
	if (rc == AFF_ENOTFOUND) {
		journal_rollback(j);
		return aff_diag_set(diag, rc, "the journal knows no such destination");
	}
	return rc ? fail(j, rc) : journal_commit(j, diag);
}

bool journal_is_full(const struct journal *j)
{
	return atomic_load(&j->full);
}

void journal_retention(struct journal *j, struct journal_retention *out)
{
	sealer_retention(&j->sealer, out);
}

int journal_add_message(struct journal *j, struct journal_message *m, struct aff_diag *diag)
{
	int rc = check(j, true, diag);
	if (rc)
		return rc;
	if (m->received_us < 0 || m->received_us == INT64_MAX || m->channel.n == 0 || m->verdict < JOURNAL_ACCEPTED ||
	    m->verdict > JOURNAL_DUPLICATE)
		return fail(j, aff_diag_set(diag, AFF_EARGUMENT,
		                            "the message lacks a channel, a verdict or a receive time"));
	if (atomic_load(&j->full))
		return fail(j, aff_diag_set(diag, AFF_EFULL, "the disk is full"));
	m->id = m->received_us > j->last ? m->received_us : j->last + 1;
	rc = logfile_add_message(&j->file, m, diag);
	if (!rc)
		j->last = m->id;
	return fail(j, rc);
}

static bool is_kind(int kind)
{
	return kind >= JOURNAL_DELIVERED && kind <= JOURNAL_DISCARDED && kind != JOURNAL_PENDING;
}

int journal_add_outcome(struct journal *j, const struct journal_outcome *o, struct aff_diag *diag)
{
	int rc = check(j, true, diag);
	if (rc)
		return rc;
	if (o->destination.n == 0 || !is_kind((int)o->kind) || (o->instead && !is_kind((int)o->instead)))
		return fail(j, aff_diag_set(diag, AFF_EARGUMENT, "the outcome lacks a destination or a kind"));
	return fail(j, logfile_add_outcome(&j->file, o, diag));
}

int journal_add_action(struct journal *j, struct journal_action *a, struct aff_diag *diag)
{
	int rc = check(j, true, diag);
	if (rc)
		return rc;
	if (a->kind.n == 0)
		return fail(j, aff_diag_set(diag, AFF_EARGUMENT, "the action lacks a kind"));
	return fail(j, logfile_add_action(&j->file, a, diag));
}

int journal_set_attempts(struct journal *j, struct aff_view destination, int64_t message, unsigned n,
			 struct aff_diag *diag)
{
	int rc = check(j, true, diag);
	if (rc)
		return rc;
	if (destination.n == 0)
		return fail(j, aff_diag_set(diag, AFF_EARGUMENT, "the attempt lacks a destination"));
	return fail(j, logfile_set_attempts(&j->file, destination, message, n, diag));
}

int journal_set_cursor(struct journal *j, struct aff_view destination, int64_t position, struct aff_diag *diag)
{
	int rc = check(j, true, diag);
	if (rc)
		return rc;
	if (destination.n == 0 || position < 0)
		return fail(j, aff_diag_set(diag, AFF_EARGUMENT, "the cursor lacks a destination or a position"));
	return fail(j, logfile_set_cursor(&j->file, destination, position, position, diag));
}

/* Signs the end of the chain within the open transaction. */
static int sign_here(struct journal *j, struct aff_diag *diag)
{
	const unsigned char *hash;
	int64_t link = chain_end(&j->file.chain, &hash);
	int rc = signer_sign(&j->signer, j->file.chain.journal, link, hash);
	return rc ? aff_diag_set(diag, rc, "cannot sign a checkpoint")
		  : logfile_add_checkpoint(&j->file, &j->signer.last, diag);
}

static int commit(struct journal *j, bool must_sign, struct aff_diag *diag)
{
	uint64_t records = 0;
	int64_t now = clock_mono_us();
	int rc = check(j, true, diag);
	if (rc)
		return rc;
	rc = logfile_link(&j->file, diag);
	bool signing = must_sign ||
		       (chain_records(&j->file.chain) && signer_is_due(&j->signer, chain_records(&j->file.chain), now));
	if (!rc && signing)
		rc = sign_here(j, diag);
	if (!rc)
		rc = logfile_commit(&j->file, &records, diag);
	if (!rc && vfs_failed(&j->vfs)) {
		rc = aff_diag_set(diag, AFF_EIO, "input/output error in %s", j->folder);
		aff_diag_hint(diag, "examine the disk, then start again: the journal is checked then");
	}
	if (rc)
		return fail(j, rc);
	j->in_transaction = false;
	atomic_store(&j->head, j->last);
	if (j->carrying)
		sealer_carried(&j->sealer);
	j->carrying = false;
	signer_committed(&j->signer, records, signing, now);
	return 0;
}

int journal_commit(struct journal *j, struct aff_diag *diag)
{
	return commit(j, false, diag);
}

int journal_commit_signed(struct journal *j, struct aff_diag *diag)
{
	return commit(j, true, diag);
}

int journal_checkpoint(struct journal *j, struct aff_diag *diag)
{
	int rc = check(j, false, diag);
	if (rc || j->file.chain.number <= j->signer.link)
		return rc;
	rc = fail(j, logfile_begin(&j->file, diag));
	if (rc)
		return rc;
	j->in_transaction = true;
	return commit(j, true, diag);
}

void journal_rollback(struct journal *j)
{
	if (j->file.db)
		logfile_rollback(&j->file);
	j->in_transaction = j->carrying = false;
}

bool journal_knows_snapshot(const struct journal *j, const unsigned char sha[SHA256_SIZE])
{
	return snapshot_find(&j->snapshots, sha).n > 0;
}

int journal_set_snapshot(struct journal *j, const unsigned char sha[SHA256_SIZE], struct aff_view packed,
                         struct aff_diag *diag)
{
	int rc = snapshot_add(&j->snapshots, sha, packed);
	if (rc)
		return aff_diag_set(diag, rc, "cannot keep the configuration: %s", aff_error_text(rc));
	rc = journal_begin(j, diag);
	if (!rc)
		rc = fail(j, logfile_add_snapshot(&j->file, sha, diag));
	if (!rc)
		rc = journal_commit(j, diag);
	if (!rc)
		memcpy(j->snapshot, sha, SHA256_SIZE);
	return rc;
}

/* ---- words ---- */

const char *journal_outcome_text(enum journal_outcome_kind kind)
{
	static const char *const texts[] = {
		[JOURNAL_DELIVERED] = "delivered",
		[JOURNAL_FILTERED] = "filtered",
		[JOURNAL_MERGED] = "merged",
		[JOURNAL_DEAD] = "dead",
		[JOURNAL_DISCARDED] = "discarded",
	};
	size_t i = (size_t)kind;
	return i < sizeof texts / sizeof *texts && texts[i] ? texts[i] : "unknown";
}

const char *journal_verdict_text(enum journal_verdict verdict)
{
	static const char *const texts[] = {"unknown", "accepted", "kept", "rejected", "duplicate"};
	size_t i = (size_t)verdict;
	return texts[i < sizeof texts / sizeof *texts ? i : 0];
}
