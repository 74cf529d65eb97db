/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping tables.
 */
#include <afferent/table.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "run_suite.h"

static struct aff_table *made(void)
{
	struct aff_table *t;
	ck_assert_int_eq(aff_table_new(&t, "numerics", aff_view_of("MDIL"), aff_view_of("MDC")), 0);
	return t;
}

static struct aff_table_row row(const char *from, const char *code, unsigned line)
{
	return (struct aff_table_row){.from = aff_view_of(from), .code = aff_view_of(code), .line = line};
}

START_TEST(finds_what_was_added)
{
	struct aff_table *t = made();
	char from[] = "0002-4182";
	struct aff_table_row r = row(from, "147842", 7);
	r.unit = aff_view_of("/min");
	ck_assert_int_eq(aff_table_add(t, &r, NULL), 0);
	from[0] = 'x'; /* the table has its own copy */
	const struct aff_table_row *found = aff_table_find(t, aff_view_of("0002-4182"));
	ck_assert_ptr_nonnull(found);
	ck_assert(aff_view_is(found->code, "147842") && aff_view_is(found->unit, "/min"));
	ck_assert(found->loinc.n == 0 && found->loinc.p);
	ck_assert_uint_eq(found->line, 7);
	ck_assert_ptr_null(aff_table_find(t, aff_view_of("0002-418")));
	ck_assert_ptr_null(aff_table_find(t, aff_view_of("")));
	ck_assert_str_eq(aff_table_name(t), "numerics");
	ck_assert(aff_view_is(aff_table_from_system(t), "MDIL") && aff_view_is(aff_table_to_system(t), "MDC"));
	ck_assert_ptr_null(aff_table_at(t, 1));
	aff_table_free(t);
}
END_TEST

START_TEST(refuses_duplicates_and_empty_codes)
{
	struct aff_table *t = made();
	unsigned line = 0;
	struct aff_table_row a = row("a", "1", 3), again = row("a", "2", 9), empty = row("", "1", 4);
	ck_assert_int_eq(aff_table_add(t, &a, &line), 0);
	ck_assert_int_eq(aff_table_add(t, &again, &line), AFF_ETABLE);
	ck_assert_uint_eq(line, 3);
	ck_assert_int_eq(aff_table_add(t, &empty, &line), AFF_EARGUMENT);
	ck_assert_uint_eq(aff_table_rows(t), 1);
	ck_assert(aff_view_is(aff_table_find(t, aff_view_of("a"))->code, "1"));
	aff_table_free(t);
}
END_TEST

/* ---- several rows of one code ---- */

/* What arrives beside the code. */
struct arrival {
	const char *system, *name, *within[2]; /* the containers from the outermost */
	const struct aff_unit *unit;
};

static int fit(void *context, const struct aff_table_row *row)
{
	const struct arrival *a = context;
	int how = AFF_FIT_YES;
	if (row->from_system.n && !aff_view_is(row->from_system, a->system))
		return AFF_FIT_FOREIGN;
	if ((row->from_name.n && !aff_view_is(row->from_name, a->name)) ||
	    (row->from_unit.n && row->from_unit_known != a->unit))
		return AFF_FIT_NO;
	for (int i = 0; row->within.n && i < 2; i++)
		if (aff_view_is(row->within, a->within[i] ? a->within[i] : ""))
			how = AFF_FIT_YES + 1 + i;
	return row->within.n && how == AFF_FIT_YES ? AFF_FIT_NO : how;
}

/* from, system, name, unit, within, code */
static void add(struct aff_table *t, const char *const texts[6], unsigned line)
{
	struct aff_table_row r = row(texts[0], texts[5], line);
	r.from_system = aff_view_of(texts[1]);
	r.from_name = aff_view_of(texts[2]);
	r.from_unit = aff_view_of(texts[3]);
	r.within = aff_view_of(texts[4]);
	ck_assert_int_eq(aff_table_add(t, &r, NULL), 0);
}

static const char *matched(const struct aff_table *t, const char *code, struct arrival a)
{
	bool other;
	a.system = a.system ? a.system : "";
	a.name = a.name ? a.name : "";
	const struct aff_table_row *r = aff_table_match(t, aff_view_of(code), fit, &a, &other);
	return r ? r->code.p : other ? "other" : "none";
}

START_TEST(the_row_with_the_most_conditions_wins)
{
	static const char *const rows[][6] = {
		{"T", "", "", "", "", "any"},
		{"T", "", "Skin", "", "", "name"},
		{"T", "", "Skin", "F", "", "name and unit"},
		{"T", "99X", "", "", "", "system"},
		{"T", "", "", "", "vmd", "module"},
		{"T", "", "", "", "chan", "channel"},
		{"only", "", "Skin", "", "", "skin"},
		{"foreign", "99X", "", "", "", "foreign"},
	};
	const struct aff_unit *f = aff_unit_by_alias(aff_view_of("F")), *c = aff_unit_by_alias(aff_view_of("C"));
	struct aff_table *t = made();
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		add(t, rows[i], i + 1);
	ck_assert_str_eq(matched(t, "T", (struct arrival){.unit = c}), "any");
	ck_assert_str_eq(matched(t, "T", (struct arrival){.name = "Skin", .unit = c}), "name");
	ck_assert_str_eq(matched(t, "T", (struct arrival){.name = "Skin", .unit = f}), "name and unit");
	ck_assert_str_eq(matched(t, "T", (struct arrival){.name = "Skin", .system = "99X", .unit = f}),
	                 "name and unit");
	ck_assert_str_eq(matched(t, "T", (struct arrival){.system = "99X"}), "system");
	ck_assert_str_eq(matched(t, "T", (struct arrival){.within = {"vmd", "c"}}), "module");
	ck_assert_str_eq(matched(t, "T", (struct arrival){.within = {"vmd", "chan"}}), "channel");
	ck_assert_str_eq(matched(t, "only", (struct arrival){.name = "Core"}), "other");
	ck_assert_str_eq(matched(t, "foreign", (struct arrival){.system = "99Y"}), "none");
	aff_table_free(t);
}
END_TEST

START_TEST(the_longest_beginning_wins)
{
	static const char *const rows[][6] = {
		{"*", "", "", "", "", "rest"},          {"00*", "", "", "", "", "short"},
		{"0002-*", "", "Known", "", "", "long"}, {"0002-4182", "", "HR", "", "", "exact"},
		{"ab*", "99X", "", "", "", "foreign"},
	};
	struct aff_table *t = made(), *none = made();
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		add(t, rows[i], i + 1);
	ck_assert_str_eq(matched(t, "0002-4182", (struct arrival){.name = "HR"}), "exact");
	/* a known code under another name is not one of the rest */
	ck_assert_str_eq(matched(t, "0002-4182", (struct arrival){.name = "Known"}), "other");
	ck_assert_str_eq(matched(t, "0002-9999", (struct arrival){.name = "Known"}), "long");
	ck_assert_str_eq(matched(t, "0002-9999", (struct arrival){.name = "New"}), "other");
	ck_assert_str_eq(matched(t, "0002-", (struct arrival){.name = "Known"}), "long");
	ck_assert_str_eq(matched(t, "0003", (struct arrival){.name = ""}), "short");
	ck_assert_str_eq(matched(t, "1", (struct arrival){.name = ""}), "rest");
	/* what is for another system does not stop the search */
	ck_assert_str_eq(matched(t, "abc", (struct arrival){.name = ""}), "rest");
	ck_assert_str_eq(matched(none, "1", (struct arrival){.name = ""}), "none");
	ck_assert(aff_view_is(aff_table_find(t, aff_view_of("00*"))->code, "short"));
	aff_table_free(none);
	aff_table_free(t);
}
END_TEST

START_TEST(rows_that_are_refused)
{
	static const struct {
		const char *from, *scale, *low, *high;
		int rc;
	} cases[] = {
		{"a*b", "", "", "", AFF_EARGUMENT},  {"**", "", "", "", AFF_EARGUMENT},
		{"a", "x", "", "", AFF_EARGUMENT},   {"a", "0", "", "", AFF_EARGUMENT},
		{"a", "-1", "", "", AFF_EARGUMENT},  {"a", "", "low", "", AFF_EARGUMENT},
		{"a", "", "", "1e3", AFF_EARGUMENT}, {"a", "0.1", "-5", "12.5", 0},
		{"a*", "10", "", "7", 0},            {"a*", "", "", "", AFF_ETABLE},
	};
	struct aff_table *t = made();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_table_row r = row(cases[i].from, "1", (unsigned)i + 1);
		r.scale = aff_view_of(cases[i].scale);
		r.low = aff_view_of(cases[i].low);
		r.high = aff_view_of(cases[i].high);
		ck_assert_msg(aff_table_add(t, &r, NULL) == cases[i].rc, "case %zu", i);
	}
	/* another spelling of a unit is the same unit */
	struct aff_table_row bpm = row("b", "1", 20), rate = row("b", "2", 21);
	unsigned line = 0;
	bpm.from_unit = aff_view_of("bpm");
	rate.from_unit = aff_view_of("/min");
	ck_assert_int_eq(aff_table_add(t, &bpm, NULL), 0);
	ck_assert_int_eq(aff_table_add(t, &rate, &line), AFF_ETABLE);
	ck_assert_uint_eq(line, 20);
	char name[8];
	for (unsigned i = 0; i < 65; i++) {
		struct aff_table_row r = row("many", "1", i + 1);
		snprintf(name, sizeof name, "n%u", i);
		r.from_name = aff_view_of(name);
		ck_assert_int_eq(aff_table_add(t, &r, NULL), i < 64 ? 0 : AFF_ELIMIT);
	}
	aff_table_free(t);
}
END_TEST

/* ---- what is told when all rows are there ---- */

static void tell(void *context, enum aff_table_fault fault, const struct aff_table_row *r,
                 const struct aff_table_row *other)
{
	static const char *const words[] = {"conflict", "ambiguous", "preferred"};
	char *text = context;
	size_t n = strlen(text);
	snprintf(text + n, 200 - n, "%s %u %u\n", words[fault], r->line, other->line);
}

START_TEST(conflicts_are_told)
{
	static const char *const rows[][6] = {
		{"a", "", "n", "", "", "1"}, {"a", "", "", "C", "", "2"},  /* a C called n: which one? */
		{"b", "", "n", "", "", "1"}, {"b", "", "", "C", "", "2"},  {"b", "", "n", "C", "", "3"}, /* settled */
		{"c", "", "n", "", "", "1"}, {"c", "", "m", "", "", "2"},  {"c", "", "", "", "", "3"},
		{"d", "X", "", "", "", "1"}, {"d", "", "", "", "v", "2"},  {"d", "X", "n", "", "", "3"},
		{"e", "", "n", "C", "", "1"}, {"e", "", "m", "", "v", "2"}, /* never both */
		{"f*", "", "n", "", "", "1"}, {"f*", "X", "", "", "", "2"},
	};
	char told[200] = "";
	struct aff_table *t = made();
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		add(t, rows[i], i + 1);
	ck_assert_int_eq(aff_table_finish(t, false, tell, told), AFF_ETABLE);
	ck_assert_ptr_nonnull(strstr(told, "conflict 2 1\n"));
	ck_assert_ptr_nonnull(strstr(told, "conflict 10 9\n"));
	ck_assert_ptr_nonnull(strstr(told, "conflict 15 14\n"));
	ck_assert_uint_eq(strlen(told), strlen("conflict 2 1\nconflict 10 9\nconflict 15 14\n"));
	ck_assert(!aff_table_both_ways(t));
	ck_assert_ptr_null(aff_table_back(t, aff_view_of("1")));
	aff_table_free(t);
}
END_TEST

static struct aff_table *both_ways(const unsigned char preferred[4], char told[200], int rc)
{
	static const char *const rows[][6] = {
		{"a", "", "", "", "", "1"}, {"b", "", "", "", "", "2"}, {"c", "", "", "", "", "2"},
		{"d", "", "", "", "", ""},  {"e", "", "", "", "", ""},  {"f", "", "", "C", "", "3"},
		{"f", "", "", "F", "", "3"}, {"*", "", "", "", "", "9"}, {"tenths", "", "", "", "", "1"},
		{"more tenths", "", "", "", "", "8"},
	};
	struct aff_table *t = made();
	told[0] = '\0';
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct aff_table_row r = row(rows[i][0], rows[i][5], i + 1);
		r.from_unit = aff_view_of(rows[i][3]);
		r.preferred = i < 4 && preferred[i];
		r.scale = aff_view_of(i > 7 ? "0.1" : "");
		ck_assert_int_eq(aff_table_add(t, &r, NULL), 0);
	}
	ck_assert_int_eq(aff_table_finish(t, true, tell, told), rc);
	return t;
}

START_TEST(the_way_back_is_told_or_preferred)
{
	char told[200];
	struct aff_table *t = both_ways((const unsigned char[4]){0}, told, AFF_ETABLE);
	ck_assert_str_eq(told, "ambiguous 3 2\n");
	aff_table_free(t);
	t = both_ways((const unsigned char[4]){0, 1, 1, 0}, told, AFF_ETABLE);
	ck_assert_str_eq(told, "preferred 3 2\n");
	aff_table_free(t);
	t = both_ways((const unsigned char[4]){0, 0, 1, 0}, told, 0);
	ck_assert(aff_table_both_ways(t));
	ck_assert(aff_view_is(aff_table_back(t, aff_view_of("1"))->from, "a"));
	ck_assert(aff_view_is(aff_table_back(t, aff_view_of("2"))->from, "c"));
	ck_assert(aff_view_is(aff_table_back(t, aff_view_of("3"))->from, "f"));
	ck_assert_ptr_null(aff_table_back(t, aff_view_of("8")));
	ck_assert_ptr_null(aff_table_back(t, aff_view_of("9")));
	ck_assert_ptr_null(aff_table_back(t, aff_view_of("")));
	aff_table_free(t);
}
END_TEST

START_TEST(holds_a_hundred_thousand_rows)
{
	enum { ROWS = 100000 };
	struct aff_table *t = made();
	char from[32], code[32];
	for (unsigned i = 0; i < ROWS; i++) {
		snprintf(from, sizeof from, "0002-%05x", i);
		snprintf(code, sizeof code, "%u", i * 7);
		struct aff_table_row r = row(from, code, i + 1);
		ck_assert_int_eq(aff_table_add(t, &r, NULL), 0);
	}
	for (unsigned i = 0; i < ROWS; i++) {
		snprintf(from, sizeof from, "0002-%05x", i);
		snprintf(code, sizeof code, "%u", i * 7);
		const struct aff_table_row *r = aff_table_find(t, aff_view_of(from));
		ck_assert(r && r == aff_table_at(t, i) && aff_view_is(r->code, code) && r->line == i + 1);
	}
	ck_assert_uint_eq(aff_table_rows(t), ROWS);
	ck_assert_ptr_null(aff_table_find(t, aff_view_of("0002-zzzzz")));
	aff_table_free(t);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("terms/table");
	TCase *c = tcase_create("table");
	tcase_add_test(c, finds_what_was_added);
	tcase_add_test(c, refuses_duplicates_and_empty_codes);
	tcase_add_test(c, the_row_with_the_most_conditions_wins);
	tcase_add_test(c, the_longest_beginning_wins);
	tcase_add_test(c, rows_that_are_refused);
	tcase_add_test(c, conflicts_are_told);
	tcase_add_test(c, the_way_back_is_told_or_preferred);
	tcase_add_test(c, holds_a_hundred_thousand_rows);
	suite_add_tcase(s, c);
	return run_suite(s);
}
