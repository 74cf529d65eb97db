/* SPDX-License-Identifier: Apache-2.0
 *
 * Into the window: messages come from the feed while the sender keeps up, from the journal when it is behind, and are
 * transformed, filtered, sampled and rendered in journal order.
 */
#include "engine/peer.h"
#include "engine/out/sender_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

#define REPORTS_OPEN_MAX 4096u /* outcomes handed to the writer and not yet committed */
#define TAKE 64
#define CROWDED_US 5000

/* What order: connection keeps in order. A client over HTTP may connect anew for each message: all of its messages are
 * of one connection. */
static struct aff_view connection_of(const struct sender *s, const struct journal_message *m)
{
	return s->settings->source.kind == CONF_SOURCE_HTTP ? peer_sender(m->peer) : peer_order(m->peer);
}

static unsigned choose_lane(struct sender *s, const struct journal_message *m)
{
	struct aff_view key = connection_of(s, m);
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

void sender_no_memory(struct sender *s)
{
	log_error("sender", "%s: out of memory; the message stays pending", s->destination);
}

void sender_dispatch(struct sender *s, const struct arrival *a, const struct pipeline_result *r, struct delivery *d)
{
	bool unchanged = r->bytes.p == a->raw.p && r->bytes.n == a->raw.n;
	d->suspect = r->suspect;
	d->skipped = r->skipped;
	d->skipped_line = r->skipped_line;
	if (r->skipped)
		sender_tell_skipped(s, a->row->id, r);
	if (unchanged && a->sha256)
		memcpy(d->sha256, a->sha256, SHA256_SIZE);
	else
		sha256(d->sha256, d->bytes);
	d->lane = choose_lane(s, a->row);
	lane_add(&s->lanes[d->lane], d);
}

/* A delivery of the window was counted with the others of its round. */
static void let_in(struct sender *s, struct delivery *d)
{
	if (!d->counted)
		careful_add(s->careful, d);
	if (!lane_head(&s->lanes[d->lane])->counted) /* it may take long until this one's turn comes */
		sender_release(s, d, false);
}

static int enqueue(struct sender *s, const struct arrival *a, const struct pipeline_result *r, bool urgent)
{
	struct delivery *d = delivery_new(a->row->id, a->row->received_us, r->bytes, r->control_id);
	if (!d || (r->nparts && delivery_set_parts(d, r->bytes, r->parts, r->nparts))) {
		delivery_free(d);
		return AFF_ENOMEM;
	}
	window_adopt(s->window, d);
	d->urgent = urgent;
	sender_dispatch(s, a, r, d);
	let_in(s, d);
	return 0;
}

static void adopt(struct sender *s, struct delivery *d)
{
	window_adopt(s->window, d);
	let_in(s, d);
}

/* A message that was dealt with before a restart or reload: only the sampler's memory is made again. */
static void remind_sampler(struct sender *s, const struct arrival *a)
{
	struct pipeline_result r;
	if (pipeline_has_priority(s->pipeline, s->settings, s->dest, a->raw))
		return;
	if (!pipeline_transform(s->pipeline, s->settings, s->dest, a->raw, &r) && r.verdict == PIPELINE_SEND)
		sampler_apply(s->sampler, a->row, pipeline_edit(s->pipeline), r.detail, sizeof r.detail);
}

/* It is the message itself that ends the process. */
static int give_up(struct sender *s, int64_t id)
{
	static const char why[] = "the process ended three times while this message was tried alone";
	log_error("sender", "%s: message %lld is a dead letter: %s", s->destination, (long long)id, why);
	int rc = window_add_ended(s->window, id);
	if (!rc)
		sender_report(s, id, JOURNAL_DEAD, NULL, why);
	return rc;
}

/* One message enters the window: transformed, filtered, sampled, rendered. */
static int admit(struct sender *s, const struct arrival *a)
{
	const struct journal_message *m = a->row;
	struct pipeline_result r;
	if (window_is_ended(s->window, m->id)) {
		if (s->sampler && !sampler_scans(s->sampler))
			remind_sampler(s, a);
		return window_add_ended(s->window, m->id);
	}
	struct delivery *ahead = sender_take_ahead(s, m->id);
	if (ahead) {
		adopt(s, ahead);
		return 0;
	}
	if (careful_gives_up(s->careful, m->id))
		return give_up(s, m->id);
	bool urgent = pipeline_has_priority(s->pipeline, s->settings, s->dest, a->raw);
	int rc = pipeline_transform(s->pipeline, s->settings, s->dest, a->raw, &r);
	if (rc)
		return rc;
	enum journal_outcome_kind kind = r.verdict == PIPELINE_DEAD ? JOURNAL_DEAD : JOURNAL_FILTERED;
	if (r.verdict == PIPELINE_SEND && s->sampler && !urgent) {
		kind = sampler_apply(s->sampler, m, pipeline_edit(s->pipeline), r.detail, sizeof r.detail);
		if (kind)
			r.verdict = PIPELINE_FILTERED;
	}
	if (r.verdict == PIPELINE_SEND) {
		rc = pipeline_render(s->pipeline, s->dest, &r);
		if (rc)
			return rc;
		if (r.verdict == PIPELINE_SEND)
			return enqueue(s, a, &r, urgent);
		kind = JOURNAL_DEAD;
	}
	if (kind == JOURNAL_DEAD)
		sender_tell_dead(s, m->id, 0, r.detail);
	rc = window_add_ended(s->window, m->id);
	if (!rc)
		sender_report(s, m->id, kind, NULL, r.detail);
	return rc;
}

bool sender_has_room(const struct sender *s)
{
	return window_has_room(s->window) && !sender_is_ahead(s);
}

bool sender_is_ahead(const struct sender *s)
{
	return atomic_load(&s->open_reports) >= REPORTS_OPEN_MAX;
}

int64_t sender_wants_more_us(const struct sender *s)
{
	return s->crowded_us && sender_has_room(s) ? s->crowded_us + CROWDED_US : INT64_MAX;
}

bool sender_wants_more(const struct sender *s, int64_t now_us)
{
	bool roomy = window_is_roomy(s->window) && atomic_load(&s->open_reports) <= REPORTS_OPEN_MAX / 4 * 3;
	return sender_has_room(s) && (roomy || !s->crowded_us || now_us >= s->crowded_us + CROWDED_US);
}

static int admit_row(struct sender *s, const struct arrival *a)
{
	const struct journal_message *m = a->row;
	if (!sender_has_room(s) || m->id > careful_allowed(s->careful))
		return 1;
	if (s->sampler && !sampler_may_apply(s->sampler, m))
		return 1;
	int rc = admit(s, a);
	if (rc) {
		sender_no_memory(s);
		return 1;
	}
	s->position = m->id;
	return 0;
}

static int warm_row(struct sender *s, const struct arrival *a)
{
	const struct journal_message *m = a->row;
	if (m->id > s->position)
		return 1;
	remind_sampler(s, a);
	s->warmed = m->id;
	return 0;
}

static int scan_row(struct sender *s, const struct arrival *a)
{
	const struct journal_message *m = a->row;
	struct pipeline_result r;
	if (!sampler_may_scan(s->sampler, m))
		return 1;
	if (pipeline_has_priority(s->pipeline, s->settings, s->dest, a->raw)) {
		sampler_scan(s->sampler, m, NULL);
		return 0;
	}
	if (pipeline_transform(s->pipeline, s->settings, s->dest, a->raw, &r)) {
		sender_no_memory(s);
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
	b->stopped = b->fn(b->s, &(struct arrival){&row->message, row->raw, NULL}) != 0;
	return b->stopped;
}

int64_t sender_read_on(struct sender *s, int64_t after, const int64_t *position, row_fn *fn)
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
			s->crowded_us = b.stopped && !sender_has_room(s) ? clock_mono_us() : 0;
			if (rc < 0 || b.stopped)
				return *position;
			after = floor > *position ? floor : *position;
			continue;
		}
		bool stopped = false;
		for (int i = 0; i < n; i++) {
			const struct envelope *e = taken[i];
			struct arrival a = {&e->row, e->raw, e->resend.usable ? e->resend.digest : NULL};
			if (!stopped)
				stopped = fn(s, &a) != 0;
			envelope_unref(taken[i]);
		}
		if (stopped || n == 0)
			return n == 0 && after > *position ? after : *position;
		after = *position;
	}
}

/* What became of the last messages is in the journal before the next ones are counted. */
static bool begin_round(struct sender *s)
{
	sender_submit_reports(s);
	return careful_begin(s->careful, s->reader, aff_view_of(feed_channel(s->channel->feed)), s->position,
			     s->window);
}

void sender_fill_window(struct sender *s)
{
	if (s->closing || !sender_wants_more(s, clock_mono_us()))
		return;
	s->crowded_us = 0;
	if (s->sampler && sampler_scans(s->sampler)) {
		int64_t *scanned = sampler_position(s->sampler);
		sampler_begin(s->sampler, s->position);
		*scanned = sender_read_on(s, *scanned, scanned, scan_row);
		sampler_close_if_due(s->sampler, clock_wall_us());
		if (!sampler_has_closed(s->sampler))
			return; /* nothing may be delivered yet: spare reading it again and again */
	} else if (s->sampler && s->warmed < 0) {
		s->warmed = sampler_remembers_from(s->sampler, s->position);
		sender_read_on(s, s->warmed, &s->warmed, warm_row);
		if (s->blocked) {
			s->warmed = -1; /* what it has not seen, it would deliver twice */
			return;
		}
	}
	if (careful_allowed(s->careful) == INT64_MAX || begin_round(s))
		s->position = sender_read_on(s, s->position, &s->position, admit_row);
}

/* The newest id that was looked at. */
int64_t sender_read_to(const struct sender *s)
{
	return s->sampler && sampler_scans(s->sampler) ? *sampler_position(s->sampler) : s->position;
}
