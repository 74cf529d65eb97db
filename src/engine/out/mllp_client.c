/* SPDX-License-Identifier: Apache-2.0
 *
 * The sending side of MLLP. One epoll descriptor for all lanes; deadlines are looked through linearly, because a
 * client has few lanes and each round ends in a system call anyway.
 *
 * Invariant: a lane at or past LANE_CONNECTING has a message in flight, and its callback will be called once.
 */
#include "engine/out/mllp_client.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <afferent/mllp.h>

#include "engine/out/ack_answer.h"
#include "net/dial.h"
#include "net/stream.h"
#include "sys/clock.h"

#define ANSWER_MAX (1024 * 1024)
#define JUNK_MAX (64 * 1024)
#define MESSAGE_MAX (64u * 1024 * 1024 + 16)
#define READ_AT_ONCE 4096
#define WAKE_TAG UINT64_MAX

enum lane_state {
	LANE_CLOSED,     /* no connection, no delivery */
	LANE_IDLE,       /* a connection, no delivery */
	LANE_CONNECTING, /* from here on a delivery is in flight */
	LANE_SENDING,
	LANE_WAITING
};

struct lane {
	enum lane_state state;
	struct net_address to;
	struct net_stream stream;
	struct aff_buf in, out;
	size_t sent; /* bytes of out */
	struct aff_mllp framer;
	struct aff_view control_id;
	int64_t deadline_us;
};

struct mllp_client {
	mllp_client_fn *fn;
	void *arg;
	int64_t timeout_us;
	int epoll, wake_fd;
	struct aff_msg *answer;
	unsigned nlanes;
	struct lane lanes[];
};

static unsigned number_of(const struct mllp_client *c, const struct lane *lane)
{
	return (unsigned)(lane - c->lanes);
}

static bool is_busy(const struct lane *lane)
{
	return lane->state >= LANE_CONNECTING;
}

static void disconnect(struct lane *lane)
{
	net_stream_close(&lane->stream);
	aff_buf_clear(&lane->in);
	lane->state = LANE_CLOSED;
}

/* The lane is free before the callback, because that may send the next message on it. */
static void fail(struct mllp_client *c, struct lane *lane, int rc, const char *why)
{
	struct mllp_reply reply = {.rc = rc, .connected = lane->state > LANE_CONNECTING, .why = why};
	disconnect(lane);
	c->fn(c->arg, number_of(c, lane), &reply);
}

static int watch(struct mllp_client *c, struct lane *lane, int operation, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u64 = number_of(c, lane)};
	return epoll_ctl(c->epoll, operation, lane->stream.fd, &e);
}

static void fail_dial(struct mllp_client *c, struct lane *lane, int rc)
{
	fail(c, lane, rc,
	     rc == AFF_EREFUSED   ? "connection refused"
	     : rc == AFF_ETIMEOUT ? "no connection in time"
	     : rc == AFF_ELIMIT   ? "no file descriptors left"
				  : "cannot connect");
}

static void fail_watch(struct mllp_client *c, struct lane *lane)
{
	fail(c, lane, AFF_EIO, "cannot watch the connection");
}

/* ---- the answer ---- */

static void judge(struct mllp_client *c, struct lane *lane, struct aff_view frame, bool more)
{
	struct aff_ack_result ack;
	bool half_sent = lane->state == LANE_SENDING;
	const char *why = ack_answer_read(c->answer, frame, lane->control_id, &ack);
	if (why) {
		fail(c, lane, AFF_EFRAME, why);
		return;
	}
	if (half_sent && (ack.code == AFF_AA || ack.code == AFF_CA)) {
		fail(c, lane, AFF_EFRAME, "accepted before the end of the message");
		return;
	}
	/* Bytes behind the answer were not asked for: whose answer would they be next? And half a message cannot be
	 * taken back. */
	struct mllp_reply reply = {.connected = true, .code = ack.code, .condition = ack.condition};
	if (more || half_sent)
		disconnect(lane);
	else
		lane->state = LANE_IDLE;
	aff_buf_clear(&lane->in);
	c->fn(c->arg, number_of(c, lane), &reply);
}

static void drop(struct aff_buf *in, size_t n)
{
	memmove(in->p, in->p + n, in->n - n);
	in->n -= n;
}

/* Returns true while there may be more to read for the same delivery. */
static bool take_answer(struct mllp_client *c, struct lane *lane)
{
	struct aff_view frame;
	size_t consumed = 0;
	int rc = aff_mllp_next(&lane->framer, lane->in.p, lane->in.n, &frame, &consumed);
	if (rc == 0) {
		drop(&lane->in, consumed);
		return true;
	}
	if (rc < 0)
		fail(c, lane, AFF_EFRAME, "garbled answer");
	else
		judge(c, lane, frame, consumed < lane->in.n);
	return false;
}

static void receive(struct mllp_client *c, struct lane *lane)
{
	for (;;) {
		int rc = net_stream_read(&lane->stream, &lane->in, READ_AT_ONCE);
		if (rc == AFF_EAGAIN)
			return;
		if (rc == 0) {
			if (!take_answer(c, lane))
				return;
			continue;
		}
		if (rc == AFF_ECLOSED)
			fail(c, lane, rc, "connection closed before the answer");
		else
			fail(c, lane, rc, rc == AFF_ELIMIT ? "garbled answer" : "cannot read the answer");
		return;
	}
}

/* ---- the message ---- */

static void transmit(struct mllp_client *c, struct lane *lane)
{
	while (lane->sent < lane->out.n) {
		size_t n;
		struct aff_view rest = aff_view(lane->out.p + lane->sent, lane->out.n - lane->sent);
		int rc = net_stream_write(&lane->stream, rest, &n);
		lane->sent += n;
		if (rc == AFF_EAGAIN) {
			if (watch(c, lane, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT))
				fail_watch(c, lane);
			return;
		}
		if (rc) {
			fail(c, lane, rc, "connection closed while sending");
			return;
		}
	}
	lane->state = LANE_WAITING;
}

static void begin_message(struct mllp_client *c, struct lane *lane)
{
	aff_mllp_init(&lane->framer, ANSWER_MAX, JUNK_MAX);
	aff_buf_clear(&lane->in);
	lane->state = LANE_SENDING;
	transmit(c, lane);
}

static void connected(struct mllp_client *c, struct lane *lane)
{
	int rc = net_dial_finish(lane->stream.fd, &lane->to, NULL);
	if (rc == AFF_EAGAIN)
		return;
	if (rc)
		fail_dial(c, lane, rc);
	else if (watch(c, lane, EPOLL_CTL_MOD, EPOLLIN))
		fail_watch(c, lane);
	else
		begin_message(c, lane);
}

static void dial(struct mllp_client *c, struct lane *lane)
{
	int fd = net_dial(&lane->to, NULL);
	if (fd < 0) {
		fail_dial(c, lane, fd);
		return;
	}
	net_stream_init(&lane->stream, fd);
	lane->state = LANE_CONNECTING;
	if (watch(c, lane, EPOLL_CTL_ADD, EPOLLOUT))
		fail_watch(c, lane);
}

void mllp_client_address(struct mllp_client *c, unsigned lane, const struct net_address *to)
{
	c->lanes[lane].to = *to;
}

void mllp_client_send(struct mllp_client *c, unsigned number, struct aff_view message, struct aff_view control_id)
{
	struct lane *lane = &c->lanes[number];
	aff_buf_clear(&lane->out);
	aff_mllp_put(&lane->out, message);
	if (lane->out.error) {
		if (lane->out.error == AFF_ELIMIT)
			fail(c, lane, AFF_ETOOLONG, "message too large");
		else
			fail(c, lane, AFF_ENOMEM, "out of memory");
		return;
	}
	lane->sent = 0;
	lane->control_id = control_id;
	lane->deadline_us = clock_mono_us() + c->timeout_us;
	/* A peer may close an idle connection whenever it likes; that says nothing about this message. */
	if (lane->state == LANE_IDLE && net_stream_is_stale(&lane->stream))
		disconnect(lane);
	if (lane->state == LANE_IDLE)
		begin_message(c, lane);
	else
		dial(c, lane);
}

/* ---- the loop ---- */

static void handle(struct mllp_client *c, struct lane *lane, uint32_t events)
{
	switch (lane->state) {
	case LANE_CLOSED:
		break;
	case LANE_IDLE:
		if (net_stream_is_stale(&lane->stream))
			disconnect(lane);
		break;
	case LANE_CONNECTING:
		connected(c, lane);
		break;
	case LANE_SENDING:
		if (events & EPOLLOUT) {
			transmit(c, lane);
			if (lane->state == LANE_WAITING && watch(c, lane, EPOLL_CTL_MOD, EPOLLIN))
				fail_watch(c, lane);
		} else {
			receive(c, lane);
		}
		break;
	case LANE_WAITING:
		receive(c, lane);
		break;
	}
}

static int wait_ms(const struct mllp_client *c, int timeout_ms)
{
	int64_t now = clock_mono_us(), left_ms = timeout_ms < 0 ? INT64_MAX : timeout_ms;
	for (unsigned i = 0; i < c->nlanes; i++) {
		const struct lane *lane = &c->lanes[i];
		int64_t until = is_busy(lane) ? (lane->deadline_us - now + 999) / 1000 : INT64_MAX;
		if (until < left_ms)
			left_ms = until < 0 ? 0 : until;
	}
	return left_ms == INT64_MAX ? -1 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

static void expire(struct mllp_client *c)
{
	int64_t now = clock_mono_us();
	for (unsigned i = 0; i < c->nlanes; i++) {
		struct lane *lane = &c->lanes[i];
		if (is_busy(lane) && now >= lane->deadline_us)
			fail(c, lane, AFF_ETIMEOUT,
			     lane->state == LANE_CONNECTING ? "no connection in time" : "no answer in time");
	}
}

static void watch_wake(struct mllp_client *c, int wake_fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = WAKE_TAG};
	if (wake_fd == c->wake_fd)
		return;
	if (c->wake_fd >= 0)
		epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->wake_fd, NULL);
	c->wake_fd = wake_fd >= 0 && !epoll_ctl(c->epoll, EPOLL_CTL_ADD, wake_fd, &e) ? wake_fd : -1;
}

void mllp_client_poll(struct mllp_client *c, int wake_fd, int timeout_ms)
{
	struct epoll_event events[64];
	watch_wake(c, wake_fd);
	int n = epoll_wait(c->epoll, events, (int)(sizeof events / sizeof *events), wait_ms(c, timeout_ms));
	/* An event may be of a connection that an earlier event of this round replaced: handling it finds nothing to
	 * do. */
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 != WAKE_TAG)
			handle(c, &c->lanes[events[i].data.u64], events[i].events);
	}
	expire(c);
}

void mllp_client_free(struct mllp_client *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->nlanes; i++) {
		net_stream_close(&c->lanes[i].stream);
		aff_buf_free(&c->lanes[i].in);
		aff_buf_free(&c->lanes[i].out);
	}
	aff_msg_free(c->answer);
	if (c->epoll >= 0)
		close(c->epoll);
	free(c);
}

int mllp_client_new(struct mllp_client **out, unsigned lanes, int64_t timeout_ms, mllp_client_fn *fn, void *arg)
{
	struct mllp_client *c = calloc(1, sizeof *c + lanes * sizeof *c->lanes);
	if (!c)
		return AFF_ENOMEM;
	c->fn = fn;
	c->arg = arg;
	c->timeout_us = timeout_ms * 1000;
	c->wake_fd = -1;
	c->nlanes = lanes;
	for (unsigned i = 0; i < lanes; i++) {
		net_stream_init(&c->lanes[i].stream, -1);
		aff_buf_init(&c->lanes[i].in, ANSWER_MAX + JUNK_MAX);
		aff_buf_init(&c->lanes[i].out, MESSAGE_MAX);
	}
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	int rc = c->epoll < 0 ? AFF_EIO : aff_msg_new(&c->answer, NULL);
	if (rc) {
		mllp_client_free(c);
		return rc;
	}
	*out = c;
	return 0;
}
