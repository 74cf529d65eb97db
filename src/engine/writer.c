/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: journal writer.
 * Owns    the journal's write side and the transaction in progress.
 * Wakes   by a condition: something was queued, a call is asked for, or the end.
 * Blocks  on the disk only.
 *
 * Natural batching: whatever is queued when a commit ends makes the next one, up to BATCH_ROWS or BATCH_BYTES; an
 * idle engine commits at once. A full disk refuses the batch's messages, or keeps them where the configuration says so
 * (on_full: stall), and keeps its outcomes for later; any other
 * failure of the disk ends the process, because after a failed fsync nothing that is said about durability can be
 * believed.
 */
#include "engine/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "engine/answers.h"
#include "engine/channel.h"
#include "engine/judge.h"
#include "engine/mailbox.h"
#include "sys/clock.h"
#include "sys/log.h"

#define BATCH_ROWS 512
#define BATCH_BYTES (1u << 20)
#define FULL_RETRY_MS 200
#define TEND_MS       1000
#define COMPANY_US  1000

struct chain {
	struct envelope *first, *last;
};
struct reports {
	struct outcome_report *first, *last;
};
struct call {
	struct call *next;
	writer_call_fn *fn;
	void *arg;
	struct aff_diag *diag;
	int result;
	bool done;
};

struct writer {
	struct journal *journal;
	struct resends *resends;
	struct answers *answers;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, called;
	struct chain queue; /* under lock, as are the next three */
	struct reports reports;
	struct call *calls;
	bool stop;
	unsigned queued;                 /* envelopes in the queue; under lock */
	unsigned last_rows;              /* of the last commit; the writer's own, as is the next */
	int64_t mean_commit_us;
	int64_t clock_watch;             /* the writer's own */
	struct reports open; /* the writer's own: reports to commit, kept over a full disk */
	struct chain stalled; /* the writer's own: messages that wait for room (on_full: stall) */
	_Atomic uint64_t commits, messages, outcomes;
	_Atomic bool full;
	struct histogram commit_us;
};

static void fail_stop(const struct aff_diag *diag)
{
	char text[400];
	log_error("journal", "%s; the journal cannot be trusted to be durable: stopping without answering",
		  aff_diag_format(diag, text, sizeof text));
	_exit(EX_IOERR);
}

/* Takes up to one batch from the queue. The messages of one frame stay together: all are stored or none is. */
static void take(struct writer *w, struct chain *batch)
{
	unsigned rows = 0;
	size_t bytes = 0;
	batch->first = w->queue.first;
	batch->last = NULL;
	for (struct envelope *e = w->queue.first; e; e = e->next) {
		if ((rows >= BATCH_ROWS || bytes >= BATCH_BYTES) && !batch->last->more)
			break;
		rows++;
		bytes += e->row.body.n;
		batch->last = e;
	}
	if (!batch->last)
		return;
	w->queue.first = batch->last->next;
	w->queued -= rows;
	w->last_rows = rows;
	batch->last->next = NULL;
	if (!w->queue.first)
		w->queue.last = NULL;
}

/* One report into the transaction: 0 or the journal's error. */
static int add_report(struct writer *w, struct outcome_report *r, struct aff_diag *diag)
{
	int rc = 0;
#ifdef AFF_MUTANT_8 /* an outcome is lost on its way to the journal */
	if (r->outcome.kind == JOURNAL_FILTERED)
		r->outcome.kind = 0;
#endif
	if (r->outcome.kind)
		rc = journal_add_outcome(w->journal, &r->outcome, diag);
	if (!rc && r->count)
		rc = journal_set_attempts(w->journal, r->outcome.destination, r->outcome.message, r->attempts, diag);
	if (!rc && r->cursor)
		rc = journal_set_cursor(w->journal, r->outcome.destination, r->cursor, diag);
	return rc;
}

struct aff_view handed_over_detail(char buf[HANDED_OVER_SIZE], const struct journal_outcome *o,
				   const struct journal_message *there)
{
	int n = snprintf(buf, HANDED_OVER_SIZE, "%.*smessage %lld of %.*s%s", (int)o->detail.n, o->detail.p,
			 (long long)there->id, (int)there->channel.n, there->channel.p,
			 there->verdict == JOURNAL_KEPT ? ", kept" : "");
	return aff_view(buf, n < HANDED_OVER_SIZE ? (size_t)n : HANDED_OVER_SIZE - 1);
}

/* A message, and the outcome of the one that it was handed over for: both, or none. */
static int add_message(struct writer *w, struct envelope *e, struct aff_diag *diag)
{
	char detail[HANDED_OVER_SIZE];
	judge_message(w->resends, e);
	int rc = journal_add_message(w->journal, &e->row, diag);
	if (rc || !e->with)
		return rc;
	struct journal_outcome o = e->with->outcome;
	o.detail = handed_over_detail(detail, &o, &e->row);
	rc = journal_add_outcome(w->journal, &o, diag);
	if (!rc && e->with->count)
		rc = journal_set_attempts(w->journal, o.destination, o.message, e->with->attempts, diag);
	return rc;
}

/* One transaction of the batch and the open reports. */
static int transact(struct writer *w, const struct chain *batch, struct aff_diag *diag)
{
	uint64_t messages = 0, outcomes = 0;
	int64_t begin = clock_mono_us();
	int rc = journal_begin(w->journal, diag);
	for (struct envelope *e = batch->first; !rc && e; e = e->next, messages++) {
		outcomes += e->with != NULL;
		rc = add_message(w, e, diag);
	}
	for (struct outcome_report *r = w->open.first; !rc && r; r = r->next, outcomes++)
		rc = add_report(w, r, diag);
	if (!rc)
		rc = journal_commit(w->journal, diag);
	judge_settle(w->resends, batch->last, !rc);
	if (rc) {
		journal_rollback(w->journal);
		return rc;
	}
	int64_t took = clock_mono_us() - begin;
	w->mean_commit_us += (took - w->mean_commit_us) / 8;
	histogram_add(&w->commit_us, took);
	count(&w->commits, 1);
	count(&w->messages, messages);
	count(&w->outcomes, outcomes);
	return 0;
}

/* Those who wait for an outcome get to know what was committed. */
static void tell_outcomes(const struct writer *w, const struct chain *batch)
{
	if (!w->answers || !answers_wanted(w->answers))
		return;
	for (const struct outcome_report *r = w->open.first; r; r = r->next)
		if (r->outcome.kind)
			answers_tell(w->answers, &r->outcome);
	for (const struct envelope *e = batch->first; e; e = e->next)
		if (e->with)
			answers_tell(w->answers, &e->with->outcome);
}

/* Committed messages go to the feeds of their channels; others have no destinations. Returns those whose senders want
 * to know what becomes of them. */
static struct awaited *publish(const struct chain *batch)
{
	struct awaited *first = NULL, *last = NULL;
	for (struct envelope *e = batch->first; e; e = e->next) {
		bool waits = e->row.verdict == JOURNAL_ACCEPTED || e->row.verdict == JOURNAL_DUPLICATE;
		if (e->awaits && waits) {
			struct awaited *a = answers_prepare(e);
			if (last)
				answers_chain(last, a);
			else
				first = a;
			last = a;
		}
		if (e->row.verdict == JOURNAL_ACCEPTED)
			feed_publish(e->channel->feed, e);
		judge_tell(e);
	}
	return first;
}

static void wake_senders(struct channel *const *woken, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		feed_wake(woken[i]->feed);
}

/* Gives the batch back to the io threads. Envelopes of one io thread stay in order. The channels are remembered
 * first: an envelope may be gone once it is handed over. */
static void finish(struct chain *batch, int result)
{
	struct channel *woken[64];
	unsigned nwoken = 0;
	while (batch->first) {
		struct chain part = {batch->first, batch->first};
		struct mailbox *home = batch->first->home;
		for (struct envelope *e = batch->first; e && e->home == home; e = e->next) {
			e->result = result;
			free(e->with);
			e->with = NULL;
			part.last = e;
			unsigned i = 0;
			while (i < nwoken && woken[i] != e->channel)
				i++;
			if (i == nwoken && nwoken < 64)
				woken[nwoken++] = e->channel;
			else if (i == nwoken)
				feed_wake(e->channel->feed);
		}
		batch->first = part.last->next;
		part.last->next = NULL;
		mailbox_put(home, part.first, part.last);
	}
	if (!result)
		wake_senders(woken, nwoken);
}

static void free_reports(struct reports *reports)
{
	while (reports->first) {
		struct outcome_report *r = reports->first;
		reports->first = r->next;
		if (r->open)
			atomic_fetch_sub(r->open, 1);
		free(r);
	}
	reports->last = NULL;
}

static void tell_full(struct writer *w)
{
	bool full = journal_is_full(w->journal), was_full = atomic_exchange(&w->full, full);
	if (full && !was_full)
		log_error("journal", "the disk is full: no messages are taken until there is room; delivery goes on");
	else if (!full && was_full)
		log_info("journal", "there is room again: messages are taken");
}

/* The messages found no room; what became of earlier ones may find some. */
static void commit_reports(struct writer *w)
{
	struct chain nothing = {NULL, NULL};
	struct aff_diag diag = {0};
	int rc = transact(w, &nothing, &diag);
	if (rc && rc != AFF_EFULL)
		fail_stop(&diag);
	if (!rc) {
		tell_outcomes(w, &nothing);
		free_reports(&w->open);
	}
}

static void chain_add(struct chain *to, struct envelope *e)
{
	e->next = NULL;
	if (to->last)
		to->last->next = e;
	else
		to->first = e;
	to->last = e;
}

/* Takes those out of the batch that wait for room; the others are refused. */
static void keep_stalled(struct writer *w, struct chain *batch)
{
	struct chain refused = {NULL, NULL};
	for (struct envelope *e = batch->first, *next; e; e = next) {
		next = e->next;
		chain_add(e->stall ? &w->stalled : &refused, e);
	}
	*batch = refused;
}

/* Those that waited come first. */
static void join_stalled(struct writer *w, struct chain *batch)
{
	if (!w->stalled.first)
		return;
	w->stalled.last->next = batch->first;
	batch->first = w->stalled.first;
	if (!batch->last)
		batch->last = w->stalled.last;
	w->stalled = (struct chain){NULL, NULL};
}

static void commit_batch(struct writer *w, struct chain *batch)
{
	struct aff_diag diag = {0};
	struct awaited *waiting = NULL;
#ifdef AFF_MUTANT_1 /* answers what was never committed */
	int rc = 0;
#else
	int rc = transact(w, batch, &diag);
#endif
	if (rc && rc != AFF_EFULL)
		fail_stop(&diag);
	if (!rc) {
		tell_outcomes(w, batch);
		waiting = publish(batch);
		free_reports(&w->open);
	} else if (batch->first && w->open.first) {
		commit_reports(w);
	}
	tell_full(w);
	if (rc)
		keep_stalled(w, batch);
#ifdef AFF_MUTANT_93 /* what becomes of a message overtakes the answer that it is stored */
	answers_expect(w->answers, waiting);
	waiting = NULL;
	usleep(2000);
#endif
	finish(batch, rc);
	answers_expect(w->answers, waiting);
}

static void tend(struct writer *w)
{
	struct aff_diag diag = {0};
	int rc = journal_tend(w->journal, &diag);
	if (rc && rc != AFF_EFULL)
		fail_stop(&diag);
	tell_full(w);
}

static void run_calls(struct writer *w, struct call *calls)
{
	for (struct call *c = calls, *next; c; c = next) {
		next = c->next;
		int result = c->fn(c->arg, w->journal, c->diag);
		pthread_mutex_lock(&w->lock);
		c->result = result;
		c->done = true;
		pthread_cond_broadcast(&w->called);
		pthread_mutex_unlock(&w->lock);
	}
}

static void tell_clock(struct writer *w)
{
	int64_t by = clock_was_set_us(&w->clock_watch);
	if (by)
		log_warn("engine", "the clock was set %s by %.0f s; order, time-outs and what is kept do not follow it",
			 by < 0 ? "back" : "ahead", (double)(by < 0 ? -by : by) / 1e6);
}

static bool idle(const struct writer *w)
{
	return !w->queue.first && !w->reports.first && !w->calls && !w->stop;
}

static void wait_for_work(struct writer *w)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t most = w->open.first || w->stalled.first ? FULL_RETRY_MS : TEND_MS;
	until.tv_sec += most / 1000;
	until.tv_nsec += most % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (idle(w)) {
		if (pthread_cond_timedwait(&w->work, &w->lock, &until))
			return; /* a full disk may have room by now; the journal may want something done */
	}
}

static void append(struct reports *to, struct reports *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	from->first = from->last = NULL;
}

/* Natural batching splits senders that wait for their answers into two halves, each waiting for the other's commit. A
 * short wait, until half as many as took part last are there, joins them: never longer than a commit takes, or a
 * millisecond. For an outcome nobody waits: it goes with the next messages, if there are any within a millisecond. */
static void wait_for_company(struct writer *w)
{
	unsigned wanted = (w->last_rows + w->queued) / 2;
	int64_t most = w->queue.first && w->mean_commit_us < COMPANY_US ? w->mean_commit_us : COMPANY_US;
	struct timespec until;
	if (!w->queue.first && !w->reports.first)
		return;
	if (!wanted)
		wanted = 1;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += most * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (w->queued < wanted && !w->stop && !w->calls) {
		if (pthread_cond_timedwait(&w->work, &w->lock, &until))
			return;
	}
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	for (;;) {
		struct chain batch;
		pthread_mutex_lock(&w->lock);
		wait_for_work(w);
		wait_for_company(w);
		take(w, &batch);
		append(&w->open, &w->reports);
		struct call *calls = w->calls;
		w->calls = NULL;
		bool stop = w->stop, last = stop && !batch.first && !calls;
		pthread_mutex_unlock(&w->lock);
		tell_clock(w);
		join_stalled(w, &batch);
		if (batch.first || w->open.first)
			commit_batch(w, &batch);
		else
			tend(w);
		run_calls(w, calls);
		if (stop) /* without an answer: they are sent again */
			finish(&w->stalled, AFF_EFULL);
		if (last)
			break;
	}
	/* left over only when the disk is full: the cursor stands before them, they are made again */
	free_reports(&w->open);
	return NULL;
}

int writer_start(struct writer **out, struct journal *journal, struct resends *resends, struct answers *answers)
{
	struct writer *w = calloc(1, sizeof *w);
	if (!w)
		return AFF_ENOMEM;
	w->journal = journal;
	w->resends = resends;
	w->answers = answers;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_cond_init(&w->called, NULL);
	if (pthread_create(&w->thread, NULL, writer_main, w)) {
		free(w);
		return AFF_ENOMEM;
	}
	pthread_setname_np(w->thread, "writer");
	*out = w;
	return 0;
}

void writer_stop(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->called);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void writer_submit(struct writer *w, struct envelope *first, struct envelope *last)
{
	unsigned n = 0;
	for (const struct envelope *e = first; e; e = e->next)
		n++;
	pthread_mutex_lock(&w->lock);
	w->queued += n;
	if (w->queue.last)
		w->queue.last->next = first;
	else
		w->queue.first = first;
	w->queue.last = last;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

void writer_report(struct writer *w, struct outcome_report *first, struct outcome_report *last)
{
	struct reports more = {first, last};
	pthread_mutex_lock(&w->lock);
	append(&w->reports, &more);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

int writer_call(struct writer *w, writer_call_fn *fn, void *arg, struct aff_diag *diag)
{
	struct call call = {.fn = fn, .arg = arg, .diag = diag};
	pthread_mutex_lock(&w->lock);
	call.next = w->calls;
	w->calls = &call;
	pthread_cond_signal(&w->work);
	while (!call.done)
		pthread_cond_wait(&w->called, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return call.result;
}

bool writer_is_full(const struct writer *w)
{
	return atomic_load(&w->full);
}

void writer_stats(const struct writer *w, struct writer_stats *out)
{
	const struct histogram *h = &w->commit_us;
	out->commits = atomic_load(&w->commits);
	out->messages = atomic_load(&w->messages);
	out->outcomes = atomic_load(&w->outcomes);
	out->full = atomic_load(&w->full);
	out->commit_p50_us = histogram_quantile(&h, 1, 500);
	out->commit_p99_us = histogram_quantile(&h, 1, 990);
}
