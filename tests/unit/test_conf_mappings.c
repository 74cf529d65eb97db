/* SPDX-License-Identifier: Apache-2.0
 *
 * The mapping tables that are shipped: every row says what the nomenclature says, and names where it comes from. Where
 * the messages that it names are at hand, code, name, unit and sentinels must stand in them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <afferent/nomenclature.h>
#include <afferent/number.h>

#include "base/number.h"
#include "conf/conf.h"
#include "sys/file.h"
#include "terms/units.h"
#include "run_suite.h"

#define MESSAGES "../shared/corpus/messages"

static struct conf_files files;
static struct conf *conf;
static const struct aff_table *nomenclature, *events;

static const struct aff_table *table_of(const char *name)
{
	const struct aff_table *t = NULL;
	for (size_t i = 0; i < conf->ntables; i++)
		if (strcmp(aff_table_name(conf->tables[i]), name) == 0)
			t = conf->tables[i];
	ck_assert_ptr_nonnull(t);
	return t;
}

static void load(void)
{
	struct aff_diag_list findings;
	aff_diag_list_init(&findings, 20);
	ck_assert_int_eq(conf_files_read(&files, ".", NULL), 0);
	int rc = conf_load(&conf, &files, &findings);
	for (size_t i = 0; i < findings.count; i++)
		fprintf(stderr, "%s:%u: %s\n", findings.items[i].source, findings.items[i].line,
		        findings.items[i].text);
	ck_assert_int_eq(rc, 0);
	ck_assert_uint_eq(findings.errors + findings.warnings, 0);
	aff_diag_list_free(&findings);
	nomenclature = table_of("mdc-loinc");
	events = table_of("mdc-events");
}

static void unload(void)
{
	conf_unref(conf);
	conf_files_free(&files);
}

typedef void row_fn(const struct aff_table *t, const struct aff_table_row *row, const char *where);

static unsigned each_row(row_fn *check)
{
	unsigned rows = 0;
	for (size_t i = 0; i < conf->ntables; i++) {
		const struct aff_table *t = conf->tables[i];
		for (size_t k = 0; t != nomenclature && t != events && k < aff_table_rows(t); k++, rows++) {
			const struct aff_table_row *row = aff_table_at(t, k);
			char where[100];
			snprintf(where, sizeof where, "%s, line %u", aff_table_name(t), row->line);
			check(t, row, where);
		}
	}
	return rows;
}

static bool is_message(struct aff_view source)
{
	return source.n > 4 && !memcmp(source.p + source.n - 4, ".hl7", 4);
}

static void says_what_the_nomenclature_says(const struct aff_table *t, const struct aff_table_row *row,
                                            const char *where)
{
	const struct aff_term *term = aff_term_by_code(row->code);
	ck_assert_msg(aff_view_is(aff_table_to_system(t), "MDC") && row->code.n && row->name.n, "%s", where);
	if (!term) {
		/* A code that only the device knows has no LOINC. */
		ck_assert_msg(is_message(row->source) && !row->loinc.n, "%s: no such code", where);
		return;
	}
	ck_assert_msg(term->emit == term->code, "%s: not to be sent", where);
	ck_assert_msg(aff_view_is(row->name, term->refid), "%s: the name is %s", where, term->refid);
	ck_assert_msg(aff_view_is(row->loinc, term->loinc), "%s: the LOINC is %s", where, term->loinc);
	ck_assert_msg(!row->loinc_name.n || aff_view_is(row->loinc_name, term->loinc_name), "%s: LOINC name", where);
	ck_assert_msg(!row->unit.n || aff_view_is(row->unit, term->ucum), "%s: the unit is %s", where, term->ucum);
	ck_assert_msg(!row->unit.n || (row->unit_known && unit_suits(row->unit_known, term)), "%s: unit", where);
	ck_assert_msg(!row->category.n || row->loinc.n, "%s: category", where);
	ck_assert_msg(!row->scale.n && !row->low.n && !row->high.n, "%s: nobody proves that", where);
}

START_TEST(each_row_says_what_the_nomenclature_says)
{
	ck_assert_uint_gt(each_row(says_what_the_nomenclature_says), 120);
}
END_TEST

/* "mdc-loinc.csv: X": the nomenclature has the code from X. */
static void names_its_source(const struct aff_table *t, const struct aff_table_row *row, const char *where)
{
	static const char table[] = "mdc-loinc.csv: ";
	size_t n = strlen(table);
	(void)t;
	ck_assert_msg(row->source.n && row->source.p[0] != '/' && !strstr(row->source.p, ".."), "%s", where);
	if (is_message(row->source))
		return;
	ck_assert_msg(row->source.n > n && !memcmp(row->source.p, table, n), "%s: %s", where, row->source.p);
	const struct aff_table_row *known = aff_table_find(nomenclature, row->code);
	ck_assert_msg(known && strstr(known->source.p, row->source.p + n), "%s: not from there", where);
}

START_TEST(each_row_names_its_source)
{
	each_row(names_its_source);
	for (size_t k = 0; k < aff_table_rows(nomenclature); k++)
		ck_assert_uint_gt(aff_table_at(nomenclature, k)->source.n, 0);
}
END_TEST

/* Events are of partition 3, which the built-in nomenclature does not have. */
START_TEST(each_event_has_a_number_of_its_partition)
{
	uint64_t number, before = 0;
	for (size_t k = 0; k < aff_table_rows(events); k++, before = number) {
		const struct aff_table_row *row = aff_table_at(events, k);
		ck_assert_int_eq(number_u64(row->from, UINT32_MAX, &number), 0);
		ck_assert_uint_eq(number >> 16, 3);
		ck_assert_uint_gt(number, before);
		ck_assert(aff_view_equal(row->from, row->code) && row->source.n);
		ck_assert(row->name.n > 8 && memcmp(row->name.p, "MDC_EVT_", 8) == 0);
		ck_assert_ptr_null(aff_term_by_code(row->code));
	}
	ck_assert_uint_gt(aff_table_rows(events), 100);
}
END_TEST

/* ---- in the messages ---- */

static const struct aff_delims delims = {'|', '^', '~', '\\', '&', 0};

/* A field of a segment, from 1. */
static struct aff_view field_of(struct aff_view segment, unsigned field)
{
	struct aff_parts parts = aff_parts(segment, '|');
	struct aff_view v = aff_view("", 0);
	for (unsigned i = 0; i <= field; i++)
		if (!aff_parts_next(&parts, &v))
			return aff_view("", 0);
	return v;
}

static bool is_meant(const struct aff_table_row *row, struct aff_view obx)
{
	struct aff_view code = aff_cut(field_of(obx, 3), &delims, 1, 1, 0);
	struct aff_view name = aff_cut(field_of(obx, 3), &delims, 1, 2, 0);
	if (!aff_view_equal(code, row->from))
		return false;
	if (row->from_name.n)
		return aff_view_equal(name, row->from_name);
	/* the same term under another of its names, or a label of the vendor's own */
	const struct aff_term *named = aff_term_by_refid(name), *term = aff_term_by_code(row->code);
	return aff_view_equal(name, row->name) || (named && term && named->emit == term->code) ||
	       (!named && memcmp(name.p, "MDC_", name.n < 4 ? name.n : 4) != 0);
}

static bool has_unit(const struct aff_table_row *row, struct aff_view obx)
{
	const struct aff_unit *unit = aff_unit_of_cwe(field_of(obx, 6), &delims);
	if (!unit)
		unit = aff_unit_by_alias(aff_cut(field_of(obx, 6), &delims, 1, 2, 0));
	return unit && strcmp(unit->quantity, row->unit_known->quantity) == 0;
}

static bool has_value(struct aff_view obx, struct aff_view sentinel)
{
	struct aff_nm a, b;
	return !aff_nm_parse(&a, field_of(obx, 5)) && !aff_nm_parse(&b, sentinel) && !aff_nm_compare(&a, &b);
}

static void stands_in_its_message(const struct aff_table *t, const struct aff_table_row *row, const char *where)
{
	char path[400];
	struct aff_buf bytes;
	bool code = false, unit = !row->unit.n, value = !row->sentinels.n;
	(void)t;
	if (!is_message(row->source))
		return;
	snprintf(path, sizeof path, MESSAGES "/%s", row->source.p);
	aff_buf_init(&bytes, 1 << 20);
	ck_assert_msg(file_read(path, &bytes, NULL) == 0, "%s: there is no %s", where, path);
	for (size_t i = 0; i < bytes.n; i++)
		if (bytes.p[i] == '\n')
			bytes.p[i] = '\r';
	struct aff_parts segments = aff_parts(aff_buf_view(&bytes), '\r');
	struct aff_view segment;
	while (aff_parts_next(&segments, &segment)) {
		if (segment.n < 4 || memcmp(segment.p, "OBX|", 4) != 0 || !is_meant(row, segment))
			continue;
		code = true;
		unit = unit || has_unit(row, segment);
		value = value || has_value(segment, row->sentinels);
	}
	ck_assert_msg(code, "%s: %s has no such code with that name", where, row->source.p);
	ck_assert_msg(unit, "%s: %s has no such unit", where, row->source.p);
	ck_assert_msg(value, "%s: %s has no such sentinel", where, row->source.p);
	aff_buf_free(&bytes);
}

START_TEST(each_row_stands_in_the_message_that_it_names)
{
	if (access(MESSAGES, R_OK) == 0)
		each_row(stands_in_its_message);
	else
		printf("skipped: the messages in " MESSAGES " are not there\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf mappings");
	TCase *c = tcase_create("mappings");
	tcase_add_checked_fixture(c, load, unload);
	tcase_add_test(c, each_row_says_what_the_nomenclature_says);
	tcase_add_test(c, each_row_names_its_source);
	tcase_add_test(c, each_event_has_a_number_of_its_partition);
	tcase_add_test(c, each_row_stands_in_the_message_that_it_names);
	suite_add_tcase(s, c);
	return run_suite(s);
}
