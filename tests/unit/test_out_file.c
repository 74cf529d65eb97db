/* SPDX-License-Identifier: Apache-2.0
 *
 * The file output.
 */
#include <check.h>
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

static struct output *output;
static char folder[64], path[96];
static unsigned done;
static struct output_answer last;
static bool again;

static void send_on(unsigned lane, const char *text)
{
	const struct output_message m = {.bytes = aff_view_of(text), .control_id = aff_view_of("1"), .id = 1};
	output->ops->send(output, lane, &m);
}

static void on_done(void *arg, unsigned lane, const struct output_answer *answer)
{
	(void)arg;
	done++;
	last = *answer;
	if (again && lane == 0) {
		again = false;
		send_on(0, "MSH|again\r");
	}
}

static void set_up(void)
{
	struct conf_dest dest = {.lanes = 3, .path = path};
	snprintf(folder, sizeof folder, "/tmp/out_file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/out", folder);
	done = 0;
	again = false;
	ck_assert_int_eq(output_file_new(&output, &dest, on_done, NULL), 0);
}

static void tear_down(void)
{
	output->ops->free(output);
	unlink(path);
	rmdir(folder);
}

static void expect_file(const char *text)
{
	struct aff_buf in;
	aff_buf_init(&in, 1 << 20);
	ck_assert_int_eq(file_read(path, &in, NULL), 0);
	ck_assert_msg(aff_view_is(aff_buf_view(&in), text), "the file holds: %.*s", (int)in.n, in.p);
	aff_buf_free(&in);
}

static void expect_done(unsigned count, enum output_result result, const char *detail)
{
	ck_assert_uint_eq(done, count);
	ck_assert_int_eq(last.result, result);
	ck_assert_str_eq(last.detail, detail);
}

START_TEST(messages_are_told_apart)
{
	send_on(0, "MSH|1\rOBX|1\r");
	ck_assert_uint_eq(done, 0); /* not before it is synced */
	output->ops->poll(output, -1, -1);
	expect_done(1, OUTPUT_DELIVERED, "written");
	send_on(0, "MSH|2\rOBX|1");
	send_on(1, "{\"a\":1}");
	send_on(2, "{\"b\":1}\n");
	output->ops->poll(output, -1, -1);
	expect_done(4, OUTPUT_DELIVERED, "written");
	expect_file("MSH|1\rOBX|1\r\n\nMSH|2\rOBX|1\r\n\n{\"a\":1}\n\n{\"b\":1}\n\n");
}
END_TEST

START_TEST(what_done_sends_belongs_to_the_next_round)
{
	again = true;
	send_on(0, "MSH|1\r");
	send_on(2, "MSH|2\r");
	output->ops->poll(output, -1, -1);
	ck_assert_uint_eq(done, 2);
	output->ops->poll(output, -1, -1);
	ck_assert_uint_eq(done, 3);
	expect_file("MSH|1\r\n\nMSH|2\r\n\nMSH|again\r\n\n");
}
END_TEST

START_TEST(a_file_renamed_away_is_made_anew)
{
	char old[112];
	struct stat st;
	snprintf(old, sizeof old, "%s.old", path);
	send_on(0, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	ck_assert_int_eq(rename(path, old), 0);
	send_on(0, "MSH|2\r");
	output->ops->poll(output, -1, -1);
	expect_file("MSH|2\r\n\n");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	unlink(old);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_is_tried_again)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	send_on(0, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	expect_done(1, OUTPUT_TRANSIENT, "cannot write the file");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	send_on(0, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	expect_done(2, OUTPUT_TRANSIENT, "not a regular file");
	close(reader);
	ck_assert_int_eq(unlink(path), 0);
	send_on(0, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	expect_done(3, OUTPUT_DELIVERED, "written");
}
END_TEST

/* A size limit of the process stands in for the full disk: write takes a part of the message, then fails. */
START_TEST(a_message_that_does_not_fit_leaves_no_part_of_itself)
{
	struct rlimit limit = {.rlim_cur = 12, .rlim_max = RLIM_INFINITY};
	send_on(0, "MSH|1\r");
	output->ops->poll(output, -1, -1);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	send_on(0, "MSH|2\r");
	output->ops->poll(output, -1, -1);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_done(2, OUTPUT_TRANSIENT, "cannot write the file");
	expect_file("MSH|1\r\n\n");
}
END_TEST

START_TEST(a_symbolic_link_is_not_followed)
{
	struct conf_dest dest = {.lanes = 1, .path = path};
	struct output *linked;
	if (symlink("/dev/full", path))
		ck_abort();
	ck_assert_int_eq(output_file_new(&linked, &dest, on_done, NULL), 0);
	const struct output_message m = {.bytes = aff_view_of("MSH|1\r"), .control_id = aff_view_of("1"), .id = 1};
	linked->ops->send(linked, 0, &m);
	linked->ops->poll(linked, -1, -1);
	expect_done(1, OUTPUT_TRANSIENT, "cannot write the file");
	linked->ops->free(linked);
}
END_TEST

START_TEST(with_nothing_to_do_it_waits_for_the_wake_descriptor)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	output->ops->poll(output, ends[0], -1);
	output->ops->poll(output, -1, 1);
	ck_assert_uint_eq(done, 0);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("out_file");
	TCase *t = tcase_create("file");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, messages_are_told_apart);
	tcase_add_test(t, what_done_sends_belongs_to_the_next_round);
	tcase_add_test(t, a_file_renamed_away_is_made_anew);
	tcase_add_test(t, a_file_that_cannot_be_opened_is_tried_again);
	tcase_add_test(t, a_message_that_does_not_fit_leaves_no_part_of_itself);
	tcase_add_test(t, a_symbolic_link_is_not_followed);
	tcase_add_test(t, with_nothing_to_do_it_waits_for_the_wake_descriptor);
	suite_add_tcase(s, t);
	return run_suite(s);
}
