/* SPDX-License-Identifier: Apache-2.0
 *
 * The feed: what was published is taken once and in order, what has left it is said to be in the journal, and whoever
 * waits is woken once.
 */
#include <check.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/feed.h"
#include "engine/histogram.h"
#include "run_suite.h"

static void publish(struct feed *f, int64_t id, size_t size)
{
	char bytes[4096] = {0};
	struct envelope_parts parts = {.raw = aff_view(bytes, size)};
	parts.row.id = id;
	struct envelope *e = envelope_new(&parts);
	ck_assert_ptr_nonnull(e);
	feed_publish(f, e);
	envelope_unref(e);
}

static int take_ids(struct feed *f, int64_t after, int64_t *ids, int max, int64_t *floor)
{
	struct envelope *taken[16];
	int n = feed_take(f, after, taken, max, floor);
	for (int i = 0; i < n; i++) {
		ids[i] = taken[i]->row.id;
		envelope_unref(taken[i]);
	}
	return n;
}

START_TEST(taken_in_order_from_any_position)
{
	int64_t ids[16], floor;
	struct feed *f = feed_new("c", 100, 1 << 20);
	ck_assert(!feed_has_after(f, 100));
	for (int64_t id = 101; id <= 105; id++)
		publish(f, id, 10);
	ck_assert(feed_has_after(f, 104));
	ck_assert_int_eq(take_ids(f, 100, ids, 3, &floor), 3);
	ck_assert_int_eq(ids[0], 101);
	ck_assert_int_eq(ids[2], 103);
	ck_assert_int_eq(take_ids(f, 103, ids, 16, &floor), 2);
	ck_assert_int_eq(ids[1], 105);
	ck_assert_int_eq(take_ids(f, 105, ids, 16, &floor), 0);
	ck_assert_int_eq(take_ids(f, 99, ids, 16, &floor), AFF_EAGAIN);
	ck_assert_int_eq(floor, 100);
	ck_assert_uint_eq(feed_published(f), 5);
	feed_free(f);
}
END_TEST

START_TEST(the_oldest_leave_when_it_is_full)
{
	int64_t ids[16], floor;
	struct feed *f = feed_new("c", 0, 10000);
	for (int64_t id = 1; id <= 10; id++)
		publish(f, id, 3000);
	ck_assert_int_eq(take_ids(f, 1, ids, 16, &floor), AFF_EAGAIN);
	ck_assert_int_ge(floor, 7);
	int n = take_ids(f, floor, ids, 16, &floor);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(ids[n - 1], 10);
	publish(f, 11, 4000); /* one message alone is kept however large it is */
	ck_assert_int_eq(take_ids(f, 10, ids, 16, &floor), 1);
	feed_free(f);
}
END_TEST

/* Nobody takes a later message before one that is in the journal alone. */
START_TEST(what_was_skipped_is_looked_for_in_the_journal)
{
	int64_t ids[16], floor;
	struct feed *f = feed_new("c", 0, 10000);
	publish(f, 1, 10);
	feed_skip(f, 2);
	ck_assert(feed_has_after(f, 1));
	ck_assert_int_eq(take_ids(f, 1, ids, 16, &floor), AFF_EAGAIN);
	ck_assert_int_eq(floor, 2);
	publish(f, 3, 10);
	ck_assert_int_eq(take_ids(f, 1, ids, 16, &floor), AFF_EAGAIN);
	ck_assert_int_eq(take_ids(f, 2, ids, 16, &floor), 1);
	ck_assert_int_eq(ids[0], 3);
	ck_assert_uint_eq(feed_published(f), 3);
	feed_free(f);
}
END_TEST

START_TEST(a_waiter_is_woken_once)
{
	struct feed *f = feed_new("c", 0, 10000);
	struct feed_waiter w = {.eventfd = eventfd(0, EFD_NONBLOCK)};
	uint64_t n;
	feed_join(f, &w);
	feed_wake(f);
	ck_assert_int_eq(read(w.eventfd, &n, sizeof n), -1);
	atomic_store(&w.waiting, true);
	feed_wake(f);
	feed_wake(f);
	ck_assert_int_eq(read(w.eventfd, &n, sizeof n), (int)sizeof n);
	ck_assert_uint_eq(n, 1);
	feed_leave(f, &w);
	feed_free(f);
	close(w.eventfd);
}
END_TEST

START_TEST(quantiles_are_within_an_eighth)
{
	struct histogram h = {0};
	const struct histogram *one = &h;
	ck_assert_int_eq(histogram_quantile(&one, 1, 500), 0);
	for (int64_t us = 1; us <= 10000; us++)
		histogram_add(&h, us);
	int64_t half = histogram_quantile(&one, 1, 500), most = histogram_quantile(&one, 1, 990);
	ck_assert(half >= 5000 && half <= 5000 + 5000 / 8);
	ck_assert(most >= 9900 && most <= 9900 + 9900 / 8);
	histogram_add(&h, -5);
	histogram_add(&h, INT64_MAX);
	ck_assert_int_gt(histogram_quantile(&one, 1, 1000), 1 << 30);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine: feed");
	TCase *t = tcase_create("feed");
	tcase_add_test(t, taken_in_order_from_any_position);
	tcase_add_test(t, the_oldest_leave_when_it_is_full);
	tcase_add_test(t, what_was_skipped_is_looked_for_in_the_journal);
	tcase_add_test(t, a_waiter_is_woken_once);
	tcase_add_test(t, quantiles_are_within_an_eighth);
	suite_add_tcase(s, t);
	return run_suite(s);
}
