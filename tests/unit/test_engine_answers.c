/* SPDX-License-Identifier: Apache-2.0
 *
 * Senders that wait for what becomes of their messages: each gets one note, with the fate at the destination that it
 * waits for, or without one when the time is up or there is no room.
 */
#include <check.h>
#include <poll.h>
#include <stdlib.h>

#include "engine/answers.h"
#include "engine/mailbox.h"
#include "run_suite.h"
#include "sys/clock.h"

#define LONG_MS  60000
#define SHORT_MS 100

static struct answers *answers;
static struct mailbox home;

static void set_up_with(size_t max_bytes)
{
	ck_assert_int_eq(mailbox_init(&home), 0);
	ck_assert_int_eq(answers_start(&answers, "/nowhere/journal", NULL, max_bytes), 0);
}

static void set_up(void)
{
	set_up_with(1 << 20);
}

static void tear_down(void)
{
	answers_stop(answers);
	mailbox_destroy(&home);
}

static void expect(int64_t id, enum journal_verdict verdict, int64_t within_ms)
{
	struct envelope_parts parts = {.raw = aff_view_of("MSH|")};
	parts.row.id = id;
	parts.row.verdict = verdict;
	struct envelope *e = envelope_new(&parts);
	ck_assert_ptr_nonnull(e);
	e->awaits = "ward/ehr";
	e->home = &home;
	e->slot = (uint32_t)id;
	e->awaited = awaited_new(within_ms);
	ck_assert_ptr_nonnull(e->awaited);
	answers_expect(answers, answers_prepare(e));
	envelope_unref(e); /* the writer's */
}

static void tell(int64_t id, const char *destination, enum journal_outcome_kind kind, const char *detail)
{
	const struct journal_outcome o = {.message = id,
					  .destination = aff_view_of(destination),
					  .kind = kind,
					  .detail = aff_view_of(detail)};
	answers_tell(answers, &o);
}

/* The next note, the only one that has come. */
static void comes(int64_t id, enum journal_outcome_kind fate, const char *detail)
{
	struct pollfd mail = {.fd = home.eventfd, .events = POLLIN};
	ck_assert_int_eq(poll(&mail, 1, 20000), 1);
	struct envelope *note = mailbox_take(&home);
	ck_assert_ptr_nonnull(note);
	ck_assert_ptr_null(note->next);
	ck_assert_int_eq(note->about->row.id, id);
	ck_assert_uint_eq(note->slot, (uint32_t)id);
	ck_assert_int_eq(note->fate, fate);
	ck_assert_msg(aff_view_is(note->raw, detail), "%.*s", (int)note->raw.n, note->raw.p);
	envelope_unref(note);
}

START_TEST(the_outcome_at_the_destination_is_told)
{
	ck_assert(!answers_wanted(answers));
	expect(7, JOURNAL_ACCEPTED, LONG_MS);
	expect(8, JOURNAL_ACCEPTED, LONG_MS);
	ck_assert(answers_wanted(answers));
	ck_assert_uint_eq(answers_waiting(answers), 2);
	tell(7, "ward/other", JOURNAL_DELIVERED, "AA");
	tell(9, "ward/ehr", JOURNAL_DELIVERED, "AA");
	tell(7, "ward/ehr", JOURNAL_DEAD, "AE 101");
	comes(7, JOURNAL_DEAD, "AE 101");
	tell(7, "ward/ehr", JOURNAL_DELIVERED, "AA"); /* nobody waits for it any more */
	tell(8, "ward/ehr", JOURNAL_FILTERED, "when");
	comes(8, JOURNAL_FILTERED, "when");
	ck_assert(!answers_wanted(answers));
}
END_TEST

START_TEST(time_runs_out)
{
	int64_t begin = clock_mono_us();
	expect(7, JOURNAL_ACCEPTED, LONG_MS);
	expect(8, JOURNAL_ACCEPTED, SHORT_MS);
	comes(8, 0, "");
	ck_assert_int_ge(clock_mono_us() - begin, SHORT_MS * 1000);
	ck_assert_uint_eq(answers_waiting(answers), 1);
	tell(7, "ward/ehr", JOURNAL_DELIVERED, "AA");
	comes(7, JOURNAL_DELIVERED, "AA");
}
END_TEST

/* What finds no room is told at once that it is not delivered yet. */
START_TEST(memory_is_bounded)
{
	tear_down();
	set_up_with(2 * sizeof(struct envelope));
	expect(1, JOURNAL_ACCEPTED, LONG_MS);
	expect(2, JOURNAL_ACCEPTED, LONG_MS);
	comes(2, 0, "");
	tell(1, "ward/ehr", JOURNAL_MERGED, "into 5");
	comes(1, JOURNAL_MERGED, "into 5");
	expect(3, JOURNAL_ACCEPTED, LONG_MS);
	tell(3, "ward/ehr", JOURNAL_DELIVERED, "AA");
	comes(3, JOURNAL_DELIVERED, "AA");
}
END_TEST

/* Nobody says of it that it was delivered. */
START_TEST(an_original_that_cannot_be_found_is_not_known)
{
	expect(7, JOURNAL_DUPLICATE, LONG_MS);
	comes(7, 0, "");
}
END_TEST

/* The sanitizer would tell what is left behind. */
START_TEST(the_end_drops_what_waits)
{
	for (int64_t id = 1; id <= 100; id++)
		expect(id, JOURNAL_ACCEPTED, LONG_MS);
	tell(50, "ward/ehr", JOURNAL_DELIVERED, "AA");
	comes(50, JOURNAL_DELIVERED, "AA");
	ck_assert_uint_eq(answers_waiting(answers), 99);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine: answers");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_outcome_at_the_destination_is_told);
	tcase_add_test(t, time_runs_out);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_test(t, an_original_that_cannot_be_found_is_not_known);
	tcase_add_test(t, the_end_drops_what_waits);
	suite_add_tcase(s, t);
	return run_suite(s);
}
