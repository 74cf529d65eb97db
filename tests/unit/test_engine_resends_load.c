/* SPDX-License-Identifier: Apache-2.0
 *
 * What was received before a start is known again: the newest messages at once, the others through the writer while it
 * works; of each channel that wants it, within the window, and no more than are remembered.
 */
#include "engine/resends_load.h"
#include "journal_fixture.h"
#include "sys/clock.h"

#define MESSAGES 1200

static struct conf *conf;
static int64_t begin_us;

/* n messages, one a second until now, in log files of 500. */
static void fill(unsigned n)
{
	struct journal *j = fixture_open(500);
	struct journal_packer *p = NULL;
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	OK(journal_set_snapshot(j, fixture_sha, aff_view_of("x"), &diag));
	begin_us = clock_wall_us() - (int64_t)n * 1000000;
	for (unsigned i = 0; i < n; i++) {
		if (i % 50 == 0)
			OK(journal_begin(j, &diag));
		fixture_add(j, p, i % 10 == 3 ? "again" : "ward", i, begin_us + (int64_t)i * 1000000);
		if (i % 50 == 49)
			OK(journal_commit(j, &diag));
	}
	journal_packer_free(p);
	journal_close(j);
}

static void load_conf(const char *duplicates)
{
	char root[] = "", engine[256], ward[] = "channels/ward.yaml", again[] = "channels/again.yaml";
	char main_name[] = "afferent.yaml";
	struct aff_diag_list findings;
	snprintf(engine, sizeof engine, "journal: %s\nduplicates: {%s}\n", fixture_folder, duplicates);
	struct conf_file items[] = {
		{main_name, aff_view_of(engine)},
		{again, aff_view_of("channel: again\nsource:\n  mllp: {listen: \"127.0.0.1:1\"}\n"
				    "  duplicates: deliver\ndestinations:\n  - name: a\n    file: {to: /tmp/a}\n")},
		{ward, aff_view_of("channel: ward\nsource:\n  mllp: {listen: \"127.0.0.1:2\"}\n"
				   "destinations:\n  - name: a\n    file: {to: /tmp/b}\n")},
	};
	struct conf_files files = {.root = root, .items = items, .count = 3};
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_load(&conf, &files, &findings), 0);
	aff_diag_list_free(&findings);
}

/* Is message number n of the journal known? */
static bool knows(const struct resends *r, unsigned n)
{
	char raw[2048];
	struct resend_key key;
	resend_key(&key, aff_view_of(n % 10 == 3 ? "again" : "ward"), aff_view_of("127.0.0.1:1"),
		   fixture_raw(raw, sizeof raw, n));
	ck_assert(key.usable);
	return resends_find(r, &key, 0) != RESEND_NEW;
}

static void teardown(void)
{
	conf_unref(conf);
	fixture_teardown();
}

START_TEST(all_at_once)
{
	fill(MESSAGES);
	load_conf("window: 1h");
	struct resends *r = resends_new();
	ck_assert_ptr_null(resends_load_newest(r, conf, RESENDS_AT_ONCE));
	ck_assert_uint_eq(resends_count(r), MESSAGES * 9 / 10);
	for (unsigned i = 0; i < MESSAGES; i++)
		ck_assert_msg(knows(r, i) == (i % 10 != 3), "message %u", i);
	resends_free(r);
}
END_TEST

START_TEST(the_newest_first)
{
	fill(MESSAGES);
	load_conf("window: 1h");
	struct resends *r = resends_new();
	struct resends_load *l = resends_load_newest(r, conf, 100);
	ck_assert_ptr_nonnull(l);
	ck_assert_uint_eq(resends_count(r), 90);
	ck_assert(knows(r, MESSAGES - 1));
	ck_assert(!knows(r, MESSAGES - 101));
	struct writer *w = NULL;
	struct journal *j = fixture_open(500);
	ck_assert_int_eq(writer_start(&w, j, r, NULL), 0);
	resends_load_start(l, w);
	resends_load_wait(l);
	resends_load_stop(l);
	writer_stop(w);
	writer_free(w);
	for (unsigned i = 0; i < MESSAGES; i++)
		ck_assert_msg(knows(r, i) == (i % 10 != 3), "message %u", i);
	ck_assert_uint_eq(resends_count(r), MESSAGES * 9 / 10);
	resends_free(r);
	journal_close(j);
}
END_TEST

START_TEST(within_its_limits)
{
	fill(2 * MESSAGES);
	struct resends *r = resends_new();
	load_conf("most: 1000");
	ck_assert_ptr_null(resends_load_newest(r, conf, RESENDS_AT_ONCE));
	ck_assert_uint_eq(resends_count(r), 1000);
	ck_assert(knows(r, 2 * MESSAGES - 1) && !knows(r, 0));
	resends_free(r);
	conf_unref(conf);
	load_conf("window: 10m");
	r = resends_new();
	ck_assert_ptr_null(resends_load_newest(r, conf, RESENDS_AT_ONCE));
	ck_assert_uint_le(resends_count(r), 600);
	ck_assert(knows(r, 2 * MESSAGES - 100) && !knows(r, 2 * MESSAGES - 700));
	resends_free(r);
}
END_TEST

/* Ended in the middle, and without ever having begun. */
START_TEST(stops)
{
	fill(MESSAGES);
	load_conf("window: 1h");
	struct resends *r = resends_new();
	struct writer *w = NULL;
	struct journal *j = fixture_open(500);
	struct resends_load *l = resends_load_newest(r, conf, 100);
	ck_assert_int_eq(writer_start(&w, j, r, NULL), 0);
	resends_load_start(l, w);
	resends_load_stop(l);
	resends_load_stop(NULL);
	writer_stop(w);
	writer_free(w);
	resends_free(r);
	r = resends_new();
	resends_load_stop(resends_load_newest(r, conf, 100));
	resends_free(r);
	journal_close(j);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine: resends of earlier messages");
	TCase *c = tcase_create("load");
	tcase_add_checked_fixture(c, fixture_setup, teardown);
	tcase_add_test(c, all_at_once);
	tcase_add_test(c, the_newest_first);
	tcase_add_test(c, within_its_limits);
	tcase_add_test(c, stops);
	suite_add_tcase(s, c);
	return run_suite(s);
}
