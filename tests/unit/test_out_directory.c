/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory output.
 */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/out/output.h"
#include "sys/file.h"
#include "run_suite.h"

#define NEW_YEAR 1767225600000000 /* 2026-01-01T00:00:00Z as an id */

static struct output *output;
static char folder[64], pattern[64] = "{id}.hl7";
static unsigned done;
static struct output_answer last;

static void on_done(void *arg, unsigned lane, const struct output_answer *answer)
{
	(void)arg;
	(void)lane;
	done++;
	last = *answer;
}

static void open_output(void)
{
	struct conf_dest dest = {.lanes = 3, .path = folder, .file_name = pattern, .file_mode = 0640};
	ck_assert_int_eq(output_directory_new(&output, &dest, on_done, NULL), 0);
}

static void set_up(void)
{
	snprintf(folder, sizeof folder, "/tmp/out_directory.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(pattern, sizeof pattern, "{id}.hl7");
	done = 0;
	open_output();
}

static void tear_down(void)
{
	output->ops->free(output);
	DIR *dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	for (const struct dirent *e; (e = readdir(dir));)
		if (unlinkat(dirfd(dir), e->d_name, 0))
			unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
	closedir(dir);
	rmdir(folder);
}

static void send_on(unsigned lane, int64_t id, const char *text)
{
	const struct output_message m = {.bytes = aff_view_of(text), .control_id = aff_view_of("1"), .id = id};
	output->ops->send(output, lane, &m);
}

static void expect_file(const char *name, const char *text)
{
	char path[400];
	struct aff_buf in;
	struct stat st;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	aff_buf_init(&in, 1 << 20);
	ck_assert_int_eq(file_read(path, &in, NULL), 0);
	ck_assert_msg(aff_view_is(aff_buf_view(&in), text), "%s holds: %.*s", name, (int)in.n, in.p);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	aff_buf_free(&in);
}

/* How many files there are, hidden ones among them. */
static unsigned count_files(void)
{
	unsigned n = 0;
	DIR *dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void expect_done(unsigned count, enum output_result result, const char *detail)
{
	ck_assert_uint_eq(done, count);
	ck_assert_str_eq(last.detail, detail);
	ck_assert_int_eq(last.result, result);
}

START_TEST(each_message_is_a_file)
{
	umask(0077);
	send_on(0, 17, "MSH|1\rOBX|1\r");
	ck_assert_uint_eq(done, 0); /* not before it is synced */
	output->ops->poll(output, -1, -1);
	expect_done(1, OUTPUT_DELIVERED, "written");
	send_on(1, 18, "MSH|2\r");
	send_on(2, 19, "MSH|3");
	output->ops->poll(output, -1, -1);
	expect_done(3, OUTPUT_DELIVERED, "written");
	expect_file("17.hl7", "MSH|1\rOBX|1\r");
	expect_file("18.hl7", "MSH|2\r");
	expect_file("19.hl7", "MSH|3");
	ck_assert_uint_eq(count_files(), 3);
}
END_TEST

START_TEST(a_file_has_its_name_when_it_is_whole)
{
	char hidden[128];
	send_on(0, 17, "MSH|1\r");
	snprintf(hidden, sizeof hidden, "%s/.17.hl7.part", folder);
	ck_assert_int_eq(access(hidden, F_OK), 0);
	ck_assert_uint_eq(count_files(), 1);
	output->ops->poll(output, -1, -1);
	ck_assert_int_ne(access(hidden, F_OK), 0);
	expect_file("17.hl7", "MSH|1\r");
}
END_TEST

/* Neither what an earlier try has finished nor what it has left is in the way. */
START_TEST(a_message_that_is_written_again_takes_its_own_place)
{
	char hidden[128];
	send_on(0, 17, "MSH|1|first\r");
	output->ops->poll(output, -1, -1);
	snprintf(hidden, sizeof hidden, "%s/.17.hl7.part", folder);
	ck_assert_int_eq(symlink("/dev/null", hidden), 0);
	send_on(1, 17, "MSH|1|second\r");
	output->ops->poll(output, -1, -1);
	expect_done(2, OUTPUT_DELIVERED, "written");
	expect_file("17.hl7", "MSH|1|second\r");
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(what_is_in_hand_at_the_end_leaves_nothing)
{
	send_on(0, 17, "MSH|1\r");
	output->ops->free(output);
	ck_assert_uint_eq(count_files(), 0);
	ck_assert_uint_eq(done, 0);
	open_output();
}
END_TEST

START_TEST(the_name_is_made_of_id_and_day)
{
	output->ops->free(output);
	snprintf(pattern, sizeof pattern, "{date}-ward-{id}-{id}");
	open_output();
	send_on(0, NEW_YEAR - 1, "MSH|1\r");
	send_on(1, NEW_YEAR, "MSH|2\r");
	output->ops->poll(output, -1, -1);
	expect_file("20251231-ward-1767225599999999-1767225599999999", "MSH|1\r");
	expect_file("20260101-ward-1767225600000000-1767225600000000", "MSH|2\r");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_not_made)
{
	char away[80];
	snprintf(away, sizeof away, "%s.away", folder);
	ck_assert_int_eq(rename(folder, away), 0);
	send_on(0, 17, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	expect_done(1, OUTPUT_TRANSIENT, "the folder is not there");
	ck_assert_int_ne(access(folder, F_OK), 0);
	ck_assert_int_eq(rename(away, folder), 0);
	send_on(0, 17, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	expect_done(2, OUTPUT_DELIVERED, "written");
	expect_file("17.hl7", "MSH|1\r");
}
END_TEST

START_TEST(a_message_that_does_not_fit_leaves_nothing)
{
	struct rlimit small = {.rlim_cur = 8, .rlim_max = RLIM_INFINITY}, before;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	send_on(0, 17, "MSH|12345678\r");
	send_on(1, 18, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_uint_eq(done, 2);
	expect_file("18.hl7", "MSH|1\r");
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(a_folder_of_that_name_is_not_replaced)
{
	char path[128];
	snprintf(path, sizeof path, "%s/17.hl7", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	send_on(0, 17, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	expect_done(1, OUTPUT_TRANSIENT, "cannot write the file");
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("out directory");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, each_message_is_a_file);
	tcase_add_test(t, a_file_has_its_name_when_it_is_whole);
	tcase_add_test(t, a_message_that_is_written_again_takes_its_own_place);
	tcase_add_test(t, what_is_in_hand_at_the_end_leaves_nothing);
	tcase_add_test(t, the_name_is_made_of_id_and_day);
	tcase_add_test(t, a_folder_that_is_not_there_is_not_made);
	tcase_add_test(t, a_message_that_does_not_fit_leaves_nothing);
	tcase_add_test(t, a_folder_of_that_name_is_not_replaced);
	suite_add_tcase(s, t);
	return run_suite(s);
}
