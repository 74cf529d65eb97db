/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: io (one or several).
 * Owns    the connections it accepted, their buffers, an ingest object.
 * Wakes   by epoll: listeners, connections, its mailbox (answers that are due, requests of the engine), once a second.
 * Blocks  on nothing else. When too many bytes are in flight it stops reading until answers have gone out.
 */
#include "engine/io.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/connection.h"
#include "engine/ingest.h"
#include "engine/writer.h"
#include "net/listen.h"
#include "sys/clock.h"
#include "sys/log.h"

#define EVENTS 256
#define READ_SIZE (256u << 10)
#define READS_A_TURN 4 /* then others get theirs */
#define SWEEP_US 1000000
#define MAX_JUNK (64u << 10)

enum { REQUEST_SERVE, REQUEST_LEAVE, REQUEST_DRAIN, REQUEST_STOP };
struct request {
	int kind;
	int fd;
	struct conf *conf;
	const struct conf_channel *settings;
	struct channel *channel;
	bool done;
};

struct io {
	unsigned number;
	pthread_t thread;
	int epoll, mailbox; /* mailbox: an eventfd */
	struct writer *writer;
	struct budget *budget;
	struct ingest *ingest;
	struct aff_buf scratch;        /* what one read brought */
	struct envelope *first, *last; /* made in this turn, not yet handed over */
	struct port *ports;
	uint32_t next_port, next_generation;
	struct connection **slots; /* NULL: free */
	uint32_t nslots;
	unsigned open, unanswered;
	bool starved; /* the budget is used up: connections wait with `interest` 0 */
	bool draining, stop;
	int64_t swept_us;
	struct histogram latency;
	/* other threads write these, under lock */
	pthread_mutex_t lock;
	pthread_cond_t served;
	struct envelope *done_first, *done_last;
	struct request *request;
	bool quiet; /* draining and nothing is unanswered */
};

/* epoll's data: the high half tells a generation (connections), PORT or MAILBOX. */
#define TAG_PORT 0xfffffffeu
#define TAG_MAILBOX 0xffffffffu

static uint64_t tag(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

/* ---- connections ---- */

static void watch(struct io *io, struct connection *c)
{
	uint32_t interest = 0;
	if (connection_may_read(c) && !io->starved && !io->draining)
		interest |= EPOLLIN;
	if (c->out.n)
		interest |= EPOLLOUT;
	if (interest == c->interest)
		return;
	struct epoll_event ev = {.events = interest, .data.u64 = tag(c->generation, c->slot)};
	epoll_ctl(io->epoll, EPOLL_CTL_MOD, c->stream.fd, &ev);
	c->interest = interest;
}

static void free_port(struct io *io, struct port *p)
{
	struct port **at = &io->ports;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	conf_unref(p->conf);
	free(p);
}

static void close_connection(struct io *io, struct connection *c)
{
	struct port *p = c->port;
	net_stream_close(&c->stream);
	aff_buf_free(&c->in);
	aff_buf_free(&c->out);
	io->slots[c->slot] = NULL;
	io->unanswered -= c->unanswered;
	io->open--;
	atomic_fetch_sub(&p->channel->connections, 1);
	if (--p->connections == 0 && p->leaving)
		free_port(io, p);
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

static void add_connection(struct io *io, struct port *p, int fd, const struct net_address *peer)
{
	uint32_t slot = free_slot(io);
	struct connection *c = slot == UINT32_MAX ? NULL : calloc(1, sizeof *c);
	if (!c) {
		close(fd);
		return;
	}
	if (++io->next_generation >= TAG_PORT)
		io->next_generation = 1;
	c->slot = slot;
	c->generation = io->next_generation;
	net_stream_init(&c->stream, fd);
	c->port = p;
	aff_mllp_init(&c->framer, p->settings->source.max_frame, MAX_JUNK);
	c->framer.lenient_end = p->settings->source.lenient_end;
	aff_buf_init(&c->in, p->settings->source.max_frame + READ_SIZE + MAX_JUNK);
	aff_buf_init(&c->out, CONNECTION_OUT_MAX);
	c->active_us = clock_mono_us();
	net_address_format(peer, c->peer, sizeof c->peer);
	io->slots[slot] = c;
	io->open++;
	p->connections++;
	atomic_fetch_add(&p->channel->connections, 1);
	c->interest = io->starved ? 0 : EPOLLIN;
	struct epoll_event ev = {.events = c->interest, .data.u64 = tag(c->generation, slot)};
	if (epoll_ctl(io->epoll, EPOLL_CTL_ADD, fd, &ev))
		close_connection(io, c);
}

static void accept_all(struct io *io, struct port *p)
{
	static _Atomic int64_t told; /* once a minute for all listeners */
	struct net_address peer;
	int fd;
	while (p->listener >= 0 && (fd = net_accept(p->listener, &peer)) >= 0) {
		if (atomic_load(&p->channel->connections) < (int64_t)p->settings->source.max_connections) {
			add_connection(io, p, fd, &peer);
			continue;
		}
		count(&p->channel->connections_refused, 1);
		int64_t now = clock_mono_us(), last = atomic_load(&told);
		if ((!last || now - last > 60000000) && atomic_compare_exchange_strong(&told, &last, now))
			log_warn(
				"listener",
				"%s: all %u connections are in use; one more was refused (source.mllp.max_connections)",
				p->settings->name, p->settings->source.max_connections);
		close(fd);
	}
}

/* ---- messages in ---- */

static void take_message(struct io *io, struct connection *c, struct aff_view message, int frame_error)
{
	struct port *p = c->port;
	struct envelope *e =
		ingest_message(io->ingest, p->conf, p->settings, aff_view_of(c->peer), message, frame_error);
	if (!e) {
		log_error("listener", "%s: out of memory for a message; the connection is closed unanswered",
			  p->settings->name);
		c->ended = true;
		return;
	}
	e->channel = p->channel;
	e->io = io;
	e->slot = c->slot;
	e->generation = c->generation;
	c->inflight += e->size;
	c->unanswered++;
	io->unanswered++;
	if (e->close_after)
		c->ended = true;
	atomic_fetch_add(&io->budget->used, e->size);
	if (io->last)
		io->last->next = e;
	else
		io->first = e;
	io->last = e;
}

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
			take_message(io, c, frame, 0);
		} else if (rc == 0) {
			break;
		} else {
			count(&c->port->channel->framing_errors, 1);
			if (rc == AFF_EFRAME) {
				take_message(io, c, frame, rc);
				continue;
			}
			log_warn("listener", "%s: %s sent %s; the connection is closed", c->port->settings->name,
				 c->peer,
				 c->framer.junk ? "too many bytes outside of MLLP frames"
						: "a frame larger than source.mllp.max_frame");
			c->ended = true;
		}
	}
	return used;
}

static void receive(struct io *io, struct connection *c)
{
	for (int turn = 0; turn < READS_A_TURN && connection_may_read(c) && !io->draining; turn++) {
		bool fresh = c->in.n == 0;
		struct aff_buf *to = fresh ? &io->scratch : &c->in;
		if (fresh)
			aff_buf_clear(to);
		int rc = net_stream_read(&c->stream, to, READ_SIZE);
		if (rc == AFF_EAGAIN)
			break;
		if (rc) {
			c->ended = true;
			break;
		}
		c->active_us = clock_mono_us();
		size_t arrived = to->n, used = take_frames(io, c, to->p, to->n);
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
		if (arrived < READ_SIZE / 2)
			break; /* the socket is most likely empty */
	}
	if (atomic_load(&io->budget->used) >= io->budget->max)
		io->starved = true;
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

static struct connection *connection_of(const struct io *io, const struct envelope *e)
{
	struct connection *c = e->slot < io->nslots ? io->slots[e->slot] : NULL;
	return c && c->generation == e->generation ? c : NULL;
}

static void tally(const struct envelope *e)
{
	struct channel *ch = e->channel;
	if (e->result)
		count(&ch->refused, 1);
	else if (e->row.verdict == JOURNAL_ACCEPTED)
		count(&ch->accepted, 1);
	else if (e->row.verdict == JOURNAL_KEPT)
		count(&ch->kept, 1);
	else
		count(&ch->rejected, 1);
	count(&ch->bytes, e->raw.n);
	atomic_store_explicit(&ch->last_us, e->row.received_us, memory_order_relaxed);
}

static void answer_one(struct io *io, struct envelope *e)
{
	struct connection *c = connection_of(io, e);
	tally(e);
	atomic_fetch_sub(&io->budget->used, e->size);
	if (c) {
		c->inflight -= e->size;
		c->unanswered--;
		io->unanswered--;
		send_answer(c, e->result ? ingest_refusal(io->ingest, e, e->result) : e->answer);
		c->active_us = clock_mono_us();
		histogram_add(&io->latency, c->active_us - e->arrived_us);
		if (connection_is_over(c))
			close_connection(io, c);
		else
			watch(io, c);
	}
	envelope_unref(e);
}

static void resume_reading(struct io *io)
{
	if (!io->starved || atomic_load(&io->budget->used) > io->budget->max / 4 * 3)
		return;
	io->starved = false;
	for (uint32_t i = 0; i < io->nslots; i++) {
		if (io->slots[i])
			watch(io, io->slots[i]);
	}
}

/* ---- what the engine asks for ---- */

static struct port *port_of(const struct io *io, const struct channel *channel)
{
	for (struct port *p = io->ports; p; p = p->next) {
		if (p->channel == channel && !p->leaving)
			return p;
	}
	return NULL;
}

static void leave_port(struct io *io, struct port *p)
{
	p->leaving = true;
	if (p->listener >= 0) {
		epoll_ctl(io->epoll, EPOLL_CTL_DEL, p->listener, NULL);
		p->listener = -1;
	}
	if (!p->connections) {
		free_port(io, p);
		return;
	}
	for (uint32_t i = 0; i < io->nslots; i++) {
		struct connection *c = io->slots[i];
		if (!c || c->port != p)
			continue;
		bool last = p->connections == 1;
		c->ended = true;
		if (connection_is_over(c))
			close_connection(io, c);
		else
			watch(io, c);
		if (last)
			break; /* the port may be gone with its last connection */
	}
}

static void serve_port(struct io *io, const struct request *r)
{
	struct port *p = port_of(io, r->channel);
	if (p && r->fd >= 0) {
		leave_port(io, p);
		p = NULL;
	}
	if (!p) {
		p = calloc(1, sizeof *p);
		if (!p)
			return;
		p->number = io->next_port++;
		p->listener = r->fd;
		p->channel = r->channel;
		p->next = io->ports;
		io->ports = p;
		struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u64 = tag(TAG_PORT, p->number)};
		epoll_ctl(io->epoll, EPOLL_CTL_ADD, p->listener, &ev);
	}
	if (p->conf)
		conf_unref(p->conf);
	p->conf = conf_ref(r->conf);
	p->settings = r->settings;
}

static void drain(struct io *io)
{
	io->draining = true;
	for (struct port *p = io->ports; p; p = p->next) {
		if (p->listener >= 0)
			epoll_ctl(io->epoll, EPOLL_CTL_DEL, p->listener, NULL);
		p->listener = -1;
	}
	for (uint32_t i = 0; i < io->nslots; i++) {
		struct connection *c = io->slots[i];
		if (!c)
			continue;
		c->ended = true;
		if (connection_is_over(c))
			close_connection(io, c);
		else
			watch(io, c);
	}
}

static void serve_request(struct io *io, const struct request *r)
{
	struct port *p;
	switch (r->kind) {
	case REQUEST_SERVE:
		serve_port(io, r);
		break;
	case REQUEST_LEAVE:
		p = port_of(io, r->channel);
		if (p)
			leave_port(io, p);
		break;
	case REQUEST_DRAIN:
		drain(io);
		break;
	default:
		io->stop = true;
	}
}

static void read_mailbox(struct io *io)
{
	uint64_t n;
	ssize_t got = read(io->mailbox, &n, sizeof n);
	(void)got;
	pthread_mutex_lock(&io->lock);
	struct envelope *e = io->done_first, *next;
	struct request *r = io->request;
	io->done_first = io->done_last = NULL;
	pthread_mutex_unlock(&io->lock);
	for (; e; e = next) {
		next = e->next;
		answer_one(io, e);
	}
	resume_reading(io);
	if (!r)
		return;
	serve_request(io, r);
	pthread_mutex_lock(&io->lock);
	r->done = true;
	io->request = NULL;
	pthread_cond_broadcast(&io->served);
	pthread_mutex_unlock(&io->lock);
}

/* ---- the loop ---- */

static void sweep(struct io *io, int64_t now)
{
	for (uint32_t i = 0; i < io->nslots; i++) {
		struct connection *c = io->slots[i];
		if (!c || c->unanswered || io->starved)
			continue;
		const struct conf_source *s = &c->port->settings->source;
		bool late = c->frame_us && now - c->frame_us > s->frame_ms * 1000;
		if (late)
			log_warn("listener", "%s: %s did not finish its frame in time; the connection is closed",
				 c->port->settings->name, c->peer);
		if (late || now - c->active_us > s->idle_ms * 1000)
			close_connection(io, c);
	}
	io->swept_us = now;
}

static void handle(struct io *io, const struct epoll_event *ev)
{
	uint32_t high = (uint32_t)(ev->data.u64 >> 32), low = (uint32_t)ev->data.u64;
	if (high == TAG_MAILBOX) {
		read_mailbox(io);
		return;
	}
	if (high == TAG_PORT) {
		for (struct port *p = io->ports; p; p = p->next) {
			if (p->number == low) {
				accept_all(io, p);
				return;
			}
		}
		return;
	}
	struct connection *c = low < io->nslots ? io->slots[low] : NULL;
	if (!c || c->generation != high)
		return;
	if (ev->events & EPOLLOUT)
		flush_out(c);
	if (ev->events & EPOLLIN)
		receive(io, c);
	else if (ev->events & (EPOLLHUP | EPOLLERR))
		c->ended = true;
	if (ev->events & EPOLLERR)
		aff_buf_clear(&c->out);
	if (connection_is_over(c))
		close_connection(io, c);
	else
		watch(io, c);
}

static void submit(struct io *io)
{
	if (!io->first)
		return;
	struct envelope *first = io->first, *last = io->last;
	io->first = io->last = NULL;
	writer_submit(io->writer, first, last);
}

static void *io_main(void *arg)
{
	struct io *io = arg;
	struct epoll_event events[EVENTS];
	while (!io->stop) {
		int n = epoll_wait(io->epoll, events, EVENTS, io->starved ? 10 : 1000);
		for (int i = 0; i < n; i++)
			handle(io, &events[i]);
		submit(io);
		resume_reading(io);
		int64_t now = clock_mono_us();
		if (now - io->swept_us > SWEEP_US)
			sweep(io, now);
		if (io->draining) {
			pthread_mutex_lock(&io->lock);
			io->quiet = io->unanswered == 0;
			pthread_cond_broadcast(&io->served);
			pthread_mutex_unlock(&io->lock);
		}
	}
	return NULL;
}

/* ---- from other threads ---- */

static void wake(struct io *io)
{
	static const uint64_t one = 1;
	ssize_t n = write(io->mailbox, &one, sizeof one);
	(void)n; /* a full eventfd is a woken one */
}

static void ask(struct io *io, struct request *r)
{
	pthread_mutex_lock(&io->lock);
	while (io->request)
		pthread_cond_wait(&io->served, &io->lock);
	io->request = r;
	pthread_mutex_unlock(&io->lock);
	wake(io);
	pthread_mutex_lock(&io->lock);
	while (!r->done)
		pthread_cond_wait(&io->served, &io->lock);
	pthread_mutex_unlock(&io->lock);
}

void io_done(struct io *io, struct envelope *first, struct envelope *last)
{
	pthread_mutex_lock(&io->lock);
	bool idle = !io->done_first;
	if (io->done_last)
		io->done_last->next = first;
	else
		io->done_first = first;
	io->done_last = last;
	pthread_mutex_unlock(&io->lock);
	if (idle)
		wake(io);
}

void io_serve(struct io *io, int fd, struct conf *conf, const struct conf_channel *settings, struct channel *channel)
{
	struct request r = {.kind = REQUEST_SERVE, .fd = fd, .conf = conf, .settings = settings, .channel = channel};
	ask(io, &r);
}

void io_leave(struct io *io, struct channel *channel)
{
	struct request r = {.kind = REQUEST_LEAVE, .channel = channel};
	ask(io, &r);
}

void io_drain(struct io *io, int64_t deadline_us)
{
	struct request r = {.kind = REQUEST_DRAIN};
	ask(io, &r);
	pthread_mutex_lock(&io->lock);
	while (!io->quiet && clock_mono_us() < deadline_us) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&io->served, &io->lock, &until);
	}
	pthread_mutex_unlock(&io->lock);
}

const struct histogram *io_latency(const struct io *io)
{
	return &io->latency;
}

int io_start(struct io **out, unsigned number, struct journal *journal, struct writer *writer, struct budget *budget)
{
	struct io *io = calloc(1, sizeof *io);
	if (!io)
		return AFF_ENOMEM;
	io->number = number;
	io->writer = writer;
	io->budget = budget;
	aff_buf_init(&io->scratch, READ_SIZE);
	pthread_mutex_init(&io->lock, NULL);
	pthread_cond_init(&io->served, NULL);
	io->epoll = epoll_create1(EPOLL_CLOEXEC);
	io->mailbox = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = tag(TAG_MAILBOX, 0)};
	int rc =
		io->epoll < 0 || io->mailbox < 0 || epoll_ctl(io->epoll, EPOLL_CTL_ADD, io->mailbox, &ev) ? AFF_EIO : 0;
	if (!rc)
		rc = ingest_new(&io->ingest, journal, number);
	if (!rc && pthread_create(&io->thread, NULL, io_main, io))
		rc = AFF_ENOMEM;
	if (rc) {
		ingest_free(io->ingest);
		close(io->epoll);
		close(io->mailbox);
		free(io);
		return rc;
	}
	pthread_setname_np(io->thread, "io");
	*out = io;
	return 0;
}

void io_stop(struct io *io)
{
	if (!io)
		return;
	struct request r = {.kind = REQUEST_STOP};
	ask(io, &r);
	pthread_join(io->thread, NULL);
	for (struct envelope *e = io->done_first, *next; e; e = next) {
		next = e->next;
		envelope_unref(e);
	}
	for (uint32_t i = 0; i < io->nslots; i++) {
		if (io->slots[i])
			close_connection(io, io->slots[i]);
	}
	while (io->ports)
		free_port(io, io->ports);
	free(io->slots);
	ingest_free(io->ingest);
	aff_buf_free(&io->scratch);
	close(io->epoll);
	close(io->mailbox);
	pthread_cond_destroy(&io->served);
	pthread_mutex_destroy(&io->lock);
	free(io);
}
