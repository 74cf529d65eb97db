/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps under one condition.
 */
#include <afferent/watch.h>

#include "steps_fixture.h"

static struct aff_step set(const char *what, const char *value)
{
	return (struct aff_step){.kind = AFF_STEP_SET, .path = path(what), .value = aff_view_of(value)};
}

static void group(struct aff_rules *r, const char *for_each, const char *when)
{
	add_step(r, (struct aff_step){.kind = AFF_STEP_GROUP}, for_each, when);
}

static void inner(struct aff_rules *r, struct aff_step s, const char *for_each, const char *when)
{
	s.inside = s.joined = true;
	add_step(r, s, for_each, when);
}

START_TEST(the_condition_is_asked_once)
{
	struct aff_rules *r = program();
	group(r, "OBX", "OBX-3 = a");
	inner(r, set("OBX-3", "b"), "OBX", NULL);
	inner(r, set("OBX-4", "{OBX-3}"), "OBX", NULL);
	inner(r, set("OBX-6", "x"), "OBX", "OBX-5 > 1");
	run(r, "OBX|1|NM|a||1|y\nOBX|2|NM|c||2|y\nOBX|3|NM|a||2|y\n",
	    "OBX|1|NM|b|b|1|y\nOBX|2|NM|c||2|y\nOBX|3|NM|b|b|2|x\n", NULL);
	r = program();
	group(r, NULL, "PV1-2 = I");
	inner(r, set("PV1-2", "O"), NULL, NULL);
	inner(r, set("OBX-4", "{PV1-2}"), "OBX", "OBX-1 = 2");
	inner(r, (struct aff_step){.kind = AFF_STEP_DELETE, .path = path("OBX-6")}, NULL, NULL);
	run(r, "PV1||I\nOBX|1|NM|a||1|y\nOBX|2|NM|a||1|y\n", "PV1||O\nOBX|1|NM|a||1|\nOBX|2|NM|a|O|1|\n", NULL);
	r = program();
	group(r, NULL, "PV1-2 = I");
	inner(r, set("PV1-2", "O"), NULL, NULL);
	inner(r, set("PV1-3", "x"), NULL, NULL);
	run(r, "PV1||E\n", "PV1||E\n", NULL);
}
END_TEST

START_TEST(what_is_taken_away_is_not_touched_again)
{
	struct aff_rules *r = program();
	group(r, "OBX", NULL);
	inner(r, (struct aff_step){.kind = AFF_STEP_DROP_SEGMENT}, "OBX", "OBX-5 = X");
	inner(r, set("OBX-4", "{OBX-1}"), "OBX", NULL);
	run(r, "OBX|1||||X\nNTE|1\nOBX|2||||X\nOBX|3|NM|a\nOBX|4||||X\nOBX|5\n", "OBX|3|NM|a|3\nOBX|5|||5\n", NULL);
	r = program();
	group(r, "PID-3", "PID-3.4 = H");
	inner(r, (struct aff_step){.kind = AFF_STEP_DROP_REPETITION}, "PID-3", "PID-3.5 = SS");
	inner(r, set("PID-3.4", "{PID-3.1}"), "PID-3", NULL);
	run(r, "PID|||A^^^H^MR~B^^^H^SS~C^^^H^SS~D^^^H^PI~E^^^X\n", "PID|||A^^^A^MR~D^^^D^PI~E^^^X\n", NULL);
}
END_TEST

/* What is added is not gone through, and the current segment stays the current one. */
START_TEST(the_current_segment_stays_current)
{
	struct aff_step before = {.kind = AFF_STEP_ADD, .value = aff_view_of("OBX|b{OBX-1}"), .beside = "OBX",
	                          .before = true};
	struct aff_step after = {.kind = AFF_STEP_ADD, .value = aff_view_of("OBX|a{OBX-1}")};
	struct aff_step note = {.kind = AFF_STEP_ADD, .value = aff_view_of("NTE|{OBX-1}")};
	struct aff_rules *r = program();
	group(r, "OBX", NULL);
	inner(r, before, "OBX", NULL);
	inner(r, after, "OBX", NULL);
	inner(r, note, "OBX", NULL);
	inner(r, before, "OBX", NULL);
	inner(r, set("OBX-4", "x"), "OBX", NULL);
	run(r, "OBX|1\nNTE|0\nOBX|2\n",
	    "OBX|b1\nOBX|b1\nOBX|1|||x\nNTE|0\nNTE|1\nOBX|a1\nOBX|b2\nOBX|b2\nOBX|2|||x\nNTE|2\nOBX|a2\n", NULL);
	r = program(); /* what replaces a segment */
	group(r, "OBX", NULL);
	inner(r, after, "OBX", NULL);
	inner(r, note, "OBX", NULL);
	inner(r, (struct aff_step){.kind = AFF_STEP_DROP_SEGMENT}, "OBX", NULL);
	run(r, "OBX|1\nNTE|0\nOBX|2\nOBX|3\n", "OBX|a1\nOBX|a2\nOBX|a3\n", NULL);
}
END_TEST

START_TEST(the_line_of_the_step_that_decides_is_told)
{
	struct aff_rules *r = program();
	group(r, "OBX", NULL);
	inner(r, set("OBX-4", "x"), "OBX", NULL);
	inner(r, (struct aff_step){.kind = AFF_STEP_DROP_MESSAGE}, "OBX", "OBX-1 = 2");
	struct aff_rules_result result = run(r, "OBX|1\nOBX|2\n", NULL, NULL);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_DROP);
	ck_assert_uint_eq(result.line, 12);
}
END_TEST

/* With on_error: skip the whole group is undone, unless it takes something away. */
START_TEST(a_group_is_undone_as_a_whole)
{
	for (int guarded = 0; guarded < 2; guarded++) {
		struct fixture f;
		struct aff_rules *r = program();
		struct aff_rules_result result;
		struct aff_diag diag = {0};
		aff_rules_on_error(r, AFF_ON_ERROR_SKIP);
		group(r, NULL, NULL);
		if (guarded)
			inner(r, (struct aff_step){.kind = AFF_STEP_DELETE, .path = path("PID-2")}, NULL, NULL);
		inner(r, set("PID-4", "x"), NULL, NULL);
		inner(r, set("PID-5", "\xc5\x81"), NULL, NULL);
		fixture_open(&f, "MSH|^~\\&|a|b|||||ORU^R01|1|P|2.6||||||8859/1\nPID||p|A\n");
		ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
		ck_assert_int_eq(result.verdict, guarded ? AFF_VERDICT_REJECT : AFF_VERDICT_PASS);
		if (!guarded)
			ck_assert_str_eq(strstr(fixture_text(&f), "PID"), "PID||p|A\n");
		fixture_close(&f);
		aff_rules_free(r);
	}
}
END_TEST

START_TEST(groups_are_checked)
{
	struct aff_diag diag = {0};
	struct aff_rules *r = program();
	struct aff_step s = set("OBX-4", "x");
	s.inside = true;
	ck_assert_int_eq(aff_rules_add(r, &s, &diag), AFF_EARGUMENT); /* in none */
	group(r, "OBX", NULL);
	ck_assert_int_eq(aff_rules_add(r, &s, &diag), AFF_EARGUMENT); /* for other segments */
	s = (struct aff_step){.kind = AFF_STEP_GROUP, .inside = true, .for_each = "OBX"};
	ck_assert_int_eq(aff_rules_add(r, &s, &diag), AFF_EARGUMENT);
	ck_assert_uint_eq(aff_rules_steps(r), 1);
	add_step(r, set("OBX-4", "x"), "OBX", NULL);
	s = set("OBX-4", "x");
	s.inside = true;
	memcpy(s.for_each, "OBX", 4);
	ck_assert_int_eq(aff_rules_add(r, &s, &diag), AFF_EARGUMENT); /* the group is over */
	aff_rules_free(r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_condition_is_asked_once, what_is_taken_away_is_not_touched_again, the_current_segment_stays_current,
		the_line_of_the_step_that_decides_is_told, a_group_is_undone_as_a_whole, groups_are_checked,
	};
	return RUN_TESTS("rules_group", tests);
}
