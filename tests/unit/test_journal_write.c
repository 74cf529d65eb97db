/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing and reading back: ids, order, reopening, configurations, the lock, refused folders.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "journal_fixture.h"

#define T0 1700000000000000

static struct journal *j;
static struct journal_packer *packer;
static struct fixture_rows *rows;

static void setup(void)
{
	fixture_setup();
	rows = calloc(1, sizeof *rows);
	j = fixture_open(0);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

static void reopen(uint64_t file_rows)
{
	journal_packer_free(packer);
	journal_close(j);
	j = fixture_open(file_rows);
	ck_assert_int_eq(journal_packer_new(&packer, j), 0);
}

static void teardown(void)
{
	journal_packer_free(packer);
	journal_close(j);
	free(rows);
	fixture_teardown();
}

START_TEST(committed_rows_come_back)
{
	int64_t ids[50];
	for (unsigned i = 0; i < 50; i++) {
		OK(journal_begin(j, &diag));
		ids[i] = fixture_add(j, packer, i % 2 ? "pumps" : "monitors", i, T0 + i * 1000);
		OK(journal_commit(j, &diag));
		ck_assert_int_eq(journal_head(j), ids[i]);
	}
	reopen(0);
	ck_assert_int_eq(journal_head(j), ids[49]);
	struct journal_reader *r = fixture_reader();
	rows->check_raw = true;
	OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 25);
	for (size_t i = 0; i < 25; i++)
		ck_assert_int_eq(rows->id[i], ids[2 * i]);
	rows->n = 0;
	OK(journal_read_channel(r, aff_view_of("monitors"), ids[40], fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 4);
	rows->n = 0;
	rows->stop_at = 3;
	OK(journal_read_channel(r, aff_view_of("pumps"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 3);
	OK(journal_read_channel(r, aff_view_of("nobody"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 3);
	journal_reader_close(r);
}
END_TEST

static int check_row(void *arg, const struct journal_row *row)
{
	const struct journal_message *m = &row->message;
	ck_assert_int_eq(m->received_us, T0);
	ck_assert(aff_view_is(m->channel, "monitors"));
	ck_assert(aff_view_is(m->peer, "127.0.0.1:51234"));
	ck_assert(aff_view_is(m->type, "ORU^R01"));
	ck_assert(aff_view_is(m->control_id, "C3"));
	ck_assert(aff_view_is(m->patient, "P3"));
	ck_assert(aff_view_is(m->device, "D3"));
	ck_assert_int_eq(m->verdict, JOURNAL_ACCEPTED);
	ck_assert_mem_eq(m->snapshot, fixture_sha, SHA256_SIZE);
	ck_assert_uint_eq(m->length, row->raw.n);
	++*(int *)arg;
	return 0;
}

START_TEST(every_column_comes_back)
{
	int seen = 0;
	OK(journal_begin(j, &diag));
	int64_t id = fixture_add(j, packer, "monitors", 3, T0);
	OK(journal_commit(j, &diag));
	struct journal_reader *r = fixture_reader();
	OK(journal_get(r, id, check_row, &seen, &diag));
	ck_assert_int_eq(seen, 1);
	ck_assert_int_eq(journal_get(r, id + 1, check_row, &seen, &diag), AFF_ENOTFOUND);
	journal_reader_close(r);
}
END_TEST

static int check_rejected(void *arg, const struct journal_row *row)
{
	ck_assert_int_eq(row->message.error, AFF_ENOMSH);
	ck_assert_int_eq(row->message.verdict, JOURNAL_REJECTED);
	ck_assert_uint_eq(row->message.type.n, 0);
	ck_assert_uint_eq(row->message.control_id.n, 0);
	ck_assert_uint_eq(row->raw.n, 5);
	ck_assert_mem_eq(row->raw.p, "a\0b\xff" "c", 5);
	++*(int *)arg;
	return 0;
}

START_TEST(rejected_bytes_are_kept_as_they_are)
{
	int seen = 0;
	struct aff_buf body;
	aff_buf_init(&body, 1000);
	struct journal_message m = {.received_us = T0, .channel = aff_view_of("x"), .verdict = JOURNAL_REJECTED,
	                            .error = AFF_ENOMSH, .length = 5};
	ck_assert_int_eq(journal_pack(packer, m.channel, aff_view("a\0b\xff" "c", 5), &body, &m.dictionary), 0);
	m.body = aff_buf_view(&body);
	OK(journal_begin(j, &diag));
	OK(journal_add_message(j, &m, &diag));
	OK(journal_commit(j, &diag));
	struct journal_reader *r = fixture_reader();
	OK(journal_get(r, m.id, check_rejected, &seen, &diag));
	ck_assert_int_eq(seen, 1);
	/* Not accepted: no destination sees it. */
	OK(journal_read_channel(r, aff_view_of("x"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 0);
	journal_reader_close(r);
	aff_buf_free(&body);
}
END_TEST

START_TEST(ids_grow_when_the_clock_steps_back)
{
	static const int64_t clock[] = {T0, T0, T0 - 5000000, T0 + 10, T0 - 1, T0 + 10};
	int64_t last = 0;
	for (size_t round = 0; round < 2; round++) {
		OK(journal_begin(j, &diag));
		for (unsigned i = 0; i < sizeof clock / sizeof *clock; i++) {
			int64_t id = fixture_add(j, packer, "monitors", i, clock[i]);
			ck_assert_int_gt(id, last);
			ck_assert_int_ge(id, clock[i]);
			last = id;
		}
		OK(journal_commit(j, &diag));
		reopen(0);
	}
}
END_TEST

START_TEST(rollback_leaves_nothing)
{
	OK(journal_begin(j, &diag));
	int64_t lost = fixture_add(j, packer, "monitors", 1, T0);
	journal_rollback(j);
	ck_assert_int_lt(journal_head(j), lost);
	OK(journal_begin(j, &diag));
	int64_t kept = fixture_add(j, packer, "monitors", 2, T0);
	OK(journal_commit(j, &diag));
	ck_assert_int_gt(kept, lost);
	struct journal_reader *r = fixture_reader();
	rows->check_raw = true;
	OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, rows, &diag));
	ck_assert_uint_eq(rows->n, 1);
	ck_assert_int_eq(rows->id[0], kept);
	journal_reader_close(r);
}
END_TEST

START_TEST(transactions_are_asked_for)
{
	struct journal_message m = {.received_us = T0};
	ck_assert_int_eq(journal_add_message(j, &m, &diag), AFF_EARGUMENT);
	ck_assert_int_eq(journal_commit(j, &diag), AFF_EARGUMENT);
	OK(journal_begin(j, &diag));
	ck_assert_int_eq(journal_begin(j, &diag), AFF_EARGUMENT);
}
END_TEST

START_TEST(configurations_are_stored_in_every_file)
{
	static const char text[] = "channels:\n  monitors: {}\n# and so on and so on and so on\n";
	unsigned char other[SHA256_SIZE] = {9};
	struct aff_buf out;
	aff_buf_init(&out, 1000);
	reopen(2);
	OK(journal_set_snapshot(j, fixture_sha, aff_view_of(text), &diag));
	OK(journal_set_snapshot(j, other, aff_view_of("older\n"), &diag));
	OK(journal_set_snapshot(j, fixture_sha, aff_view_of(text), &diag));
	for (unsigned i = 0; i < 5; i++) {
		OK(journal_begin(j, &diag));
		fixture_add(j, packer, "monitors", i, T0 + i);
		OK(journal_commit(j, &diag));
	}
	struct journal_reader *r = fixture_reader();
	ck_assert_uint_eq(r->list.n, 3);
	OK(journal_get_snapshot(r, fixture_sha, &out, &diag));
	ck_assert(aff_view_is(aff_buf_view(&out), text));
	aff_buf_clear(&out);
	OK(journal_get_snapshot(r, other, &out, &diag));
	ck_assert(aff_view_is(aff_buf_view(&out), "older\n"));
	for (size_t i = 0; i < r->list.n; i++) {
		struct reader_file *f;
		int64_t n = 0;
		OK(reader_file(r, i, &f, &diag));
		OK(sql_integer(f->db, "SELECT length(body) > 0 FROM snapshot WHERE hex(sha256) LIKE '010203%'", &n,
		               &diag));
		ck_assert_int_eq(n, 1);
	}
	other[0] = 77;
	ck_assert_int_eq(journal_get_snapshot(r, other, &out, &diag), AFF_ENOTFOUND);
	journal_reader_close(r);
	aff_buf_free(&out);
}
END_TEST

START_TEST(one_process_writes)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct journal *second;
		struct journal_options o = {.folder = fixture_folder};
		_exit(journal_open(&second, &o, NULL) == AFF_EBUSY ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(files_are_private)
{
	OK(journal_begin(j, &diag));
	fixture_add(j, packer, "monitors", 1, T0);
	OK(journal_commit(j, &diag));
	DIR *d = opendir(fixture_folder);
	const struct dirent *entry;
	unsigned seen = 0;
	while ((entry = readdir(d))) {
		struct stat st;
		if (entry->d_name[0] == '.')
			continue;
		ck_assert_int_eq(fstatat(dirfd(d), entry->d_name, &st, 0), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0600);
		seen++;
	}
	closedir(d);
	ck_assert_uint_ge(seen, 4); /* lock, log file, -wal, -shm */
}
END_TEST

START_TEST(missing_log_files_are_noticed)
{
	struct journal_options o = {.folder = fixture_folder};
	char path[PATH_MAX];
	journal_packer_free(packer);
	journal_close(j);
	packer = NULL;
	j = NULL;
	snprintf(path, sizeof path, "%s/lock", fixture_folder);
	char kept[32] = "";
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(kept, sizeof kept, f));
	fclose(f);
	fixture_empty();
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(kept, f);
	fclose(f);
	ck_assert_int_eq(journal_open(&j, &o, &diag), AFF_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(diag.hint, "lock"));
	unlink(path);
	OK(journal_open(&j, &o, &diag));
}
END_TEST

START_TEST(newer_formats_are_refused)
{
	struct journal_options o = {.folder = fixture_folder};
	OK(sql_exec(j->file.db, "PRAGMA user_version = 4", &diag));
	journal_packer_free(packer);
	journal_close(j);
	packer = NULL;
	j = NULL;
	ck_assert_int_eq(journal_open(&j, &o, &diag), AFF_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(diag.text, "format 3"));
	ck_assert_ptr_null(j);
}
END_TEST

START_TEST(half_made_files_are_removed)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/log-1700000000000000.db.new", fixture_folder);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("half", f);
	fclose(f);
	reopen(0);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(network_file_systems_are_refused)
{
	ck_assert_str_eq(folder_remote_name(0x6969), "NFS");
	ck_assert_str_eq(folder_remote_name(0xff534d42), "CIFS");
	ck_assert_str_eq(folder_remote_name(0x65735546), "FUSE");
	ck_assert_ptr_null(folder_remote_name(0xef53));     /* ext4 */
	ck_assert_ptr_null(folder_remote_name(0x01021994)); /* tmpfs */
	OK(folder_check_local(fixture_folder, &diag));
}
END_TEST

START_TEST(a_journal_that_must_be_there_is_not_made)
{
	struct journal *other;
	char folder[128], lock[160];
	struct journal_options o = {.folder = folder, .must_exist = true};
	snprintf(folder, sizeof folder, "%s/missing", fixture_folder);
	ck_assert_int_eq(journal_open(&other, &o, &diag), AFF_ECORRUPT);
	ck_assert_int_ne(access(folder, F_OK), 0);
	ck_assert_int_eq(mkdir(folder, 0700), 0); /* where a disk should have been mounted */
	ck_assert_int_eq(journal_open(&other, &o, &diag), AFF_ECORRUPT);
	snprintf(lock, sizeof lock, "%s/lock", folder);
	ck_assert_int_ne(access(lock, F_OK), 0);
	rmdir(folder);
	journal_packer_free(packer);
	journal_close(j);
	o.folder = fixture_folder;
	OK(journal_open(&j, &o, &diag));
	OK(journal_packer_new(&packer, j));
}
END_TEST

START_TEST(a_folder_of_somebody_else_is_a_matter_of_permission)
{
	struct journal *other;
	char folder[128];
	struct journal_options o = {.folder = folder};
	snprintf(folder, sizeof folder, "%s/other", fixture_folder);
	ck_assert_int_eq(mkdir(folder, 0), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chmod(fixture_folder, 0755) + seteuid(65534), 0);
	ck_assert_int_eq(journal_open(&other, &o, &diag), AFF_EPERMISSION);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	rmdir(folder);
}
END_TEST

START_TEST(no_journal_no_reader)
{
	struct journal_reader *r = NULL;
	ck_assert_int_eq(journal_reader_open(&r, "/nonexistent/journal", &diag), AFF_ENOTFOUND);
	ck_assert_ptr_null(r);
}
END_TEST

static TCase *cases(void)
{
	TCase *c = tcase_create("write");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, committed_rows_come_back);
	tcase_add_test(c, every_column_comes_back);
	tcase_add_test(c, rejected_bytes_are_kept_as_they_are);
	tcase_add_test(c, ids_grow_when_the_clock_steps_back);
	tcase_add_test(c, rollback_leaves_nothing);
	tcase_add_test(c, transactions_are_asked_for);
	tcase_add_test(c, configurations_are_stored_in_every_file);
	tcase_add_test(c, one_process_writes);
	tcase_add_test(c, files_are_private);
	tcase_add_test(c, missing_log_files_are_noticed);
	tcase_add_test(c, newer_formats_are_refused);
	tcase_add_test(c, half_made_files_are_removed);
	tcase_add_test(c, network_file_systems_are_refused);
	tcase_add_test(c, a_journal_that_must_be_there_is_not_made);
	tcase_add_test(c, a_folder_of_somebody_else_is_a_matter_of_permission);
	tcase_add_test(c, no_journal_no_reader);
	return c;
}

int main(void)
{
	TCase *(*all[])(void) = {cases};
	return fixture_run(all, 1, "journal: writing");
}
