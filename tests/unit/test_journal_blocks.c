/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a few messages among many: blocks of the open log file; and when each was committed.
 */
#include "journal/block.h"
#include "journal_fixture.h"

#define PER_COMMIT 97

static struct journal *j;
static struct journal_packer *packer;
static struct journal_reader *reader;
static struct fixture_rows *rows;

static void open_journal(uint64_t file_rows)
{
	j = fixture_open(file_rows);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

static void close_journal(void)
{
	journal_packer_free(packer);
	journal_close(j);
}

static void setup(void)
{
	fixture_setup();
	rows = calloc(1, sizeof *rows);
	open_journal(0);
}

static void teardown(void)
{
	journal_reader_close(reader);
	reader = NULL;
	close_journal();
	free(rows);
	fixture_teardown();
}


static void add(unsigned from, unsigned to)
{
	for (unsigned n = from; n < to;) {
		OK(journal_begin(j, &diag));
		for (unsigned end = n + PER_COMMIT; n < end && n < to; n++)
			fixture_add(j, packer, "monitors", n, 1700000000000000 + n);
		OK(journal_commit(j, &diag));
	}
}

static int64_t count_in_open(const char *sql)
{
	int64_t n = 0;
	OK(sql_integer(j->file.db, sql, &n, &diag));
	return n;
}

static size_t find(struct journal_query q)
{
	rows->n = 0;
	OK(journal_search(reader, &q, fixture_collect, rows, &diag));
	return rows->n;
}

static size_t find_control_id(unsigned n)
{
	char text[24];
	snprintf(text, sizeof text, "C%u", n);
	return find((struct journal_query){.control_id = aff_view_of(text)});
}

START_TEST(every_message_is_found_whatever_its_block)
{
	add(0, 2 * BLOCK_ROWS + 1000);
	ck_assert_int_eq(count_in_open("SELECT count(*) FROM block"), 2);
	reader = fixture_reader();
	for (unsigned n = 0; n < 2 * BLOCK_ROWS + 1000; n += n < 40 || n > 8150 ? 1 : 91)
		ck_assert_uint_eq(find_control_id(n), 1);
	ck_assert_uint_eq(find_control_id(99999), 0);
	/* In every block; pages of one search and several; both directions. */
	struct journal_query q = {.patient = aff_view_of("P3"), .device = aff_view_of("D5"), .limit = 100000};
	size_t all = find(q);
	ck_assert_uint_eq(all, (2 * BLOCK_ROWS + 1000 - 38) / 77 + 1);
	for (size_t i = 1; i < all; i++)
		ck_assert_int_lt(rows->id[i], rows->id[i - 1]);
	q.before_id = rows->id[all / 2];
	ck_assert_uint_eq(find(q), all - all / 2 - 1);
	q = (struct journal_query){.patient = aff_view_of("P3"), .device = aff_view_of("D5"), .oldest_first = true};
	q.limit = 3;
	ck_assert_uint_eq(find(q), 3);
	ck_assert_int_lt(rows->id[0], rows->id[2]);
	/* The same id as another kind of id is something else. */
	ck_assert_uint_eq(find((struct journal_query){.control_id = aff_view_of("P3")}), 0);
}
END_TEST

START_TEST(a_search_reads_only_blocks_that_may_hold_the_id)
{
	add(0, 3 * BLOCK_ROWS);
	reader = fixture_reader();
	ck_assert_uint_eq(find_control_id(10), 1);
	/* A filter without bits says that nothing is there: it is believed, so only the others are read. */
	OK(sql_exec(j->file.db, "UPDATE block SET filter = zeroblob(16384) WHERE last = (SELECT min(last) FROM block)",
	            &diag));
	ck_assert_uint_eq(find_control_id(10), 0);
	ck_assert_uint_eq(find_control_id(5000), 1);
	ck_assert_uint_eq(find_control_id(12000), 1);
	/* One that cannot be a filter is not. */
	OK(sql_exec(j->file.db, "UPDATE block SET filter = x'00'", &diag));
	ck_assert_uint_eq(find_control_id(10), 1);
}
END_TEST

START_TEST(blocks_survive_roll_back_and_restart)
{
	add(0, BLOCK_ROWS - 10);
	OK(journal_begin(j, &diag));
	for (unsigned n = 0; n < 100; n++)
		fixture_add(j, packer, "monitors", 50000 + n, 1700000000100000);
	journal_rollback(j);
	ck_assert_int_eq(count_in_open("SELECT count(*) FROM block"), 0);
	add(BLOCK_ROWS - 10, BLOCK_ROWS + 500);
	ck_assert_int_eq(count_in_open("SELECT count(*) FROM block"), 1);
	close_journal();
	open_journal(0);
	add(BLOCK_ROWS + 500, 2 * BLOCK_ROWS + 10);
	ck_assert_int_eq(count_in_open("SELECT count(*) FROM block"), 2);
	ck_assert_int_eq(count_in_open("SELECT count(*) FROM message WHERE id <= (SELECT max(last) FROM block)"),
	                 2 * BLOCK_ROWS);
	/* A file whose blocks are lost gets them again. */
	OK(sql_exec(j->file.db, "DELETE FROM block", &diag));
	close_journal();
	open_journal(0);
	add(2 * BLOCK_ROWS + 10, 2 * BLOCK_ROWS + 20);
	ck_assert_int_eq(count_in_open("SELECT count(*) FROM block"), 2);
	reader = fixture_reader();
	for (unsigned n = 0; n < 2 * BLOCK_ROWS + 20; n += n < 4000 || n > 4200 ? 37 : 1)
		ck_assert_uint_eq(find_control_id(n), 1);
	ck_assert_uint_eq(find_control_id(50007), 0);
}
END_TEST

START_TEST(a_sealed_file_has_no_blocks)
{
	close_journal();
	open_journal(BLOCK_ROWS + 50);
	add(0, BLOCK_ROWS + 500);
	sealer_drain(&j->sealer);
	ck_assert_int_eq(count_in_open("SELECT count(*) FROM block"), 0);
	reader = fixture_reader();
	struct reader_file *f;
	int64_t n = 0;
	OK(reader_file(reader, 0, &f, &diag));
	ck_assert(f->sealed);
	OK(sql_integer(f->db, "SELECT count(*) FROM block", &n, &diag));
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(find_control_id(17), 1);
	ck_assert_uint_eq(find_control_id(BLOCK_ROWS + 300), 1);
}
END_TEST

/* ---- when it was committed ---- */

START_TEST(each_message_has_the_time_of_its_commit)
{
	int64_t before, ids[300], at[300], seen;
	close_journal();
	open_journal(100);
	for (unsigned n = 0; n < 300; n++) {
		OK(journal_begin(j, &diag));
		ids[n] = fixture_add(j, packer, "monitors", n, 1700000000000000 + n);
		OK(journal_commit(j, &diag));
		if (n % 3 == 0) { /* links without messages in between */
			OK(journal_begin(j, &diag));
			fixture_outcome(j, ids[n], "monitors/ehr", JOURNAL_DELIVERED);
			OK(journal_commit(j, &diag));
		}
	}
	reader = fixture_reader();
	before = 0;
	for (unsigned n = 0; n < 300; n++) {
		OK(journal_get_commit(reader, ids[n], &at[n], &diag));
		ck_assert_int_gt(at[n], 1700000000000000);
		ck_assert_int_ge(at[n], before);
		before = at[n];
	}
	/* The link of its own transaction, not that of a later one. */
	for (unsigned n = 0; n + 1 < 300; n++) {
		struct reader_file *f;
		char sql[160];
		OK(reader_file(reader, folder_position(&reader->list, ids[n]), &f, &diag));
		snprintf(sql, sizeof sql, "SELECT at FROM link WHERE messages = 1 AND message = %lld",
		         (long long)ids[n]);
		OK(sql_integer(f->db, sql, &seen, &diag));
		ck_assert_int_eq(at[n], seen);
	}
	OK(sql_exec(j->file.db, "DELETE FROM link", &diag));
	ck_assert_int_eq(journal_get_commit(reader, ids[299], &seen, &diag), AFF_ENOTFOUND);
}
END_TEST

static TCase *blocks_case(void)
{
	TCase *c = tcase_create("blocks");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, every_message_is_found_whatever_its_block);
	tcase_add_test(c, a_search_reads_only_blocks_that_may_hold_the_id);
	tcase_add_test(c, blocks_survive_roll_back_and_restart);
	tcase_add_test(c, a_sealed_file_has_no_blocks);
	tcase_add_test(c, each_message_has_the_time_of_its_commit);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {blocks_case};
	return fixture_run(cases, sizeof cases / sizeof *cases, "journal: finding");
}
