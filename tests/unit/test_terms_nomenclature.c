/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in nomenclature, and that the tables say the same as the CSV they are made from.
 */
#include <afferent/nomenclature.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_suite.h"

static const struct aff_term *code(const char *text)
{
	return aff_term_by_code(aff_view_of(text));
}

static const struct aff_term *refid(const char *text)
{
	return aff_term_by_refid(aff_view_of(text));
}

START_TEST(knows_the_usual_vital_signs)
{
	const struct aff_term *hr = code("147842");
	ck_assert_ptr_nonnull(hr);
	ck_assert_str_eq(hr->refid, "MDC_ECG_HEART_RATE");
	ck_assert_str_eq(hr->loinc, "8867-4");
	ck_assert_str_eq(hr->loinc_name, "Heart rate");
	ck_assert_str_eq(hr->ucum, "/min");
	ck_assert_str_eq(hr->kind, "numeric");
	ck_assert_ptr_eq(refid("MDC_ECG_HEART_RATE"), hr);
	ck_assert_ptr_eq(refid("MDC_ECG_CARD_BEAT_RATE"), hr);
	ck_assert_str_eq(code("150456")->loinc, "59408-5");
	ck_assert_str_eq(code("150456")->loinc_vital, "2708-6");
	ck_assert_str_eq(code("69965")->kind, "device");
	/* a difference of temperatures must not be converted as a temperature */
	ck_assert_str_eq(code("188440")->refid, "MDC_TEMP_DIFF");
	ck_assert_str_eq(code("188440")->ucum, "");
}
END_TEST

START_TEST(knows_nothing_else)
{
	ck_assert_ptr_null(code(""));
	ck_assert_ptr_null(code("0"));
	ck_assert_ptr_null(code("147843x"));
	ck_assert_ptr_null(code("99999999999999999999"));
	ck_assert_ptr_null(refid(""));
	ck_assert_ptr_null(refid("MDC_ECG_HEART_RAT"));
	ck_assert_ptr_null(refid("MDC_ECG_HEART_RATES"));
}
END_TEST

START_TEST(replaces_provisional_codes)
{
	ck_assert_uint_eq(code("68164")->emit, 68480);
	ck_assert_uint_eq(refid("MDC_ATTR_ALERT_SOURCE")->code, 68480);
	ck_assert_uint_eq(code("126988")->emit, 0);
	ck_assert_uint_eq(code("147842")->emit, 147842);
}
END_TEST

struct coding_case {
	const char *code, *name, *refid;
	int conflict;
};

static const struct coding_case codings[] = {
	{"147842", "MDC_ECG_HEART_RATE", "MDC_ECG_HEART_RATE", 0},
	{"147842", "MDC_ECG_CARD_BEAT_RATE", "MDC_ECG_HEART_RATE", 0},
	{"147842", "", "MDC_ECG_HEART_RATE", 0},
	{"147842", "Heart rate", "MDC_ECG_HEART_RATE", 0},
	{"", "MDC_ECG_HEART_RATE", "MDC_ECG_HEART_RATE", 0},
	{"0", "MDC_ECG_HEART_RATE", "MDC_ECG_HEART_RATE", 0},
	{"16770", "MDC_ECG_HEART_RATE", "MDC_ECG_HEART_RATE", 0},
	{"16770", "", "", 0},
	{"16771", "MDC_ECG_HEART_RATE", "", 1},
	{"147842", "MDC_PULS_OXIM_SAT_O2", "", 1},
	{"151708", "MDC_VENT_RESP_RATE_SETTING", "", 1},
	{"500000", "MDC_ECG_HEART_RATE", "", 1},
	{"500000", "MDC_SOMETHING_NEW", "", 0},
	{"68164", "MDC_ATTR_ALERT_SOURCE", "MDC_ATTR_ALERT_SOURCE", 0},
	{"heart", "MDC_ECG_HEART_RATE", "", 0},
	{"", "", "", 0},
};

START_TEST(number_and_name_must_agree)
{
	const struct coding_case *c = &codings[_i];
	int conflict = -1;
	const struct aff_term *t = aff_term_of_coding(aff_view_of(c->code), aff_view_of(c->name), &conflict);
	ck_assert_str_eq(t ? t->refid : "", c->refid);
	ck_assert_int_eq(conflict, c->conflict);
	ck_assert_ptr_eq(aff_term_of_coding(aff_view_of(c->code), aff_view_of(c->name), NULL), t);
}
END_TEST

START_TEST(every_row_of_the_csv_is_there)
{
	FILE *f = fopen("mappings/mdc-loinc.csv", "r");
	char line[1024];
	unsigned rows = 0;
	ck_assert_msg(f != NULL, "run from the project's folder");
	ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f)) {
		char *comma = strchr(line, ',');
		ck_assert_ptr_nonnull(comma);
		*comma = '\0';
		const struct aff_term *t = code(line);
		ck_assert_msg(t != NULL, "code %s", line);
		size_t n = strcspn(comma + 1, ",");
		ck_assert(aff_view_is(aff_view(comma + 1, n), t->refid));
		ck_assert(!t->refid[0] || refid(t->refid));
		ck_assert(t->emit == 0 || t->emit == t->code || strcmp(t->kind, "attribute") == 0 ||
			  t->code % 65536 >= 61440);
		rows++;
	}
	fclose(f);
	ck_assert_uint_gt(rows, 600);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("terms/nomenclature");
	TCase *c = tcase_create("nomenclature");
	tcase_add_test(c, knows_the_usual_vital_signs);
	tcase_add_test(c, knows_nothing_else);
	tcase_add_test(c, replaces_provisional_codes);
	tcase_add_loop_test(c, number_and_name_must_agree, 0, sizeof codings / sizeof codings[0]);
	tcase_add_test(c, every_row_of_the_csv_is_there);
	suite_add_tcase(s, c);
	return run_suite(s);
}
