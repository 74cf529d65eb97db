/* SPDX-License-Identifier: Apache-2.0
 *
 * Rounding.
 */
#include "steps_fixture.h"

static struct aff_step round_to(const char *multiple, bool range)
{
	return (struct aff_step){.kind = AFF_STEP_ROUND, .value = aff_view_of(multiple), .range = range};
}

static const struct {
	const char *to, *in, *out;
} numbers[] = {
	{"0.1", "36.64", "36.6"}, {"0.1", "36.65", "36.7"}, {"0.1", "-36.65", "-36.7"},
	{"0.1", "36.649999999999", "36.6"},
	{"0.1", "36.6", "36.6"}, {"0.1", "37", "37"}, {"0.1", "37.00", "37.0"}, {"0.1", "9.96", "10.0"},
	{"0.1", "+36.64", "36.6"}, {"0.1", "+36.6", "+36.6"}, {"0.1", ".55", "0.6"}, {"0.1", "036.64", "36.6"},
	{"0.1", "-0.0", "-0.0"}, {"0.1", "0.00", "0.0"}, {"0.1", "-0.00", "0.0"},
	{"1", "72.5", "73"}, {"1", "72.4999", "72"}, {"1", "-72.5", "-73"}, {"1", "73.", "73."}, {"1", "0.5", "1"},
	{"0.01", "7.345", "7.35"}, {"0.01", "7.3449999999999999999999999999", "7.34"},
	{"0.5", "37.24", "37.0"}, {"0.5", "37.25", "37.5"}, {"0.5", "37.74", "37.5"}, {"0.5", "37.75", "38.0"},
	{"0.5", "37.5", "37.5"}, {"0.5", "37", "37"}, {"0.5", "37.50", "37.5"}, {"0.25", "0.37", "0.25"},
	{"0.25", "0.375", "0.50"}, {"5", "122.4", "120"}, {"5", "122.5", "125"}, {"5", "123", "125"},
	{"10", "-125", "-130"},
	{"0.000000001", "0.1234567895", "0.123456790"},
	/* these stay */
	{"0.1", "0.03", "0.03"}, {"1", "-0.4", "-0.4"}, {"5", "2.4", "2.4"}, {"0.1", "high", "high"}, {"0.1", "", ""},
	{"0.1", "1e5", "1e5"}, {"0.1", "36,64", "36,64"}, {"0.1", "\"\"", "\"\""}, {"0.1", ">36.64", ">36.64"},
	{"5", "8388607", "8388607"}, {"10", "-999", "-999"}, {"1000", "32767", "32767"}, {"1", "32766.7", "32766.7"},
	{"0.1", "1234567890123456.78", "1234567890123456.8"}, {"0.1", "12345678901234567.89", "12345678901234567.89"},
	/* every repetition */
	{"1", "1.5~2~x~3.4", "2~2~x~3"},
};

START_TEST(numbers_are_rounded)
{
	char in[256], out[256];
	snprintf(in, sizeof in, "OBX|1|NM|a||%s|mm|1.55-2.55|H~QUES|||R\n", numbers[_i].in);
	snprintf(out, sizeof out, "OBX|1|NM|a||%s|mm|1.55-2.55|H~QUES|||R\n", numbers[_i].out);
	run_step(round_to(numbers[_i].to, false), NULL, NULL, in, out);
}
END_TEST

START_TEST(structured_numbers_are_rounded)
{
	static const char *const cases[][2] = {
		{"^36.65", "^36.7"}, {"=^36.65", "=^36.7"}, {"^36.65^-^37.25", "^36.7^-^37.3"}, {"^36.65^", "^36.7^"},
		{">^36.65", ">^36.65"}, {"<=^0.05", "<=^0.05"}, {"^1.55^:^128.55", "^1.55^:^128.55"},
		{"^2.55^+", "^2.55^+"}, {"36.65", "36.65"}, {"^36.65^-^37.25^x", "^36.65^-^37.25^x"},
		{"^36.65~>^2.55~^7.25", "^36.7~>^2.55~^7.3"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char in[256], out[256];
		snprintf(in, sizeof in, "OBX|1|SN|a||%s|mm\n", cases[i][0]);
		snprintf(out, sizeof out, "OBX|1|SN|a||%s|mm\n", cases[i][1]);
		run_step(round_to("0.1", false), NULL, NULL, in, out);
	}
	run_step(round_to("0.1", false), NULL, NULL, "OBX|1|ST|a||36.65\nOBX|2||a||36.65\nOBX|3|NA|a||1.55^2.55\n",
	         "OBX|1|ST|a||36.65\nOBX|2||a||36.65\nOBX|3|NA|a||1.55^2.55\n");
}
END_TEST

START_TEST(ranges_are_rounded_where_asked)
{
	static const char *const cases[][2] = {
		{"1.55-2.55", "1.6-2.6"}, {"< 2.55", "< 2.6"}, {"1.5 - 2.5", "1.5 - 2.5"}, {"normal", "normal"},
		{"1.55-high", "1.55-high"}, {"-1.55--0.55", "-1.6--0.6"}, {"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char in[256], out[256];
		snprintf(in, sizeof in, "OBX|1|NM|a||1.55|mm|%s|N\n", cases[i][0]);
		snprintf(out, sizeof out, "OBX|1|NM|a||1.6|mm|%s|N\n", cases[i][1]);
		run_step(round_to("0.1", true), NULL, NULL, in, out);
	}
}
END_TEST

START_TEST(rows_are_chosen)
{
	run_step(round_to("1", false), "OBX", "OBX-3 = a", "OBX|1|NM|a||1.6\nOBX|2|NM|b||1.6\n",
	         "OBX|1|NM|a||2\nOBX|2|NM|b||1.6\n");
	refused(round_to("0", false), NULL);
	refused(round_to("-1", false), NULL);
	refused(round_to("x", false), NULL);
	refused(round_to("0.0000000001", false), NULL);
	refused(round_to("10000000000000", false), NULL);
	refused(round_to("1", false), "PID");
	refused(round_to("1", false), "OBX-5");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rules round");
	TCase *tc = tcase_create("round");
	tcase_add_loop_test(tc, numbers_are_rounded, 0, (int)(sizeof numbers / sizeof numbers[0]));
	tcase_add_test(tc, structured_numbers_are_rounded);
	tcase_add_test(tc, ranges_are_rounded_where_asked);
	tcase_add_test(tc, rows_are_chosen);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
