/* SPDX-License-Identifier: Apache-2.0
 *
 * Journals that earlier versions of this program wrote, as they were when it was killed: 60 messages in three log files
 * (24, 24 and 12, the last in part in its write-ahead log), a dictionary, outcomes of those of channel monitors
 * up to the 50th; the second format has actions, a hash chain and the key that signed it, too.
 */
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "journal/folder.h"
#include "journal/verify.h"
#include "journal/vfs.h"
#include "journal_fixture.h"

#define MESSAGES 60
#define FILES    3

static char key_path[96];
static struct verify_result result;
static struct verify_finding first;

static void unpack_journal(int format)
{
	char archive[64];
	fixture_setup();
	snprintf(archive, sizeof archive, "tests/unit/data/journal-format-%d.tar.gz", format);
	snprintf(key_path, sizeof key_path, "%s/key", fixture_folder);
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		execlp("tar", "tar", "xzf", archive, "-C", fixture_folder, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "cannot unpack %s", archive);
}

static void keep_finding(void *arg, const struct verify_finding *f)
{
	(void)arg;
	if (!first.what[0])
		first = *f;
}

static void verify_is_good(void)
{
	struct verify_options o = {.finding = keep_finding};
	first = (struct verify_finding){0};
	OK(journal_verify(fixture_folder, &o, &result, &diag));
	if (result.findings)
		ck_abort_msg("%s: %s %lld %s", first.file, first.table, (long long)first.id, first.what);
}

static int open_journal(struct journal **j)
{
	struct journal_options o = {.folder = fixture_folder, .file_rows = 1000, .key_file = key_path,
				    .keep_bodies_us = 1}; /* of which files of old formats know nothing */
	return journal_open(j, &o, &diag);
}

static unsigned count_files(void)
{
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	unsigned n = (unsigned)list.n;
	folder_list_free(&list);
	return n;
}

/* Every message, byte by byte, and what became of the first ones. */
static void read_everything(size_t want)
{
	struct fixture_rows *rows = calloc(1, sizeof *rows);
	struct journal_reader *r = fixture_reader();
	struct journal_query all = {.limit = 1000, .raw = true};
	struct journal_query delivered = {.limit = 1000, .status = JOURNAL_DELIVERED};
	struct journal_stats stats;
	int64_t position = 0;
	rows->check_raw = true;
	OK(journal_search(r, &all, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, want);
	rows->n = 0;
	rows->check_raw = false;
	OK(journal_search(r, &delivered, fixture_collect, rows, &diag));
	ck_assert_uint_gt(rows->n, 5);
	OK(journal_read_cursor(r, aff_view_of("monitors/ehr"), &position, &diag));
	ck_assert_int_gt(position, 0);
	OK(journal_read_stats(r, &stats, &diag));
	ck_assert_uint_eq(stats.messages, want);
	ck_assert_uint_eq(stats.nledgers, 1);
	const struct journal_ledger *l = &stats.ledgers[0];
	ck_assert_uint_eq(l->received, l->delivered + l->filtered + l->pending);
	ck_assert_uint_ge(l->pending, 4);
	journal_stats_free(&stats);
	journal_reader_close(r);
	free(rows);
}

/* The engine goes on with it: in a log file of its own. */
static void go_on(int format)
{
	struct journal *j;
	struct journal_packer *p;
	OK(open_journal(&j));
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	ck_assert_uint_eq(count_files(), FILES + 1);
	OK(journal_begin(j, &diag));
	fixture_add(j, p, "monitors", MESSAGES, journal_head(j) + 1);
	OK(journal_commit(j, &diag));
	sealer_drain(&j->sealer);
	journal_packer_free(p);
	journal_close(j);
	read_everything(MESSAGES + 1);
	verify_is_good();
	ck_assert_uint_eq(result.files, FILES + 1);
	ck_assert_uint_eq(result.unchained, format == 1 ? FILES : 0);
	ck_assert_uint_eq(result.rows[LINK_MESSAGE], format == 1 ? 1 : MESSAGES + 1);
	ck_assert_int_eq(result.signed_link, result.last_link);
}

START_TEST(what_an_earlier_version_wrote_is_refused_until_it_is_upgraded)
{
	struct journal_reader *r = NULL;
	struct verify_options o = {.finding = keep_finding};
	unsigned changed;
	unpack_journal(_i);
	OK(journal_reader_open(&r, fixture_folder, &diag));
	struct journal_stats stats;
	ck_assert_int_eq(journal_read_stats(r, &stats, &diag), AFF_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(diag.hint, "afferent journal upgrade"));
	journal_reader_close(r);
	OK(journal_verify(fixture_folder, &o, &result, &diag));
	ck_assert_uint_eq(result.findings, FILES);

	OK(journal_upgrade(fixture_folder, &changed, &diag));
	ck_assert_uint_eq(changed, FILES);
	ck_assert_uint_eq(count_files(), FILES);
	read_everything(MESSAGES);
	if (_i == 2) {
		verify_is_good();
		ck_assert_uint_eq(result.rows[LINK_MESSAGE], MESSAGES);
		ck_assert_uint_gt(result.rows[LINK_ACTION], 0);
		ck_assert_int_gt(result.signed_link, 0);
	}
	OK(journal_upgrade(fixture_folder, &changed, &diag));
	ck_assert_uint_eq(changed, 0);
	go_on(_i);
	fixture_teardown();
}
END_TEST

START_TEST(the_engine_brings_it_up_to_date_by_itself)
{
	unpack_journal(_i);
	go_on(_i);
	fixture_teardown();
}
END_TEST

/* The n-th write, sync or mapping fails, for every n: what is left is upgraded at the next try, whole. */
START_TEST(an_upgrade_that_failed_goes_on)
{
	static const int results[VFS_OPERATIONS] = {SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMMAP};
	enum vfs_operation operation = (enum vfs_operation)_i;
	unsigned changed = 0, failures = 0;
	for (int64_t n = 1;; n++) {
		unpack_journal(2);
		vfs_plan(operation, n, n % 2, results[operation]);
		int rc = journal_upgrade(fixture_folder, &changed, &diag);
		vfs_plan(operation, 0, false, 0);
		failures += rc != 0;
		if (rc)
			OK(journal_upgrade(fixture_folder, &changed, &diag));
		verify_is_good();
		read_everything(MESSAGES);
		fixture_teardown();
		if (!rc)
			break;
	}
	ck_assert_uint_gt(failures, operation == VFS_MAP ? 0 : 5);
}
END_TEST

static void run_sql(const char *sql)
{
	char path[PATH_MAX];
	sqlite3 *db;
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	OK(folder_path(path, sizeof path, fixture_folder, list.first[FILES - 1], "", &diag));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	folder_list_free(&list);
}

/* A backup may share log files with the journal. */
START_TEST(what_is_linked_elsewhere_stays_as_it_is)
{
	char path[PATH_MAX], elsewhere[96];
	struct file_list list = {0};
	unsigned changed;
	int64_t version = 0;
	sqlite3 *db;
	unpack_journal(2);
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", fixture_folder);
	OK(folder_list(fixture_folder, &list, &diag));
	OK(folder_path(path, sizeof path, fixture_folder, list.first[0], "", &diag));
	ck_assert_int_eq(link(path, elsewhere), 0);
	OK(journal_upgrade(fixture_folder, &changed, &diag));
	ck_assert_uint_eq(changed, FILES);
	verify_is_good();
	ck_assert_int_eq(sqlite3_open(elsewhere, &db), SQLITE_OK);
	OK(sql_integer(db, "PRAGMA user_version", &version, &diag));
	ck_assert_int_eq(version, 2);
	sqlite3_close(db);
	folder_list_free(&list);
	fixture_teardown();
}
END_TEST

START_TEST(what_a_newer_version_wrote_is_refused)
{
	struct journal *j;
	unsigned changed;
	unpack_journal(2);
	run_sql("PRAGMA user_version = 1000");
	ck_assert_int_eq(open_journal(&j), AFF_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(diag.text, "has format 1000"));
	ck_assert_ptr_nonnull(strstr(diag.hint, "newer version of afferent"));
	ck_assert_int_eq(journal_upgrade(fixture_folder, &changed, &diag), AFF_ECORRUPT);
	fixture_teardown();
}
END_TEST

START_TEST(a_journal_in_use_is_not_upgraded)
{
	struct journal *j;
	unsigned changed;
	unpack_journal(2);
	OK(open_journal(&j));
	ck_assert_int_eq(journal_upgrade(fixture_folder, &changed, &diag), AFF_EBUSY);
	journal_close(j);
	OK(journal_upgrade(fixture_folder, &changed, &diag));
	fixture_empty();
	ck_assert_int_eq(journal_upgrade(fixture_folder, &changed, &diag), AFF_ENOTFOUND);
	fixture_teardown();
}
END_TEST

static TCase *migration(void)
{
	TCase *c = tcase_create("migration");
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, what_an_earlier_version_wrote_is_refused_until_it_is_upgraded, 1, 3);
	tcase_add_loop_test(c, the_engine_brings_it_up_to_date_by_itself, 1, 3);
	tcase_add_loop_test(c, an_upgrade_that_failed_goes_on, 0, VFS_OPERATIONS);
	tcase_add_test(c, what_is_linked_elsewhere_stays_as_it_is);
	tcase_add_test(c, what_a_newer_version_wrote_is_refused);
	tcase_add_test(c, a_journal_in_use_is_not_upgraded);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {migration};
	return fixture_run(cases, 1, "journal: formats of earlier versions");
}
