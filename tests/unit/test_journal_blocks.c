/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding a few messages among many: blocks of the open log file, the index of codes; and when each was committed.
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

/* ---- codes ---- */

/* A code for every message that has a number from the table, and one that all have: codes as the fixture's caller
 * understands them are the control id, what it ends with, and "all". */
static int codes_of_fixture(void *state, struct aff_view raw, journal_code_fn *fn, void *arg)
{
	unsigned *calls = state;
	const char *end = memchr(raw.p, '\r', raw.n), *c = memmem(raw.p, raw.n, "|C", 2);
	char text[24];
	++*calls;
	if (!c || !end)
		return 0;
	unsigned n = (unsigned)strtoul(c + 2, NULL, 10);
	int rc = fn(arg, aff_view_of("all"));
	snprintf(text, sizeof text, "hundred %u", n / 100);
	if (!rc)
		rc = fn(arg, aff_view_of(text));
	snprintf(text, sizeof text, "mod %u", n % 600);
	return rc ? rc : fn(arg, aff_view_of(text));
}

static unsigned calls;
static const struct journal_coder coder = {.codes = codes_of_fixture, .state = &calls};

static bool encrypted;

static void open_with_coder(uint64_t file_rows, const struct journal_coder *with)
{
	struct journal_options o = {
		.folder = fixture_folder, .file_rows = file_rows, .coder = with, .encrypt = encrypted};
	OK(journal_open(&j, &o, &diag));
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

static int look_for(void *arg, struct aff_view code)
{
	return aff_view_is(code, arg);
}

struct reading {
	char code[24];
	unsigned rows;               /* read, whether they have the code or not */
};

static int test_code(void *arg, const struct journal_row *row)
{
	struct reading *r = arg;
	unsigned unused = 0;
	r->rows++;
	return codes_of_fixture(&unused, row->raw, look_for, r->code);
}

/* How many messages have the code; `read`: how many were read for it. */
static size_t find_code(const char *code, unsigned *read, struct journal_query q)
{
	struct reading r = {.rows = 0};
	snprintf(r.code, sizeof r.code, "%s", code);
	q.code = aff_view_of(code);
	q.test = test_code;
	q.arg = &r;
	q.limit = q.limit ? q.limit : 100000;
	size_t n = find(q);
	*read = r.rows;
	return n;
}

static const struct journal_query anything = {.limit = 0};

START_TEST(a_rare_code_is_found_without_reading_everything)
{
	unsigned read;
	close_journal();
	open_with_coder(3000, &coder);
	add(0, 6500);
	sealer_drain(&j->sealer);
	ck_assert_uint_ge(calls, 6000); /* each file ends with the transaction that fills it */
	ck_assert_uint_lt(calls, 6000 + 2 * PER_COMMIT);
	reader = fixture_reader();
	ck_assert_uint_eq(find_code("hundred 7", &read, anything), 100);
	ck_assert_uint_le(read, 2 * 256 + 500); /* two blocks, and the open file */
	ck_assert_uint_eq(find_code("hundred 29", &read, anything), 100);
	ck_assert_uint_eq(find_code("hundred 30", &read, anything), 100);
	ck_assert_uint_eq(find_code("hundred 64", &read, anything), 100); /* in the open file */
	ck_assert_uint_eq(find_code("hundred 65", &read, anything), 0);
	ck_assert_uint_le(read, 500);
	ck_assert_uint_eq(find_code("mod 17", &read, anything), 11);
	ck_assert_uint_le(read, 11 * 256 + 500);
	for (size_t i = 1; i < rows->n; i++)
		ck_assert_int_lt(rows->id[i], rows->id[i - 1]);
	ck_assert_uint_eq(find_code("all", &read, anything), 6500);
	ck_assert_uint_eq(find_code("all", &read, (struct journal_query){.limit = 10}), 10);
	ck_assert_uint_eq(find_code("nothing", &read, anything), 0);
	/* Pages and directions. */
	struct journal_query page = {.limit = 4, .oldest_first = true};
	size_t total = 0, n;
	while ((n = find_code("mod 17", &read, page)) > 0) {
		total += n;
		page.before_id = rows->id[n - 1];
	}
	ck_assert_uint_eq(total, 11);
	/* With an id the index of that id serves. */
	ck_assert_uint_eq(find_code("all", &read, (struct journal_query){.control_id = aff_view_of("C1234")}), 1);
	ck_assert_uint_eq(read, 1);
}
END_TEST

START_TEST(without_an_index_of_codes_all_are_read)
{
	struct journal_reindexed done;
	unsigned read;
	close_journal();
	open_journal(1000);
	add(0, 2500);
	sealer_drain(&j->sealer);
	reader = fixture_reader();
	ck_assert_uint_eq(find_code("hundred 7", &read, anything), 100);
	ck_assert_uint_eq(read, 2500);
	journal_reader_close(reader);
	OK(journal_reindex(fixture_folder, &coder, NULL, NULL, &done, &diag));
	reader = fixture_reader();
	ck_assert_uint_eq(find_code("hundred 7", &read, anything), 100);
	ck_assert_uint_le(read, 2 * 256 + 500);
	/* Codes too long for the index are looked for everywhere. */
	char longer[300];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	struct reading r = {.rows = 0};
	find((struct journal_query){.code = aff_view_of(longer), .test = test_code, .arg = &r});
	ck_assert_uint_eq(r.rows, 2500);
}
END_TEST

static int unique_codes(void *state, struct aff_view raw, journal_code_fn *fn, void *arg)
{
	unsigned *n = state;
	int rc = 0;
	(void)raw;
	for (unsigned i = 0; i < 100 && !rc; i++) {
		char text[24];
		snprintf(text, sizeof text, "%u", ++*n);
		rc = fn(arg, aff_view_of(text));
	}
	return rc;
}

START_TEST(a_file_with_too_many_codes_has_no_index_of_them)
{
	static unsigned n;
	const struct journal_coder many = {.codes = unique_codes, .state = &n};
	unsigned read;
	close_journal();
	open_with_coder(1000, &many);
	add(0, 1100);
	sealer_drain(&j->sealer);
	ck_assert_uint_lt(n, 66000);
	reader = fixture_reader();
	ck_assert_uint_eq(find_code("hundred 7", &read, anything), 100);
	ck_assert_uint_eq(read, 1100);
}
END_TEST

START_TEST(codes_of_encrypted_messages_are_not_stored_clear)
{
	unsigned read;
	struct reader_file *f;
	int64_t n = 0;
	char secret[96];
	close_journal();
	encrypted = true;
	open_with_coder(1000, &coder);
	encrypted = false;
	add(0, 1500);
	sealer_drain(&j->sealer);
	reader = fixture_reader();
	ck_assert_uint_eq(find_code("hundred 7", &read, anything), 100);
	ck_assert_uint_le(read, 2 * 256 + 500);
	ck_assert_uint_eq(find_code("hundred 12", &read, anything), 100);
	OK(reader_file(reader, 0, &f, &diag));
	OK(sql_integer(f->db, "SELECT count(*) FROM code WHERE length(code) = 16", &n, &diag));
	ck_assert_int_gt(n, 600);
	OK(sql_integer(f->db, "SELECT count(*) FROM code WHERE length(code) <> 16", &n, &diag));
	ck_assert_int_eq(n, 0);
	snprintf(secret, sizeof secret, "%s.secret", fixture_folder);
	unlink(secret);
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
	tcase_add_test(c, a_rare_code_is_found_without_reading_everything);
	tcase_add_test(c, without_an_index_of_codes_all_are_read);
	tcase_add_test(c, a_file_with_too_many_codes_has_no_index_of_them);
	tcase_add_test(c, codes_of_encrypted_messages_are_not_stored_clear);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {blocks_case};
	return fixture_run(cases, sizeof cases / sizeof *cases, "journal: finding");
}
