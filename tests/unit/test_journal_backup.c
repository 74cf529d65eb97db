/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups: what was committed before one began is in it, while the journal is written; the next one copies only what is
 * new; what is broken off anywhere leaves the one before; a restored journal goes on.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "journal/backup.h"
#include "journal/backup_mark.h"
#include "journal/folder.h"
#include "journal/verify.h"
#include "journal_fixture.h"
#include "sys/clock.h"

#define ROWS 40 /* of a log file */

static char to[96], again[96];
static struct journal *journal;
static struct journal_packer *packer;
static unsigned written;
static struct backup_result result;
static struct verify_result verified;
static struct verify_finding first;

static void write_some(unsigned n)
{
	int64_t ids[ROWS];
	while (n) {
		unsigned batch = n < 7 ? n : 7;
		OK(journal_begin(journal, &diag));
		for (unsigned i = 0; i < batch; i++)
			ids[i] = fixture_add(journal, packer, "monitors", written++, clock_wall_us());
		fixture_outcome(journal, ids[0], "monitors/ehr", JOURNAL_DELIVERED);
		OK(journal_set_cursor(journal, aff_view_of("monitors/ehr"), ids[0], &diag));
		OK(journal_commit(journal, &diag));
		n -= batch;
	}
}

static void open_at(const char *folder)
{
	struct journal_options o = {.folder = folder, .file_rows = ROWS};
	OK(journal_open(&journal, &o, &diag));
	ck_assert_int_eq(journal_packer_new(&packer, journal), 0);
}

static void close_it(void)
{
	journal_packer_free(packer);
	journal_close(journal);
	journal = NULL;
}

static void setup(void)
{
	fixture_setup();
	snprintf(to, sizeof to, "%s/backup", fixture_folder);
	snprintf(again, sizeof again, "%s/again", fixture_folder);
	written = 0;
	open_at(fixture_folder);
	write_some(150);
	sealer_drain(&journal->sealer);
}

static void empty_folder(const char *folder)
{
	char path[PATH_MAX];
	DIR *d = opendir(folder);
	const struct dirent *entry;
	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(folder);
}

static void teardown(void)
{
	static const char *const suffixes[] = {"key", "key.pub"};
	if (journal)
		close_it();
	empty_folder(to);
	empty_folder(again);
	for (size_t i = 0; i < 2; i++) {
		char path[120];
		snprintf(path, sizeof path, "%s.%s", again, suffixes[i]);
		unlink(path);
	}
	fixture_teardown();
}

static void keep_finding(void *arg, const struct verify_finding *f)
{
	(void)arg;
	if (!first.what[0])
		first = *f;
}

static void verify_is_good(const char *folder)
{
	struct verify_options o = {.finding = keep_finding};
	first = (struct verify_finding){0};
	OK(journal_verify(folder, &o, &verified, &diag));
	if (verified.findings)
		ck_abort_msg("%s: %s: %s %lld %s", folder, first.file, first.table, (long long)first.id, first.what);
}

/* Reads every message of a folder, byte by byte. */
static size_t count_messages(const char *folder)
{
	struct fixture_rows *rows = calloc(1, sizeof *rows);
	struct journal_query all = {.limit = 100000, .raw = true};
	struct journal_reader *r;
	OK(journal_reader_open(&r, folder, &diag));
	rows->check_raw = true;
	OK(journal_search(r, &all, fixture_collect, rows, &diag));
	size_t n = rows->n;
	journal_reader_close(r);
	free(rows);
	return n;
}

static int back_up(void)
{
	struct backup_options o = {0};
	return journal_backup(fixture_folder, to, &o, &result, &diag);
}

static int restore(void)
{
	struct backup_options o = {0};
	return journal_restore(to, again, "uid 7", &o, &result, &diag);
}

static void backup_is_good(size_t least)
{
	verify_is_good(to);
	ck_assert_uint_ge(count_messages(to), least);
	ck_assert_int_eq(verified.last_link, result.link);
	ck_assert_int_eq(verified.signed_link, result.signed_link);
}

static unsigned count_unfinished(const char *folder)
{
	unsigned n = 0;
	DIR *d = opendir(folder);
	const struct dirent *entry;
	while (d && (entry = readdir(d)))
		n += strstr(entry->d_name, ".new") != NULL;
	if (d)
		closedir(d);
	return n;
}

START_TEST(a_backup_holds_everything_and_the_next_one_copies_what_is_new)
{
	OK(back_up());
	unsigned files = result.files;
	ck_assert_uint_ge(files, 4);
	ck_assert_uint_eq(result.copied, files);
	ck_assert_uint_gt(result.bytes, files * 4096);
	ck_assert_uint_eq(count_messages(to), written);
	backup_is_good(written);
	/* Only the open file. */
	OK(back_up());
	ck_assert_uint_eq(result.copied, 1);
	write_some(90);
	sealer_drain(&journal->sealer);
	OK(back_up());
	ck_assert_uint_eq(result.files - files, result.copied - 1);
	backup_is_good(written);
	ck_assert_uint_eq(count_messages(to), written);
	ck_assert_uint_eq(count_unfinished(to), 0);
}
END_TEST

START_TEST(files_that_are_not_sealed_yet_are_read_as_they_are)
{
	/* As after a crash: closed, with a write-ahead log, no index. */
	struct file_list list = {0};
	close_it();
	OK(folder_list(fixture_folder, &list, &diag));
	for (size_t i = 1; i < list.n; i++) {
		char path[PATH_MAX];
		sqlite3 *db;
		OK(folder_path(path, sizeof path, fixture_folder, list.first[i], "", &diag));
		ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
		ck_assert_int_eq(sqlite3_exec(db, "PRAGMA journal_mode = WAL; DELETE FROM meta WHERE key = 'sealed'",
					      NULL, NULL, NULL), SQLITE_OK);
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
		sqlite3_close(db);
	}
	OK(back_up());
	ck_assert_uint_eq(result.files, list.n);
	backup_is_good(written);
	/* Nothing in it needs a write-ahead log. */
	ck_assert_int_eq(chmod(to, 0500), 0);
	ck_assert_uint_eq(count_messages(to), written);
	ck_assert_int_eq(chmod(to, 0700), 0);
	folder_list_free(&list);
}
END_TEST

/* ---- while it is written ---- */

static atomic_bool enough;
static atomic_uint committed, allowed;

static void *write_on(void *arg)
{
	(void)arg;
	while (!atomic_load(&enough)) {
		if (written < atomic_load(&allowed))
			write_some(7);
		else
			sched_yield();
		atomic_store(&committed, written);
	}
	return NULL;
}

START_TEST(what_was_committed_before_it_began_is_in_it)
{
	pthread_t thread;
	atomic_store(&enough, false);
	atomic_store(&committed, written);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_on, NULL), 0);
	for (unsigned round = 0; round < 8; round++) {
		unsigned before = atomic_load(&committed);
		atomic_store(&allowed, before + 400);
		OK(back_up());
		backup_is_good(before);
	}
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
	ck_assert_uint_gt(written, 300);
	verify_is_good(fixture_folder);
}
END_TEST

START_TEST(what_retention_took_goes_from_the_backup_too)
{
	OK(back_up());
	unsigned before = result.files;
	close_it();
	struct journal_options o = {.folder = fixture_folder, .file_rows = ROWS, .keep_bytes = 1};
	OK(journal_open(&journal, &o, &diag));
	ck_assert_int_eq(journal_packer_new(&packer, journal), 0);
	/* The destination is done with all but the last. */
	OK(journal_begin(journal, &diag));
	OK(journal_set_cursor(journal, aff_view_of("monitors/ehr"), journal_head(journal), &diag));
	OK(journal_commit(journal, &diag));
	for (unsigned i = 0; i < before; i++) {
		sealer_look(&journal->sealer);
		sealer_drain(&journal->sealer);
		OK(journal_tend(journal, &diag));
	}
	sealer_drain(&journal->sealer);
	OK(back_up());
	ck_assert_uint_gt(result.removed, 0);
	ck_assert_uint_eq(result.files, before - result.removed);
	backup_is_good(1);
}
END_TEST

START_TEST(links_share_what_is_sealed)
{
	struct backup_options o = {.link = true};
	struct file_list list = {0};
	struct stat mine, theirs;
	char path[PATH_MAX];
	OK(journal_backup(fixture_folder, to, &o, &result, &diag));
	ck_assert_uint_eq(result.linked, result.files - 1);
	backup_is_good(written);
	OK(folder_list(fixture_folder, &list, &diag));
	OK(folder_path(path, sizeof path, fixture_folder, list.first[0], "", &diag));
	ck_assert_int_eq(stat(path, &mine), 0);
	OK(folder_path(path, sizeof path, to, list.first[0], "", &diag));
	ck_assert_int_eq(stat(path, &theirs), 0);
	ck_assert_uint_eq(mine.st_ino, theirs.st_ino);
	OK(journal_backup(fixture_folder, to, &o, &result, &diag));
	ck_assert_uint_eq(result.linked, 0);
	folder_list_free(&list);
}
END_TEST

/* ---- broken off ---- */

/* The process is killed when so many bytes were copied. */
static void kill_at(void *arg, uint64_t done, uint64_t total)
{
	(void)total;
	if (done >= *(const uint64_t *)arg)
		_exit(9);
}

START_TEST(a_backup_that_is_killed_leaves_the_one_before_and_goes_on)
{
	OK(back_up());
	size_t before = count_messages(to);
	write_some(200);
	sealer_drain(&journal->sealer);
	for (uint64_t at = 1; at < (1u << 20); at = at * 3 + 4096) {
		pid_t child = fork();
		if (child == 0) {
			struct backup_options o = {.progress = kill_at, .arg = &at};
			(void)journal_backup(fixture_folder, to, &o, &result, &diag);
			_exit(0);
		}
		int status;
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		verify_is_good(to);
		if (WEXITSTATUS(status) != 9)
			break;
		ck_assert_uint_eq(count_messages(to), before);
	}
	OK(back_up());
	backup_is_good(written);
	ck_assert_uint_eq(count_messages(to), written);
	ck_assert_uint_eq(count_unfinished(to), 0);
}
END_TEST

START_TEST(the_first_one_that_is_killed_is_no_backup)
{
	uint64_t at = 150000;
	pid_t child = fork();
	if (child == 0) {
		struct backup_options o = {.progress = kill_at, .arg = &at};
		(void)journal_backup(fixture_folder, to, &o, &result, &diag);
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 9);
	ck_assert_uint_gt(count_unfinished(to), 0);
	ck_assert_int_eq(restore(), AFF_EARGUMENT);
	ck_assert_ptr_nonnull(strstr(diag.text, "broken off"));
	/* What was whole already is not copied again. */
	OK(back_up());
	uint64_t bytes = result.bytes;
	backup_is_good(written);
	struct backup_options o = {0};
	OK(journal_backup(fixture_folder, again, &o, &result, &diag));
	ck_assert_uint_lt(bytes, result.bytes);
}
END_TEST

/* Between the names: some have theirs, some not. */
START_TEST(names_that_were_given_in_part_are_given_by_the_next_try)
{
	struct backup_mark m;
	struct file_list list = {0};
	char path[PATH_MAX], unfinished[PATH_MAX];
	OK(back_up());
	OK(folder_list(to, &list, &diag));
	OK(folder_path(path, sizeof path, to, list.first[1], "", &diag));
	OK(folder_path(unfinished, sizeof unfinished, to, list.first[1], ".new", &diag));
	ck_assert_int_eq(rename(path, unfinished), 0);
	OK(backup_mark_read(&m, to, &diag));
	m.state = BACKUP_FINISHING;
	OK(backup_mark_write(&m, to, &diag));
	ck_assert_int_eq(restore(), AFF_EARGUMENT);
	OK(back_up());
	ck_assert_uint_eq(result.copied, 1);
	backup_is_good(written);
	folder_list_free(&list);
}
END_TEST

START_TEST(a_full_disk_is_told_and_nothing_half_is_left)
{
	struct rlimit old, small;
	OK(back_up());
	size_t before = count_messages(to);
	write_some(100);
	sealer_drain(&journal->sealer);
	pid_t child = fork();
	if (child == 0) {
		/* Files cannot grow beyond this. */
		signal(SIGXFSZ, SIG_IGN);
		getrlimit(RLIMIT_FSIZE, &old);
		small = (struct rlimit){.rlim_cur = 20000, .rlim_max = old.rlim_max};
		setrlimit(RLIMIT_FSIZE, &small);
		struct backup_options o = {0};
		_exit(-journal_backup(fixture_folder, to, &o, &result, &diag) & 0x7f);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_ne(WEXITSTATUS(status), 0);
	ck_assert_uint_eq(count_unfinished(to), 0);
	verify_is_good(to);
	ck_assert_uint_eq(count_messages(to), before);
	OK(back_up());
	backup_is_good(written);
}
END_TEST

/* ---- where it may go ---- */

START_TEST(a_folder_that_holds_something_else_is_refused)
{
	struct backup_options o = {0};
	struct journal *other;
	ck_assert_int_eq(journal_backup(fixture_folder, fixture_folder, &o, &result, &diag), AFF_EARGUMENT);
	ck_assert_int_eq(journal_backup("/nowhere", to, &o, &result, &diag), AFF_ENOTFOUND);
	struct journal_options options = {.folder = again};
	OK(journal_open(&other, &options, &diag));
	ck_assert_int_eq(journal_backup(fixture_folder, again, &o, &result, &diag), AFF_EBUSY);
	journal_close(other);
	ck_assert_int_eq(journal_backup(fixture_folder, again, &o, &result, &diag), AFF_EARGUMENT);
	/* The backup of one journal is not mixed with that of another. */
	OK(back_up());
	ck_assert_int_eq(journal_backup(again, to, &o, &result, &diag), AFF_EARGUMENT);
	ck_assert_ptr_nonnull(strstr(diag.text, "another journal"));
	/* Nobody writes to it. */
	options.folder = to;
	ck_assert_int_eq(journal_open(&other, &options, &diag), AFF_EARGUMENT);
	ck_assert_ptr_nonnull(strstr(diag.hint, "restore"));
}
END_TEST

/* ---- back ---- */

static int find_restore(void *arg, const struct journal_action *a)
{
	unsigned *n = arg;
	if (aff_view_is(a->kind, "restore") && aff_view_is(a->who, "uid 7"))
		++*n;
	return 0;
}

START_TEST(a_restored_journal_goes_on)
{
	struct journal_reader *r;
	int64_t position = 0, was = 0;
	unsigned n = 0;
	char key[120];
	OK(back_up());
	unsigned in_backup = written;
	r = fixture_reader();
	OK(journal_read_cursor(r, aff_view_of("monitors/ehr"), &was, &diag));
	journal_reader_close(r);
	write_some(30); /* lost with the disk */
	close_it();
	ck_assert_int_eq(restore(), 0);
	ck_assert_uint_eq(count_messages(again), in_backup);
	ck_assert_int_eq(restore(), AFF_EARGUMENT);
	snprintf(key, sizeof key, "%s.key", fixture_folder);
	struct journal_options o = {.folder = again, .file_rows = ROWS, .key_file = key, .must_exist = true};
	for (unsigned round = 0; round < 2; round++) {
		OK(journal_open(&journal, &o, &diag));
		ck_assert_int_eq(journal_packer_new(&packer, journal), 0);
		OK(journal_reader_open(&r, again, &diag));
		OK(journal_read_cursor(r, aff_view_of("monitors/ehr"), &position, &diag));
		ck_assert(round || position == was);
		journal_reader_close(r);
		write_some(50);
		sealer_drain(&journal->sealer);
		close_it();
	}
	ck_assert_uint_eq(count_messages(again), in_backup + 100);
	verify_is_good(again);
	ck_assert_int_eq(verified.signed_link, verified.last_link);
	/* Recorded once. */
	OK(journal_reader_open(&r, again, &diag));
	OK(journal_read_actions(r, INT64_MAX, 1000, find_restore, &n, &diag));
	ck_assert_uint_eq(n, 1);
	journal_reader_close(r);
}
END_TEST

START_TEST(a_restore_that_is_killed_is_no_journal_and_goes_on)
{
	uint64_t at = 60000;
	struct journal *j;
	struct journal_options options = {.folder = again};
	OK(back_up());
	pid_t child = fork();
	if (child == 0) {
		struct backup_options o = {.progress = kill_at, .arg = &at};
		(void)journal_restore(to, again, "uid 7", &o, &result, &diag);
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 9);
	ck_assert_int_eq(journal_open(&j, &options, &diag), AFF_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(diag.hint, "afferent journal restore"));
	OK(restore());
	verify_is_good(again);
	ck_assert_uint_eq(count_messages(again), written);
}
END_TEST

static TCase *backups(void)
{
	TCase *c = tcase_create("backup");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_backup_holds_everything_and_the_next_one_copies_what_is_new);
	tcase_add_test(c, files_that_are_not_sealed_yet_are_read_as_they_are);
	tcase_add_test(c, what_was_committed_before_it_began_is_in_it);
	tcase_add_test(c, what_retention_took_goes_from_the_backup_too);
	tcase_add_test(c, links_share_what_is_sealed);
	tcase_add_test(c, a_backup_that_is_killed_leaves_the_one_before_and_goes_on);
	tcase_add_test(c, the_first_one_that_is_killed_is_no_backup);
	tcase_add_test(c, names_that_were_given_in_part_are_given_by_the_next_try);
	tcase_add_test(c, a_full_disk_is_told_and_nothing_half_is_left);
	tcase_add_test(c, a_folder_that_holds_something_else_is_refused);
	return c;
}

static TCase *restores(void)
{
	TCase *c = tcase_create("restore");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_restored_journal_goes_on);
	tcase_add_test(c, a_restore_that_is_killed_is_no_journal_and_goes_on);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {backups, restores};
	return fixture_run(cases, 2, "journal: backup and restore");
}
