/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated ward: its messages are conformant and plausible, and the same seed plays the same.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include <afferent/dtm.h>
#include <afferent/validate.h>

#include "cli/idset.h"
#include "cli/ward.h"
#include "run_suite.h"

#define START_US (INT64_C(1736937000) * 1000000)
#define SECOND_US INT64_C(1000000)
#define BEDS 8

static struct ward ward;
static struct aff_buf out;
static struct aff_msg *msg;
static char id[WARD_ID_SIZE];

static void set_up(void)
{
	aff_buf_init(&out, 1 << 20);
	ck_assert_int_eq(aff_msg_new(&msg, NULL), 0);
	ck_assert_int_eq(ward_init(&ward, BEDS, 7, 25, START_US), 0);
}

static void tear_down(void)
{
	ward_free(&ward);
	aff_msg_free(msg);
	aff_buf_free(&out);
}

static void make(bool pump, unsigned bed, int64_t now)
{
	aff_buf_clear(&out);
	if (pump)
		ward_pump_message(&ward, &ward.beds[bed], now, &out, id);
	else
		ward_monitor_message(&ward, &ward.beds[bed], now, &out, id);
	ck_assert_int_eq(out.error, 0);
	ck_assert_int_eq(aff_msg_parse(msg, out.p, out.n, 0, NULL), 0);
}

START_TEST(messages_conform_to_ihe_pcd)
{
	unsigned events = 0, reports = 0;
	for (int turn = 0; turn < 600; turn++) {
		for (unsigned bed = 0; bed < BEDS; bed++) {
			struct aff_diag first = {0};
			struct aff_diag_list findings;
			char text[512];
			make(turn % 2, bed, START_US + turn * SECOND_US);
			aff_diag_list_init(&findings, 16);
			const struct aff_checks all = {.level = AFF_CHECK_TABLES, .ihe = AFF_IHE_AUTO};
			int errors = aff_validate(msg, &all, &findings, &first);
			ck_assert_msg(errors == 0, "%s\n%.*s", aff_diag_format(&first, text, sizeof text), (int)out.n,
				      out.p);
			/* The only thing to warn of is what is meant to be so. */
			ck_assert_msg(findings.warnings == 0 || ward.beds[bed].vendor_codes, "%s",
				      aff_diag_format(findings.items, text, sizeof text));
			aff_diag_list_free(&findings);
			if (aff_view_is(aff_msg_get(msg, 0, 9, 1, 2, 0), "R42"))
				events++;
			else
				reports++;
		}
	}
	ck_assert_uint_gt(events, 2 * BEDS); /* each pump has started, and has been through at least once */
	ck_assert_uint_gt(reports, events);
}
END_TEST

START_TEST(control_ids_are_unique_and_in_the_message)
{
	struct idset ids;
	idset_init(&ids, 10000);
	for (int i = 0; i < 1000; i++) {
		make(i % 2, (unsigned)i % BEDS, START_US + i);
		ck_assert(aff_view_is(aff_msg_field(msg, 0, 10), id));
		ck_assert_int_eq(idset_add(&ids, aff_view_of(id)), 1);
	}
	idset_free(&ids);
}
END_TEST

/* Another start would give other control ids; the same one must give the same bytes. */
START_TEST(the_same_seed_plays_the_same)
{
	struct ward again;
	struct aff_buf copy;
	char other[WARD_ID_SIZE];
	aff_buf_init(&copy, 1 << 20);
	ck_assert_int_eq(ward_init(&again, BEDS, 7, 25, START_US), 0);
	for (int i = 0; i < 100; i++) {
		make(i % 2, 3, START_US + i * SECOND_US);
		aff_buf_clear(&copy);
		if (i % 2)
			ward_pump_message(&again, &again.beds[3], START_US + i * SECOND_US, &copy, other);
		else
			ward_monitor_message(&again, &again.beds[3], START_US + i * SECOND_US, &copy, other);
		ck_assert(aff_view_equal(aff_buf_view(&out), aff_buf_view(&copy)));
	}
	ward_free(&again);
	ck_assert_int_eq(ward_init(&again, BEDS, 8, 25, START_US), 0);
	ck_assert_double_ne(again.beds[0].vitals.heart_rate, ward.beds[0].vitals.heart_rate);
	ward_free(&again);
	aff_buf_free(&copy);
}
END_TEST

START_TEST(values_stay_plausible_and_move)
{
	for (unsigned b = 0; b < BEDS; b++) {
		struct ward_bed *bed = &ward.beds[b];
		double lowest = 1000, highest = 0;
		for (int i = 0; i < 20000; i++) {
			const struct ward_vitals *v = &bed->vitals;
			ward_vitals_step(bed, START_US + i * SECOND_US);
			ck_assert(v->heart_rate >= 38 && v->heart_rate <= 165);
			ck_assert(v->saturation >= 82 && v->saturation <= 100);
			ck_assert(v->temperature >= 35 && v->temperature <= 40.5);
			ck_assert(v->diastolic < v->systolic && v->diastolic > 30);
			lowest = v->heart_rate < lowest ? v->heart_rate : lowest;
			highest = v->heart_rate > highest ? v->heart_rate : highest;
		}
		ck_assert_double_gt(highest - lowest, 10);
	}
}
END_TEST

START_TEST(the_cuff_measures_once_a_minute_and_keeps_its_time)
{
	unsigned with_cuff = 0;
	for (int i = 0; i < 600; i++) {
		make(false, 0, START_US + i * SECOND_US);
		unsigned s = AFF_NONE;
		while ((s = aff_msg_find(msg, "OBX", s == AFF_NONE ? 0 : s + 1)) != AFF_NONE) {
			if (!aff_view_is(aff_msg_get(msg, s, 3, 1, 1, 0), "150021"))
				continue;
			struct aff_dtm t;
			with_cuff++;
			ck_assert_int_eq(aff_dtm_parse(&t, aff_msg_field(msg, s, 14)), 0);
			ck_assert(t.has_zone);
			ck_assert_int_eq(aff_dtm_micros(&t, 0), START_US + i * SECOND_US);
		}
	}
	ck_assert_uint_eq(with_cuff, 10);
}
END_TEST

START_TEST(a_pump_starts_delivers_and_completes)
{
	struct ward_bed *bed = &ward.beds[0];
	bool running = false;
	unsigned rounds = 0;
	for (int i = 0; i < 3600; i++) {
		double before = bed->pump.given;
		enum ward_pump_event e = ward_pump_step(bed, START_US + i * SECOND_US);
		if (e == WARD_PUMP_STARTED) {
			ck_assert(!running && bed->pump.given == 0);
			running = true;
		} else if (e == WARD_PUMP_COMPLETED) {
			ck_assert(running && bed->pump.given == bed->pump.planned);
			running = false;
			rounds++;
		} else {
			ck_assert(running ? bed->pump.given > before : bed->pump.given == before);
			ck_assert(bed->pump.given <= bed->pump.planned);
		}
	}
	ck_assert_uint_gt(rounds, 2);
}
END_TEST

START_TEST(the_share_of_vendor_codes_is_as_asked)
{
	const unsigned percents[] = {0, 25, 50, 100};
	for (size_t i = 0; i < 4; i++) {
		struct ward w;
		unsigned n = 0;
		ck_assert_int_eq(ward_init(&w, 40, 1, percents[i], START_US), 0);
		for (unsigned b = 0; b < 40; b++)
			n += w.beds[b].vendor_codes;
		ck_assert_uint_eq(n, 40 * percents[i] / 100);
		ward_free(&w);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_ward");
	TCase *t = tcase_create("ward");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, messages_conform_to_ihe_pcd);
	tcase_add_test(t, control_ids_are_unique_and_in_the_message);
	tcase_add_test(t, the_same_seed_plays_the_same);
	tcase_add_test(t, values_stay_plausible_and_move);
	tcase_add_test(t, the_cuff_measures_once_a_minute_and_keeps_its_time);
	tcase_add_test(t, a_pump_starts_delivers_and_completes);
	tcase_add_test(t, the_share_of_vendor_codes_is_as_asked);
	suite_add_tcase(s, t);
	return run_suite(s);
}
