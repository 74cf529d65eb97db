/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps that copy, move and delete parts of a message, and steps for each repetition of a field.
 */
#include "steps_fixture.h"

static struct aff_step copy(const char *from, const char *to)
{
	return (struct aff_step){.kind = AFF_STEP_COPY, .from = path(from), .path = path(to)};
}

static struct aff_step move(const char *from, const char *to)
{
	return (struct aff_step){.kind = AFF_STEP_MOVE, .from = path(from), .path = path(to)};
}

static struct aff_step delete(const char *what)
{
	return (struct aff_step){.kind = AFF_STEP_DELETE, .path = path(what)};
}

static struct aff_step set(const char *what, const char *value)
{
	return (struct aff_step){.kind = AFF_STEP_SET, .path = path(what), .value = aff_view_of(value)};
}

static const struct {
	const char *from, *to, *before, *copied, *moved;
} parts[] = {
	{"PID-3", "PID-4", "PID|1||A^^^H~B\n", "PID|1||A^^^H~B|A^^^H~B\n", "PID|1|||A^^^H~B\n"},
	{"PID-3[2]", "PID-3[1]", "PID|1||A~B^x~C\n", "PID|1||B^x~B^x~C\n", "PID|1||B^x~C\n"},
	{"PID-3[1]", "PID-3[3]", "PID|1||A~B~C\n", "PID|1||A~B~A\n", "PID|1||B~A\n"},
	{"PID-3[1]", "PID-3[5]", "PID|1||A~B\n", "PID|1||A~B~~~A\n", "PID|1||B~~~A\n"},
	{"PID-3[2]", "PID-3", "PID|1||A~B\n", "PID|1||B\n", "PID|1||B\n"},
	{"PID-3[2]", "PID-2", "PID|1||A~B\n", "PID|1|B|A~B\n", "PID|1|B|A\n"},
	{"PID-5.1", "PID-5.2", "PID|||||A&x^B\n", "PID|||||A&x^A&x\n", "PID|||||^A&x\n"},
	{"PID-5.1", "PID-5", "PID|||||A&x^B\n", "PID|||||A&x\n", "PID|||||A&x\n"},
	{"PID-5.1.2", "PID-5.1", "PID|||||A&x^B\n", "PID|||||x^B\n", "PID|||||x^B\n"},
	{"PID-5.1", "PID-5[1].1", "PID|||||A^B\n", "PID|||||A^B\n", "PID|||||A^B\n"},
	{"MSH-10", "OBR-3", "OBR|1\n", "OBR|1||A1\n", NULL},
	/* an escape is copied as it stands */
	{"PID-5.1", "PID-9", "PID|||||A\\T\\B\n", "PID|||||A\\T\\B||||A\\T\\B\n", "PID|||||||||A\\T\\B\n"},
	/* what is not there changes nothing; a sender's \"\" is there */
	{"PID-3", "PID-4", "PID|1|||B\n", "PID|1|||B\n", "PID|1|||B\n"},
	{"PID-3", "PID-4", "PID|1||^^~&|B\n", "PID|1||^^~&|B\n", "PID|1||^^~&|B\n"},
	{"PID-3[2]", "PID-4", "PID|1||A|B\n", "PID|1||A|B\n", "PID|1||A|B\n"},
	{"PID-3", "PID-4", "PID|1||\"\"|B\n", "PID|1||\"\"|\"\"\n", "PID|1|||\"\"\n"},
	{"PD1-3", "PID-4", "PID|1|||B\n", "PID|1|||B\n", "PID|1|||B\n"},
	{"PID-4", "PD1-3", "PID|1|||B\n", "PID|1|||B\n", "PID|1|||B\n"},
};

START_TEST(parts_are_copied_and_moved)
{
	run_step(copy(parts[_i].from, parts[_i].to), NULL, NULL, parts[_i].before, parts[_i].copied);
	if (parts[_i].moved)
		run_step(move(parts[_i].from, parts[_i].to), NULL, NULL, parts[_i].before, parts[_i].moved);
}
END_TEST

START_TEST(no_part_brings_delimiters_of_a_higher_level)
{
	static const char *const wrong[][3] = {
		{"PID-3", "PID-4.1", "take a part of it, such as PID-3.1"},
		{"PID-3", "PID-4[2]", "take a part of it, such as PID-3[1]"},
		{"PID-3[2]", "PID-4.1", "take a part of it, such as PID-3[2].1"},
		{"PID-5.1", "PID-6.1.1", "take a part of it, such as PID-5.1.1"},
		{"PID-3", "PID-4.1.2", "take a part of it, such as PID-3.1.1"},
		{"PID-3", "PID-3", "leave the step out"},
		{"MSH-2", "PID-3", "they say how the whole message is delimited"},
		{"PID-3", "MSH-1", "they say how the whole message is delimited"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct aff_diag diag = refused(copy(wrong[i][0], wrong[i][1]), NULL);
		ck_assert_str_eq(diag.hint, wrong[i][2]);
		refused(move(wrong[i][0], wrong[i][1]), NULL);
	}
	refused(move("OBR-7", "OBX-14"), "OBX");
	/* within for: PID-3 the field means one repetition */
	refused(copy("PID-3", "PID-4.1"), "PID-3");
	run_step(copy("PID-3", "PID-3[1]"), "PID-3", "PID-3.5 = MR", "PID|||A^^^^PI~B^^^^MR\n",
	         "PID|||B^^^^MR~B^^^^MR\n");
}
END_TEST

START_TEST(copies_are_made_in_each_segment)
{
	run_step(copy("OBR-7", "OBX-14"), "OBX", "empty OBX-14",
	         "OBR|1||||||2026\nOBX|1\nOBX|2||||||||||||2025\nOBR|2\nOBX|3\n",
	         "OBR|1||||||2026\nOBX|1|||||||||||||2026\nOBX|2||||||||||||2025|2026\nOBR|2\n"
	         "OBX|3|||||||||||||2026\n");
	run_step(copy("ORDER_OBSERVATION/OBR-7", "OBX-14"), "OBX", NULL,
	         "OBR|1||||||2026\nOBX|1\nOBR|2||||||2027\nOBX|2\nOBR|3\nOBX|3\n",
	         "OBR|1||||||2026\nOBX|1|||||||||||||2026\nOBR|2||||||2027\nOBX|2|||||||||||||2027\nOBR|3\n"
	         "OBX|3\n");
}
END_TEST

START_TEST(nothing_goes_from_one_patient_to_another)
{
	static const char two[] = "PID|||A\nOBR|1\nOBX|1\nPID|||B\nOBR|2\nOBX|2\n";
	static const char *const wrong[][2] = {
		{"PID[2]-3", "PID[1]-3"}, {"PID-3", "PID[2]-4"}, {"OBX[2]-1", "OBR[1]-3"}, {"OBR[2]-1", "PID-2"}};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct aff_rules *r = program();
		struct aff_diag diag = {0};
		add_step(r, copy(wrong[i][0], wrong[i][1]), NULL, NULL);
		struct aff_rules_result result = run(r, two, NULL, &diag);
		ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
		ck_assert_int_eq(result.code, AFF_EREFUSED);
		ck_assert_uint_eq(result.line, 10);
		ck_assert_int_eq(run_step(move(wrong[i][0], wrong[i][1]), NULL, NULL, two, NULL).verdict,
		                 AFF_VERDICT_REJECT);
	}
	run_step(copy("PID[2]-3", "OBX[2]-4"), NULL, NULL, two,
	         "PID|||A\nOBR|1\nOBX|1\nPID|||B\nOBR|2\nOBX|2|||B\n");
	run_step(copy("PID-3", "OBX-4"), "OBX", NULL, two,
	         "PID|||A\nOBR|1\nOBX|1|||A\nPID|||B\nOBR|2\nOBX|2|||B\n");
}
END_TEST

START_TEST(parts_are_deleted)
{
	static const struct {
		const char *what, *for_each, *when, *before, *after;
	} cases[] = {
		{"PID-19", NULL, NULL, "PID|1||A~B||||||||||||||||123\n", "PID|1||A~B||||||||||||||||\n"},
		{"PID-3", NULL, NULL, "PID|1||A~B|x\n", "PID|1|||x\n"},
		{"PID-13[2]", NULL, NULL, "PID|||||||||||||1~2~3\n", "PID|||||||||||||1~3\n"},
		{"PID-13[3]", NULL, NULL, "PID|||||||||||||1~2~3\n", "PID|||||||||||||1~2\n"},
		{"PID-13[1]", NULL, NULL, "PID|||||||||||||1\n", "PID|||||||||||||\n"},
		{"PID-13[4]", NULL, NULL, "PID|||||||||||||1~2~3\n", "PID|||||||||||||1~2~3\n"},
		{"PID-3.4", NULL, NULL, "PID|||A^^^H^MR~B\n", "PID|||A^^^^MR~B\n"},
		{"PID-3.4.2", NULL, NULL, "PID|||A^^^H&1&I\n", "PID|||A^^^H&&I\n"},
		{"PID-20", NULL, NULL, "PID|1\n", "PID|1\n"},
		/* every segment, or the one that is named, or those for which the condition holds */
		{"OBX-8", NULL, NULL, "OBX|1|||||||H\nOBX|2|||||||L\n", "OBX|1|||||||\nOBX|2|||||||\n"},
		{"OBX[2]-8", NULL, NULL, "OBX|1|||||||H\nOBX|2|||||||L\n", "OBX|1|||||||H\nOBX|2|||||||\n"},
		{"OBX-8", "OBX", "OBX-8 = L", "OBX|1|||||||H\nOBX|2|||||||L\n", "OBX|1|||||||H\nOBX|2|||||||\n"},
		{"PID-3", "PID-3", "PID-3.5 != MR", "PID|||A^^^^PI~B^^^^MR~C\n", "PID|||B^^^^MR\n"},
		{"PID-3.4", "PID-3", "PID-3.5 = MR", "PID|||A^^^H^PI~B^^^H^MR\n", "PID|||A^^^H^PI~B^^^^MR\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		run_step(delete(cases[i].what), cases[i].for_each, cases[i].when, cases[i].before, cases[i].after);
	refused(delete("OBX"), NULL);
	refused(delete("MSH-2"), NULL);
	refused(delete("MSH-10"), NULL);
	refused(delete("MSH-18"), NULL);
	refused(copy("PID-2", "MSH-18"), NULL);
	refused(move("MSH-18", "PID-2"), NULL);
	refused((struct aff_step){.kind = AFF_STEP_DROP_REPETITION}, "MSH-18");
	run_step(copy("MSH-18", "PID-2"), NULL, NULL, "PID|1|x\n", "PID|1|x\n");
	refused(delete("PID-3"), "OBX");
	refused(delete("ORDER_OBSERVATION/OBX-8"), NULL);
}
END_TEST

#define IDS "PID|1||A^^^X^PI~B^^^H^MR~C^^^H^MR~D^^^Y^SS|x\nPID|2||E^^^Y^SS\n"

START_TEST(steps_are_done_for_each_repetition)
{
	struct aff_step drop = {.kind = AFF_STEP_DROP_REPETITION};
	run_step(drop, "PID-3", "PID-3.5 != MR", IDS, "PID|1||B^^^H^MR~C^^^H^MR|x\nPID|2||\n");
	run_step(drop, "PID-3", "not (PID-3.5 in [PI, SS])", IDS, "PID|1||A^^^X^PI~D^^^Y^SS|x\nPID|2||E^^^Y^SS\n");
	run_step(drop, "PID-3", NULL, IDS, "PID|1|||x\nPID|2||\n");
	/* any, all and count are about all repetitions */
	run_step(drop, "PID-3", "any PID-3.5 = MR and PID-3.5 != MR", IDS,
	         "PID|1||B^^^H^MR~C^^^H^MR|x\nPID|2||E^^^Y^SS\n");
	run_step(drop, "PID-3", "count PID-3 > 1", IDS, "PID|1||D^^^Y^SS|x\nPID|2||E^^^Y^SS\n");
	run_step(set("PID-3.4", "{PID-3.5}-{PID-3.1}"), "PID-3", "PID-3.5 in [MR, SS]", IDS,
	         "PID|1||A^^^X^PI~B^^^MR-B^MR~C^^^MR-C^MR~D^^^SS-D^SS|x\nPID|2||E^^^SS-E^SS\n");
	run_step(set("PID-3", "{PID-3.1}"), "PID-3", NULL, IDS, "PID|1||A~B~C~D|x\nPID|2||E\n");
	run_step(set("PID-3[1].2", "{PID-3.1}"), "PID-3", "PID-3.5 = MR", IDS,
	         "PID|1||A^C^^X^PI~B^^^H^MR~C^^^H^MR~D^^^Y^SS|x\nPID|2||E^^^Y^SS\n");
	/* a whole repetition is moved: what is behind it is not left out */
	run_step(move("PID-3", "PID-2"), "PID-3", "PID-3.5 = MR", IDS,
	         "PID|1|C^^^H^MR|A^^^X^PI~D^^^Y^SS|x\nPID|2||E^^^Y^SS\n");
	/* nor when one before it goes */
	run_step(delete("PID-3[1]"), "PID-3", "PID-3.5 = MR", IDS,
	         "PID|1||C^^^H^MR~D^^^Y^SS|x\nPID|2||E^^^Y^SS\n");
	/* repetitions that the step makes are not gone through */
	run_step(copy("PID-3", "PID-3[6]"), "PID-3", NULL, "PID|||A~B\n", "PID|||A~B~~~~B\n");
	/* a condition about another segment of the same id */
	run_step(drop, "OBX-8", "any OBX (OBX-8 = HH)", "OBX|1|||||||H~HH\nOBX|2|||||||HH~L\n",
	         "OBX|1|||||||\nOBX|2|||||||L\n");
	struct aff_step stop = {.kind = AFF_STEP_DROP_MESSAGE};
	ck_assert_int_eq(run_step(stop, "PID-3", "PID-3.5 = SS", IDS, NULL).verdict, AFF_VERDICT_DROP);
	refused(drop, NULL);
	refused(drop, "OBX");
	refused((struct aff_step){.kind = AFF_STEP_DROP_SEGMENT}, "PID-3");
	refused((struct aff_step){.kind = AFF_STEP_UNITS}, "OBX-6");
	refused(set("MSH-5", "x"), "MSH-2");
}
END_TEST

START_TEST(a_message_without_the_delimiter_is_rejected)
{
	struct fixture f;
	struct aff_rules *r = program();
	struct aff_rules_result result;
	struct aff_diag diag = {0};
	add_step(r, copy("PID-3.1", "PID-4[2].2"), NULL, NULL);
	fixture_open(&f, "MSH|^|a|b|||||ORU|1|P|2.3\nPID|1||A\n");
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, AFF_EDELIMITER);
	ck_assert_uint_eq(diag.at.field, 4);
	fixture_close(&f);
	aff_rules_free(r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rules parts");
	TCase *tc = tcase_create("parts");
	tcase_add_loop_test(tc, parts_are_copied_and_moved, 0, (int)(sizeof parts / sizeof parts[0]));
	tcase_add_test(tc, no_part_brings_delimiters_of_a_higher_level);
	tcase_add_test(tc, copies_are_made_in_each_segment);
	tcase_add_test(tc, nothing_goes_from_one_patient_to_another);
	tcase_add_test(tc, parts_are_deleted);
	tcase_add_test(tc, steps_are_done_for_each_repetition);
	tcase_add_test(tc, a_message_without_the_delimiter_is_rejected);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
