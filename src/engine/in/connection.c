/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection of an io thread: bytes come in, frames become envelopes, envelopes come back and their answers go out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/in/io_internal.h"
#include "sys/clock.h"
#include "sys/log.h"

#define READ_SIZE (256u << 10) /* at once, when nothing is unfinished */
#define READ_MORE (16u << 10)  /* at once, into a connection's own buffer */
#define READS_A_TURN 4 /* then others get theirs */
#define MAX_JUNK (64u << 10)
#define OUT_MAX (1u << 20)      /* answers that a peer does not read */
#define INFLIGHT_MAX (4u << 20) /* messages of one connection on their way */
#define WAITING_MAX 64          /* messages of one connection that wait for what becomes of them */

static bool is_stalled(const struct io *io, const struct connection *c)
{
	return io->full && c->port->of.settings->source.stall;
}

/* May more be read from it now? */
static bool may_read(const struct io *io, const struct connection *c)
{
	return !c->ended && !io->draining && !io->starved && !is_stalled(io, c) && c->inflight < INFLIGHT_MAX &&
	       c->waiting < WAITING_MAX && c->out.n < OUT_MAX / 2;
}

/* Is there nothing left to do for it? */
static bool is_over(const struct connection *c)
{
	return c->ended && !c->unanswered && !c->out.n;
}

void connection_watch(struct io *io, struct connection *c)
{
	uint32_t interest = 0;
	if (may_read(io, c))
		interest |= EPOLLIN;
	if (c->out.n)
		interest |= EPOLLOUT;
	if (interest == c->interest)
		return;
	struct epoll_event ev = {.events = interest, .data.u64 = io_tag(c->generation, c->slot)};
	epoll_ctl(io->epoll, EPOLL_CTL_MOD, c->stream.fd, &ev);
	c->interest = interest;
}

void connection_close(struct io *io, struct connection *c)
{
	struct port *p = c->port;
	net_stream_close(&c->stream);
	aff_buf_free(&c->in);
	aff_buf_free(&c->out);
	aff_buf_free(&c->group);
	io->slots[c->slot] = NULL;
	io->unanswered -= c->unanswered;
	p->ended -= c->given_up;
	atomic_fetch_sub(&p->of.channel->connections, 1);
	if (--p->connections == 0 && p->leaving)
		port_free(io, p);
	else if (p->dials && !io->draining && !c->given_up)
		port_dial_lost(p, c->why ? c->why : "the connection was closed");
	free(c);
}

static uint32_t free_slot(struct io *io)
{
	for (uint32_t i = 0; i < io->nslots; i++) {
		if (!io->slots[i])
			return i;
	}
	uint32_t n = io->nslots ? io->nslots * 2 : 64;
	struct connection **slots = realloc(io->slots, n * sizeof(struct connection *));
	if (!slots)
		return UINT32_MAX;
	memset(slots + io->nslots, 0, (n - io->nslots) * sizeof *slots);
	io->slots = slots;
	uint32_t slot = io->nslots;
	io->nslots = n;
	return slot;
}

void connection_add(struct io *io, struct port *p, int fd, const struct net_address *peer)
{
	uint32_t slot = free_slot(io);
	struct connection *c = slot == UINT32_MAX ? NULL : calloc(1, sizeof *c);
	if (!c) {
		close(fd);
		return;
	}
	if (++io->next_generation >= IO_TAG_PORT)
		io->next_generation = 1;
	c->slot = slot;
	c->generation = io->next_generation;
	net_stream_init(&c->stream, fd);
	c->port = p;
	aff_mllp_init(&c->framer, p->of.settings->source.max_frame, MAX_JUNK);
	c->framer.lenient_end = p->of.settings->source.lenient_end;
	aff_buf_init(&c->in, p->of.settings->source.max_frame + READ_SIZE + MAX_JUNK);
	aff_buf_init(&c->out, OUT_MAX);
	aff_buf_init(&c->group, OUT_MAX);
	c->active_us = clock_mono_us();
	net_address_format(peer, c->peer, sizeof c->peer);
	io->slots[slot] = c;
	p->connections++;
	atomic_fetch_add(&p->of.channel->connections, 1);
	c->interest = may_read(io, c) ? EPOLLIN : 0;
	struct epoll_event ev = {.events = c->interest, .data.u64 = io_tag(c->generation, slot)};
	if (epoll_ctl(io->epoll, EPOLL_CTL_ADD, fd, &ev))
		connection_close(io, c);
}

/* ---- messages in ---- */

/* Takes the frames out of buf[0..n); returns how many bytes are used up. */
static size_t take_frames(struct io *io, struct connection *c, const char *buf, size_t n)
{
	size_t used = 0;
	while (!c->ended) {
		struct aff_view frame = {"", 0};
		size_t consumed = 0;
		int rc = aff_mllp_next(&c->framer, buf + used, n - used, &frame, &consumed);
		used += consumed;
		if (rc == 1) {
			frame_take(io, c, frame);
		} else if (rc == 0) {
			break;
		} else {
			count(&c->port->of.channel->framing_errors, 1);
			if (rc == AFF_EFRAME) {
				frame_take_broken(io, c, frame, rc);
				continue;
			}
			c->why = c->framer.junk ? "too many bytes outside of MLLP frames"
						: "a frame larger than source.mllp.max_frame";
			log_warn("listener", "%s: %s sent %s; the connection is closed", c->port->of.settings->name,
				 c->peer, c->why);
			c->ended = true;
		}
	}
	return used;
}

static void receive(struct io *io, struct connection *c)
{
	for (int turn = 0; turn < READS_A_TURN && may_read(io, c); turn++) {
		bool fresh = c->in.n == 0;
		struct aff_buf *to = fresh ? &io->scratch : &c->in;
		if (fresh)
			aff_buf_clear(to);
		int rc = net_stream_read(&c->stream, to, fresh ? READ_SIZE : READ_MORE);
		if (rc == AFF_EAGAIN)
			break;
		if (rc) {
			c->ended = true;
			c->why = "the other side closed the connection";
			break;
		}
		c->active_us = clock_mono_us();
		size_t used = take_frames(io, c, to->p, to->n);
		if (c->ended)
			break;
		if (fresh) {
			aff_buf_put(&c->in, to->p + used, to->n - used);
		} else {
			memmove(c->in.p, c->in.p + used, c->in.n - used);
			c->in.n -= used;
		}
		if (c->in.error)
			c->ended = true;
		if (!c->in.n) {
			aff_buf_free(&c->in);
			c->frame_us = 0;
		} else if (used || !c->frame_us) {
			c->frame_us = c->active_us;
		}
		if (fresh && to->n < READ_SIZE / 2)
			break; /* the socket is most likely empty */
	}
}

/* ---- answers out ---- */

static void flush_out(struct connection *c)
{
	while (c->out.n) {
		size_t written = 0;
		int rc = net_stream_write(&c->stream, aff_buf_view(&c->out), &written);
		if (rc == AFF_EAGAIN)
			return;
		if (rc) {
			c->ended = true;
			aff_buf_clear(&c->out);
			return;
		}
		c->active_us = clock_mono_us();
		memmove(c->out.p, c->out.p + written, c->out.n - written);
		c->out.n -= written;
	}
}

static void send_answer(struct connection *c, struct aff_view answer)
{
	size_t written = 0;
	if (!c->out.n && answer.n) {
		int rc = net_stream_write(&c->stream, answer, &written);
		if (rc && rc != AFF_EAGAIN) {
			c->ended = true;
			return;
		}
	}
	aff_buf_put(&c->out, answer.p + written, answer.n - written);
	if (c->out.error)
		c->ended = true; /* the peer reads none of its answers */
}

struct connection *connection_at(const struct io *io, uint32_t slot, uint32_t generation)
{
	struct connection *c = slot < io->nslots ? io->slots[slot] : NULL;
	return c && c->generation == generation ? c : NULL;
}

/* Answers may be due for long (answer: when-delivered); the device is connected to again meanwhile. */
static void give_up(const struct io *io, struct connection *c)
{
	struct port *p = c->port;
	if (!c->ended || c->given_up || !p->dials || p->leaving || io->draining)
		return;
	c->given_up = true;
	p->ended++;
	port_dial_lost(p, c->why ? c->why : "the connection was closed");
}

/* After whatever happened to it: closed when it is over, else watched for what is wanted now. */
static void settle(struct io *io, struct connection *c)
{
	if (is_over(c)) {
		connection_close(io, c);
		return;
	}
	give_up(io, c);
	connection_watch(io, c);
}

void connection_end(struct io *io, struct connection *c)
{
	c->ended = true;
	settle(io, c);
}

void connection_ready(struct io *io, struct connection *c, uint32_t events)
{
	if (events & EPOLLOUT)
		flush_out(c);
	if (events & EPOLLIN)
		receive(io, c);
	else if (events & (EPOLLHUP | EPOLLERR))
		c->ended = true;
	if (events & EPOLLERR)
		aff_buf_clear(&c->out);
	if (c->ended && (events & (EPOLLHUP | EPOLLERR)))
		connection_close(io, c); /* nobody is left to answer, and epoll would tell so without end */
	else
		settle(io, c);
}

/* What became of a message, or that it is not known yet: the answer that was waited for. */
static void answer_late(struct io *io, struct connection *c, const struct envelope *note)
{
	c->waiting--;
	c->unanswered--;
	io->unanswered--;
	send_answer(c, ingest_late_answer(io->in.ingest, note));
	c->active_us = clock_mono_us();
	settle(io, c);
}

void connection_answer(struct io *io, struct envelope *e)
{
	struct connection *c = connection_at(io, e->slot, e->generation);
	if (e->about) {
		if (c)
			answer_late(io, c, e);
		envelope_unref(e);
		return;
	}
	intake_came_back(&io->in, e);
	if (c) {
		bool waits = e->awaits && !e->result &&
			     (e->row.verdict == JOURNAL_ACCEPTED || e->row.verdict == JOURNAL_DUPLICATE);
		c->inflight -= e->size;
		c->waiting += waits;
		c->unanswered -= !waits;
		io->unanswered -= !waits;
		if (e->result && e->stall) {
			c->ended = true; /* the end, and no room: silence does not make a device discard it */
		} else {
			struct aff_view answer = e->result ? ingest_refusal(io->in.ingest, e, e->result) : e->answer;
			if (e->grouped)
				answer = frame_join_answers(c, e, answer);
			send_answer(c, answer);
		}
		c->active_us = clock_mono_us();
		settle(io, c);
	}
	envelope_unref(e);
}

void connection_sweep(struct io *io, int64_t now)
{
	for (uint32_t i = 0; i < io->nslots; i++) {
		struct connection *c = io->slots[i];
		if (!c || c->unanswered || io->starved || is_stalled(io, c))
			continue;
		const struct conf_source *s = &c->port->of.settings->source;
		bool late = c->frame_us && now - c->frame_us > s->frame_ms * 1000;
		if (late)
			log_warn("listener", "%s: %s did not finish its frame in time; the connection is closed",
				 c->port->of.settings->name, c->peer);
		bool idle = now - c->active_us > s->idle_ms * 1000;
		c->why = late ? "a message was not finished in time" : idle ? "nothing came for too long" : c->why;
		if (late || idle)
			connection_close(io, c);
	}
	io->swept_us = now;
}
