/* SPDX-License-Identifier: Apache-2.0
 *
 * The data model of HL7 v2: spot checks against the standard in every version, and what must hold for all of it.
 */
#include <afferent/schema.h>
#include <ctype.h>

#include "hl7_test.h"

static const unsigned releases[] = {210, 220, 230, 231, 240, 250, 251, 260, 270, 271, 280, 281, 282, 290, 291};
#define RELEASES (sizeof releases / sizeof releases[0])

static const struct aff_schema *segment(unsigned version, const char *id)
{
	const struct aff_schema *s = aff_schema_segment(version, aff_view_of(id));
	ck_assert_ptr_nonnull(s);
	return s;
}

static const struct aff_schema_part *field(unsigned version, const char *id, unsigned n)
{
	const struct aff_schema_part *p = aff_schema_field(version, id, n);
	ck_assert_msg(p != NULL, "%s-%u of %u is not known", id, n, version);
	return p;
}

START_TEST(versions_are_read)
{
	static const struct {
		const char *text;
		unsigned version;
	} cases[] = {{"2.1", 210}, {"2.3.1", 231}, {"2.5.1", 251}, {"2.6", 260}, {"2.8.2", 282}, {"2.9", 290},
	             {"2.7.x", 270}, {"2.", 0}, {"2", 0}, {"", 0}, {"3.0", 0}, {"v2.5", 0}, {"2,5", 0}, {"2.x", 0}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(aff_schema_version(aff_view_of(cases[i].text)) == cases[i].version, "%s", cases[i].text);
}
END_TEST

START_TEST(every_version_has_its_number_of_fields)
{
	static const struct {
		const char *id;
		unsigned count[RELEASES];
	} cases[] = {
		{"MSH", {17, 17, 19, 20, 21, 21, 21, 25, 25, 25, 25, 25, 25, 28, 28}},
		{"PID", {27, 27, 30, 30, 38, 39, 39, 39, 40, 40, 40, 40, 40, 40, 40}},
		{"OBR", {36, 36, 43, 45, 47, 49, 50, 50, 53, 53, 54, 54, 54, 54, 54}},
		{"OBX", {16, 16, 17, 17, 19, 19, 25, 25, 26, 26, 28, 29, 30, 33, 33}},
		{"PRT", {0, 0, 0, 0, 0, 0, 0, 0, 15, 15, 15, 15, 15, 15, 15}},
		{"TQ1", {0, 0, 0, 0, 0, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (size_t k = 0; k < RELEASES; k++)
			ck_assert_msg(segment(releases[k], cases[i].id)->count == cases[i].count[k], "%s in %u: %u",
			              cases[i].id, releases[k], segment(releases[k], cases[i].id)->count);
	}
	ck_assert_uint_eq(segment(0, "OBX")->count, 33);
	ck_assert_ptr_null(aff_schema_segment(260, aff_view_of("ZPV")));
	ck_assert_ptr_null(aff_schema_segment(260, aff_view_of("OB")));
	ck_assert_ptr_null(aff_schema_segment(260, aff_view_of("OBXX")));
	ck_assert_ptr_null(aff_schema_segment(260, aff_view_of("")));
}
END_TEST

START_TEST(fields_are_those_of_the_version)
{
	const struct aff_schema_part *p = field(260, "OBX", 5);
	ck_assert_str_eq(p->name, "Observation Value");
	ck_assert_str_eq(p->type, "Varies");
	ck_assert_uint_eq(p->repetitions, 0);
	ck_assert_int_eq(p->usage, 'O');
	ck_assert_str_eq(field(251, "OBX", 3)->type, "CE");
	ck_assert_str_eq(field(259, "OBX", 3)->type, "CE");
	ck_assert_str_eq(field(260, "OBX", 3)->type, "CWE");
	ck_assert_str_eq(field(281, "OBX", 4)->type, "ST");
	ck_assert_str_eq(field(282, "OBX", 4)->type, "OG");
	ck_assert_uint_eq(field(210, "OBX", 5)->repetitions, 1);
	ck_assert_uint_eq(field(250, "OBX", 11)->table, 85);
	ck_assert_str_eq(field(240, "MSH", 7)->type, "TS");
	ck_assert_str_eq(field(290, "MSH", 7)->type, "DTM");
	ck_assert_int_eq(field(231, "MSH", 7)->usage, 'O');
	ck_assert_int_eq(field(240, "MSH", 7)->usage, 'R');
	ck_assert_uint_eq(field(270, "PV1", 2)->table, 4);
	ck_assert_int_eq(field(270, "OBR", 27)->usage, 'W');
	ck_assert_ptr_null(aff_schema_field(260, "OBX", 0));
	ck_assert_ptr_null(aff_schema_field(260, "OBX", 26));
	ck_assert_ptr_null(aff_schema_field(240, "SPM", 1));
	ck_assert_ptr_null(aff_schema_field(260, "ZZZ", 1));
}
END_TEST

/* What the data bases are known to have wrong. */
START_TEST(slips_of_the_data_bases_are_mended)
{
	for (size_t k = 0; k < RELEASES; k++) {
		ck_assert_uint_eq(field(releases[k], "OBX", 8)->repetitions, 0);
		ck_assert_int_eq(field(releases[k], "OBX", 4)->usage, 'O');
		ck_assert_int_eq(field(releases[k], "OBX", 2)->usage, 'C');
		ck_assert_int_eq(field(releases[k], "ORC", 1)->usage, 'R');
		ck_assert_int_ne(field(releases[k], "ORC", 7)->usage, 'R');
		ck_assert_int_ne(field(releases[k], "OBR", 27)->usage, 'R');
		ck_assert_str_eq(field(releases[k], "PID", 5)->name, "Patient Name");
		ck_assert_uint_eq(field(releases[k], "PID", 8)->table, 1);
	}
}
END_TEST

START_TEST(required_fields_are_those_of_the_standard)
{
	static const struct {
		unsigned version;
		const char *id;
		uint64_t required;
	} cases[] = {
		{230, "MSH", 1 << 1 | 1 << 2 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12},
		{260, "MSH", 1 << 1 | 1 << 2 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12},
		{210, "MSA", 1 << 1 | 1 << 2}, {241, "ERR", 1 << 1}, {250, "ERR", 1 << 3 | 1 << 4},
		{250, "SFT", 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4}, {260, "UAC", 1 << 1 | 1 << 2},
		{260, "PID", 1 << 3 | 1 << 5}, {260, "PV1", 1 << 2}, {260, "OBR", 1 << 4},
		{230, "OBX", 1 << 3 | 1 << 11}, {280, "OBX", 1 << 3 | 1 << 11}, {260, "NTE", 0}, {250, "TQ1", 0},
		{270, "PRT", 1 << 2 | 1 << 4}, {260, "FHS", 1 << 1 | 1 << 2}, {260, "BTS", 0}, {260, "EVN", 1 << 2},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(segment(cases[i].version, cases[i].id)->required == cases[i].required, "%s in %u",
		              cases[i].id, cases[i].version);
}
END_TEST

START_TEST(components)
{
	ck_assert_str_eq(aff_schema_component(260, "CWE", 1)->name, "identifier");
	ck_assert_uint_eq(aff_schema_type(260, aff_view_of("CWE"))->count, 9);
	ck_assert_uint_eq(aff_schema_type(270, aff_view_of("CWE"))->count, 22);
	ck_assert_uint_eq(aff_schema_type(251, aff_view_of("CE"))->count, 6);
	ck_assert_uint_eq(aff_schema_type(251, aff_view_of("SN"))->count, 4);
	ck_assert_uint_eq(aff_schema_type(251, aff_view_of("HD"))->count, 3);
	/* senders use types of other versions: withdrawn ones, and those that were not there yet */
	ck_assert_uint_eq(aff_schema_type(290, aff_view_of("CE"))->count, 6);
	ck_assert_uint_eq(aff_schema_type(210, aff_view_of("CWE"))->count, 9);
	ck_assert_uint_eq(aff_schema_type(230, aff_view_of("OG"))->count, 4);
	ck_assert_ptr_null(aff_schema_type(260, aff_view_of("NM")));
	ck_assert_ptr_null(aff_schema_component(260, "CWE", 10));
	ck_assert_ptr_null(aff_schema_component(260, "???", 1));
}
END_TEST

static enum aff_schema_fit fit(unsigned table, const char *code, unsigned version)
{
	return aff_schema_table_has(table, aff_view_of(code), version);
}

START_TEST(tables)
{
	ck_assert_int_eq(fit(85, "F", 230), AFF_SCHEMA_PRESENT);
	ck_assert_int_eq(fit(85, "f", 230), AFF_SCHEMA_OTHER_CASE);
	ck_assert_int_eq(fit(85, "Q", 230), AFF_SCHEMA_ABSENT);
	ck_assert_int_eq(fit(85, "", 230), AFF_SCHEMA_ABSENT);
	ck_assert_int_eq(fit(85, "A", 260), AFF_SCHEMA_OTHER_VERSION);
	ck_assert_int_eq(fit(85, "A", 280), AFF_SCHEMA_PRESENT);
	ck_assert_int_eq(fit(85, "A", 0), AFF_SCHEMA_PRESENT);
	ck_assert_int_eq(fit(1, "M", 210), AFF_SCHEMA_PRESENT);
	ck_assert_int_eq(fit(78, "INV", 260), AFF_SCHEMA_PRESENT);
	ck_assert_int_eq(fit(125, "CWE", 230), AFF_SCHEMA_PRESENT);
	ck_assert_int_eq(fit(9999, "F", 260), AFF_SCHEMA_NO_TABLE);
	ck_assert(aff_schema_table(1)->user);
	ck_assert(!aff_schema_table(85)->user);
	ck_assert_ptr_null(aff_schema_table(2));
	ck_assert_str_eq(aff_schema_table(4)->name, "Patient Class");
	ck_assert_str_eq(aff_schema_table_code(8, 0), "AA");
	ck_assert_str_eq(aff_schema_table_code(8, 5), "CR");
	ck_assert_ptr_null(aff_schema_table_code(8, 6));
	ck_assert_ptr_null(aff_schema_table_code(2, 0));
}
END_TEST

START_TEST(every_code_is_found_by_its_text)
{
	unsigned found = 0;
	for (unsigned table = 0; table < 1000; table++) {
		const char *code, *before = "";
		for (unsigned n = 0; (code = aff_schema_table_code(table, n)); n++, found++) {
			ck_assert_msg(fit(table, code, 0) == AFF_SCHEMA_PRESENT, "%u %s", table, code);
			ck_assert_int_gt(strcmp(code, before), 0);
			before = code;
		}
	}
	ck_assert_uint_gt(found, 500);
}
END_TEST

static void check_parts(unsigned version, const struct aff_schema *s)
{
	uint64_t required = 0;
	ck_assert_uint_le(s->count, 63);
	for (unsigned n = 1; n <= s->count; n++) {
		const struct aff_schema_part *p = aff_schema_part(s, n);
		if (!p)
			continue;
		ck_assert_msg(p->name[0] && strchr("RCOW", p->usage), "%s-%u in %u", s->id, n, version);
		ck_assert_msg(p->type[0] || p->usage == 'W', "%s-%u in %u has no type", s->id, n, version);
		required |= p->usage == 'R' ? UINT64_C(1) << n : 0;
	}
	ck_assert_msg(required == s->required, "%s in %u", s->id, version);
}

START_TEST(every_segment_is_whole)
{
	char id[4] = "";
	unsigned found = 0;
	for (unsigned k = 0; k < 26 * 36 * 36; k++) {
		static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
		id[0] = signs[k / 36 / 36];
		id[1] = signs[k / 36 % 36];
		id[2] = signs[k % 36];
		for (size_t v = 0; v < RELEASES; v++) {
			const struct aff_schema *s = aff_schema_segment(releases[v], aff_view_of(id));
			if (!s)
				continue;
			found++;
			ck_assert_str_eq(s->id, id);
			ck_assert(s->name[0]);
			check_parts(releases[v], s);
		}
	}
	ck_assert_uint_gt(found, 60 * RELEASES);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		versions_are_read, every_version_has_its_number_of_fields, fields_are_those_of_the_version,
		slips_of_the_data_bases_are_mended, required_fields_are_those_of_the_standard, components, tables,
		every_code_is_found_by_its_text, every_segment_is_whole,
	};
	return RUN_TESTS("schema", tests);
}
