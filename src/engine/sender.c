/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: sender (one per destination).
 * Owns    the window of messages on their way, the pipeline, the output with its connections, a journal reader.
 * Wakes   by its eventfd (new messages in the feed, a request) and by its output's sockets.
 * Blocks  in the output's poll only.
 *
 * Messages are transformed in journal order as they enter the window, then go out on the lane of their order key: one
 * key, one lane, first in first out, one in flight. A lane whose first message has to be tried again waits with it.
 */
#include "engine/sender.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/output.h"
#include "engine/pipeline.h"
#include "engine/sampler.h"
#include "engine/window.h"
#include "sys/clock.h"
#include "sys/log.h"

#define WINDOW_DELIVERIES 1024
#define WINDOW_BYTES (8u << 20)
#define REPORTS_OPEN_MAX 4096u /* outcomes handed to the writer and not yet committed */
#define TAKE 64

struct lane {
	struct delivery *first, *last; /* first: in flight or next */
};

struct request {
	struct conf *conf; /* a reference; NULL: no new snapshot */
	const struct conf_channel *settings;
	const struct conf_dest *dest;
	bool end;
	int64_t deadline_us;
};

struct sender {
	struct writer *writer;
	struct channel *channel;
	char destination[128];
	pthread_t thread;
	struct feed_waiter waiter;
	struct journal_reader *reader;
	struct pipeline *pipeline;
	struct sampler *sampler;
	struct window *window;
	struct output *output;
	struct conf *conf;
	const struct conf_channel *settings;
	const struct conf_dest *dest;
	struct lane *lanes;
	unsigned nlanes, next_lane, flying;
	int64_t position; /* the newest id that entered the window */
	int64_t reported_cursor;
	int64_t warmed; /* -1: the sampler has not seen yet what its window brought before `position` */
	struct outcome_report *first, *last; /* made in this turn */
	_Atomic unsigned open_reports;
	uint64_t random;
	int64_t told_us;
	unsigned untold;
	int64_t dead_told_us;
	unsigned dead_untold;
	bool closing; /* no more is sent: a new snapshot or the end is due */
	bool ended;
	bool blocked; /* the journal could not be read; it is tried again in a second */
	uint64_t backlog, published;
	_Atomic uint64_t counts[JOURNAL_DEAD + 1], retries;
	_Atomic int64_t oldest_us, delivered_us;
	struct histogram latency;
	pthread_mutex_t lock; /* for the next three, and for dest when it changes */
	struct request request;
	bool down;
	char detail[160];
};

/* ---- outcomes ---- */

static void chain_report(struct sender *s, struct outcome_report *r)
{
	atomic_fetch_add(&s->open_reports, 1);
	r->open = &s->open_reports;
	r->outcome.destination = aff_view_of(s->destination);
	if (s->last)
		s->last->next = r;
	else
		s->first = r;
	s->last = r;
}

static void report(struct sender *s, int64_t id, enum journal_outcome_kind kind, const struct delivery *d,
		   const char *detail)
{
	struct outcome_report *r = calloc(1, sizeof *r);
	if (!r) {
		log_error("sender", "%s: out of memory for an outcome", s->destination);
		abort(); /* going on would break the ledger; after a restart the message is sent again */
	}
	r->outcome.message = id;
	r->outcome.kind = kind;
	r->outcome.at_us = clock_wall_us();
	memcpy(r->outcome.snapshot, s->conf->sha256, sizeof r->outcome.snapshot);
	if (d) {
		r->outcome.tries = d->tries;
		r->outcome.sent_length = (uint32_t)d->bytes.n;
		memcpy(r->outcome.sent, d->sha256, sizeof r->outcome.sent);
	}
	snprintf(r->detail, sizeof r->detail, "%s", detail);
	r->outcome.detail = aff_view_of(r->detail);
	chain_report(s, r);
	count(&s->counts[kind], 1);
}

/* Hands the turn's outcomes to the writer, with the cursor where everything before has one. */
static void submit_reports(struct sender *s)
{
	int64_t low_water = window_low_water(s->window);
	if (low_water > s->reported_cursor) {
		if (!s->last) {
			struct outcome_report *r = calloc(1, sizeof *r);
			if (!r)
				return; /* the cursor moves with the next outcome */
			chain_report(s, r);
		}
		s->last->cursor = low_water;
		s->reported_cursor = low_water;
	}
	if (s->first)
		writer_report(s->writer, s->first, s->last);
	s->first = s->last = NULL;
	atomic_store_explicit(&s->oldest_us, window_oldest_us(s->window), memory_order_relaxed);
}

/* ---- into the window ---- */

static unsigned choose_lane(struct sender *s, const struct journal_message *m)
{
	struct aff_view key = m->peer;
	if (s->nlanes == 1)
		return 0;
	if (s->dest->order == CONF_ORDER_NONE)
		return s->next_lane++ % s->nlanes;
	if (s->dest->order == CONF_ORDER_PATIENT && m->patient.n)
		key = m->patient;
	else if (s->dest->order == CONF_ORDER_DEVICE && m->device.n)
		key = m->device;
	return (unsigned)(hash64(key) % s->nlanes);
}

/* Dead letters are told one a minute; the journal has them all. */
static void tell_dead(struct sender *s, int64_t id, unsigned tries, const char *why)
{
	if (!log_once_a_minute(&s->dead_told_us, &s->dead_untold))
		return;
	log_warn("sender", "%s: message %lld is a dead letter after %u tries: %s (%u others since the last such line)",
		 s->destination, (long long)id, tries, why, s->dead_untold);
	s->dead_untold = 0;
}

static void no_memory(struct sender *s)
{
	log_error("sender", "%s: out of memory; the message stays pending", s->destination);
}

static int enqueue(struct sender *s, const struct journal_message *m, const struct pipeline_result *r)
{
	struct delivery *d = window_add(s->window, m->id, m->received_us, r->bytes, r->control_id);
	if (!d)
		return AFF_ENOMEM;
	sha256(d->sha256, d->bytes);
	d->lane = choose_lane(s, m);
	struct lane *lane = &s->lanes[d->lane];
	if (lane->last)
		lane->last->next = d;
	else
		lane->first = d;
	lane->last = d;
	return 0;
}

/* One message enters the window: transformed, filtered, sampled, rendered. */
static int admit(struct sender *s, const struct journal_message *m, struct aff_view raw)
{
	struct pipeline_result r;
	if (window_is_ended(s->window, m->id))
		return window_add_ended(s->window, m->id);
	int rc = pipeline_transform(s->pipeline, s->settings, s->dest, raw, &r);
	if (rc)
		return rc;
	enum journal_outcome_kind kind = r.verdict == PIPELINE_DEAD ? JOURNAL_DEAD : JOURNAL_FILTERED;
	if (r.verdict == PIPELINE_SEND && s->sampler) {
		kind = sampler_apply(s->sampler, m, pipeline_edit(s->pipeline), r.detail, sizeof r.detail);
		if (kind)
			r.verdict = PIPELINE_FILTERED;
	}
	if (r.verdict == PIPELINE_SEND) {
		rc = pipeline_render(s->pipeline, s->dest, &r);
		if (rc)
			return rc;
		if (r.verdict == PIPELINE_SEND)
			return enqueue(s, m, &r);
		kind = JOURNAL_DEAD;
	}
	if (kind == JOURNAL_DEAD)
		tell_dead(s, m->id, 0, r.detail);
	rc = window_add_ended(s->window, m->id);
	if (!rc)
		report(s, m->id, kind, NULL, r.detail);
	return rc;
}

static bool has_room(const struct sender *s)
{
	return window_has_room(s->window) && atomic_load(&s->open_reports) < REPORTS_OPEN_MAX;
}

/* What is done with each message that is read, from the feed or from the journal. */
typedef int row_fn(struct sender *s, const struct journal_message *m, struct aff_view raw);

static int admit_row(struct sender *s, const struct journal_message *m, struct aff_view raw)
{
	if (!has_room(s) || (s->sampler && !sampler_may_apply(s->sampler, m)))
		return 1;
	int rc = admit(s, m, raw);
	if (rc) {
		no_memory(s);
		return 1;
	}
	s->position = m->id;
	return 0;
}

/* A message that was dealt with before a restart or reload: only the sampler's memory is made again. */
static int warm_row(struct sender *s, const struct journal_message *m, struct aff_view raw)
{
	struct pipeline_result r;
	if (m->id > s->position)
		return 1;
	if (!pipeline_transform(s->pipeline, s->settings, s->dest, raw, &r) && r.verdict == PIPELINE_SEND)
		sampler_apply(s->sampler, m, pipeline_edit(s->pipeline), r.detail, sizeof r.detail);
	s->warmed = m->id;
	return 0;
}

static int scan_row(struct sender *s, const struct journal_message *m, struct aff_view raw)
{
	struct pipeline_result r;
	if (!sampler_may_scan(s->sampler, m))
		return 1;
	if (pipeline_transform(s->pipeline, s->settings, s->dest, raw, &r)) {
		no_memory(s);
		return 1;
	}
	sampler_scan(s->sampler, m, r.verdict == PIPELINE_SEND ? pipeline_edit(s->pipeline) : NULL);
	return 0;
}

struct behind {
	struct sender *s;
	row_fn *fn;
	bool stopped;
};

static int on_journal_row(void *arg, const struct journal_row *row)
{
	struct behind *b = arg;
	b->stopped = b->fn(b->s, &row->message, row->raw) != 0;
	return b->stopped;
}

/* Reads on after `after`: from the feed, or from the journal where the feed no longer reaches. Returns the position
 * up to which there is nothing (more) to read. */
static int64_t read_on(struct sender *s, int64_t after, const int64_t *position, row_fn *fn)
{
	struct envelope *taken[TAKE];
	int64_t floor;
	for (;;) {
		int n = feed_take(s->channel->feed, after, taken, TAKE, &floor);
		if (n == AFF_EAGAIN) {
			struct behind b = {s, fn, false};
			struct aff_diag diag = {0};
			int rc = journal_read_channel(s->reader, aff_view_of(feed_channel(s->channel->feed)), after,
						      on_journal_row, &b, &diag);
			if (rc < 0 && log_once_a_minute(&s->told_us, &s->untold)) {
				char text[400];
				log_error("sender", "%s: cannot read the journal: %s", s->destination,
					  aff_diag_format(&diag, text, sizeof text));
			}
			s->blocked = rc < 0;
			if (rc < 0 || b.stopped)
				return *position;
			after = floor > *position ? floor : *position;
			continue;
		}
		bool stopped = false;
		for (int i = 0; i < n; i++) {
			if (!stopped)
				stopped = fn(s, &taken[i]->row, taken[i]->raw) != 0;
			envelope_unref(taken[i]);
		}
		if (stopped || n == 0)
			return n == 0 && after > *position ? after : *position;
		after = *position;
	}
}

static void fill_window(struct sender *s)
{
	if (s->closing || !has_room(s))
		return;
	if (s->sampler && sampler_scans(s->sampler)) {
		int64_t *scanned = sampler_position(s->sampler);
		if (*scanned < s->position)
			*scanned = s->position;
		*scanned = read_on(s, *scanned, scanned, scan_row);
		sampler_close_if_due(s->sampler, clock_wall_us());
	} else if (s->sampler && s->warmed < 0) {
		s->warmed = sampler_window_start(s->sampler, s->position) - 1;
		read_on(s, s->warmed, &s->warmed, warm_row);
	}
	s->position = read_on(s, s->position, &s->position, admit_row);
}

/* ---- out of the window ---- */

static int64_t back_off_us(struct sender *s, unsigned tries)
{
	int64_t most = s->dest->retry.most_ms, wait = s->dest->retry.first_ms;
	for (unsigned i = 1; i < tries && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (int64_t)(s->random % (uint64_t)(wait * 1000 + 1));
}

static void end_delivery(struct sender *s, struct delivery *d, enum journal_outcome_kind kind, const char *detail)
{
	struct lane *lane = &s->lanes[d->lane];
	lane->first = d->next;
	if (!lane->first)
		lane->last = NULL;
	report(s, d->id, kind, d, detail);
	window_end(s->window, d);
}

static void note_state(struct sender *s, bool down, const char *detail)
{
	pthread_mutex_lock(&s->lock);
	bool was_down = s->down;
	s->down = down;
	snprintf(s->detail, sizeof s->detail, "%s", detail);
	pthread_mutex_unlock(&s->lock);
	if (down && !was_down)
		s->told_us = 0;
	if (down && log_once_a_minute(&s->told_us, &s->untold))
		log_warn("sender", "%s: not delivered: %s; it is tried again, messages wait in the journal",
			 s->destination, detail);
	else if (!down && was_down)
		log_info("sender", "%s: delivers again", s->destination);
}

static void on_done(void *arg, unsigned lane, const struct output_answer *answer)
{
	struct sender *s = arg;
	struct delivery *d = s->lanes[lane].first;
	int64_t now = clock_mono_us();
	s->flying--;
	d->state = DELIVERY_QUEUED;
	note_state(s, answer->result == OUTPUT_TRANSIENT, answer->detail);
	bool delivered = answer->result == OUTPUT_DELIVERED;
#ifdef AFF_MUTANT_2 /* sent is taken for delivered */
	delivered = true;
#endif
	if (delivered) {
		int64_t wall = clock_wall_us();
		atomic_store_explicit(&s->delivered_us, wall, memory_order_relaxed);
		histogram_add(&s->latency, wall - d->received_us);
		end_delivery(s, d, JOURNAL_DELIVERED, answer->detail);
		return;
	}
	count(&s->retries, 1);
	bool refused = answer->result == OUTPUT_PERMANENT && ++d->refusals >= s->dest->tries;
	bool too_late = s->dest->retry.give_up_ms && now - d->first_us > s->dest->retry.give_up_ms * 1000;
	if (refused || too_late) {
		tell_dead(s, d->id, d->tries, answer->detail);
		end_delivery(s, d, JOURNAL_DEAD, answer->detail);
		return;
	}
	int64_t wait = back_off_us(s, d->tries);
	if (wait < answer->retry_after_ms * 1000)
		wait = answer->retry_after_ms * 1000;
	d->due_us = now + wait;
}

/* Starts the first message of a lane if it is due. true: something was started. */
static bool start_lane(struct sender *s, unsigned lane, int64_t now)
{
	struct delivery *d = s->lanes[lane].first;
	if (!d || d->state == DELIVERY_FLYING || d->due_us > now)
		return false;
	if (!d->tries++)
		d->first_us = now;
	d->state = DELIVERY_FLYING;
	s->flying++;
	s->output->ops->send(s->output, lane, d->bytes, d->control_id);
	return true;
}

static void start_lanes(struct sender *s)
{
	int64_t now = clock_mono_us();
	if (s->closing)
		return;
	for (unsigned i = 0; i < s->nlanes; i++) {
		while (start_lane(s, i, now))
			; /* an output that is done at once takes the next one in the same turn */
	}
}

/* How long the output may wait, in ms. */
static int wait_ms(const struct sender *s)
{
	int64_t now = clock_mono_us(), until = now + 1000000;
	for (unsigned i = 0; i < s->nlanes; i++) {
		const struct delivery *d = s->lanes[i].first;
		if (d && d->state == DELIVERY_QUEUED && d->due_us < until)
			until = d->due_us;
	}
	if (s->blocked)
		return 1000;
	if (s->sampler) {
		int64_t window = sampler_due_us(s->sampler, clock_wall_us());
		if (now + window < until)
			until = now + window;
	}
	return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

/* ---- snapshots, start and end ---- */

static void drop_output(struct sender *s)
{
	if (s->output)
		s->output->ops->free(s->output);
	s->output = NULL;
	free(s->lanes);
	s->lanes = NULL;
	sampler_free(s->sampler);
	s->sampler = NULL;
}

static int make_output(struct sender *s)
{
	static int (*const make[])(struct output **, const struct conf_dest *, output_done_fn *,
				   void *) = {[CONF_DEST_MLLP] = output_mllp_new,
					      [CONF_DEST_FHIR] = output_fhir_new,
					      [CONF_DEST_FILE] = output_file_new};
	s->nlanes = s->dest->lanes ? s->dest->lanes : 1;
	s->lanes = calloc(s->nlanes, sizeof *s->lanes);
	if (!s->lanes)
		return AFF_ENOMEM;
	s->warmed = -1;
	if (s->dest->sample.every_ms) {
		int rc = sampler_new(&s->sampler, &s->dest->sample, s->dest->sample_line);
		if (rc)
			return rc;
	}
	return make[s->dest->kind](&s->output, s->dest, on_done, s);
}

static void take_request(struct sender *s)
{
	uint64_t n;
	ssize_t got = read(s->waiter.eventfd, &n, sizeof n);
	(void)got;
	pthread_mutex_lock(&s->lock);
	struct request r = s->request;
	bool late = r.end && clock_mono_us() > r.deadline_us;
	if (r.conf && !s->flying)
		s->request.conf = NULL;
	pthread_mutex_unlock(&s->lock);
	s->closing = r.conf || r.end;
	if (r.end && (!s->flying || late)) {
		s->ended = true;
	} else if (r.conf && !s->flying) {
		drop_output(s);
		window_rewind(s->window);
		s->position = window_low_water(s->window);
		conf_unref(s->conf);
		pthread_mutex_lock(&s->lock);
		s->conf = r.conf;
		s->settings = r.settings;
		s->dest = r.dest;
		pthread_mutex_unlock(&s->lock);
		if (make_output(s)) {
			log_error("sender", "%s: out of memory for its output", s->destination);
			abort();
		}
		s->closing = r.end;
	}
}

/* The newest id that was looked at. */
static int64_t read_to(const struct sender *s)
{
	return s->sampler && sampler_scans(s->sampler) ? *sampler_position(s->sampler) : s->position;
}

static void *sender_main(void *arg)
{
	struct sender *s = arg;
	while (!s->ended) {
		take_request(s);
		fill_window(s);
		start_lanes(s);
		submit_reports(s);
		int wait = wait_ms(s);
		atomic_store(&s->waiter.waiting, true);
		if (!s->closing && !s->blocked && has_room(s) && feed_has_after(s->channel->feed, read_to(s)))
			wait = 0;
		if (!s->ended)
			s->output->ops->poll(s->output, s->waiter.eventfd, wait);
		atomic_store(&s->waiter.waiting, false);
	}
	submit_reports(s);
	return NULL;
}

static int on_ended(void *arg, const struct journal_outcome *o)
{
	struct sender *s = arg;
	return window_remember(s->window, o->message);
}

/* Where the journal says the destination stands. */
static int load_cursor(struct sender *s, const char *folder, struct aff_diag *diag)
{
	int64_t position = 0;
	int rc = journal_reader_open(&s->reader, folder, diag);
	if (!rc)
		rc = journal_read_cursor(s->reader, aff_view_of(s->destination), &position, diag);
	if (!rc)
		rc = window_new(&s->window, WINDOW_DELIVERIES, WINDOW_BYTES, position);
	if (!rc)
		rc = journal_read_outcomes(s->reader, aff_view_of(s->destination), position, on_ended, s, diag);
	s->position = s->reported_cursor = position;
	return rc;
}

static void destroy(struct sender *s)
{
	drop_output(s);
	window_free(s->window);
	pipeline_free(s->pipeline);
	journal_reader_close(s->reader);
	conf_unref(s->conf);
	if (s->request.conf)
		conf_unref(s->request.conf);
	close(s->waiter.eventfd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int sender_start(struct sender **out, const struct sender_setup *setup, struct aff_diag *diag)
{
	struct sender *s = calloc(1, sizeof *s);
	if (!s)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	snprintf(s->destination, sizeof s->destination, "%s", setup->dest->full_name);
	s->writer = setup->writer;
	s->channel = setup->channel;
	s->conf = conf_ref(setup->conf);
	s->settings = setup->settings;
	s->dest = setup->dest;
	s->backlog = setup->backlog;
	s->published = setup->published;
	s->random = (uint64_t)clock_wall_us() | 1;
	pthread_mutex_init(&s->lock, NULL);
	s->waiter.eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = s->waiter.eventfd < 0 ? aff_diag_set(diag, AFF_EIO, "cannot make an eventfd: %s", strerror(errno)) : 0;
	if (!rc)
		rc = load_cursor(s, setup->journal, diag);
	if (!rc)
		rc = pipeline_new(&s->pipeline);
	if (!rc)
		rc = make_output(s);
	if (!rc && pthread_create(&s->thread, NULL, sender_main, s))
		rc = aff_diag_set(diag, AFF_ENOMEM, "cannot start a thread");
	if (rc) {
		destroy(s);
		return rc;
	}
	pthread_setname_np(s->thread, "sender");
	feed_join(s->channel->feed, &s->waiter);
	*out = s;
	return 0;
}

static void wake(struct sender *s)
{
	static const uint64_t one = 1;
	ssize_t n = write(s->waiter.eventfd, &one, sizeof one);
	(void)n;
}

void sender_reconfigure(struct sender *s, struct conf *conf, const struct conf_channel *settings,
			const struct conf_dest *dest)
{
	pthread_mutex_lock(&s->lock);
	if (s->request.conf)
		conf_unref(s->request.conf);
	s->request.conf = conf_ref(conf);
	s->request.settings = settings;
	s->request.dest = dest;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

void sender_end(struct sender *s, int64_t deadline_us)
{
	pthread_mutex_lock(&s->lock);
	s->request.end = true;
	s->request.deadline_us = deadline_us;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

void sender_join(struct sender *s)
{
	pthread_join(s->thread, NULL);
	feed_leave(s->channel->feed, &s->waiter);
}

void sender_free(struct sender *s)
{
	if (s)
		destroy(s);
}

const char *sender_destination(const struct sender *s)
{
	return s->destination;
}

void sender_status(struct sender *s, struct sender_status *out)
{
	static const char *const kinds[] = {
		[CONF_DEST_MLLP] = "mllp", [CONF_DEST_FHIR] = "fhir", [CONF_DEST_FILE] = "file"};
	const struct histogram *h = &s->latency;
	memset(out, 0, sizeof *out);
	memcpy(out->destination, s->destination, sizeof out->destination);
	out->delivered = atomic_load(&s->counts[JOURNAL_DELIVERED]);
	out->filtered = atomic_load(&s->counts[JOURNAL_FILTERED]);
	out->merged = atomic_load(&s->counts[JOURNAL_MERGED]);
	out->dead = atomic_load(&s->counts[JOURNAL_DEAD]);
	uint64_t ended = out->delivered + out->filtered + out->merged + out->dead;
	uint64_t came = s->backlog + (feed_published(s->channel->feed) - s->published);
	out->pending = came > ended ? came - ended : 0;
	out->retries = atomic_load(&s->retries);
	out->oldest_us = atomic_load(&s->oldest_us);
	out->delivered_us = atomic_load(&s->delivered_us);
	out->latency_p50_us = histogram_quantile(&h, 1, 500);
	out->latency_p99_us = histogram_quantile(&h, 1, 990);
	pthread_mutex_lock(&s->lock);
	out->kind = kinds[s->dest->kind];
	out->down = s->down;
	memcpy(out->detail, s->detail, sizeof out->detail);
	pthread_mutex_unlock(&s->lock);
}
