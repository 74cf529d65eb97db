/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: answers.
 * Owns    the messages that wait for their outcomes, a reader of the journal.
 * Wakes   by a condition: something came in, the time of some message is up, or the end.
 * Blocks  on the disk, for duplicates: what became of their originals is in the journal.
 *
 * Nothing falls between the two ways to learn of an outcome: a duplicate is counted as waiting by the writer before any
 * later outcome is committed, so the outcome is in the journal when it is looked up, or is told afterwards.
 */
#include "engine/answers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engine/mailbox.h"
#include "sys/clock.h"
#include "sys/log.h"

#define BUCKETS 4096
#define SCAN_US 20000 /* times are up that much too late, at most */
#define IDLE_US 1000000
#define DETAIL_SIZE 160

struct awaited {
	struct awaited *next;        /* in its bucket */
	struct envelope *note;
	int64_t within_us, deadline_us;
	int64_t id;                  /* of the message, or of the original that it repeats */
};

/* What the writer says. */
struct event {
	struct event *next;
	struct awaited *awaited;     /* it waits; NULL: an outcome */
	int64_t id;
	enum journal_outcome_kind kind;
	char destination[128], detail[DETAIL_SIZE];
};

struct answers {
	pthread_t thread;
	char *journal, *secret_file;
	struct journal_reader *reader;
	size_t max_bytes, bytes;     /* of messages that wait; the thread's own, as are the next two */
	struct awaited *buckets[BUCKETS];
	int64_t scan_us;             /* when the next time is up, INT64_MAX: none */
	_Atomic uint64_t waiting;
	pthread_mutex_t lock;        /* for the rest */
	pthread_cond_t came;
	struct event *first, *last;
	bool stop;
};

struct awaited *awaited_new(int64_t within_ms)
{
	static const struct envelope_parts empty;
	char room[DETAIL_SIZE] = "";
	struct envelope_parts parts = empty;
	parts.raw = aff_view(room, sizeof room);
	struct awaited *a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->within_us = within_ms * 1000;
	a->note = envelope_new(&parts);
	if (a->note)
		return a;
	free(a);
	return NULL;
}

void awaited_free(struct awaited *a)
{
	if (!a)
		return;
	envelope_unref(a->note);
	free(a);
}

/* ---- the thread ---- */

/* Sends the note; a is gone. */
static void resolve(struct answers *all, struct awaited *a, enum journal_outcome_kind fate, const char *detail)
{
	struct envelope *note = a->note;
	note->fate = fate;
	size_t n = strlen(detail);
	note->raw.n = n < DETAIL_SIZE ? n : DETAIL_SIZE - 1;
	memcpy(note->data, detail, note->raw.n); /* raw comes first in data */
	free(a);
	atomic_fetch_sub(&all->waiting, 1);
	mailbox_put(note->home, note, note);
}

static struct awaited **bucket_of(struct answers *all, int64_t id)
{
	return &all->buckets[(uint64_t)id * 0x9e3779b97f4a7c15u >> 52];
}

static void take_out(struct answers *all, struct awaited **at)
{
	const struct awaited *a = *at;
	all->bytes -= a->note->about->size;
	*at = a->next;
}

static void wait_for_outcome(struct answers *all, struct awaited *a)
{
	struct awaited **bucket = bucket_of(all, a->id);
	all->bytes += a->note->about->size;
	a->next = *bucket;
	*bucket = a;
	if (a->deadline_us < all->scan_us)
		all->scan_us = a->deadline_us;
}

/* What became of a message at a destination: the newest outcome counts. */
struct fate {
	const char *destination;
	enum journal_outcome_kind kind;
	char detail[DETAIL_SIZE];
};

static int on_outcome(void *arg, const struct journal_outcome *o)
{
	struct fate *f = arg;
	if (!aff_view_is(o->destination, f->destination))
		return 0;
	f->kind = o->kind;
	snprintf(f->detail, sizeof f->detail, "%.*s", (int)o->detail.n, o->detail.p);
	return 0;
}

static int open_reader(struct answers *all)
{
	if (all->reader)
		return 0;
	int rc = journal_reader_open(&all->reader, all->journal, NULL);
	return rc ? rc : journal_reader_use_keys(all->reader, all->secret_file, NULL);
}

/* 0, or why it is not known; *f: what became of the original so far, kind 0: nothing. */
static int look_up(struct answers *all, struct awaited *a, struct fate *f)
{
	const struct envelope *e = a->note->about;
	f->destination = e->awaits;
	int rc = open_reader(all);
	if (!rc)
		rc = journal_find_original(all->reader, &e->row, e->raw, &a->id, NULL);
	if (!rc)
		rc = journal_get_outcomes(all->reader, a->id, on_outcome, f, NULL);
	return rc;
}

static void begin(struct answers *all, struct awaited *a)
{
	const struct envelope *e = a->note->about;
	struct fate f = {.kind = 0};
	bool duplicate = e->row.verdict == JOURNAL_DUPLICATE;
	int rc = duplicate ? look_up(all, a, &f) : 0;
#ifdef AFF_MUTANT_63 /* a message that is sent again is answered as if it were delivered */
	if (duplicate)
		f.kind = JOURNAL_DELIVERED;
#endif
	if (rc)
		log_warn("journal", "what became of a message that was sent again is not known: %s",
			 aff_error_text(rc));
	if (rc || f.kind || all->bytes + e->size > all->max_bytes)
		resolve(all, a, f.kind, f.detail);
	else
		wait_for_outcome(all, a);
}

static void end(struct answers *all, const struct event *o)
{
	for (struct awaited **at = bucket_of(all, o->id); *at;) {
		struct awaited *a = *at;
		if (a->id != o->id || strcmp(a->note->about->awaits, o->destination) != 0) {
			at = &a->next;
			continue;
		}
		take_out(all, at);
		resolve(all, a, o->kind, o->detail);
	}
}

static void expire(struct answers *all)
{
	int64_t now = clock_mono_us();
	if (now < all->scan_us)
		return;
	all->scan_us = INT64_MAX;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct awaited **at = &all->buckets[i]; *at;) {
			struct awaited *a = *at;
			if (a->deadline_us <= now) {
				take_out(all, at);
				resolve(all, a, 0, "");
				continue;
			}
			if (a->deadline_us < all->scan_us)
				all->scan_us = a->deadline_us;
			at = &a->next;
		}
	}
	if (all->scan_us != INT64_MAX)
		all->scan_us += SCAN_US; /* those behind it are up then, too */
}

static void wait_for_event(struct answers *all)
{
	struct timespec until;
	int64_t now = clock_mono_us(), left = all->scan_us - now;
	if (left > IDLE_US)
		left = IDLE_US;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (left < 0 ? 0 : left) * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!all->first && !all->stop) {
		if (pthread_cond_timedwait(&all->came, &all->lock, &until))
			return;
	}
}

static void *answers_main(void *arg)
{
	struct answers *all = arg;
	for (bool stop = false; !stop;) {
		pthread_mutex_lock(&all->lock);
		wait_for_event(all);
		struct event *events = all->first;
		all->first = all->last = NULL;
		stop = all->stop;
		pthread_mutex_unlock(&all->lock);
		for (struct event *v = events, *next; v; v = next) {
			next = v->next;
			if (v->awaited)
				begin(all, v->awaited);
			else
				end(all, v);
			free(v);
		}
		expire(all);
	}
	return NULL;
}

/* ---- start and stop ---- */

static void destroy(struct answers *all)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct awaited *a = all->buckets[i], *next; a; a = next) {
			next = a->next;
			awaited_free(a);
		}
	}
	journal_reader_close(all->reader);
	pthread_cond_destroy(&all->came);
	pthread_mutex_destroy(&all->lock);
	free(all->journal);
	free(all->secret_file);
	free(all);
}

int answers_start(struct answers **out, const char *journal, const char *secret_file, size_t max_bytes)
{
	struct answers *all = calloc(1, sizeof *all);
	if (!all)
		return AFF_ENOMEM;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->came, &monotonic);
	pthread_condattr_destroy(&monotonic);
	all->max_bytes = max_bytes;
	all->scan_us = INT64_MAX;
	all->journal = strdup(journal);
	all->secret_file = secret_file ? strdup(secret_file) : NULL;
	if (!all->journal || (secret_file && !all->secret_file) ||
	    pthread_create(&all->thread, NULL, answers_main, all)) {
		destroy(all);
		return AFF_ENOMEM;
	}
	pthread_setname_np(all->thread, "answers");
	*out = all;
	return 0;
}

void answers_stop(struct answers *all)
{
	if (!all)
		return;
	pthread_mutex_lock(&all->lock);
	all->stop = true;
	pthread_cond_signal(&all->came);
	pthread_mutex_unlock(&all->lock);
	pthread_join(all->thread, NULL);
	destroy(all);
}

/* ---- by the writer ---- */

static void put(struct answers *all, struct event *v)
{
	pthread_mutex_lock(&all->lock);
	if (all->last)
		all->last->next = v;
	else
		all->first = v;
	all->last = v;
	pthread_cond_signal(&all->came);
	pthread_mutex_unlock(&all->lock);
}

struct awaited *answers_prepare(struct envelope *e)
{
	struct awaited *a = e->awaited;
	e->awaited = NULL;
	a->note->about = envelope_ref(e);
	a->note->channel = e->channel;
	a->note->home = e->home;
	a->note->slot = e->slot;
	a->note->generation = e->generation;
	a->id = e->row.id;
	a->deadline_us = clock_mono_us() + a->within_us;
	return a;
}

void answers_chain(struct awaited *before, struct awaited *next)
{
	before->next = next;
}

static void expect(struct answers *all, struct awaited *a)
{
	struct event *v = calloc(1, sizeof *v);
	if (v) {
		atomic_fetch_add(&all->waiting, 1);
		v->awaited = a;
		put(all, v);
	} else {
		log_error("journal", "out of memory: a message is answered by its sender's next try");
		awaited_free(a);
	}
}

void answers_expect(struct answers *all, struct awaited *first)
{
	for (struct awaited *a = first, *next; a; a = next) {
		next = a->next;
		expect(all, a);
	}
}

bool answers_wanted(const struct answers *all)
{
	return atomic_load(&all->waiting) > 0;
}

void answers_tell(struct answers *all, const struct journal_outcome *o)
{
	struct event *v = calloc(1, sizeof *v);
	if (!v)
		return; /* time runs out for it, and the next try is answered by what is in the journal */
	v->id = o->message;
	v->kind = o->kind;
	snprintf(v->destination, sizeof v->destination, "%.*s", (int)o->destination.n, o->destination.p);
	snprintf(v->detail, sizeof v->detail, "%.*s", (int)o->detail.n, o->detail.p);
	put(all, v);
}

uint64_t answers_waiting(const struct answers *all)
{
	return atomic_load(&all->waiting);
}
