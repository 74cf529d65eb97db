/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies that go before their log files: everything else stays and verifies, dead letters keep theirs, nothing goes
 * that somebody still needs, nothing goes unrecorded, and a crash at any moment leaves a whole file.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "journal/backup.h"
#include "journal/folder.h"
#include "journal/rewrite.h"
#include "journal/verify.h"
#include "journal_fixture.h"
#include "sys/clock.h"

#define ROWS     40 /* of a log file */
#define MESSAGES 150
#define HOUR_US  INT64_C(3600000000)

static struct journal *journal;
static int64_t ids[MESSAGES + 50];
static unsigned written;
static int64_t ahead_us;
static struct verify_result result;
static struct verify_finding first;

static int64_t clock_ahead(void)
{
	return clock_wall_us() + ahead_us;
}

static void open_it(int64_t keep_bodies_us)
{
	struct journal_options o = {.folder = fixture_folder, .file_rows = ROWS, .keep_bodies_us = keep_bodies_us,
				    .now_us = clock_ahead};
	OK(journal_open(&journal, &o, &diag));
}

static void close_it(void)
{
	journal_close(journal);
	journal = NULL;
}

static void write_messages(unsigned n)
{
	struct journal_packer *p;
	ck_assert_int_eq(journal_packer_new(&p, journal), 0);
	for (unsigned i = 0; i < n; i += 10) {
		OK(journal_begin(journal, &diag));
		for (unsigned k = 0; k < 10; k++, written++)
			ids[written] = fixture_add(journal, p, "monitors", written, clock_wall_us());
		OK(journal_commit(journal, &diag));
	}
	journal_packer_free(p);
}

/* Of all messages; the 3rd and the 45th become dead, and the 45th is sent again later. */
static void deliver_up_to(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		OK(journal_begin(journal, &diag));
		fixture_outcome(journal, ids[i], "monitors/ehr",
				i == 3 || i == 45 ? JOURNAL_DEAD : JOURNAL_DELIVERED);
		OK(journal_set_cursor(journal, aff_view_of("monitors/ehr"), ids[i], &diag));
		OK(journal_commit(journal, &diag));
	}
	if (n <= 45)
		return;
	struct journal_outcome o = {.message = ids[45], .destination = aff_view_of("monitors/ehr"),
				    .kind = JOURNAL_DELIVERED, .at_us = clock_wall_us(), .tries = 1,
				    .detail = aff_view_of("AA"), .instead = JOURNAL_DEAD};
	memcpy(o.snapshot, fixture_sha, SHA256_SIZE);
	OK(journal_begin(journal, &diag));
	OK(journal_add_outcome(journal, &o, &diag));
	OK(journal_commit(journal, &diag));
}

static void setup(void)
{
	char dictionary[600];
	fixture_setup();
	written = 0;
	ahead_us = 0;
	open_it(0);
	OK(book_load(&journal->book, 1, aff_view_of("monitors"), fixture_raw(dictionary, sizeof dictionary, 77)));
	OK(journal_begin(journal, &diag));
	OK(journal_set_cursor(journal, aff_view_of("monitors/ehr"), journal_head(journal), &diag));
	OK(journal_commit(journal, &diag));
	write_messages(MESSAGES);
}

static void teardown(void)
{
	if (journal)
		close_it();
	fixture_teardown();
}

static void look_and_tend(unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		sealer_look(&journal->sealer);
		sealer_drain(&journal->sealer);
		OK(journal_tend(journal, &diag));
		sealer_drain(&journal->sealer);
	}
}

static void keep_finding(void *arg, const struct verify_finding *f)
{
	(void)arg;
	if (!first.what[0])
		first = *f;
}

static uint64_t verify(void)
{
	struct verify_options o = {.finding = keep_finding};
	first = (struct verify_finding){0};
	OK(journal_verify(fixture_folder, &o, &result, &diag));
	return result.findings;
}

static void verify_is_good(void)
{
	if (verify())
		ck_abort_msg("%s: %s %lld %s", first.file, first.table, (long long)first.id, first.what);
}

/* How many messages there are, and how many of them have a body: the right one. */
struct bodies {
	unsigned messages, there;
	bool dead_one_is_there;
};

static int count_body(void *arg, const struct journal_row *row)
{
	struct bodies *b = arg;
	char raw[2048], control[24] = "";
	b->messages++;
	memcpy(control, row->message.control_id.p, row->message.control_id.n);
	if (row->body_removed_us) {
		ck_assert_uint_eq(row->raw.n, 0);
		ck_assert_int_gt(row->body_removed_us, row->message.received_us);
		return 0;
	}
	unsigned n = (unsigned)strtoul(control + 1, NULL, 10);
	ck_assert(aff_view_equal(row->raw, fixture_raw(raw, sizeof raw, n)));
	b->there++;
	b->dead_one_is_there |= n == 3;
	return 0;
}

static struct bodies bodies(void)
{
	struct bodies b = {0};
	struct journal_query all = {.limit = 10000, .raw = true};
	struct journal_reader *r = fixture_reader();
	OK(journal_search(r, &all, count_body, &b, &diag));
	journal_reader_close(r);
	return b;
}

struct actions {
	const char *kind;
	unsigned n;
	char detail[200];
};

static int count_action(void *arg, const struct journal_action *a)
{
	struct actions *c = arg;
	if (aff_view_is(a->kind, c->kind) && aff_view_is(a->who, "retention")) {
		c->n++;
		snprintf(c->detail, sizeof c->detail, "%.*s", (int)a->detail.n, a->detail.p);
	}
	return 0;
}

static struct actions actions(const char *kind)
{
	struct actions c = {.kind = kind};
	struct journal_reader *r = fixture_reader();
	OK(journal_read_actions(r, INT64_MAX, 1000, count_action, &c, &diag));
	journal_reader_close(r);
	return c;
}

static uint64_t size_of_all(void)
{
	struct file_list list = {0};
	uint64_t size = 0;
	OK(folder_list(fixture_folder, &list, &diag));
	for (size_t i = 0; i < list.n; i++)
		size += folder_size(fixture_folder, list.first[i]);
	folder_list_free(&list);
	return size;
}

static int64_t first_file(void)
{
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	int64_t id = list.first[0];
	folder_list_free(&list);
	return id;
}

static int64_t count_in_first(const char *sql)
{
	char path[PATH_MAX];
	sqlite3 *db;
	int64_t n = -1;
	OK(folder_path(path, sizeof path, fixture_folder, first_file(), "", &diag));
	OK(schema_open(&db, path, NULL, &diag));
	OK(sql_integer(db, sql, &n, &diag));
	sqlite3_close(db);
	return n;
}

static void let_them_go(void)
{
	deliver_up_to(MESSAGES);
	close_it();
	ahead_us = 2 * HOUR_US;
	open_it(HOUR_US);
	look_and_tend(8);
}

START_TEST(bodies_go_and_everything_else_stays)
{
	struct fixture_rows *rows = calloc(1, sizeof *rows);
	struct journal_retention shown;
	struct journal_query one = {.control_id = aff_view_of("C7")};
	let_them_go();
	verify_is_good();
	struct bodies b = bodies();
	ck_assert_uint_eq(b.messages, MESSAGES);
	/* The open file's, and that of the dead letter; not that of the one that was sent again. */
	ck_assert_uint_eq(b.there, MESSAGES - 3 * ROWS + 1);
	ck_assert(b.dead_one_is_there);
	journal_retention(journal, &shown);
	ck_assert_uint_eq(shown.stripped_files, 3);
	struct actions a = actions("remove-bodies");
	ck_assert_uint_eq(a.n, 3);
	ck_assert_ptr_nonnull(strstr(a.detail, ".db: 39 bodies removed, 1 kept"));
	struct journal_reader *r = fixture_reader();
	OK(journal_search(r, &one, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 1);
	ck_assert_int_eq(rows->id[0], ids[7]);
	struct journal_stats stats;
	OK(journal_read_stats(r, &stats, &diag));
	ck_assert_uint_eq(stats.messages, MESSAGES);
	ck_assert_uint_eq(stats.ledgers[0].pending, 0);
	ck_assert_uint_eq(stats.ledgers[0].received, stats.ledgers[0].delivered + stats.ledgers[0].dead);
	journal_stats_free(&stats);
	journal_reader_close(r);
	free(rows);
	/* The file of the dead letter needs its dictionary, the others do not. */
	ck_assert_int_eq(count_in_first("SELECT count(*) FROM dictionary"), 1);
	ck_assert_int_eq(count_in_first("SELECT count(*) FROM message WHERE body IS NOT NULL"), 1);
	/* Once. */
	look_and_tend(3);
	ck_assert_uint_eq(actions("remove-bodies").n, 3);
	close_it();
	open_it(HOUR_US);
	look_and_tend(3);
	ck_assert_uint_eq(actions("remove-bodies").n, 3);
}
END_TEST

/* A body that is never unpacked. */
static void add_large(void)
{
	static char bytes[700];
	struct journal_message m = {.received_us = clock_wall_us(), .channel = aff_view_of("pumps"),
				    .verdict = JOURNAL_ACCEPTED, .length = sizeof bytes,
				    .body = aff_view(bytes, sizeof bytes)};
	memcpy(m.snapshot, fixture_sha, SHA256_SIZE);
	OK(journal_add_message(journal, &m, &diag));
}

START_TEST(they_give_their_room_back)
{
	struct journal_options o = {.folder = fixture_folder, .file_rows = 3000};
	struct journal_retention shown;
	close_it();
	OK(journal_open(&journal, &o, &diag));
	for (unsigned i = 0; i < 31; i++) {
		OK(journal_begin(journal, &diag));
		for (unsigned k = 0; k < 100; k++)
			add_large();
		OK(journal_commit(journal, &diag));
	}
	OK(journal_begin(journal, &diag));
	OK(journal_set_cursor(journal, aff_view_of("monitors/ehr"), journal_head(journal), &diag));
	OK(journal_commit(journal, &diag));
	close_it();
	uint64_t before = size_of_all();
	ahead_us = 2 * HOUR_US;
	open_it(HOUR_US);
	look_and_tend(10);
	journal_retention(journal, &shown);
	ck_assert_uint_ge(shown.stripped_files, 3);
	close_it();
	ck_assert_uint_lt(size_of_all(), before / 2);
}
END_TEST

START_TEST(what_is_pending_keeps_its_body)
{
	struct journal_retention shown;
	deliver_up_to(60);
	close_it();
	ahead_us = 2 * HOUR_US;
	open_it(HOUR_US);
	look_and_tend(6);
	journal_retention(journal, &shown);
	ck_assert_uint_eq(shown.stripped_files, 1);
	ck_assert_str_eq(shown.bodies_held_by, "monitors/ehr");
	struct bodies b = bodies();
	ck_assert_uint_eq(b.there, MESSAGES - ROWS + 1);
	verify_is_good();
}
END_TEST

/* Somebody who can write the folder takes bodies away. */
static void strip_by_hand(void)
{
	struct rewrite w = {.folder = fixture_folder, .strip = true, .at_us = clock_wall_us(), .diag = &diag};
	OK(rewrite_file(&w, first_file()));
}

START_TEST(bodies_that_were_taken_away_unrecorded_are_found)
{
	sealer_drain(&journal->sealer);
	close_it();
	verify_is_good();
	strip_by_hand();
	ck_assert_uint_gt(verify(), 0);
	ck_assert_str_eq(first.table, "message");
	ck_assert_int_eq(first.id, ids[0]);
	ck_assert_ptr_nonnull(strstr(first.what, "no action says so"));
}
END_TEST

START_TEST(one_more_than_was_recorded_is_found)
{
	let_them_go();
	close_it();
	verify_is_good();
	strip_by_hand(); /* the dead letter's, too */
	ck_assert_uint_gt(verify(), 0);
	ck_assert_ptr_nonnull(strstr(first.what, "no action says so"));
}
END_TEST

START_TEST(a_message_whose_body_was_removed_is_still_vouched_for)
{
	char path[PATH_MAX];
	sqlite3 *db;
	let_them_go();
	close_it();
	OK(folder_path(path, sizeof path, fixture_folder, first_file(), "", &diag));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "UPDATE message SET patient = 'P9' WHERE control_id = 'C8'", NULL, NULL,
				      NULL), SQLITE_OK);
	sqlite3_close(db);
	ck_assert_uint_gt(verify(), 0);
	ck_assert_int_eq(first.id, ids[8]);
}
END_TEST

/* ---- crashes ---- */

START_TEST(recorded_but_not_done_is_done_after_the_next_start)
{
	deliver_up_to(MESSAGES);
	close_it();
	ahead_us = 2 * HOUR_US;
	open_it(HOUR_US);
	sealer_look(&journal->sealer);
	sealer_drain(&journal->sealer);
	/* The action is committed; another process that writes files anew keeps the sealer off. */
	int lock;
	OK(rewrite_lock(fixture_folder, &lock, &diag));
	OK(journal_tend(journal, &diag));
	sealer_drain(&journal->sealer);
	ck_assert_uint_eq(actions("remove-bodies").n, 1);
	ck_assert_uint_eq(bodies().there, MESSAGES);
	verify_is_good();
	close_it();
	close(lock);
	open_it(HOUR_US);
	look_and_tend(8);
	verify_is_good();
	ck_assert_uint_lt(bodies().there, ROWS + 1);
}
END_TEST

static unsigned looks;
static int die(void *arg)
{
	if (++looks >= *(const unsigned *)arg)
		_exit(9);
	return 0;
}

START_TEST(a_crash_in_the_middle_leaves_a_whole_file)
{
	deliver_up_to(MESSAGES);
	sealer_drain(&journal->sealer);
	close_it();
	for (unsigned n = 1;; n++) {
		pid_t child = fork();
		if (child == 0) {
			struct rewrite w = {.folder = fixture_folder, .look = die, .arg = &n, .strip = true,
					    .at_us = clock_wall_us(), .steps = 50};
			(void)rewrite_file(&w, first_file());
			_exit(0);
		}
		int status;
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		if (WEXITSTATUS(status) != 9)
			break;
		verify_is_good();
		ck_assert_uint_eq(bodies().there, MESSAGES);
		n += n / 4;
	}
	ck_assert_uint_gt(verify(), 0); /* the last one came through, unrecorded */
}
END_TEST

START_TEST(a_backup_takes_the_file_that_was_written_anew)
{
	char to[96];
	struct backup_options o = {0};
	struct backup_result backup;
	struct verify_options v = {.finding = keep_finding};
	snprintf(to, sizeof to, "%s.backup", fixture_folder);
	OK(journal_backup(fixture_folder, to, &o, &backup, &diag));
	let_them_go();
	OK(journal_backup(fixture_folder, to, &o, &backup, &diag));
	ck_assert_uint_ge(backup.copied, 4);
	OK(journal_verify(to, &v, &result, &diag));
	ck_assert_uint_eq(result.findings, 0);
	char mine[sizeof fixture_folder];
	close_it();
	memcpy(mine, fixture_folder, sizeof mine);
	fixture_teardown();
	snprintf(fixture_folder, sizeof fixture_folder, "%s.backup", mine);
	ck_assert_uint_lt(bodies().there, ROWS + 1);
}
END_TEST

START_TEST(whole_files_that_go_are_recorded)
{
	deliver_up_to(MESSAGES);
	close_it();
	struct journal_options o = {.folder = fixture_folder, .file_rows = ROWS, .keep_bytes = 1};
	OK(journal_open(&journal, &o, &diag));
	look_and_tend(8);
	struct actions a = actions("remove-file");
	ck_assert_uint_eq(a.n, 3);
	ck_assert_ptr_nonnull(strstr(a.detail, "40 messages, links "));
	verify_is_good();
}
END_TEST

static TCase *tiers(void)
{
	TCase *c = tcase_create("bodies");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, bodies_go_and_everything_else_stays);
	tcase_add_test(c, they_give_their_room_back);
	tcase_add_test(c, what_is_pending_keeps_its_body);
	tcase_add_test(c, bodies_that_were_taken_away_unrecorded_are_found);
	tcase_add_test(c, one_more_than_was_recorded_is_found);
	tcase_add_test(c, a_message_whose_body_was_removed_is_still_vouched_for);
	tcase_add_test(c, recorded_but_not_done_is_done_after_the_next_start);
	tcase_add_test(c, a_crash_in_the_middle_leaves_a_whole_file);
	tcase_add_test(c, a_backup_takes_the_file_that_was_written_anew);
	tcase_add_test(c, whole_files_that_go_are_recorded);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {tiers};
	return fixture_run(cases, 1, "journal: bodies that go first");
}
