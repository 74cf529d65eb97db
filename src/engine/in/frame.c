/* SPDX-License-Identifier: Apache-2.0
 *
 * From a frame to messages, and from the answers to the messages of one frame to one answer.
 */
#include "engine/in/io_internal.h"

#define MESSAGES_MAX 1000 /* in one frame */

/* Hands them on, for this connection. rc: whether they could be made. */
static void take(struct io *io, struct connection *c, int rc, const struct envelopes *all)
{
	if (rc) {
		c->ended = true; /* out of memory: unanswered */
		return;
	}
	for (struct envelope *e = all->first; e; e = e->next) {
		e->slot = c->slot;
		e->generation = c->generation;
		c->ended |= e->close_after;
	}
	c->port->worked = true;
	c->inflight += all->size;
	c->unanswered += all->count;
	io->unanswered += all->count;
	if (!intake_queue(&io->in, all))
		io->starved = true;
}

void frame_take_broken(struct io *io, struct connection *c, struct aff_view bytes, int error)
{
	struct envelopes all;
	int rc = intake_message(&io->in, &c->port->of, aff_view_of(c->peer), bytes, error, &all);
	take(io, c, rc, &all);
}

void frame_take(struct io *io, struct connection *c, struct aff_view frame)
{
	struct intake_channel *of = &c->port->of;
	struct envelopes all;
	int rc = of->settings->source.split
			 ? intake_messages(&io->in, of, aff_view_of(c->peer), frame, MESSAGES_MAX, &all)
			 : intake_message(&io->in, of, aff_view_of(c->peer), frame, 0, &all);
	take(io, c, rc, &all);
}

/* ---- answers ---- */

static void end_batch(struct connection *c)
{
	if (c->group_field)
		aff_batch_put_trailer(&c->group, "BTS", c->group_field, c->group_answers);
	c->group_field = 0;
	c->group_answers = 0;
}

static void add_answer(struct connection *c, const struct envelope *e, struct aff_view answer)
{
	struct aff_buf *to = &c->group;
	c->group_answered |= answer.n > 0;
	if (!e->batched) {
		aff_buf_put_view(to, answer);
		return;
	}
	if (!to->n)
		aff_buf_put_char(to, AFF_MLLP_START);
	if (e->head.n) {
		end_batch(c);
		aff_buf_put_view(to, e->head);
		c->group_field = e->head.p[3];
	}
	if (answer.n) {
		aff_buf_put(to, answer.p + 1, answer.n - 3);
		c->group_answers++;
	}
}

struct aff_view frame_join_answers(struct connection *c, const struct envelope *e, struct aff_view answer)
{
	struct aff_buf *all = &c->group;
	if (!c->group_begun) {
		aff_buf_clear(all);
		c->group_answered = false;
	}
	c->group_begun = e->more;
	add_answer(c, e, answer);
	if (e->more)
		return aff_view("", 0);
	end_batch(c);
	if (e->batched) {
		aff_buf_put_char(all, AFF_MLLP_END);
		aff_buf_put_char(all, AFF_MLLP_CR);
	}
	if (all->error)
		c->ended = true; /* the sender has to ask again: part of an answer would be worse */
	return all->error || !c->group_answered ? aff_view("", 0) : aff_buf_view(all);
}
