/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes: one in flight, first in first out, and those with priority first.
 */
#include <check.h>

#include "engine/out/lane.h"
#include "run_suite.h"

static struct delivery ordinary(int64_t id)
{
	return (struct delivery){.id = id};
}

static struct delivery urgent(int64_t id)
{
	return (struct delivery){.id = id, .urgent = true};
}

START_TEST(first_in_first_out)
{
	struct lane lane = {0};
	struct delivery a = ordinary(1), b = ordinary(2);
	ck_assert_ptr_null(lane_next(&lane, 0));
	ck_assert_ptr_null(lane_head(&lane));
	ck_assert_int_eq(lanes_due_us(&lane, 1), INT64_MAX);
	lane_add(&lane, &a);
	lane_add(&lane, &b);
	ck_assert_ptr_eq(lane_next(&lane, 0), &a);
	lane.flying = &a;
	ck_assert_ptr_null(lane_next(&lane, 0));
	ck_assert_int_eq(lanes_due_us(&lane, 1), INT64_MAX);
	lane.flying = NULL;
	lane_remove(&lane, &a);
	ck_assert_ptr_eq(lane_next(&lane, 0), &b);
	lane_remove(&lane, &b);
	ck_assert_ptr_null(lane_next(&lane, 0));
}
END_TEST

START_TEST(priority_overtakes_and_keeps_its_own_order)
{
	struct lane lane = {0};
	struct delivery a = ordinary(1), b = ordinary(2), x = urgent(5), y = urgent(6);
	lane_add(&lane, &a);
	lane_add(&lane, &b);
	lane_add(&lane, &x);
	lane_add(&lane, &y);
	ck_assert_ptr_eq(lane_next(&lane, 0), &x);
	ck_assert_ptr_eq(lane_head(&lane), &x);
	lane_remove(&lane, &x);
	ck_assert_ptr_eq(lane_next(&lane, 0), &y);
	lane_remove(&lane, &y);
	ck_assert_ptr_eq(lane_next(&lane, 0), &a);
	/* not one that is in flight */
	lane.flying = &a;
	lane_add(&lane, &x);
	ck_assert_ptr_null(lane_next(&lane, 0));
	ck_assert_ptr_eq(lane_head(&lane), &a);
}
END_TEST

/* While one with priority waits for its next try, those before it may go as they would have without it, none behind. */
START_TEST(a_pause_lets_earlier_ones_pass_only)
{
	struct lane lane = {0};
	struct delivery a = ordinary(1), x = urgent(5), c = ordinary(7);
	x.due_us = 100;
	lane_add(&lane, &a);
	lane_add(&lane, &c);
	lane_add(&lane, &x);
	ck_assert_int_eq(lanes_due_us(&lane, 1), 0);
	ck_assert_ptr_eq(lane_next(&lane, 50), &a);
	lane_remove(&lane, &a);
	ck_assert_ptr_eq(lane_next(&lane, 50), &x);
	ck_assert_int_eq(lanes_due_us(&lane, 1), 100);
	ck_assert_int_eq(lanes_choose(&lane, 1, 50), -1);
	ck_assert_int_eq(lanes_choose(&lane, 1, 100), 0);
	lane_remove(&lane, &x);
	ck_assert_ptr_eq(lane_next(&lane, 50), &c);
}
END_TEST

START_TEST(the_oldest_lane_is_chosen_and_priority_before_it)
{
	struct lane lanes[3] = {0};
	struct delivery a = ordinary(3), b = ordinary(2), c = ordinary(9), x = urgent(10);
	lane_add(&lanes[0], &a);
	lane_add(&lanes[1], &b);
	lane_add(&lanes[2], &c);
	ck_assert_int_eq(lanes_choose(lanes, 3, 0), 1);
	b.due_us = 70;
	ck_assert_int_eq(lanes_choose(lanes, 3, 0), 0);
	lane_add(&lanes[2], &x);
	ck_assert_int_eq(lanes_choose(lanes, 3, 0), 2);
	lanes[2].flying = &x;
	ck_assert_int_eq(lanes_choose(lanes, 3, 0), 0);
	lanes[0].flying = &a;
	ck_assert_int_eq(lanes_choose(lanes, 3, 0), -1);
	ck_assert_int_eq(lanes_due_us(lanes, 3), 70);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine: lane");
	TCase *t = tcase_create("lane");
	tcase_add_test(t, first_in_first_out);
	tcase_add_test(t, priority_overtakes_and_keeps_its_own_order);
	tcase_add_test(t, a_pause_lets_earlier_ones_pass_only);
	tcase_add_test(t, the_oldest_lane_is_chosen_and_priority_before_it);
	suite_add_tcase(s, t);
	return run_suite(s);
}
