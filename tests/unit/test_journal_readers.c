/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers at the side of the writer, in other threads and in another process: they see whole transactions in order,
 * and the ledger is balanced at every instant.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "journal_fixture.h"

#define T0       1700000000000000
#define MESSAGES 6000
#define BATCH    20
#define FILES_OF 1500

static void setup(void)
{
	fixture_setup();
}

static void teardown(void)
{
	fixture_teardown();
}

/* Writes all messages with a delivered outcome for the batch before, cursor included. */
static void write_all(struct journal *j, struct journal_packer *p)
{
	int64_t before[BATCH] = {0};
	for (unsigned i = 0; i < MESSAGES; i += BATCH) {
		int64_t ids[BATCH];
		OK(journal_begin(j, &diag));
		if (i == 0)
			OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), 0, &diag));
		for (unsigned k = 0; k < BATCH; k++)
			ids[k] = fixture_add(j, p, "monitors", i + k, T0 + (int64_t)(i + k) * 10);
		for (unsigned k = 0; k < BATCH && before[k]; k++)
			fixture_outcome(j, before[k], "monitors/ehr", JOURNAL_DELIVERED);
		if (before[0])
			OK(journal_set_cursor(j, aff_view_of("monitors/ehr"), before[BATCH - 1], &diag));
		OK(journal_commit(j, &diag));
		memcpy(before, ids, sizeof before);
	}
}

struct follower {
	int64_t after;
	unsigned n;
};

/* Checks that the next message in order comes, raw and whole. */
static int follow(void *arg, const struct journal_row *row)
{
	struct follower *f = arg;
	char raw[2048];
	if (row->message.id <= f->after || !aff_view_equal(row->raw, fixture_raw(raw, sizeof raw, f->n)))
		return AFF_ECORRUPT;
	f->after = row->message.id;
	f->n++;
	return 0;
}

/* Follows the channel until everything has been seen; returns 0 or what went wrong. */
static int follow_all(struct aff_diag *d)
{
	struct journal_reader *r;
	struct follower f = {0};
	int rc = journal_reader_open(&r, fixture_folder, d);
	while (!rc && f.n < MESSAGES) {
		rc = journal_read_channel(r, aff_view_of("monitors"), f.after, follow, &f, d);
		if (!rc && f.n % BATCH)
			rc = aff_diag_set(d, AFF_ECORRUPT, "a part of a transaction was seen");
	}
	if (!rc)
		journal_reader_close(r);
	return rc;
}

/* Asks for the ledger until all is written. */
static int watch_ledger(struct aff_diag *d)
{
	struct journal_reader *r;
	uint64_t seen = 0;
	int rc = journal_reader_open(&r, fixture_folder, d);
	while (!rc && seen < MESSAGES) {
		struct journal_stats s;
		rc = journal_read_stats(r, &s, d);
		if (rc)
			break;
		const struct journal_ledger *l = s.nledgers ? &s.ledgers[0] : NULL;
		if (l && (l->received != l->delivered + l->pending || l->received != s.messages || l->pending > BATCH))
			rc = aff_diag_set(d, AFF_ECORRUPT, "received %llu, delivered %llu, pending %llu",
			                  (unsigned long long)l->received, (unsigned long long)l->delivered,
			                  (unsigned long long)l->pending);
		seen = s.messages;
		journal_stats_free(&s);
	}
	if (!rc)
		journal_reader_close(r);
	return rc;
}

struct job {
	pthread_t thread;
	int (*work)(struct aff_diag *);
	struct aff_diag d;
	int rc;
};

static void *do_job(void *arg)
{
	struct job *job = arg;
	job->rc = job->work(&job->d);
	return NULL;
}

START_TEST(threads_read_while_the_writer_writes)
{
	struct job jobs[] = {{.work = follow_all}, {.work = follow_all}, {.work = watch_ledger}};
	struct journal_packer *p;
	struct journal *j = fixture_open(FILES_OF);
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&jobs[i].thread, NULL, do_job, &jobs[i]), 0);
	write_all(j, p);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(pthread_join(jobs[i].thread, NULL), 0);
		ck_assert_msg(jobs[i].rc == 0, "%s: %s", aff_error_name(jobs[i].rc), jobs[i].d.text);
	}
	journal_packer_free(p);
	journal_close(j);
}
END_TEST

START_TEST(another_process_reads_while_the_writer_writes)
{
	struct journal_packer *p;
	int ready[2];
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		char c;
		struct aff_diag d = {0};
		int rc = read(ready[0], &c, 1) == 1 ? follow_all(&d) : AFF_EIO;
		if (rc)
			fprintf(stderr, "child: %s: %s\n", aff_error_name(rc), d.text);
		_exit(rc ? 1 : 0);
	}
	struct journal *j = fixture_open(FILES_OF);
	ck_assert_int_eq(journal_packer_new(&p, j), 0);
	ck_assert_int_eq(write(ready[1], "x", 1), 1);
	write_all(j, p);
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(ready[0]);
	close(ready[1]);
	journal_packer_free(p);
	journal_close(j);
}
END_TEST

#define PACKERS 3

struct packing {
	pthread_t thread;
	struct journal *j;
	unsigned from;
	struct aff_buf bodies;
	size_t ends[1000];
	uint32_t dictionary[1000];
};

static void *pack_thousand(void *arg)
{
	struct packing *w = arg;
	struct journal_packer *p;
	if (journal_packer_new(&p, w->j))
		return NULL;
	for (unsigned i = 0; i < 1000; i++) {
		char raw[2048];
		struct aff_view text = fixture_raw(raw, sizeof raw, w->from + i);
		if (journal_pack(p, aff_view_of("monitors"), text, &w->bodies, &w->dictionary[i]))
			break;
		w->ends[i] = w->bodies.n;
	}
	journal_packer_free(p);
	return w;
}

/* The dictionary appears in the middle of it. */
START_TEST(threads_pack_for_one_writer)
{
	static struct packing w[PACKERS];
	static struct fixture_rows rows;
	struct journal *j = fixture_open(0);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < PACKERS; i++) {
			w[i] = (struct packing){.j = j, .from = (round * PACKERS + i) * 1000};
			aff_buf_init(&w[i].bodies, 10 << 20);
			ck_assert_int_eq(pthread_create(&w[i].thread, NULL, pack_thousand, &w[i]), 0);
		}
		for (unsigned i = 0; i < PACKERS; i++) {
			void *result;
			ck_assert_int_eq(pthread_join(w[i].thread, &result), 0);
			ck_assert_ptr_nonnull(result);
			OK(journal_begin(j, &diag));
			for (unsigned k = 0; k < 1000; k++) {
				char raw[2048], control[24];
				size_t at = k ? w[i].ends[k - 1] : 0;
				snprintf(control, sizeof control, "C%u", w[i].from + k);
				struct journal_message m = {
					.received_us = T0,
					.channel = aff_view_of("monitors"),
					.control_id = aff_view_of(control),
					.verdict = JOURNAL_ACCEPTED,
					.dictionary = w[i].dictionary[k],
					.length = (uint32_t)fixture_raw(raw, sizeof raw, w[i].from + k).n,
					.body = aff_view(w[i].bodies.p + at, w[i].ends[k] - at),
				};
				OK(journal_add_message(j, &m, &diag));
			}
			OK(journal_commit(j, &diag));
			aff_buf_free(&w[i].bodies);
		}
		sealer_drain(&j->sealer);
	}
	ck_assert_uint_eq(w[0].dictionary[0], 1);
	struct journal_reader *r = fixture_reader();
	rows.check_raw = true;
	OK(journal_read_channel(r, aff_view_of("monitors"), 0, fixture_collect, &rows, &diag));
	ck_assert_uint_eq(rows.n, 2 * PACKERS * 1000);
	journal_reader_close(r);
	journal_close(j);
}
END_TEST

static TCase *cases(void)
{
	TCase *c = tcase_create("readers");
	tcase_set_timeout(c, 300);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, threads_read_while_the_writer_writes);
	tcase_add_test(c, another_process_reads_while_the_writer_writes);
	tcase_add_test(c, threads_pack_for_one_writer);
	return c;
}

int main(void)
{
	TCase *(*all[])(void) = {cases};
	return fixture_run(all, 1, "journal: readers at the writer's side");
}
