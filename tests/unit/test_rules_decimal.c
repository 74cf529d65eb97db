/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact decimals: nothing is rounded but a mean, once; what does not fit is said.
 */
#include "rules/decimal.h"

#include "hl7_test.h"

static struct decimal number(const char *text)
{
	struct aff_nm nm;
	struct decimal d = {0, 0};
	ck_assert_int_eq(aff_nm_parse(&nm, aff_view_of(text)), 0);
	ck_assert(decimal_of(&d, &nm));
	return d;
}

static void mean(const char *wanted, size_t n, const char *const *texts)
{
	struct decimal_sum sum = {0, 0};
	struct aff_buf out;
	aff_buf_init(&out, 100);
	for (size_t i = 0; i < n; i++)
		ck_assert(decimal_add(&sum, number(texts[i])));
	ck_assert(decimal_put_mean(&out, &sum, n));
	aff_buf_put_char(&out, '\0');
	ck_assert_str_eq(out.p, wanted);
	aff_buf_free(&out);
}

#define MEAN(wanted, ...)                                                                                              \
	do {                                                                                                           \
		const char *const texts[] = {__VA_ARGS__};                                                             \
		mean(wanted, sizeof texts / sizeof texts[0], texts);                                                   \
	} while (0)

START_TEST(means_are_exact_or_have_one_digit_more)
{
	MEAN("78", "78");
	MEAN("60", "59", "61");
	MEAN("78.5", "78", "79");
	MEAN("60.3", "60", "60", "61");
	MEAN("60.7", "60", "61", "61");
	MEAN("0.1", "0.1", "0.1", "0.1");           /* not in binary fractions */
	MEAN("0.2", "0.1", "0.2", "0.3");
	MEAN("36.55", "36.5", "36.60");
	MEAN("36.533", "36.5", "36.50", "36.6");
	MEAN("37.0", "37.0", "37.0");
	MEAN("0", "-1", "1");
	MEAN("-0.5", "-1", "0");
	MEAN("-0.3", "-1", "0", "0");
	MEAN("0.1", "0", "0", "0", "0", "0", "0", "0", "1");   /* 0.125: half is far */
	MEAN("0.3", "0", "0", "0", "1");            /* 0.25 up */
	MEAN("-0.3", "0", "0", "0", "-1");          /* and -0.25 away from zero */
	MEAN("999999999999999999", "999999999999999999", "999999999999999999");
	MEAN("0.000000000000000001", "0.000000000000000001", "0.000000000000000001");
}
END_TEST

START_TEST(comparison)
{
	ck_assert_int_eq(decimal_compare(number("1.0"), number("1")), 0);
	ck_assert_int_lt(decimal_compare(number("0.99"), number("1")), 0);
	ck_assert_int_gt(decimal_compare(number("-1"), number("-1.01")), 0);
	ck_assert_int_gt(decimal_compare(number("999999999999999999"), number("0.000000000000000001")), 0);
}
END_TEST

static bool differs(const char *a, const char *b, const char *band, bool share)
{
	bool forth = decimal_differs(number(a), number(b), number(band), share);
	return forth;
}

START_TEST(differences)
{
	ck_assert(!differs("78", "80", "2", false));
	ck_assert(differs("78", "81", "2", false));
	ck_assert(differs("80", "77", "2", false));
	ck_assert(!differs("36.6", "36.7", "0.1", false));
	ck_assert(differs("36.6", "36.71", "0.1", false));
	ck_assert(!differs("5", "5.0", "0", false));
	ck_assert(differs("5", "5.01", "0", false));
	ck_assert(!differs("100", "105", "5", true));
	ck_assert(differs("100", "105.1", "5", true));
	ck_assert(!differs("-100", "-95", "5", true));
	ck_assert(!differs("36.50", "36.865", "1", true));
	ck_assert(differs("36.50", "36.866", "1", true));
	ck_assert(differs("0", "0.1", "50", true)); /* of nothing everything is more */
	ck_assert(!differs("0", "0", "50", true));
	ck_assert(differs("0.000000000000000001", "999999999999999999", "999999999999999999", true));
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	struct aff_nm nm;
	struct decimal d = {7, 7};
	struct decimal_sum sum = {0, 0};
	ck_assert_int_eq(aff_nm_parse(&nm, aff_view_of("1000000000000000000")), 0);
	ck_assert(!decimal_of(&d, &nm));
	ck_assert_int_eq(aff_nm_parse(&nm, aff_view_of("0.0000000000000000001")), 0);
	ck_assert(!decimal_of(&d, &nm));
	ck_assert_int_eq(d.num, 7);
	for (int i = 0; i < 100; i++)
		ck_assert(decimal_add(&sum, number("999999999999999999")));
	ck_assert(decimal_add(&sum, number("0.000000000000000001")));
	struct decimal_sum before = sum;
	int added = 0;
	while (added < 1000 && decimal_add(&sum, number("999999999999999999"))) {
		added++;
		before = sum;
	}
	ck_assert_int_lt(added, 1000);
	ck_assert(sum.num == before.num && sum.decimals == before.decimals);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {means_are_exact_or_have_one_digit_more, comparison, differences,
	                              what_does_not_fit_is_refused};
	return RUN_TESTS("rules_decimal", tests);
}
