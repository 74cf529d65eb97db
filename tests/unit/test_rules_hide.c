/* SPDX-License-Identifier: Apache-2.0
 *
 * Pseudonyms and masks: nothing that the path names goes out as it came.
 */
#include <afferent/rules.h>

#include "rules_fixture.h"

#define KEY  "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
#define HASH "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" /* of "Hi There": RFC 4231 */

static struct aff_step hash(unsigned digits)
{
	return (struct aff_step){.kind = AFF_STEP_HASH, .line = 3, .key = aff_view_of(KEY), .digits = digits};
}

static struct aff_step mask(const char *text)
{
	return (struct aff_step){.kind = AFF_STEP_MASK, .line = 3, .value = aff_view_of(text)};
}

/* What the step makes of the segments; wanted NULL: the message is rejected with this code. */
static void expect(struct aff_step step, const char *path, const char *segments, const char *wanted, int code)
{
	struct fixture f;
	struct aff_rules *r = NULL;
	struct aff_rules_result result;
	struct aff_diag diag = {0};
	char text[2048];
	snprintf(text, sizeof text, "%s%s", MSH, segments);
	ck_assert_int_eq(aff_path_parse(&step.path, aff_view_of(path), NULL), 0);
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_msg(aff_rules_add(r, &step, &diag) == 0, "%s", diag.text);
	aff_rules_on_error(r, AFF_ON_ERROR_SKIP);
	fixture_open(&f, text);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
	ck_assert_int_eq(result.verdict, wanted ? AFF_VERDICT_PASS : AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, code);
	if (wanted)
		ck_assert_str_eq(fixture_text(&f) + strlen(MSH), wanted);
	fixture_close(&f);
	aff_rules_free(r);
}

START_TEST(the_same_text_gives_the_same_pseudonym)
{
	expect(hash(64), "PID-3.1", "PID|||Hi There^^^H\n", "PID|||" HASH "^^^H\n", 0);
	expect(hash(64), "PID-8", "PID||||||||  Hi There \n", "PID||||||||" HASH "\n", 0);
	expect(hash(16), "PV1-19", "PV1|||||||||||||||||||Hi There\n", "PV1|||||||||||||||||||b0344c61d8db3853\n", 0);
}
END_TEST

START_TEST(every_segment_and_repetition_is_treated)
{
	expect(hash(16), "PID-3.1", "PID|||Hi There^^^A~Hi There^^^B~^^^C\nOBR|1\nPID|||Hi There\nPID|||\"\"\nPID\n",
	       "PID|||b0344c61d8db3853^^^A~b0344c61d8db3853^^^B~^^^C\nOBR|1\nPID|||b0344c61d8db3853\nPID|||\"\"\nPID\n",
	       0);
	expect(mask("X"), "PID-5.1", "PID|||||DOE^JANE~ROE^JANE\nPID|||||\nPID|||||^J\n",
	       "PID|||||X^JANE~X^JANE\nPID|||||\nPID|||||^J\n", 0);
	expect(hash(16), "PID[2]-8", "PID||||||||F\nPID||||||||Hi There\n",
	       "PID||||||||F\nPID||||||||b0344c61d8db3853\n", 0);
}
END_TEST

/* They would have the same one. */
START_TEST(what_is_no_identifier_gets_no_pseudonym)
{
	expect(hash(16), "PID-3.1", "PID|||  ^^^H~ ~\\H\\\n", "PID|||  ^^^H~ ~\\H\\\n", 0);
	expect(hash(16), "PID-3.1", "PID|||A\xff" "7^^^H\n", NULL, AFF_ECHARSET);
	expect(hash(16), "PID-3.1", "PID|||A\xfe" "7^^^H\n", NULL, AFF_ECHARSET);
	expect(mask("X"), "PID-3.1", "PID|||A\xfe" "7^^^H\n", "PID|||X^^^H\n", 0);
}
END_TEST

START_TEST(characters_stay)
{
	expect(mask("first 2"), "PID-11.5", "PID|||||||||||^^^^90210\n", "PID|||||||||||^^^^90***\n", 0);
	expect(mask("last 4"), "PID-13", "PID|||||||||||||555 123 4567\n", "PID|||||||||||||********4567\n", 0);
	expect(mask("first 1"), "PID-5.1", "PID|||||\\T\\DOE\n", "PID|||||\\T\\***\n", 0);
	/* a text that would stay whole does not */
	expect(mask("last 4"), "PID-13", "PID|||||||||||||4567\n", "PID|||||||||||||****\n", 0);
	expect(mask("first 3"), "PID-8", "PID||||||||F\n", "PID||||||||*\n", 0);
	/* a whole field */
	expect(mask("UN|KNOWN"), "PID-5", "PID|||||DOE^JANE~ROE^JANE\n", "PID|||||UN\\F\\KNOWN\n", 0);
	expect(mask("X"), "PID-5", "PID|||||\"\"\nPID\n", "PID|||||\"\"\nPID\n", 0);
}
END_TEST

/* Rejected, although the channel wants steps that fail skipped. */
START_TEST(what_cannot_be_hidden_does_not_go_out)
{
	expect(hash(16), "PID-3", "PID|||1^^^H\n", NULL, AFF_EARGUMENT);
	expect(hash(16), "PID-3.1", "PID|||1~2&3\n", NULL, AFF_EARGUMENT);
	expect(mask("first 1"), "PID-5", "PID|||||DOE^JANE\n", NULL, AFF_EARGUMENT);
	expect(mask("\xe6\xb8\xa9"), "PID-5.1", "PID|||||DOE^JANE\n", NULL, AFF_ECHARSET);
	struct aff_step lost = hash(16);
	lost.key = aff_view("", 0);
	expect(lost, "PID-3.1", "PID|||1\n", NULL, AFF_EKEY);
	expect(lost, "PID-3.1", "PID\n", "PID\n", 0);
}
END_TEST

START_TEST(wrong_steps_are_refused)
{
	static const char *const paths[] = {"PID", "MSH-1", "MSH-2", "MSH-18", "PATIENT/PID-3.1"};
	struct aff_rules *r = NULL;
	ck_assert_int_eq(aff_rules_new(&r), 0);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct aff_step step = mask("X");
		ck_assert_int_eq(aff_path_parse(&step.path, aff_view_of(paths[i]), NULL), 0);
		ck_assert_int_eq(aff_rules_add(r, &step, NULL), AFF_EARGUMENT);
	}
	struct aff_step step = hash(16);
	ck_assert_int_eq(aff_path_parse(&step.path, aff_view_of("PID-3.1"), NULL), 0);
	step.key = aff_view_of("fifteen bytes..");
	ck_assert_int_eq(aff_rules_add(r, &step, NULL), AFF_EARGUMENT);
	step.key = aff_view_of(KEY);
	step.digits = 15;
	ck_assert_int_eq(aff_rules_add(r, &step, NULL), AFF_EARGUMENT);
	step.digits = 65;
	ck_assert_int_eq(aff_rules_add(r, &step, NULL), AFF_EARGUMENT);
	step.digits = 16;
	memcpy(step.for_each, "OBX", 4);
	ck_assert_int_eq(aff_rules_add(r, &step, NULL), AFF_EARGUMENT);
	ck_assert_uint_eq(aff_rules_steps(r), 0);
	aff_rules_free(r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_same_text_gives_the_same_pseudonym, every_segment_and_repetition_is_treated,
		what_is_no_identifier_gets_no_pseudonym, characters_stay,
		what_cannot_be_hidden_does_not_go_out, wrong_steps_are_refused,
	};
	return RUN_TESTS("rules_hide", tests);
}
