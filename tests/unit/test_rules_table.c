/* SPDX-License-Identifier: Apache-2.0
 *
 * Translating with a mapping table: which row is meant, and what becomes of the values.
 */
#include <afferent/rules.h>

#include "rules_fixture.h"

static struct aff_view v(const char *text)
{
	return aff_view_of(text ? text : "");
}

struct row {
	const char *from, *code, *system, *name, *from_unit, *within, *unit, *scale, *low, *high, *sentinels, *loinc;
	bool preferred;
};

static const struct row rows[] = {
	{.from = "T", .code = "150344", .unit = "Cel"},
	{.from = "T", .code = "150344", .from_unit = "F", .unit = "Cel", .low = "25", .high = "45"},
	{.from = "TN", .code = "150344"},
	{.from = "TN", .code = "188496", .name = "Axilla", .unit = "Cel"},
	{.from = "TN", .code = "1", .system = "99OLD", .name = "Axilla"},
	{.from = "TW", .code = "150344"},
	{.from = "TW", .code = "150388", .within = "chan"},
	{.from = "TW", .code = "150368", .within = "vmd"},
	{.from = "tie", .code = "1", .within = "a"},
	{.from = "tie", .code = "2", .within = "b"},
	{.from = "odd", .code = "3", .from_unit = "clicks"},
	{.from = "HR", .code = "147842", .name = "HR", .loinc = "8867-4"},
	{.from = "H*", .code = "0"},
	{.from = "tenths", .code = "150344", .unit = "Cel", .scale = "0.1", .low = "25", .high = "45",
	 .sentinels = "-1\n999"},
	{.from = "tens", .code = "5", .scale = "10"},
	{.from = "S", .code = "150456", .sentinels = "-1\n8388607\n---"},
	{.from = "P", .code = "150021", .unit = "mm[Hg]", .low = "20", .high = "300"},
	{.from = "open", .code = "150021", .unit = "mm[Hg]", .high = "300"},
	{.from = "score", .code = "6", .low = "3", .high = "15"},
};

static struct aff_table *table_of(const struct row *from, size_t n, bool both_ways)
{
	struct aff_table *t = NULL;
	ck_assert_int_eq(aff_table_new(&t, "vendor", v("99V"), v("MDC")), 0);
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &from[i];
		struct aff_table_row row = {
			.from = v(r->from), .from_system = v(r->system), .from_name = v(r->name),
			.from_unit = v(r->from_unit), .within = v(r->within), .code = v(r->code), .unit = v(r->unit),
			.scale = v(r->scale), .low = v(r->low), .high = v(r->high), .sentinels = v(r->sentinels),
			.loinc = v(r->loinc), .preferred = r->preferred, .line = (unsigned)i + 1};
		ck_assert_int_eq(aff_table_add(t, &row, NULL), 0);
	}
	ck_assert_int_eq(aff_table_finish(t, both_ways, NULL, NULL), 0);
	return t;
}

/* One step over MSH and the segments. */
static struct aff_rules_result run(const struct aff_step *step, const char *segments, const char *wanted)
{
	struct aff_rules *r = NULL;
	struct fixture f;
	struct aff_rules_result result;
	struct aff_diag diag = {0};
	char text[8192];
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_msg(aff_rules_add(r, step, &diag) == 0, "%s", diag.text);
	snprintf(text, sizeof text, "%s%s", MSH, segments);
	fixture_open(&f, text);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
	if (wanted)
		ck_assert_str_eq(fixture_text(&f) + strlen(MSH), wanted);
	fixture_close(&f);
	aff_rules_free(r);
	return result;
}

static struct aff_step translate(const struct aff_table *t)
{
	struct aff_step step = {.kind = AFF_STEP_TRANSLATE, .line = 10, .table = t};
	ck_assert_int_eq(aff_path_parse(&step.path, v("OBX-3"), NULL), 0);
	return step;
}

struct case_of {
	const char *in, *out;
	unsigned suspect, unmapped;
};

static void check(const struct case_of *cases, size_t n)
{
	struct aff_table *t = table_of(rows, sizeof rows / sizeof rows[0], false);
	struct aff_step step = translate(t);
	for (size_t i = 0; i < n; i++) {
		struct aff_rules_result result = run(&step, cases[i].in, cases[i].out);
		ck_assert_msg(result.suspect == cases[i].suspect, "%s: %u suspect", cases[i].in, result.suspect);
		ck_assert_msg(result.unmapped == cases[i].unmapped, "%s: %u unmapped", cases[i].in, result.unmapped);
	}
	aff_table_free(t);
}
#define CHECK(cases) check(cases, sizeof(cases) / sizeof(cases)[0])

START_TEST(the_row_is_chosen_by_what_arrives_beside_the_code)
{
	static const struct case_of cases[] = {
		{"OBX|1|NM|T^Temp^99V||37.0|C\n", "OBX|1|NM|150344^^MDC^T^Temp^99V||37.0|C\n", 0, 0},
		{"OBX|1|NM|T^Temp^99V||98.6|degF\n",
		 "OBX|1|NM|150344^^MDC^T^Temp^99V||37.0|Cel^Cel^UCUM^268192^MDC_DIM_DEGC^MDC\n", 0, 0},
		{"OBX|1|NM|TN^Axilla^99V||36.1|C\n", "OBX|1|NM|188496^^MDC^TN^Axilla^99V||36.1|C\n", 0, 0},
		{"OBX|1|NM|TN^Axilla^99OLD||36.1|C\n", "OBX|1|NM|1^^MDC^TN^Axilla^99OLD||36.1|C\n", 0, 0},
		/* another vendor's T, and a T that nobody signed: the table's system may be left out */
		{"OBX|1|NM|T^Temp^99X||36.1|C\n", "OBX|1|NM|T^Temp^99X||36.1|C\n", 0, 1},
		{"OBX|1|NM|T^Temp||36.1|C\n", "OBX|1|NM|150344^^MDC^T^Temp||36.1|C\n", 0, 0},
		/* a unit that nobody knows is compared as it is written */
		{"OBX|1|NM|odd^^99V||5|clicks\n", "OBX|1|NM|3^^MDC^odd^^99V||5|clicks\n", 0, 0},
		{"OBX|1|NM|odd^^99V||5|X^clicks\n", "OBX|1|NM|3^^MDC^odd^^99V||5|X^clicks\n", 0, 0},
		{"OBX|1|NM|odd^^99V||5|click\n", "OBX|1|NM|odd^^99V||5|click\n", 0, 1},
		/* HR is known under its name; it is not one of H* when it has another */
		{"OBX|1|NM|HR^HR^99V||60\n", "OBX|1|NM|147842^^MDC^8867-4^^LN^^^^HR^HR^99V||60\n", 0, 0},
		{"OBX|1|NM|HR^Resp^99V||60\n", "OBX|1|NM|HR^Resp^99V||60\n", 0, 1},
		{"OBX|1|NM|Hx^Resp^99V||60\n", "OBX|1|NM|0^^MDC^Hx^Resp^99V||60\n", 0, 0},
		{"OBX|1|NM|x^Resp^99V||60\n", "OBX|1|NM|x^Resp^99V||60\n", 0, 1},
		/* escaped text of both, in buffers of their own */
		{"OBX|1|NM|H\\T\\^Re\\T\\p^99V||60\n", "OBX|1|NM|0^^MDC^H\\T\\^Re\\T\\p^99V||60\n", 0, 0},
	};
	CHECK(cases);
}
END_TEST

/* A table that knows more of codes that are the wanted ones already. */
START_TEST(a_code_that_stays_is_not_its_own_alternate)
{
	static const struct row same[] = {
		{.from = "149514", .code = "149514", .name = "149514", .loinc = "8867-4", .sentinels = "-1"},
		{.from = "68487", .code = "68487", .name = "68487"},
	};
	struct aff_table *t = NULL;
	ck_assert_int_eq(aff_table_new(&t, "same", v("MDC"), v("MDC")), 0);
	for (size_t i = 0; i < 2; i++) {
		struct aff_table_row row = {.from = v(same[i].from), .code = v(same[i].code), .name = v("N"),
		                            .loinc = v(same[i].loinc), .sentinels = v(same[i].sentinels)};
		ck_assert_int_eq(aff_table_add(t, &row, NULL), 0);
	}
	struct aff_step step = translate(t);
	run(&step, "OBX|1|NM|149514^N^MDC||60\n", "OBX|1|NM|149514^N^MDC^8867-4^^LN||60\n");
	run(&step, "OBX|1|NM|149514^N^MDC^HR^Pulse^99V||60\n",
	    "OBX|1|NM|149514^N^MDC^8867-4^^LN^^^^HR^Pulse^99V||60\n");
	run(&step, "OBX|1|NM|149514^N^MDC^8867-4^Heart rate^LN||60\n", "OBX|1|NM|149514^N^MDC^8867-4^^LN||60\n");
	run(&step, "OBX|1|NM|149514^Puls^MDC||-1\n",
	    "OBX|1|NM|149514^N^MDC^8867-4^^LN^^^^149514^Puls^MDC|||||NAV|||X\n");
	run(&step, "OBX|1|NM|68487^N^MDC^x^y^99V||60\n", "OBX|1|NM|68487^N^MDC^x^y^99V||60\n");
	aff_table_free(t);
}
END_TEST

#define VMD  "OBX|1||vmd^^99V|1.2.0.0|||||||X\n"
#define CHAN "OBX|2||chan^^99V|1.2.1.0|||||||X\n"

/* A container stays as it is: its code is in no row. */
START_TEST(containers_are_found_by_obx_4)
{
	static const struct case_of cases[] = {
		{"OBR|1\n" VMD CHAN "OBX|3|NM|TW^^99V|1.2.1.4|36.1\n",
		 "OBR|1\n" VMD CHAN "OBX|3|NM|150388^^MDC^TW^^99V|1.2.1.4|36.1\n", 0, 2},
		{"OBR|1\n" VMD CHAN "OBX|3|NM|TW^^99V|1.2.2.4|36.1\n",
		 "OBR|1\n" VMD CHAN "OBX|3|NM|150368^^MDC^TW^^99V|1.2.2.4|36.1\n", 0, 2},
		/* 1.20 is not in 1.2, and what is behind another OBR contains nothing */
		{"OBR|1\n" VMD "OBX|3|NM|TW^^99V|1.20.2.4|36.1\n",
		 "OBR|1\n" VMD "OBX|3|NM|150344^^MDC^TW^^99V|1.20.2.4|36.1\n", 0, 1},
		{"OBR|1\n" VMD "OBR|2\nOBX|3|NM|TW^^99V|1.2.2.4|36.1\n",
		 "OBR|1\n" VMD "OBR|2\nOBX|3|NM|150344^^MDC^TW^^99V|1.2.2.4|36.1\n", 0, 1},
		/* and what is in another patient neither, also for a reading without an OBR */
		{"PID|1\nOBR|1\n" VMD "PID|2\nOBX|3|NM|TW^^99V|1.2.2.4|36.1\n",
		 "PID|1\nOBR|1\n" VMD "PID|2\nOBX|3|NM|150344^^MDC^TW^^99V|1.2.2.4|36.1\n", 0, 1},
		/* a container that was translated already is still known by the code that arrived */
		{"OBX|1||1^^MDC^vmd^^99V|1.2.0.0\nOBX|3|NM|TW^^99V|1.2.2.4|36.1\n",
		 "OBX|1||1^^MDC^vmd^^99V|1.2.0.0\nOBX|3|NM|150368^^MDC^TW^^99V|1.2.2.4|36.1\n", 0, 0},
		/* two rows that are equally near: neither */
		{"OBX|1||a^^MDC^b^^99V|1.2.0.0\nOBX|3|NM|tie^^99V|1.2.2.4|36.1\n",
		 "OBX|1||a^^MDC^b^^99V|1.2.0.0\nOBX|3|NM|tie^^99V|1.2.2.4|36.1\n", 0, 1},
	};
	CHECK(cases);
}
END_TEST

/* Without their containers all readings in them would go. */
START_TEST(containers_are_not_dropped)
{
	struct aff_table *t = table_of(rows, sizeof rows / sizeof rows[0], false);
	struct aff_step step = translate(t);
	step.unknown = AFF_UNKNOWN_DROP;
	run(&step, "OBR|1\n" VMD CHAN "OBX|3|NM|TW^^99V|1.2.1.4|36.1\nOBX|4|NM|other^^99V|1.2.1.5|1\n",
	    "OBR|1\n" VMD CHAN "OBX|3|NM|150388^^MDC^TW^^99V|1.2.1.4|36.1\n");
	step.unknown = AFF_UNKNOWN_REJECT;
	ck_assert_int_eq(run(&step, VMD "OBX|3|NM|TW^^99V|1.2.1.4|36.1\n", NULL).verdict, AFF_VERDICT_PASS);
	ck_assert_int_eq(run(&step, VMD "OBX|3|NM|other^^99V|1.2.1.4|1\n", NULL).verdict, AFF_VERDICT_REJECT);
	aff_table_free(t);
}
END_TEST

/* Thousands of containers for thousands of readings are refused rather than looked at for minutes. */
START_TEST(containers_cost_no_more_than_a_second)
{
	enum { ROWS = 5000 };
	struct aff_table *t = table_of(rows, sizeof rows / sizeof rows[0], false);
	struct aff_step step = translate(t);
	struct aff_rules *r = NULL;
	struct fixture f;
	struct aff_rules_result result;
	struct aff_buf text;
	aff_buf_init(&text, 1 << 20);
	aff_buf_put_text(&text, MSH);
	for (unsigned i = 0; i < ROWS; i++)
		aff_buf_printf(&text, "OBX|%u|NM|TW^^99V|1.1.1.%u|36\n", i, i + 1);
	aff_buf_put_char(&text, '\0');
	fixture_open(&f, text.p);
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_int_eq(aff_rules_add(r, &step, NULL), 0);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, AFF_ELIMIT);
	fixture_close(&f);
	aff_rules_free(r);
	aff_buf_free(&text);
	aff_table_free(t);
}
END_TEST

START_TEST(sentinels_are_no_values)
{
#define S(value, rest) "OBX|1|NM|S^^99V||" value "|%||" rest "\n"
#define S_OUT(rest) "OBX|1|NM|150456^^MDC^S^^99V|||%||" rest "\n"
	static const struct case_of cases[] = {
		{S("-1", "H|||F"), S_OUT("NAV|||X"), 1, 0},
		{S("-1.0", ""), S_OUT("NAV|||X"), 1, 0},
		{S("8388607", "|||R"), S_OUT("NAV|||X"), 1, 0},
		{S("98~-01", "|||R"), S_OUT("NAV|||X"), 1, 0},
		{S(" --- ", "|||R"), S_OUT("NAV|||X"), 1, 0},
		{S("-1", "|||D"), S_OUT("NAV|||D"), 1, 0}, /* what is taken back stays taken back */
		{S("98", "|||R"), "OBX|1|NM|150456^^MDC^S^^99V||98|%|||||R\n", 0, 0},
		{S("-1.01", "|||R"), "OBX|1|NM|150456^^MDC^S^^99V||-1.01|%|||||R\n", 0, 0},
		{S("", "|||R"), "OBX|1|NM|150456^^MDC^S^^99V|||%|||||R\n", 0, 0},
		{"OBX|1|SN|S^^99V||^-1|%|||||R\n", "OBX|1|SN|150456^^MDC^S^^99V|||%||NAV|||X\n", 1, 0},
	};
	CHECK(cases);
}
END_TEST

START_TEST(values_and_ranges_are_scaled_together)
{
#define TENTHS(type, value, range) "OBX|1|" type "|tenths^^99V||" value "|C|" range "||||R\n"
#define CEL(value, range) "OBX|1|NM|150344^^MDC^tenths^^99V||" value "|C|" range "||||R\n"
#define GONE(type, why) "OBX|1|" type "|150344^^MDC^tenths^^99V|||C||" why "|||X\n"
	static const struct case_of cases[] = {
		{TENTHS("NM", "375", "360-380"), CEL("37.5", "36.0-38.0"), 0, 0},
		{TENTHS("NM", "370~371", "<380"), CEL("37.0~37.1", "<38.0"), 0, 0},
		{TENTHS("NM", "375", "normal"), CEL("37.5", "normal"), 0, 0},
		{TENTHS("", "375", ""), "OBX|1||150344^^MDC^tenths^^99V||37.5|C|||||R\n", 0, 0},
		/* words have nothing to be scaled */
		{TENTHS("ST", "warm", ""), "OBX|1|ST|150344^^MDC^tenths^^99V||warm|C|||||R\n", 0, 0},
		/* what cannot be scaled is not passed on as if it were */
		{TENTHS("NM", "375 C", ""), GONE("NM", "INV"), 1, 0},
		{TENTHS("NM", "375", "about 360"), GONE("NM", "INV"), 1, 0},
		{TENTHS("SN", "<^375", ""), GONE("SN", "INV"), 1, 0},
		{TENTHS("NM", "375~x7", "360-380"), "OBX|1|NM|150344^^MDC^tenths^^99V|||C|36.0-38.0|INV|||X\n", 1, 0},
		{TENTHS("NM", "3750000000000000000000000000000001", ""), GONE("NM", "INV"), 1, 0},
		/* sentinels count as they arrive: 99.9 is a fever that nobody has, 999 is none at all */
		{TENTHS("NM", "999", "360-380"), "OBX|1|NM|150344^^MDC^tenths^^99V|||C|36.0-38.0|NAV|||X\n", 1, 0},
		{TENTHS("NM", "8388607", ""), GONE("NM", "NAV"), 1, 0},
		{TENTHS("NM", "384.5", ""), CEL("38.45", ""), 0, 0},
		{TENTHS("NM", "3845", ""), GONE("NM", "INV"), 1, 0},
		{"OBX|1|NM|tens^^99V||1.55|x|-2.0-3|||||R\n", "OBX|1|NM|5^^MDC^tens^^99V||15.5|x|-20-30|||||R\n", 0, 0},
	};
	CHECK(cases);
}
END_TEST

/* Undoing a step that scales would pass the number on as it came. */
START_TEST(a_step_that_scales_is_not_undone)
{
	static const struct row bad[] = {{.from = "tenths", .code = "\xc3\xa9", .scale = "0.1"}};
	for (int scaled = 0; scaled < 2; scaled++) {
		struct row row = bad[0];
		struct aff_rules *r = NULL;
		struct fixture f;
		struct aff_rules_result result;
		row.scale = scaled ? "0.1" : NULL;
		struct aff_table *t = table_of(&row, 1, false);
		struct aff_step step = translate(t);
		ck_assert_int_eq(aff_rules_new(&r), 0);
		ck_assert_int_eq(aff_rules_add(r, &step, NULL), 0);
		aff_rules_on_error(r, AFF_ON_ERROR_SKIP);
		fixture_open(&f, MSH "OBX|1|NM|tenths^^99V||375|C\n");
		ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
		ck_assert_int_eq(result.verdict, scaled ? AFF_VERDICT_REJECT : AFF_VERDICT_PASS);
		ck_assert_uint_eq(result.skipped, scaled ? 0 : 1);
		fixture_close(&f);
		aff_rules_free(r);
		aff_table_free(t);
	}
}
END_TEST

START_TEST(what_cannot_be_true_is_not_passed_on)
{
#define P(code, value, unit) "OBX|1|NM|" code "^^99V||" value "|" unit "|||||R\n"
#define P_OUT(code, value, unit) "OBX|1|NM|150021^^MDC^" code "^^99V||" value "|" unit "|||||R\n"
#define P_GONE(unit) "OBX|1|NM|150021^^MDC^P^^99V|||" unit "||INV|||X\n"
#define MMHG "mm[Hg]^mmHg^UCUM^266016^MDC_DIM_MMHG^MDC"
	static const struct case_of cases[] = {
		{P("P", "300", "mmHg"), P_OUT("P", "300", "mmHg"), 0, 0},
		{P("P", "300.1", "mmHg"), P_GONE("mmHg"), 1, 0},
		{P("P", "19.9", "mmHg"), P_GONE("mmHg"), 1, 0},
		{P("P", "16.0", "kPa"), P_OUT("P", "120", MMHG), 0, 0},
		{P("P", "40.1", "kPa"), P_GONE("kPa"), 1, 0}, /* 300.8 */
		{P("P", "120~301", "mmHg"), P_GONE("mmHg"), 1, 0},
		{P("P", "301", ""), P_GONE(""), 1, 0},
		{P("P", "301", "bananas"), P_OUT("P", "301", "bananas"), 0, 1},
		{P("P", "301", "%"), P_OUT("P", "301", "%"), 0, 1},
		{P("open", "-5", "mmHg"), P_OUT("open", "-5", "mmHg"), 0, 0},
		{"OBX|1|NM|score^^99V||15||||||F\n", "OBX|1|NM|6^^MDC^score^^99V||15||||||F\n", 0, 0},
		{"OBX|1|NM|score^^99V||16||||||F\n", "OBX|1|NM|6^^MDC^score^^99V|||||INV|||X\n", 1, 0},
	};
	static const char in[] = "OBX|1|NM|P^^99V||301|mmHg|||||R\n";
	struct aff_table *t = table_of(rows, sizeof rows / sizeof rows[0], false);
	struct aff_step step = translate(t);
	step.implausible = AFF_SUSPECT_FLAG;
	ck_assert_uint_eq(run(&step, in, "OBX|1|NM|150021^^MDC^P^^99V||301|mmHg||QUES|||R\n").suspect, 1);
	/* what is marked is converted like any other */
	run(&step, P("P", "41", "kPa"), "OBX|1|NM|150021^^MDC^P^^99V||308|" MMHG "||QUES|||R\n");
	step.implausible = AFF_SUSPECT_DROP_SEGMENT;
	ck_assert_uint_eq(run(&step, "OBX|1|NM|P^^99V||301|mmHg\nNTE|1\nOBX|2|NM|P^^99V||30|mmHg\n",
	                      "OBX|2|NM|150021^^MDC^P^^99V||30|mmHg\n")
	                          .suspect,
	                  1);
	aff_table_free(t);
	CHECK(cases);
}
END_TEST

START_TEST(a_table_can_be_used_backwards)
{
	static const struct row both[] = {
		{.from = "HR", .code = "147842", .name = "Heart", .loinc = "8867-4", .unit = "/min"},
		{.from = "P1", .code = "149514", .preferred = true},
		{.from = "P2", .code = "149514", .system = "99W"},
		{.from = "W", .code = "151562", .system = "99W"},
		{.from = "*", .code = "0"},
	};
	struct aff_table *t = table_of(both, 5, true), *one = table_of(both, 1, false);
	struct aff_step step = translate(t);
	struct aff_diag diag = {0};
	struct aff_rules *r = NULL;
	step.back = true;
	run(&step, "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC||60|bpm\n",
	    "OBX|1|NM|HR^Heart^99V^147842^MDC_ECG_HEART_RATE^MDC||60|bpm\n");
	run(&step, "OBX|1|NM|149514^^MDC||60|bpm\n", "OBX|1|NM|P1^^99V^149514^^MDC||60|bpm\n");
	run(&step, "OBX|1|NM|151562^^MDC||60|rpm\n", "OBX|1|NM|W^^99W^151562^^MDC||60|rpm\n");
	/* another system's number, what is not in the table, and what was translated already */
	ck_assert_uint_eq(run(&step, "OBX|1|NM|147842^^LN\n", "OBX|1|NM|147842^^LN\n").unmapped, 1);
	ck_assert_uint_eq(run(&step, "OBX|1|NM|0^^MDC\n", "OBX|1|NM|0^^MDC\n").unmapped, 1);
	ck_assert_uint_eq(run(&step, "OBX|1|NM|HR^^99V\n", "OBX|1|NM|HR^^99V\n").unmapped, 0);
	step.table = one;
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_int_eq(aff_rules_add(r, &step, &diag), AFF_EARGUMENT);
	aff_rules_free(r);
	aff_table_free(one);
	aff_table_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rules_table");
	TCase *c = tcase_create("table");
	tcase_add_test(c, the_row_is_chosen_by_what_arrives_beside_the_code);
	tcase_add_test(c, a_code_that_stays_is_not_its_own_alternate);
	tcase_add_test(c, containers_are_found_by_obx_4);
	tcase_add_test(c, containers_are_not_dropped);
	tcase_add_test(c, containers_cost_no_more_than_a_second);
	tcase_add_test(c, sentinels_are_no_values);
	tcase_add_test(c, values_and_ranges_are_scaled_together);
	tcase_add_test(c, a_step_that_scales_is_not_undone);
	tcase_add_test(c, what_cannot_be_true_is_not_passed_on);
	tcase_add_test(c, a_table_can_be_used_backwards);
	suite_add_tcase(s, c);
	return run_suite(s);
}
