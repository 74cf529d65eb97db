/* SPDX-License-Identifier: Apache-2.0
 *
 * Several log files: what moves into a new one, what sealing does, what a reader finds across them.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "journal_fixture.h"
#include "sys/file.h"

#include "journal/search.h"

#define T0 1700000000000000

static struct journal *j;
static struct journal_packer *packer;
static struct journal_reader *reader;
static struct fixture_rows *rows;

static void setup(void)
{
	fixture_setup();
	rows = calloc(1, sizeof *rows);
	j = fixture_open(10);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	reader = fixture_reader();
}

static void teardown(void)
{
	journal_reader_close(reader);
	journal_packer_free(packer);
	journal_close(j);
	free(rows);
	fixture_teardown();
}

/* One message a transaction, so that every file gets exactly ten. */
static void add(unsigned from, unsigned to, int64_t *ids)
{
	for (unsigned i = from; i < to; i++) {
		OK(journal_begin(j, &diag));
		ids[i] = fixture_add(j, packer, "monitors", i, T0 + i * 1000);
		OK(journal_commit(j, &diag));
	}
}

static int collect_outcome(void *arg, const struct journal_outcome *o)
{
	struct fixture_rows *r = arg;
	ck_assert_int_eq(o->at_us, o->message + 5);
	ck_assert_mem_eq(o->snapshot, fixture_sha, SHA256_SIZE);
	ck_assert(aff_view_is(o->detail, o->kind == JOURNAL_DELIVERED ? "AA" : "line 14: drop segment"));
	r->id[r->n++] = o->message * 10 + (int)o->kind;
	return 0;
}

START_TEST(cursors_move_on)
{
	int64_t ids[35], position = 0;
	add(0, 5, ids);
	OK(journal_begin(j, &diag));
	OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), ids[1], &diag));
	OK(journal_set_cursor(j, aff_view_of("monitors/fhir"), 0, &diag));
	OK(journal_commit(j, &diag));
	add(5, 35, ids);
	OK(journal_read_cursor(reader, aff_view_of("monitors/ehr"), &position, &diag));
	ck_assert_int_eq(position, ids[1]);
	ck_assert_uint_eq(reader->list.n, 4);
	OK(journal_begin(j, &diag));
	OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), ids[20], &diag));
	OK(journal_commit(j, &diag));
	OK(journal_read_cursor(reader, aff_view_of("monitors/ehr"), &position, &diag));
	ck_assert_int_eq(position, ids[20]);
	ck_assert_int_eq(journal_read_cursor(reader, aff_view_of("monitors"), &position, &diag), AFF_ENOTFOUND);

	struct journal_stats stats;
	OK(journal_read_stats(reader, &stats, &diag));
	ck_assert_uint_eq(stats.nledgers, 2);
	ck_assert_str_eq(stats.ledgers[0].destination, "monitors/ehr");
	ck_assert_uint_eq(stats.ledgers[0].received, 33); /* counted from where the cursor started */
	ck_assert_uint_eq(stats.ledgers[1].received, 35);
	ck_assert_uint_eq(stats.ledgers[1].pending, 35);
	ck_assert_int_eq(stats.ledgers[0].oldest_pending_us, T0 + 21 * 1000);
	ck_assert_int_eq(stats.ledgers[1].oldest_pending_us, T0);
	ck_assert_int_eq(stats.first_us, T0);
	ck_assert_int_eq(stats.last_us, T0 + 34 * 1000);
	ck_assert_uint_eq(stats.files, 4);
	journal_stats_free(&stats);
}
END_TEST

START_TEST(outcomes_are_found_in_later_files)
{
	int64_t ids[35];
	add(0, 35, ids);
	OK(journal_begin(j, &diag));
	fixture_outcome(j, ids[3], "monitors/ehr", JOURNAL_DEAD);
	fixture_outcome(j, ids[3], "monitors/fhir", JOURNAL_DELIVERED);
	fixture_outcome(j, ids[34], "monitors/ehr", JOURNAL_FILTERED);
	fixture_outcome(j, ids[1], "monitors/ehr", JOURNAL_DELIVERED);
	OK(journal_commit(j, &diag));
	OK(journal_get_outcomes(reader, ids[3], collect_outcome, rows, &diag));
	ck_assert_uint_eq(rows->n, 2);
	ck_assert_int_eq(rows->id[0], ids[3] * 10 + JOURNAL_DEAD);
	ck_assert_int_eq(rows->id[1], ids[3] * 10 + JOURNAL_DELIVERED);
	rows->n = 0;
	OK(journal_read_outcomes(reader, aff_view_of("monitors/ehr"), ids[1] - 1, collect_outcome, rows, &diag));
	ck_assert_uint_eq(rows->n, 3);
	ck_assert_int_eq(rows->id[0], ids[1] * 10 + JOURNAL_DELIVERED);
	ck_assert_int_eq(rows->id[1], ids[3] * 10 + JOURNAL_DEAD);
	ck_assert_int_eq(rows->id[2], ids[34] * 10 + JOURNAL_FILTERED);
	rows->n = 0;
	OK(journal_read_outcomes(reader, aff_view_of("monitors/ehr"), ids[3], collect_outcome, rows, &diag));
	ck_assert_uint_eq(rows->n, 1);
}
END_TEST

/* Of a message itself, of the one before and, time and again, of the first one, in one transaction with the message. */
START_TEST(outcomes_are_found_beside_any_others)
{
	enum { MESSAGES = 60 };
	static int64_t ids[MESSAGES];
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(1000);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	for (unsigned i = 0; i < MESSAGES; i++) {
		OK(journal_begin(j, &diag));
		ids[i] = fixture_add(j, packer, "monitors", i, T0 + i * 1000);
		if (i && i % 3 == 0)
			fixture_outcome(j, ids[i], "monitors/ehr", JOURNAL_DELIVERED);
		if (i > 1)
			fixture_outcome(j, ids[i - 1], "monitors/fhir", JOURNAL_DEAD);
		if (i % 7 == 0)
			fixture_outcome(j, ids[0], "monitors/ehr", JOURNAL_FILTERED);
		OK(journal_commit(j, &diag));
	}
	for (unsigned i = 0; i < MESSAGES; i++) {
		size_t n = (MESSAGES + 6) / 7;
		if (i)
			n = (i % 3 ? 0u : 1u) + (i + 1 < MESSAGES ? 1u : 0u);
		rows->n = 0;
		OK(journal_get_outcomes(reader, ids[i], collect_outcome, rows, &diag));
		ck_assert_msg(rows->n == n, "message %u has %zu outcomes, not %zu", i, rows->n, n);
		if (i && i % 3 == 0)
			ck_assert_int_eq(rows->id[0], ids[i] * 10 + JOURNAL_DELIVERED);
	}
	rows->n = 0;
	OK(journal_get_outcomes(reader, ids[MESSAGES - 1] + 1, collect_outcome, rows, &diag));
	OK(journal_get_outcomes(reader, ids[0] - 1, collect_outcome, rows, &diag));
	ck_assert_uint_eq(rows->n, 0);
}
END_TEST

/* More outcomes than one page holds, over several files, not in the order of their messages. */
START_TEST(many_outcomes_come_in_order)
{
	static int64_t ids[5000];
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(1000);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	for (unsigned i = 0; i < 5000; i += 100) {
		OK(journal_begin(j, &diag));
		for (unsigned k = i; k < i + 100; k++)
			ids[k] = fixture_add(j, packer, "monitors", k, T0 + k);
		for (unsigned k = 0; k < 100 && i >= 1000; k++)
			fixture_outcome(j, ids[i - 1000 + (k * 37) % 100], "monitors/ehr", JOURNAL_DELIVERED);
		OK(journal_commit(j, &diag));
	}
	sealer_drain(&j->sealer);
	OK(journal_read_outcomes(reader, aff_view_of("monitors/ehr"), 0, collect_outcome, rows, &diag));
	ck_assert_uint_eq(rows->n, 4000);
	for (size_t i = 0; i < rows->n; i++)
		ck_assert_int_eq(rows->id[i], ids[i] * 10 + JOURNAL_DELIVERED);
}
END_TEST

static int64_t count_in(sqlite3 *db, const char *sql)
{
	int64_t n = -1;
	OK(sql_integer(db, sql, &n, &diag));
	return n;
}

/* The plan of a search of one column, as SQLite explains it. */
static void explain(sqlite3 *db, const struct journal_query *q, size_t keys, char *out, size_t size)
{
	struct aff_buf sql;
	sqlite3_stmt *s = NULL;
	aff_buf_init(&sql, 4096);
	aff_buf_put_text(&sql, "EXPLAIN QUERY PLAN ");
	search_put_select(&sql, "SELECT " READER_COLUMNS READER_BODY READER_FROM, q, keys, true);
	aff_buf_put_char(&sql, '\0');
	OK(sql_prepare(db, sql.p, &s, &diag));
	ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
	snprintf(out, size, "%s", sqlite3_column_text(s, 3));
	do {
		ck_assert_ptr_null(strstr((const char *)sqlite3_column_text(s, 3), "TEMP B-TREE"));
	} while (sqlite3_step(s) == SQLITE_ROW);
	sqlite3_finalize(s);
	aff_buf_free(&sql);
}

START_TEST(sealing_makes_indices_that_are_used)
{
	int64_t ids[25];
	char path[PATH_MAX], plan[256];
	add(0, 25, ids);
	sealer_drain(&j->sealer);
	OK(reader_refresh(reader, &diag));
	ck_assert_uint_eq(reader->list.n, 3);
	struct reader_file *f;
	OK(reader_file(reader, 2, &f, &diag));
	ck_assert(!f->sealed);
	ck_assert_int_eq(count_in(f->db, "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"),
	                 0);
	for (size_t i = 0; i < 2; i++) {
		OK(reader_file(reader, i, &f, &diag));
		ck_assert(f->sealed);
		ck_assert_int_eq(
			count_in(f->db, "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"),
			5);
		ck_assert_int_eq(count_in(f->db, "SELECT sum(n) FROM message_total"), 10);
		/* A sealed file is one file. */
		OK(folder_path(path, sizeof path, fixture_folder, f->first, "-wal", &diag));
		ck_assert_int_ne(access(path, F_OK), 0);
	}
	explain(f->db, &(struct journal_query){.control_id = aff_view_of("C3")}, 0, plan, sizeof plan);
	ck_assert_ptr_nonnull(strstr(plan, "message_control_id"));
	explain(f->db,
	        &(struct journal_query){.patient = aff_view_of("P3"), .from_us = T0, .verdict = JOURNAL_ACCEPTED}, 0,
	        plan, sizeof plan);
	ck_assert_ptr_nonnull(strstr(plan, "message_patient"));
	explain(f->db, &(struct journal_query){.device = aff_view_of("D3"), .channel = aff_view_of("monitors")}, 0,
	        plan, sizeof plan);
	ck_assert_ptr_nonnull(strstr(plan, "message_device"));
	explain(f->db, &(struct journal_query){.from_us = T0, .oldest_first = true}, 0, plan, sizeof plan);
	ck_assert_ptr_nonnull(strstr(plan, "INTEGER PRIMARY KEY"));
}
END_TEST

/* A crash in the last step of sealing leaves a rollback journal, and readers may not write. */
START_TEST(a_file_whose_sealing_was_interrupted_can_be_read)
{
	int64_t ids[25], pages;
	char path[PATH_MAX], rollback[PATH_MAX];
	sqlite3 *db;
	add(0, 25, ids);
	sealer_drain(&j->sealer);
	OK(folder_path(path, sizeof path, fixture_folder, reader->list.first[0], "", &diag));
	OK(folder_path(rollback, sizeof rollback, fixture_folder, reader->list.first[0], "-journal", &diag));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	pages = count_in(db, "PRAGMA page_count");
	OK(sql_exec(db, "BEGIN IMMEDIATE; DELETE FROM message; CREATE TABLE half(x)", &diag));
	ck_assert_int_eq(sqlite3_db_cacheflush(db), SQLITE_OK);
	/* As a crash would leave both: the file with what is half done, and what undoes it. */
	struct aff_buf half, undo;
	aff_buf_init(&half, 1 << 24);
	aff_buf_init(&undo, 1 << 24);
	OK(file_read(path, &half, &diag));
	OK(file_read(rollback, &undo, &diag));
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
	OK(file_replace(path, aff_buf_view(&half), &diag));
	OK(file_replace(rollback, aff_buf_view(&undo), &diag));
	aff_buf_free(&half);
	aff_buf_free(&undo);

	struct journal_reader *r = fixture_reader();
	rows->check_raw = true;
	OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 25);
	ck_assert_int_ne(access(rollback, F_OK), 0);
	struct reader_file *f;
	OK(reader_file(r, 0, &f, &diag));
	ck_assert_int_eq(count_in(f->db, "PRAGMA page_count"), pages);
	journal_reader_close(r);
}
END_TEST

static void spoil(int64_t first, const char *sql)
{
	char path[PATH_MAX];
	sqlite3 *db;
	OK(folder_path(path, sizeof path, fixture_folder, first, "", &diag));
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

START_TEST(what_was_not_sealed_is_sealed_after_the_next_start)
{
	int64_t ids[35];
	add(0, 35, ids);
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(10);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	sealer_drain(&j->sealer);
	struct journal_stats stats;
	OK(journal_read_stats(reader, &stats, &diag));
	ck_assert_uint_eq(stats.files, 4);
	ck_assert_uint_eq(stats.sealed, 3);
	ck_assert_uint_eq(stats.messages, 35);
	ck_assert_uint_eq(stats.waiting, 0);
	journal_stats_free(&stats);
	rows->check_raw = true;
	OK(journal_read_channel(reader, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 35);
	ck_assert_mem_eq(rows->id, ids, sizeof ids);
	/* How many wait, and since when the oldest of them does. */
	OK(reader_refresh(reader, &diag));
	spoil(reader->list.first[1], "DELETE FROM meta WHERE key = 'sealed'");
	struct journal_reader *other = fixture_reader();
	OK(journal_read_stats(other, &stats, &diag));
	ck_assert_uint_eq(stats.sealed, 2);
	ck_assert_uint_eq(stats.waiting, 1);
	ck_assert_int_eq(stats.waiting_us, reader->list.first[2]);
	journal_stats_free(&stats);
	journal_reader_close(other);
}
END_TEST

/* A reader that holds a file open does not keep it from being sealed. */
START_TEST(readers_do_not_hinder_sealing)
{
	int64_t ids[25];
	struct reader_file *f;
	add(0, 5, ids);
	OK(reader_refresh(reader, &diag));
	OK(reader_file(reader, 0, &f, &diag));
	add(5, 25, ids);
	sealer_drain(&j->sealer);
	OK(journal_read_channel(reader, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 25);
	struct journal_stats stats;
	OK(journal_read_stats(reader, &stats, &diag));
	ck_assert_uint_eq(stats.sealed, 2);
	journal_stats_free(&stats);
}
END_TEST

static bool sealer_works(void)
{
	pthread_mutex_lock(&j->sealer.lock);
	bool works = j->sealer.busy || j->sealer.queue.n;
	pthread_mutex_unlock(&j->sealer.lock);
	return works;
}

/* While the sealer cannot go on, the next log file takes what comes: no commit waits for indices. */
START_TEST(commits_do_not_wait_for_the_sealer)
{
	int64_t ids[18];
	char path[PATH_MAX];
	sqlite3 *other;
	add(0, 10, ids);
	OK(reader_refresh(reader, &diag));
	OK(folder_path(path, sizeof path, fixture_folder, reader->list.first[0], "", &diag));
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	add(10, 18, ids);
	ck_assert(sealer_works());
	ck_assert_int_eq(count_in(other, "SELECT count(*) FROM meta WHERE key = 'sealed'"), 0);
	OK(journal_read_channel(reader, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 18);
	ck_assert_int_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	sealer_drain(&j->sealer);
	struct journal_stats stats;
	OK(journal_read_stats(reader, &stats, &diag));
	ck_assert_uint_eq(stats.sealed, 1);
	journal_stats_free(&stats);
}
END_TEST

static void note_bytes(void *arg, uint64_t done, uint64_t total)
{
	uint64_t *last = arg;
	ck_assert_uint_ge(done, *last);
	ck_assert_uint_ge(total, done);
	*last = done;
}

/* Indices and totals that are missing or wrong come back; rows, the open file and readers stay as they are. */
START_TEST(sealed_files_are_indexed_anew)
{
	int64_t ids[35];
	struct journal_reindexed done;
	struct reader_file *f;
	uint64_t bytes = 0;
	add(0, 25, ids);
	sealer_drain(&j->sealer);
	OK(reader_refresh(reader, &diag));
	spoil(reader->list.first[0], "DROP INDEX message_patient; UPDATE message_total SET n = 7");
	spoil(reader->list.first[1], "DELETE FROM outcome_total; DELETE FROM message_total; DROP INDEX message_device");
	OK(reader_file(reader, 0, &f, &diag)); /* goes on with the old one */
	OK(journal_reindex(fixture_folder, NULL, note_bytes, &bytes, &done, &diag));
	ck_assert_uint_eq(done.files, 2);
	ck_assert_uint_eq(done.left, 1);
	ck_assert_int_eq(count_in(f->db, "SELECT count(*) FROM message"), 10);
	add(25, 28, ids);
	struct journal_reader *other = fixture_reader();
	for (size_t i = 0; i < 2; i++) {
		char path[PATH_MAX];
		OK(reader_file(other, i, &f, &diag));
		ck_assert(f->sealed);
		ck_assert_int_eq(
			count_in(f->db, "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"),
			5);
		ck_assert_int_eq(count_in(f->db, "SELECT sum(n) FROM message_total"), 10);
		ck_assert_int_eq(count_in(f->db, "SELECT count(*) FROM pragma_integrity_check WHERE"
		                                 " integrity_check <> 'ok'"), 0);
		OK(folder_path(path, sizeof path, fixture_folder, f->first, ".new", &diag));
		ck_assert_int_ne(access(path, F_OK), 0);
	}
	rows->check_raw = true;
	OK(journal_read_channel(other, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 28);
	ck_assert_mem_eq(rows->id, ids, 28 * sizeof *ids);
	journal_reader_close(other);
}
END_TEST

START_TEST(only_one_makes_indices)
{
	char path[PATH_MAX];
	struct journal_reindexed done;
	snprintf(path, sizeof path, "%s/reindex.lock", fixture_folder);
	int fd = file_lock(path, &diag);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(journal_reindex(fixture_folder, NULL, NULL, NULL, &done, &diag), AFF_EBUSY);
	close(fd);
	OK(journal_reindex(fixture_folder, NULL, NULL, NULL, &done, &diag));
	ck_assert_uint_eq(done.files, 0);
	ck_assert_int_eq(journal_reindex("/nowhere", NULL, NULL, NULL, &done, &diag), AFF_ENOTFOUND);
}
END_TEST

/* A row that cannot be read is not left out: the file stays as it is. */
START_TEST(a_damaged_file_is_not_indexed)
{
	int64_t ids[15];
	char path[PATH_MAX], page[4096];
	struct journal_reindexed done;
	struct stat before, after;
	add(0, 15, ids);
	sealer_drain(&j->sealer);
	OK(reader_refresh(reader, &diag));
	struct reader_file *f;
	OK(reader_file(reader, 0, &f, &diag));
	int64_t root = count_in(f->db, "SELECT rootpage FROM sqlite_master WHERE name = 'message'");
	OK(folder_path(path, sizeof path, fixture_folder, reader->list.first[0], "", &diag));
	memset(page, 0xa5, sizeof page);
	int fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, page, sizeof page, (root - 1) * 4096), sizeof page);
	close(fd);
	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert_int_eq(journal_reindex(fixture_folder, NULL, NULL, NULL, &done, &diag), AFF_ECORRUPT);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	OK(folder_path(path, sizeof path, fixture_folder, reader->list.first[0], ".new", &diag));
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(removed_files_are_passed_over)
{
	int64_t ids[35];
	char path[PATH_MAX];
	add(0, 35, ids);
	sealer_drain(&j->sealer);
	OK(journal_read_channel(reader, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	OK(folder_path(path, sizeof path, fixture_folder, reader->list.first[1], "", &diag));
	ck_assert_int_eq(unlink(path), 0);
	rows->n = 0;
	OK(journal_read_channel(reader, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 25);
	ck_assert_int_eq(rows->id[10], ids[20]);
	ck_assert_int_eq(journal_get(reader, ids[15], fixture_collect, rows, &diag), AFF_ENOTFOUND);
}
END_TEST

START_TEST(damage_is_named)
{
	int64_t ids[5];
	char path[PATH_MAX], sql[200], name[64];
	add(0, 5, ids);
	journal_reader_close(reader);
	journal_packer_free(packer);
	int64_t first = j->file.first;
	journal_close(j);
	sqlite3 *db;
	OK(folder_path(path, sizeof path, fixture_folder, first, "", &diag));
	OK(schema_open(&db, path, "unix", &diag));
	snprintf(sql, sizeof sql,
	         "UPDATE message SET body = substr(body, 1, length(body) - 9) || randomblob(9) WHERE id = %lld",
	         (long long)ids[2]);
	OK(sql_exec(db, sql, &diag));
	snprintf(sql, sizeof sql, "UPDATE message SET channel = 99 WHERE id = %lld", (long long)ids[3]);
	OK(sql_exec(db, sql, &diag));
	sqlite3_close(db);
	j = fixture_open(10);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	reader = fixture_reader();
	for (size_t i = 2; i < 4; i++) {
		ck_assert_int_eq(journal_get(reader, ids[i], fixture_collect, rows, &diag), AFF_ECORRUPT);
		snprintf(name, sizeof name, "%lld", (long long)ids[i]);
		ck_assert_ptr_nonnull(strstr(diag.text, name));
		ck_assert_ptr_nonnull(strstr(diag.text, ".db"));
	}
	ck_assert_int_eq(journal_read_channel(reader, aff_view_of("monitors"), 0, fixture_collect, rows, &diag),
	                 AFF_ECORRUPT);
	ck_assert_uint_eq(rows->n, 2);
}
END_TEST

/* A dictionary must be in every file that uses it. */
START_TEST(dictionaries_are_where_they_are_needed)
{
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(2500);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	for (unsigned i = 0; i < 6000; i++) {
		if (i == 2100)
			sealer_drain(&j->sealer); /* 2,000 samples were enough */
		if (i % 100 == 0)
			OK(journal_begin(j, &diag));
		fixture_add(j, packer, "monitors", i, T0 + i);
		if (i % 100 == 99)
			OK(journal_commit(j, &diag));
	}
	ck_assert_ptr_nonnull(book_find(&j->book, 1));
	OK(reader_refresh(reader, &diag));
	ck_assert_uint_eq(reader->list.n, 3);
	struct reader_file *f;
	for (size_t i = 0; i < 3; i++) {
		OK(reader_file(reader, i, &f, &diag));
		ck_assert_int_eq(count_in(f->db, "SELECT count(*) FROM dictionary"), 1);
		ck_assert_int_gt(count_in(f->db, "SELECT count(*) FROM message WHERE dictionary = 1"), 0);
	}
	OK(reader_file(reader, 0, &f, &diag));
	ck_assert_int_lt(2 * count_in(f->db, "SELECT avg(length(body)) FROM message WHERE dictionary = 1"),
	                 count_in(f->db, "SELECT avg(length(body)) FROM message WHERE dictionary = 0"));
	rows->check_raw = true;
	OK(journal_read_channel(reader, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 6000);

	/* The dictionary is taken up again by the next process. */
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(2500);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	ck_assert_ptr_nonnull(book_find(&j->book, 1));
	ck_assert_str_eq(book_find(&j->book, 1)->channel, "monitors");
	OK(journal_begin(j, &diag));
	int64_t id = fixture_add(j, packer, "monitors", 7, T0);
	OK(journal_commit(j, &diag));
	rows->n = 0;
	OK(journal_get(reader, id, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 1);
}
END_TEST

/* A body packed before a rollback needs its dictionary stored again. */
START_TEST(a_dictionary_lost_in_a_rollback_is_stored_again)
{
	char raw[2048];
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(0);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
	struct aff_buf body;
	uint32_t dictionary;
	aff_buf_init(&body, 1 << 20);
	for (unsigned i = 0; i < 2000; i++) {
		aff_buf_clear(&body);
		struct aff_view text = fixture_raw(raw, sizeof raw, i);
		ck_assert_int_eq(journal_pack(packer, aff_view_of("monitors"), text, &body, &dictionary), 0);
	}
	aff_buf_free(&body);
	sealer_drain(&j->sealer);
	OK(journal_begin(j, &diag));
	fixture_add(j, packer, "monitors", 1, T0);
	journal_rollback(j);
	OK(journal_begin(j, &diag));
	int64_t id = fixture_add(j, packer, "monitors", 2, T0);
	OK(journal_commit(j, &diag));
	rows->check_raw = true;
	OK(journal_get(reader, id, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 1);
}
END_TEST

static TCase *cases(void)
{
	TCase *c = tcase_create("files");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, cursors_move_on);
	tcase_add_test(c, outcomes_are_found_in_later_files);
	tcase_add_test(c, outcomes_are_found_beside_any_others);
	tcase_add_test(c, many_outcomes_come_in_order);
	tcase_add_test(c, sealing_makes_indices_that_are_used);
	tcase_add_test(c, a_file_whose_sealing_was_interrupted_can_be_read);
	tcase_add_test(c, what_was_not_sealed_is_sealed_after_the_next_start);
	tcase_add_test(c, readers_do_not_hinder_sealing);
	tcase_add_test(c, commits_do_not_wait_for_the_sealer);
	tcase_add_test(c, sealed_files_are_indexed_anew);
	tcase_add_test(c, only_one_makes_indices);
	tcase_add_test(c, a_damaged_file_is_not_indexed);
	tcase_add_test(c, removed_files_are_passed_over);
	tcase_add_test(c, damage_is_named);
	tcase_add_test(c, dictionaries_are_where_they_are_needed);
	tcase_add_test(c, a_dictionary_lost_in_a_rollback_is_stored_again);
	return c;
}

int main(void)
{
	TCase *(*all[])(void) = {cases};
	return fixture_run(all, 1, "journal: log files");
}
