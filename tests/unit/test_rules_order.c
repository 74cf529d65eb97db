/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments before the first order, put into order.
 */
#include "steps_fixture.h"

static struct aff_step order(const char (*ids)[4], size_t count)
{
	return (struct aff_step){.kind = AFF_STEP_ORDER, .order = ids, .order_count = count};
}

START_TEST(segments_follow_the_list)
{
	static const char ids[][4] = {"MSH", "SFT", "PID", "PD1", "NK1", "PV1", "PV2"};
	static const char *const cases[][2] = {
		{"PV1||I\nPID|||A\nOBR|1\nOBX|1\n", "PID|||A\nPV1||I\nOBR|1\nOBX|1\n"},
		{"PID|||A\nPV1||I\nOBR|1\n", "PID|||A\nPV1||I\nOBR|1\n"},
		{"PV2\nPV1||I\nPD1\nPID|||A\nSFT|x\n", "SFT|x\nPID|||A\nPD1\nPV1||I\nPV2\n"},
		/* notes and what is not in the list go with what they stand behind */
		{"PV1||I\nNTE|1\nZPV\nPID|||A\nNTE|2\nNTE|3\nZPI\nOBR|1\n",
	         "PID|||A\nNTE|2\nNTE|3\nZPI\nPV1||I\nNTE|1\nZPV\nOBR|1\n"},
		{"ZAA\nPV1||I\nPID|||A\n", "ZAA\nPID|||A\nPV1||I\n"},
		/* equal ones stay as they were */
		{"NK1|1\nNTE|1\nPID|||A\nNK1|2\n", "PID|||A\nNK1|1\nNTE|1\nNK1|2\n"},
		/* nothing behind an order or a reading is moved */
		{"PV1||I\nPID|||A\nOBX|1\nPV1||O\nPID|||B\nOBR|1\nOBX|2\n",
	         "PID|||A\nPV1||I\nOBX|1\nPV1||O\nPID|||B\nOBR|1\nOBX|2\n"},
		{"ORC|RE\nPV1||I\nPID|||A\nOBR|1\n", "ORC|RE\nPV1||I\nPID|||A\nOBR|1\n"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		run_step(order(ids, sizeof ids / sizeof ids[0]), NULL, NULL, cases[i][0], cases[i][1]);
}
END_TEST

START_TEST(segments_follow_the_structure)
{
	run_step(order(NULL, 0), NULL, NULL, "PV2\nPV1||I\nNTE|1\nPD1\nPID|||A\nZAA\nSFT|x\nOBR|1\nOBX|1\nNTE|2\n",
	         "SFT|x\nPID|||A\nZAA\nPD1\nPV1||I\nNTE|1\nPV2\nOBR|1\nOBX|1\nNTE|2\n");
	struct fixture f;
	struct aff_rules *r = program();
	struct aff_rules_result result;
	add_step(r, order(NULL, 0), NULL, NULL);
	fixture_open(&f, "MSH|^~\\&|a|b|||||ZZZ^Z01|1|P|2.6\nPV1||I\nPID|||A\n"); /* of no known structure */
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
	ck_assert(!aff_edit_changed(f.edit));
	fixture_close(&f);
	aff_rules_free(r);
}
END_TEST

#define ADT "MSH|^~\\&|a|b|||||ADT^A01^ADT_A01|1|P|2.5\n"

/* The second part of an insurance stays with its first one, and a role with the visit or procedure it is about. */
START_TEST(what_belongs_together_stays_together)
{
	struct fixture f;
	struct aff_rules *r = program();
	struct aff_rules_result result;
	add_step(r, order(NULL, 0), NULL, NULL);
	fixture_open(&f, ADT "EVN|A01\nPV1||I\nROL|visit\nIN1|1\nIN2|a\nIN1|2\nIN2|b\nPR1|1\nROL|one\nPR1|2\n"
		     "PID|||A\nROL|patient\nPD1\n");
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
	ck_assert_str_eq(fixture_text(&f), ADT "EVN|A01\nPID|||A\nROL|patient\nPD1\nPV1||I\nROL|visit\n"
	                 "PR1|1\nROL|one\nPR1|2\nIN1|1\nIN2|a\nIN1|2\nIN2|b\n");
	fixture_close(&f);
	aff_rules_free(r);
}
END_TEST

START_TEST(patients_are_not_mixed)
{
	static const char ids[][4] = {"PID", "PV1"};
	struct aff_rules_result result =
		run_step(order(ids, 2), NULL, NULL, "PV1||I\nPID|||A\nPV1||O\nPID|||B\nOBR|1\n", NULL);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	ck_assert_int_eq(result.code, AFF_EREFUSED);
}
END_TEST

START_TEST(wrong_orders_are_refused)
{
	static const char orders[][4] = {"PID", "OBR"}, notes[][4] = {"PID", "NTE"}, twice[][4] = {"PID", "PID"};
	static const char late[][4] = {"PID", "MSH"}, good[][4] = {"PID", "PV1"};
	refused(order(orders, 2), NULL);
	refused(order(notes, 2), NULL);
	refused(order(twice, 2), NULL);
	refused(order(late, 2), NULL);
	refused(order(good, 2), "PID");
}
END_TEST

START_TEST(segments_are_moved_by_the_editor)
{
	struct fixture f;
	fixture_open(&f, MSH "AAA|1\nBBB|1\nCCC|1\nDDD|1");
	ck_assert_int_eq(aff_edit_move(f.edit, 3, 1), 0);
	ck_assert_str_eq(fixture_text(&f), MSH "CCC|1\nAAA|1\nBBB|1\nDDD|1");
	ck_assert_int_eq(aff_edit_move(f.edit, 1, 4), 0);
	ck_assert_str_eq(fixture_text(&f), MSH "AAA|1\nBBB|1\nDDD|1\nCCC|1");
	ck_assert_int_eq(aff_edit_move(f.edit, 0, 1), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_move(f.edit, 1, 0), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_move(f.edit, 1, 5), AFF_EARGUMENT);
	ck_assert_int_eq(aff_edit_move(f.edit, 5, 1), AFF_EARGUMENT);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {segments_follow_the_list, segments_follow_the_structure,
	                              what_belongs_together_stays_together, patients_are_not_mixed,
	                              wrong_orders_are_refused, segments_are_moved_by_the_editor};
	return RUN_TESTS("rules_order", tests);
}
