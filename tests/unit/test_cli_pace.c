/* SPDX-License-Identifier: Apache-2.0
 *
 * Rates: read, and kept.
 */
#include <check.h>
#include <stdlib.h>

#include "cli/pace.h"
#include "run_suite.h"

static const struct {
	const char *text;
	double per_second; /* < 0: refused */
} rates[] = {
	{"20", 20},  {"20/s", 20},    {"90/min", 1.5}, {"0.5/s", 0.5}, {"3600/h", 1},      {"max", 0},     {"", -1},
	{"/s", -1},  {"0", -1},       {"-5/s", -1},    {"5/d", -1},    {"5 /s x", -1},     {"1e9/s", -1},  {"fast", -1},
	{"20/", -1}, {"9999999", -1}, {"nan", -1},     {"inf/s", -1},  {"0.0000/min", -1}, {"20/s/s", -1},
};

START_TEST(a_rate_is_read)
{
	struct pace p;
	int rc = pace_parse(&p, rates[_i].text);
	if (rates[_i].per_second < 0) {
		ck_assert_int_eq(rc, AFF_ESYNTAX);
	} else {
		ck_assert_int_eq(rc, 0);
		ck_assert_double_eq_tol(p.per_second, rates[_i].per_second, 1e-9);
	}
}
END_TEST

/* However unevenly it is asked: as many as were due. */
START_TEST(the_rate_is_right_on_average)
{
	struct pace p;
	unsigned taken = 0;
	ck_assert_int_eq(pace_parse(&p, "100/s"), 0);
	pace_start(&p, 5000);
	for (int64_t now = 5000; now < 5000 + 2000000; now += now % 7 ? 3100 : 91000) {
		while (pace_take(&p, now))
			taken++;
		ck_assert_int_gt(pace_wait_ms(&p, now), 0);
		ck_assert_int_le(pace_wait_ms(&p, now), 10);
	}
	ck_assert_uint_ge(taken, 190);
	ck_assert_uint_le(taken, 201);
}
END_TEST

START_TEST(who_is_late_makes_no_burst)
{
	struct pace p;
	unsigned taken = 0;
	ck_assert_int_eq(pace_parse(&p, "1000/s"), 0);
	pace_start(&p, 0);
	while (pace_take(&p, 60 * 1000000))
		taken++;
	ck_assert_uint_eq(taken, 1);
}
END_TEST

START_TEST(max_is_always_due)
{
	struct pace p;
	ck_assert_int_eq(pace_parse(&p, "max"), 0);
	pace_start(&p, 0);
	for (int i = 0; i < 1000; i++)
		ck_assert(pace_take(&p, 0));
	ck_assert_int_eq(pace_wait_ms(&p, 0), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_pace");
	TCase *t = tcase_create("pace");
	tcase_add_loop_test(t, a_rate_is_read, 0, (int)(sizeof rates / sizeof *rates));
	tcase_add_test(t, the_rate_is_right_on_average);
	tcase_add_test(t, who_is_late_makes_no_burst);
	tcase_add_test(t, max_is_always_due);
	suite_add_tcase(s, t);
	return run_suite(s);
}
