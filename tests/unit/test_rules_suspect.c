/* SPDX-License-Identifier: Apache-2.0
 *
 * The step that acts on readings that are probably none.
 */
#include <afferent/rules.h>
#include <afferent/validate.h>

#include "rules_fixture.h"

#define HR "147842^MDC_ECG_HEART_RATE^MDC"
#define BPM "264864^MDC_DIM_BEAT_PER_MIN^MDC"

/* Runs one step over MSH and the segments and compares what comes out behind the MSH. */
static void expect(enum aff_suspect how, unsigned kinds, const char *when, unsigned count, const char *segments,
                   const char *wanted)
{
	struct aff_step s = {.kind = AFF_STEP_SUSPECT, .suspect = how, .suspects = kinds, .value = aff_view("", 0)};
	struct aff_rules_result result;
	struct aff_rules *r;
	struct fixture f;
	char text[4096];
	s.when = when ? condition(when) : NULL;
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_int_eq(aff_rules_add(r, &s, NULL), 0);
	snprintf(text, sizeof text, "%s%s", MSH, segments);
	fixture_open(&f, text);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
	ck_assert_str_eq(fixture_text(&f) + strlen(MSH), wanted);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_PASS);
	ck_assert_uint_eq(result.suspect, count);
	fixture_close(&f);
	aff_rules_free(r);
}

START_TEST(good_readings_stay)
{
	const char *good = "OBR|1\n"
	                   "OBX|1|NM|" HR "|1.1.1.1|0|" BPM "|||||R\n"
	                   "OBX|2|NM|150084^MDC_PRESS_BLD_VEN_CENT^MDC|1.1.1.2|-1|266016^MDC_DIM_MMHG^MDC|||||R\n"
	                   "OBX|3|NM|" HR "|1.1.1.3||" BPM "||INV|||X\n"
	                   "OBX|4|NM|1^unknown^99X|1.1.1.4|-1|furlong|||||R\n"
	                   "OBX|5|NM|147842^MDC_HEART_BEATS^MDC|1.1.1.5|60|" BPM "|||||R\n";
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 0, good, good);
	expect(AFF_SUSPECT_DROP_SEGMENT, 0, NULL, 0, good, good);
	expect(AFF_SUSPECT_FLAG, 0, NULL, 0, good, good);
}
END_TEST

START_TEST(values_are_taken_away_with_the_reason)
{
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 1, "OBX|1|NM|" HR "|1|-1|" BPM "|60-100|L|||R|||20250115103000\n",
	       "OBX|1|NM|" HR "|1||" BPM "|60-100|NAV|||X|||20250115103000\n");
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 1, "OBX|1|NM|" HR "|1|60~999|" BPM "||H~ALACT|||F\n",
	       "OBX|1|NM|" HR "|1||" BPM "||ALACT~INV|||X\n");
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 1, "OBX|1|NM|" HR "|1|60|" BPM "||OFF|||R\n",
	       "OBX|1|NM|" HR "|1||" BPM "||OFF|||X\n");
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 1, "OBX|1|NM|" HR "|1|60|" BPM "||DEMO|||R\n",
	       "OBX|1|NM|" HR "|1||" BPM "||DEMO~INV|||X\n");
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 1, "OBX|1|NM|" HR "|1|60|268192^MDC_DIM_DEGC^MDC|||||R\n",
	       "OBX|1|NM|" HR "|1||268192^MDC_DIM_DEGC^MDC||INV|||X\n");
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 1,
	       "OBX|1|NM|150456^MDC_ECG_HEART_RATE^MDC|1|60|" BPM "|||||R\nNTE|1||note\n",
	       "OBX|1|NM|150456^MDC_ECG_HEART_RATE^MDC|1||" BPM "||INV|||X\nNTE|1||note\n");
}
END_TEST

START_TEST(a_row_that_is_taken_back_stays_so)
{
	expect(AFF_SUSPECT_DROP_VALUE, 0, NULL, 2,
	       "OBX|1|NM|" HR "|1|-1|" BPM "|||||W\nOBX|2|NM|" HR "|1|-1|" BPM "|||||D\n",
	       "OBX|1|NM|" HR "|1||" BPM "||NAV|||W\nOBX|2|NM|" HR "|1||" BPM "||NAV|||D\n");
}
END_TEST

START_TEST(segments_go_with_their_notes)
{
	expect(AFF_SUSPECT_DROP_SEGMENT, 0, NULL, 2,
	       "OBX|1|NM|" HR "|1|-1|" BPM "\nNTE|1||of it\nOBX|2|NM|" HR "|2|999|" BPM "\n"
	       "OBX|3|NM|" HR "|3|60|" BPM "\n",
	       "OBX|3|NM|" HR "|3|60|" BPM "\n");
}
END_TEST

START_TEST(values_are_questioned_once)
{
	expect(AFF_SUSPECT_FLAG, 0, NULL, 3,
	       "OBX|1|NM|" HR "|1|-1|" BPM "|||||R\nOBX|2|NM|" HR "|1|999|" BPM "||HH|||R\n"
	       "OBX|3|NM|" HR "|1|999|" BPM "||HH~QUES|||R\n",
	       "OBX|1|NM|" HR "|1|-1|" BPM "||QUES|||R\nOBX|2|NM|" HR "|1|999|" BPM "||HH~QUES|||R\n"
	       "OBX|3|NM|" HR "|1|999|" BPM "||HH~QUES|||R\n");
}
END_TEST

START_TEST(only_what_is_asked_for)
{
	unsigned limits = aff_suspect_kind(aff_view_of("sense-limits"));
	expect(AFF_SUSPECT_DROP_SEGMENT, limits, NULL, 1,
	       "OBX|1|NM|" HR "|1|-1|" BPM "\nOBX|2|NM|" HR "|1|999|" BPM "\n",
	       "OBX|1|NM|" HR "|1|-1|" BPM "\n");
	expect(AFF_SUSPECT_DROP_SEGMENT, 0, "PV1-2 = I", 0, "PV1||O\nOBX|1|NM|" HR "|1|-1|" BPM "\n",
	       "PV1||O\nOBX|1|NM|" HR "|1|-1|" BPM "\n");
}
END_TEST

START_TEST(kinds_are_rules_of_the_checks)
{
	const char *rule;
	unsigned seen = 0;
	for (size_t i = 0; (rule = aff_suspect_rule(i)) != NULL; i++) {
		unsigned kind = aff_suspect_kind(aff_view_of(rule));
		ck_assert_msg(aff_check_rule_find(rule) != NULL, "%s", rule);
		ck_assert(kind && !(seen & kind));
		seen |= kind;
	}
	ck_assert_uint_ne(seen, 0);
	ck_assert_uint_eq(aff_suspect_kind(aff_view_of("sense-future")), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		good_readings_stay,
		values_are_taken_away_with_the_reason,
		a_row_that_is_taken_back_stays_so,
		segments_go_with_their_notes,
		values_are_questioned_once,
		only_what_is_asked_for,
		kinds_are_rules_of_the_checks,
	};
	return RUN_TESTS("rules_suspect", tests);
}
