/* SPDX-License-Identifier: Apache-2.0
 *
 * From a frame to messages. One frame is one message, unless the channel says that it may hold a batch or several: then
 * each of them becomes an envelope of its own, and they stay together until the last one is answered.
 */
#include <stdio.h>

#include "engine/io_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

#define MESSAGES_MAX 1000 /* in one frame */

/* Told once a minute; the journal has them all. */
static void tell_rejected(struct port *p, const struct connection *c, int error)
{
	if (!log_once_a_minute(&p->rejected_told_us, &p->rejected_untold))
		return;
	char others[64] = "";
	if (p->rejected_untold)
		snprintf(others, sizeof others, " and %u others since the last such line", p->rejected_untold);
	bool several = (error == AFF_EBATCH || error == AFF_ETWOMSH) && !p->settings->source.split;
	log_warn("listener",
		 "%s: a message from %s is rejected%s: %s%s; see afferent journal search --verdict rejected",
		 p->settings->name, c->peer, others, aff_error_text(error),
		 several ? " (source.mllp.batch: split takes it apart)" : "");
	p->rejected_untold = 0;
}

/* NULL: out of memory; the connection reads no more. */
static struct envelope *take_message(struct io *io, struct connection *c, struct aff_view message, int frame_error,
				     const struct aff_batch_part *header)
{
	struct port *p = c->port;
	struct envelope *e =
		ingest_message(io->ingest, p->conf, p->settings, aff_view_of(c->peer), message, frame_error, header);
	if (!e) {
		log_error("listener", "%s: out of memory for a message; the connection is closed unanswered",
			  p->settings->name);
		c->ended = true;
		return NULL;
	}
	if (e->row.verdict == JOURNAL_REJECTED)
		tell_rejected(p, c, e->row.error);
	e->channel = p->channel;
	e->home = &io->mailbox;
	e->slot = c->slot;
	e->generation = c->generation;
	c->inflight += e->size;
	c->unanswered++;
	io->unanswered++;
	if (e->close_after)
		c->ended = true;
	if (atomic_fetch_add(&io->budget->used, e->size) + e->size >= io->budget->max)
		io->starved = true;
	if (io->last)
		io->last->next = e;
	else
		io->first = e;
	io->last = e;
	return e;
}

void frame_take_broken(struct io *io, struct connection *c, struct aff_view bytes, int error)
{
	take_message(io, c, bytes, error, NULL);
}

/* What a frame holds. */
struct content {
	unsigned messages; /* texts that are no message among them */
	bool batch;        /* there are headers */
	bool trailers;
	int error;         /* why it cannot be taken apart */
};

static void tell_odd(struct port *p, const struct connection *c, const struct aff_batch_part *part, unsigned issues)
{
	struct aff_diag diag;
	issues &= AFF_BATCH_COUNT | AFF_BATCH_ORDER | AFF_BATCH_UNENDED | AFF_BATCH_DELIMITER;
	for (unsigned bit = 1; bit <= issues; bit <<= 1) {
		if (!(issues & bit) || !log_once_a_minute(&p->odd_told_us, &p->odd_untold))
			continue;
		aff_batch_explain(part, (enum aff_batch_issue)bit, &diag);
		log_warn("listener", "%s: a batch from %s: %s; what is there is taken", p->settings->name, c->peer,
			 diag.text);
		p->odd_untold = 0;
	}
}

static struct content look(struct port *p, const struct connection *c, struct aff_view frame)
{
	struct content found = {0, false, false, 0};
	struct aff_batch b;
	struct aff_batch_part part;
	size_t used = 0, consumed;
	aff_batch_init(&b, frame.n);
	while (aff_batch_next(&b, frame.p + used, frame.n - used, true, &part, &consumed) == 1) {
		used += consumed;
		if (part.kind == AFF_BATCH_MESSAGE || part.kind == AFF_BATCH_TEXT)
			found.messages++;
		else if (part.kind == AFF_BATCH_FHS || part.kind == AFF_BATCH_BHS)
			found.batch = true;
		else
			found.trailers = true;
		if (part.issues & AFF_BATCH_LINE_END)
			found.error = AFF_ETERMINATOR;
		tell_odd(p, c, &part, part.issues);
	}
	tell_odd(p, c, NULL, aff_batch_end(&b));
	if (found.messages > MESSAGES_MAX)
		found.error = AFF_ELIMIT;
	return found;
}

/* Each message of the frame becomes an envelope. What is no message is journaled as one, rejected: nothing that came is
 * thrown away. */
static void take_apart(struct io *io, struct connection *c, struct aff_view frame, bool batched)
{
	struct aff_batch b;
	struct aff_batch_part part, header = {.kind = AFF_BATCH_TEXT};
	struct envelope *before = NULL;
	size_t used = 0, consumed;
	bool begins = false;
	aff_batch_init(&b, frame.n);
	while (aff_batch_next(&b, frame.p + used, frame.n - used, true, &part, &consumed) == 1) {
		used += consumed;
		if (part.kind == AFF_BATCH_FHS || part.kind == AFF_BATCH_BHS) {
			header = part;
			begins = true;
		}
		if (part.kind != AFF_BATCH_MESSAGE && part.kind != AFF_BATCH_TEXT)
			continue;
		struct envelope *e = take_message(io, c, part.text, 0, begins ? &header : NULL);
		if (!e)
			return;
		e->grouped = true;
		e->batched = batched;
		if (before)
			before->more = true;
		before = e;
		begins = false;
	}
}

void frame_take(struct io *io, struct connection *c, struct aff_view frame)
{
	struct content found = {1, false, false, 0};
	if (c->port->settings->source.split)
		found = look(c->port, c, frame);
	if (found.error || found.messages == 0 || (found.messages == 1 && !found.batch && !found.trailers))
		take_message(io, c, frame, found.error, NULL);
	else
		take_apart(io, c, frame, found.batch);
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
