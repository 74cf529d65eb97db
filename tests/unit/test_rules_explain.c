/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a condition holds or does not: each test that was made, with what it found.
 */
#include "rules_fixture.h"

#define BODY "PID|||A&B^^^H^MR~C||M\\T\\M\nPV1||I|ICU^1\nOBX|1|NM|1||120|||||||20250115103500\nOBX|2|NM|1||80\n"

static void note(void *arg, const struct aff_expr_seen *seen)
{
	char path[64], other[64] = "";
	struct aff_buf *out = arg;
	if (seen->other_path)
		aff_path_format(seen->other_path, other, sizeof other);
	aff_buf_printf(out, "%.*s|%s@%d=%.*s|%s=%.*s|%d\n", (int)seen->test.n, seen->test.p,
	               aff_path_format(seen->path, path, sizeof path), (int)seen->segment, (int)seen->value.n,
	               seen->value.p, other, (int)seen->other.n, seen->other.p, seen->holds);
}

static void explain(const char *text, unsigned current, const char *wanted)
{
	struct fixture f;
	struct aff_buf out;
	struct aff_expr *x = condition(text);
	aff_buf_init(&out, 65536);
	fixture_open(&f, MSH BODY);
	int truth = aff_expr_explain(x, f.edit, current, 0, 0, note, &out);
	ck_assert_int_eq(truth, aff_expr_test(x, f.edit, current));
	aff_buf_put_char(&out, '\0');
	ck_assert_str_eq(out.p, wanted);
	aff_buf_free(&out);
	fixture_close(&f);
	aff_expr_free(x);
}

START_TEST(each_test_is_told_with_what_it_found)
{
	explain("PV1-3.1 in [ICU, CCU]", AFF_NONE, "PV1-3.1 in [ICU, CCU]|PV1-3.1@2=ICU|=|1\n");
	explain("  not ( OBX-5  >  100 )", 4, "OBX-5  >  100|OBX-5@4=80|=|0\n");
	explain("PID-5 = M&M and exists PID-9", AFF_NONE, "PID-5 = M&M|PID-5@1=M&M|=|1\nexists PID-9|PID-9@1=|=|0\n");
	explain("lower(PV1-3.1) = icu or PV1-2 = E", AFF_NONE, "lower(PV1-3.1) = icu|PV1-3.1@2=icu|=|1\n");
	explain("count OBX > 3", AFF_NONE, "count OBX > 3|OBX@3=2|=|0\n");
	explain("ZZZ-1 = x", AFF_NONE, "ZZZ-1 = x|ZZZ-1@-1=|=|0\n");
	explain("OBX-5 = {PV1-2}", 3, "OBX-5 = {PV1-2}|OBX-5@3=120|PV1-2=I|0\n");
	explain("trim(PV1-2) = {PID-5}", 3, "trim(PV1-2) = {PID-5}|PV1-2@2=I|PID-5=M&M|0\n");
}
END_TEST

START_TEST(any_and_all_tell_of_each_segment)
{
	explain("all OBX-5 > 100", AFF_NONE,
	        "all OBX-5 > 100|OBX-5[1]@3=120|=|1\nall OBX-5 > 100|OBX-5[1]@4=80|=|0\n");
	explain("any OBX (OBX-3 = 1 and OBX-5 < 100)", AFF_NONE,
	        "OBX-3 = 1|OBX-3@3=1|=|1\nOBX-5 < 100|OBX-5@3=120|=|0\n"
	        "OBX-3 = 1|OBX-3@4=1|=|1\nOBX-5 < 100|OBX-5@4=80|=|1\n");
	explain("any PID-3.1 = C", AFF_NONE,
	        "any PID-3.1 = C|PID-3[1].1@1=A&B|=|0\nany PID-3.1 = C|PID-3[2].1@1=C|=|1\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_test_is_told_with_what_it_found,
		any_and_all_tell_of_each_segment,
	};
	return RUN_TESTS("rules_explain", tests);
}
