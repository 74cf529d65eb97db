/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting replies and their times; sets of identifiers.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/idset.h"
#include "cli/tally.h"
#include "run_suite.h"

static struct tally tally;

static void reply(enum aff_ack_code code, int rc, int64_t took_us)
{
	struct mllp_reply r = {.rc = rc, .code = code, .why = "x"};
	tally_sent(&tally);
	tally_reply(&tally, &r, took_us);
}

START_TEST(replies_are_counted_by_their_fate)
{
	tally_start(&tally);
	reply(AFF_AA, 0, 1);
	reply(AFF_CA, 0, 1);
	ck_assert_int_eq(tally_exit(&tally), COMMAND_OK);
	reply(AFF_AE, 0, 1);
	reply(AFF_CR, 0, 1);
	reply(AFF_ACK_NONE, AFF_ETIMEOUT, 1);
	ck_assert_uint_eq(tally.sent, 5);
	ck_assert_uint_eq(tally.accepted, 2);
	ck_assert_uint_eq(tally.refused, 2);
	ck_assert_uint_eq(tally.unanswered, 1);
	ck_assert_uint_eq(tally.answered, 4);
	ck_assert_int_eq(tally_exit(&tally), COMMAND_NEGATIVE);
}
END_TEST

START_TEST(percentiles_are_three_percent_high_at_most)
{
	tally_start(&tally);
	ck_assert_double_eq(tally_percentile_ms(&tally, 0.5), 0);
	for (int64_t us = 1; us <= 100000; us++)
		reply(AFF_AA, 0, us);
	for (int percent = 1; percent < 100; percent++) {
		double ms = tally_percentile_ms(&tally, percent / 100.0);
		ck_assert_double_ge(ms, percent);
		ck_assert_double_le(ms, percent * 1.04 + 0.001);
	}
	ck_assert_double_eq(tally_percentile_ms(&tally, 1), 100);
}
END_TEST

START_TEST(one_answer_is_every_percentile)
{
	const int64_t times[] = {0, 1, 63, 64, 65, 12345, INT64_C(3600) * 1000000, INT64_MAX / 2};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		tally_start(&tally);
		reply(AFF_AA, 0, times[i]);
		ck_assert_double_eq(tally_percentile_ms(&tally, 0.5), (double)times[i] / 1000);
		ck_assert_double_eq(tally_percentile_ms(&tally, 0.99), (double)times[i] / 1000);
	}
}
END_TEST

START_TEST(an_identifier_is_new_once)
{
	struct idset set;
	char id[16];
	idset_init(&set, 100000);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 50000; i++) {
			snprintf(id, sizeof id, "M%d", i);
			ck_assert_int_eq(idset_add(&set, aff_view_of(id)), round == 0);
		}
	}
	ck_assert_uint_eq(set.used, 50000);
	idset_free(&set);
}
END_TEST

START_TEST(a_full_set_says_so)
{
	struct idset set;
	idset_init(&set, 2);
	ck_assert_int_eq(idset_add(&set, aff_view_of("a")), 1);
	ck_assert_int_eq(idset_add(&set, aff_view_of("")), 1);
	ck_assert_int_eq(idset_add(&set, aff_view_of("c")), AFF_ELIMIT);
	ck_assert_int_eq(idset_add(&set, aff_view_of("a")), 0);
	idset_free(&set);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_tally");
	TCase *t = tcase_create("tally");
	tcase_add_test(t, replies_are_counted_by_their_fate);
	tcase_add_test(t, percentiles_are_three_percent_high_at_most);
	tcase_add_test(t, one_answer_is_every_percentile);
	tcase_add_test(t, an_identifier_is_new_once);
	tcase_add_test(t, a_full_set_says_so);
	suite_add_tcase(s, t);
	return run_suite(s);
}
