/* SPDX-License-Identifier: Apache-2.0
 *
 * Out of the window: each lane sends its first message, and what the destination answers becomes an outcome, a later
 * try, or a dead letter.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/out/sender_internal.h"
#include "sys/backoff.h"
#include "sys/clock.h"
#include "sys/log.h"

#define URGENT_PAUSE_MS 1000 /* longest pause of a message with priority */

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

static struct outcome_report *make_report(struct sender *s, int64_t id, enum journal_outcome_kind kind,
					  const struct delivery *d, const char *detail)
{
	struct outcome_report *r = calloc(1, sizeof *r);
	if (!r) {
		log_error("sender", "%s: out of memory for an outcome", s->destination);
		abort(); /* going on would break the ledger; after a restart the message is sent again */
	}
	r->outcome.message = id;
	r->outcome.kind = kind;
	r->outcome.destination = aff_view_of(s->destination);
	r->outcome.at_us = clock_wall_us();
	memcpy(r->outcome.snapshot, s->conf->sha256, sizeof r->outcome.snapshot);
	if (d) {
		r->outcome.tries = d->tries > d->most_tries ? d->tries : d->most_tries;
		r->outcome.sent_length = (uint32_t)d->bytes.n;
		memcpy(r->outcome.sent, d->sha256, sizeof r->outcome.sent);
	}
	r->count = careful_covers(s->careful, id); /* counted or not: it is forgotten */
	snprintf(r->detail, sizeof r->detail, "%s", detail);
	r->outcome.detail = aff_view_of(r->detail);
	return r;
}

void sender_report(struct sender *s, int64_t id, enum journal_outcome_kind kind, const struct delivery *d,
		   const char *detail)
{
	chain_report(s, make_report(s, id, kind, d, detail));
	count(&s->counts[kind], 1);
}

/* Hands the turn's outcomes to the writer, with the cursor where everything before has one. */
void sender_submit_reports(struct sender *s)
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

/* Dead letters are told one a minute; the journal has them all. */
void sender_tell_dead(struct sender *s, int64_t id, unsigned tries, const char *why)
{
	if (!log_once_a_minute(&s->dead_told_us, &s->dead_untold))
		return;
	log_warn("sender", "%s: message %lld is a dead letter after %u tries: %s (%u others since the last such line)",
		 s->destination, (long long)id, tries, why, s->dead_untold);
	s->dead_untold = 0;
}

void sender_tell_skipped(struct sender *s, int64_t id, const struct pipeline_result *r)
{
	count(&s->skipped, r->skipped);
	if (!log_once_a_minute(&s->skipped_told_us, &s->skipped_untold))
		return;
	log_warn("sender",
		 "%s: message %lld goes on without the step at line %u: %s (%u others since the last such line)",
		 s->destination, (long long)id, r->skipped_line, r->skipped_why, s->skipped_untold);
	s->skipped_untold = 0;
}

static int64_t pause_us(struct sender *s, const struct delivery *d)
{
	int64_t first = s->dest->retry.first_ms, most = s->dest->retry.most_ms;
	if (d->urgent && most > URGENT_PAUSE_MS)
		most = first > URGENT_PAUSE_MS ? first : URGENT_PAUSE_MS;
	return backoff_us(&s->random, first, most, d->tries);
}

/* It has its outcome. */
static void leave(struct sender *s, struct delivery *d)
{
	careful_end(s->careful, d);
	if (!sender_end_ahead(s, d))
		window_end(s->window, d);
}

static void end_delivery(struct sender *s, struct delivery *d, enum journal_outcome_kind kind, const char *detail)
{
	lane_remove(&s->lanes[d->lane], d);
	sender_report(s, d->id, kind, d, detail);
	leave(s, d);
}

#define DETAIL_SIZE 320 /* the report shortens it */

/* With what the transform did: nobody shall find a value missing without a word. */
static const char *delivered_detail(char text[DETAIL_SIZE], const struct delivery *d, const char *answer)
{
	struct aff_buf detail = {.p = text, .allocated = DETAIL_SIZE, .max = DETAIL_SIZE};
	if (d->skipped)
		aff_buf_printf(&detail, "step at line %u skipped", d->skipped_line);
	if (d->skipped > 1)
		aff_buf_printf(&detail, " and %u more", d->skipped - 1);
	if (d->suspect)
		aff_buf_printf(&detail, "%s%u suspect reading%s", d->skipped ? "; " : "", d->suspect,
			       d->suspect == 1 ? "" : "s");
	if (detail.n)
		aff_buf_put_text(&detail, "; ");
	if (d->nparts)
		aff_buf_printf(&detail, "%u parts; ", d->nparts);
	aff_buf_printf(&detail, "%s", answer);
	aff_buf_put_char(&detail, '\0');
	return detail.error ? answer : text;
}

static void end_delivered(struct sender *s, struct delivery *d, const struct output_answer *answer)
{
	char detail[DETAIL_SIZE];
	if (!answer->committed) {
		end_delivery(s, d, JOURNAL_DELIVERED, delivered_detail(detail, d, answer->detail));
		return;
	}
	lane_remove(&s->lanes[d->lane], d);
	count(&s->counts[JOURNAL_DELIVERED], 1);
	leave(s, d);
}

static void note_state(struct sender *s, bool down, const char *detail)
{
	if (!down && !s->down && strcmp(s->detail, detail) == 0)
		return; /* only this thread writes them */
	pthread_mutex_lock(&s->lock);
	s->down = down;
	snprintf(s->detail, sizeof s->detail, "%s", detail);
	pthread_mutex_unlock(&s->lock);
	/* Some answers of many may be bad all the time: two lines a minute, then, not two for each. */
	if (down && log_once_a_minute(&s->told_us, &s->untold)) {
		s->told_down = true;
		log_warn("sender", "%s: not delivered: %s; it is tried again, messages wait in the journal",
			 s->destination, detail);
	} else if (!down && s->told_down) {
		s->told_down = false;
		log_info("sender", "%s: delivers again", s->destination);
	}
}

void sender_release(struct sender *s, struct delivery *d, bool tried)
{
	int attempts = careful_release(s->careful, d, tried);
	struct outcome_report *r = attempts < 0 ? NULL : calloc(1, sizeof *r);
	if (!r)
		return; /* out of memory: it stays counted, by one too many */
	r->outcome.message = d->id;
	r->count = true;
	r->attempts = (unsigned)attempts;
	chain_report(s, r);
}

/* One part is confirmed and is not sent again as long as the process lives; true: there is another one. */
static bool next_part(struct delivery *d)
{
	if (d->part + 1 >= d->nparts)
		return false;
	d->part++;
	if (d->tries > d->most_tries)
		d->most_tries = d->tries;
	d->tries = d->refusals = 0;
	d->due_us = 0;
	return true;
}

static void end_dead(struct sender *s, struct delivery *d, const char *answer)
{
	char detail[DETAIL_SIZE];
	struct aff_buf text = {.p = detail, .allocated = sizeof detail, .max = sizeof detail};
	if (d->nparts)
		aff_buf_printf(&text, "part %u of %u: ", d->part + 1, d->nparts);
	aff_buf_printf(&text, "%s", answer);
	aff_buf_put_char(&text, '\0');
	const char *why = text.error ? answer : detail;
	sender_tell_dead(s, d->id, d->tries, why);
	end_delivery(s, d, JOURNAL_DEAD, why);
}

/* The first message of a lane has been sent; the ones behind it wait. */
static void release_lane(struct sender *s, const struct lane *lane)
{
	for (unsigned q = 0; q < LANE_QUEUES; q++)
		for (struct delivery *d = lane->queue[q].first; d; d = d->next)
			sender_release(s, d, d->tries && d == lane->queue[q].first);
}

void sender_on_done(void *arg, unsigned lane, const struct output_answer *answer)
{
	struct sender *s = arg;
	struct delivery *d = s->lanes[lane].flying;
	int64_t now = clock_mono_us();
	s->flying--;
	s->lanes[lane].flying = NULL;
	d->state = DELIVERY_QUEUED;
	note_state(s, answer->result == OUTPUT_TRANSIENT, answer->detail);
	bool delivered = answer->result == OUTPUT_DELIVERED;
#ifdef AFF_MUTANT_2 /* sent is taken for delivered */
	delivered = true;
#endif
#ifdef AFF_MUTANT_68 /* one part is taken for all */
	d->nparts = 0;
#endif
	if (delivered && next_part(d))
		return;
	if (delivered) {
		int64_t wall = clock_wall_us();
		atomic_store_explicit(&s->delivered_us, wall, memory_order_relaxed);
		histogram_add(&s->latency, wall - d->received_us);
		end_delivered(s, d, answer);
		return;
	}
	count(&s->retries, 1);
	bool refused = answer->result == OUTPUT_PERMANENT && ++d->refusals >= s->dest->tries;
	bool too_late = s->dest->retry.give_up_ms && now - d->first_us > s->dest->retry.give_up_ms * 1000;
	if (refused || too_late) {
		end_dead(s, d, answer->detail);
		return;
	}
#ifdef AFF_MUTANT_67 /* a refused part begins from the first one again */
	d->part = 0;
#endif
	release_lane(s, &s->lanes[lane]);
	int64_t wait = pause_us(s, d);
	if (wait < answer->retry_after_ms * 1000)
		wait = answer->retry_after_ms * 1000;
	d->due_us = now + wait;
}

/* After what became of earlier ones. */
static bool count_first(struct sender *s, struct delivery *d)
{
	sender_submit_reports(s);
	return careful_count(s->careful, d);
}

/* Starts the next message of a lane if it is due. true: something was started. */
static bool start_lane(struct sender *s, unsigned lane, int64_t now)
{
	struct delivery *d = lane_next(&s->lanes[lane], now);
	if (!d || d->due_us > now)
		return false;
	if (careful_must_count(s->careful, d) && !count_first(s, d)) {
		d->due_us = now + CAREFUL_AGAIN_US;
		return false;
	}
	if (!d->tries++ && !d->part)
		d->first_us = now;
	d->state = DELIVERY_FLYING;
	s->lanes[lane].flying = d;
	s->flying++;
	struct split_part part = delivery_part(d);
	struct output_message m = {.bytes = part.bytes, .control_id = part.control_id, .id = d->id};
	char detail[DETAIL_SIZE];
	if (s->output->ops->commits)
		m.report = make_report(s, d->id, JOURNAL_DELIVERED, d, delivered_detail(detail, d, ""));
	s->output->ops->send(s->output, lane, &m);
	return true;
}

#define PACE_SLACK_US 5000 /* waits end late by a millisecond or so: what they cost is made up for */
#define HOUR_US       INT64_C(3600000000)

/* One after the other, as the rate allows. */
static void start_paced(struct sender *s, int64_t now)
{
	int64_t interval = (HOUR_US + (int64_t)s->dest->rate_an_hour - 1) / (int64_t)s->dest->rate_an_hour;
	int lane = lanes_choose(s->lanes, s->nlanes, now);
	while (lane >= 0 && s->paced_us <= now) {
		int64_t from = s->paced_us < now - PACE_SLACK_US ? now - PACE_SLACK_US : s->paced_us;
		if (start_lane(s, (unsigned)lane, now))
			s->paced_us = from + interval;
		lane = lanes_choose(s->lanes, s->nlanes, now);
	}
	atomic_store_explicit(&s->held, lane >= 0, memory_order_relaxed);
}

int64_t sender_lanes_due_us(const struct sender *s)
{
	int64_t due = lanes_due_us(s->lanes, s->nlanes);
	return s->dest->rate_an_hour && due < s->paced_us ? s->paced_us : due;
}

void sender_start_lanes(struct sender *s)
{
	int64_t now = clock_mono_us();
	if (careful_is_late(s->careful, now)) {
		for (unsigned i = 0; i < s->nlanes; i++)
			release_lane(s, &s->lanes[i]);
	}
	if (s->closing)
		return;
	if (s->dest->rate_an_hour) {
		start_paced(s, now);
		return;
	}
	for (unsigned i = 0; i < s->nlanes; i++) {
		while (start_lane(s, i, now))
			; /* an output that is done at once takes the next one in the same turn */
	}
}
