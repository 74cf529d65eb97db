/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping tables.
 */
#include <afferent/table.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "run_suite.h"

static struct aff_table *made(void)
{
	struct aff_table *t;
	ck_assert_int_eq(aff_table_new(&t, "numerics", aff_view_of("MDIL"), aff_view_of("MDC")), 0);
	return t;
}

static struct aff_table_row row(const char *from, const char *code, unsigned line)
{
	struct aff_view none = aff_view("", 0);
	return (struct aff_table_row){aff_view_of(from), none, aff_view_of(code), none, none, none, none, line};
}

START_TEST(finds_what_was_added)
{
	struct aff_table *t = made();
	char from[] = "0002-4182";
	struct aff_table_row r = row(from, "147842", 7);
	r.unit = aff_view_of("/min");
	ck_assert_int_eq(aff_table_add(t, &r, NULL), 0);
	from[0] = 'x'; /* the table has its own copy */
	const struct aff_table_row *found = aff_table_find(t, aff_view_of("0002-4182"));
	ck_assert_ptr_nonnull(found);
	ck_assert(aff_view_is(found->code, "147842") && aff_view_is(found->unit, "/min"));
	ck_assert(found->loinc.n == 0 && found->loinc.p);
	ck_assert_uint_eq(found->line, 7);
	ck_assert_ptr_null(aff_table_find(t, aff_view_of("0002-418")));
	ck_assert_ptr_null(aff_table_find(t, aff_view_of("")));
	ck_assert_str_eq(aff_table_name(t), "numerics");
	ck_assert(aff_view_is(aff_table_from_system(t), "MDIL") && aff_view_is(aff_table_to_system(t), "MDC"));
	ck_assert_ptr_null(aff_table_at(t, 1));
	aff_table_free(t);
}
END_TEST

START_TEST(refuses_duplicates_and_empty_codes)
{
	struct aff_table *t = made();
	unsigned line = 0;
	struct aff_table_row a = row("a", "1", 3), again = row("a", "2", 9), empty = row("", "1", 4);
	ck_assert_int_eq(aff_table_add(t, &a, &line), 0);
	ck_assert_int_eq(aff_table_add(t, &again, &line), AFF_ETABLE);
	ck_assert_uint_eq(line, 3);
	ck_assert_int_eq(aff_table_add(t, &empty, &line), AFF_EARGUMENT);
	ck_assert_uint_eq(aff_table_rows(t), 1);
	ck_assert(aff_view_is(aff_table_find(t, aff_view_of("a"))->code, "1"));
	aff_table_free(t);
}
END_TEST

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

START_TEST(holds_a_hundred_thousand_rows)
{
	enum { ROWS = 100000 };
	struct aff_table *t = made();
	char from[32], code[32];
	double start = seconds();
	for (unsigned i = 0; i < ROWS; i++) {
		snprintf(from, sizeof from, "0002-%05x", i);
		snprintf(code, sizeof code, "%u", i * 7);
		struct aff_table_row r = row(from, code, i + 1);
		ck_assert_int_eq(aff_table_add(t, &r, NULL), 0);
	}
	double loaded = seconds();
	for (unsigned i = 0; i < ROWS; i++) {
		snprintf(from, sizeof from, "0002-%05x", i);
		snprintf(code, sizeof code, "%u", i * 7);
		const struct aff_table_row *r = aff_table_find(t, aff_view_of(from));
		ck_assert(r && r == aff_table_at(t, i) && aff_view_is(r->code, code) && r->line == i + 1);
	}
	double looked = seconds();
	printf("100,000 rows: loaded in %.0f ms, %.0f ns a look-up (with its printf)\n", (loaded - start) * 1e3,
	       (looked - loaded) * 1e9 / ROWS);
	ck_assert_uint_eq(aff_table_rows(t), ROWS);
	ck_assert_ptr_null(aff_table_find(t, aff_view_of("0002-zzzzz")));
	aff_table_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("terms/table");
	TCase *c = tcase_create("table");
	tcase_add_test(c, finds_what_was_added);
	tcase_add_test(c, refuses_duplicates_and_empty_codes);
	tcase_add_test(c, holds_a_hundred_thousand_rows);
	suite_add_tcase(s, c);
	return run_suite(s);
}
