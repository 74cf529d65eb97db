/* SPDX-License-Identifier: Apache-2.0
 *
 * What is a reading of a human being, and what is none.
 */
#include "terms/reading.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_suite.h"
#include "terms/flag.h"
#include "terms/marker.h"
#include "terms/nobody.h"

static const struct aff_delims delims = {'|', '^', '~', '\\', '&', 0};

struct number_case {
	const char *code, *unit, *number;
	enum verdict verdict;
};

static const struct number_case numbers[] = {
	{"147842", "/min", "0", VERDICT_SOUND},        {"147842", "/min", "400", VERDICT_SOUND},
	{"147842", "/min", "400.1", VERDICT_IMPOSSIBLE}, {"147842", "/min", "-1", VERDICT_MARKER},
	{"147842", "/min", "-100.0", VERDICT_MARKER},  {"147842", "/min", "-7", VERDICT_IMPOSSIBLE},
	{"147842", NULL, "-1", VERDICT_MARKER},        {"147842", NULL, "5000", VERDICT_SOUND},
	{"147842", "Hz", "900", VERDICT_SOUND},        {"147842", "/s", "6.7", VERDICT_IMPOSSIBLE},
	{"147842", "/s", "6.6", VERDICT_SOUND},        {"147842", "high", "1", VERDICT_SOUND},
	{"150344", "Cel", "-1", VERDICT_IMPOSSIBLE},   {"150344", "Cel", "38.5", VERDICT_SOUND},
	{"150344", "Cel", "384.5", VERDICT_IMPOSSIBLE}, {"150344", "[degF]", "98.6", VERDICT_SOUND},
	{"150344", "[degF]", "122", VERDICT_SOUND},    {"150344", "[degF]", "122.01", VERDICT_IMPOSSIBLE},
	{"150344", "K", "310.15", VERDICT_SOUND},      {"150344", "K", "37", VERDICT_IMPOSSIBLE},
	{"150084", "mm[Hg]", "-1", VERDICT_SOUND},     {"150084", "mm[Hg]", "-100.1", VERDICT_IMPOSSIBLE},
	{"150084", "mm[Hg]", "8388607", VERDICT_MARKER}, {"160108", "mmol/L", "-1", VERDICT_SOUND},
	{"160108", "mmol/L", "-1000", VERDICT_MARKER}, {"150301", "kPa", "53.3", VERDICT_SOUND},
	{"150301", "kPa", "53.4", VERDICT_IMPOSSIBLE}, {"188736", "g", "80000", VERDICT_SOUND},
	{"188736", "kg", "80000", VERDICT_IMPOSSIBLE}, {"188736", "kg", "0", VERDICT_IMPOSSIBLE},
	{"188736", "[lb_av]", "180", VERDICT_SOUND},   {"150456", "%", "100.0", VERDICT_SOUND},
	{"150456", "%", "101", VERDICT_IMPOSSIBLE},    {"150456", "1", "0.98", VERDICT_SOUND},
	{"157864", "mL", "123456", VERDICT_SOUND},     {"157864", "mL", "-1", VERDICT_MARKER},
	{"160004", "[pH]", "7.4", VERDICT_SOUND},      {"160004", "[pH]", "74", VERDICT_IMPOSSIBLE},
	{"147842", "/min", "-0", VERDICT_SOUND},       {"69965", "/min", "-1", VERDICT_SOUND},
	/* a balance of fluids; what is removed in a dialysis */
	{"", "mL", "-1000", VERDICT_SOUND},            {"", "mL/h", "-1000.0", VERDICT_SOUND},
	{"", "g", "-1000", VERDICT_SOUND},             {"", "mL", "-999", VERDICT_MARKER},
	{"", "/min", "-1000", VERDICT_MARKER},         {"", NULL, "-1000", VERDICT_MARKER},
	{"157864", "mL", "-1000", VERDICT_MARKER},
	/* extremes that are measured */
	{"188500", "Cel", "4", VERDICT_SOUND},         {"150344", "Cel", "2.5", VERDICT_SOUND},
	{"150388", "[degF]", "39", VERDICT_SOUND},     {"150344", "Cel", "0", VERDICT_IMPOSSIBLE},
	{"150368", "Cel", "4", VERDICT_IMPOSSIBLE},    {"150016", "mm[Hg]", "-250", VERDICT_SOUND},
	{"150037", "mm[Hg]", "-250", VERDICT_IMPOSSIBLE}, {"151562", "/min", "900", VERDICT_SOUND},
	{"151562", "/min", "999", VERDICT_IMPOSSIBLE}, {"151562", "Hz", "15", VERDICT_SOUND},
	{"151594", "/min", "900", VERDICT_IMPOSSIBLE}, {"151752", "%", "103", VERDICT_SOUND},
	{"151752", "%", "127", VERDICT_IMPOSSIBLE},    {"152036", "%", "103", VERDICT_IMPOSSIBLE},
	{"160004", "[pH]", "1.2", VERDICT_SOUND},      {"160004", "[pH]", "14.1", VERDICT_IMPOSSIBLE},
	{"159748", "[pH]", "1.2", VERDICT_IMPOSSIBLE}, {"160012", "mmol/L", "9", VERDICT_SOUND},
	{"159960", "mmol/L", "9", VERDICT_IMPOSSIBLE},
};

START_TEST(numbers_are_held_against_limits_in_any_unit)
{
	const struct number_case *t = &numbers[_i];
	const struct aff_unit *unit = t->unit ? aff_unit_by_ucum(aff_view_of(t->unit)) : NULL;
	const struct limit *limit = limit_of_term(aff_term_by_code(aff_view_of(t->code)));
	struct aff_nm number;
	ck_assert_int_eq(aff_nm_parse(&number, aff_view_of(t->number)), 0);
	ck_assert_int_eq(limit_judge(limit, unit, &number), t->verdict);
}
END_TEST

START_TEST(a_number_too_long_to_convert_is_no_measurement)
{
	const struct limit *limit = limit_of_term(aff_term_by_code(aff_view_of("150344")));
	const struct aff_unit *fahrenheit = aff_unit_by_ucum(aff_view_of("[degF]"));
	struct aff_nm number;
	ck_assert_int_eq(aff_nm_parse(&number, aff_view_of("1234567890123456789012345678901234567890")), 0);
	ck_assert_int_eq(limit_judge(limit, fahrenheit, &number), VERDICT_IMPOSSIBLE);
}
END_TEST

START_TEST(limits_are_found_by_loinc)
{
	ck_assert_uint_eq(limit_of_loinc(aff_view_of("2708-6"))->code, 150456);
	ck_assert_uint_eq(limit_of_loinc(aff_view_of("8867-4"))->code, 147842);
	ck_assert_ptr_null(limit_of_loinc(aff_view_of("11502-2")));
	ck_assert_ptr_null(limit_of_loinc(aff_view_of("")));
}
END_TEST

struct suits_case {
	const char *refid, *ucum;
	bool suits;
};

static const struct suits_case suits[] = {
	{"MDC_TEMP", "Cel", true},
	{"MDC_ECG_AMPL_ST_II", "mm", true},
	{"MDC_ECG_AMPL_ST_II", "uV", true},
	{"MDC_ECG_AMPL_ST_II", "ms", false},
	{"MDC_ECG_TIME_PD_QT_GL", "mm", false},
	{"MDC_TEMP", "[degF]", true},
	{"MDC_TEMP", "mm[Hg]", false},
	{"MDC_TEMP", "%", false},
	{"MDC_ECG_HEART_RATE", "%", false},
	{"MDC_ECG_HEART_RATE", "Hz", true},
	{"MDC_ECG_HEART_RATE", "ms", false},
	{"MDC_PULS_OXIM_SAT_O2", "/min", false},
	{"MDC_PULS_OXIM_SAT_O2", "1", true},
	{"MDC_PRESS_CUFF_SYS", "%", false},
	{"MDC_CONC_AWAY_CO2_ET", "%", true},
	{"MDC_CONC_AWAY_CO2_ET", "kPa", true},
	{"MDC_CONC_AWAY_CO2_ET", "/min", false},
	{"MDC_RATE_DOSE", "mL/h", true},
	{"MDC_RATE_DOSE", "mg", false},
	{"MDC_CONC_GLU_GEN", "mmol/L", true},
	{"MDC_CONC_GLU_GEN", "%", false},
	{"MDC_RATIO_MASS_BODY_LEN_SQ", "kg", false},
	{"MDC_BODY_FAT", "kg", false},
	{"MDC_LEN_BODY_ACTUAL", "kg", false},
	{"MDC_LEN_BODY_ACTUAL", "[in_i]", true},
};

START_TEST(units_suit_the_quantity_of_a_code)
{
	const struct suits_case *t = &suits[_i];
	const struct aff_unit *unit = aff_unit_by_ucum(aff_view_of(t->ucum));
	ck_assert_ptr_nonnull(unit);
	ck_assert_msg(unit_suits(unit, aff_term_by_refid(aff_view_of(t->refid))) == t->suits, "%s in %s", t->refid,
	              t->ucum);
}
END_TEST

struct reading_case {
	const char *type, *code, *value, *unit, *flags, *method;
	unsigned faults;
};

#define HR "147842^MDC_ECG_HEART_RATE^MDC"
#define BPM "264864^MDC_DIM_BEAT_PER_MIN^MDC"

static const struct reading_case readings[] = {
	{"NM", HR, "60", BPM, "", "", 0},
	{"NM", HR, "", BPM, "INV", "", 0},
	{"NM", HR, "\"\"", BPM, "INV", "", 0},
	{"NM", HR, "-1", BPM, "", "", READING_MARKER},
	{"NM", HR, "---", BPM, "", "", READING_MARKER},
	{"NM", HR, "60~61~999", BPM, "", "", READING_IMPOSSIBLE},
	{"SN", HR, ">^999", BPM, "", "", READING_IMPOSSIBLE},
	{"ST", HR, "-999", BPM, "", "", 0},
	{"NM", HR, "999", BPM, "", "AMEAS~MSET", 0},
	{"NM", HR, "60", BPM, "N~INV", "", READING_FLAG},
	{"NM", HR, "60", BPM, "DEMO~CAL", "", READING_TEST | READING_CALIBRATION},
	{"NM", HR, "60", "268192^MDC_DIM_DEGC^MDC", "", "", READING_UNIT},
	{"NM", HR, "60", "264864^MDC_DIM_DEGC^MDC", "", "", READING_UNIT_CODE},
	{"NM", HR, "60", BPM "^%^%^UCUM", "", "", READING_UNIT_CODE},
	{"NM", HR, "60", "264864^MDC_DIM_OTHER_SPELLING^MDC", "", "", 0},
	{"NM", "150456^MDC_ECG_HEART_RATE^MDC", "60", BPM, "", "", READING_CODE},
	{"NM", "150457^MDC_ECG_HEART_RATE^MDC", "60", BPM, "", "", READING_CODE},
	{"NM", "1^MDC_ECG_HEART_RATE^MDC", "60", BPM, "", "", READING_CODE},
	{"NM", "999999^MDC_ECG_HEART_RATE^MDC", "60", BPM, "", "", READING_NAME},
	{"NM", "1478420^MDC_ECG_HEART_RATE^MDC", "60", BPM, "", "", READING_NAME},
	{"NM", "150456^MDC_ECG_HEART_RATE^MDC", "-999", BPM, "", "", READING_CODE | READING_MARKER},
	{"NM", "152004^MDC_VENT_RESP_RATE^MDC", "20", BPM, "", "", READING_NAME},
	{"NM", "HR^^99X^" HR, "999", BPM, "", "", READING_IMPOSSIBLE},
	{"NM", "8867-4^Heart rate^LN", "-1", "/min", "", "", READING_MARKER},
	{"NM", "1^rate^99X", "-1", "/min", "", "", 0},
	{"NM", "1^rate^99X", "-1", "", "", "", 0},
};

START_TEST(readings_are_judged_as_a_whole)
{
	const struct reading_case *t = &readings[_i];
	const struct reading_fields f = {aff_view_of(t->type), aff_view_of(t->code),  aff_view_of(t->value),
	                                 aff_view_of(t->unit), aff_view_of(t->flags), aff_view_of(t->method)};
	ck_assert_uint_eq(reading_judge(&f, &delims), t->faults);
}
END_TEST

START_TEST(a_name_of_another_number_is_told_from_one_nobody_knows)
{
	struct reading_fields f = {.code = aff_view_of("150456^MDC_ECG_HEART_RATE^MDC"), .unit = aff_view("", 0)};
	struct reading r;
	reading_read(&r, &f, &delims);
	ck_assert(r.faults == READING_CODE && !r.term && !r.limit);
	f.code = aff_view_of("150456^MDC_PULS_OXIM_O2^MDC");
	reading_read(&r, &f, &delims);
	ck_assert(r.faults == READING_NAME && !r.term && !r.limit);
}
END_TEST

START_TEST(texts_that_mark_no_reading)
{
	static const char *const yes[] = {"NaN", "---", "***", "-?-", " -- ", "null", "-.-"};
	static const char *const no[] = {"5", "high", "", "<5", "nano"};
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		ck_assert_msg(marker_is_text(aff_view_of(yes[i])), "%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		ck_assert_msg(!marker_is_text(aff_view_of(no[i])), "%s", no[i]);
}
END_TEST

START_TEST(flags_and_words_for_nobody)
{
	ck_assert_int_eq(flag_of(aff_view_of("inv")), FLAG_NO_VALUE);
	ck_assert_int_eq(flag_of(aff_view_of("N")), FLAG_OTHER);
	ck_assert_int_eq(flag_of(aff_view_of("")), FLAG_OTHER);
	ck_assert(nobody_is(aff_view_of("Unknown Patient")));
	ck_assert(nobody_is(aff_view_of("")));
	ck_assert(!nobody_is(aff_view_of("4711")));
	ck_assert(nobody_is_test(aff_view_of("ZZTEST")));
	ck_assert(!nobody_is_test(aff_view_of("Testa")));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("terms/reading");
	TCase *t = tcase_create("reading");
	suite_add_tcase(s, t);
	tcase_add_loop_test(t, numbers_are_held_against_limits_in_any_unit, 0, sizeof numbers / sizeof numbers[0]);
	tcase_add_loop_test(t, units_suit_the_quantity_of_a_code, 0, sizeof suits / sizeof suits[0]);
	tcase_add_loop_test(t, readings_are_judged_as_a_whole, 0, sizeof readings / sizeof readings[0]);
	tcase_add_test(t, a_number_too_long_to_convert_is_no_measurement);
	tcase_add_test(t, limits_are_found_by_loinc);
	tcase_add_test(t, a_name_of_another_number_is_told_from_one_nobody_knows);
	tcase_add_test(t, texts_that_mark_no_reading);
	tcase_add_test(t, flags_and_words_for_nobody);
	return run_suite(s);
}
