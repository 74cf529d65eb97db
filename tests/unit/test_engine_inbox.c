/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder that files are taken from: what is complete, in which order, and that each file is in one place, whole.
 */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/in/inbox.h"
#include "engine/in/inbox_list.h"
#include "engine/peer.h"
#include "engine/in/taken.h"
#include "run_suite.h"

#define SECOND INT64_C(1000000)

static char root[64], in[80], done[96], error[96], acks[96];
static struct conf_source source;
static struct inbox inbox;
static struct inbox_list list;

static void set_up(void)
{
	snprintf(root, sizeof root, "/tmp/aff-inbox-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(in, sizeof in, "%s/in", root);
	snprintf(done, sizeof done, "%s/.done", in);
	snprintf(error, sizeof error, "%s/.error", in);
	snprintf(acks, sizeof acks, "%s/acks", in);
	ck_assert_int_eq(mkdir(in, 0700), 0);
	source.path = in;
	source.folder.done = done;
	source.folder.error = error;
	source.folder.acks = acks;
	struct aff_diag diag = {0};
	int rc = inbox_open(&inbox, &source, &diag);
	ck_assert_msg(rc == 0, "%s", diag.text);
	memset(&list, 0, sizeof list);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void tear_down(void)
{
	inbox_list_free(&list);
	inbox_close(&inbox);
	ck_assert_int_eq(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void put(int folder, const char *name, const char *text, time_t modified)
{
	const struct timespec times[2] = {{.tv_sec = modified}, {.tv_sec = modified}};
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

static void expect_file(int folder, const char *name, const char *text)
{
	char got[100];
	int fd = openat(folder, name, O_RDONLY);
	ck_assert_msg(fd >= 0, "%s is not there", name);
	ssize_t n = read(fd, got, sizeof got - 1);
	close(fd);
	ck_assert_int_ge(n, 0);
	got[n] = '\0';
	ck_assert_str_eq(got, text);
}

/* The names of what is due, one behind the other. */
static const char *look(int64_t settle_ms, int64_t now_us)
{
	static char names[400];
	int number = 0;
	ck_assert_int_eq(inbox_list_look(&list, inbox.in, "*.hl7", settle_ms, now_us, &number), 0);
	names[0] = '\0';
	for (size_t i = 0; i < list.ndue; i++)
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", list.due[i]->name);
	return names;
}

START_TEST(the_oldest_goes_first)
{
	put(inbox.in, "b.hl7", "x", 100);
	put(inbox.in, "a.hl7", "x", 300);
	put(inbox.in, "d.hl7", "x", 200);
	put(inbox.in, "c.HL7", "x", 200);
	ck_assert_str_eq(look(0, SECOND), "b.hl7 c.HL7 d.hl7 a.hl7 ");
}
END_TEST

START_TEST(what_is_no_file_for_us_is_left_alone)
{
	put(inbox.in, "a.txt", "x", 100);
	put(inbox.in, ".a.hl7", "x", 100);
	put(inbox.in, "empty.hl7", "", 100);
	put(inbox.in, "real", "x", 100);
	ck_assert_int_eq(symlinkat("real", inbox.in, "link.hl7"), 0);
	ck_assert_int_eq(mkdirat(inbox.in, "folder.hl7", 0700), 0);
	ck_assert_int_eq(mkfifoat(inbox.in, "pipe.hl7", 0600), 0);
	ck_assert_str_eq(look(0, SECOND), "");
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

START_TEST(a_file_must_stay_as_it_is_for_so_long)
{
	put(inbox.in, "a.hl7", "x", 100);
	ck_assert_str_eq(look(2000, 1 * SECOND), "");
	ck_assert_uint_eq(list.n, 1);
	ck_assert_str_eq(look(2000, 2 * SECOND), "");
	put(inbox.in, "a.hl7", "xy", 100); /* another size */
	ck_assert_str_eq(look(2000, 3 * SECOND), "");
	ck_assert_str_eq(look(2000, 4 * SECOND), "");
	put(inbox.in, "a.hl7", "zz", 101); /* another time */
	ck_assert_str_eq(look(2000, 5 * SECOND), "");
	put(inbox.in, "new", "uu", 101); /* another file, of the same size and time */
	ck_assert_int_eq(renameat(inbox.in, "new", inbox.in, "a.hl7"), 0);
	ck_assert_str_eq(look(2000, 6 * SECOND), "");
	ck_assert_str_eq(look(2000, 7 * SECOND), "");
	ck_assert_str_eq(look(2000, 8 * SECOND), "a.hl7 ");
}
END_TEST

START_TEST(what_could_not_be_taken_waits)
{
	put(inbox.in, "a.hl7", "x", 100);
	put(inbox.in, "b.hl7", "x", 200);
	look(0, SECOND);
	list.due[0]->not_before_us = 10 * SECOND;
	ck_assert_str_eq(look(0, 2 * SECOND), "b.hl7 ");
	ck_assert_str_eq(look(0, 10 * SECOND), "a.hl7 b.hl7 ");
	list.due[0]->not_before_us = 20 * SECOND;
	put(inbox.in, "a.hl7", "repaired", 300);
	ck_assert_str_eq(look(0, 11 * SECOND), "b.hl7 a.hl7 ");
}
END_TEST

static void take(const char *name, int64_t head, char claimed[INBOX_NAME_SIZE])
{
	ck_assert_int_eq(inbox_take(&inbox, name, head, claimed), 0);
}

/* A program that knows one name only is not turned away some day, nor are more and more names tried for it. */
START_TEST(one_name_serves_for_ever)
{
	char claimed[INBOX_NAME_SIZE], final[INBOX_NAME_SIZE];
	for (int i = 0; i < 60; i++) {
		put(inbox.in, "a.hl7", "text", 100);
		take("a.hl7", i < 50 ? 1700000000000000 + i : 5, claimed);
		ck_assert_int_eq(inbox_finish(&inbox, claimed, inbox.done, final), 0);
	}
	ck_assert_str_eq(final, "a.hl7.19");
	expect_file(inbox.done, "a.hl7", "text");
	expect_file(inbox.done, "a.hl7.9", "text");
	expect_file(inbox.done, "a.hl7.1700000000000049", "text");
}
END_TEST

START_TEST(a_file_goes_its_way)
{
	char claimed[INBOX_NAME_SIZE], final[INBOX_NAME_SIZE];
	struct aff_buf bytes;
	struct stat st;
	const char *name;
	int64_t head;
	aff_buf_init(&bytes, 100);
	for (int i = 0; i < 3; i++) {
		put(inbox.in, "a.b.hl7", "text", 100 + i);
		take("a.b.hl7", 1234567, claimed);
		ck_assert_int_eq(inbox_sync(&inbox), 0);
		ck_assert_str_eq(claimed, "1234567.a.b.hl7");
		ck_assert(inbox_claim(claimed, &head, &name));
		ck_assert_int_eq(head, 1234567);
		ck_assert_str_eq(name, "a.b.hl7");
		aff_buf_clear(&bytes);
		ck_assert_int_eq(inbox_read(&inbox, claimed, 4, &bytes, &st), 0);
		ck_assert(aff_view_is(aff_buf_view(&bytes), "text"));
		ck_assert_int_eq(inbox_compare(&inbox, claimed, &st), 0);
		ck_assert_int_eq(inbox_finish(&inbox, claimed, inbox.done, final), 0);
	}
	ck_assert_str_eq(final, "a.b.hl7.3");
	expect_file(inbox.done, "a.b.hl7", "text");
	expect_file(inbox.done, "a.b.hl7.2", "text");
	expect_file(inbox.done, "a.b.hl7.3", "text");
	ck_assert_int_eq(inbox_write(inbox.error, "a.b.hl7", ".why", aff_view_of("because")), 0);
	expect_file(inbox.error, "a.b.hl7.why", "because");
	ck_assert_int_eq(inbox_take(&inbox, "gone.hl7", 1, claimed), AFF_ENOTFOUND);
	aff_buf_free(&bytes);
}
END_TEST

START_TEST(nothing_is_overwritten)
{
	char claimed[INBOX_NAME_SIZE];
	put(inbox.in, "a.hl7", "first", 100);
	take("a.hl7", 5, claimed);
	put(inbox.in, "a.hl7", "second", 100);
	ck_assert_int_eq(inbox_take(&inbox, "a.hl7", 5, claimed), AFF_EBUSY);
	ck_assert_int_eq(inbox_put_back(&inbox, "5.a.hl7"), AFF_EBUSY);
	expect_file(inbox.taken, "5.a.hl7", "first");
	expect_file(inbox.in, "a.hl7", "second");
	ck_assert_int_eq(unlinkat(inbox.in, "a.hl7", 0), 0);
	ck_assert_int_eq(inbox_put_back(&inbox, "5.a.hl7"), 0);
	expect_file(inbox.in, "a.hl7", "first");
}
END_TEST

START_TEST(what_is_read_is_a_whole_regular_file)
{
	char claimed[INBOX_NAME_SIZE], name[INBOX_NAME_SIZE];
	struct aff_buf bytes;
	struct stat st;
	aff_buf_init(&bytes, 100);
	put(inbox.in, "a.hl7", "12345", 100);
	take("a.hl7", 5, claimed);
	ck_assert_int_eq(inbox_read(&inbox, claimed, 4, &bytes, &st), AFF_ELIMIT);
	ck_assert_int_eq(inbox_read(&inbox, claimed, 5, &bytes, &st), 0);
	put(inbox.taken, "5.a.hl7", "123456", 101);
	ck_assert_int_eq(inbox_compare(&inbox, claimed, &st), AFF_EAGAIN);
	ck_assert_int_eq(inbox_compare(&inbox, "5.gone", &st), AFF_ENOTFOUND);
	ck_assert_int_eq(symlinkat("/etc/hostname", inbox.taken, "5.l.hl7"), 0);
	ck_assert_int_eq(inbox_read(&inbox, "5.l.hl7", 50, &bytes, &st), AFF_EARGUMENT);
	ck_assert_int_eq(mkfifoat(inbox.taken, "5.p.hl7", 0600), 0);
	ck_assert_int_eq(inbox_read(&inbox, "5.p.hl7", 50, &bytes, &st), AFF_EARGUMENT);
	memset(name, 'n', 250);
	snprintf(name + 250, 6, ".hl7");
	put(inbox.in, name, "x", 100);
	ck_assert_int_eq(inbox_take(&inbox, name, 1234567890123456, claimed), AFF_EARGUMENT);
	expect_file(inbox.in, name, "x");
	aff_buf_free(&bytes);
}
END_TEST

START_TEST(names_that_are_no_claims)
{
	const char *name;
	int64_t head;
	static const char *const others[] = {"readme.txt", "a", "", "12", "12.", ".12.a", "-1.a", "1x.a",
					     "99999999999999999999.a"};
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_msg(!inbox_claim(others[i], &head, &name), "%s", others[i]);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct inbox second;
	struct aff_diag diag = {0};
	ck_assert_int_eq(inbox_open(&second, &source, &diag), AFF_EBUSY);
	ck_assert_ptr_nonnull(strstr(diag.text, "another channel or engine"));
	inbox_close(&inbox);
	ck_assert_int_eq(inbox_open(&inbox, &source, &diag), 0);
	ck_assert(inbox_is_there(&inbox, in));
	char aside[100];
	snprintf(aside, sizeof aside, "%s.old", in);
	ck_assert_int_eq(rename(in, aside), 0);
	ck_assert(!inbox_is_there(&inbox, in));
	ck_assert_int_eq(mkdir(in, 0700), 0);
	ck_assert(!inbox_is_there(&inbox, in));
}
END_TEST

START_TEST(folders_that_cannot_be)
{
	struct aff_diag diag = {0};
	inbox_close(&inbox);
	ck_assert_int_eq(unlinkat(AT_FDCWD, error, AT_REMOVEDIR), 0);
	ck_assert_int_eq(symlink("/tmp", error), 0); /* somebody's trick */
	ck_assert_int_ne(inbox_open(&inbox, &source, &diag), 0);
	ck_assert_ptr_nonnull(strstr(diag.text, ".error"));
	ck_assert_int_eq(unlink(error), 0);
	static char proc[] = "/proc/afferent-error", shm[] = "/dev/shm";
	source.folder.error = proc;
	ck_assert_int_ne(inbox_open(&inbox, &source, &diag), 0);
	source.folder.error = shm;
	if (access("/dev/shm", W_OK) == 0) {
		ck_assert_int_eq(inbox_open(&inbox, &source, &diag), AFF_EARGUMENT);
		ck_assert_ptr_nonnull(strstr(diag.text, "another file system"));
	}
}
END_TEST

START_TEST(a_peer_tells_folder_and_file)
{
	char buf[PEER_FILE_SIZE], name[256];
	struct aff_view peer = peer_of_file(buf, "/srv/lab/in/", "r\xc3\xa9sultat 1.hl7");
	ck_assert(aff_view_is(peer, "directory in: r\xc3\xa9sultat 1.hl7"));
	ck_assert(aff_view_is(peer_sender(peer), "directory in"));
	ck_assert(aff_view_is(peer_order(peer), "directory in"));
	ck_assert(aff_view_is(peer_for_log(peer), "directory in"));
	peer = peer_of_file(buf, "a:b", "50%: \n\xff.hl7");
	ck_assert(aff_view_is(peer, "directory a%3Ab: 50%25%3A %0A%FF.hl7"));
	ck_assert(aff_view_is(peer_for_log(peer), "directory a%3Ab"));
	memset(name, 0xff, 255);
	name[255] = '\0';
	ck_assert_uint_eq(peer_of_file(buf, name, name).n, strlen("directory : ") + 6 * 255);
	ck_assert(aff_view_is(peer_for_log(aff_view_of("127.0.0.1:99")), "127.0.0.1:99"));
}
END_TEST

START_TEST(a_report_has_numbers_and_no_values)
{
	struct taken *t = calloc(1, sizeof *t);
	struct aff_buf out;
	const struct journal_message good = {.id = 1, .verdict = JOURNAL_ACCEPTED};
	const struct journal_message bad = {.id = 77, .verdict = JOURNAL_REJECTED, .error = AFF_EMSGTYPE};
	aff_buf_init(&out, 1 << 20);
	taken_add(t, &good);
	taken_add(t, &bad);
	taken_report(t, &out);
	aff_buf_put_char(&out, '\0');
	ck_assert_ptr_nonnull(strstr(out.p, "1 of 2 messages were rejected"));
	ck_assert_ptr_nonnull(strstr(out.p, "message 2: "));
	ck_assert_ptr_nonnull(strstr(out.p, "journal show 77\n"));
	for (int i = 0; i < 200; i++)
		taken_add(t, &bad);
	aff_buf_clear(&out);
	taken_report(t, &out);
	aff_buf_put_char(&out, '\0');
	ck_assert_ptr_nonnull(strstr(out.p, "201 of 202"));
	ck_assert_ptr_nonnull(strstr(out.p, "and 101 others"));
	aff_buf_free(&out);
	free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine_inbox");
	TCase *t = tcase_create("inbox");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, the_oldest_goes_first);
	tcase_add_test(t, what_is_no_file_for_us_is_left_alone);
	tcase_add_test(t, a_file_must_stay_as_it_is_for_so_long);
	tcase_add_test(t, what_could_not_be_taken_waits);
	tcase_add_test(t, one_name_serves_for_ever);
	tcase_add_test(t, a_file_goes_its_way);
	tcase_add_test(t, nothing_is_overwritten);
	tcase_add_test(t, what_is_read_is_a_whole_regular_file);
	tcase_add_test(t, names_that_are_no_claims);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, folders_that_cannot_be);
	tcase_add_test(t, a_peer_tells_folder_and_file);
	tcase_add_test(t, a_report_has_numbers_and_no_values);
	suite_add_tcase(s, t);
	return run_suite(s);
}
