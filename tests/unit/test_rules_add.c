/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps that add segments and number them, and what templates can do.
 */
#include "steps_fixture.h"

static struct aff_step add(const char *segment, const char *beside, bool before)
{
	struct aff_step s = {.kind = AFF_STEP_ADD, .value = aff_view_of(segment), .before = before};
	if (beside)
		memcpy(s.beside, beside, 4);
	return s;
}

static struct aff_step renumber(const char *what)
{
	return (struct aff_step){.kind = AFF_STEP_RENUMBER, .path = path(what)};
}

#define TWO_ORDERS "PID|||A\nOBR|1\nOBX|1\nNTE|1\nPRT|1\nOBX|2\nOBR|2\nOBX|1\n"

START_TEST(segments_are_added)
{
	static const struct {
		const char *segment, *beside;
		bool before;
		const char *for_each, *when, *in, *out;
	} cases[] = {
		{"ZAA|1", NULL, false, NULL, NULL, "PID|||A\nOBX|1\n", "PID|||A\nOBX|1\nZAA|1\n"},
		{"ZAA", "PID", false, NULL, NULL, "PID|||A\nNTE|1\nPV1||I\n", "PID|||A\nNTE|1\nZAA\nPV1||I\n"},
		{"ZAA|1", "PID", true, NULL, NULL, "PID|||A\nPV1||I\n", "ZAA|1\nPID|||A\nPV1||I\n"},
		{"SFT|x", "MSH", false, NULL, NULL, "PID|||A\n", "SFT|x\nPID|||A\n"},
		{"ZAA|1", "PV1", false, NULL, NULL, "PID|||A\n", "PID|||A\n"},
		{"ZAA|1", "OBX", false, NULL, NULL, "OBX|1\nOBX|2\n", "OBX|1\nZAA|1\nOBX|2\n"},
		{"ZAA|1", NULL, false, NULL, "PID-3 = B", "PID|||A\n", "PID|||A\n"},
		/* notes stay with what they are about */
		{"NTE|9", NULL, false, "OBX", NULL, TWO_ORDERS,
	         "PID|||A\nOBR|1\nOBX|1\nNTE|1\nPRT|1\nNTE|9\nOBX|2\nNTE|9\nOBR|2\nOBX|1\nNTE|9\n"},
		{"OBX|9", NULL, false, "OBX", "OBX-1 = 1", TWO_ORDERS,
	         "PID|||A\nOBR|1\nOBX|1\nNTE|1\nPRT|1\nOBX|9\nOBX|2\nOBR|2\nOBX|1\nOBX|9\n"},
		{"OBX|9", "OBX", true, "OBX", NULL, TWO_ORDERS,
	         "PID|||A\nOBR|1\nOBX|9\nOBX|1\nNTE|1\nPRT|1\nOBX|9\nOBX|2\nOBR|2\nOBX|9\nOBX|1\n"},
		{"NTE|2||{NTE-1}", NULL, false, "NTE", NULL, "OBX|1\nNTE|1\nNTE|5\n",
	         "OBX|1\nNTE|1\nNTE|2||1\nNTE|5\nNTE|2||5\n"},
		/* paths are relative to the current segment, text is data */
		{"NTE|1||{OBX-3.2} from {MSH-4}: 5% \\ {{x}}|{OBX-3}", "OBX", false, "OBX", NULL,
	         "OBX|1|NM|a^Pulse^L\n", "OBX|1|NM|a^Pulse^L\nNTE|1||Pulse from HOSP: 5% \\E\\ {x}|a^Pulse^L\n"},
		{"ZAA|{OBX-3.1}^x~{OBX-3}|a^{OBX-3.2.1}&b", "OBX", false, NULL, NULL, "OBX|1|NM|a^P&q^L\n",
	         "OBX|1|NM|a^P&q^L\nZAA|a^x~a^P&q^L|a^P&b\n"},
		/* an OBR before readings that have none yet */
		{"OBR|1", "OBX", true, NULL, NULL, "PID|||A\nOBX|1\n", "PID|||A\nOBR|1\nOBX|1\n"},
		{"OBR|3", NULL, false, NULL, NULL, "PID|||A\nOBR|1\nOBX|1\n", "PID|||A\nOBR|1\nOBX|1\nOBR|3\n"},
		{"ORC|RE", "OBR", true, "OBR", NULL, "PID|||A\nOBR|1\nOBX|1\nOBR|2\nOBX|1\n",
	         "PID|||A\nORC|RE\nOBR|1\nOBX|1\nORC|RE\nOBR|2\nOBX|1\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		run_step(add(cases[i].segment, cases[i].beside, cases[i].before), cases[i].for_each, cases[i].when,
		         cases[i].in, cases[i].out);
}
END_TEST

START_TEST(no_added_segment_takes_readings_over)
{
	static const struct {
		const char *segment, *beside;
		bool before;
		const char *for_each;
	} cases[] = {
		{"OBR|9", "OBR", false, NULL}, {"ORC|9", "OBR", false, NULL}, {"OBR|9", NULL, false, "OBX"},
		{"PID|9", "OBX", true, NULL},  {"PID|9", NULL, false, "PID"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_rules_result result = run_step(add(cases[i].segment, cases[i].beside, cases[i].before),
		                                          cases[i].for_each, NULL, TWO_ORDERS, NULL);
		ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
		ck_assert_int_eq(result.code, AFF_EREFUSED);
	}
}
END_TEST

START_TEST(wrong_segments_are_refused)
{
	refused(add("nte|1", "OBX", false), NULL);
	refused(add("NTE|1", NULL, false), NULL);
	refused(add("NTE|1", "OBX", true), NULL);
	refused(add("OBX|1", "NTE", true), NULL);
	refused(add("OBX|1", "MSH", true), NULL);
	refused(add("MSH|1", "OBX", true), NULL);
	refused(add("ZAA|1", "OBX", true), "OBR");
	refused(add("ZAA|1", NULL, true), "OBX-8");
	ck_assert_uint_eq(refused(add("ZAA|{OBX-3}^x", "OBX", true), NULL).column, 6);
	ck_assert_uint_eq(refused(add("ZAA|x|a^{OBX-3}", "OBX", true), NULL).column, 10);
	ck_assert_uint_eq(refused(add("ZAA|a^b~x^c&{OBX-3.1}", "OBX", true), NULL).column, 14);
	refused(renumber("OBX-3"), NULL);
	refused(renumber("OBX[1]-1"), NULL);
	refused(renumber("OBX-1"), "OBX");
}
END_TEST

START_TEST(segments_have_an_end)
{
	struct fixture f;
	struct aff_rules *r = program();
	struct aff_rules_result result;
	const struct aff_limits limits = {1 << 20, 5, 100, 100};
	add_step(r, add("OBX|9", NULL, false), "OBX", NULL);
	fixture_open(&f, MSH "OBX|1\nOBX|2\nOBX|3\n");
	aff_msg_free(f.msg);
	ck_assert_int_eq(aff_msg_new(&f.msg, &limits), 0);
	ck_assert_int_eq(aff_msg_parse(f.msg, f.bytes, strlen(f.bytes), 0, NULL), 0);
	ck_assert_int_eq(aff_edit_begin(f.edit, f.msg), 0);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, AFF_ELIMIT);
	fixture_close(&f);
	aff_rules_free(r);
}
END_TEST

START_TEST(set_ids_are_numbered)
{
	static const char in[] = "PID|4|2|A\nNTE|7\nOBR|2\nNTE|1\nOBX|7|NM\nNTE|3\nNTE|3\nOBX\nPID|1\nOBR|9\nOBX|9\n"
	                         "SPM|1\nOBX|8\n";
	run_step(renumber("OBX-1"), NULL, NULL, in,
	         "PID|4|2|A\nNTE|7\nOBR|2\nNTE|1\nOBX|1|NM\nNTE|3\nNTE|3\nOBX|2\nPID|1\nOBR|9\nOBX|1\nSPM|1\nOBX|1\n");
	run_step(renumber("NTE-1"), NULL, NULL, in,
	         "PID|4|2|A\nNTE|1\nOBR|2\nNTE|1\nOBX|7|NM\nNTE|1\nNTE|2\nOBX\nPID|1\nOBR|9\nOBX|9\nSPM|1\nOBX|8\n");
	run_step(renumber("OBR-1"), NULL, NULL, in,
	         "PID|4|2|A\nNTE|7\nOBR|1\nNTE|1\nOBX|7|NM\nNTE|3\nNTE|3\nOBX\nPID|1\nOBR|1\nOBX|9\nSPM|1\nOBX|8\n");
	run_step(renumber("PID-1"), NULL, NULL, in,
	         "PID|1|2|A\nNTE|7\nOBR|2\nNTE|1\nOBX|7|NM\nNTE|3\nNTE|3\nOBX\nPID|2\nOBR|9\nOBX|9\nSPM|1\nOBX|8\n");
}
END_TEST

START_TEST(templates_have_functions)
{
	static const struct {
		const char *to, *template, *result; /* PV1: see below */
	} cases[] = {
		{"PV1-10", "{upper(PV1-3.1)}", "ICU"},
		{"PV1-10", "{lower(PV1-2)}-{PV1-2}", "i-I"},
		{"PV1-10", "{trim(PV1-4)}.", "blanks."},
		{"PV1-10", "{length(PV1-4)}", "10"},
		{"PV1-10", "{substr(PV1-5, 2, 3)}", "234"},
		{"PV1-10", "{substr(PV1-5, 6)}", "678"},
		{"PV1-10", "{substr(PV1-5, 9, 1)}", ""},
		{"PV1-10", "{substr(PV1-6, 2, 1)}", "\xc3\xbc"},
		{"PV1-10", "{default(PV1-3, \"none\")}", "icu^3&x"},
		{"PV1-10", "{default(PV1-9, \"a|b}\")}", "a\\F\\b}"},
		{"PV1-10", "{upper(default(PV1-9, \"none\"))}", "NONE"},
		{"PV1-10", "{ upper( substr( PV1-3.1 , 1 , 2 ) ) }", "IC"},
		{"PV1-10", "{upper(lower(PV1-3.1))}", "ICU"},
		/* delimiters of a field stay what they are, escaped ones too */
		{"PV1-10", "{upper(PV1-3)}", "ICU^3&X"},
		{"PV1-10", "{upper(PV1-7)}", "A\\T\\B"},
		{"PV1-10.2", "{substr(PV1-3, 1, 2)}", "^ic"},
		{"PV1-10", "{length(PV1-3)}", "3"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		static const char in[] = "PV1||I|icu^3&x|  blanks  |12345678|M\xc3\xbcller|a\\T\\b||";
		struct aff_step s = {.kind = AFF_STEP_SET, .path = path(cases[i].to),
		                     .value = aff_view_of(cases[i].template)};
		char before[256], after[256];
		snprintf(before, sizeof before, "%s|\n", in);
		snprintf(after, sizeof after, "%s|%s\n", in, cases[i].result);
		run_step(s, NULL, NULL, before, after);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		segments_are_added,   no_added_segment_takes_readings_over, wrong_segments_are_refused,
		segments_have_an_end, set_ids_are_numbered,                 templates_have_functions,
	};
	return RUN_TESTS("rules_add", tests);
}
