/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers: NM, SI, SN, NR, NA, MA.
 */
#include "hl7_test.h"

#include <afferent/build.h>
#include <afferent/number.h>

static const struct aff_delims *const d = &aff_delims_default;

static struct aff_nm nm(const char *text)
{
	struct aff_nm n;
	ck_assert_msg(aff_nm_parse(&n, aff_view_of(text)) == 0, "%s", text);
	return n;
}

START_TEST(decimals_as_written)
{
	struct aff_nm n = nm("-037.20");
	ck_assert(n.negative);
	ck_view(n.whole, "037");
	ck_view(n.fraction, "20");
	ck_assert_uint_eq(n.form, 0);
	n = nm("120");
	ck_assert(!n.negative);
	ck_view(n.whole, "120");
	ck_view(n.fraction, "");
	ck_assert_uint_eq(n.form, 0);
}
END_TEST

START_TEST(accepted_but_not_to_the_letter)
{
	static const struct {
		const char *text;
		unsigned form;
	} cases[] = {
		{"5", 0}, {"-0.5", 0}, {"0000000000000000000000000000000000000000000001", 0},
		{".5", AFF_NM_NO_WHOLE}, {"-.5", AFF_NM_NO_WHOLE}, {"5.", AFF_NM_NO_FRACTION},
		{" 5", AFF_NM_BLANKS}, {"5  ", AFF_NM_BLANKS}, {"\t5", AFF_NM_BLANKS},
		{"+07.50", AFF_NM_PLUS}, {" +.5 ", AFF_NM_BLANKS | AFF_NM_PLUS | AFF_NM_NO_WHOLE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(nm(cases[i].text).form == cases[i].form, "%s: %u", cases[i].text, nm(cases[i].text).form);
	ck_assert_uint_eq(AFF_NM_UNTIDY & AFF_NM_PLUS, 0);
}
END_TEST

START_TEST(what_is_no_number)
{
	static const char *const bad[] = {"", " ", ".", "+", "-", "+.", "1e3", "1E3", "1,5", "1.5.0", "1 5", "--1",
	                                  "5 mmHg", "1-2", "0x10", "inf", "NaN", "\"\"", "1^2", "<5", "5%", "++5",
	                                  "5-", "\\E\\5", "١"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct aff_nm n = {.form = 77};
		struct aff_diag diag = {0};
		size_t length = strlen(bad[i]);
		char *exact = exact_copy(bad[i], length);
		ck_assert_msg(aff_nm_read(&n, aff_view(exact, length), NULL, &diag) == AFF_EDATATYPE, "%s", bad[i]);
		ck_assert_uint_eq(n.form, 77);
		ck_assert_int_eq(diag.code, AFF_EDATATYPE);
		ck_assert(diag.text[0] && diag.hint[0]);
		free(exact);
	}
	ck_assert(!aff_is_number(aff_view("1\0", 2)));
	ck_assert(!aff_is_number(aff_view("", 0)));
}
END_TEST

START_TEST(a_primitive_is_a_first_component)
{
	static const char *const texts[] = {"5.0", "5.0^", "5.0^mmHg", "5.0&1^x", "5.0~6.0", "5.0~"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct aff_nm n;
		ck_assert_msg(aff_nm_read(&n, aff_view_of(texts[i]), d, NULL) == 0, "%s", texts[i]);
		ck_view(n.whole, "5");
		ck_view(n.fraction, "0");
	}
	ck_assert(!aff_is_number(aff_view_of("5.0^")));
	/* A message without a component delimiter has no components. */
	struct aff_delims bare = {'|', 0, 0, 0, 0, 0};
	struct aff_nm n;
	ck_assert_int_eq(aff_nm_read(&n, aff_view_of("5^6"), &bare, NULL), AFF_EDATATYPE);
	ck_assert_int_eq(aff_nm_read(&n, aff_view("5\0" "6", 3), &bare, NULL), AFF_EDATATYPE);
}
END_TEST

START_TEST(order)
{
	/* Ascending; those on one line are equal. */
	static const char *const sorted[][4] = {
		{"-1000000000000000000000000000001"},
		{"-1000000000000000000000000000000", "-1000000000000000000000000000000.0"},
		{"-10"}, {"-9.9", "-09.90", "-9.900"}, {"-0.0001"},
		{"0", "-0", "+0.00"}, {"0.0001"}, {".1", "0.1", "+0.10"}, {"0.11"}, {"0.2", "00.2"}, {"2"},
		{"10", "10."},
		{"37.2", "37.20", " 37.2 "}, {"37.21"}, {"99999999999999999999999999999999999999999999"},
	};
	for (size_t i = 0; i < sizeof sorted / sizeof sorted[0]; i++)
		for (size_t k = 0; k < sizeof sorted / sizeof sorted[0]; k++)
			for (size_t a = 0; a < 4 && sorted[i][a]; a++)
				for (size_t b = 0; b < 4 && sorted[k][b]; b++) {
					struct aff_nm x = nm(sorted[i][a]), y = nm(sorted[k][b]);
					int c = aff_nm_compare(&x, &y);
					ck_assert_msg((c > 0) - (c < 0) == (i > k) - (i < k), "%s %s: %d",
					              sorted[i][a], sorted[k][b], c);
				}
}
END_TEST

static void expect_text(const char *written, const char *text)
{
	struct aff_buf b;
	struct aff_nm n = nm(written);
	aff_buf_init(&b, 100);
	aff_nm_put(&b, &n);
	ck_view(aff_buf_view(&b), text);
	ck_assert(aff_is_number(aff_buf_view(&b)));
	aff_buf_free(&b);
}

START_TEST(as_text)
{
	expect_text("+07.50", "7.50");
	expect_text(".5", "0.5");
	expect_text("-.5", "-0.5");
	expect_text("5.", "5");
	expect_text("000", "0");
	expect_text("-037.200", "-37.200");
	expect_text(" 120 ", "120");
	expect_text("0.0", "0.0");
	struct aff_buf tight;
	aff_buf_init(&tight, 2);
	struct aff_nm n = nm("1234");
	aff_nm_put(&tight, &n);
	ck_assert_int_eq(tight.error, AFF_ELIMIT);
	aff_buf_free(&tight);
}
END_TEST

static int64_t scaled(const char *text, unsigned decimals, int expected)
{
	struct aff_nm n = nm(text);
	int64_t value = 4711;
	ck_assert_msg(aff_nm_scaled(&n, decimals, &value) == expected, "%s", text);
	return value;
}

START_TEST(as_integers)
{
	ck_assert_int_eq(scaled("37.20", 2, 0), 3720);
	ck_assert_int_eq(scaled("37.20", 1, 0), 372);
	ck_assert_int_eq(scaled("-0.5", 3, 0), -500);
	ck_assert_int_eq(scaled("0.00", 0, 0), 0);
	ck_assert_int_eq(scaled("0", 4000000000u, 0), 0);
	ck_assert_int_eq(scaled("37.25", 1, AFF_EDATATYPE), 4711);
	ck_assert_int_eq(scaled("9223372036854775807", 0, 0), INT64_MAX);
	ck_assert_int_eq(scaled("-9223372036854775808", 0, 0), INT64_MIN);
	ck_assert_int_eq(scaled("9223372036854775808", 0, AFF_ELIMIT), 4711);
	ck_assert_int_eq(scaled("-9223372036854775809", 0, AFF_ELIMIT), 4711);
	ck_assert_int_eq(scaled("1", 19, AFF_ELIMIT), 4711);
}
END_TEST

START_TEST(sequence_ids)
{
	uint32_t n;
	ck_assert_int_eq(aff_si_read(&n, aff_view_of("12^x"), d, NULL), 0);
	ck_assert_uint_eq(n, 12);
	ck_assert_int_eq(aff_si_read(&n, aff_view_of("4294967295"), NULL, NULL), 0);
	static const char *const bad[] = {"", "-1", "1.0", " 1", "a", "4294967296", "\"\"", "1^"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(aff_si_read(&n, aff_view_of(bad[i]), NULL, NULL) == AFF_EDATATYPE, "%s", bad[i]);
}
END_TEST

static struct aff_sn sn(const char *text)
{
	struct aff_sn out;
	ck_assert_msg(aff_sn_read(&out, aff_view_of(text), d, NULL) == 0, "%s", text);
	return out;
}

START_TEST(structured_numbers)
{
	struct aff_sn s = sn(">=^100.0^^");
	ck_assert(s.comparator == AFF_SN_GREATER_EQUAL && s.has_num1 && !s.separator && !s.has_num2);
	ck_view(s.num1.fraction, "0");
	ck_view(s.num2.whole, "");
	s = sn("^1^:^128");
	ck_assert(s.comparator == AFF_SN_EQUAL && s.separator == ':' && s.has_num2);
	ck_view(s.num2.whole, "128");
	s = sn("^5^+");
	ck_assert(s.separator == '+' && !s.has_num2);
	ck_assert_int_eq(sn("<^5").comparator, AFF_SN_LESS);
	ck_assert_int_eq(sn("<=^5").comparator, AFF_SN_LESS_EQUAL);
	ck_assert_int_eq(sn(">^5").comparator, AFF_SN_GREATER);
	ck_assert_int_eq(sn("<>^5").comparator, AFF_SN_UNEQUAL);
	ck_assert_int_eq(sn("=^5~<^6").comparator, AFF_SN_EQUAL);
	ck_assert(!sn("\"\"").has_num1);
	ck_assert(!sn("").has_num1);
	static const struct {
		const char *text;
		unsigned component;
	} bad[] = {{"120", 1}, {"<5", 1}, {"!=^5", 1}, {"<^abc", 2}, {"^1^x^2", 3}, {"^1^--^2", 3}, {"^1^-^2mm", 4}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct aff_diag diag = {0};
		struct aff_sn unused = {.separator = 'u'};
		ck_assert_msg(aff_sn_read(&unused, aff_view_of(bad[i].text), d, &diag) == AFF_EDATATYPE, "%s",
		              bad[i].text);
		ck_assert_uint_eq(diag.at.component, bad[i].component);
		ck_assert_int_eq(unused.separator, 'u');
	}
}
END_TEST

START_TEST(ranges)
{
	struct aff_nr r;
	struct aff_diag diag;
	ck_assert_int_eq(aff_nr_read(&r, aff_view_of("3.5^"), d, NULL), 0);
	ck_assert(r.has_low && !r.has_high);
	ck_assert_int_eq(aff_nr_read(&r, aff_view_of("^9"), d, NULL), 0);
	ck_assert(!r.has_low && r.has_high);
	ck_view(r.high.whole, "9");
	ck_assert_int_eq(aff_nr_read(&r, aff_view_of("1^9-"), d, &diag), AFF_EDATATYPE);
	ck_assert_uint_eq(diag.at.component, 2);
}
END_TEST

/* The walk as text: values, "-" for absent, "!" for none, "/" at the end of a row. */
static void expect_array(const char *field, const char *walk, unsigned rows, unsigned columns, int shape)
{
	size_t length = strlen(field);
	char *exact = exact_copy(field, length);
	struct aff_array a = aff_array(aff_view(exact, length), d);
	struct aff_nm value;
	struct aff_buf b;
	unsigned row = 1, column = 0, seen_rows, seen_columns;
	aff_buf_init(&b, 1000);
	for (int rc; (rc = aff_array_next(&a, &value)) != AFF_ARRAY_END;) {
		column++;
		ck_assert_uint_eq(a.at_repetition, row);
		ck_assert_uint_eq(a.at_component, column);
		if (rc == AFF_ARRAY_VALUE)
			aff_nm_put(&b, &value);
		else
			aff_buf_put_char(&b, rc == AFF_ARRAY_ABSENT ? '-' : '!');
		if (a.row_ended) {
			row++;
			column = 0;
		}
		aff_buf_put_char(&b, a.row_ended ? '/' : ' ');
	}
	ck_view(aff_buf_view(&b), walk);
	ck_assert_int_eq(aff_array_next(&a, &value), AFF_ARRAY_END);
	ck_assert_int_eq(aff_array_shape(aff_view(exact, length), d, &seen_rows, &seen_columns), shape);
	ck_assert_uint_eq(seen_rows, rows);
	ck_assert_uint_eq(seen_columns, columns);
	aff_buf_free(&b);
	free(exact);
}

START_TEST(arrays)
{
	expect_array("", "", 0, 0, 0);
	expect_array("~~", "", 0, 0, 0);
	expect_array("5", "5/", 1, 1, 0);
	expect_array("1^2^3~4^5^6", "1 2 3/4 5 6/", 2, 3, 0);
	expect_array("1^2~3^4~~", "1 2/3 4/", 2, 2, 0);
	/* the example of the standard, with values that are not there */
	expect_array("^2^3^4~5^^^8~9^10~~17^18^19^20", "- 2 3 4/5 - - 8/9 10/-/17 18 19 20/", 5, 4, AFF_EDATATYPE);
	expect_array("1^x^\"\"^-.5", "1 ! - -0.5/", 1, 4, 0);
	expect_array("1^2^", "1 2 -/", 1, 3, 0);
}
END_TEST

START_TEST(long_arrays_are_read_once)
{
	enum { VALUES = 20000 };
	struct aff_buf b;
	aff_buf_init(&b, 1 << 20);
	for (unsigned i = 0; i < VALUES; i++)
		aff_buf_printf(&b, "%s%u", i ? "^" : "", i);
	struct aff_array a = aff_array(aff_buf_view(&b), d);
	struct aff_nm value;
	unsigned n = 0;
	const char *behind = b.p;
	while (aff_array_next(&a, &value) == AFF_ARRAY_VALUE) {
		char expected[16];
		snprintf(expected, sizeof expected, "%u", n++);
		ck_view(value.whole, expected);
		/* never back */
		ck_assert(value.whole.p >= behind);
		behind = value.whole.p + value.whole.n;
	}
	ck_assert_uint_eq(n, VALUES);
	aff_buf_free(&b);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		decimals_as_written, accepted_but_not_to_the_letter, what_is_no_number,
		a_primitive_is_a_first_component, order, as_text, as_integers, sequence_ids,
		structured_numbers, ranges, arrays, long_arrays_are_read_once,
	};
	return RUN_TESTS("hl7_number", tests);
}
