/* SPDX-License-Identifier: Apache-2.0
 *
 * Retention: which log files go, when, what stays right afterwards; and log files that end at midnight or are sealed
 * late.
 */
#include "journal_fixture.h"

#include "sys/log.h"

#define T0   1700000000000000
#define DAY  86400000000
#define FILE_ROWS 10

static struct journal *j;
static struct journal_packer *packer;
static struct fixture_rows *rows;
static _Atomic int64_t now;

static int64_t tell_now(void)
{
	return atomic_load(&now);
}

static void open_with(const struct journal_options *rules)
{
	struct journal_options o = *rules;
	o.folder = fixture_folder;
	o.now_us = tell_now;
	if (!o.file_rows)
		o.file_rows = FILE_ROWS;
	OK(journal_open(&j, &o, &diag));
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

static void close_all(void)
{
	journal_packer_free(packer);
	journal_close(j);
	j = NULL;
}

static void setup(void)
{
	fixture_setup();
	rows = calloc(1, sizeof *rows);
	atomic_store(&now, T0);
}

static void teardown(void)
{
	if (j)
		close_all();
	vfs_plan(VFS_WRITE, 0, false, SQLITE_OK);
	free(rows);
	fixture_teardown();
}

/* One message a transaction, a second apart; the clock stands at the last one. */
static void add(unsigned from, unsigned to, int64_t *ids)
{
	for (unsigned i = from; i < to; i++) {
		atomic_store(&now, T0 + (int64_t)i * 1000000);
		OK(journal_begin(j, &diag));
		ids[i] = fixture_add(j, packer, "monitors", i, tell_now());
		OK(journal_commit(j, &diag));
	}
}

static void set_cursor(const char *destination, int64_t position)
{
	OK(journal_begin(j, &diag));
	OK(journal_set_cursor(j, aff_view_of(destination), position, &diag));
	OK(journal_commit(j, &diag));
}

static void deliver(const char *destination, const int64_t *ids, unsigned from, unsigned to)
{
	OK(journal_begin(j, &diag));
	for (unsigned i = from; i < to; i++)
		fixture_outcome(j, ids[i], destination, i % 10 == 3 ? JOURNAL_FILTERED : JOURNAL_DELIVERED);
	OK(journal_set_cursor(j, aff_view_of(destination), ids[to - 1], &diag));
	OK(journal_commit(j, &diag));
}

/* Everything retention wants, file by file. */
static void settle(void)
{
	for (int i = 0; i < 20; i++) {
		sealer_drain(&j->sealer);
		sealer_look(&j->sealer);
		sealer_drain(&j->sealer);
		OK(journal_tend(j, &diag));
	}
}

static size_t files(void)
{
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	size_t n = list.n;
	folder_list_free(&list);
	return n;
}

static size_t entries(const char *part)
{
	DIR *d = opendir(fixture_folder);
	const struct dirent *entry;
	size_t n = 0;
	while (d && (entry = readdir(d)))
		n += strstr(entry->d_name, part) != NULL;
	closedir(d);
	return n;
}

static void check_ledger(uint64_t received, uint64_t delivered, uint64_t filtered, uint64_t pending, uint64_t removed)
{
	struct journal_stats stats;
	struct journal_reader *r = fixture_reader();
	OK(journal_read_stats(r, &stats, &diag));
	ck_assert_uint_eq(stats.nledgers, 1);
	ck_assert_uint_eq(stats.ledgers[0].received, received);
	ck_assert_uint_eq(stats.ledgers[0].delivered, delivered);
	ck_assert_uint_eq(stats.ledgers[0].filtered, filtered);
	ck_assert_uint_eq(stats.ledgers[0].pending, pending);
	ck_assert_uint_eq(received, delivered + filtered + pending);
	ck_assert_uint_eq(stats.removed_messages, removed);
	journal_stats_free(&stats);
	journal_reader_close(r);
}

static void check_left(const int64_t *ids, unsigned from, unsigned to)
{
	struct journal_reader *r = fixture_reader();
	rows->n = 0;
	rows->check_raw = true;
	OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, to - from);
	for (unsigned i = from; i < to; i++)
		ck_assert_int_eq(rows->id[i - from], ids[i]);
	journal_reader_close(r);
}

START_TEST(nothing_goes_by_itself)
{
	int64_t ids[45];
	open_with(&(struct journal_options){0});
	set_cursor("monitors/ehr", 0);
	add(0, 45, ids);
	deliver("monitors/ehr", ids, 0, 45);
	atomic_store(&now, T0 + 1000 * DAY);
	settle();
	ck_assert_uint_eq(files(), 5);
	check_left(ids, 0, 45);
}
END_TEST

START_TEST(old_files_go_and_the_ledger_stays)
{
	int64_t ids[60];
	open_with(&(struct journal_options){.keep_us = 25 * 1000000});
	set_cursor("monitors/ehr", 0);
	add(0, 45, ids);
	deliver("monitors/ehr", ids, 0, 42);
	settle();
	/* At second 44 the first file ended 34 seconds ago; the second one 24. */
	ck_assert_uint_eq(files(), 4);
	check_left(ids, 10, 45);
	check_ledger(45, 38, 4, 3, 10);
	atomic_store(&now, T0 + 60 * 1000000);
	settle();
	ck_assert_uint_eq(files(), 2);
	check_left(ids, 30, 45);
	check_ledger(45, 38, 4, 3, 30);
	/* The sums move on with each log file, and survive the end. */
	close_all();
	open_with(&(struct journal_options){0});
	add(45, 60, ids);
	deliver("monitors/ehr", ids, 42, 58);
	check_ledger(60, 52, 6, 2, 30);
	struct journal_retention state;
	journal_retention(j, &state);
	ck_assert_uint_eq(state.removed_files, 0);
}
END_TEST

START_TEST(what_a_cursor_needs_stays)
{
	int64_t ids[45];
	struct journal_retention state;
	open_with(&(struct journal_options){.keep_bytes = 1});
	set_cursor("monitors/ehr", 0);
	add(0, 45, ids);
	settle();
	ck_assert_uint_eq(files(), 5);
	journal_retention(j, &state);
	ck_assert_uint_eq(state.due, 4);
	ck_assert_str_eq(state.held_by, "monitors/ehr");
	check_left(ids, 0, 45);
	/* One message of the second file is still pending. */
	deliver("monitors/ehr", ids, 0, 19);
	settle();
	ck_assert_uint_eq(files(), 4);
	check_left(ids, 10, 45);
	check_ledger(45, 17, 2, 26, 10);
	deliver("monitors/ehr", ids, 19, 45);
	settle();
	ck_assert_uint_eq(files(), 1);
	journal_retention(j, &state);
	ck_assert_str_eq(state.held_by, "");
	ck_assert_uint_eq(state.due, 0);
	ck_assert_uint_eq(state.removed_files, 4);
	ck_assert_uint_gt(state.removed_bytes, 0);
	check_ledger(45, 40, 5, 0, 40);
}
END_TEST

static void check_dead(uint64_t delivered, uint64_t dead, uint64_t discarded)
{
	struct journal_stats stats;
	struct journal_reader *r = fixture_reader();
	OK(journal_read_stats(r, &stats, &diag));
	const struct journal_ledger *l = &stats.ledgers[0];
	ck_assert_uint_eq(l->received, 45);
	ck_assert_uint_eq(l->delivered, delivered);
	ck_assert_uint_eq(l->dead, dead);
	ck_assert_uint_eq(l->discarded, discarded);
	ck_assert_uint_eq(l->received, l->delivered + l->filtered + l->merged + l->dead + l->pending);
	journal_stats_free(&stats);
	journal_reader_close(r);
}

/* A log file may hold more ends of dead letters than dead letters: what is carried on of it is negative. */
START_TEST(dead_letters_that_are_none_any_more_stay_counted)
{
	int64_t ids[45];
	open_with(&(struct journal_options){0});
	set_cursor("monitors/ehr", 0);
	add(0, 12, ids);
	OK(journal_begin(j, &diag));
	for (unsigned i = 0; i < 12; i++)
		fixture_outcome(j, ids[i], "monitors/ehr", JOURNAL_DEAD);
	OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), ids[11], &diag));
	OK(journal_commit(j, &diag));
	add(12, 45, ids);
	deliver("monitors/ehr", ids, 12, 45);
	check_dead(29, 12, 0);
	OK(journal_begin(j, &diag));
	for (unsigned i = 0; i < 12; i++) /* the fifth file: the messages are in the first two */
		fixture_outcome_instead(j, ids[i], "monitors/ehr", i < 9 ? JOURNAL_DELIVERED : JOURNAL_DISCARDED,
					JOURNAL_DEAD);
	OK(journal_commit(j, &diag));
	check_dead(38, 3, 3);
	sealer_drain(&j->sealer);
	check_dead(38, 3, 3);
	close_all();
	open_with(&(struct journal_options){.keep_bytes = 1});
	settle();
	ck_assert_uint_eq(files(), 1);
	check_dead(38, 3, 3);
}
END_TEST

START_TEST(messages_of_every_verdict_stay_counted)
{
	struct journal_stats before, after;
	open_with(&(struct journal_options){0});
	for (unsigned i = 0; i < 24; i++) {
		struct journal_message m = {.received_us = T0 + i,
		                            .channel = aff_view_of("monitors"),
		                            .verdict = (enum journal_verdict)(JOURNAL_ACCEPTED + i % 4),
					    .error = i % 8 == 4 ? AFF_EIDREUSE : 0,
		                            .length = i};
		OK(journal_begin(j, &diag));
		OK(journal_add_message(j, &m, &diag));
		OK(journal_commit(j, &diag));
	}
	sealer_drain(&j->sealer);
	struct journal_reader *r = fixture_reader();
	OK(journal_read_stats(r, &before, &diag));
	close_all();
	open_with(&(struct journal_options){.keep_bytes = 1});
	settle();
	ck_assert_uint_eq(files(), 1);
	OK(journal_read_stats(r, &after, &diag));
	ck_assert_uint_eq(after.removed_messages, 20);
	ck_assert_uint_eq(after.messages, before.messages);
	ck_assert_uint_eq(after.accepted, before.accepted);
	ck_assert_uint_eq(after.kept, before.kept);
	ck_assert_uint_eq(after.rejected, before.rejected);
	ck_assert_uint_eq(after.duplicates, before.duplicates);
	ck_assert_uint_eq(after.duplicates, 6);
	ck_assert_uint_eq(after.ids_reused, 3);
	ck_assert_uint_eq(before.ids_reused, 3);
	ck_assert_uint_eq(after.bytes_received, before.bytes_received);
	journal_stats_free(&before);
	journal_stats_free(&after);
	journal_reader_close(r);
}
END_TEST

/* The cursor of another channel says nothing about this one's messages. */
START_TEST(a_cursor_of_another_channel_holds_nothing)
{
	int64_t ids[25];
	open_with(&(struct journal_options){.keep_bytes = 1});
	set_cursor("alarms/phone", 0);
	add(0, 25, ids);
	settle();
	ck_assert_uint_eq(files(), 1);
}
END_TEST

START_TEST(a_forgotten_destination_holds_nothing)
{
	int64_t ids[45], position;
	struct journal_stats stats;
	open_with(&(struct journal_options){.keep_us = 25 * 1000000});
	set_cursor("monitors/ehr", 0);
	set_cursor("monitors/old", 0);
	add(0, 45, ids);
	deliver("monitors/ehr", ids, 0, 45);
	deliver("monitors/old", ids, 0, 12);
	settle();
	ck_assert_uint_eq(files(), 4); /* the first one: both were done with it */
	atomic_store(&now, T0 + 300 * 1000000);
	settle();
	ck_assert_uint_eq(files(), 4);
	ck_assert_int_eq(journal_forget(j, aff_view_of("monitors/other"), &diag), AFF_ENOTFOUND);
	OK(journal_forget(j, aff_view_of("monitors/old"), &diag));
	ck_assert_int_eq(journal_forget(j, aff_view_of("monitors/old"), &diag), AFF_ENOTFOUND);
	settle();
	ck_assert_uint_eq(files(), 1);
	check_ledger(45, 40, 5, 0, 40);
	/* It comes back: nothing of its former life counts. */
	set_cursor("monitors/old", ids[44]);
	struct journal_reader *r = fixture_reader();
	OK(journal_read_cursor(r, aff_view_of("monitors/old"), &position, &diag));
	ck_assert_int_eq(position, ids[44]);
	OK(journal_read_stats(r, &stats, &diag));
	ck_assert_uint_eq(stats.nledgers, 2);
	ck_assert_str_eq(stats.ledgers[1].destination, "monitors/old");
	ck_assert_uint_eq(stats.ledgers[1].received + stats.ledgers[1].delivered, 0);
	journal_stats_free(&stats);
	journal_reader_close(r);
}
END_TEST

/* Outcomes in a later log file than their messages: each is counted where it is. */
START_TEST(late_outcomes_are_counted_once)
{
	int64_t ids[45];
	open_with(&(struct journal_options){.keep_us = 25 * 1000000});
	set_cursor("monitors/ehr", 0);
	add(0, 35, ids);
	deliver("monitors/ehr", ids, 0, 35);
	add(35, 45, ids);
	settle();
	check_ledger(45, 31, 4, 10, 10);
	deliver("monitors/ehr", ids, 35, 45);
	atomic_store(&now, T0 + 300 * 1000000);
	settle();
	check_ledger(45, 40, 5, 0, 40);
}
END_TEST

START_TEST(size_limits_all_of_them)
{
	int64_t ids[95];
	struct journal_retention state;
	open_with(&(struct journal_options){0});
	set_cursor("monitors/ehr", 0);
	add(0, 95, ids);
	deliver("monitors/ehr", ids, 0, 95);
	sealer_drain(&j->sealer);
	close_all();
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	uint64_t most = 0;
	for (size_t i = list.n - 4; i < list.n; i++)
		most += folder_size(fixture_folder, list.first[i]);
	folder_list_free(&list);
	open_with(&(struct journal_options){.keep_bytes = most + 300000}); /* the open file's write-ahead log counts */
	settle();
	journal_retention(j, &state);
	ck_assert_uint_le(state.bytes, most + 300000);
	ck_assert_uint_ge(files(), 3);
	ck_assert_uint_lt(files(), 10);
	check_ledger(95, 85, 10, 0, 10 * (10 - files()));
}
END_TEST

/* The writer has committed the sums, the process ended before the file was unlinked. */
START_TEST(a_crash_between_the_sums_and_the_removal_counts_nothing_twice)
{
	int64_t ids[25];
	open_with(&(struct journal_options){0});
	set_cursor("monitors/ehr", 0);
	add(0, 25, ids);
	deliver("monitors/ehr", ids, 0, 25);
	sealer_drain(&j->sealer);
	struct carry c = {0};
	struct retention r;
	retention_init(&r, fixture_folder, &(struct journal_options){.keep_bytes = 1});
	OK(retention_look(&r, &c, &diag));
	ck_assert_int_gt(c.through, 0);
	OK(journal_begin(j, &diag));
	OK(carry_write(&c, j->file.db, &diag));
	OK(journal_commit(j, &diag));
	carry_free(&c);
	check_ledger(25, 22, 3, 0, 10);
	ck_assert_uint_eq(files(), 3);
	close_all();
	open_with(&(struct journal_options){0});
	ck_assert_uint_eq(files(), 2);
	check_ledger(25, 22, 3, 0, 10);
}
END_TEST

START_TEST(what_belongs_to_a_removed_file_goes_too)
{
	int64_t ids[25];
	open_with(&(struct journal_options){.keep_bytes = 1});
	struct journal_reader *reader = fixture_reader();
	set_cursor("monitors/ehr", 0);
	add(0, 10, ids);
	/* An open connection keeps the sealer from leaving write-ahead mode. */
	ck_assert_int_eq(journal_get(reader, ids[3], fixture_collect, rows, &diag), 0);
	add(10, 25, ids);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(entries("-wal"), 2);
	deliver("monitors/ehr", ids, 0, 25);
	settle();
	ck_assert_uint_eq(files(), 1);
	ck_assert_uint_eq(entries("-wal"), 1);
	/* Its reader finds the file gone, and goes on without it. */
	ck_assert_int_eq(journal_get(reader, ids[3], fixture_collect, rows, &diag), AFF_ENOTFOUND);
	rows->n = 0;
	struct journal_query q = {.status = JOURNAL_DELIVERED};
	OK(journal_search(reader, &q, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 4); /* one of the five was filtered */
	journal_reader_close(reader);
}
END_TEST

START_TEST(a_reader_in_the_middle_is_not_cut_off)
{
	int64_t ids[25];
	open_with(&(struct journal_options){0});
	struct journal_reader *reader = fixture_reader();
	add(0, 25, ids);
	sealer_drain(&j->sealer);
	close_all();
	open_with(&(struct journal_options){.keep_bytes = 1});
	OK(reader_refresh(reader, &diag));
	size_t before = reader->list.n;
	struct reader_file *f;
	OK(reader_file(reader, 0, &f, &diag));
	settle();
	ck_assert_uint_eq(files(), 1);
	int64_t n = 0;
	OK(sql_integer(f->db, "SELECT count(*) FROM message", &n, &diag));
	ck_assert_int_eq(n, 10);
	ck_assert_uint_eq(before, 3);
	ck_assert_int_eq(reader_file(reader, 1, &f, &diag), READER_GONE);
	journal_reader_close(reader);
}
END_TEST

/* The writer reads the sums while the sealer may look again. */
START_TEST(one_file_at_a_time_is_on_its_way)
{
	int64_t ids[25];
	open_with(&(struct journal_options){0});
	add(0, 25, ids);
	sealer_drain(&j->sealer);
	close_all();
	open_with(&(struct journal_options){.keep_bytes = 1});
	sealer_look(&j->sealer);
	sealer_drain(&j->sealer);
	const struct carry *carry = sealer_carry(&j->sealer);
	ck_assert_ptr_nonnull(carry);
	const struct carry_sum *sums = carry->sum;
	pthread_mutex_lock(&j->sealer.lock);
	j->sealer.look = true; /* asked for before the sums were made */
	pthread_cond_signal(&j->sealer.wake);
	pthread_mutex_unlock(&j->sealer.lock);
	sealer_drain(&j->sealer);
	ck_assert_ptr_eq(sealer_carry(&j->sealer)->sum, sums);
	settle();
	ck_assert_uint_eq(files(), 1);
	struct journal_reader *r = fixture_reader();
	struct journal_stats stats;
	OK(journal_read_stats(r, &stats, &diag));
	ck_assert_uint_eq(stats.messages, 25);
	journal_stats_free(&stats);
	journal_reader_close(r);
}
END_TEST

START_TEST(a_day_ends_at_midnight_utc)
{
	int64_t ids[20];
	open_with(&(struct journal_options){.file_rows = 1000, .daily = true});
	add(0, 5, ids);
	ck_assert_uint_eq(files(), 1);
	atomic_store(&now, (T0 / DAY + 1) * DAY - 1);
	OK(journal_tend(j, &diag));
	ck_assert_uint_eq(files(), 1);
	atomic_store(&now, (T0 / DAY + 1) * DAY);
	OK(journal_tend(j, &diag)); /* no message is needed for it */
	ck_assert_uint_eq(files(), 2);
	/* A file without messages is not ended. */
	atomic_store(&now, (T0 / DAY + 5) * DAY);
	OK(journal_tend(j, &diag));
	ck_assert_uint_eq(files(), 2);
	OK(journal_begin(j, &diag));
	fixture_add(j, packer, "monitors", 1, tell_now());
	OK(journal_commit(j, &diag));
	OK(journal_tend(j, &diag));
	ck_assert_uint_eq(files(), 2);
	sealer_drain(&j->sealer);
	close_all();
	atomic_store(&now, (T0 / DAY + 6) * DAY);
	open_with(&(struct journal_options){.file_rows = 1000, .daily = true});
	OK(journal_tend(j, &diag));
	ck_assert_uint_eq(files(), 3);
}
END_TEST

/* Makes a sealed file an unsealed one again. */
static void unseal(int64_t first)
{
	char path[PATH_MAX];
	sqlite3 *db;
	OK(folder_path(path, sizeof path, fixture_folder, first, "", &diag));
	OK(schema_open(&db, path, j->vfs.name, &diag));
	OK(sql_exec(db, "DELETE FROM meta WHERE key = 'sealed'; DROP INDEX message_patient", &diag));
	sqlite3_close(db);
}

static bool is_sealed(int64_t first)
{
	struct journal_reader *reader = fixture_reader();
	struct reader_file *f;
	OK(reader_file(reader, folder_position(&reader->list, first), &f, &diag));
	bool sealed = f->sealed;
	journal_reader_close(reader);
	return sealed;
}

START_TEST(a_file_that_the_full_disk_kept_from_being_sealed_is_sealed_later)
{
	int64_t ids[11];
	struct journal_retention state;
	open_with(&(struct journal_options){0});
	int64_t first = j->file.first;
	add(0, 11, ids);
	sealer_drain(&j->sealer);
	unseal(first);
	vfs_plan(VFS_WRITE, 1, true, SQLITE_FULL);
	OK(sealer_add(&j->sealer, first));
	sealer_drain(&j->sealer);
	ck_assert(!is_sealed(first));
	journal_retention(j, &state);
	ck_assert_uint_eq(state.unsealed, 1);
	sealer_look(&j->sealer); /* still full */
	sealer_drain(&j->sealer);
	ck_assert(!is_sealed(first));
	vfs_plan(VFS_WRITE, 0, false, SQLITE_OK);
	sealer_look(&j->sealer);
	sealer_drain(&j->sealer);
	ck_assert(is_sealed(first));
	journal_retention(j, &state);
	ck_assert_uint_eq(state.unsealed, 0);
}
END_TEST

/* Thirty messages, delivered as they come, while retention removes what it may; ends with the first error. */
static int run_until_fault(unsigned *committed)
{
	struct journal_options o = {
		.folder = fixture_folder, .file_rows = FILE_ROWS, .keep_bytes = 1, .now_us = tell_now};
	*committed = 0;
	int rc = journal_open(&j, &o, &diag);
	if (rc)
		return rc;
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	rc = journal_begin(j, &diag);
	if (!rc)
		rc = journal_set_cursor(j, aff_view_of("monitors/ehr"), 0, &diag);
	if (!rc)
		rc = journal_commit(j, &diag);
	for (unsigned i = 0; i < 30 && !rc; i++) {
		rc = journal_begin(j, &diag);
		if (!rc) {
			int64_t id = fixture_add(j, packer, "monitors", i, T0 + i);
			fixture_outcome(j, id, "monitors/ehr", JOURNAL_DELIVERED);
			OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), id, &diag));
			rc = journal_commit(j, &diag);
		}
		*committed += !rc;
		sealer_look(&j->sealer);
		sealer_drain(&j->sealer);
	}
	if (rc && rc != AFF_EFULL)
		ck_assert_int_eq(journal_begin(j, &diag), rc);
	close_all();
	return rc;
}

/* Whatever fails and when: what is there and what is carried on make up all that was committed. */
static unsigned fail_each(enum vfs_operation operation, int result, int expected)
{
	unsigned failed = 0, clean = 0;
	for (int64_t n = 1; clean < 3; n++) {
		struct journal_stats stats;
		unsigned committed;
		fixture_empty();
		vfs_plan(operation, n, false, result);
		int rc = run_until_fault(&committed);
		vfs_plan(operation, 0, false, SQLITE_OK);
		ck_assert_msg(rc == 0 || rc == expected, "operation %lld: %s", (long long)n, aff_error_name(rc));
		failed += rc != 0;
		clean = rc ? 0 : clean + 1;
		open_with(&(struct journal_options){0});
		sealer_drain(&j->sealer);
		struct journal_reader *r = fixture_reader();
		OK(journal_read_stats(r, &stats, &diag));
		rows->n = 0;
		OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
		ck_assert_uint_eq(stats.messages, rows->n + stats.removed_messages);
		ck_assert_uint_ge(stats.messages, committed); /* a commit that failed may have been written */
		ck_assert_uint_le(stats.messages, committed + 1);
		if (stats.nledgers) {
			ck_assert_uint_eq(stats.ledgers[0].received, stats.messages);
			ck_assert_uint_eq(stats.ledgers[0].delivered, stats.messages);
			ck_assert_uint_eq(stats.ledgers[0].pending, 0);
		}
		if (!rc)
			ck_assert_uint_ge(stats.removed_messages, 10);
		journal_stats_free(&stats);
		journal_reader_close(r);
		close_all();
	}
	return failed;
}

START_TEST(a_failing_disk_leaves_the_sums_right)
{
	ck_assert_uint_ge(fail_each(VFS_SYNC, SQLITE_IOERR_FSYNC, AFF_EIO), 30);
	ck_assert_uint_ge(fail_each(VFS_WRITE, SQLITE_IOERR_WRITE, AFF_EIO), 60);
}
END_TEST

static TCase *cases(void)
{
	TCase *c = tcase_create("retention");
	tcase_set_timeout(c, 300);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, nothing_goes_by_itself);
	tcase_add_test(c, old_files_go_and_the_ledger_stays);
	tcase_add_test(c, what_a_cursor_needs_stays);
	tcase_add_test(c, dead_letters_that_are_none_any_more_stay_counted);
	tcase_add_test(c, messages_of_every_verdict_stay_counted);
	tcase_add_test(c, a_cursor_of_another_channel_holds_nothing);
	tcase_add_test(c, a_forgotten_destination_holds_nothing);
	tcase_add_test(c, late_outcomes_are_counted_once);
	tcase_add_test(c, size_limits_all_of_them);
	tcase_add_test(c, a_crash_between_the_sums_and_the_removal_counts_nothing_twice);
	tcase_add_test(c, what_belongs_to_a_removed_file_goes_too);
	tcase_add_test(c, a_reader_in_the_middle_is_not_cut_off);
	tcase_add_test(c, a_failing_disk_leaves_the_sums_right);
	tcase_add_test(c, one_file_at_a_time_is_on_its_way);
	tcase_add_test(c, a_day_ends_at_midnight_utc);
	tcase_add_test(c, a_file_that_the_full_disk_kept_from_being_sealed_is_sealed_later);
	return c;
}

int main(void)
{
	log_setup(LOG_LEVEL_ERROR, false);
	TCase *(*all[])(void) = {cases};
	return fixture_run(all, 1, "journal: retention");
}
