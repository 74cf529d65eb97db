/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 v2 over MLLP: one connection per lane, opened on demand and kept. A message is delivered when the answer that
 * names its control id says so. A connection whose answer did not come, or was not understood, is closed: what
 * arrives later on it can then never be taken for the answer to another message.
 *
 * Thread: the sender's. Woken by its sockets, the sender's eventfd and the deadlines of the answers; blocks in
 * epoll_wait only.
 */
#include "engine/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <afferent/ack.h>
#include <afferent/mllp.h>

#include "net/dial.h"
#include "net/stream.h"
#include "sys/clock.h"

#define ANSWER_MAX (1024 * 1024)
#define JUNK_MAX (64 * 1024)
#define MESSAGE_MAX (64u * 1024 * 1024 + 16)
#define READ_AT_ONCE 4096
#define WAKE_TAG UINT64_MAX

enum lane_state {
	LANE_CLOSED,             /* no connection, no delivery */
	LANE_IDLE,               /* a connection, no delivery */
	LANE_CONNECTING,         /* from here on a delivery is in flight */
	LANE_SENDING,
	LANE_WAITING
};

struct lane {
	enum lane_state state;
	struct net_stream stream;
	struct aff_buf in, out;
	size_t sent;             /* bytes of out */
	struct aff_mllp framer;
	struct aff_view control_id;
	int64_t deadline_us;
};

struct mllp_output {
	struct output base;
	output_done_fn *done;
	void *arg;
	struct net_address to;
	int64_t timeout_us;
	int epoll, wake_fd;
	struct aff_msg *answer;
	unsigned nlanes;
	struct lane lanes[];
};

static unsigned number_of(const struct mllp_output *m, const struct lane *lane)
{
	return (unsigned)(lane - m->lanes);
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

/* The lane is free before done is called, because done may send the next message on it. */
static void finish(struct mllp_output *m, struct lane *lane, enum output_result result, const char *detail)
{
	struct output_answer answer = {.result = result};
	snprintf(answer.detail, sizeof answer.detail, "%s", detail);
	m->done(m->arg, number_of(m, lane), &answer);
}

static void fail(struct mllp_output *m, struct lane *lane, const char *detail)
{
	disconnect(lane);
	finish(m, lane, OUTPUT_TRANSIENT, detail);
}

static int watch(struct mllp_output *m, struct lane *lane, int operation, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.u64 = number_of(m, lane)};
	return epoll_ctl(m->epoll, operation, lane->stream.fd, &e);
}

static const char *dial_failure(int rc)
{
	return rc == AFF_EREFUSED ? "connection refused" : rc == AFF_ETIMEOUT ? "no connection in time"
	     : rc == AFF_ELIMIT ? "no file descriptors left" : "cannot connect";
}

/* ---- the answer ---- */

static void judge(struct mllp_output *m, struct lane *lane, struct aff_view frame, bool more)
{
	struct aff_ack_result ack;
	struct output_answer answer = {.result = OUTPUT_TRANSIENT};
	if (aff_msg_parse(m->answer, frame.p, frame.n, AFF_LENIENT_ALL, NULL)) {
		fail(m, lane, "garbled answer");
		return;
	}
	aff_ack_read(m->answer, &ack);
	if (ack.code == AFF_ACK_NONE) {
		fail(m, lane, "answer without a known MSA-1");
		return;
	}
	if (!aff_view_equal(ack.control_id, lane->control_id)) {
		fail(m, lane, "answer to another message");
		return;
	}
	if (ack.code == AFF_AA || ack.code == AFF_CA)
		answer.result = OUTPUT_DELIVERED;
	if (answer.result == OUTPUT_DELIVERED && lane->state == LANE_SENDING) {
		fail(m, lane, "accepted before the end of the message");
		return;
	}
	if (ack.code == AFF_AE || ack.code == AFF_CE)
		answer.result = OUTPUT_PERMANENT;
	const char *code = aff_ack_code_text(ack.code);
	if (ack.condition)
		snprintf(answer.detail, sizeof answer.detail, "%s %d", code, ack.condition);
	else
		snprintf(answer.detail, sizeof answer.detail, "%s", code);
	/* Bytes behind the answer were not asked for: whose answer would they be next? And half a message cannot be
	 * taken back. */
	if (more || lane->state == LANE_SENDING)
		disconnect(lane);
	else
		lane->state = LANE_IDLE;
	aff_buf_clear(&lane->in);
	m->done(m->arg, number_of(m, lane), &answer);
}

static void drop(struct aff_buf *in, size_t n)
{
	memmove(in->p, in->p + n, in->n - n);
	in->n -= n;
}

/* Returns true while there may be more to read for the same delivery. */
static bool take_answer(struct mllp_output *m, struct lane *lane)
{
	struct aff_view frame;
	size_t consumed = 0;
	int rc = aff_mllp_next(&lane->framer, lane->in.p, lane->in.n, &frame, &consumed);
	if (rc == 0) {
		drop(&lane->in, consumed);
		return true;
	}
	if (rc < 0)
		fail(m, lane, "garbled answer");
	else
		judge(m, lane, frame, consumed < lane->in.n);
	return false;
}

static void receive(struct mllp_output *m, struct lane *lane)
{
	for (;;) {
		int rc = net_stream_read(&lane->stream, &lane->in, READ_AT_ONCE);
		if (rc == AFF_EAGAIN)
			return;
		if (rc == 0) {
			if (!take_answer(m, lane))
				return;
			continue;
		}
		fail(m, lane, rc == AFF_ECLOSED ? "connection closed before the answer"
		            : rc == AFF_ELIMIT ? "garbled answer" : "cannot read the answer");
		return;
	}
}

/* ---- the message ---- */

static void transmit(struct mllp_output *m, struct lane *lane)
{
	while (lane->sent < lane->out.n) {
		size_t n;
		struct aff_view rest = aff_view(lane->out.p + lane->sent, lane->out.n - lane->sent);
		int rc = net_stream_write(&lane->stream, rest, &n);
		lane->sent += n;
		if (rc == AFF_EAGAIN) {
			if (watch(m, lane, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT))
				fail(m, lane, "cannot watch the connection");
			return;
		}
		if (rc) {
			fail(m, lane, "connection closed while sending");
			return;
		}
	}
	lane->state = LANE_WAITING;
}

static void begin_message(struct mllp_output *m, struct lane *lane)
{
	aff_mllp_init(&lane->framer, ANSWER_MAX, JUNK_MAX);
	aff_buf_clear(&lane->in);
	lane->state = LANE_SENDING;
	transmit(m, lane);
}

static void connected(struct mllp_output *m, struct lane *lane)
{
	int rc = net_dial_finish(lane->stream.fd, &m->to, NULL);
	if (rc == AFF_EAGAIN)
		return;
	if (rc)
		fail(m, lane, dial_failure(rc));
	else if (watch(m, lane, EPOLL_CTL_MOD, EPOLLIN))
		fail(m, lane, "cannot watch the connection");
	else
		begin_message(m, lane);
}

static void dial(struct mllp_output *m, struct lane *lane)
{
	int fd = net_dial(&m->to, NULL);
	if (fd < 0) {
		fail(m, lane, dial_failure(fd));
		return;
	}
	net_stream_init(&lane->stream, fd);
	lane->state = LANE_CONNECTING;
	if (watch(m, lane, EPOLL_CTL_ADD, EPOLLOUT))
		fail(m, lane, "cannot watch the connection");
}

static void mllp_send(struct output *o, unsigned number, struct aff_view bytes, struct aff_view control_id)
{
	struct mllp_output *m = (struct mllp_output *)o;
	struct lane *lane = &m->lanes[number];
	if (control_id.n == 0) {
		finish(m, lane, OUTPUT_PERMANENT, "MSH-10 is empty: no answer could be matched");
		return;
	}
	aff_buf_clear(&lane->out);
	aff_mllp_put(&lane->out, bytes);
	if (lane->out.error) {
		if (lane->out.error == AFF_ELIMIT)
			finish(m, lane, OUTPUT_PERMANENT, "message too large");
		else
			finish(m, lane, OUTPUT_TRANSIENT, "out of memory");
		return;
	}
	lane->sent = 0;
	lane->control_id = control_id;
	lane->deadline_us = clock_mono_us() + m->timeout_us;
	/* A peer may close an idle connection whenever it likes; that says nothing about this message. */
	if (lane->state == LANE_IDLE && net_stream_is_stale(&lane->stream))
		disconnect(lane);
	if (lane->state == LANE_IDLE)
		begin_message(m, lane);
	else
		dial(m, lane);
}

/* ---- the loop ---- */

static void handle(struct mllp_output *m, struct lane *lane, uint32_t events)
{
	switch (lane->state) {
	case LANE_CLOSED:
		break;
	case LANE_IDLE:
		if (net_stream_is_stale(&lane->stream))
			disconnect(lane);
		break;
	case LANE_CONNECTING:
		connected(m, lane);
		break;
	case LANE_SENDING:
		if (events & EPOLLOUT) {
			transmit(m, lane);
			if (lane->state == LANE_WAITING && watch(m, lane, EPOLL_CTL_MOD, EPOLLIN))
				fail(m, lane, "cannot watch the connection");
		} else {
			receive(m, lane);
		}
		break;
	case LANE_WAITING:
		receive(m, lane);
		break;
	}
}

static int wait_ms(const struct mllp_output *m, int timeout_ms)
{
	int64_t now = clock_mono_us(), left_ms = timeout_ms < 0 ? INT64_MAX : timeout_ms;
	for (unsigned i = 0; i < m->nlanes; i++) {
		const struct lane *lane = &m->lanes[i];
		int64_t until = is_busy(lane) ? (lane->deadline_us - now + 999) / 1000 : INT64_MAX;
		if (until < left_ms)
			left_ms = until < 0 ? 0 : until;
	}
	return left_ms == INT64_MAX ? -1 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

static void expire(struct mllp_output *m)
{
	int64_t now = clock_mono_us();
	for (unsigned i = 0; i < m->nlanes; i++) {
		struct lane *lane = &m->lanes[i];
		if (is_busy(lane) && now >= lane->deadline_us)
			fail(m, lane, lane->state == LANE_CONNECTING ? "no connection in time" : "no answer in time");
	}
}

static void watch_wake(struct mllp_output *m, int wake_fd)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = WAKE_TAG};
	if (wake_fd == m->wake_fd)
		return;
	if (m->wake_fd >= 0)
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->wake_fd, NULL);
	m->wake_fd = wake_fd >= 0 && !epoll_ctl(m->epoll, EPOLL_CTL_ADD, wake_fd, &e) ? wake_fd : -1;
}

static void mllp_poll(struct output *o, int wake_fd, int timeout_ms)
{
	struct mllp_output *m = (struct mllp_output *)o;
	struct epoll_event events[32];
	watch_wake(m, wake_fd);
	int n = epoll_wait(m->epoll, events, (int)(sizeof events / sizeof *events), wait_ms(m, timeout_ms));
	/* An event may be of a connection that an earlier event of this round replaced: handling it finds nothing to
	 * do. */
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 != WAKE_TAG)
			handle(m, &m->lanes[events[i].data.u64], events[i].events);
	}
	expire(m);
}

static void mllp_free(struct output *o)
{
	struct mllp_output *m = (struct mllp_output *)o;
	for (unsigned i = 0; i < m->nlanes; i++) {
		net_stream_close(&m->lanes[i].stream);
		aff_buf_free(&m->lanes[i].in);
		aff_buf_free(&m->lanes[i].out);
	}
	aff_msg_free(m->answer);
	if (m->epoll >= 0)
		close(m->epoll);
	free(m);
}

static const struct output_ops mllp_ops = {.send = mllp_send, .poll = mllp_poll, .free = mllp_free};

int output_mllp_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	struct net_address to;
	int rc = net_address_make(&to, dest->to.host, dest->to.port, NULL);
	if (rc || dest->lanes == 0)
		return AFF_EARGUMENT;
	struct mllp_output *m = calloc(1, sizeof *m + dest->lanes * sizeof *m->lanes);
	if (!m)
		return AFF_ENOMEM;
	m->base.ops = &mllp_ops;
	m->done = done;
	m->arg = arg;
	m->to = to;
	m->timeout_us = dest->timeout_ms * 1000;
	m->wake_fd = -1;
	m->nlanes = dest->lanes;
	for (unsigned i = 0; i < m->nlanes; i++) {
		net_stream_init(&m->lanes[i].stream, -1);
		aff_buf_init(&m->lanes[i].in, ANSWER_MAX + JUNK_MAX);
		aff_buf_init(&m->lanes[i].out, MESSAGE_MAX);
	}
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	rc = m->epoll < 0 ? AFF_EIO : aff_msg_new(&m->answer, NULL);
	if (rc) {
		mllp_free(&m->base);
		return rc;
	}
	*out = &m->base;
	return 0;
}
