/* SPDX-License-Identifier: Apache-2.0
 *
 * Failing disks. A small run of the journal is done again and again; each time another of its writes or syncs fails.
 * Whatever was committed with 0 must be there afterwards, and an error other than a full disk must be the last word.
 */
#include "journal_fixture.h"

#include "sys/log.h"

#define T0 1700000000000000
#define COMMITS 24
#define PER_COMMIT 3

static struct fixture_rows *rows;
static int64_t committed[COMMITS * PER_COMMIT];
static size_t n_committed;

static void setup(void)
{
	fixture_setup();
	rows = calloc(1, sizeof *rows);
}

static void teardown(void)
{
	vfs_plan(VFS_WRITE, 0, false, SQLITE_OK);
	vfs_plan(VFS_SYNC, 0, false, SQLITE_OK);
	vfs_plan(VFS_MAP, 0, false, SQLITE_OK);
	free(rows);
	fixture_teardown();
}

/* One transaction; its messages count as committed when everything returned 0. */
static int commit_some(struct journal *j, struct journal_packer *p, unsigned from)
{
	int64_t ids[PER_COMMIT];
	int rc = journal_begin(j, &diag);
	for (unsigned i = 0; i < PER_COMMIT && !rc; i++) {
		char raw[2048];
		struct aff_buf body;
		aff_buf_init(&body, 4096);
		struct journal_message m = {.received_us = T0 + from + i, .channel = aff_view_of("monitors"),
		                            .control_id = aff_view_of("C1"), .verdict = JOURNAL_ACCEPTED};
		struct aff_view text = fixture_raw(raw, sizeof raw, 1);
		m.length = (uint32_t)text.n;
		ck_assert_int_eq(journal_pack(p, aff_view_of("monitors"), text, &body, &m.dictionary), 0);
		m.body = aff_buf_view(&body);
		rc = journal_add_message(j, &m, &diag);
		ids[i] = m.id;
		aff_buf_free(&body);
	}
	if (!rc)
		rc = journal_set_cursor(j, aff_view_of("monitors/ehr"), ids[0], &diag);
	if (!rc)
		rc = journal_commit(j, &diag);
	for (unsigned i = 0; i < PER_COMMIT && !rc; i++)
		committed[n_committed++] = ids[i];
	return rc;
}

/* The run: files of 30 rows, so that log files are begun and sealed on the way. Returns the first error. */
static int run(bool go_on_when_full)
{
	struct journal *j = NULL;
	struct journal_packer *p = NULL;
	struct journal_options o = {.folder = fixture_folder, .file_rows = 30};
	n_committed = 0;
	int first = journal_open(&j, &o, &diag);
	if (first)
		return first;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	for (unsigned i = 0; i < COMMITS; i++) {
		int rc = commit_some(j, p, i * PER_COMMIT);
		if (rc && !first)
			first = rc;
		if (rc == AFF_EFULL && go_on_when_full)
			continue;
		if (first && first != AFF_EFULL) /* an error other than a full disk is final */
			ck_assert_int_eq(rc, first);
		if (i == 12)
			sealer_drain(&j->sealer);
	}
	sealer_drain(&j->sealer);
	journal_packer_free(p);
	journal_close(j);
	return first;
}

/* Everything that was committed is there, in order; more may be there: rows whose commit failed after they were
 * written. */
static void check_committed(const char *what)
{
	vfs_plan(VFS_WRITE, 0, false, SQLITE_OK);
	vfs_plan(VFS_SYNC, 0, false, SQLITE_OK);
	vfs_plan(VFS_MAP, 0, false, SQLITE_OK);
	struct journal *j = fixture_open(30);
	sealer_drain(&j->sealer);
	rows->n = 0;
	rows->check_raw = true;
	struct journal_reader *r = fixture_reader();
	OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	size_t at = 0;
	for (size_t i = 0; i < n_committed; i++) {
		while (at < rows->n && rows->id[at] < committed[i])
			at++;
		ck_assert_msg(at < rows->n && rows->id[at] == committed[i], "%s: message %zu of %zu is lost", what, i,
		              n_committed);
	}
	for (size_t i = 0; i < r->list.n; i++) {
		struct reader_file *f;
		OK(reader_file(r, i, &f, &diag));
		sqlite3_stmt *s = NULL;
		OK(sql_prepare(f->db, "PRAGMA integrity_check", &s, &diag));
		ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
		ck_assert_msg(aff_view_is(sql_text(s, 0), "ok"), "%s: %s", what,
		              (const char *)sqlite3_column_text(s, 0));
		sqlite3_finalize(s);
	}
	journal_reader_close(r);
	journal_close(j);
}

/* Returns how many of the runs met their fault. Ends when a run does not reach it any more. */
static unsigned fail_each(enum vfs_operation operation, bool lasting, int result, int expected)
{
	unsigned failed = 0, clean = 0;
	for (int64_t n = 1; clean < 3; n++) {
		char what[80];
		snprintf(what, sizeof what, "%s %lld", operation == VFS_SYNC ? "sync" : "write", (long long)n);
		fixture_empty();
		vfs_plan(operation, n, lasting, result);
		int rc = run(false);
		ck_assert_msg(rc == 0 || rc == expected, "%s: %s", what, aff_error_name(rc));
		failed += rc != 0;
		clean = rc ? 0 : clean + 1; /* the last faults may fall into the sealer or the closing */
		check_committed(what);
	}
	return failed;
}

START_TEST(each_failing_sync_is_final)
{
	ck_assert_uint_ge(fail_each(VFS_SYNC, false, SQLITE_IOERR_FSYNC, AFF_EIO), COMMITS);
}
END_TEST

START_TEST(each_failing_write_is_final)
{
	ck_assert_uint_ge(fail_each(VFS_WRITE, false, SQLITE_IOERR_WRITE, AFF_EIO), COMMITS);
}
END_TEST

START_TEST(each_lasting_failure_is_final)
{
	ck_assert_uint_ge(fail_each(VFS_SYNC, true, SQLITE_IOERR_FSYNC, AFF_EIO), COMMITS);
}
END_TEST

START_TEST(a_disk_that_fills_up_is_survived)
{
	unsigned failed = 0;
	for (int64_t n = 1; n < 200; n++) {
		char what[80];
		snprintf(what, sizeof what, "full at write %lld", (long long)n);
		fixture_empty();
		vfs_plan(VFS_WRITE, n, false, SQLITE_FULL);
		int rc = run(true);
		ck_assert_msg(rc == 0 || rc == AFF_EFULL, "%s: %s", what, aff_error_name(rc));
		failed += rc != 0;
		/* All but the transaction that met the full disk, or none when it was met in opening. */
		ck_assert_uint_ge(n_committed + PER_COMMIT, n_committed ? COMMITS * PER_COMMIT : 0);
		check_committed(what);
	}
	ck_assert_uint_ge(failed, COMMITS);
}
END_TEST

/* SQLite's shared memory is a file too, and the first thing that an opened log file needs. */
START_TEST(a_disk_that_is_full_when_a_log_file_begins_is_survived)
{
	unsigned failed = 0;
	for (int64_t n = 1; n < 20; n++) {
		char what[80];
		snprintf(what, sizeof what, "full at mapping %lld", (long long)n);
		fixture_empty();
		vfs_plan(VFS_MAP, n, false, SQLITE_FULL);
		int rc = run(true);
		ck_assert_msg(rc == 0 || rc == AFF_EFULL, "%s: %s", what, aff_error_name(rc));
		failed += rc != 0;
		ck_assert_uint_ge(n_committed + PER_COMMIT, n_committed ? COMMITS * PER_COMMIT : 0);
		check_committed(what);
	}
	ck_assert_uint_ge(failed, 4);
}
END_TEST

START_TEST(a_full_disk_refuses_until_there_is_room)
{
	struct journal *j = fixture_open(30);
	struct journal_packer *p;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	n_committed = 0;
	ck_assert_int_eq(commit_some(j, p, 0), 0);
	vfs_plan(VFS_WRITE, 1, true, SQLITE_FULL);
	for (unsigned i = 1; i < 5; i++)
		ck_assert_int_eq(commit_some(j, p, 10 * i), AFF_EFULL);
	vfs_plan(VFS_WRITE, 0, false, SQLITE_OK);
	ck_assert_int_eq(commit_some(j, p, 100), 0);
	ck_assert_uint_eq(n_committed, 2 * PER_COMMIT);
	journal_packer_free(p);
	journal_close(j);
	check_committed("room again");
	ck_assert_uint_eq(rows->n, 2 * PER_COMMIT);
}
END_TEST

static bool has_reserve(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/reserve", fixture_folder);
	return access(path, F_OK) == 0;
}

static struct journal *open_with_reserve(uint64_t bytes)
{
	struct journal *j;
	struct journal_options o = {.folder = fixture_folder, .file_rows = 30, .reserve_bytes = bytes};
	OK(journal_open(&j, &o, &diag));
	return j;
}

static int commit_outcome(struct journal *j)
{
	int rc = journal_begin(j, &diag);
	if (!rc) {
		fixture_outcome(j, T0, "monitors/ehr", JOURNAL_DELIVERED);
		rc = journal_commit(j, &diag);
	}
	return rc;
}

START_TEST(the_reserve_goes_with_the_space_and_comes_back_with_it)
{
	struct journal *j = open_with_reserve(1 << 20);
	struct journal_packer *p;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	n_committed = 0;
	ck_assert(has_reserve());
	vfs_plan(VFS_WRITE, 1, false, SQLITE_FULL);
	ck_assert_int_eq(commit_some(j, p, 0), AFF_EFULL);
	ck_assert(journal_is_full(j));
	ck_assert(!has_reserve());
	ck_assert_int_eq(commit_some(j, p, 10), 0);
	ck_assert(!journal_is_full(j));
	ck_assert(has_reserve());
	journal_packer_free(p);
	journal_close(j);
	j = open_with_reserve(0); /* not wanted any more */
	ck_assert(!has_reserve());
	journal_close(j);
}
END_TEST

START_TEST(outcomes_are_taken_where_messages_are_not)
{
	struct journal *j = open_with_reserve(UINT64_C(1) << 60); /* a disk that is never as large */
	struct journal_packer *p;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	n_committed = 0;
	ck_assert_int_eq(commit_some(j, p, 0), 0); /* no reserve, but room */
	vfs_plan(VFS_WRITE, 1, false, SQLITE_FULL);
	ck_assert_int_eq(commit_outcome(j), AFF_EFULL);
	j->file.rows = 30; /* the next log file is due: it has to wait */
	for (unsigned i = 1; i < 4; i++) {
		ck_assert_int_eq(commit_some(j, p, 10 * i), AFF_EFULL);
		ck_assert_int_eq(commit_outcome(j), 0);
		ck_assert_int_eq(journal_tend(j, &diag), 0);
		ck_assert(journal_is_full(j));
	}
	int64_t first = j->file.first;
	j->reserve.size = 1 << 20;
	j->reserve.tried_us = 0;
	ck_assert_int_eq(journal_tend(j, &diag), 0); /* no message is needed to notice */
	ck_assert(!journal_is_full(j));
	ck_assert_int_eq(commit_some(j, p, 100), 0);
	ck_assert_int_gt(j->file.first, first);
	journal_packer_free(p);
	journal_close(j);
	check_committed("room again");
}
END_TEST

/* SQLite itself does not tell: the commit has succeeded when its automatic checkpoint fails. */
START_TEST(a_failing_checkpoint_is_noticed)
{
	struct journal *j = fixture_open(0);
	struct journal_packer *p;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	n_committed = 0;
	int rc = 0;
	OK(sql_exec(j->file.db, "PRAGMA wal_autocheckpoint = 40", &diag));
	unsigned long long syncs = 0;
	for (unsigned i = 0; i < 100 && !rc; i++) {
		unsigned long long before = atomic_load(&j->vfs.syncs);
		/* A commit syncs once; a second sync is the checkpoint's. */
		vfs_plan(VFS_SYNC, 2, false, SQLITE_IOERR_FSYNC);
		rc = commit_some(j, p, i * 10);
		syncs = atomic_load(&j->vfs.syncs) - before;
	}
	ck_assert_int_eq(rc, AFF_EIO);
	ck_assert_uint_ge(syncs, 2);
	ck_assert_int_eq(journal_begin(j, &diag), AFF_EIO);
	journal_packer_free(p);
	journal_close(j);
	check_committed("checkpoint");
}
END_TEST

START_TEST(each_commit_is_synced)
{
	struct journal *j = fixture_open(0);
	struct journal_packer *p;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	n_committed = 0;
	for (unsigned i = 0; i < 10; i++) {
		unsigned long long before = atomic_load(&j->vfs.syncs);
		ck_assert_int_eq(commit_some(j, p, i * 10), 0);
		ck_assert_uint_ge(atomic_load(&j->vfs.syncs) - before, 1);
	}
	journal_packer_free(p);
	journal_close(j);
}
END_TEST

static TCase *cases(void)
{
	TCase *c = tcase_create("faults");
	tcase_set_timeout(c, 300);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, each_failing_sync_is_final);
	tcase_add_test(c, each_failing_write_is_final);
	tcase_add_test(c, each_lasting_failure_is_final);
	tcase_add_test(c, a_disk_that_fills_up_is_survived);
	tcase_add_test(c, a_disk_that_is_full_when_a_log_file_begins_is_survived);
	tcase_add_test(c, a_full_disk_refuses_until_there_is_room);
	tcase_add_test(c, the_reserve_goes_with_the_space_and_comes_back_with_it);
	tcase_add_test(c, outcomes_are_taken_where_messages_are_not);
	tcase_add_test(c, a_failing_checkpoint_is_noticed);
	tcase_add_test(c, each_commit_is_synced);
	return c;
}

int main(void)
{
	log_setup(LOG_LEVEL_ERROR, false);
	TCase *(*all[])(void) = {cases};
	return fixture_run(all, 1, "journal: failing disks");
}
