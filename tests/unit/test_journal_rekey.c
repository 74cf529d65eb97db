/* SPDX-License-Identifier: Apache-2.0
 *
 * Another master key: while the journal is written, at the start, and through a crash.
 */
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "encrypt_fixture.h"

#define KEY_A "000000000000000000000000000000000000000000000000000000000000000a\n"
#define KEY_B "000000000000000000000000000000000000000000000000000000000000000b\n"

static struct journal_keys look_at_keys(void)
{
	struct journal_keys k;
	struct journal_reader *r = fixture_reader();
	OK(journal_read_keys(r, &k, &diag));
	journal_reader_close(r);
	return k;
}

static void all_is_read(unsigned n)
{
	struct journal_reader *r = fixture_reader();
	OK(search(r, &(struct journal_query){.raw = true, .limit = 1000}));
	ck_assert_uint_eq(rows.n, n);
	OK(search(r, &(struct journal_query){.patient = aff_view_of("P3"), .limit = 1000}));
	ck_assert_uint_eq(rows.n, n / 7 + (n % 7 > 3));
	journal_reader_close(r);
}

static int take_action(void *arg, const struct journal_action *a)
{
	unsigned *n = arg;
	*n += aff_view_is(a->kind, "rekey") && memmem(a->detail.p, a->detail.n, "master key", 10);
	return 0;
}

static unsigned count_actions(void)
{
	unsigned n = 0;
	struct journal_reader *r = fixture_reader();
	OK(journal_read_actions(r, INT64_MAX, 100, take_action, &n, &diag));
	journal_reader_close(r);
	return n;
}

START_TEST(the_master_key_changes_while_the_journal_is_written)
{
	int64_t ids[200];
	bool changed;
	unsigned n = 0;
	write_secret(KEY_A);
	open_journal(10);
	for (; n < 60; n += 5)
		add(n, n + 5, ids);
	struct journal_reader *early = fixture_reader();
	OK(search(early, &(struct journal_query){.raw = true, .limit = 3}));
	OK(journal_rekey(j, aff_view_of("uid 7"), &changed, &diag));
	ck_assert(!changed);
	ck_assert_uint_eq(count_actions(), 0);
	write_secret("nonsense\n" KEY_A);
	ck_assert_int_eq(journal_rekey(j, aff_view_of("uid 7"), &changed, &diag), AFF_ESYNTAX);
	add(n, n + 5, ids);
	n += 5;
	write_secret(KEY_B KEY_A);
	ck_assert_uint_gt(look_at_keys().older, 3);
	OK(journal_rekey(j, aff_view_of("uid 7"), &changed, &diag));
	ck_assert(changed);
	sealer_drain(&j->sealer);
	struct journal_keys k = look_at_keys();
	ck_assert_uint_eq(k.older + k.missing + k.clear, 0);
	ck_assert_uint_gt(k.files, 5);
	ck_assert_uint_eq(count_actions(), 1);
	write_secret(KEY_B);
	add(n, n + 15, ids);
	n += 15;
	all_is_read(n);
	/* One that is open since before. */
	OK(search(early, &(struct journal_query){.raw = true, .limit = 1000}));
	ck_assert_uint_eq(rows.n, n);
	journal_reader_close(early);
	close_journal();
	open_journal(10);
	add(n, n + 5, ids);
	all_is_read(n + 5);
	ck_assert_uint_eq(count_actions(), 1);
	close_journal();
}
END_TEST

START_TEST(the_master_key_changes_at_the_start)
{
	int64_t ids[100];
	write_secret(KEY_A);
	unsigned n = write_mixture(ids);
	write_secret(KEY_B KEY_A);
	open_journal(20);
	sealer_drain(&j->sealer);
	ck_assert_uint_eq(count_actions(), 1);
	close_journal();
	write_secret(KEY_B);
	struct journal_keys k = look_at_keys();
	ck_assert_uint_eq(k.older + k.missing, 0);
	all_is_read(n);
}
END_TEST

START_TEST(an_old_key_that_was_deleted_too_early_can_be_put_back)
{
	int64_t ids[100];
	bool changed;
	unsigned n = 0;
	write_secret(KEY_A);
	open_journal(10);
	for (; n < 40; n += 5)
		add(n, n + 5, ids);
	sealer_drain(&j->sealer);
	write_secret(KEY_B);
	OK(journal_rekey(j, aff_view_of("engine"), &changed, &diag)); /* its own data keys are in memory */
	sealer_drain(&j->sealer);
	ck_assert_uint_gt(look_at_keys().missing, 1);
	write_secret(KEY_B KEY_A);
	OK(journal_rekey(j, aff_view_of("engine"), &changed, &diag));
	ck_assert(!changed);
	sealer_drain(&j->sealer);
	write_secret(KEY_B);
	ck_assert_uint_eq(look_at_keys().missing, 0);
	all_is_read(n);
	close_journal();
}
END_TEST

/* Opens the journal, which changes the key, and ends at some moment without knowing. */
static void open_and_be_killed(suseconds_t after_us)
{
	const struct itimerval timer = {.it_value = {.tv_usec = after_us}};
	pid_t child = fork();
	if (child == 0) {
		struct journal_options o = {.folder = fixture_folder, .file_rows = 10, .encrypt = true};
		struct journal *victim;
		signal(SIGALRM, SIG_DFL);
		setitimer(ITIMER_REAL, &timer, NULL);
		if (!journal_open(&victim, &o, NULL))
			sealer_drain(&victim->sealer);
		for (;;)
			pause();
	}
	int status;
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
}

START_TEST(a_crash_leaves_each_log_file_under_one_key_or_the_other)
{
	int64_t ids[200];
	unsigned n = 0, between = 0;
	write_secret(KEY_A);
	open_journal(10);
	for (; n < 150; n += 5)
		add(n, n + 5, ids);
	sealer_drain(&j->sealer);
	close_journal();
	for (unsigned round = 0; round < 40; round++) {
		write_secret(round % 2 ? KEY_A KEY_B : KEY_B KEY_A);
		open_and_be_killed(2000 + (suseconds_t)round * 1500);
		/* As a start finds it, which looks at every file. */
		open_journal(1000);
		struct journal_keys k = look_at_keys();
		ck_assert_uint_eq(k.missing, 0);
		between += k.older && k.older < k.files;
		all_is_read(n);
		sealer_drain(&j->sealer);
		close_journal();
		ck_assert_uint_eq(look_at_keys().older, 0);
	}
	printf("killed in the middle: %u of 40\n", between);
}
END_TEST

static TCase *changing(void)
{
	TCase *c = tcase_create("changing");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, fixture_teardown);
	tcase_add_test(c, the_master_key_changes_while_the_journal_is_written);
	tcase_add_test(c, the_master_key_changes_at_the_start);
	tcase_add_test(c, an_old_key_that_was_deleted_too_early_can_be_put_back);
	tcase_add_test(c, a_crash_leaves_each_log_file_under_one_key_or_the_other);
	return c;
}

int main(void)
{
	TCase *(*cases[])(void) = {changing};
	return fixture_run(cases, 1, "journal: another master key");
}
