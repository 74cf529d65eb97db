/* SPDX-License-Identifier: Apache-2.0
 *
 * A channel of ten steps for the library's figures: a translation by a table of 500 rows that wants another unit, and
 * what else a hospital asks of a monitor's message with twelve readings.
 */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include <afferent/rules.h>

#include "util.h"

enum { STEPS_ROWS = 500, STEPS_READINGS = 12 };

static inline struct aff_table *steps_table(void)
{
	struct aff_table *t = NULL;
	if (aff_table_new(&t, "vendor", aff_view_of("99VENDOR"), aff_view_of("MDC")))
		bench_die("no table");
	for (unsigned i = 0; i < STEPS_ROWS; i++) {
		char from[16], code[16], name[32];
		unsigned line = 0;
		snprintf(from, sizeof from, "0002-%04x", 0x4000 + i);
		snprintf(code, sizeof code, "%u", 150000 + i);
		snprintf(name, sizeof name, "MDC_PRESS_BLD_%u", i);
		const struct aff_table_row row = {
			.from = aff_view_of(from), .from_system = aff_view_of(""), .from_name = aff_view_of(""),
			.from_unit = aff_view_of(""), .within = aff_view_of(""), .code = aff_view_of(code),
			.name = aff_view_of(name), .loinc = aff_view_of(i % 2 ? "8480-6" : ""),
			.loinc_name = aff_view_of(""), .unit = aff_view_of("mm[Hg]"), .category = aff_view_of(""),
			.scale = aff_view_of(""), .low = aff_view_of(""), .high = aff_view_of(""),
			.sentinels = aff_view_of(""), .source = aff_view_of("")};
		if (aff_table_add(t, &row, &line))
			bench_die("a row of the table cannot be added");
	}
	if (aff_table_finish(t, false, NULL, NULL))
		bench_die("the table has faults");
	return t;
}

/* `for_each`, `when` and `from` may be NULL. */
static inline void steps_add(struct aff_rules *r, enum aff_step_kind kind, const char *for_each, const char *when,
                             const char *path, const char *value, const struct aff_table *table)
{
	struct aff_step s = {.kind = kind, .line = 1, .table = table, .value = aff_view_of(value)};
	struct aff_path each;
	struct aff_diag diag = {0};
	if (for_each && !aff_path_parse(&each, aff_view_of(for_each), NULL)) {
		memcpy(s.for_each, each.segment, sizeof s.for_each);
		s.for_field = each.field;
	}
	if (path && aff_path_parse(&s.path, aff_view_of(path), NULL))
		bench_die("a path is wrong");
	if (kind == AFF_STEP_COPY && aff_path_parse(&s.from, aff_view_of(value), NULL))
		bench_die("a path is wrong");
	if ((when && aff_expr_compile(&s.when, aff_view_of(when), &diag)) || aff_rules_add(r, &s, &diag)) {
		fprintf(stderr, "%s\n", diag.text);
		bench_die("a step is wrong");
	}
}

static inline struct aff_rules *steps_program(const struct aff_table *table)
{
	struct aff_rules *r = NULL;
	if (aff_rules_new(&r))
		bench_die("no program");
	steps_add(r, AFF_STEP_DROP_SEGMENT, "OBX", "OBX-11 in [X, D]", NULL, "", NULL);
	steps_add(r, AFF_STEP_SUSPECT, NULL, NULL, NULL, "", NULL);
	steps_add(r, AFF_STEP_TRANSLATE, NULL, NULL, "OBX-3", "", table);
	steps_add(r, AFF_STEP_UNITS, NULL, NULL, NULL, "", NULL);
	steps_add(r, AFF_STEP_ROUND, "OBX", "OBX-3.3 = MDC", NULL, "1", NULL);
	steps_add(r, AFF_STEP_DROP_REPETITION, "PID-3", "PID-3.5 != MR", NULL, "", NULL);
	steps_add(r, AFF_STEP_COPY, NULL, NULL, "PID-18.1", "PV1-19.1", NULL);
	steps_add(r, AFF_STEP_DELETE, NULL, NULL, "PID-19", "", NULL);
	steps_add(r, AFF_STEP_SET, NULL, NULL, "MSH-5", "EHR", NULL);
	steps_add(r, AFF_STEP_SET, NULL, "PV1-2 = I", "MSH-6", "{upper(PV1-3.4)}", NULL);
	return r;
}

static inline void steps_message(struct aff_buf *b)
{
	aff_buf_put_text(b, "MSH|^~\\&|MON^0011223344556677^EUI-64|ICU|||20260105101500+0100||ORU^R01^ORU_R01|1|P|2.6\r"
	                    "PID|||4711^^^HOSP^MR~0815^^^INS^SS||Doe^Jane||19500101|F|||||||||||123456789\r"
	                    "PV1||I|ICU^3^1^General||||||||||||||||V1\rOBR|1||2|X|||20260105101500+0100\r");
	for (unsigned i = 0; i < STEPS_READINGS; i++)
		aff_buf_printf(b, "OBX|%u|NM|0002-%04x^Press%u^99VENDOR|1.1.1.%u|1%u.%u|kPa|12.0-18.7|||||R\r", i + 1,
		               0x4000 + i * 37, i, i + 1, i % 7, i % 10);
	if (b->error)
		bench_die("the message cannot be made");
}

#endif
