/* SPDX-License-Identifier: Apache-2.0
 *
 * The hash chain: what was written verifies; a bit that was flipped anywhere, rows that were added, removed or
 * exchanged, log files that are missing and a chain that was computed anew do not.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "journal/folder.h"
#include "journal/verify.h"
#include "journal_fixture.h"
#include "sys/clock.h"
#include "sys/file.h"

#define T0      1700000000000000
#define COMMITS 90
#define ROWS    40 /* of a log file, about */
#define FLIPS   400

static char outside[80], key_path[80];
static struct verify_result result;
static struct verify_finding first;
static int64_t ids[COMMITS * 4];
static size_t nids;
static int64_t started_us;

static void keep_finding(void *arg, const struct verify_finding *f)
{
	(void)arg;
	if (!first.what[0])
		first = *f;
}

static uint64_t verify(const unsigned char *key, const char *file)
{
	struct verify_options o = {.key = key, .checkpoint_file = file, .finding = keep_finding};
	first = (struct verify_finding){0};
	OK(journal_verify(fixture_folder, &o, &result, &diag));
	return result.findings;
}

static void verify_is_good(void)
{
	if (verify(NULL, NULL))
		ck_abort_msg("%s: %s %" PRId64 " %s", first.file, first.table, first.id, first.what);
}

static struct journal *open_journal(void)
{
	struct journal *j = NULL;
	struct journal_options o = {.folder = fixture_folder, .file_rows = ROWS, .checkpoint_file = outside,
				    .encrypt = fixture_encrypt};
	OK(journal_open(&j, &o, &diag));
	return j;
}

static void commit_one(struct journal *j, struct journal_packer *p, unsigned c)
{
	OK(journal_begin(j, &diag));
	for (unsigned i = 0; i < 1 + c % 3; i++, nids++)
		ids[nids] = fixture_add(j, p, c % 2 ? "pumps" : "monitors", (unsigned)nids,
		                        started_us + (int64_t)nids * 1000);
	if (c > 1) {
		fixture_outcome(j, ids[nids - 3], "monitors/ehr", JOURNAL_DELIVERED);
		fixture_outcome(j, ids[nids - 2], "monitors/fhir", JOURNAL_FILTERED);
	}
	if (c % 10 == 0 || c == COMMITS - 3) {
		struct journal_action a = {.at_us = T0 + c, .kind = aff_view_of("replay"), .who = aff_view_of("uid 7"),
		                           .detail = aff_view_of("12 messages")};
		OK(journal_add_action(j, &a, &diag));
	}
	OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), ids[nids - 1], &diag));
	OK(journal_commit(j, &diag));
}

/* Several log files, with a dictionary and configurations in them; the last one open, but closed here. */
static void write_journal(void)
{
	char dictionary[600];
	struct journal_packer *p;
	struct journal *j = open_journal();
	OK(book_load(&j->book, 1, aff_view_of("monitors"), fixture_raw(dictionary, sizeof dictionary, 77)));
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	OK(journal_set_snapshot(j, fixture_sha, aff_view_of("configuration one, long enough to be packed\n"), &diag));
	nids = 0;
	started_us = clock_wall_us();
	for (unsigned c = 0; c < COMMITS; c++)
		commit_one(j, p, c);
	sealer_drain(&j->sealer);
	journal_packer_free(p);
	journal_close(j);
}

static void setup(void)
{
	fixture_setup();
	snprintf(outside, sizeof outside, "%s.checkpoints", fixture_folder);
	snprintf(key_path, sizeof key_path, "%s.key.pub", fixture_folder);
	write_journal();
	verify_is_good();
}

static void setup_encrypted(void)
{
	setenv("AFF_TEST_ENCRYPT", "1", 1);
	setup();
}

static void teardown(void)
{
	unlink(outside);
	fixture_teardown();
}

static void read_key(const char *path, unsigned char key[SIGN_KEY_SIZE])
{
	struct aff_buf pem;
	aff_buf_init(&pem, 4096);
	OK(file_read(path, &pem, &diag));
	OK(sign_public_read(key, aff_buf_view(&pem)));
	aff_buf_free(&pem);
}

static unsigned dice(unsigned sides)
{
	static uint64_t seed = 42;
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static void path_of(char path[PATH_MAX], int64_t id)
{
	OK(folder_path(path, PATH_MAX, fixture_folder, id, "", &diag));
}

static struct file_list files(void)
{
	struct file_list list = {0};
	OK(folder_list(fixture_folder, &list, &diag));
	return list;
}

static sqlite3 *open_file(size_t i)
{
	char path[PATH_MAX];
	sqlite3 *db;
	struct file_list list = files();
	ck_assert_uint_lt(i, list.n);
	path_of(path, list.first[i]);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	folder_list_free(&list);
	return db;
}

static void run_sql(size_t file, const char *sql)
{
	sqlite3 *db = open_file(file);
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		ck_abort_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

START_TEST(what_was_written_verifies)
{
	unsigned char key[SIGN_KEY_SIZE];
	struct file_list list = files();
	ck_assert_uint_ge(list.n, 3);
	read_key(key_path, key);
	ck_assert_uint_eq(verify(key, outside), 0);
	ck_assert_uint_eq(result.files, list.n);
	ck_assert_uint_eq(result.rows[LINK_MESSAGE], nids);
	ck_assert_uint_eq(result.rows[LINK_OUTCOME], 2 * (COMMITS - 2));
	ck_assert_uint_eq(result.rows[LINK_ACTION], COMMITS / 10 + 1);
	ck_assert_int_eq(result.first_link, 1);
	/* Closing signs the end. */
	ck_assert_int_eq(result.signed_link, result.last_link);
	ck_assert_uint_ge(result.exported_used, list.n);
	ck_assert_uint_eq(result.exported_ignored, 0);
	ck_assert_mem_eq(result.key, key, SIGN_KEY_SIZE);
	folder_list_free(&list);
}
END_TEST

START_TEST(it_verifies_after_each_start)
{
	struct journal_packer *p;
	for (unsigned round = 0; round < 3; round++) {
		struct journal *j = open_journal();
		ck_assert_int_eq(journal_packer_new(&p, j), 0);
		verify_is_good();
		commit_one(j, p, 10 + round);
		verify_is_good();
		OK(journal_begin(j, &diag));
		fixture_add(j, p, "lost", 5, T0);
		journal_rollback(j);
		commit_one(j, p, 20 + round);
		verify_is_good();
		OK(journal_checkpoint(j, &diag));
		verify_is_good();
		ck_assert_int_eq(result.signed_link, result.last_link);
		ck_assert_int_eq(signer_due_us(&j->signer), INT64_MAX);
		/* A writer that has nothing to write signs too. */
		commit_one(j, p, 30 + round);
		ck_assert_int_lt(signer_due_us(&j->signer), INT64_MAX);
		j->signer.period_us = 1;
		OK(journal_tend(j, &diag));
		ck_assert_int_eq(j->signer.link, j->file.chain.number);
		journal_packer_free(p);
		journal_close(j);
	}
	ck_assert_uint_eq(verify(NULL, outside), 0);
}
END_TEST

/* ---- bits ---- */

/* Flips one bit of a random value of the table; false: it was NULL, or the table does not allow it. *id: of the row. */
static bool flip_cell(sqlite3 *db, const char *table, const char *id_column, unsigned row, unsigned column,
                      unsigned bit, int64_t *id, char what[80])
{
	char sql[200];
	sqlite3_stmt *s, *u;
	snprintf(sql, sizeof sql, "SELECT %s, * FROM %s LIMIT 1 OFFSET %u", id_column, table, row);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	int c = 1 + (int)column % (sqlite3_column_count(s) - 1);
	*id = sqlite3_column_int64(s, 0);
	snprintf(what, 80, "%s.%s of row %" PRId64, table, sqlite3_column_name(s, c), *id);
	snprintf(sql, sizeof sql, "UPDATE %s SET %s = ?1 WHERE %s = ?2", table, sqlite3_column_name(s, c), id_column);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &u, NULL), SQLITE_OK);
	sqlite3_bind_int64(u, 2, *id);
	int type = sqlite3_column_type(s, c), n = sqlite3_column_bytes(s, c);
	bool flipped = type == SQLITE_INTEGER || n > 0;
	if (type == SQLITE_INTEGER) {
		sqlite3_bind_int64(u, 1, (int64_t)((uint64_t)sqlite3_column_int64(s, c) ^ (uint64_t)1 << bit % 63));
	} else if (flipped) {
		char bytes[8192];
		ck_assert_int_lt(n, (int)sizeof bytes);
		memcpy(bytes, sqlite3_column_blob(s, c), (size_t)n);
		bytes[bit / 8 % (unsigned)n] = (char)(bytes[bit / 8 % (unsigned)n] ^ 1 << bit % 8);
		if (type == SQLITE_TEXT)
			sqlite3_bind_text(u, 1, bytes, n, SQLITE_TRANSIENT);
		else
			sqlite3_bind_blob(u, 1, bytes, n, SQLITE_TRANSIENT);
	}
	sqlite3_finalize(s);
	flipped = flipped && sqlite3_step(u) == SQLITE_DONE && sqlite3_changes(db) == 1;
	sqlite3_finalize(u);
	return flipped;
}

static unsigned count_rows(sqlite3 *db, const char *table)
{
	char sql[80];
	int64_t n = 0;
	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	OK(sql_integer(db, sql, &n, &diag));
	return (unsigned)n;
}


START_TEST(every_flipped_bit_of_a_value_is_found)
{
	static const struct {
		const char *name, *id;
		bool named; /* the finding names the row */
	} tables[] = {{"message", "id", true}, {"message", "id", true}, {"outcome", "id", true}, {"action", "id", true},
	              {"link", "id", false}, {"snapshot", "id", false}, {"dictionary", "id", false},
	              {"checkpoint", "link", false}, {"name", "id", false}, {"datakey", "id", false}};
	struct file_list list = files();
	unsigned flips = 0;
	while (flips < FLIPS) {
		unsigned t = dice(sizeof tables / sizeof *tables);
		size_t file = dice((unsigned)list.n);
		char what[80], path[PATH_MAX], copy[PATH_MAX + 8];
		int64_t id;
		sqlite3 *db = open_file(file);
		unsigned n = count_rows(db, tables[t].name);
		path_of(path, list.first[file]);
		snprintf(copy, sizeof copy, "%s.keep", path);
		OK(sql_exec(db, "PRAGMA foreign_keys = OFF", &diag));
		bool flipped = false;
		unsigned row = n ? dice(n) : 0, column = dice(32), bit = dice(4096);
		/* Names that no row of this file needs are not in the chain. */
		if (n && !(strcmp(tables[t].name, "name") == 0 && row >= 4)) {
			sqlite3_close(db);
			struct aff_buf whole;
			aff_buf_init(&whole, 64 << 20);
			OK(file_read(path, &whole, &diag));
			OK(file_replace(copy, aff_buf_view(&whole), &diag));
			aff_buf_free(&whole);
			db = open_file(file);
			flipped = flip_cell(db, tables[t].name, tables[t].id, row, column, bit, &id, what);
		}
		sqlite3_close(db);
		if (flipped) {
			flips++;
			ck_assert_msg(verify(NULL, NULL) > 0, "%s: a flipped bit was not found", what);
			bool id_changed = strstr(what, ".id of") != NULL;
			if (tables[t].named && !id_changed)
				ck_assert_msg(strcmp(first.table, tables[t].name) == 0 && first.id == id,
				              "%s: found as %s %" PRId64 " %s", what, first.table, first.id,
				              first.what);
		}
		if (access(copy, F_OK) == 0)
			ck_assert_int_eq(rename(copy, path), 0);
	}
	printf("%u random bits flipped in values: all found\n", flips);
	fflush(stdout);
	verify_is_good();
	folder_list_free(&list);
}
END_TEST

/* Everything that the chain is over, as one digest. */
static void digest_file(const char *path, unsigned char out[SHA256_SIZE])
{
	static const char *const tables[] = {"message", "outcome", "action", "link", "snapshot", "dictionary",
	                                     "checkpoint", "datakey"};
	struct aff_buf text;
	sqlite3 *db;
	aff_buf_init(&text, 64 << 20);
	ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		char sql[80];
		sqlite3_stmt *s = NULL;
		snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1", tables[t]);
		if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
			aff_buf_put_text(&text, "unreadable");
		while (s && sqlite3_step(s) == SQLITE_ROW) {
			for (int c = 0; c < sqlite3_column_count(s); c++) {
				aff_buf_put_char(&text, (char)('0' + sqlite3_column_type(s, c)));
				aff_buf_put_view(&text, sql_blob(s, c));
			}
		}
		sqlite3_finalize(s);
	}
	sqlite3_close(db);
	ck_assert_int_eq(text.error, 0);
	sha256(out, aff_buf_view(&text));
	aff_buf_free(&text);
}

START_TEST(a_flipped_bit_of_a_file_is_found_or_changes_nothing)
{
	struct file_list list = files();
	unsigned found = 0;
	for (unsigned i = 0; i < FLIPS; i++) {
		char path[PATH_MAX];
		unsigned char before[SHA256_SIZE], after[SHA256_SIZE];
		struct stat st;
		char byte, flipped;
		path_of(path, list.first[dice((unsigned)list.n)]);
		digest_file(path, before);
		ck_assert_int_eq(stat(path, &st), 0);
		off_t at = (off_t)dice((unsigned)st.st_size);
		int fd = open(path, O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		flipped = (char)(byte ^ 1 << dice(8));
		ck_assert_int_eq(pwrite(fd, &flipped, 1, at), 1);
		bool bad = verify(NULL, NULL) > 0;
		digest_file(path, after);
		ck_assert_msg(bad || memcmp(before, after, SHA256_SIZE) == 0,
		              "byte %lld of %s: a flipped bit was not found", (long long)at, path);
		found += bad;
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		close(fd);
	}
	ck_assert_uint_ge(found, FLIPS / 12);
	printf("%u random bits flipped in log files: %u found, %u in free space and indices, 0 missed\n", FLIPS, found,
	       FLIPS - found);
	fflush(stdout);
	verify_is_good();
	folder_list_free(&list);
}
END_TEST

/* ---- rows and files ---- */

START_TEST(a_row_that_was_removed_added_or_exchanged_is_found)
{
	static const struct {
		const char *sql, *table;
	} edits[] = {
		{"DELETE FROM message WHERE id = (SELECT id FROM message LIMIT 1 OFFSET 7)", "message"},
		{"DELETE FROM message WHERE id = (SELECT max(id) FROM message)", "message"},
		{"DELETE FROM outcome WHERE id = 9", "outcome"},
		{"DELETE FROM outcome WHERE id = (SELECT max(id) FROM outcome)", "outcome"},
		{"DELETE FROM action WHERE id = (SELECT max(id) FROM action)", "action"},
		{"DELETE FROM link WHERE id = (SELECT id FROM link LIMIT 1 OFFSET 7)", "link"},
		{"DELETE FROM link WHERE id = (SELECT min(id) FROM link)", "link"},
		{"DELETE FROM snapshot", "message"},
		{"DELETE FROM dictionary", "message"},
		{"INSERT INTO message SELECT id + 1, received, channel, peer, type, verdict, error, control_id,"
		 " patient, device, snapshot, length, dictionary, body, mark, key, ids, body_sha"
		 " FROM message LIMIT 1 OFFSET 7", "message"},
		{"INSERT INTO message SELECT id + 1, received, channel, peer, type, verdict, error, control_id,"
		 " patient, device, snapshot, length, dictionary, body, mark, key, ids, body_sha"
		 " FROM message ORDER BY id DESC LIMIT 1",
		 "message"},
		{"INSERT INTO message SELECT -1, received, channel, peer, type, verdict, error, control_id,"
		 " patient, device, snapshot, length, dictionary, body, mark, key, ids, body_sha"
		 " FROM message LIMIT 1 OFFSET 7", "message"},
		{"INSERT INTO outcome SELECT id + 1, message, destination, kind, at, tries, snapshot, sent,"
		 " sent_length, detail, mark, instead, action FROM outcome ORDER BY id DESC LIMIT 1", "outcome"},
		{"INSERT INTO action VALUES(99, 1, 'x', NULL, NULL, 0)", "action"},
		{"INSERT INTO snapshot VALUES(99, x'00', NULL)", "snapshot"},
		{"INSERT INTO dictionary VALUES(99, 0, x'00')", "dictionary"},
		{"UPDATE message SET (body, mark) = (SELECT body, mark FROM message LIMIT 1 OFFSET 8)"
		 " WHERE id = (SELECT id FROM message LIMIT 1 OFFSET 7)", "message"},
		{"UPDATE message SET control_id = CAST(control_id AS BLOB)", "message"},
		{"DELETE FROM checkpoint WHERE link = (SELECT min(link) FROM checkpoint)", NULL},
	};
	for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
		char path[PATH_MAX], copy[PATH_MAX + 8];
		struct aff_buf whole;
		struct file_list list = files();
		path_of(path, list.first[1]);
		snprintf(copy, sizeof copy, "%s.keep", path);
		aff_buf_init(&whole, 64 << 20);
		OK(file_read(path, &whole, &diag));
		OK(file_replace(copy, aff_buf_view(&whole), &diag));
		aff_buf_free(&whole);
		run_sql(1, edits[i].sql);
		/* The one before stays: taking a middle one away is no damage as long as a later one is good. */
		if (edits[i].table) {
			ck_assert_msg(verify(NULL, NULL) > 0, "%s: not found", edits[i].sql);
			ck_assert_msg(strcmp(first.table, edits[i].table) == 0, "%s: found as %s %" PRId64 " %s",
			              edits[i].sql, first.table, first.id, first.what);
		}
		ck_assert_int_eq(rename(copy, path), 0);
		folder_list_free(&list);
	}
	verify_is_good();
}
END_TEST

/* Exchanges everything but the ids of two rows, marks included. */
START_TEST(two_rows_that_were_exchanged_are_found)
{
	run_sql(1, "CREATE TEMP TABLE two AS SELECT * FROM outcome WHERE id IN (5, 6);"
	           "DELETE FROM outcome WHERE id IN (5, 6);"
	           "INSERT INTO outcome SELECT 11 - id, message, destination, kind, at, tries, snapshot, sent,"
	           " sent_length, detail, mark, instead, action FROM two;");
	ck_assert_uint_gt(verify(NULL, NULL), 0);
	ck_assert_str_eq(first.table, "outcome");
	ck_assert_int_eq(first.id, 5);
}
END_TEST

START_TEST(a_missing_log_file_is_found_but_not_at_the_front)
{
	char path[PATH_MAX];
	struct file_list list = files();
	unsigned char key[SIGN_KEY_SIZE];
	read_key(key_path, key);
	path_of(path, list.first[0]);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(verify(key, outside), 0);
	ck_assert_int_gt(result.first_link, 1);
	/* What vouches for the new beginning is needed. */
	run_sql(0, "CREATE TABLE keep AS SELECT * FROM checkpoint; DELETE FROM checkpoint");
	ck_assert_uint_gt(verify(NULL, NULL), 0);
	ck_assert_str_eq(first.table, "checkpoint");
	run_sql(0, "INSERT INTO checkpoint SELECT * FROM keep; DROP TABLE keep");
	verify_is_good();
	path_of(path, list.first[2]);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_gt(verify(NULL, NULL), 0);
	ck_assert_str_eq(first.table, "link");
	folder_list_free(&list);
}
END_TEST

START_TEST(an_end_that_was_cut_off_is_found_by_the_file_outside)
{
	char path[PATH_MAX];
	struct file_list list = files();
	path_of(path, list.first[list.n - 1]);
	ck_assert_int_eq(unlink(path), 0);
	verify_is_good();
	ck_assert_uint_eq(verify(NULL, outside), 1);
	ck_assert_ptr_nonnull(strstr(first.what, "cut off"));
	/* A line that somebody without the key wrote does not count. */
	struct aff_buf lines;
	aff_buf_init(&lines, 1 << 20);
	OK(file_read(outside, &lines, &diag));
	for (size_t i = 0; i < lines.n; i++) {
		if (lines.p[i] == '\n' && i)
			lines.p[i - 1] = lines.p[i - 1] == '0' ? '1' : '0';
	}
	OK(file_replace(outside, aff_buf_view(&lines), &diag));
	aff_buf_free(&lines);
	ck_assert_uint_eq(verify(NULL, outside), 0);
	ck_assert_uint_gt(result.exported_ignored, 0);
	folder_list_free(&list);
}
END_TEST

/* Puts something before and behind each line of the file outside. */
static void dress_lines(const char *before, const char *behind)
{
	struct aff_buf lines, out;
	aff_buf_init(&lines, 1 << 20);
	aff_buf_init(&out, 1 << 20);
	OK(file_read(outside, &lines, &diag));
	for (size_t at = 0; at < lines.n;) {
		const char *line = lines.p + at, *end = memchr(line, '\n', lines.n - at);
		aff_buf_put_text(&out, before);
		aff_buf_put(&out, line, (size_t)(end - line));
		aff_buf_put_text(&out, behind);
		at += (size_t)(end - line) + 1;
	}
	OK(file_replace(outside, aff_buf_view(&out), &diag));
	aff_buf_free(&lines);
	aff_buf_free(&out);
}

START_TEST(what_a_syslog_server_wrote_is_read)
{
	static const struct {
		const char *before, *behind;
	} servers[] = {
		{"<109>1 2026-11-20T09:30:00.123456Z icu-1 afferent 4711 checkpoint - ", "\n"},
		{"Nov 20 09:30:00 icu-1 afferent[4711]: ", "\r\n"},
		{"{\"time\":1,\"MESSAGE\":\"", "\"}\n"},
		/* frames as they came, with what is no checkpoint between them, one that is cut off too */
		{"412 <109>1 2026-11-20T09:30:00Z icu-1 afferent 4711 checkpoint - ",
		 "22 <109>1 - - - - - - afferent-checkpoint 1 00"},
		{"afferent-checkpoint 1 ", "afferent-checkpoint 1\nsomething else\n"},
	};
	unsigned char key[SIGN_KEY_SIZE];
	struct aff_buf lines;
	aff_buf_init(&lines, 1 << 20);
	OK(file_read(outside, &lines, &diag));
	read_key(key_path, key);
	verify(key, outside);
	uint64_t all = result.exported;
	ck_assert_uint_gt(all, 3);
	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
		OK(file_replace(outside, aff_buf_view(&lines), &diag));
		dress_lines(servers[i].before, servers[i].behind);
		ck_assert_uint_eq(verify(key, outside), 0);
		ck_assert_msg(result.exported == all, "server %zu: %" PRIu64 " of %" PRIu64, i, result.exported, all);
		ck_assert_uint_eq(result.exported_used, all);
	}
	aff_buf_free(&lines);
}
END_TEST

/* One server hears of several journals. */
START_TEST(checkpoints_of_another_journal_do_not_count)
{
	struct checkpoint c;
	struct sign_key *k;
	struct aff_buf lines;
	aff_buf_init(&lines, 1 << 20);
	OK(file_read(outside, &lines, &diag));
	OK(checkpoint_read(&c, aff_view(lines.p, (size_t)((char *)memchr(lines.p, '\n', lines.n) - lines.p))));
	ck_assert_int_eq(sign_key_new(&k), 0);
	memcpy(c.key, sign_key_public(k), sizeof c.key);
	c.journal[0] ^= 1;
	c.hash[0] ^= 1;
	for (int64_t link = 1; link < 1000; link += 20) {
		struct aff_buf text;
		aff_buf_init(&text, 1024);
		c.link = link;
		checkpoint_put_text(&c, &text);
		OK(sign(k, aff_buf_view(&text), c.signature));
		aff_buf_free(&text);
		checkpoint_put(&c, &lines);
		aff_buf_put_char(&lines, '\n');
	}
	verify(NULL, outside);
	uint64_t all = result.exported;
	OK(file_replace(outside, aff_buf_view(&lines), &diag));
	ck_assert_uint_eq(verify(NULL, outside), 0);
	ck_assert_uint_eq(result.exported, all);
	ck_assert_uint_eq(result.exported_used, all);
	ck_assert_uint_eq(result.exported_ignored, 50);
	sign_key_free(k);
	aff_buf_free(&lines);
}
END_TEST

/* Somebody who can write everything but has no key: changes a row, its mark, and all links behind it. */
static void compute_anew(size_t file)
{
	unsigned char digest[SHA256_SIZE], hash[SHA256_SIZE], before[SHA256_SIZE];
	struct hasher *h = hasher_new(), *rows = hasher_new();
	struct journal_action a = {.at_us = 1, .kind = aff_view_of("replay"), .who = aff_view_of("nobody")};
	sqlite3 *db = open_file(file);
	sqlite3_stmt *s;
	char sql[200];
	record_action(h, &a, digest);
	snprintf(sql, sizeof sql,
	         "UPDATE action SET at = 1, who = 'nobody', detail = NULL, mark = %" PRId64 " WHERE id = 1",
	         record_mark(1, 0, digest));
	OK(sql_exec(db, sql, &diag));
	int64_t link = 0;
	OK(sql_integer(db, "SELECT min(id) FROM link WHERE actions = 1 AND action = 1", &link, &diag));
	/* The link becomes one over the action alone, which is easier to compute: its rows of other tables go. */
	snprintf(sql, sizeof sql, "SELECT hash FROM link WHERE id = %" PRId64, link - 1);
	ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	memcpy(before, sql_blob(s, 0).p, SHA256_SIZE);
	sqlite3_finalize(s);
	struct link l = {.number = link, .others = aff_view("", 0)};
	int64_t at = 0, message = 0, outcome = 0, message_before = 0, outcome_before = 0;
	snprintf(sql, sizeof sql, "SELECT at FROM link WHERE id = %" PRId64, link);
	OK(sql_integer(db, sql, &at, &diag));
	snprintf(sql, sizeof sql, "SELECT message FROM link WHERE id = %" PRId64, link);
	OK(sql_integer(db, sql, &message, &diag));
	snprintf(sql, sizeof sql, "SELECT outcome FROM link WHERE id = %" PRId64, link);
	OK(sql_integer(db, sql, &outcome, &diag));
	snprintf(sql, sizeof sql, "SELECT message FROM link WHERE id = %" PRId64, link - 1);
	OK(sql_integer(db, sql, &message_before, &diag));
	snprintf(sql, sizeof sql, "SELECT outcome FROM link WHERE id = %" PRId64, link - 1);
	OK(sql_integer(db, sql, &outcome_before, &diag));
	l.at_us = at;
	l.rows[LINK_MESSAGE].last = message_before;
	l.rows[LINK_OUTCOME].last = outcome_before;
	l.rows[LINK_ACTION] = (struct link_rows){.n = 1, .last = 1};
	hasher_begin(rows);
	link_add_row(rows, 1, 0, digest);
	hasher_end(rows, l.rows[LINK_ACTION].digest);
	link_hash(h, before, &l, hash);
	/* And it is the last one. */
	snprintf(sql, sizeof sql,
	         "DELETE FROM link WHERE id > %" PRId64 "; DELETE FROM action WHERE id > 1;"
	         "DELETE FROM message WHERE id > %" PRId64 "; DELETE FROM outcome WHERE id > %" PRId64,
	         link, message_before, outcome_before);
	OK(sql_exec(db, sql, &diag));
	ck_assert_int_eq(sqlite3_prepare_v2(db,
	                                    "UPDATE link SET messages = 0, message = ?1, outcomes = 0, outcome = ?2,"
	                                    " actions = 1, action = 1, hash = ?3 WHERE id = ?4",
	                                    -1, &s, NULL),
	                 SQLITE_OK);
	sqlite3_bind_int64(s, 1, message_before);
	sqlite3_bind_int64(s, 2, outcome_before);
	sqlite3_bind_blob(s, 3, hash, SHA256_SIZE, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, link);
	ck_assert_int_eq(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
	sqlite3_close(db);
	hasher_free(h);
	hasher_free(rows);
}

START_TEST(a_chain_that_was_computed_anew_is_found_by_a_checkpoint)
{
	struct file_list list = files();
	size_t newest = list.n - 1;
	compute_anew(newest);
	/* The chain is good by itself: its signatures are not. */
	ck_assert_uint_gt(verify(NULL, NULL), 0);
	ck_assert_str_eq(first.table, "checkpoint");
	/* Without them too, only what stands elsewhere tells. */
	run_sql(newest, "DELETE FROM checkpoint WHERE link > (SELECT min(link) FROM checkpoint)");
	verify_is_good();
	ck_assert_uint_gt(verify(NULL, outside), 0);
	folder_list_free(&list);
}
END_TEST

START_TEST(another_key_is_not_taken)
{
	unsigned char other[SIGN_KEY_SIZE];
	struct sign_key *k;
	ck_assert_int_eq(sign_key_new(&k), 0);
	memcpy(other, sign_key_public(k), SIGN_KEY_SIZE);
	ck_assert_uint_gt(verify(other, NULL), 0);
	ck_assert_str_eq(first.table, "checkpoint");
	sign_key_free(k);
}
END_TEST

START_TEST(the_key_file_is_private)
{
	char path[80];
	struct stat st;
	struct journal *j;
	struct journal_options o = {.folder = fixture_folder};
	snprintf(path, sizeof path, "%s.key", fixture_folder);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(journal_open(&j, &o, &diag), AFF_EARGUMENT);
}
END_TEST

/* ---- the version before ---- */

START_TEST(a_journal_of_the_version_before_goes_on_chained)
{
	static const char old[] =
		"DROP TABLE link; DROP TABLE checkpoint; DROP TABLE action; DROP TABLE datakey; DROP TABLE attempt;"
		"DROP TABLE block; DROP TABLE code;"
		"DROP INDEX IF EXISTS outcome_message;"
		"DELETE FROM meta WHERE key IN ('journal', 'format');"
		"ALTER TABLE message DROP COLUMN key; ALTER TABLE message DROP COLUMN ids;"
		"ALTER TABLE message DROP COLUMN body_sha; ALTER TABLE dictionary DROP COLUMN key;"
		"ALTER TABLE outcome DROP COLUMN instead; ALTER TABLE outcome DROP COLUMN action;"
		"ALTER TABLE outcome_total DROP COLUMN instead;"
		"ALTER TABLE message DROP COLUMN mark; ALTER TABLE outcome DROP COLUMN mark; PRAGMA user_version = 1";
	struct file_list list = files();
	struct journal_packer *p;
	struct journal_reader *r;
	struct fixture_rows *rows = calloc(1, sizeof *rows);
	int64_t position = 0;
	for (size_t i = 0; i < list.n; i++)
		run_sql(i, old);
	struct journal *j = open_journal();
	ck_assert_int_ge(journal_head(j), ids[nids - 1]);
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	commit_one(j, p, 10);
	sealer_drain(&j->sealer);
	journal_packer_free(p);
	journal_close(j);
	verify_is_good();
	ck_assert_uint_eq(result.unchained, list.n);
	ck_assert_uint_eq(result.files, list.n + 1);
	ck_assert_uint_eq(result.rows[LINK_ACTION], 1);
	r = fixture_reader();
	rows->check_raw = true;
	OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_gt(rows->n, nids / 3);
	OK(journal_read_cursor(r, aff_view_of("monitors/ehr"), &position, &diag));
	ck_assert_int_eq(position, ids[nids - 1]);
	journal_reader_close(r);
	free(rows);
	/* Its successor cannot go back. */
	run_sql(list.n, old);
	run_sql(list.n, "PRAGMA user_version = 4");
	struct journal_options o = {.folder = fixture_folder};
	ck_assert_int_eq(journal_open(&j, &o, &diag), AFF_ECORRUPT);
	folder_list_free(&list);
}
END_TEST

static TCase *chain(void)
{
	TCase *c = tcase_create("chain");
	tcase_set_timeout(c, 300);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, what_was_written_verifies);
	tcase_add_test(c, it_verifies_after_each_start);
	tcase_add_test(c, every_flipped_bit_of_a_value_is_found);
	tcase_add_test(c, a_flipped_bit_of_a_file_is_found_or_changes_nothing);
	tcase_add_test(c, a_row_that_was_removed_added_or_exchanged_is_found);
	tcase_add_test(c, two_rows_that_were_exchanged_are_found);
	tcase_add_test(c, a_missing_log_file_is_found_but_not_at_the_front);
	tcase_add_test(c, an_end_that_was_cut_off_is_found_by_the_file_outside);
	tcase_add_test(c, what_a_syslog_server_wrote_is_read);
	tcase_add_test(c, checkpoints_of_another_journal_do_not_count);
	tcase_add_test(c, a_chain_that_was_computed_anew_is_found_by_a_checkpoint);
	tcase_add_test(c, another_key_is_not_taken);
	tcase_add_test(c, the_key_file_is_private);
	tcase_add_test(c, a_journal_of_the_version_before_goes_on_chained);
	return c;
}

/* Whoever verifies needs no key. */
static TCase *encrypted(void)
{
	TCase *c = tcase_create("encrypted");
	tcase_set_timeout(c, 300);
	tcase_add_checked_fixture(c, setup_encrypted, teardown);
	tcase_add_test(c, what_was_written_verifies);
	tcase_add_test(c, it_verifies_after_each_start);
	tcase_add_test(c, every_flipped_bit_of_a_value_is_found);
	tcase_add_test(c, a_flipped_bit_of_a_file_is_found_or_changes_nothing);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {chain, encrypted};
	return fixture_run(cases, 2, "journal: the hash chain");
}
