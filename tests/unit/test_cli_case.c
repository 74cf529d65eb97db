/* SPDX-License-Identifier: Apache-2.0
 *
 * How tests of channels compare what came out with what was expected: what differs is named, and nothing else is.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/case_diff.h"
#include "cli/case_files.h"
#include "cli/case_outcome.h"
#include "run_suite.h"

#define MSH "MSH|^~\\&|A||||20260101||ORU^R01|1|P|2.6\r"

static struct case_report report;

/* Every difference on a line. */
static const char *lines(void)
{
	static char all[8192];
	char line[CASE_LINE];
	size_t n = 0;
	all[0] = '\0';
	for (size_t i = 0; i < report.count; i++)
		n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? "\n" : "",
				      case_difference_line(&report.items[i], line));
	return all;
}

static const char *hl7(const char *expected, const char *got)
{
	const struct case_place place = {&report, "", 0};
	case_report_begin(&report, "c", "n", "f");
	ck_assert_int_eq(case_diff_hl7(&place, aff_view_of(expected), aff_view_of(got)), 0);
	ck_assert_int_eq(report.result == CASE_PASSED, report.count == 0);
	return lines();
}

static const char *json(const char *expected, const char *got)
{
	const struct case_place place = {&report, "", 0};
	size_t used = 0;
	case_report_begin(&report, "c", "n", "f");
	int rc = case_diff_json(&place, aff_view_of(expected), aff_view_of(got), &used);
	ck_assert(rc == 0 || rc == AFF_ESYNTAX);
	return lines();
}

static const struct {
	const char *expected, *got, *lines;
} messages[] = {
	{MSH "PID|||1", MSH "PID|||1", ""},
	{MSH "PID|||1", MSH "PID|||1\r", ""},
	{MSH "OBX|1|NM|A||36.9\rOBX|2|NM|B||1", MSH "OBX|1|NM|A||37.0\rOBX|2|NM|B||1",
	 "OBX[1]-5: expected 36.9, got 37.0"},
	{MSH "PID|||1||Doe^Jane", MSH "PID|||1||Doe^Joan", "PID-5.2: expected Jane, got Joan"},
	{MSH "PID|||1||Doe^Jane", MSH "PID|||1||Doe^Jane^M", "PID-5.3: expected nothing, got M"},
	{MSH "PID|||1~2", MSH "PID|||1~3", "PID-3[2]: expected 2, got 3"},
	{MSH "PID|||1~2", MSH "PID|||1", "PID-3[2]: expected 2, got nothing"},
	{MSH "PID|||a^^^x&y", MSH "PID|||a^^^x&z", "PID-3.4.2: expected y, got z"},
	{MSH "PID|||1", MSH "PID|||1||||||A", "PID-9: expected nothing, got A"},
	/* what is missing or too much does not make its neighbours differ */
	{MSH "OBX|1|NM|A||1\rOBX|2|NM|B||2\rOBX|3|NM|C||3", MSH "OBX|1|NM|A||1\rOBX|3|NM|C||3",
	 "OBX[2]: expected OBX|2|NM|B||2, got nothing"},
	{MSH "OBX|1|NM|A||1\rOBX|2|NM|C||3", MSH "OBX|1|NM|A||1\rNTE|1||x\rOBX|2|NM|C||3",
	 "NTE: expected nothing, got NTE|1||x"},
	{MSH "OBX|1|NM|A||1\rOBX|2|NM|B||2\rOBX|3|NM|C||3", MSH "OBX|1|NM|B||2\rOBX|2|NM|C||3",
	 "OBX[1]: expected OBX|1|NM|A||1, got nothing\nOBX[1]-1: expected 2, got 1\nOBX[2]-1: expected 3, got 2"},
	/* a star fits anything, as a field, a repetition, a component */
	{MSH "PID|||*", MSH "PID|||1^2~3", ""},
	{MSH "PID|||*", MSH "PID", ""},
	{MSH "PID|||a^*^c", MSH "PID|||a^b^c", ""},
	{MSH "PID|||a^*^c", MSH "PID|||a^b^d", "PID-3.3: expected c, got d"},
	{MSH "PID|||a*", MSH "PID|||ab", "PID-3: expected a*, got ab"},
	{"MSH|^~\\&|A\r", "MSH|^~$&|A\r", "MSH-2: expected ^~\\&, got ^~$&"},
	{"hello", MSH, "what is expected cannot be read: the message does not start with an MSH segment"},
};

START_TEST(differences_of_messages)
{
	ck_assert_str_eq(hl7(messages[_i].expected, messages[_i].got), messages[_i].lines);
}
END_TEST

START_TEST(many_segments)
{
	/* Too many to be aligned: still every difference is found. */
	struct aff_buf e, g;
	aff_buf_init(&e, 1 << 20);
	aff_buf_init(&g, 1 << 20);
	aff_buf_put_text(&e, MSH);
	aff_buf_put_text(&g, MSH);
	for (int i = 0; i < 3000; i++) {
		aff_buf_printf(&e, "OBX|%d|NM|A||1\r", i);
		aff_buf_printf(&g, "OBX|%d|NM|A||%d\r", i, i == 0 || i == 2999 ? 2 : 1);
	}
	const struct case_place place = {&report, "", 0};
	case_report_begin(&report, "c", "n", "f");
	ck_assert_int_eq(case_diff_hl7(&place, aff_buf_view(&e), aff_buf_view(&g)), 0);
	ck_assert_str_eq(lines(), "OBX[1]-5: expected 1, got 2\nOBX[3000]-5: expected 1, got 2");
	aff_buf_free(&e);
	aff_buf_free(&g);
}
END_TEST

static const struct {
	const char *expected, *got, *lines;
} documents[] = {
	{"{\"a\": 1, \"b\": [true, null]}", "{\"b\":[true,null],\"a\":1}", ""},
	{"{\"a\": 36.80}", "{\"a\":36.8}", "a: expected 36.80, got 36.8"},
	{"{\"a\": -1}", "{\"a\":1}", "a: expected -1, got 1"},
	{"{\"a\": \"1\"}", "{\"a\":1}", "a: expected \"1\", got 1"},
	{"{\"a\": {\"b\": [1, {\"c\": \"x\"}]}}",
	 "{\"a\":{\"b\":[1,{\"c\":\"y\"}]}}", "a.b[1].c: expected \"x\", got \"y\""},
	{"{\"a\": 1}", "{\"a\":1,\"b\":{\"c\":2}}", "b: expected nothing, got an object with 1 member"},
	{"{\"a\": 1, \"b\": [1]}", "{\"a\":1}", "b: expected an array of 1, got nothing"},
	{"{\"a\": [1]}", "{\"a\":[1,2]}", "a[1]: expected nothing, got 2"},
	/* what is missing or too much does not make its neighbours differ */
	{"{\"a\": [1, 2, 3]}", "{\"a\":[1,3]}", "a[1]: expected 2, got nothing"},
	{"{\"a\": [1, 3]}", "{\"a\":[1,2,3]}", "a[1]: expected nothing, got 2"},
	{"{\"a\": [1, 2, 4]}", "{\"a\":[1,3]}", "a[1]: expected 2, got 3\na[2]: expected 4, got nothing"},
	{"{\"b\": 1, \"a\": 1}", "{\"b\":2,\"a\":2}", "b: expected 1, got 2\na: expected 1, got 2"},
	{"{\"id\": \"*\"}", "{\"id\":\"urn:uuid:1\"}", ""},
	{"{\"id\": \"*\"}", "{\"id\":{\"x\":1}}", ""},
	{"{\"id\": \"*\"}", "{}", "id: expected \"*\", got nothing"},
	{"{\"a\": \"\\\"1\"}", "{\"a\":\"\\\"1\"}", ""},
	{"{\"a\": }", "{}", "is no JSON: line 1, column 7: unexpected token near '}'"},
};

START_TEST(differences_of_json)
{
	ck_assert_str_eq(json(documents[_i].expected, documents[_i].got), documents[_i].lines);
}
END_TEST

START_TEST(past_the_cap_differences_are_counted)
{
	case_report_begin(&report, "c", "n", "f");
	for (int i = 0; i < CASE_DIFFERENCES + 5; i++)
		case_report_say(&report, "f", 1, "%d", i);
	ck_assert_uint_eq(report.count, CASE_DIFFERENCES);
	ck_assert_uint_eq(report.dropped, 5);
	ck_assert_int_eq(report.result, CASE_FAILED);
}
END_TEST

START_TEST(values_are_shortened_and_made_visible)
{
	char value[CASE_VALUE], text[600];
	case_value(value, aff_view("a\x1b[2Jb", 6));
	ck_assert_str_eq(value, "a\\x1b[2Jb");
	memset(text, 0, sizeof text);
	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	case_value(value, aff_view_of(text));
	ck_assert_uint_lt(strlen(value), CASE_VALUE);
	ck_assert_str_eq(value + strlen(value) - 5, "\xc3\xa4...");
}
END_TEST

START_TEST(words_begin)
{
	ck_assert(case_words_begin("filtered when: PV1-3", aff_view_of("filtered")));
	ck_assert(case_words_begin("filtered when: PV1-3", aff_view_of("filtered when")));
	ck_assert(case_words_begin("sent", aff_view_of("sent")));
	ck_assert(!case_words_begin("rejected AR 200", aff_view_of("rejected A")));
	ck_assert(!case_words_begin("sent", aff_view_of("sent twice")));
	ck_assert(!case_words_begin("filtered", aff_view_of("sent")));
}
END_TEST

START_TEST(line_ends)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"MSH|a\nPID|b\n", "MSH|a\rPID|b\r"},
		{"MSH|a\r\nPID|b", "MSH|a\rPID|b\r"},
		{"MSH|a\rPID|b\n c\r", "MSH|a\rPID|b\n c\r"},
		{"MSH|a", "MSH|a\r"},
	};
	struct aff_buf out;
	aff_buf_init(&out, 100);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		aff_buf_clear(&out);
		case_put_segments(&out, aff_view_of(cases[i].in));
		ck_assert(aff_view_is(aff_buf_view(&out), cases[i].out));
	}
	aff_buf_clear(&out);
	case_put_lines(&out, aff_view_of("MSH|a\rPID|b"));
	ck_assert(aff_view_is(aff_buf_view(&out), "MSH|a\nPID|b\n"));
	aff_buf_clear(&out);
	case_put_lines(&out, aff_view_of("MSH|a\rPID|b\nc"));
	ck_assert(aff_view_is(aff_buf_view(&out), "MSH|a\rPID|b\nc\r"));
	aff_buf_free(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_case");
	TCase *t = tcase_create("compare");
	tcase_add_loop_test(t, differences_of_messages, 0, sizeof messages / sizeof messages[0]);
	tcase_add_test(t, many_segments);
	tcase_add_loop_test(t, differences_of_json, 0, sizeof documents / sizeof documents[0]);
	tcase_add_test(t, past_the_cap_differences_are_counted);
	tcase_add_test(t, values_are_shortened_and_made_visible);
	tcase_add_test(t, words_begin);
	tcase_add_test(t, line_ends);
	suite_add_tcase(s, t);
	return run_suite(s);
}
