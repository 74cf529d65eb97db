/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions: what they mean, and what is said about those that are written wrongly.
 */
#include "rules_fixture.h"

static const char ward[] =
	MSH
	"PID|||4711^^^HOSP^MR||\"\"|^^\n"
	"PV1||I|ICU^12^1^HOSP\n"
	"OBR|1||77|182777000^monitoring of patient^SCT\n"
	"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|82|mm[Hg]|60-100|N~H|||R\n"
	"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.2|097.50|%|||||X\n"
	"OBX|3|ST|68480^MDC_ATTR_ALERT_TEXT^MDC|1.1.1.3|ECG \\T\\ SpO2 lead off||||||R\n"
	"OBX|4|NM|0^X^L|1.1.1.4|-0.5||||||R\n";

static void expect(struct fixture *f, const char *text, unsigned current, int wanted)
{
	struct aff_expr *x = condition(text);
	int got = aff_expr_test(x, f->edit, current);
	ck_assert_msg(got == wanted, "%s: %d", text, got);
	aff_expr_free(x);
}

START_TEST(comparisons)
{
	static const struct {
		const char *text;
		int wanted;
	} cases[] = {
		{"PV1-2 = I", 1},
		{"PV1-2=I", 1},
		{"PV1-2 = O", 0},
		{"PV1-2 != O", 1},
		{"PV1-2 != I", 0},
		{"PV1-3.1 = \"ICU\"", 1},
		{"PV1-3.1 = 'ICU'", 1},
		{"PV1-3 = ICU", 0},
		{"PV1-3.9 = ''", 1},
		{"OBX-6 = mm[Hg]", 1},
		{"OBX[3]-5 = \"ECG & SpO2 lead off\"", 1},
		{"OBX[3]-5 = 'ECG \\T\\ SpO2 lead off'", 0},
		{"OBX-8 = N", 1},
		{"OBX-8[2] = H", 1},
		{"OBX-5 > 40", 1},
		{"OBX-5 > 82", 0},
		{"OBX-5 >= 82.0", 1},
		{"OBX-5 < 82.1", 1},
		{"OBX-5 <= 81.99", 0},
		{"OBX[2]-5 = 97.5", 0},
		{"OBX[2]-5 >= 97.5", 1},
		{"OBX[2]-5 <= 97.5", 1},
		{"OBX[4]-5 < 0", 1},
		{"OBX[4]-5 > -1", 1},
		{"OBX[3]-5 > 0", 0},
		{"OBX[3]-5 < 0", 0},
		{"OBX[9]-5 < 5", 0},
		{"PV1-3.1 in [CCU, ICU]", 1},
		{"PV1-3.1 in [\"CCU\",'ICU']", 1},
		{"PV1-3.1 in[CCU]", 0},
		{"OBX-3.2 matches /^MDC_/", 1},
		{"OBX-3.2 matches /^mdc_/", 0},
		{"OBX-3.2 matches /^mdc_/i", 1},
		{"OBX[3]-5 matches /CG & Sp/", 1},
		{"PV1-3 matches /^ICU\\^\\d+/", 1},
		{"MSH-7 matches /\\/|\\+0000$/", 1},
		{"exists PID-3", 1},
		{"exists PID-3.2", 0},
		{"exists PID-5", 0},
		{"empty PID-5", 1},
		{"empty PID-6", 1},
		{"empty PID-30", 1},
		{"exists PV1", 1},
		{"exists ZZZ", 0},
		{"empty ZZZ-1", 1},
	};
	struct fixture f;
	fixture_open(&f, ward);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect(&f, cases[i].text, AFF_NONE, cases[i].wanted);
	fixture_close(&f);
}
END_TEST

static const char pump[] =
	MSH
	"PID|||4711^^^HOSP^MR~99^^^SSN^SS||M\xc3\xbcller||20080229\n"
	"PV1||I|icu ^12^1^HOSP||||||||||||||||4711\n"
	"OBR|1||77\n"
	"OBX|1|NM|150344^MDC_TEMP^MDC|1|101.3|[degF]|||||F|||20250115092959+0000\n"
	"OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|2|160|/min||N~HH|||R|||20250115113000+0100\n"
	"OBX|3|NM|150033^MDC_PRESS_BLD_ART_MEAN^MDC|3|16.0|kPa||N|||R|||20250115\n"
	"OBX|4|NM|1^X^L|4|5|parsec||L|||R\n";

START_TEST(numbers_with_units_times_and_functions)
{
	static const struct {
		const char *text;
		int wanted;
	} cases[] = {
		{"OBX-5 > 38.4 Cel", 1},
		{"OBX-5 >= 38.5 Cel", 1},
		{"OBX-5 > 38.5 Cel", 0},
		{"OBX-5 > 311 K and OBX-5 < 312 K", 1},
		{"OBX-5 > 30 mm[Hg]", 0},
		{"OBX[4]-5 > 3", 1},
		{"OBX[4]-5 > 2", 1},
		{"count OBX > 2", 1},
		{"OBX-5 <= 30 mm[Hg]", 0},
		{"OBX[3]-5 = 16.0 and OBX[3]-5 >= 120 mm[Hg]", 1},
		{"OBX[3]-5 < 119 'mm[Hg]'", 0},
		{"OBX[4]-5 > 1 m", 0},
		{"OBX[2]-5 > 150 bpm", 1},
		{"(OBX[2]-5 > 150)", 1},
		{"PID-7 < 2008-03-01", 1},
		{"PID-7 >= 2008-02-29", 1},
		{"PID-7 > 2008-02-29", 0},
		{"OBX-14 < 2025-01-15T09:30", 1},
		{"OBX-14 < 2025-01-15T09:29:59", 0},
		{"OBX-14 <= 2025-01-15T10:29:59+01:00", 1},
		{"OBX-14 < 2025-01-15T10:29:59+01:00", 0},
		{"OBX[2]-14 = 20250115113000+0100 and OBX[2]-14 <= 2025-01-15T10:30:00Z", 1},
		{"OBX[4]-14 < 2030-01-01", 0},
		{"OBX-5 < 2030-01-01", 0},
		{"OBX-14 < {MSH-7} - 1h", 1},
		{"OBX-14 < {MSH-7} - 61min", 0},
		{"OBX-14 > {MSH-7} - 2h", 1},
		{"OBX[2]-14 > {MSH-7} + 1s", 0},
		{"PID-7 > {MSH-7} - 17y", 1},
		{"PID-7 > {MSH-7} - 16y", 0},
		{"PID-7 > {MSH-7} - 52w", 0},
		{"PID-3.1 = {PV1-19}", 1},
		{"PID-3[2].1 = {PV1-19}", 0},
		{"PID-3[2].1 != {PV1-19}", 1},
		{"OBX-5 < {OBX[2]-5}", 1},
		{"OBX[3]-5 > {OBX[2]-5}", 0},
		{"OBX-5 < {OBX[2]-3.2}", 0},
		{"count OBX = 4", 1},
		{"count OBX > 4", 0},
		{"count ZZZ = 0", 1},
		{"count PID-3 = 2.0", 1},
		{"count PID-9 = 0", 1},
		{"count OBX[2]-8 >= 2", 1},
		{"lower(PID-5.1) = m\xc3\xbcller", 1},
		{"upper(PID-5.1) = M\xc3\xbcLLER", 1},
		{"length(PID-5.1) = 6", 1},
		{"length(PID-5.1) < 6", 0},
		{"trim(PV1-3.1) = icu", 1},
		{"PV1-3.1 = icu", 0},
		{"upper( PV1-3.1 ) in ['ICU ', CCU]", 1},
		{"lower(OBX[2]-3.2) matches /^mdc_ecg/", 1},
	};
	struct fixture f;
	fixture_open(&f, pump);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect(&f, cases[i].text, AFF_NONE, cases[i].wanted);
	fixture_close(&f);
	/* Times without a zone compare with each other, not with one that has a zone. */
	fixture_open(&f, "MSH|^~\\&|A|B|C|D|20250115103000||ORU^R01|1|P|2.6\nOBX|1|TS|||20250115102900\n");
	expect(&f, "OBX-5 < {MSH-7}", AFF_NONE, 1);
	expect(&f, "OBX-5 < 2025-01-15T10:29:30", AFF_NONE, 1);
	expect(&f, "OBX-5 < 2025-01-15T10:29:30Z", AFF_NONE, 0);
	expect(&f, "OBX-5 >= 2025-01-15T10:29:30Z", AFF_NONE, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(any_and_all)
{
	static const struct {
		const char *text;
		int wanted;
	} cases[] = {
		{"any PID-3.5 = SS", 1},
		{"PID-3.5 = SS", 0},
		{"all PID-3.5 in [MR, SS]", 1},
		{"all PID-3.5 = MR", 0},
		{"any OBX-8 = HH", 1},
		{"any OBX[1]-8 = HH", 0},
		{"any OBX[2]-8 = HH", 1},
		{"any OBX-8[1] = HH", 0},
		{"all OBX-11 in [R, F]", 1},
		{"all OBX-11 = R", 0},
		{"any OBX-11 = X", 0},
		{"any ZZZ-1 = X", 0},
		{"all ZZZ-1 = X", 1},
		{"any empty OBX-14", 1},
		{"all exists OBX-14", 0},
		{"any lower(OBX-3.2) matches /heart/", 1},
		{"any OBX (OBX-3.1 = 147842 and OBX-5 > 150)", 1},
		{"any OBX (OBX-3.1 = 147842 and OBX-5 > 160)", 0},
		{"any OBX (OBX-3.1 = 150344 and OBX-5 > 38 Cel or OBX-5 > 1000)", 1},
		{"all OBX (OBX-5 > 1 and (OBX-11 = R or not OBX-11 = R))", 1},
		{"all OBX (OBX-5 > 5)", 0},
		{"any ZZZ (exists ZZZ)", 0},
		{"all ZZZ (exists ZZZ-1)", 1},
		{"not any OBX (OBX-5 > 1000) and PV1-2 = I", 1},
		{"PV1-2 = I and any OBX (OBX-5 > 100) and all OBX (OBX-5 > 1)", 1},
		{"PV1-2 = O or any OBX (any OBX-8 = HH) or PV1-2 = O", 1},
		{"PV1-2 = I or any OBX (OBX-5 > 1000)", 1},
		{"any OBX (OBX-14 < {MSH-7} - 1h) and OBX-5 = 101.3", 1},
		{"any OBX (count OBX = 4)", 1},
	};
	struct fixture f;
	fixture_open(&f, pump);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		expect(&f, cases[i].text, AFF_NONE, cases[i].wanted);
	unsigned second = aff_edit_nth(f.edit, "OBX", 2);
	expect(&f, "any OBX-8 = HH", second, 1);
	expect(&f, "any OBX-8 = L", second, 0);
	expect(&f, "count OBX-8 = 2", second, 1);
	expect(&f, "any OBX (OBX-8 = L) and OBX-3.1 = 147842", second, 1);
	fixture_close(&f);
}
END_TEST

/* Inside `for:`, nothing of another patient is looked at. */
START_TEST(quantifiers_keep_to_the_patient)
{
	struct fixture f;
	fixture_open(&f, MSH "PID|1||A\nOBR|1\nOBX|1|NM|h||1\nPID|2||B\nOBR|2\nOBX|1|NM|h||2\nOBX|2|NM|h||3\n");
	unsigned first = aff_edit_nth(f.edit, "OBX", 1), third = aff_edit_nth(f.edit, "OBX", 3);
	expect(&f, "any OBX (OBX-5 = 3)", AFF_NONE, 1);
	expect(&f, "any OBX (OBX-5 = 3)", first, 0);
	expect(&f, "any OBX (OBX-5 = 2)", third, 1);
	expect(&f, "any OBX (OBX-5 = 1)", third, 0);
	expect(&f, "count OBX = 1", first, 1);
	expect(&f, "count OBX = 2", third, 1);
	expect(&f, "any PID-3 = A", third, 0);
	expect(&f, "any MSH-10 = A1", third, 1);
	expect(&f, "count PID-3 = 1", third, 1);
	struct aff_expr *x = condition("any OBX (OBX-5 = 3)");
	ck_assert_int_eq(aff_expr_test_message(x, f.msg, first), 0);
	ck_assert_int_eq(aff_expr_test_message(x, f.msg, AFF_NONE), 1);
	aff_expr_free(x);
	fixture_close(&f);
}
END_TEST

/* Every combination of three truth values, against C's own operators. */
START_TEST(connectives_bind_as_usual)
{
	struct fixture f;
	fixture_open(&f, ward);
	for (int bits = 0; bits < 8; bits++) {
		int a = bits & 1, b = bits >> 1 & 1, c = bits >> 2 & 1;
		const char *t[] = {"PV1-2 = O", "PV1-2 = I"};
		char text[256];
		snprintf(text, sizeof text, "%s or %s and %s", t[a], t[b], t[c]);
		expect(&f, text, AFF_NONE, a || (b && c));
		snprintf(text, sizeof text, "(%s or %s) and %s", t[a], t[b], t[c]);
		expect(&f, text, AFF_NONE, (a || b) && c);
		snprintf(text, sizeof text, "not %s and %s or not (%s)", t[a], t[b], t[c]);
		expect(&f, text, AFF_NONE, (!a && b) || !c);
		snprintf(text, sizeof text, "%s and not(%s or not %s)", t[a], t[b], t[c]);
		expect(&f, text, AFF_NONE, a && !(b || !c));
		snprintf(text, sizeof text, "%s and %s and %s", t[a], t[b], t[c]);
		expect(&f, text, AFF_NONE, a && b && c);
		snprintf(text, sizeof text, "not not %s or %s or %s", t[a], t[b], t[c]);
		expect(&f, text, AFF_NONE, a || b || c);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(paths_mean_the_current_segment)
{
	struct fixture f;
	fixture_open(&f, ward);
	unsigned second = aff_edit_nth(f.edit, "OBX", 2);
	expect(&f, "OBX-11 in [X, D]", AFF_NONE, 0);
	expect(&f, "OBX-11 in [X, D]", second, 1);
	expect(&f, "OBX[1]-11 = X", second, 0);
	expect(&f, "OBX-11 = X and PV1-2 = I", second, 1);
	fixture_close(&f);
}
END_TEST

/* An order of its own for each reading: in a message as it is, as it was changed, and when a segment has gone. */
START_TEST(groups_are_those_of_the_current_segment)
{
	struct fixture f;
	fixture_open(&f, MSH "PID|||1\nOBR|1||a|X\nOBX|1|NM|h||1\nOBX|2|NM|h||2\nOBR|2||b|Y\nOBX|3|NM|h||3\n");
	unsigned second = aff_edit_nth(f.edit, "OBX", 2), third = aff_edit_nth(f.edit, "OBX", 3);
	expect(&f, "ORDER_OBSERVATION/OBR-4 = X", second, 1);
	expect(&f, "ORDER_OBSERVATION/OBR-4 = Y", third, 1);
	expect(&f, "OBR-4 = Y", third, 0);
	expect(&f, "ORDER_OBSERVATION[2]/OBR-4 = Y and ORDER_OBSERVATION[1]/OBX[2]-5 = 2", AFF_NONE, 1);
	expect(&f, "exists ORDER_OBSERVATION[3]/OBR", AFF_NONE, 0);
	expect(&f, "PATIENT_RESULT[1]/ORDER_OBSERVATION[2]/OBX[1]-5 matches /3/", AFF_NONE, 1);
	struct aff_expr *x = condition("ORDER_OBSERVATION/OBR-4 = Y");
	ck_assert_int_eq(aff_expr_test_message(x, f.msg, third), 1);
	ck_assert_int_eq(aff_expr_test_message(x, f.msg, second), 0);
	aff_expr_free(x);
	ck_assert_int_eq(aff_edit_set(f.edit, second, 5, 0, 0, 0, aff_view_of("7")), 0);
	expect(&f, "ORDER_OBSERVATION[1]/OBX[2]-5 = 7 and ORDER_OBSERVATION/OBR-4 = Y", third, 1);
	ck_assert_int_eq(aff_edit_delete(f.edit, aff_edit_nth(f.edit, "OBR", 2)), 0);
	expect(&f, "ORDER_OBSERVATION/OBR-4 = X and not exists ORDER_OBSERVATION[2]/OBX", third - 1, 1);
	ck_assert_int_eq(aff_edit_insert(f.edit, third - 1, aff_view_of("OBR|9||c|Z")), 0);
	expect(&f, "ORDER_OBSERVATION/OBR-4 = Z", third, 1);
	ck_assert_int_eq(aff_edit_set(f.edit, 0, 9, 0, 0, 0, aff_view_of("ZZZ^Z99")), 0);
	expect(&f, "exists ORDER_OBSERVATION/OBR", third, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(reads_the_edited_message)
{
	struct fixture f;
	fixture_open(&f, ward);
	unsigned pv1 = aff_edit_find(f.edit, "PV1", 0);
	ck_assert_int_eq(aff_edit_set(f.edit, pv1, 2, 0, 0, 0, aff_view_of("E")), 0);
	expect(&f, "PV1-2 = E", AFF_NONE, 1);
	fixture_close(&f);
}
END_TEST

START_TEST(a_regex_that_never_ends_is_stopped)
{
	struct fixture f;
	fixture_open(&f, MSH "NTE|1||aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n");
	expect(&f, "NTE-3 matches /^(a+)+$/", AFF_NONE, AFF_ELIMIT);
	expect(&f, "not (NTE-3 matches /^(a+)+$/)", AFF_NONE, AFF_ELIMIT);
	expect(&f, "exists MSH or NTE-3 matches /^(a+)+$/", AFF_NONE, 1);
	fixture_close(&f);
}
END_TEST

START_TEST(mistakes_are_shown_at_their_place)
{
	static const struct {
		const char *text;
		unsigned column;
		const char *what; /* found in the text or in the hint */
	} cases[] = {
		{"", 1, "empty"},
		{"   ", 4, "empty"},
		{"PV1-2", 6, "operator"},
		{"PV1-2 =", 8, "value"},
		{"PV1-2 = I and", 14, "too early"},
		{"PV1-2 == I", 8, "operator"},
		{"PV1-2 mathces /x/", 7, "`matches`"},
		{"PV1-2 not in [I]", 7, "before the path"},
		{"exist PID-3", 1, "`exists`"},
		{"exists", 7, "path"},
		{"PV1-2 = I an PV1-3 = X", 11, "`and`"},
		{"PV1-3.1 = Ward 3", 16, "quotes"},
		{"PV1-3.1 = \"Ward 3", 11, "not closed"},
		{"(PV1-2 = I", 1, "not closed"},
		{"PV1-2 = I)", 10, "closes nothing"},
		{"PV1-2 in I", 10, "list"},
		{"PV1-2 in [I", 12, "not closed"},
		{"PV1-2 in [I, ]", 14, "missing"},
		{"PV1-2 in [I J]", 13, "`,`"},
		{"OBX-5 > high", 9, "number"},
		{"OBX-5 > 1e3", 9, "number"},
		{"OBX-3.2 matches MDC", 17, "regular"},
		{"OBX-3.2 matches /MDC", 17, "not closed"},
		{"OBX-3.2 matches /a(b/", 21, "wrong"},
		{"PV1-2 = and", 9, "quotes"},
		{"PV1-2 = I or or PV1-2 = O", 14, "path"},
		{"PV1 = I", 1, "not a segment"},
		{"not", 4, "too early"},
		{"()", 2, "path"},
		{"PV1-2 \x01 I", 7, "operator"},
		{"PV1-2 = I and ORDER_OBSERVATIN/OBR-4 = X", 15, "ORDER_OBSERVATION?"},
		{"exists ORDER_OBSERVATION[x]/OBR", 11, "path"},
		{"OBX/5 = 3", 4, "paths look like"},
		{"ORDERS/OBX = 3", 1, "ORDER?"},
		{"OBX-5 > 38 furlong", 12, "unit is not known"},
		{"OBX-4 > 38 Cel", 12, "only OBX-5"},
		{"OBX-5 > 2026-13-01", 9, "date"},
		{"OBX-5 > 2026-01-01Z", 9, "date"},
		{"OBX-14 > {MSH-7", 16, "brace"},
		{"OBX-14 > {MSH}", 11, "not a segment"},
		{"OBX-14 = {MSH-7} - 1h", 18, "compare times"},
		{"OBX-14 > {MSH-7} - 1m", 21, "min"},
		{"OBX-14 > {MSH-7} - soon", 20, "duration"},
		{"count OBX = many", 13, "number"},
		{"count OBX in [1]", 11, "compared with"},
		{"count OBX-3.1 > 1", 7, "segment or a field"},
		{"lower(PV1-3 = x", 13, "`)`"},
		{"any OBX > 1", 5, "brackets"},
		{"any OBX (any OBX (OBX-5 > 1))", 14, "within"},
		{"any OBX[1] (OBX-5 > 1)", 5, "occurrence"},
		{"any ORDER_OBSERVATION/OBX-5 > 1", 5, "without groups"},
		{"any OBX (OBX-5 > 1", 5, "not closed"},
		{"any count OBX > 1", 11, "stands alone"},
		{"anny OBX-5 = 1", 1, "`any`"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_expr *x = NULL;
		struct aff_diag diag = {0};
		const char *text = cases[i].text;
		ck_assert_msg(aff_expr_compile(&x, aff_view_of(text), &diag) == AFF_ESYNTAX, "%s", text);
		ck_assert_msg(diag.column == cases[i].column, "%s: column %u: %s", text, diag.column, diag.text);
		ck_assert_msg(strstr(diag.text, cases[i].what) || strstr(diag.hint, cases[i].what), "%s: %s; %s", text,
		              diag.text, diag.hint);
		ck_assert_ptr_null(x);
		ck_assert_int_eq(aff_expr_compile(&x, aff_view_of(text), NULL), AFF_ESYNTAX);
	}
}
END_TEST

START_TEST(depth_and_length_are_capped)
{
	char text[20000];
	struct aff_expr *x = NULL;
	struct aff_diag diag = {0};
	memset(text, '(', sizeof text);
	ck_assert_int_eq(aff_expr_compile(&x, aff_view(text, 1000), &diag), AFF_ESYNTAX);
	ck_assert_ptr_nonnull(strstr(diag.text, "deep"));
	ck_assert_int_eq(aff_expr_compile(&x, aff_view(text, sizeof text), &diag), AFF_ESYNTAX);
	ck_assert_ptr_nonnull(strstr(diag.text, "longer"));
}
END_TEST

START_TEST(remembers_its_text)
{
	struct aff_expr *x = condition("PV1-2 = I");
	ck_assert(aff_view_is(aff_expr_text(x), "PV1-2 = I"));
	aff_expr_free(x);
	aff_expr_free(NULL);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		comparisons, connectives_bind_as_usual, paths_mean_the_current_segment,
	                              groups_are_those_of_the_current_segment, reads_the_edited_message,
		a_regex_that_never_ends_is_stopped, mistakes_are_shown_at_their_place, depth_and_length_are_capped,
		remembers_its_text, numbers_with_units_times_and_functions, any_and_all,
		quantifiers_keep_to_the_patient,
	};
	return RUN_TESTS("rules_expr", tests);
}
