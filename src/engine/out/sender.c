/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: sender (one per destination).
 * Owns    the window of messages on their way, the pipeline, the output with its connections, a journal reader.
 * Wakes   by its eventfd (new messages in the feed, a request) and by its output's sockets.
 * Blocks  in the output's poll; where it has to be careful (careful.h), on the writer too.
 *
 * Messages are transformed in journal order as they enter the window, then go out on the lane of their order key: one
 * key, one lane, first in first out, one in flight. A lane whose first message has to be tried again waits with it.
 */
#include "engine/out/sender.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/out/sender_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

#define WINDOW_DELIVERIES 1024
#define WINDOW_BYTES (8u << 20)
#define AHEAD_US 5000

/* When the sender itself has something to do next, at the latest in a second. */
static int64_t next_us(const struct sender *s, int64_t now)
{
	int64_t until = now + 1000000;
	if (s->closing) /* nothing is sent or read: what is in flight ends, or its time does */
		return s->end_us < until ? s->end_us : until;
	if (s->ahead.later_us > now && s->ahead.later_us < until)
		until = s->ahead.later_us;
	int64_t lanes = sender_lanes_due_us(s);
	if (lanes < until)
		until = lanes;
	int64_t careful = careful_due_us(s->careful, s->position, now);
	if (careful < until && sender_has_room(s))
		until = careful;
	int64_t more = sender_wants_more_us(s);
	if (more < until)
		until = more;
	if (sender_is_ahead(s) && now + AHEAD_US < until)
		until = now + AHEAD_US; /* the writer does not say when it has committed outcomes */
	else if (s->sampler && !s->blocked && sender_has_room(s)) {
		int64_t window = sampler_due_us(s->sampler, clock_wall_us());
		if (now + window < until)
			until = now + window;
	}
	return until;
}

/* How long the output may wait, in ms. */
static int wait_ms(const struct sender *s)
{
	int64_t now = clock_mono_us(), until = next_us(s, now);
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
	s->nlanes = s->dest->lanes ? s->dest->lanes : 1;
	s->lanes = calloc(s->nlanes, sizeof *s->lanes);
	if (!s->lanes)
		return AFF_ENOMEM;
	s->warmed = -1;
	s->paced_us = 0;
	if (s->dest->sample.every_ms) {
		int rc = sampler_new(&s->sampler, &s->dest->sample, s->dest->sample_line);
		if (rc)
			return rc;
	}
	if (s->dest->kind == CONF_DEST_CHANNEL)
		return output_channel_new(&s->output, s->dest, s->conf, feed_channel(s->channel->feed), &s->door,
					  sender_on_done, s);
	return output_new(&s->output, s->dest, sender_on_done, s);
}

static void drain_eventfd(const struct sender *s)
{
	uint64_t n;
	ssize_t got = read(s->waiter.eventfd, &n, sizeof n);
	(void)got;
}

static void take_request(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	struct sender_request r = s->request;
	bool late = r.end && clock_mono_us() > r.deadline_us;
	if (r.conf && !s->flying)
		s->request.conf = NULL;
	pthread_mutex_unlock(&s->lock);
	s->closing = r.conf || r.end;
	s->end_us = r.end ? r.deadline_us + 1 : INT64_MAX;
	if (r.end && (!s->flying || late)) {
		s->ended = true;
	} else if (r.conf && !s->flying) {
		drop_output(s);
		sender_drop_ahead(s);
		window_rewind(s->window);
		s->position = window_low_water(s->window);
		careful_rewind(s->careful, s->position);
		struct conf *old = s->conf;
		pthread_mutex_lock(&s->lock);
		s->conf = r.conf;
		s->settings = r.settings;
		s->dest = r.dest;
		s->door.to = r.to;
		pthread_mutex_unlock(&s->lock);
		conf_unref(old); /* not before: sender_status reads from it under the lock */
		if (make_output(s)) {
			log_error("sender", "%s: out of memory for its output", s->destination);
			abort();
		}
		s->closing = r.end;
	}
}

/* Is there something to be read that there is room for? */
static bool has_more(const struct sender *s)
{
	struct feed *feed = s->channel->feed;
	if (!s->blocked && sender_wants_more(s, clock_mono_us()) && feed_has_after(feed, sender_read_to(s)))
		return true;
	return sender_wants_ahead(s) && feed_has_after(feed, s->ahead.seen);
}

static void *sender_main(void *arg)
{
	struct sender *s = arg;
	while (!s->ended) {
		if (atomic_exchange(&s->asked, false) || s->closing)
			take_request(s);
		sender_fill_window(s);
		sender_look_ahead(s);
		sender_start_lanes(s);
		sender_submit_reports(s);
		int wait = wait_ms(s);
		atomic_store(&s->waiter.waiting, true);
		if (!s->closing && has_more(s))
			wait = 0;
		if (!s->ended)
			s->output->ops->poll(s->output, s->waiter.eventfd, wait);
		/* Whoever clears the flag writes to the eventfd a little later, perhaps after this: what was missed is
		 * read after the next wait. */
		if (!atomic_exchange(&s->waiter.waiting, false) || wait)
			drain_eventfd(s);
	}
	sender_submit_reports(s);
	return NULL;
}

static int on_ended(void *arg, const struct journal_outcome *o)
{
	struct sender *s = arg;
	return window_remember(s->window, o->message);
}

/* Where the journal says the destination stands. */
static int load_cursor(struct sender *s, const struct sender_setup *setup, struct aff_diag *diag)
{
	int64_t position = 0;
	int rc = journal_reader_open(&s->reader, setup->journal, diag);
	if (!rc)
		rc = journal_reader_use_keys(s->reader, setup->secret_file, diag);
	if (!rc)
		rc = journal_read_cursor(s->reader, aff_view_of(s->destination), &position, diag);
	if (!rc)
		rc = window_new(&s->window, WINDOW_DELIVERIES, WINDOW_BYTES, position);
	if (!rc)
		rc = journal_read_outcomes(s->reader, aff_view_of(s->destination), position, on_ended, s, diag);
	s->position = s->reported_cursor = position;
	struct careful_setup careful = {.destination = s->destination,
					.until = setup->careful_until,
					.writer = s->writer,
					.alone = setup->alone};
	if (!rc && careful.until > position)
		rc = careful_new(&s->careful, &careful, s->reader, diag);
	return rc;
}

/* Everything but what reports refer to: connections and files are not kept for the writer's sake. */
static void let_go(struct sender *s)
{
	drop_output(s);
	sender_drop_ahead(s);
	window_free(s->window);
	s->window = NULL;
	careful_free(s->careful);
	s->careful = NULL;
	pipeline_free(s->pipeline);
	s->pipeline = NULL;
	journal_reader_close(s->reader);
	s->reader = NULL;
}

static void destroy(struct sender *s)
{
	let_go(s);
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
	s->door = setup->door;
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
		rc = load_cursor(s, setup, diag);
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
	atomic_store(&s->asked, true);
	static const uint64_t one = 1;
	ssize_t n = write(s->waiter.eventfd, &one, sizeof one);
	(void)n;
}

void sender_reconfigure(struct sender *s, struct conf *conf, const struct conf_channel *settings,
			const struct conf_dest *dest, struct channel *to)
{
	pthread_mutex_lock(&s->lock);
	if (s->request.conf)
		conf_unref(s->request.conf);
	s->request.conf = conf_ref(conf);
	s->request.settings = settings;
	s->request.dest = dest;
	s->request.to = to;
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
	let_go(s);
}

bool sender_is_settled(const struct sender *s)
{
	return atomic_load(&s->open_reports) == 0;
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
	out->skipped = atomic_load(&s->skipped);
	out->oldest_us = atomic_load(&s->oldest_us);
	out->held = atomic_load(&s->held);
	out->delivered_us = atomic_load(&s->delivered_us);
	out->latency_p50_us = histogram_quantile(&h, 1, 500);
	out->latency_p99_us = histogram_quantile(&h, 1, 990);
	pthread_mutex_lock(&s->lock);
	out->kind = output_kind_text(s->dest->kind);
	out->down = s->down;
	out->rate_an_hour = s->dest->rate_an_hour;
	memcpy(out->detail, s->detail, sizeof out->detail);
	pthread_mutex_unlock(&s->lock);
}
