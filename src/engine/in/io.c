/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: io (one or several).
 * Owns    the connections it accepted, their buffers, an ingest object.
 * Wakes   by epoll: listeners, connections, its mailbox (answers that are due, requests of the engine), once a second.
 * Blocks  on nothing else. When too many bytes are in flight it stops reading until answers have gone out.
 */
#include "engine/in/io.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "engine/in/io_internal.h"
#include "engine/writer.h"
#include "sys/clock.h"

#define EVENTS 256
#define SCRATCH_SIZE (256u << 10)
#define SWEEP_US 1000000

static void resume_reading(struct io *io)
{
	if (!io->starved || atomic_load(&io->in.budget->used) > io->in.budget->max / 4 * 3)
		return;
	io->starved = false;
	for (uint32_t i = 0; i < io->nslots; i++) {
		if (io->slots[i])
			connection_watch(io, io->slots[i]);
	}
}

static void note_full(struct io *io)
{
	bool full = writer_is_full(io->in.writer);
	if (full == io->full)
		return;
	io->full = full;
	for (uint32_t i = 0; i < io->nslots; i++) {
		if (io->slots[i])
			connection_watch(io, io->slots[i]);
	}
}

static void drain(struct io *io)
{
	io->draining = true;
	port_close_all(io);
	for (uint32_t i = 0; i < io->nslots; i++) {
		if (io->slots[i])
			connection_end(io, io->slots[i]);
	}
}

static void serve_request(struct io *io, struct io_request *r)
{
	switch (r->kind) {
	case IO_SERVE:
		port_serve(io, r);
		break;
	case IO_LEAVE:
		port_leave(io, r->channel);
		break;
	case IO_DRAIN:
		drain(io);
		break;
	case IO_STOP:
		io->stop = true;
		break;
	}
	pthread_mutex_lock(&io->lock);
	r->done = true;
	io->request = NULL;
	pthread_cond_broadcast(&io->served);
	pthread_mutex_unlock(&io->lock);
}

static void read_mailbox(struct io *io)
{
	for (struct envelope *e = mailbox_take(&io->in.mailbox), *next; e; e = next) {
		next = e->next;
		connection_answer(io, e);
	}
	pthread_mutex_lock(&io->lock);
	struct io_request *r = io->request;
	pthread_mutex_unlock(&io->lock);
	if (r)
		serve_request(io, r);
}

static void handle(struct io *io, const struct epoll_event *ev)
{
	uint32_t high = (uint32_t)(ev->data.u64 >> 32), low = (uint32_t)ev->data.u64;
	if (high == IO_TAG_MAILBOX) {
		read_mailbox(io);
	} else if (high == IO_TAG_PORT) {
		port_accept(io, low);
	} else if (high == IO_TAG_DIAL) {
		port_dial_ready(io, low);
	} else {
		struct connection *c = connection_at(io, low, high);
		if (c)
			connection_ready(io, c, ev->events);
	}
}

/* How long to wait for events. */
static int patience_ms(struct io *io)
{
	int most = io->starved ? 10 : io->full ? 100 : 1000;
	int64_t now = clock_mono_us(), next = port_dial_due(io, now);
	if (next <= now)
		return 0;
	return next - now < (int64_t)most * 1000 ? (int)((next - now) / 1000) + 1 : most;
}

static void *io_main(void *arg)
{
	struct io *io = arg;
	struct epoll_event events[EVENTS];
	while (!io->stop) {
		int n = epoll_wait(io->epoll, events, EVENTS, patience_ms(io));
		for (int i = 0; i < n; i++)
			handle(io, &events[i]);
		intake_submit(&io->in);
		resume_reading(io);
		note_full(io);
		int64_t now = clock_mono_us();
		if (now - io->swept_us > SWEEP_US) {
			connection_sweep(io, now);
			port_rouse_all(io);
		}
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

static void ask(struct io *io, struct io_request *r)
{
	pthread_mutex_lock(&io->lock);
	while (io->request)
		pthread_cond_wait(&io->served, &io->lock);
	io->request = r;
	pthread_mutex_unlock(&io->lock);
	mailbox_wake(&io->in.mailbox);
	pthread_mutex_lock(&io->lock);
	while (!r->done)
		pthread_cond_wait(&io->served, &io->lock);
	pthread_mutex_unlock(&io->lock);
}

void io_serve(struct io *io, int fd, struct conf *conf, const struct conf_channel *settings, struct channel *channel)
{
	struct io_request r = {.kind = IO_SERVE, .fd = fd, .conf = conf, .settings = settings, .channel = channel};
	ask(io, &r);
}

void io_leave(struct io *io, struct channel *channel)
{
	struct io_request r = {.kind = IO_LEAVE, .channel = channel};
	ask(io, &r);
}

void io_drain(struct io *io, int64_t deadline_us)
{
	struct io_request r = {.kind = IO_DRAIN};
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
	return &io->in.latency;
}

static void destroy(struct io *io)
{
	for (uint32_t i = 0; i < io->nslots; i++) {
		if (io->slots[i])
			connection_close(io, io->slots[i]);
	}
	while (io->ports)
		port_free(io, io->ports);
	free(io->slots);
	aff_buf_free(&io->scratch);
	intake_destroy(&io->in);
	close(io->epoll);
	pthread_cond_destroy(&io->served);
	pthread_mutex_destroy(&io->lock);
	free(io);
}

int io_start(struct io **out, unsigned number, struct journal *journal, struct writer *writer, struct budget *budget)
{
	struct io *io = calloc(1, sizeof *io);
	if (!io)
		return AFF_ENOMEM;
	int rc = intake_init(&io->in, number, journal, writer, budget);
	aff_buf_init(&io->scratch, SCRATCH_SIZE);
	pthread_mutex_init(&io->lock, NULL);
	pthread_cond_init(&io->served, NULL);
	io->epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = io_tag(IO_TAG_MAILBOX, 0)};
	if (!rc && epoll_ctl(io->epoll, EPOLL_CTL_ADD, io->in.mailbox.eventfd, &ev))
		rc = AFF_EIO;
	if (!rc && pthread_create(&io->thread, NULL, io_main, io))
		rc = AFF_ENOMEM;
	if (rc) {
		destroy(io);
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
	struct io_request r = {.kind = IO_STOP};
	ask(io, &r);
	pthread_join(io->thread, NULL);
	destroy(io);
}
