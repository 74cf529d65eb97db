/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths: reading, writing, following.
 */
#include "hl7_test.h"

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
	expect("PV1", (struct aff_path){"PV1", 0, 0, 0, 0, 0}, "PV1");
	expect("OBX[12]", (struct aff_path){"OBX", 12, 0, 0, 0, 0}, "OBX[12]");
	expect("OBX-5", (struct aff_path){"OBX", 0, 5, 0, 0, 0}, "OBX-5");
	expect("PID-5.1", (struct aff_path){"PID", 0, 5, 0, 1, 0}, "PID-5.1");
	expect("PID-5-1", (struct aff_path){"PID", 0, 5, 0, 1, 0}, "PID-5.1");
	expect("PID.5.1", (struct aff_path){"PID", 0, 5, 0, 1, 0}, "PID-5.1");
	expect("PID-3[2].4.1", (struct aff_path){"PID", 0, 3, 2, 4, 1}, "PID-3[2].4.1");
	expect("OBX[3]-5[1]", (struct aff_path){"OBX", 3, 5, 1, 0, 0}, "OBX[3]-5[1]");
	expect("Z01[99999]-99999[99999].99999.99999", (struct aff_path){"Z01", 99999, 99999, 99999, 99999, 99999},
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
		struct aff_path path = {"OLD", 1, 1, 1, 1, 1};
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
	struct aff_path path = {"PID", 2, 3, 4, 5, 6};
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

int main(void)
{
	const TTest *const tests[] = {good_paths, bad_paths, format_shortens, follows};
	return RUN_TESTS("hl7_path", tests);
}
