/* SPDX-License-Identifier: Apache-2.0
 *
 * The observer of a transform: what it is told, in which order, and that the result is the same without it.
 */
#include <afferent/watch.h>

#include "rules_fixture.h"

#define OBX_HR  "OBX|1|NM|0002-4182^HR^99PHILIPS|1.1.1.1|82|bpm||||||R\n"
#define OBX_NEW "OBX|2|NM|0002-ffff^N\\T\\w^99PHILIPS|1.1.1.3|5|cubits^Cu^99X||||||R\n"
#define OBX_X   "OBX|3||69642^^MDC|1.3.0.0|||||||X\n"

static struct aff_table *table(void)
{
	struct aff_table *t = NULL;
	struct aff_table_row row = {.from = aff_view_of("0002-4182"), .from_name = aff_view_of("HR"),
	                            .code = aff_view_of("147842"), .name = aff_view_of("MDC_ECG_HEART_RATE"),
	                            .unit = aff_view_of("/min")};
	unsigned line;
	ck_assert_int_eq(aff_table_new(&t, "philips", aff_view_of("99PHILIPS"), aff_view_of("MDC")), 0);
	ck_assert_int_eq(aff_table_add(t, &row, &line), 0);
	return t;
}

static void add(struct aff_rules *r, struct aff_step step, const char *for_each, const char *when, const char *path)
{
	struct aff_diag diag = {0};
	step.line = (unsigned)aff_rules_steps(r) + 10;
	if (for_each)
		memcpy(step.for_each, for_each, 4);
	step.when = when ? condition(when) : NULL;
	if (path)
		ck_assert_int_eq(aff_path_parse(&step.path, aff_view_of(path), NULL), 0);
	ck_assert_msg(aff_rules_add(r, &step, &diag) == 0, "%s", diag.text);
}

/* Each event as a line. */
static void note(void *arg, const struct aff_rules_event *e)
{
	static const char *const unmapped[] = {[AFF_UNMAPPED_CODE] = "code", [AFF_UNMAPPED_NAME] = "name",
	                                       [AFF_UNMAPPED_UNIT] = "unit", [AFF_UNMAPPED_VALUE] = "value"};
	struct aff_buf *out = arg;
	const struct aff_unmapped *u = e->unmapped;
	aff_buf_printf(out, "%zu:%u ", e->step, e->line);
	switch (e->kind) {
	case AFF_RULES_STEP:
		aff_buf_printf(out, "%s%s%s\n", e->name, e->for_each[0] ? " for " : "", e->for_each);
		return;
	case AFF_RULES_WHEN:
		aff_buf_printf(out, "when %d %d\n", (int)e->segment, e->holds);
		return;
	case AFF_RULES_DONE:
		aff_buf_printf(out, "done %d %d of %u\n", (int)e->segment, e->outcome, aff_edit_segments(e->e));
		return;
	case AFF_RULES_SKIPPED:
		aff_buf_put_text(out, "skipped\n");
		return;
	case AFF_RULES_ROW:
		aff_buf_printf(out, "row %d %s %s\n", (int)e->segment, e->row->from.p, aff_table_name(e->table));
		return;
	case AFF_RULES_UNMAPPED:
		aff_buf_printf(out, "%s %d-%u %.*s,%.*s,%.*s %.*s,%.*s,%.*s %s\n", unmapped[u->kind], (int)e->segment,
		               u->field, (int)u->code.n, u->code.p, (int)u->name.n, u->name.p, (int)u->system.n,
		               u->system.p, (int)u->unit.n, u->unit.p, (int)u->unit_name.n, u->unit_name.p,
		               (int)u->unit_system.n, u->unit_system.p, u->table ? aff_table_name(u->table) : "-");
		return;
	}
	ck_abort_msg("an event of no kind");
}

/* Runs the program with and without an observer over the segments: both must end the same. What the observer was told
 * must be `wanted`. Frees the program. */
static void watched(struct aff_rules *r, const char *segments, const char *wanted)
{
	struct fixture f, g;
	struct aff_rules_result a, b;
	struct aff_buf log;
	struct aff_rules_watch watch = {note, &log};
	char text[4096];
	aff_buf_init(&log, 1 << 16);
	snprintf(text, sizeof text, "%s%s", MSH, segments);
	fixture_open(&f, text);
	fixture_open(&g, text);
	ck_assert_int_eq(aff_rules_run_watched(r, f.edit, &watch, &a, NULL), 0);
	ck_assert_int_eq(aff_rules_run(r, g.edit, &b, NULL), 0);
	aff_buf_put_char(&log, '\0');
	ck_assert_str_eq(log.p, wanted);
	ck_assert_int_eq(a.verdict, b.verdict);
	ck_assert_uint_eq(a.unmapped, b.unmapped);
	ck_assert_uint_eq(a.line, b.line);
	ck_assert_str_eq(fixture_text(&f), fixture_text(&g));
	aff_buf_free(&log);
	fixture_close(&f);
	fixture_close(&g);
	aff_rules_free(r);
}

static struct aff_rules *program(void)
{
	struct aff_rules *r = NULL;
	ck_assert_int_eq(aff_rules_new(&r), 0);
	return r;
}

START_TEST(every_step_and_segment_is_told)
{
	struct aff_rules *r = program();
	add(r, (struct aff_step){.kind = AFF_STEP_DROP_SEGMENT}, "OBX", "OBX-11 = X", NULL);
	add(r, (struct aff_step){.kind = AFF_STEP_SET, .value = aff_view_of("EHR")}, NULL, "MSH-5 = LAB", "MSH-5");
	add(r, (struct aff_step){.kind = AFF_STEP_SET, .value = aff_view_of("EHR")}, NULL, NULL, "MSH-6");
	add(r, (struct aff_step){.kind = AFF_STEP_SUSPECT}, NULL, NULL, NULL);
	add(r, (struct aff_step){.kind = AFF_STEP_DROP_MESSAGE}, NULL, "count OBX = 1", NULL);
	add(r, (struct aff_step){.kind = AFF_STEP_UNITS}, NULL, NULL, NULL);
	watched(r, OBX_X OBX_HR,
	        "0:10 drop: segment for OBX\n0:10 when 1 1\n0:10 done 1 0 of 2\n0:10 when 1 0\n"
	        "1:11 set\n1:11 when -1 0\n"
	        "2:12 set\n2:12 when -1 1\n2:12 done -1 0 of 2\n"
	        "3:13 suspect\n3:13 when -1 1\n3:13 done 1 0 of 2\n"
	        "4:14 drop: message\n4:14 when -1 1\n4:14 done -1 1 of 2\n");
}
END_TEST

START_TEST(what_is_not_known_is_told)
{
	static const char odd_name[] = "OBX|1|NM|0002-4182^Pulse^99PHILIPS||82|bpm\n";
	static const char odd_unit[] = "OBX|1|NM|0002-4182^HR^99PHILIPS||82|mm\n";
	struct aff_table *t = table();
	struct aff_step translate = {.kind = AFF_STEP_TRANSLATE, .table = t};
	struct aff_rules *r = program();
	add(r, translate, NULL, NULL, "OBX-3");
	add(r, (struct aff_step){.kind = AFF_STEP_UNITS}, NULL, NULL, NULL);
	watched(r, OBX_HR OBX_NEW,
	        "0:10 translate\n0:10 when -1 1\n0:10 row 1 0002-4182 philips\n0:10 done 1 0 of 3\n"
	        "0:10 code 2-3 0002-ffff,N&w,99PHILIPS cubits,Cu,99X philips\n0:10 done 2 0 of 3\n"
	        "1:11 units\n1:11 when -1 1\n1:11 done 1 0 of 3\n"
	        "1:11 unit 2-6 0002-ffff,N&w,99PHILIPS cubits,Cu,99X -\n1:11 done 2 0 of 3\n");
	r = program();
	add(r, translate, NULL, NULL, "OBX-3");
	watched(r, odd_unit,
	        "0:10 translate\n0:10 when -1 1\n0:10 row 1 0002-4182 philips\n"
	        "0:10 value 1-6 147842,MDC_ECG_HEART_RATE,MDC mm,, philips\n"
	        "0:10 done 1 0 of 2\n");
	translate.unknown = AFF_UNKNOWN_REJECT;
	r = program();
	add(r, translate, NULL, NULL, "OBX-3");
	watched(r, odd_name,
	        "0:10 translate\n0:10 when -1 1\n0:10 name 1-3 0002-4182,Pulse,99PHILIPS bpm,, philips\n"
	        "0:10 done 1 1 of 2\n");
	translate.unknown = AFF_UNKNOWN_DROP;
	r = program();
	add(r, translate, NULL, NULL, "OBX-3");
	watched(r, odd_name,
	        "0:10 translate\n0:10 when -1 1\n0:10 name 1-3 0002-4182,Pulse,99PHILIPS bpm,, philips\n"
	        "0:10 done 1 0 of 1\n");
	aff_table_free(t);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_step_and_segment_is_told,
		what_is_not_known_is_told,
	};
	return RUN_TESTS("rules_watch", tests);
}
