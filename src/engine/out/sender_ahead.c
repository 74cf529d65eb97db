/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages with priority. While they come one by one they are read like all others and only change their place in
 * their lane. When the window is full, or waits for a sample, or the destination is far behind, they are looked for
 * further on: each message is looked at once, when it comes, so that a backlog of any length costs nothing more. What
 * is found goes out at once; its outcome lies ahead of the cursor, and when its turn in the window comes it has ended
 * already, or is adopted. After a restart the messages behind the cursor are looked at again, in slices.
 */
#include <stdlib.h>

#include "engine/out/sender_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

#define AHEAD_BYTES  (4u << 20)
#define AHEAD_SLICE  1024 /* messages looked at before lanes and peers get their turn */

/* No more is looked for while so much waits: then the destination does not even keep up with these. */
static bool has_room(const struct sender *s)
{
	return s->ahead.n < AHEAD_MAX && s->ahead.bytes < AHEAD_BYTES && !sender_is_ahead(s);
}

bool sender_wants_ahead(const struct sender *s)
{
	return s->dest->priority && !s->ahead.blocked && has_room(s) && s->ahead.later_us <= clock_mono_us();
}

static int add(struct sender *s, const struct arrival *a, const struct pipeline_result *r)
{
	struct delivery *d = delivery_new(a->row->id, a->row->received_us, r->bytes, r->control_id);
	if (!d || (r->nparts && delivery_set_parts(d, r->bytes, r->parts, r->nparts))) {
		delivery_free(d);
		return AFF_ENOMEM;
	}
	d->urgent = true;
	d->counted = careful_covers(s->careful, d->id); /* by look() */
	s->ahead.item[s->ahead.n++] = d;
	s->ahead.bytes += d->bytes.n;
	sender_dispatch(s, a, r, d);
	return 0;
}

/* Whether the message overtakes: it has no outcome, has priority, and may have ended no process. */
static bool overtakes(struct sender *s, const struct arrival *a)
{
	return !window_is_ended(s->window, a->row->id) && !careful_suspects(s->careful, a->row->id) &&
	       pipeline_has_priority(s->pipeline, s->settings, s->dest, a->raw);
}

/* What the transform makes of it other than a message is told in its turn. Like any other it is counted before it is
 * transformed, where that is called for. AFF_EAGAIN: it cannot be counted now. */
static int look(struct sender *s, const struct arrival *a)
{
	struct pipeline_result r;
	struct delivery counted = {.id = a->row->id};
	if (!overtakes(s, a))
		return 0;
	if (careful_covers(s->careful, counted.id)) {
		sender_submit_reports(s); /* what became of earlier ones comes first */
		if (!careful_count(s->careful, &counted))
			return AFF_EAGAIN;
	}
	int rc = pipeline_run(s->pipeline, s->settings, s->dest, a->raw, &r);
	bool sent = !rc && r.verdict == PIPELINE_SEND && (rc = add(s, a, &r)) == 0;
	if (!sent)
		sender_release(s, &counted, true);
	return rc;
}

static int look_row(struct sender *s, const struct arrival *a)
{
	if (!has_room(s) || s->ahead.slice == 0)
		return 1;
	int rc = look(s, a);
	if (rc) {
		s->ahead.later_us = clock_mono_us() + CAREFUL_AGAIN_US;
		if (rc != AFF_EAGAIN)
			sender_no_memory(s);
		return 1;
	}
	s->ahead.slice--;
	s->ahead.seen = a->row->id;
	return 0;
}

void sender_look_ahead(struct sender *s)
{
	if (s->ahead.seen < s->position)
		s->ahead.seen = s->position;
	if (s->closing || !s->dest->priority || !has_room(s) || s->ahead.later_us > clock_mono_us())
		return;
	bool blocked = s->blocked; /* these two are about the window */
	int64_t crowded_us = s->crowded_us;
	s->ahead.slice = AHEAD_SLICE;
	s->ahead.seen = sender_read_on(s, s->ahead.seen, &s->ahead.seen, look_row);
	s->ahead.blocked = s->blocked;
	s->blocked = blocked;
	s->crowded_us = crowded_us;
}

static void take_out(struct sender *s, unsigned at)
{
	s->ahead.bytes -= s->ahead.item[at]->bytes.n;
	s->ahead.n--;
	memmove(&s->ahead.item[at], &s->ahead.item[at + 1], (s->ahead.n - at) * sizeof s->ahead.item[0]);
}

struct delivery *sender_take_ahead(struct sender *s, int64_t id)
{
	/* What is read in order meets what was found in order. */
	struct delivery *d = s->ahead.n ? s->ahead.item[0] : NULL;
	if (!d || d->id != id)
		return NULL;
	take_out(s, 0);
	return d;
}

bool sender_end_ahead(struct sender *s, struct delivery *d)
{
	unsigned at = 0;
	while (at < s->ahead.n && s->ahead.item[at] != d)
		at++;
	if (at == s->ahead.n)
		return false;
	take_out(s, at);
#ifndef AFF_MUTANT_65 /* what overtook is sent again in its turn */
	if (window_remember(s->window, d->id)) {
		log_error("sender", "%s: out of memory for an outcome", s->destination);
		abort(); /* it would get a second outcome; after a restart the journal tells */
	}
#endif
	delivery_free(d);
	return true;
}

void sender_drop_ahead(struct sender *s)
{
	for (unsigned i = 0; i < s->ahead.n; i++)
		delivery_free(s->ahead.item[i]);
	s->ahead = (struct ahead){0};
}
