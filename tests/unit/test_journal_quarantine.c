/* SPDX-License-Identifier: Apache-2.0
 *
 * A newest log file that a crash has left damaged: the start finds it, and halts or sets the file aside.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "journal/folder.h"
#include "journal/verify.h"
#include "journal_fixture.h"
#include "sys/file.h"

#define T0     1700000000000000
#define BEFORE 12 /* messages in the sealed file */
#define BEHIND 20 /* in the open one, most of them behind its newest checkpoint */

static struct verify_result result;
static char found[400];

static int open_with(struct journal **j, bool quarantine)
{
	const struct journal_options o = {.folder = fixture_folder, .file_rows = BEFORE, .quarantine = quarantine};
	diag = (struct aff_diag){0};
	return journal_open(j, &o, &diag);
}

static void add(struct journal *j, struct journal_packer *p, unsigned n)
{
	OK(journal_begin(j, &diag));
	int64_t id = fixture_add(j, p, "monitors", n, T0 + n * 1000);
	if (n % 4 == 0)
		fixture_outcome(j, id, "monitors/ehr", JOURNAL_DELIVERED);
	OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), id, &diag));
	OK(journal_commit(j, &diag));
}

/* A process that ends without closing its journal. */
static void crash(void)
{
	pid_t child = fork();
	if (child == 0) {
		struct journal *j = NULL;
		struct journal_packer *p;
		const struct journal_options o = {.folder = fixture_folder, .file_rows = BEFORE};
		if (journal_open(&j, &o, NULL) || journal_packer_new(&p, j))
			_exit(1);
		for (unsigned n = 0; n < BEFORE; n++)
			add(j, p, n);
		j->file_rows = 1000;
		sealer_drain(&j->sealer);
		add(j, p, BEFORE);
		j->file_rows = BEFORE; /* the next file, which is signed where it begins */
		add(j, p, BEFORE + 1);
		j->file_rows = 1000;
		for (unsigned n = BEFORE + 2; n < BEFORE + BEHIND; n++)
			add(j, p, n);
		sealer_drain(&j->sealer);
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

static int64_t newest_path(char path[PATH_MAX])
{
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	ck_assert_uint_ge(list.n, 1);
	int64_t first = list.first[list.n - 1];
	OK(folder_path(path, PATH_MAX, fixture_folder, first, "", &diag));
	folder_list_free(&list);
	return first;
}

static int64_t spoil(const char *sql)
{
	char path[PATH_MAX], *message = NULL;
	sqlite3 *db;
	int64_t first = newest_path(path);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		ck_abort_msg("%s: %s", sql, message);
	sqlite3_close(db);
	return first;
}

static void overwrite(size_t from, size_t n)
{
	char path[PATH_MAX], garbage[256];
	memset(garbage, 'x', sizeof garbage);
	newest_path(path);
	int fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	for (size_t at = 0; at < n; at += sizeof garbage)
		ck_assert_int_eq(pwrite(fd, garbage, sizeof garbage, (off_t)(from + at)), sizeof garbage);
	close(fd);
}

static void keep_findings(void *arg, const struct verify_finding *f)
{
	(void)arg;
	size_t n = strlen(found);
	snprintf(found + n, sizeof found - n, "%s %s;", f->table, f->what);
}

static uint64_t verify(void)
{
	const struct verify_options o = {.finding = keep_findings};
	found[0] = '\0';
	OK(journal_verify(fixture_folder, &o, &result, &diag));
	return result.findings;
}

static int take_kind(void *arg, const struct journal_action *a)
{
	ck_assert_uint_lt(a->kind.n, 40);
	memcpy(arg, a->kind.p, a->kind.n);
	return 1;
}

static bool is_aside(int64_t first)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/damaged-%016lld.db", fixture_folder, (long long)first);
	return access(path, F_OK) == 0;
}

/* The journal goes on: new messages, the cursor, the action. */
static void goes_on(int64_t damaged, int64_t least_cursor)
{
	struct journal *j = NULL;
	struct journal_packer *p;
	char kind[40] = "";
	int64_t position = 0;
	ck_assert(is_aside(damaged));
	OK(open_with(&j, true)); /* once more: nothing is set aside twice */
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	OK(journal_begin(j, &diag));
	int64_t id = fixture_add(j, p, "monitors", 900, T0);
	OK(journal_commit(j, &diag));
	ck_assert_int_gt(id, damaged);
	journal_packer_free(p);
	journal_close(j);
	struct journal_reader *r = fixture_reader();
	OK(journal_read_actions(r, INT64_MAX, 1, take_kind, kind, &diag));
	ck_assert_str_eq(kind, "quarantine");
	if (least_cursor)
		OK(journal_read_cursor(r, aff_view_of("monitors/ehr"), &position, &diag));
	ck_assert_int_ge(position, least_cursor);
	journal_reader_close(r);
}

START_TEST(a_crash_leaves_nothing_to_complain_of)
{
	struct journal *j = NULL;
	crash();
	OK(open_with(&j, false));
	journal_close(j);
	ck_assert_uint_eq(verify(), 0);
}
END_TEST

START_TEST(a_row_that_was_damaged_behind_the_last_checkpoint_stops_the_start)
{
	static const char *const damages[] = {
		"UPDATE message SET control_id = 'C0' WHERE id = (SELECT max(id) FROM message)",
		"UPDATE message SET body = substr(body, 1, length(body) - 1) WHERE id = (SELECT max(id) FROM message)",
		"DELETE FROM message WHERE id = (SELECT max(id) FROM message)",
		"DELETE FROM outcome WHERE id = (SELECT max(id) FROM outcome)",
		"UPDATE link SET messages = messages + 1 WHERE id = (SELECT max(id) FROM link)",
		"DELETE FROM link WHERE id = (SELECT max(id) - 3 FROM link)",
	};
	struct journal *j = NULL;
	crash();
	int64_t damaged = spoil(damages[_i]);
	ck_assert_int_eq(open_with(&j, false), AFF_ECORRUPT);
	ck_assert_ptr_null(j);
	ck_assert_ptr_nonnull(strstr(diag.text, "log-"));
	OK(open_with(&j, true));
	journal_close(j);
	goes_on(damaged, T0 + (BEFORE + BEHIND - 1) * 1000);
	/* The new file goes on where the damaged one ends, so only its own links are missing. */
	ck_assert_uint_eq(verify(), 1);
	ck_assert_ptr_nonnull(strstr(found, "a log file before this one is missing"));
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_set_aside_for_the_one_before)
{
	struct journal *j = NULL;
	char path[PATH_MAX];
	crash();
	int64_t damaged = newest_path(path);
	spoil("PRAGMA wal_checkpoint(TRUNCATE)");
	overwrite(0, 4096);
	ck_assert_int_eq(open_with(&j, false), AFF_ECORRUPT);
	OK(open_with(&j, true));
	journal_close(j);
	goes_on(damaged, T0 + (BEFORE - 1) * 1000);
	/* The chain goes on from the file before: only a checkpoint outside could tell more. */
	ck_assert_uint_eq(verify(), 0);
}
END_TEST

START_TEST(a_journal_of_one_file_begins_anew)
{
	struct journal *j = NULL;
	OK(open_with(&j, false));
	journal_close(j);
	int64_t damaged = spoil("SELECT 1");
	overwrite(0, 4096);
	ck_assert_int_eq(open_with(&j, false), AFF_ECORRUPT);
	OK(open_with(&j, true));
	journal_close(j);
	goes_on(damaged, 0);
}
END_TEST

START_TEST(a_crash_after_setting_aside_is_no_reason_to_go_back)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	struct journal *j = NULL;
	char from[PATH_MAX], to[PATH_MAX + 32];
	crash();
	int64_t damaged = newest_path(from);
	size_t n = strlen(from);
	for (size_t i = 0; i < 3; i++) {
		snprintf(from + n, sizeof from - n, "%s", parts[i]);
		snprintf(to, sizeof to, "%s/damaged-%016lld.db%s", fixture_folder, (long long)damaged, parts[i]);
		rename(from, to);
	}
	OK(open_with(&j, false));
	journal_close(j);
	goes_on(damaged, T0 + (BEFORE + BEHIND - 1) * 1000);
}
END_TEST

static TCase *quarantine(void)
{
	TCase *c = tcase_create("quarantine");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
	tcase_add_test(c, a_crash_leaves_nothing_to_complain_of);
	tcase_add_loop_test(c, a_row_that_was_damaged_behind_the_last_checkpoint_stops_the_start, 0, 6);
	tcase_add_test(c, a_file_that_cannot_be_opened_is_set_aside_for_the_one_before);
	tcase_add_test(c, a_journal_of_one_file_begins_anew);
	tcase_add_test(c, a_crash_after_setting_aside_is_no_reason_to_go_back);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {quarantine};
	return fixture_run(cases, 1, "journal: a damaged end");
}
