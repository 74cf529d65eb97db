/* SPDX-License-Identifier: Apache-2.0
 *
 * Points in time on the command line.
 */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "cli/when.h"
#include "sys/clock.h"
#include "run_suite.h"

#define NOW INT64_C(1795166400000000) /* 2026-11-20T09:20:00Z */

static int64_t parse(const char *text)
{
	int64_t us = -1;
	struct aff_diag diag;
	return when_parse(text, NOW, &us, &diag) ? -1 : us;
}

START_TEST(every_spelling_of_one_instant)
{
	static const char *const same[] = {
		"2026-11-20T08:30:00Z", "2026-11-20T09:30:00+01:00", "2026-11-20 09:30:00+0100", "20261120093000+0100",
		"2026-11-20T08:30Z", "2026-11-20T08:30:00.000Z", "20261120083000.0000+0000", "202611200330-0500",
		"2026-11-20T03:30-05:00", "2026-11-20T03:30:00", "20261120033000", "2026-11-20 03:30",
	};
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		ck_assert_msg(parse(same[i]) == INT64_C(1795163400000000), "%s gives %lld", same[i],
		              (long long)parse(same[i]));
	ck_assert_int_eq(parse("2026-11-20T08:30:00.25Z"), INT64_C(1795163400250000));
	ck_assert_int_eq(parse("2026-11-20"), INT64_C(1795150800000000));
	ck_assert_int_eq(parse("2026-11"), parse("20261101"));
}
END_TEST

START_TEST(so_long_ago)
{
	ck_assert_int_eq(parse("10m"), NOW - INT64_C(600000000));
	ck_assert_int_eq(parse("0s"), NOW);
	ck_assert_int_eq(parse("7d"), NOW - INT64_C(604800000000));
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const char *const wrong[] = {
		"", "now", "10", "10x", "2026-13-01", "2026-02-30", "25:00", "2026-11-20T08:30:00Zulu",
		"99999999999999999999999d",
		"2026-11-20T08:30:00+01:00:00:00:00:00:00:00:00:00:00:00000000000000000000", "-5m",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(parse(wrong[i]) == -1, "%s gives %lld", wrong[i], (long long)parse(wrong[i]));
}
END_TEST

START_TEST(written)
{
	char buf[WHEN_SIZE];
	ck_assert_str_eq(when_utc(INT64_C(1795163400123456), buf), "2026-11-20T08:30:00.123456Z");
	ck_assert_str_eq(clock_local_text(INT64_C(1795163400123456), buf), "2026-11-20 03:30:00.123-05:00");
	ck_assert_int_eq(parse(buf), INT64_C(1795163400123000));
	ck_assert_str_eq(clock_local_text(-1, buf), "1969-12-31 18:59:59.999-05:00");
	ck_assert_str_eq(when_utc(-1, buf), "1969-12-31T23:59:59.999999Z");
	ck_assert_str_eq(when_span(12300, buf), "12 ms");
	ck_assert_str_eq(when_span(12300000, buf), "12.3 s");
	ck_assert_str_eq(when_span(INT64_C(250000000), buf), "4 min 10 s");
	ck_assert_str_eq(when_span(INT64_C(11100000000), buf), "3 h 05 min");
	ck_assert_str_eq(when_span(INT64_C(187200000000), buf), "2 d 4 h");
}
END_TEST

int main(void)
{
	setenv("TZ", "EST5", 1);
	tzset();
	Suite *s = suite_create("cli_when");
	TCase *t = tcase_create("all");
	tcase_add_test(t, every_spelling_of_one_instant);
	tcase_add_test(t, so_long_ago);
	tcase_add_test(t, nonsense_is_refused);
	tcase_add_test(t, written);
	suite_add_tcase(s, t);
	return run_suite(s);
}
