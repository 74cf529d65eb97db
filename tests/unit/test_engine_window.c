/* SPDX-License-Identifier: Apache-2.0
 *
 * The window: the low-water mark never passes a message without an outcome, and nothing with one is taken in again.
 */
#include <check.h>
#include <stdlib.h>

#include "engine/out/window.h"
#include "run_suite.h"

static struct delivery *add(struct window *w, int64_t id)
{
	struct delivery *d = window_add(w, id, id * 10, aff_view_of("bytes"), aff_view_of("ID"));
	ck_assert_ptr_nonnull(d);
	return d;
}

START_TEST(low_water_follows_the_oldest_open_one)
{
	struct window *w;
	ck_assert_int_eq(window_new(&w, 4, 1000, 7), 0);
	ck_assert_int_eq(window_low_water(w), 7);
	struct delivery *a = add(w, 10), *b = add(w, 11), *c = add(w, 12);
	ck_assert(aff_view_is(b->bytes, "bytes") && aff_view_is(b->control_id, "ID"));
	window_end(w, b);
	window_end(w, c);
	ck_assert_int_eq(window_low_water(w), 7);
	ck_assert_int_eq(window_oldest_us(w), 100);
	window_end(w, a);
	ck_assert_int_eq(window_low_water(w), 12);
	ck_assert_uint_eq(window_count(w), 0);
	ck_assert_int_eq(window_add_ended(w, 13), 0);
	ck_assert_int_eq(window_low_water(w), 13);
	window_free(w);
}
END_TEST

START_TEST(an_ended_one_waits_for_those_before_it)
{
	struct window *w;
	ck_assert_int_eq(window_new(&w, 4, 1000, 0), 0);
	struct delivery *a = add(w, 1);
	ck_assert_int_eq(window_add_ended(w, 2), 0);
	ck_assert_int_eq(window_low_water(w), 0);
	window_end(w, a);
	ck_assert_int_eq(window_low_water(w), 2);
	window_free(w);
}
END_TEST

START_TEST(room_is_counted_in_messages_and_bytes)
{
	struct window *w;
	ck_assert_int_eq(window_new(&w, 2, 1000, 0), 0);
	add(w, 1);
	ck_assert(window_has_room(w));
	add(w, 2);
	ck_assert(!window_has_room(w));
	window_free(w);
	ck_assert_int_eq(window_new(&w, 100, 9, 0), 0);
	add(w, 1);
	ck_assert(window_has_room(w));
	add(w, 2);
	ck_assert(!window_has_room(w));
	window_free(w);
}
END_TEST

START_TEST(after_a_rewind_ended_ones_are_remembered)
{
	struct window *w;
	ck_assert_int_eq(window_new(&w, 8, 1000, 0), 0);
	ck_assert_int_eq(window_remember(w, 3), 0);
	ck_assert_int_eq(window_remember(w, 9), 0);
	add(w, 1);
	struct delivery *b = add(w, 2);
	ck_assert(window_is_ended(w, 3));
	ck_assert_int_eq(window_add_ended(w, 3), 0);
	window_end(w, b);
	window_rewind(w);
	ck_assert_int_eq(window_low_water(w), 0);
	ck_assert_uint_eq(window_count(w), 0);
	ck_assert(!window_is_ended(w, 1));
	ck_assert(window_is_ended(w, 2));
	ck_assert(window_is_ended(w, 3));
	ck_assert(window_is_ended(w, 9));
	/* read again: 1 is sent, 2 and 3 are not */
	struct delivery *a = add(w, 1);
	ck_assert_int_eq(window_add_ended(w, 2), 0);
	ck_assert_int_eq(window_add_ended(w, 3), 0);
	window_end(w, a);
	ck_assert_int_eq(window_low_water(w), 3);
	window_rewind(w);
	ck_assert(window_is_ended(w, 9));
	window_free(w);
}
END_TEST

/* Whatever the order in which deliveries end, and however often the window is rewound, the mark is the newest id
 * below which all have ended. */
START_TEST(random_orders)
{
	unsigned seed = (unsigned)_i + 1;
	bool ended[200] = {false};
	struct delivery *open[200];
	unsigned nopen = 0;
	int64_t next = 1;
	struct window *w;
	ck_assert_int_eq(window_new(&w, 16, 100000, 0), 0);
	while (window_low_water(w) < 199) {
		unsigned what = (unsigned)rand_r(&seed) % 20;
		if (what == 0) {
			window_rewind(w);
			nopen = 0;
			next = window_low_water(w) + 1;
		} else if (what < 10 && next < 200 && window_has_room(w)) {
			ck_assert_int_eq(window_is_ended(w, next), ended[next]);
			if (ended[next])
				ck_assert_int_eq(window_add_ended(w, next), 0);
			else
				open[nopen++] = add(w, next);
			next++;
		} else if (nopen) {
			unsigned i = (unsigned)rand_r(&seed) % nopen;
			ended[open[i]->id] = true;
			window_end(w, open[i]);
			open[i] = open[--nopen];
		}
		for (int64_t id = 1; id <= window_low_water(w); id++)
			ck_assert(ended[id]);
		ck_assert(window_low_water(w) == 199 || !ended[window_low_water(w) + 1] ||
			  window_low_water(w) + 1 >= next);
	}
	window_free(w);
}
END_TEST

/* The same while some end before they are read in order, and some are adopted. */
START_TEST(random_orders_with_some_ahead)
{
	unsigned seed = (unsigned)_i + 1;
	bool ended[300] = {false};
	struct delivery *open[200], *outside = NULL;
	unsigned nopen = 0;
	int64_t next = 1;
	struct window *w;
	ck_assert_int_eq(window_new(&w, 16, 100000, 0), 0);
	while (window_low_water(w) < 199) {
		unsigned what = (unsigned)rand_r(&seed) % 20;
		int64_t later = next + (int64_t)(rand_r(&seed) % 60);
		if (what == 0) {
			window_rewind(w);
			free(outside);
			outside = NULL;
			nopen = 0;
			next = window_low_water(w) + 1;
		} else if (what < 3 && !ended[later] && !outside) {
			outside = delivery_new(later, 1, aff_view_of("bytes"), aff_view_of("ID"));
		} else if (what == 3 && outside) {
			ended[outside->id] = true;
			ck_assert_int_eq(window_remember(w, outside->id), 0);
			free(outside);
			outside = NULL;
		} else if (what < 11 && next < 200 && window_has_room(w)) {
			ck_assert_int_eq(window_is_ended(w, next), ended[next]);
			if (ended[next]) {
				ck_assert_int_eq(window_add_ended(w, next), 0);
			} else if (outside && outside->id == next) {
				window_adopt(w, outside);
				open[nopen++] = outside;
				outside = NULL;
			} else {
				open[nopen++] = add(w, next);
			}
			next++;
		} else if (nopen) {
			unsigned i = (unsigned)rand_r(&seed) % nopen;
			ended[open[i]->id] = true;
			window_end(w, open[i]);
			open[i] = open[--nopen];
		}
		for (int64_t id = 1; id <= window_low_water(w); id++)
			ck_assert(ended[id]);
	}
	free(outside);
	window_free(w);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine: window");
	TCase *t = tcase_create("window");
	tcase_add_test(t, low_water_follows_the_oldest_open_one);
	tcase_add_test(t, an_ended_one_waits_for_those_before_it);
	tcase_add_test(t, room_is_counted_in_messages_and_bytes);
	tcase_add_test(t, after_a_rewind_ended_ones_are_remembered);
	tcase_add_loop_test(t, random_orders, 0, 50);
	tcase_add_loop_test(t, random_orders_with_some_ahead, 0, 50);
	suite_add_tcase(s, t);
	return run_suite(s);
}
