/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths: reading, writing, following.
 */
#include "hl7_test.h"

#include <afferent/edit.h>
#include <afferent/path.h>

static void expect(const char *text, struct aff_path want, const char *spelling)
{
	struct aff_path got;
	struct aff_diag diag = {0};
	char buf[48];
	int error = aff_path_parse(&got, aff_view_of(text), &diag);
	ck_assert_msg(error == 0, "%s: %s", text, diag.text);
	ck_assert_str_eq(got.segment, want.segment);
	ck_assert_uint_eq(got.occurrence, want.occurrence);
	ck_assert_uint_eq(got.field, want.field);
	ck_assert_uint_eq(got.repetition, want.repetition);
	ck_assert_uint_eq(got.component, want.component);
	ck_assert_uint_eq(got.subcomponent, want.subcomponent);
	ck_assert_str_eq(aff_path_format(&got, buf, sizeof buf), spelling);
}

START_TEST(good_paths)
{
	expect("PV1", (struct aff_path){.segment = "PV1"}, "PV1");
	expect("OBX[12]", (struct aff_path){.segment = "OBX", .occurrence = 12}, "OBX[12]");
	expect("OBX-5", (struct aff_path){.segment = "OBX", .field = 5}, "OBX-5");
	expect("PID-5.1", (struct aff_path){.segment = "PID", .field = 5, .component = 1}, "PID-5.1");
	expect("PID-5-1", (struct aff_path){.segment = "PID", .field = 5, .component = 1}, "PID-5.1");
	expect("PID.5.1", (struct aff_path){.segment = "PID", .field = 5, .component = 1}, "PID-5.1");
	expect("PID-3[2].4.1",
	       (struct aff_path){.segment = "PID", .field = 3, .repetition = 2, .component = 4, .subcomponent = 1},
	       "PID-3[2].4.1");
	expect("OBX[3]-5[1]",
	       (struct aff_path){.segment = "OBX", .occurrence = 3, .field = 5, .repetition = 1}, "OBX[3]-5[1]");
	expect("Z01[99999]-99999[99999].99999.99999",
	       (struct aff_path){.segment = "Z01", .occurrence = 99999, .field = 99999, .repetition = 99999,
	                         .component = 99999, .subcomponent = 99999},
	       "Z01[99999]-99999[99999].99999.99999");
}
END_TEST

START_TEST(bad_paths)
{
	static const struct {
		const char *text;
		unsigned column;
	} bad[] = {{"", 1}, {"PI", 1}, {"pid-5", 1}, {"1ID", 1}, {"PIDX", 4}, {"PID-", 5}, {"PID-0", 5}, {"PID-x", 5},
	           {"PID[0]", 5}, {"PID[2", 6}, {"PID[2-5", 6}, {"PID-5.", 7}, {"PID-5.1.2.3", 10}, {"PID-5 ", 6},
	           {"PID-100000", 10}, {"PID-3.1[2]", 8}, {"PID-3[]", 7}, {"PID-3[2]x", 9}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct aff_path path = {.segment = "OLD"};
		struct aff_diag diag = {0};
		char *exact = exact_copy(bad[i].text, strlen(bad[i].text));
		int error = aff_path_parse(&path, aff_view(exact, strlen(bad[i].text)), &diag);
		ck_assert_msg(error == AFF_ESYNTAX, "%s", bad[i].text);
		ck_assert_msg(diag.column == bad[i].column, "%s: %u", bad[i].text, diag.column);
		ck_assert_str_eq(path.segment, "OLD");
		free(exact);
	}
}
END_TEST

START_TEST(format_shortens)
{
	struct aff_path path = {.segment = "PID", .occurrence = 2, .field = 3, .repetition = 4, .component = 5};
	char buf[8];
	ck_assert_str_eq(aff_path_format(&path, buf, sizeof buf), "PID[2]-");
	ck_assert_str_eq(aff_path_format(&path, buf, 1), "");
	char same[1] = {'x'};
	ck_assert_int_eq(aff_path_format(&path, same, 0)[0], 'x');
}
END_TEST

START_TEST(follows)
{
	static const char *const cases[][2] = {
		{"PID-3", "A^1"}, {"PID-3[2]", "B^2"}, {"PID-3[2].2", "2"}, {"PID-3[3]", ""}, {"PID", "PID|||A^1~B^2"},
		{"OBX[2]-1", "y"}, {"OBX-1", "x"}, {"OBX[3]-1", ""}, {"PV1-1", ""}, {"MSH-1", "|"}, {"MSH-2", "^~\\&"},
		{"MSH-3.1", "S"}};
	struct aff_msg *m = parsed("MSH|^~\\&|S\rPID|||A^1~B^2\rOBX|x\rOBX|y\r");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_path path;
		ck_assert_int_eq(aff_path_parse(&path, aff_view_of(cases[i][0]), NULL), 0);
		ck_view(aff_path_get(m, &path), cases[i][1]);
	}
	aff_msg_free(m);
}
END_TEST

START_TEST(paths_with_groups_are_read_and_written)
{
	static const char *const paths[] = {
		"ORDER_OBSERVATION/OBX-5", "ORDER_OBSERVATION[2]/OBX[1]-5",
		"PATIENT_RESULT[1]/ORDER_OBSERVATION[2]/OBX[1]-5[2].1.3", "VISIT/PV1", "ORDER[99999]/GIVE[2]/RXG-4",
		"ALERT/ALERT_IDENTIFICATION/ALERT_OBSERVATION/OBX-3", "OBSERVATION/ZBX-1"};
	char buf[AFF_PATH_TEXT];
	unsigned longest = aff_schema_group(aff_view_of("OBSERVATION_PARTICIPATION"));
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct aff_path path;
		ck_assert_msg(aff_path_parse(&path, aff_view_of(paths[i]), NULL) == 0, "%s", paths[i]);
		ck_assert_str_eq(aff_path_format(&path, buf, sizeof buf), paths[i]);
	}
	struct aff_path widest = {.segment = "OBX", .occurrence = 99999, .field = 99999, .repetition = 99999,
	                          .component = 99999, .subcomponent = 99999, .group_count = AFF_PATH_GROUPS};
	for (size_t i = 0; i < AFF_PATH_GROUPS; i++)
		widest.groups[i] = (struct aff_path_group){longest, 99999};
	ck_assert_uint_lt(strlen(aff_path_format(&widest, buf, sizeof buf)), sizeof buf - 1);
	ck_assert_str_eq(buf + strlen(buf) - 6, ".99999");
}
END_TEST

START_TEST(paths_with_wrong_groups)
{
	static const struct {
		const char *text, *hint;
		unsigned column;
	} bad[] = {
		{"ORDER_OBSERVATIN/OBX-5", "did you mean ORDER_OBSERVATION?", 1},
		{"PATIENT_RESULT/ORDER_OBSERVATIONS[2]/OBX-5", "did you mean ORDER_OBSERVATION?", 16},
		{"QQQQ/OBX-5", "groups are", 1}, {"/OBX-5", "groups are", 1}, {"PID/OBX", "paths look like", 4},
		{"order_observation/OBX-5", "groups are", 1}, {"ORDER_OBSERVATION[0]/OBX", "paths look like", 19},
		{"ORDER_OBSERVATION[2]OBX-5/", "paths look like", 21},
		{"ORDER_OBSERVATION[2/OBX-5", "paths look like", 20},
		{"ORDER_OBSERVATION/", "paths look like", 19}, {"ORDER_OBSERVATION[1]", "paths look like", 4},
		{"VISIT/VISIT/VISIT/VISIT/VISIT/VISIT/VISIT/PV1", "paths look like", 37},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct aff_path path;
		struct aff_diag diag = {0};
		char *exact = exact_copy(bad[i].text, strlen(bad[i].text));
		ck_assert_int_eq(aff_path_parse(&path, aff_view(exact, strlen(bad[i].text)), &diag), AFF_ESYNTAX);
		ck_assert_msg(diag.column == bad[i].column, "%s: %u", bad[i].text, diag.column);
		ck_assert_msg(strstr(diag.hint, bad[i].hint) == diag.hint, "%s: %s", bad[i].text, diag.hint);
		free(exact);
	}
}
END_TEST

static const char two_patients[] = "MSH|^~\\&|||||2026||ORU^R01^ORU_R01|1|P|2.6\r"
				   "PID|||A\rOBR|1\rOBX|a1\rOBX|a2\rNTE|n\r"
				   "OBR|2\rOBX|b1\rZZZ|z\rPID|||B\rPV1||I\rOBR|3\rOBX|c1\rOBR|4\rOBX|d1\rOBX|d2\r";

START_TEST(follows_groups)
{
	static const char *const cases[][2] = {
		{"ORDER_OBSERVATION/OBX-1", "a1"}, {"ORDER_OBSERVATION[1]/OBX[2]-1", "a2"},
		{"ORDER_OBSERVATION[1]/OBX[3]-1", ""}, {"ORDER_OBSERVATION[2]/OBX-1", "b1"},
		{"ORDER_OBSERVATION[2]/OBX[2]-1", ""}, {"ORDER_OBSERVATION[3]/OBX-1", "c1"},
		{"ORDER_OBSERVATION[4]/OBX[2]-1", "d2"}, {"ORDER_OBSERVATION[5]/OBX-1", ""},
		{"PATIENT_RESULT[2]/ORDER_OBSERVATION[1]/OBX-1", "c1"},
		{"PATIENT_RESULT[2]/ORDER_OBSERVATION[2]/OBX-1", "d1"},
		{"PATIENT_RESULT[2]/ORDER_OBSERVATION[3]/OBX-1", ""},
		{"PATIENT_RESULT[1]/ORDER_OBSERVATION[3]/OBX-1", ""},
		{"PATIENT_RESULT[2]/OBX[3]-1", "d2"}, {"OBSERVATION[2]/NTE-1", "n"}, {"OBSERVATION[3]/ZZZ-1", "z"},
		{"PATIENT_RESULT[2]/PATIENT/PID-3", "B"}, {"PATIENT[2]/PID-3", "B"}, {"VISIT/PV1-2", "I"},
		{"PATIENT_RESULT[1]/VISIT/PV1-2", ""}, {"ORDER_OBSERVATION/PID-3", ""}, {"ORDER/RXG-1", ""},
		{"ORDER_OBSERVATION[2]/OBR", "OBR|2"}, {"ORDER_OBSERVATION/PATIENT_RESULT/OBX-1", ""}};
	struct aff_msg *m = parsed(two_patients);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_path path;
		ck_assert_int_eq(aff_path_parse(&path, aff_view_of(cases[i][0]), NULL), 0);
		struct aff_view got = aff_path_get(m, &path);
		ck_assert_msg(aff_view_is(got, cases[i][1]), "%s is %.*s", cases[i][0], (int)got.n, got.p);
	}
	aff_msg_free(m);
}
END_TEST

/* Inside a `for:`, groups that are not counted are those of the current segment. */
START_TEST(groups_of_the_current_segment)
{
	struct aff_msg *m = parsed(two_patients);
	struct aff_path order, patient, own, counted;
	ck_assert_int_eq(aff_path_parse(&order, aff_view_of("ORDER_OBSERVATION/OBR-1"), NULL), 0);
	ck_assert_int_eq(aff_path_parse(&patient, aff_view_of("PATIENT_RESULT/PID-3"), NULL), 0);
	ck_assert_int_eq(aff_path_parse(&own, aff_view_of("ORDER_OBSERVATION/OBX-1"), NULL), 0);
	ck_assert_int_eq(aff_path_parse(&counted, aff_view_of("ORDER_OBSERVATION[1]/OBR-1"), NULL), 0);
	static const char *const want[][2] = {{"1", "A"}, {"1", "A"}, {"2", "A"}, {"3", "B"}, {"4", "B"}, {"4", "B"}};
	for (unsigned n = 1; n <= 6; n++) {
		unsigned obx = aff_msg_nth(m, "OBX", n);
		ck_view(aff_path_read(m, &order, obx), want[n - 1][0]);
		ck_view(aff_path_read(m, &patient, obx), want[n - 1][1]);
		ck_assert_uint_eq(aff_path_segment(m, &own, obx), obx);
		ck_view(aff_path_read(m, &counted, obx), "1");
	}
	aff_msg_free(m);
}
END_TEST

/* What lies in no order has those of its own patient, and none of another one. */
START_TEST(groups_beside_the_current_segment)
{
	struct aff_msg *m = parsed("MSH|^~\\&|||||2026||ORU^R01^ORU_R01|1|P|2.6\rPID|||A\rOBX|pa\rOBR|1\rOBX|a1\r"
	                           "PID|||B\rOBX|pb\rOBR|2\rOBX|b1\rPID|||C\rOBX|pc\rDSC|x\r");
	struct aff_path order, counted;
	ck_assert_int_eq(aff_path_parse(&order, aff_view_of("ORDER_OBSERVATION/OBR-1"), NULL), 0);
	ck_assert_int_eq(aff_path_parse(&counted, aff_view_of("PATIENT_RESULT[1]/ORDER_OBSERVATION/OBR-1"), NULL), 0);
	static const char *const want[] = {"1", "2", ""};
	for (unsigned n = 1; n <= 3; n++) {
		unsigned pid = aff_msg_nth(m, "PID", n);
		ck_view(aff_path_read(m, &order, pid), want[n - 1]);
		ck_view(aff_path_read(m, &order, pid + 1), want[n - 1]);
		ck_view(aff_path_read(m, &counted, pid), "1");
	}
	ck_view(aff_path_read(m, &order, 0), "1");
	ck_view(aff_path_read(m, &order, AFF_NONE), "1");
	struct aff_edit *e;
	ck_assert_int_eq(aff_edit_new(&e, 1 << 16), 0);
	ck_assert_int_eq(aff_edit_begin(e, m), 0);
	ck_assert_int_eq(aff_edit_set_path(e, &order, aff_msg_nth(m, "PID", 2), aff_view_of("two")), 0);
	ck_view(aff_edit_segment(e, aff_msg_nth(m, "OBR", 1)), "OBR|1");
	ck_view(aff_edit_segment(e, aff_msg_nth(m, "OBR", 2)), "OBR|two");
	ck_assert_int_eq(aff_edit_set_path(e, &order, aff_msg_nth(m, "PID", 3), aff_view_of("no")), AFF_ENOTFOUND);
	aff_edit_free(e);
	aff_msg_free(m);
}
END_TEST

static const char *read_for(const struct aff_msg *m, const char *text, const char *id, unsigned nth)
{
	static char got[32];
	struct aff_path path;
	ck_assert_int_eq(aff_path_parse(&path, aff_view_of(text), NULL), 0);
	struct aff_view v = aff_path_read(m, &path, aff_msg_nth(m, id, nth));
	snprintf(got, sizeof got, "%.*s", (int)v.n, v.p);
	return got;
}

/* A path read for a segment never leads to another patient, unless it says which occurrence it means. */
START_TEST(no_path_leads_to_another_patient)
{
	static const char unequal[] = "MSH|^~\\&|||||2026||ORU^R01^ORU_R01|1|P|2.6\rSFT|s\r"
				      "PID|||A\rPV1||I\rOBR|1\rOBX|a1\rSPM|m\rPID|||B\rOBR|2\rOBX|b1\rPID|||C\r";
	static const struct {
		const char *path, *id;
		unsigned nth;
		const char *value;
	} cases[] = {
		{"PID-3", "OBX", 1, "A"},  {"PID-3", "OBX", 2, "B"},    {"PID-3", "OBR", 2, "B"},
		{"PV1-2", "OBX", 1, "I"},  {"PV1-2", "OBX", 2, ""},     {"PV1-2", "PID", 3, ""},
		{"PV1-2", "PID", 1, "I"},  {"OBR-1", "OBX", 2, "2"},    {"OBR-1", "PID", 2, "2"},
		{"OBR-1", "PID", 3, ""},   {"PID[1]-3", "OBX", 2, "A"}, {"SFT-1", "OBX", 2, "s"},
		{"PID-3", "SFT", 1, "A"},  {"MSH-10", "OBX", 2, "1"},   {"SPM-1", "OBX", 2, ""},
		{"OBX-1", "PID", 3, ""},   {"PATIENT/PID-3", "OBX", 2, "B"}, {"VISIT/PV1-2", "OBX", 2, ""},
		{"VISIT/PV1-2", "OBX", 1, "I"}, {"ORDER_OBSERVATION/OBR-1", "PID", 2, "2"},
		{"ORDER_OBSERVATION/OBR-1", "PID", 3, ""}, {"ORDER_OBSERVATION[1]/OBR-1", "PID", 3, "1"},
		{"SPECIMEN/SPM-1", "OBX", 2, ""}, {"SPECIMEN/SPM-1", "OBX", 1, "m"},
		{"ORDER_OBSERVATION/OBR-1", "SFT", 1, "1"}, {"PATIENT_RESULT/ORDER_OBSERVATION/OBR-1", "PID", 3, ""},
	};
	struct aff_msg *m = parsed(unequal);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *got = read_for(m, cases[i].path, cases[i].id, cases[i].nth);
		ck_assert_msg(strcmp(got, cases[i].value) == 0, "%s for %s[%u] is '%s'", cases[i].path, cases[i].id,
			      cases[i].nth, got);
	}
	aff_msg_free(m);
}
END_TEST

/* The orders of a message about one patient are told apart, and the patient is everybody's. */
START_TEST(the_group_beside_is_of_the_same_order)
{
	struct aff_msg *m = parsed("MSH|^~\\&|||||2026||RGV^O15^RGV_O15|1|P|2.6\rPID|||A\r"
				   "ORC|1\rRXG|1\rTQ1|1\rRXR|r1\rORC|2\rRXG|2\rTQ1|2\rRXR|r2\rORC|3\rRXG|3\r");
	ck_assert_str_eq(read_for(m, "PATIENT/PID-3", "RXG", 2), "A");
	ck_assert_str_eq(read_for(m, "PID-3", "RXG", 2), "A");
	ck_assert_str_eq(read_for(m, "GIVE/RXR-1", "ORC", 2), "r2");
	ck_assert_str_eq(read_for(m, "TIMING_GIVE/TQ1-1", "ORC", 2), "2");
	ck_assert_str_eq(read_for(m, "TIMING_GIVE/TQ1-1", "RXG", 3), "");
	ck_assert_str_eq(read_for(m, "TIMING_GIVE/TQ1-1", "PID", 1), "1");
	aff_msg_free(m);
}
END_TEST

static void expect_all(const struct aff_msg *m, const char *text, const char *values)
{
	struct aff_path path;
	char got[128] = "";
	ck_assert_int_eq(aff_path_parse(&path, aff_view_of(text), NULL), 0);
	for (unsigned s = 0; (s = aff_path_next(m, &path, s)) != AFF_NONE; s++) {
		struct aff_view v = aff_msg_get(m, s, path.field, 1, 0, 0);
		snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s ", (int)v.n, v.p);
	}
	ck_assert_msg(strcmp(got, values) == 0, "%s: %s", text, got);
}

START_TEST(every_segment_that_fits)
{
	struct aff_msg *m = parsed(two_patients);
	expect_all(m, "OBX-1", "a1 a2 b1 c1 d1 d2 ");
	expect_all(m, "OBX[2]-1", "a2 ");
	expect_all(m, "ORDER_OBSERVATION/OBX-1", "a1 a2 b1 c1 d1 d2 ");
	expect_all(m, "ORDER_OBSERVATION/OBX[1]-1", "a1 b1 c1 d1 ");
	expect_all(m, "ORDER_OBSERVATION/OBX[2]-1", "a2 d2 ");
	expect_all(m, "PATIENT_RESULT[2]/OBX-1", "c1 d1 d2 ");
	expect_all(m, "PATIENT_RESULT/ORDER_OBSERVATION[2]/OBX-1", "b1 d1 d2 ");
	expect_all(m, "PATIENT_RESULT/ORDER_OBSERVATION[2]/OBX[1]-1", "b1 d1 ");
	expect_all(m, "VISIT/OBX-1", "");
	aff_msg_free(m);
}
END_TEST

/* An object is parsed again: the groups are those of the new message. */
START_TEST(groups_are_found_anew)
{
	static const char other[] = "MSH|^~\\&|||||2026||ORU^R01|1|P|2.6\rPID|||Z\rNTE|1\rNTE|2\rNTE|3\r"
				    "NTE|4\rPV1||I\rOBR|1\rOBX|x1\r";
	static const char none[] = "MSH|^~\\&|\rOBX|y1\r";
	struct aff_msg *m = parsed(two_patients);
	struct aff_path path;
	ck_assert_int_eq(aff_path_parse(&path, aff_view_of("ORDER_OBSERVATION/OBX-1"), NULL), 0);
	ck_view(aff_path_get(m, &path), "a1");
	ck_assert_int_eq(aff_msg_parse(m, other, sizeof other - 1, 0, NULL), 0);
	ck_view(aff_path_get(m, &path), "x1");
	ck_assert_int_eq(aff_msg_parse(m, none, sizeof none - 1, 0, NULL), 0);
	ck_view(aff_path_get(m, &path), "");
	ck_assert_int_ne(aff_msg_parse(m, "junk", 4, 0, NULL), 0);
	ck_view(aff_path_get(m, &path), "");
	aff_msg_free(m);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		good_paths, bad_paths, format_shortens, follows, paths_with_groups_are_read_and_written,
		paths_with_wrong_groups, follows_groups, groups_of_the_current_segment,
		groups_beside_the_current_segment, no_path_leads_to_another_patient,
		the_group_beside_is_of_the_same_order, every_segment_that_fits, groups_are_found_anew,
	};
	return RUN_TESTS("hl7_path", tests);
}
