/* SPDX-License-Identifier: Apache-2.0
 *
 * Transforms: what each step makes of a message, and which steps are refused.
 */
#include <pthread.h>

#include "steps_fixture.h"

#define OBX_HR  "OBX|1|NM|0002-4182^HR^99PHILIPS|1.1.1.1|82|bpm||||||R\n"
#define HR_CODE "147842^MDC_ECG_HEART_RATE^MDC^8867-4^Heart rate^LN^^^^0002-4182^HR^99PHILIPS"
#define HR_DONE "OBX|1|NM|" HR_CODE "|1.1.1.1|82|bpm||||||R\n"
#define OBX_X   "OBX|2||69642^MDC_DEV_ANALY_SAT_O2_VMD^MDC|1.3.0.0|||||||X\n"
#define OBX_NEW "OBX|3|NM|0002-ffff^New^99PHILIPS|1.1.1.3|5|cm||||||R\n"

static struct aff_view v(const char *text)
{
	return aff_view_of(text);
}

static struct aff_table *philips(void)
{
	static const char *const rows[][7] = {
		{"0002-4182", "", "147842", "MDC_ECG_HEART_RATE", "8867-4", "Heart rate", ""},
		{"0002-4bb8", "", "150456", "MDC_PULS_OXIM_SAT_O2", "", "", "%"},
		{"0002-4b48", "Temp", "150364", "MDC_TEMP", "", "", "Cel"},
		{"a&b", "", "1", "x^y", "", "", ""},
		{"0002-4a05", "", "150037", "MDC_PRESS_BLD_ART_ABP_SYS", "", "", "mm[Hg]"},
		{"0002-5000", "", "151562", "MDC_RESP_RATE", "9279-1", "Respiratory rate", "/min"},
	};
	struct aff_table *t = NULL;
	ck_assert_int_eq(aff_table_new(&t, "philips", v("99PHILIPS"), v("MDC")), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const *r = rows[i];
		struct aff_table_row row = {.from = v(r[0]),
		                            .from_name = v(r[1]),
		                            .code = v(r[2]),
		                            .name = v(r[3]),
		                            .loinc = v(r[4]),
		                            .loinc_name = v(r[5]),
		                            .unit = v(r[6]),
		                            .line = (unsigned)i + 1};
		unsigned line;
		ck_assert_int_eq(aff_table_add(t, &row, &line), 0);
	}
	return t;
}

/* Adds a step; text fields may be NULL. */
static void add(struct aff_rules *r, enum aff_step_kind kind, const char *for_each, const char *when, const char *at,
                const struct aff_table *table, enum aff_unknown unknown, const char *value)
{
	struct aff_step s = {.kind = kind, .table = table, .unknown = unknown, .value = v(value ? value : "")};
	if (at)
		s.path = path(at);
	add_step(r, s, for_each, when);
}

static struct aff_rules_result translated(const char *segments, const char *wanted, enum aff_unknown unknown)
{
	struct aff_table *t = philips();
	struct aff_rules *r = program();
	add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX-3", t, unknown, NULL);
	struct aff_rules_result result = run(r, segments, wanted, NULL);
	aff_table_free(t);
	return result;
}

START_TEST(segments_are_dropped)
{
	struct aff_rules *r = program();
	add(r, AFF_STEP_DROP_SEGMENT, "OBX", "OBX-11 in [X, D]", NULL, NULL, 0, NULL);
	struct aff_rules_result result = run(r, OBX_X OBX_X OBX_HR OBX_X OBX_NEW OBX_X, OBX_HR OBX_NEW, NULL);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_PASS);
	r = program();
	add(r, AFF_STEP_DROP_SEGMENT, "NTE", NULL, NULL, NULL, 0, NULL);
	run(r, OBX_HR "NTE|1\nNTE|2\n", OBX_HR, NULL);
	/* a comment goes with its reading, never to another one */
	r = program();
	add(r, AFF_STEP_DROP_SEGMENT, "OBX", "OBX-11 = X", NULL, NULL, 0, NULL);
	run(r, OBX_HR "NTE|1\n" OBX_X "NTE|2\nPRT|1\nNTE|3\n" OBX_NEW "NTE|4\n", OBX_HR "NTE|1\n" OBX_NEW "NTE|4\n",
	    NULL);
}
END_TEST

/* A reading must never come to stand behind another patient or order than its own. */
START_TEST(readings_keep_their_patient_and_order)
{
	static const char two[] = MSH "PID|||A\nOBR|1\nOBX|1\nPID|||B\nOBR|2\nOBX|2\nOBR|3\nNTE|1\n";
	static const struct {
		const char *for_each, *when, *want; /* want NULL: rejected */
	} cases[] = {
		{"PID", "PID-3 = B", NULL},
		{"PID", "PID-3 = A", MSH "OBR|1\nOBX|1\nPID|||B\nOBR|2\nOBX|2\nOBR|3\nNTE|1\n"},
		{"OBR", "OBR-1 = 2", MSH "PID|||A\nOBR|1\nOBX|1\nPID|||B\nOBX|2\nOBR|3\nNTE|1\n"},
		/* what was said about the order would be said about the reading before it */
		{"OBR", "OBR-1 = 3", MSH "PID|||A\nOBR|1\nOBX|1\nPID|||B\nOBR|2\nOBX|2\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_rules *r;
		struct fixture f;
		struct aff_rules_result result;
		struct aff_diag diag = {0};
		ck_assert_int_eq(aff_rules_new(&r), 0);
		add(r, AFF_STEP_DROP_SEGMENT, cases[i].for_each, cases[i].when, NULL, NULL, AFF_UNKNOWN_KEEP, NULL);
		fixture_open(&f, two);
		ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
		ck_assert_int_eq(result.verdict, cases[i].want ? AFF_VERDICT_PASS : AFF_VERDICT_REJECT);
		if (cases[i].want)
			ck_assert_str_eq(fixture_text(&f), cases[i].want);
		else
			ck_assert_int_eq(result.code, AFF_EREFUSED);
		fixture_close(&f);
		/* the same patient's second order */
		fixture_open(&f, MSH "PID|||A\nOBR|1\nOBX|1\nOBR|2\nOBX|2\n");
		ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
		bool rejected = strcmp(cases[i].when, "OBR-1 = 2") == 0;
		ck_assert_int_eq(result.verdict, rejected ? AFF_VERDICT_REJECT : AFF_VERDICT_PASS);
		fixture_close(&f);
		aff_rules_free(r);
	}
}
END_TEST

START_TEST(messages_are_dropped)
{
	struct aff_rules *r = program();
	add(r, AFF_STEP_DROP_MESSAGE, NULL, "MSH-11 = T", NULL, NULL, 0, NULL);
	add(r, AFF_STEP_DROP_MESSAGE, "OBX", "OBX-11 = X", NULL, NULL, 0, NULL);
	struct aff_rules_result result = run(r, OBX_HR OBX_X, NULL, NULL);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_DROP);
	ck_assert_uint_eq(result.line, 11);
}
END_TEST

START_TEST(codes_are_translated)
{
	struct aff_rules_result result;
	result = translated(OBX_HR, HR_DONE, 0);
	ck_assert_uint_eq(result.unmapped, 0);
	/* no LOINC in the row: the code that came stays beside; CWE-9, the original text, stays too */
	translated("OBX|1|NM|0002-4bb8^SpO2^99PHILIPS^^^^^^sat|1|98|%\n",
	           "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC^0002-4bb8^SpO2^99PHILIPS^^^sat|1|98|%\n", 0);
	/* no coding system at all */
	translated("OBX|1|NM|0002-4bb8|1|98\n", "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC^0002-4bb8|1|98\n", 0);
	/* only the alternate triplet is known */
	translated("OBX|1|NM|1^SpO2^L^0002-4bb8^SpO2 a^99PHILIPS|1|98\n",
	           "OBX|1|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC^0002-4bb8^SpO2 a^99PHILIPS|1|98\n", 0);
	/* escapes on both sides */
	translated("OBX|1|NM|a\\T\\b^n^99PHILIPS\n", "OBX|1|NM|1^x\\S\\y^MDC^a\\T\\b^n^99PHILIPS\n", 0);
	/* translated before: left alone and not counted */
	result = translated("OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1|82\n",
	                    "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1|82\n", AFF_UNKNOWN_REJECT);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_PASS);
	/* an empty field has no code to look up */
	result = translated("OBX|1|NM||1|82\n", "OBX|1|NM||1|82\n", AFF_UNKNOWN_REJECT);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_PASS);
}
END_TEST

START_TEST(unknown_codes_are_kept_dropped_or_rejected)
{
	struct aff_table *t = philips();
	struct aff_rules *r = program();
	struct aff_diag diag = {0};
	struct aff_rules_result result = translated(OBX_NEW OBX_NEW, OBX_NEW OBX_NEW, AFF_UNKNOWN_KEEP);
	ck_assert_uint_eq(result.unmapped, 2);
	result = translated(OBX_NEW "NTE|1\n" OBX_HR "NTE|1\n" OBX_NEW, HR_DONE "NTE|1\n", AFF_UNKNOWN_DROP);
	ck_assert_uint_eq(result.unmapped, 0);
	add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX-3", t, AFF_UNKNOWN_REJECT, NULL);
	result = run(r, OBX_HR OBX_HR OBX_NEW OBX_NEW, NULL, &diag);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, AFF_EUNMAPPED);
	ck_assert_uint_eq(result.line, 10);
	ck_assert_int_eq(diag.code, AFF_EUNMAPPED);
	ck_assert_str_eq(diag.at.segment, "OBX");
	ck_assert_uint_eq(diag.at.occurrence, 3);
	ck_assert_uint_eq(diag.at.field, 3);
	ck_assert_ptr_null(strstr(diag.text, "ffff"));
	aff_table_free(t);
}
END_TEST

START_TEST(a_code_of_another_name_is_unknown)
{
	static const char right[] = "OBX|1|NM|0002-4b48^Temp^99PHILIPS|1|37|Cel\n";
	static const char wrong[] = "OBX|1|NM|0002-4b48^Pressure^99PHILIPS|1|37|Cel\n";
	ck_assert_uint_eq(
		translated(right, "OBX|1|NM|150364^MDC_TEMP^MDC^0002-4b48^Temp^99PHILIPS|1|37|Cel\n", 0).unmapped, 0);
	ck_assert_uint_eq(translated(wrong, wrong, AFF_UNKNOWN_KEEP).unmapped, 1);
	ck_assert_int_eq(translated(wrong, NULL, AFF_UNKNOWN_REJECT).verdict, AFF_VERDICT_REJECT);
	translated("OBX|1|NM|0002-4182^HR^OTHER|1|82\n", "OBX|1|NM|0002-4182^HR^OTHER|1|82\n", AFF_UNKNOWN_KEEP);
}
END_TEST

START_TEST(a_loinc_stands_beside_its_quantity_alone)
{
	translated("OBX|1|NM|0002-5000^Resp^99PHILIPS|1|20|/min^/min^UCUM\n",
	           "OBX|1|NM|151562^MDC_RESP_RATE^MDC^9279-1^Respiratory rate^LN^^^^0002-5000^Resp^99PHILIPS|1|20|"
	           "/min^/min^UCUM\n",
	           AFF_UNKNOWN_KEEP);
	struct aff_rules_result result = translated(
		"OBX|1|NM|0002-5000^Resp^99PHILIPS|1|20|mmHg\n",
		"OBX|1|NM|151562^MDC_RESP_RATE^MDC^0002-5000^Resp^99PHILIPS|1|20|mmHg\n", AFF_UNKNOWN_KEEP);
	ck_assert_uint_eq(result.unmapped, 1);
}
END_TEST

START_TEST(values_are_converted_with_their_unit_and_range)
{
	static const char code[] = "150037^MDC_PRESS_BLD_ART_ABP_SYS^MDC^0002-4a05^^99PHILIPS";
	static const char unit[] = "mm[Hg]^mmHg^UCUM^266016^MDC_DIM_MMHG^MDC";
	static const struct {
		const char *value, *units, *range;
		const char *new_value, *new_units, *new_range;
		unsigned unmapped;
	} cases[] = {
		{"16.0", "kPa", "12.0-18.7", "120", unit, "90-140", 0},
		{"16.0", "kPa", "", "120", unit, "", 0},
		{"16.0~12.0", "kPa^kPa^UCUM", "< 18.7", "120~90", unit, "< 140", 0},
		{"120", "mmHg", "90-140", "120", "mmHg", "90-140", 0},
		{"120", "266016^MDC_DIM_MMHG^MDC", "", "120", "266016^MDC_DIM_MMHG^MDC", "", 0},
		{"16.0", "kPa", "normal", "16.0", "kPa", "normal", 1},
		{"16.0", "cm", "", "16.0", "cm", "", 1},
		{"16.0", "furlong", "", "16.0", "furlong", "", 1},
		{"16.0", "", "", "16.0", "", "", 0},
		{"high", "kPa", "", "high", "kPa", "", 0},
		{"-999", "kPa", "12.0-18.7", "-999", "kPa", "12.0-18.7", 0},
		{"16.0~8388607", "kPa", "", "16.0~8388607", "kPa", "", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char in[512], out[512];
		snprintf(in, sizeof in, "OBX|1|NM|0002-4a05^^99PHILIPS|1|%s|%s|%s|N\n", cases[i].value, cases[i].units,
		         cases[i].range);
		snprintf(out, sizeof out, "OBX|1|NM|%s|1|%s|%s|%s|N\n", code, cases[i].new_value, cases[i].new_units,
		         cases[i].new_range);
		ck_assert_uint_eq(translated(in, out, AFF_UNKNOWN_KEEP).unmapped, cases[i].unmapped);
	}
	translated("OBX|1|SN|0002-4a05^^99PHILIPS|1|>^16|kPa\n",
	           "OBX|1|SN|150037^MDC_PRESS_BLD_ART_ABP_SYS^MDC^0002-4a05^^99PHILIPS|1|>^16|kPa\n", AFF_UNKNOWN_KEEP);
}
END_TEST

START_TEST(translates_the_segments_that_are_meant)
{
	struct aff_table *t = philips();
	struct aff_rules *r = program();
	char wanted[1024];
	add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX[2]-3", t, 0, NULL);
	snprintf(wanted, sizeof wanted, "%s%s%s", OBX_HR, HR_DONE, OBX_HR);
	run(r, OBX_HR OBX_HR OBX_HR, wanted, NULL);
	r = program();
	add(r, AFF_STEP_TRANSLATE, "OBX", "OBX-1 = 1", "OBX-3", t, 0, NULL);
	snprintf(wanted, sizeof wanted, "%s%s", OBX_NEW, HR_DONE);
	ck_assert_uint_eq(run(r, OBX_NEW OBX_HR, wanted, NULL).unmapped, 0);
	r = program();
	add(r, AFF_STEP_TRANSLATE, NULL, "MSH-11 = T", "OBX-3", t, 0, NULL);
	run(r, OBX_HR, OBX_HR, NULL);
	aff_table_free(t);
}
END_TEST

START_TEST(units_become_ucum)
{
	struct aff_rules *r = program();
	add(r, AFF_STEP_UNITS, NULL, NULL, NULL, NULL, 0, NULL);
	struct aff_rules_result result = run(
		r,
		"OBX|1|NM|1||91|266016^MDC_DIM_MMHG^MDC|90-140\nOBX|2|NM|1||91|mmHg\nOBX|3|NM|1||91|mm[Hg]^mm Hg^UCUM\n"
		"OBX|4|NM|1||91|furlong\nOBX|5|NM|1||91\n",
		"OBX|1|NM|1||91|mm[Hg]^mmHg^UCUM^266016^MDC_DIM_MMHG^MDC|90-140\nOBX|2|NM|1||91|mm[Hg]^mmHg^UCUM^mmHg\n"
		"OBX|3|NM|1||91|mm[Hg]^mm Hg^UCUM\nOBX|4|NM|1||91|furlong\nOBX|5|NM|1||91\n",
		NULL);
	ck_assert_uint_eq(result.unmapped, 1);
}
END_TEST

START_TEST(names_fit_the_character_set)
{
	static const char from[] = "OBX|1|NM|0002-4b49|1|39.0|degC\n";
	struct aff_table *t = philips();
	struct aff_table_row row = {.from = v("0002-4b49"),
	                            .from_name = v(""),
	                            .code = v("150364"),
	                            .name = v("Temp\xc3\xa9rature"),
	                            .loinc = v(""),
	                            .loinc_name = v(""),
	                            .unit = v("")};
	unsigned line;
	ck_assert_int_eq(aff_table_add(t, &row, &line), 0);
	struct aff_rules *r = program();
	add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX-3", t, 0, NULL);
	add(r, AFF_STEP_UNITS, NULL, NULL, NULL, NULL, 0, NULL);
	run(r, from, "OBX|1|NM|150364^^MDC^0002-4b49|1|39.0|Cel^Cel^UCUM^degC\n", NULL);
	r = program();
	add(r, AFF_STEP_SET, NULL, NULL, "MSH-18", NULL, 0, "UNICODE UTF-8");
	add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX-3", t, 0, NULL);
	add(r, AFF_STEP_UNITS, NULL, NULL, NULL, NULL, 0, NULL);
	struct fixture f;
	struct aff_rules_result result;
	fixture_open(&f, MSH "OBX|1|NM|0002-4b49|1|39.0|degC\n");
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
	ck_assert_ptr_nonnull(strstr(fixture_text(&f), "Temp\xc3\xa9rature"));
	ck_assert_ptr_nonnull(strstr(fixture_text(&f), "Cel^\xc2\xb0""C^UCUM"));
	fixture_close(&f);
	aff_rules_free(r);
	aff_table_free(t);
}
END_TEST

START_TEST(fields_are_set)
{
	static const struct {
		const char *at, *value, *wanted;
	} cases[] = {
		{"PV1-10", "EHR", "PV1||I|ICU^12^1^A\\T\\B|||||||EHR\n"},
		{"PV1-2", "", "PV1|||ICU^12^1^A\\T\\B\n"},
		{"PV1-2", "{PV1-3.4}", "PV1||A\\T\\B|ICU^12^1^A\\T\\B\n"},
		{"PV1-2", "{PV1-3}", "PV1||ICU^12^1^A\\T\\B|ICU^12^1^A\\T\\B\n"},
		{"PV1-3.2", "x|y & {{z}}", "PV1||I|ICU^x\\F\\y \\T\\ {z}^1^A\\T\\B\n"},
		{"PV1-2", "{PV1-3.1}/{PV1-3.2}.{MSH-3.1}", "PV1||ICU/12.MON|ICU^12^1^A\\T\\B\n"},
		{"PV1-2", "{ZZZ-1}", "PV1|||ICU^12^1^A\\T\\B\n"},
		{"ZZZ-1", "x", "PV1||I|ICU^12^1^A\\T\\B\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_rules *r = program();
		add(r, AFF_STEP_SET, NULL, NULL, cases[i].at, NULL, 0, cases[i].value);
		run(r, "PV1||I|ICU^12^1^A\\T\\B\n", cases[i].wanted, NULL);
	}
}
END_TEST

START_TEST(fields_are_set_in_each_segment)
{
	struct aff_rules *r = program();
	add(r, AFF_STEP_SET, "OBX", "OBX-5 > 1", "OBX-4", NULL, 0, "{OBX-1}.{PV1-2}");
	run(r, "PV1||I\nOBX|1|NM|1||1\nOBX|2|NM|1||2\nOBX|3|NM|1||3\n",
	    "PV1||I\nOBX|1|NM|1||1\nOBX|2|NM|1|2.I|2\nOBX|3|NM|1|3.I|3\n", NULL);
}
END_TEST

START_TEST(fields_are_set_by_their_groups)
{
	static const char before[] = "PID|||1\nOBR|1||a|X\nOBX|1|NM|h||1\nOBR|2||b|Y\nOBX|2|NM|h||2\nOBX|3|NM|h||3\n";
	struct aff_rules *r = program();
	add(r, AFF_STEP_SET, "OBX", NULL, "OBX-4", NULL, 0, "{ORDER_OBSERVATION/OBR-4}.{ORDER_OBSERVATION[1]/OBR-3}");
	add(r, AFF_STEP_SET, NULL, NULL, "ORDER_OBSERVATION[2]/OBX[2]-5", NULL, 0, "9");
	add(r, AFF_STEP_SET, NULL, NULL, "ORDER_OBSERVATION[3]/OBX-5", NULL, 0, "never");
	add(r, AFF_STEP_DROP_SEGMENT, "OBX", "ORDER_OBSERVATION/OBR-4 = X", NULL, NULL, 0, NULL);
	run(r, before, "PID|||1\nOBR|1||a|X\nOBR|2||b|Y\nOBX|2|NM|h|Y.a|2\nOBX|3|NM|h|Y.a|9\n", NULL);
}
END_TEST

#define TWO_PATIENTS "PID|||A\nPV1||I\nOBR|1\nOBX|1|NM|h||1\nPID|||B\nOBR|2\nOBX|1|NM|h||2\n"

/* Also after a change, when the segments are those of the edit. */
START_TEST(nothing_of_another_patient_is_compared_or_set)
{
	struct aff_rules *r = program();
	add(r, AFF_STEP_SET, "OBX", NULL, "OBX-4", NULL, 0, "{PID-3}.{PV1-2}");
	add(r, AFF_STEP_SET, "OBR", NULL, "OBR-3", NULL, 0, "{PATIENT/PID-3}");
	add(r, AFF_STEP_SET, "OBX", "PID-3 = B", "PID-4", NULL, 0, "b");
	add(r, AFF_STEP_SET, "OBX", "OBX-5 = 2", "PV1-3", NULL, 0, "never");
	add(r, AFF_STEP_DROP_SEGMENT, "OBX", "PV1-2 = I", NULL, NULL, 0, NULL);
	run(r, TWO_PATIENTS, "PID|||A\nPV1||I\nOBR|1||A\nPID|||B|b\nOBR|2||B\nOBX|1|NM|h|B.|2\n", NULL);
}
END_TEST

START_TEST(a_reading_before_all_patients_is_nobodys)
{
	for (unsigned patients = 1; patients <= 2; patients++) {
		struct aff_rules *r = program();
		add(r, AFF_STEP_SET, "OBX", NULL, "OBX-3", NULL, 0, "{PID-3}{PV1-2}");
		add(r, AFF_STEP_SET, "OBX", "PID-3 = A", "OBX-4", NULL, 0, "of A");
		if (patients == 1)
			run(r, "OBX|1|NM\nPID|||A\nPV1||I\n", "OBX|1|NM|AI|of A\nPID|||A\nPV1||I\n", NULL);
		else
			run(r, "OBX|1|NM\nPID|||A\nPV1||I\nOBX|1|NM\nPID|||B\n",
			    "OBX|1|NM\nPID|||A\nPV1||I\nOBX|1|NM|AI|of A\nPID|||B\n", NULL);
	}
}
END_TEST

START_TEST(no_patient_loses_the_readings_to_another_one)
{
	struct aff_rules *r = program();
	struct aff_diag diag = {0};
	add(r, AFF_STEP_DROP_SEGMENT, "PID", "PID-3 = B", NULL, NULL, 0, NULL);
	struct aff_rules_result result = run(r, TWO_PATIENTS, NULL, &diag);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, AFF_EREFUSED);
	ck_assert_str_eq(diag.at.segment, "PID");
	ck_assert_uint_eq(diag.at.occurrence, 2);
	r = program();
	add(r, AFF_STEP_DROP_SEGMENT, "PID", NULL, NULL, NULL, 0, NULL); /* all of them: nobody's readings */
	run(r, TWO_PATIENTS, "PV1||I\nOBR|1\nOBX|1|NM|h||1\nOBR|2\nOBX|1|NM|h||2\n", NULL);
}
END_TEST

/* A ward, a specimen or a comment would be another patient's or order's. */
START_TEST(nothing_is_said_of_another_patient_or_order)
{
	static const struct {
		const char *for_each, *when, *in, *out; /* out NULL: rejected */
	} cases[] = {
		{"PID", "PID-3 = B", "PID|||A\nOBR|1\nOBX|1\nPID|||B\nPV1||I|W2\n", NULL},
		{"PID", "PID-3 = B", "PID|||A\nOBR|1\nOBX|1\nPID|||B\nOBR|2\n", NULL},
		{"PID", "PID-3 = B", "PID|||A\nOBX|1\nPID|||B\nNTE|1||sad\nPID|||C\n", "PID|||A\nOBX|1\nPID|||C\n"},
		{"PID", "PID-3 = B", "PID|||A\nOBX|1\nPID|||B\nDSC|1\n", "PID|||A\nOBX|1\nDSC|1\n"},
		{"PID", NULL, "PID|||A\nNTE|1||sad\nPV1||I\n", "PV1||I\n"},
		{"OBR", "OBR-1 = 2", "PID|||A\nOBR|1\nOBX|1\nOBR|2\nSPM|1\n", NULL},
		{"OBR", "OBR-1 = 2", "OBR|1\nOBX|1\nOBR|2\nNTE|1\nTQ1|1\n", NULL},
		{"OBR", "OBR-1 = 2", "OBR|1\nOBX|1\nOBR|2\nNTE|1\nPRT|1\nORC|1\nOBR|3\n",
		 "OBR|1\nOBX|1\nORC|1\nOBR|3\n"},
		{"ORC", "ORC-1 = 2", "ORC|1\nOBR|1\nOBX|1\nORC|2\nNTE|1\n", "ORC|1\nOBR|1\nOBX|1\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_rules *r = program();
		add(r, AFF_STEP_DROP_SEGMENT, cases[i].for_each, cases[i].when, NULL, NULL, 0, NULL);
		struct aff_rules_result result = run(r, cases[i].in, cases[i].out, NULL);
		ck_assert_int_eq(result.code, cases[i].out ? 0 : AFF_EREFUSED);
	}
}
END_TEST

START_TEST(later_steps_see_earlier_ones)
{
	struct aff_rules *r = program();
	add(r, AFF_STEP_SET, NULL, NULL, "MSH-11", NULL, 0, "T");
	add(r, AFF_STEP_SET, NULL, "MSH-11 = P", "PV1-2", NULL, 0, "never");
	add(r, AFF_STEP_DROP_MESSAGE, NULL, "MSH-11 = T", NULL, NULL, 0, NULL);
	struct aff_rules_result result = run(r, "PV1||I\n", NULL, NULL);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_DROP);
	ck_assert_uint_eq(result.line, 12);
}
END_TEST

START_TEST(a_condition_without_end_rejects)
{
	struct aff_rules *r = program();
	struct aff_diag diag = {0};
	add(r, AFF_STEP_DROP_SEGMENT, "NTE", "NTE-3 matches /^(a+)+$/", NULL, NULL, 0, NULL);
	struct aff_rules_result result = run(r, "NTE|1\nNTE|2||aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n",
	                                     NULL, &diag);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, AFF_ELIMIT);
	ck_assert_str_eq(diag.at.segment, "NTE");
	ck_assert_uint_eq(diag.at.occurrence, 2);
}
END_TEST

static const char threaded_message[] = MSH OBX_HR OBX_X OBX_NEW;

/* Runs the program, which other threads run too, over messages of its own. Returns NULL when all came out right. */
static void *run_often(void *program_to_run)
{
	const struct aff_rules *r = program_to_run;
	struct aff_msg *m = NULL;
	struct aff_edit *e = NULL;
	struct aff_rules_result result;
	unsigned right = 0;
	if (!aff_msg_new(&m, NULL) && !aff_edit_new(&e, 1 << 20)) {
		for (unsigned i = 0; i < 500; i++) {
			if (aff_msg_parse(m, threaded_message, sizeof threaded_message - 1, 0, NULL) ||
			    aff_edit_begin(e, m) || aff_rules_run(r, e, &result, NULL))
				break;
			right += result.verdict == AFF_VERDICT_PASS && result.unmapped == 2 &&
			         aff_edit_segments(e) == 3;
		}
	}
	aff_edit_free(e);
	aff_msg_free(m);
	return right == 500 ? NULL : program_to_run;
}

START_TEST(one_program_runs_in_many_threads)
{
	pthread_t threads[4];
	struct aff_table *t = philips();
	struct aff_rules *r = program();
	add(r, AFF_STEP_DROP_SEGMENT, "OBX", "OBX-11 = X or OBX-3.2 matches /^MDC_/", NULL, NULL, 0, NULL);
	add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX-3", t, AFF_UNKNOWN_KEEP, NULL);
	add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX-3", t, AFF_UNKNOWN_KEEP, NULL);
	add(r, AFF_STEP_UNITS, NULL, NULL, NULL, NULL, 0, NULL);
	add(r, AFF_STEP_SET, NULL, NULL, "MSH-5", NULL, 0, "{MSH-3.1} & co");
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_often, r), 0);
	for (size_t i = 0; i < 4; i++) {
		void *wrong = NULL;
		ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
		ck_assert_ptr_null(wrong);
	}
	aff_rules_free(r);
	aff_table_free(t);
}
END_TEST

START_TEST(wrong_steps_are_refused)
{
	static const struct {
		struct aff_step step;
		int code;
		unsigned column;
	} cases[] = {
		{{.kind = AFF_STEP_DROP_SEGMENT}, AFF_EARGUMENT, 0},
		{{.kind = AFF_STEP_DROP_SEGMENT, .for_each = "MSH"}, AFF_EARGUMENT, 0},
		{{.kind = AFF_STEP_UNITS, .for_each = "OBR"}, AFF_EARGUMENT, 0},
		{{.kind = AFF_STEP_TRANSLATE, .path = {.segment = "OBX", .field = 3}}, AFF_EARGUMENT, 0},
		{{.kind = AFF_STEP_SET, .path = {.segment = "PV1"}}, AFF_EARGUMENT, 0},
		{{.kind = AFF_STEP_SET, .path = {.segment = "MSH", .field = 2}}, AFF_EARGUMENT, 0},
		{{.kind = AFF_STEP_SET, .path = {.segment = "PV1", .field = 2}, .value = {"ab{PV1-3", 8}},
	         AFF_ESYNTAX,
	         3},
		{{.kind = AFF_STEP_SET, .path = {.segment = "PV1", .field = 2}, .value = {"ab{ORDERS/RXG-1}", 16}},
	         AFF_ESYNTAX,
	         4},
		{{.kind = AFF_STEP_SET, .path = {.segment = "PV1", .field = 2}, .value = {"ab}", 3}}, AFF_ESYNTAX, 3},
		{{.kind = AFF_STEP_SET, .path = {.segment = "PV1", .field = 2}, .value = {"{PV1}", 5}}, AFF_ESYNTAX, 2},
		{{.kind = AFF_STEP_SET, .path = {.segment = "PV1", .field = 2}, .value = {"{}", 2}}, AFF_ESYNTAX, 2},
	};
	struct aff_rules *r = program();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_diag diag = {0};
		ck_assert_int_eq(aff_rules_add(r, &cases[i].step, &diag), cases[i].code);
		ck_assert_int_eq(diag.code, cases[i].code);
		ck_assert_uint_eq(diag.column, cases[i].column);
		ck_assert_int_ne(diag.text[0], '\0');
	}
	struct aff_table *t = philips();
	struct aff_step s = {.kind = AFF_STEP_TRANSLATE, .table = t, .path = path("OBX-3.1")};
	ck_assert_int_eq(aff_rules_add(r, &s, NULL), AFF_EARGUMENT);
	s.path = path("ORDER_OBSERVATION/OBX-3");
	ck_assert_int_eq(aff_rules_add(r, &s, NULL), AFF_EARGUMENT);
	s.path = path("OBX-3");
	memcpy(s.for_each, "OBR", 4);
	ck_assert_int_eq(aff_rules_add(r, &s, NULL), AFF_EARGUMENT);
	ck_assert_uint_eq(aff_rules_steps(r), 0);
	aff_table_free(t);
	aff_rules_free(r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		segments_are_dropped,
		readings_keep_their_patient_and_order,
		messages_are_dropped,
		codes_are_translated,
		unknown_codes_are_kept_dropped_or_rejected,
		a_code_of_another_name_is_unknown,
		a_loinc_stands_beside_its_quantity_alone,
		values_are_converted_with_their_unit_and_range,
		translates_the_segments_that_are_meant,
		units_become_ucum,
		one_program_runs_in_many_threads,
		names_fit_the_character_set,
		fields_are_set,
		fields_are_set_in_each_segment,
		fields_are_set_by_their_groups,
		nothing_of_another_patient_is_compared_or_set,
		a_reading_before_all_patients_is_nobodys,
		no_patient_loses_the_readings_to_another_one,
		nothing_is_said_of_another_patient_or_order,
		later_steps_see_earlier_ones,
		a_condition_without_end_rejects,
		wrong_steps_are_refused,
	};
	return RUN_TESTS("rules_steps", tests);
}
