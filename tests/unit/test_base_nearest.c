/* SPDX-License-Identifier: Apache-2.0
 *
 * Proposals for misspelt words.
 */
#include <check.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "run_suite.h"

static unsigned distance(const char *a, const char *b)
{
	return nearest_distance(aff_view_of(a), aff_view_of(b));
}

static const char *propose(const char *word)
{
	static const char *const known[] = {"run", "check", "validate", "show", "get", "convert", "version", "a"};
	struct nearest n = {.word = aff_view_of(word)};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		nearest_offer(&n, known[i]);
	return n.best;
}

START_TEST(distances)
{
	ck_assert_uint_eq(distance("", ""), 0);
	ck_assert_uint_eq(distance("", "abc"), 3);
	ck_assert_uint_eq(distance("abc", ""), 3);
	ck_assert_uint_eq(distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(distance("chekc", "check"), 1);
	ck_assert_uint_eq(distance("ca", "abc"), 3);
}
END_TEST

START_TEST(long_words_stay_in_bounds)
{
	char longer[200];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	ck_assert_uint_eq(distance(longer, "x"), 199);
	longer[63] = '\0';
	ck_assert_uint_eq(distance(longer, ""), 63);
	ck_assert_uint_eq(distance(longer, longer), 0);
}
END_TEST

START_TEST(of_equally_near_ones_the_same_beginning_wins)
{
	struct nearest n = {.word = aff_view_of("2.51")};
	nearest_offer(&n, "2.1");
	nearest_offer(&n, "2.5");
	nearest_offer(&n, "2.6");
	ck_assert_str_eq(n.best, "2.5");
}
END_TEST

START_TEST(proposals)
{
	ck_assert_str_eq(propose("vrsion"), "version");
	ck_assert_str_eq(propose("RUN"), "run");
	ck_assert_str_eq(propose("A"), "a");
	ck_assert_str_eq(propose("valdiate"), "validate");
	ck_assert_str_eq(propose("gte"), "get");
	ck_assert_str_eq(propose("geet"), "get");
	ck_assert_ptr_null(propose("nonsense"));
	ck_assert_ptr_null(propose("xyz"));
	ck_assert_ptr_null(propose("b"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base_nearest");
	TCase *t = tcase_create("all");
	tcase_add_test(t, distances);
	tcase_add_test(t, long_words_stay_in_bounds);
	tcase_add_test(t, proposals);
	tcase_add_test(t, of_equally_near_ones_the_same_beginning_wins);
	suite_add_tcase(s, t);
	return run_suite(s);
}
