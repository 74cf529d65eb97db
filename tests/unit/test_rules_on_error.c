/* SPDX-License-Identifier: Apache-2.0
 *
 * A step that fails leaves nothing half done: the message is rejected, or the whole entry is undone.
 */
#include <afferent/watch.h>

#include "rules_fixture.h"

#define HEAD "MSH|^~\\&|MON||LAB||20250115103000+0000||ORU^R01^ORU_R01|A1|P|2.6||||||8859/1\n"
#define TWO  "OBX|1|NM|a^^99X||82|bpm\nOBX|2|NM|b^^99X||5|cm\n"
#define SLOW "NTE|1||aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n"

static struct aff_rules *r;
static struct aff_table *table;

static void setup(void)
{
	static const char *const rows[][2] = {{"a", "147842"}, {"b", "\xe6\xb8\xa9"}}; /* 温: not in 8859/1 */
	unsigned line;
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_int_eq(aff_table_new(&table, "t", aff_view_of("99X"), aff_view_of("MDC")), 0);
	for (size_t i = 0; i < 2; i++) {
		struct aff_table_row row = {.from = aff_view_of(rows[i][0]), .code = aff_view_of(rows[i][1]),
		                            .line = (unsigned)i + 1};
		ck_assert_int_eq(aff_table_add(table, &row, &line), 0);
	}
}

static void teardown(void)
{
	aff_rules_free(r);
	aff_table_free(table);
}

/* Of line 10, 11 and so on; path "": none. */
static void add(struct aff_step step, const char *when, const char *path, const char *value)
{
	struct aff_diag diag = {0};
	step.line = (unsigned)aff_rules_steps(r) + 10;
	step.when = when ? condition(when) : NULL;
	step.value = aff_view_of(value);
	if (path[0])
		ck_assert_int_eq(aff_path_parse(&step.path, aff_view_of(path), NULL), 0);
	ck_assert_msg(aff_rules_add(r, &step, &diag) == 0, "%s", diag.text);
}

static void set(const char *path, const char *value, bool joined)
{
	add((struct aff_step){.kind = AFF_STEP_SET, .joined = joined}, NULL, path, value);
}

static void translate(enum aff_unknown unknown)
{
	add((struct aff_step){.kind = AFF_STEP_TRANSLATE, .table = table, .unknown = unknown}, NULL, "OBX-3", "");
}

/* wanted NULL: it is rejected. */
static struct aff_rules_result run(enum aff_on_error what, const char *message, const char *wanted,
                                   struct aff_diag *diag)
{
	struct fixture f;
	struct aff_rules_result result;
	memset(diag, 0, sizeof *diag);
	aff_rules_on_error(r, what);
	fixture_open(&f, message);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, diag), 0);
	ck_assert_int_eq(result.verdict, wanted ? AFF_VERDICT_PASS : AFF_VERDICT_REJECT);
	if (wanted)
		ck_assert_str_eq(fixture_text(&f), wanted);
	fixture_close(&f);
	return result;
}

START_TEST(a_failure_in_the_middle)
{
	struct aff_diag diag;
	set("MSH-3", "A", false);
	translate(AFF_UNKNOWN_KEEP);
	set("MSH-5", "B", false);
	struct aff_rules_result result = run(AFF_ON_ERROR_REJECT, HEAD TWO, NULL, &diag);
	ck_assert_uint_eq(result.line, 11);
	ck_assert_int_eq(result.code, AFF_ECHARSET);
	ck_assert_str_eq(diag.at.segment, "OBX");
	ck_assert_uint_eq(diag.at.occurrence, 2);
	result = run(AFF_ON_ERROR_SKIP, HEAD TWO,
	             "MSH|^~\\&|A||B||20250115103000+0000||ORU^R01^ORU_R01|A1|P|2.6||||||8859/1\n" TWO, &diag);
	ck_assert_uint_eq(result.skipped, 1);
	ck_assert_uint_eq(result.skipped_line, 11);
	ck_assert_int_eq(result.skipped_code, AFF_ECHARSET);
	ck_assert_int_eq(result.code, 0);
	ck_assert_int_eq(diag.code, AFF_ECHARSET);
	/* where nothing fails nothing is skipped */
	result = run(AFF_ON_ERROR_SKIP, HEAD "OBX|1|NM|a^^99X||82|bpm\n",
	             "MSH|^~\\&|A||B||20250115103000+0000||ORU^R01^ORU_R01|A1|P|2.6||||||8859/1\n"
	             "OBX|1|NM|147842^^MDC^a^^99X||82|bpm\n", &diag);
	ck_assert_uint_eq(result.skipped, 0);
	ck_assert_int_eq(diag.code, 0);
}
END_TEST

START_TEST(the_first_step_is_undone_to_the_message_as_it_came)
{
	struct aff_diag diag;
	translate(AFF_UNKNOWN_KEEP);
	run(AFF_ON_ERROR_SKIP, HEAD TWO, HEAD TWO, &diag);
}
END_TEST

/* Fields that are set together belong together: an identifier and who gave it. */
START_TEST(an_entry_is_undone_as_a_whole)
{
	struct aff_diag diag;
	set("PID-3.1", "7", false);
	set("PID-3.4", "\xe6\xb8\xa9", true);
	set("PID-3.5", "MR", true);
	set("PID-8", "F", false);
	struct aff_rules_result result = run(AFF_ON_ERROR_SKIP, HEAD "PID|||1^^^H\n", HEAD "PID|||1^^^H|||||F\n",
	                                     &diag);
	ck_assert_uint_eq(result.skipped, 1);
	ck_assert_uint_eq(result.skipped_line, 11);
}
END_TEST

START_TEST(a_limit_is_a_failure_with_its_line)
{
	struct aff_diag diag;
	set("PID-4000", "x", false);
	set("PID-8", "F", false);
	struct aff_rules_result result = run(AFF_ON_ERROR_REJECT, HEAD "PID|||1\n", NULL, &diag);
	ck_assert_int_eq(result.code, AFF_ELIMIT);
	ck_assert_uint_eq(result.line, 10);
	run(AFF_ON_ERROR_SKIP, HEAD "PID|||1\n", HEAD "PID|||1|||||F\n", &diag);
}
END_TEST

START_TEST(a_condition_that_costs_too_much)
{
	struct aff_diag diag;
	add((struct aff_step){.kind = AFF_STEP_SET}, "NTE-3 matches /^(a+)+$/", "MSH-5", "X");
	struct aff_rules_result result = run(AFF_ON_ERROR_SKIP, HEAD SLOW, HEAD SLOW, &diag);
	ck_assert_int_eq(result.skipped_code, AFF_ELIMIT);
}
END_TEST

/* What is to be held back does not go out because something failed. */
START_TEST(what_takes_away_is_never_skipped)
{
	struct aff_diag diag;
	add((struct aff_step){.kind = AFF_STEP_DROP_MESSAGE}, "NTE-3 matches /^(a+)+$/", "", "");
	struct aff_rules_result result = run(AFF_ON_ERROR_SKIP, HEAD SLOW, NULL, &diag);
	ck_assert_uint_eq(result.line, 10);
	ck_assert_uint_eq(result.skipped, 0);
	aff_rules_free(r);
	ck_assert_int_eq(aff_rules_new(&r), 0);
	translate(AFF_UNKNOWN_DROP);
	run(AFF_ON_ERROR_SKIP, HEAD TWO, NULL, &diag);
	aff_rules_free(r);
	ck_assert_int_eq(aff_rules_new(&r), 0);
	struct aff_table_row judge = {.from = aff_view_of("c"), .code = aff_view_of("1"), .high = aff_view_of("9")};
	unsigned line;
	ck_assert_int_eq(aff_table_add(table, &judge, &line), 0);
	translate(AFF_UNKNOWN_KEEP);
	run(AFF_ON_ERROR_SKIP, HEAD TWO, NULL, &diag);
}
END_TEST

START_TEST(what_the_author_rejects_is_rejected)
{
	struct aff_diag diag;
	translate(AFF_UNKNOWN_REJECT);
	struct aff_rules_result result = run(AFF_ON_ERROR_SKIP, HEAD "OBX|1|NM|c^^99X||1\n", NULL, &diag);
	ck_assert_int_eq(result.code, AFF_EUNMAPPED);
}
END_TEST

/* How the text is to be read cannot be taken back. */
START_TEST(another_character_set_is_not_undone)
{
	struct aff_diag diag;
	set("MSH-18", "8859/2", false);
	set("MSH-5", "\xe6\xb8\xa9", true);
	run(AFF_ON_ERROR_SKIP, HEAD, NULL, &diag);
}
END_TEST

/* The entry that failed had added segments; the next one goes through all of them from the first. */
START_TEST(the_next_entry_leaves_nothing_out)
{
	struct aff_diag diag;
	add((struct aff_step){.kind = AFF_STEP_GROUP, .for_each = "OBX"}, NULL, "", "");
	add((struct aff_step){.kind = AFF_STEP_ADD, .for_each = "OBX", .inside = true, .joined = true}, NULL, "",
	    "NTE|1");
	add((struct aff_step){.kind = AFF_STEP_SET, .for_each = "OBX", .inside = true, .joined = true}, "OBX-1 = 3",
	    "OBX-8", "\xe6\xb8\xa9");
	add((struct aff_step){.kind = AFF_STEP_DROP_SEGMENT, .for_each = "OBX"}, NULL, "", "");
	run(AFF_ON_ERROR_SKIP, HEAD "OBX|1\nOBX|2\nOBX|3\nOBX|4\nOBX|5\nOBX|6\n", HEAD, &diag);
}
END_TEST

static void count_skipped(void *arg, const struct aff_rules_event *ev)
{
	unsigned *n = arg;
	if (ev->kind != AFF_RULES_SKIPPED)
		return;
	++*n;
	ck_assert_int_eq(ev->why->code, AFF_ECHARSET);
	ck_assert(aff_view_equal(aff_edit_segment(ev->e, 1), aff_view_of("OBX|1|NM|a^^99X||82|bpm")));
}

START_TEST(an_observer_is_told)
{
	struct fixture f;
	struct aff_rules_result result;
	unsigned n = 0;
	const struct aff_rules_watch watch = {count_skipped, &n};
	translate(AFF_UNKNOWN_KEEP);
	aff_rules_on_error(r, AFF_ON_ERROR_SKIP);
	fixture_open(&f, HEAD TWO);
	ck_assert_int_eq(aff_rules_run_watched(r, f.edit, &watch, &result, NULL), 0);
	ck_assert_uint_eq(n, 1);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules_on_error");
	TCase *all = tcase_create("all");
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, a_failure_in_the_middle);
	tcase_add_test(all, the_first_step_is_undone_to_the_message_as_it_came);
	tcase_add_test(all, an_entry_is_undone_as_a_whole);
	tcase_add_test(all, a_limit_is_a_failure_with_its_line);
	tcase_add_test(all, a_condition_that_costs_too_much);
	tcase_add_test(all, what_takes_away_is_never_skipped);
	tcase_add_test(all, what_the_author_rejects_is_rejected);
	tcase_add_test(all, another_character_set_is_not_undone);
	tcase_add_test(all, the_next_entry_leaves_nothing_out);
	tcase_add_test(all, an_observer_is_told);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
