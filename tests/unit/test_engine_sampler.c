/* SPDX-License-Identifier: Apache-2.0
 *
 * The sampler: with `keep: last` nothing of a window goes out before the window is closed, and of each key exactly
 * the last reading does; with `keep: first` exactly the first.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <afferent/edit.h>

#include "engine/out/sampler.h"
#include "run_suite.h"

#define SECOND 1000000

static struct aff_msg *msg;
static struct aff_edit *edit;
static char text[512];

static void setup(void)
{
	ck_assert_int_eq(aff_msg_new(&msg, NULL), 0);
	ck_assert_int_eq(aff_edit_new(&edit, 1 << 20), 0);
}

static void teardown(void)
{
	aff_edit_free(edit);
	aff_msg_free(msg);
}

/* A message of one patient with a heart rate. */
static struct journal_message message(int64_t id, const char *patient)
{
	struct journal_message m;
	memset(&m, 0, sizeof m);
	m.id = m.received_us = id;
	snprintf(text, sizeof text,
		 "MSH|^~\\&|A|B|C|D|20250101000000||ORU^R01^ORU_R01|%lld|P|2.6\rPID|||%s^^^H^MR\rOBR|1|||1^X^L\r"
		 "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|60|/min^^UCUM|||||R\r",
		 (long long)id, patient);
	ck_assert_int_eq(aff_msg_parse(msg, text, strlen(text), 0, NULL), 0);
	ck_assert_int_eq(aff_edit_begin(edit, msg), 0);
	return m;
}

static struct sampler *make(enum sample_keep keep)
{
	struct sampler *s;
	struct sample_spec spec = {.every_ms = 10000, .by = SAMPLE_BY_PATIENT | SAMPLE_BY_CODE, .keep = keep};
	ck_assert_int_eq(sampler_new(&s, &spec, 7), 0);
	return s;
}

START_TEST(first)
{
	char detail[160];
	struct sampler *s = make(SAMPLE_FIRST);
	ck_assert(!sampler_scans(s));
	struct journal_message m = message(11 * SECOND, "P1");
	ck_assert(sampler_may_apply(s, &m));
	ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), 0);
	m = message(12 * SECOND, "P1");
	ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), JOURNAL_FILTERED);
	ck_assert_ptr_nonnull(strstr(detail, "line 7"));
	m = message(13 * SECOND, "P2");
	ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), 0);
	m = message(20 * SECOND, "P1");
	ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), 0);
	/* a window more than its own */
	ck_assert_int_eq(sampler_remembers_from(s, 20 * SECOND), 10 * SECOND - 1);
	ck_assert_int_eq(sampler_remembers_from(s, 29 * SECOND), 10 * SECOND - 1);
	sampler_free(s);
}
END_TEST

static bool scan(struct sampler *s, int64_t id, const char *patient)
{
	struct journal_message m = message(id, patient);
	if (!sampler_may_scan(s, &m))
		return false;
	sampler_scan(s, &m, edit);
	return true;
}

START_TEST(last_is_closed_by_the_next_window)
{
	char detail[160];
	struct sampler *s = make(SAMPLE_LAST);
	ck_assert(sampler_scans(s));
	ck_assert(scan(s, 11 * SECOND, "P1"));
	ck_assert(scan(s, 12 * SECOND, "P2"));
	ck_assert(scan(s, 13 * SECOND, "P1"));
	struct journal_message m = message(11 * SECOND, "P1");
	ck_assert(!sampler_may_apply(s, &m));
	ck_assert(!scan(s, 21 * SECOND, "P1"));
	ck_assert(sampler_may_apply(s, &m));
	m = message(11 * SECOND, "P1");
	ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), JOURNAL_MERGED);
	ck_assert_ptr_nonnull(strstr(detail, "13000000"));
	m = message(12 * SECOND, "P2");
	ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), 0);
	m = message(13 * SECOND, "P1");
	ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), 0);
	/* the next window opens only when everything of this one went through */
	m = message(21 * SECOND, "P1");
	ck_assert(!sampler_may_apply(s, &m));
	ck_assert(scan(s, 21 * SECOND, "P1"));
	ck_assert_int_eq(*sampler_position(s), 21 * SECOND);
	sampler_free(s);
}
END_TEST

START_TEST(last_is_closed_by_time)
{
	struct sampler *s = make(SAMPLE_LAST);
	ck_assert_int_gt(sampler_due_us(s, 0), 3600LL * SECOND);
	ck_assert(scan(s, 11 * SECOND, "P1"));
	ck_assert_int_eq(sampler_due_us(s, 15 * SECOND), 6 * SECOND); /* the end at 20 s and a second of grace */
	sampler_close_if_due(s, 15 * SECOND);
	struct journal_message m = message(11 * SECOND, "P1");
	ck_assert(!sampler_may_apply(s, &m));
	sampler_close_if_due(s, 21 * SECOND);
	ck_assert(sampler_may_apply(s, &m));
	sampler_free(s);
}
END_TEST

static bool scan_value(struct sampler *s, int64_t id, const char *patient)
{
	struct journal_message m = message(id, patient);
	bool may = sampler_may_scan(s, &m);
	if (may)
		sampler_scan(s, &m, edit);
	return may;
}

/* After a restart with the cursor in the middle of a window, all of the window is scanned again, and what it comes to
 * is the same. Windows before it that are scanned on the way are left behind. */
START_TEST(a_mean_is_the_same_after_a_restart)
{
	char detail[160];
	static const int64_t ids[] = {5 * SECOND, 15 * SECOND, 21 * SECOND, 22 * SECOND, 23 * SECOND, 31 * SECOND};
	for (int restart = 0; restart < 2; restart++) {
		struct sampler *s = make(SAMPLE_MEAN);
		int64_t position = restart ? 22 * SECOND : 20 * SECOND;
		struct journal_message m;
		sampler_begin(s, position);
		sampler_begin(s, 99 * SECOND); /* only the first time counts */
		ck_assert_int_ge(*sampler_position(s), 5 * SECOND);
		ck_assert_int_lt(*sampler_position(s), 15 * SECOND);
		m = message(position + 1, "P1");
		for (int turn = 0; turn < 5 && !sampler_may_apply(s, &m); turn++) {
			for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
				if (ids[i] > *sampler_position(s) && !scan_value(s, ids[i], "P1"))
					break;
			m = message(position + 1, "P1");
		}
		ck_assert_int_eq(*sampler_position(s), 23 * SECOND);
		m = message(23 * SECOND, "P1");
		ck_assert(sampler_may_apply(s, &m));
		ck_assert_int_eq(sampler_apply(s, &m, edit, detail, sizeof detail), 0);
		ck_assert(aff_view_is(aff_edit_get(edit, 3, 17, 1, 5, 0), "mean of 3 readings in 10 s"));
		sampler_free(s);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine: sampler");
	TCase *t = tcase_create("sampler");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, first);
	tcase_add_test(t, last_is_closed_by_the_next_window);
	tcase_add_test(t, last_is_closed_by_time);
	tcase_add_test(t, a_mean_is_the_same_after_a_restart);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
