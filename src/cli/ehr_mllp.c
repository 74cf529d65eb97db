/* SPDX-License-Identifier: Apache-2.0
 *
 * The HL7 v2 face of the test receiver. Level-triggered epoll; a connection whose answer is stalled is neither read nor
 * written until its time has come, so the answers of one connection never overtake each other.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <afferent/ack.h>
#include <afferent/dtm.h>
#include <afferent/mllp.h>

#include "cli/ehr.h"
#include "net/listen.h"
#include "net/stream.h"
#include "sys/clock.h"

#define CONNECTIONS_MAX 4096
#define FRAME_MAX (64u << 20)
#define JUNK_MAX (64u << 10)
#define READ_AT_ONCE (64u << 10)
#define LISTENER_TAG UINT64_MAX

struct conn {
	bool used, closing; /* closing: when out is sent */
	struct net_stream stream;
	struct aff_buf in, out;
	size_t sent;
	struct aff_mllp framer;
	uint64_t taken;
	int64_t held_until_us; /* 0: not stalled */
	uint32_t watched;      /* the events asked for */
};

struct ehr_mllp {
	struct ehr *ehr;
	int listener, epoll;
	struct aff_msg *msg;
	uint64_t answers;
	unsigned held; /* connections with a stalled answer */
	struct conn conns[CONNECTIONS_MAX];
};

static void hang_up(struct ehr_mllp *m, struct conn *c)
{
	if (c->held_until_us)
		m->held--;
	net_stream_close(&c->stream);
	aff_buf_free(&c->in);
	aff_buf_free(&c->out);
	memset(c, 0, sizeof *c);
}

static void watch(struct ehr_mllp *m, struct conn *c)
{
	uint32_t events = c->held_until_us ? 0 : c->sent < c->out.n ? EPOLLOUT : EPOLLIN;
	struct epoll_event e = {.events = events, .data.u64 = (uint64_t)(c - m->conns)};
	if (c->watched == events)
		return;
	if (epoll_ctl(m->epoll, EPOLL_CTL_MOD, c->stream.fd, &e))
		hang_up(m, c);
	else
		c->watched = events;
}

/* ---- one message ---- */

static int error_for(enum ehr_answer answer)
{
	return answer == EHR_ERROR ? AFF_ENOTFOUND : answer == EHR_REJECT ? AFF_ELIMIT : AFF_OK;
}

static void put_answer(struct ehr_mllp *m, struct conn *c, int error)
{
	char time[AFF_DTM_SIZE], id[32];
	struct aff_diag diag = {0};
	struct aff_buf text;
	aff_dtm_now_text(time, clock_wall_us());
	snprintf(id, sizeof id, "EHR%llu", (unsigned long long)++m->answers);
	if (error)
		aff_diag_set(&diag, error, "refused, as this test receiver was told to");
	struct aff_ack ack = {.code = aff_ack_choose(m->msg, AFF_ACK_AUTO, error),
			      .control_id = aff_view_of(id),
			      .time = aff_view_of(time),
			      .diag = error ? &diag : NULL};
	if (ack.code == AFF_ACK_NONE)
		return;
	aff_buf_init(&text, 1u << 20);
	if (aff_ack_build(&text, m->msg, &ack))
		c->closing = true;
	else
		aff_mllp_put(&c->out, aff_buf_view(&text));
	aff_buf_free(&text);
	if (c->out.error)
		c->closing = true;
}

static void take(struct ehr_mllp *m, struct conn *c, struct aff_view frame)
{
	struct ehr *e = m->ehr;
	enum ehr_answer answer = ehr_receive(e);
	if (aff_msg_parse(m->msg, frame.p, frame.n, AFF_LENIENT_ALL, NULL) || !aff_msg_field(m->msg, 0, 10).n) {
		e->unreadable++;
		c->closing = true;
		return;
	}
	c->taken++;
	if (answer == EHR_SILENT)
		e->silent++;
	else if (answer == EHR_ACCEPT)
		ehr_accept(e, aff_msg_field(m->msg, 0, 10), frame);
	else
		e->refused++;
	if (answer != EHR_SILENT)
		put_answer(m, c, error_for(answer));
	if (e->rules.close_after && c->taken >= e->rules.close_after)
		c->closing = true;
	if (e->rules.stall_ms && answer != EHR_SILENT) {
		c->held_until_us = clock_mono_us() + e->rules.stall_ms * 1000;
		m->held++;
	}
}

/* ---- one connection ---- */

static void take_frames(struct ehr_mllp *m, struct conn *c)
{
	while (!c->closing && !c->held_until_us) {
		struct aff_view frame;
		size_t consumed = 0;
		int rc = aff_mllp_next(&c->framer, c->in.p, c->in.n, &frame, &consumed);
		if (rc == 1) {
			take(m, c, frame);
		} else if (rc < 0) {
			ehr_receive(m->ehr);
			m->ehr->unreadable++;
			c->closing = true;
		}
		memmove(c->in.p, c->in.p + consumed, c->in.n - consumed);
		c->in.n -= consumed;
		if (rc != 1)
			return;
	}
}

/* Returns false when the connection is gone. */
static bool flush(struct ehr_mllp *m, struct conn *c)
{
	while (c->sent < c->out.n) {
		size_t n;
		int rc = net_stream_write(&c->stream, aff_view(c->out.p + c->sent, c->out.n - c->sent), &n);
		c->sent += n;
		if (rc == AFF_EAGAIN)
			return true;
		if (rc) {
			hang_up(m, c);
			return false;
		}
	}
	aff_buf_clear(&c->out);
	c->sent = 0;
	if (c->closing)
		hang_up(m, c);
	return c->used;
}

static void go_on(struct ehr_mllp *m, struct conn *c)
{
	if (c->held_until_us || !flush(m, c))
		return;
	if (c->out.n == 0 && c->in.n) {
		take_frames(m, c);
		if (!c->held_until_us && !flush(m, c))
			return;
	}
}

static void handle(struct ehr_mllp *m, struct conn *c, uint32_t events)
{
	if (events & EPOLLIN && !c->held_until_us) {
		int rc = net_stream_read(&c->stream, &c->in, READ_AT_ONCE);
		if (rc && rc != AFF_EAGAIN) {
			hang_up(m, c);
			return;
		}
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		hang_up(m, c);
		return;
	}
	go_on(m, c);
	if (c->used)
		watch(m, c);
}

static struct conn *free_conn(struct ehr_mllp *m)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (!m->conns[i].used)
			return &m->conns[i];
	}
	return NULL;
}

static void accept_all(struct ehr_mllp *m)
{
	struct net_address peer;
	int fd;
	while ((fd = net_accept(m->listener, &peer)) >= 0) {
		struct conn *c = free_conn(m);
		struct epoll_event e = {.events = EPOLLIN, .data.u64 = c ? (uint64_t)(c - m->conns) : 0};
		if (!c || epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &e)) {
			close(fd);
			continue;
		}
		m->ehr->connections++;
		c->used = true;
		c->watched = EPOLLIN;
		net_stream_init(&c->stream, fd);
		aff_buf_init(&c->in, FRAME_MAX + READ_AT_ONCE);
		aff_buf_init(&c->out, FRAME_MAX);
		aff_mllp_init(&c->framer, FRAME_MAX, JUNK_MAX);
	}
}

/* Lets those go on whose time has come; returns when the next one's does. */
static int release_held(struct ehr_mllp *m)
{
	int64_t now = clock_mono_us(), next = INT64_MAX;
	for (size_t i = 0; m->held && i < CONNECTIONS_MAX; i++) {
		struct conn *c = &m->conns[i];
		if (c->held_until_us && c->held_until_us <= now) {
			c->held_until_us = 0;
			m->held--;
			go_on(m, c);
			if (c->used)
				watch(m, c);
		}
		if (c->held_until_us && c->held_until_us < next)
			next = c->held_until_us;
	}
	return next == INT64_MAX ? -1 : (int)((next - now + 999) / 1000);
}

int ehr_mllp_work(struct ehr_mllp *m)
{
	struct epoll_event events[256];
	int n = epoll_wait(m->epoll, events, (int)(sizeof events / sizeof *events), 0);
	for (int i = 0; i < n; i++) {
		if (events[i].data.u64 == LISTENER_TAG)
			accept_all(m);
		else if (m->conns[events[i].data.u64].used)
			handle(m, &m->conns[events[i].data.u64], events[i].events);
	}
	return release_held(m);
}

bool ehr_mllp_is_busy(const struct ehr_mllp *m)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (m->conns[i].used && m->conns[i].out.n)
			return true;
	}
	return false;
}

int ehr_mllp_fd(const struct ehr_mllp *m)
{
	return m->epoll;
}

int ehr_mllp_address(const struct ehr_mllp *m, struct net_address *out)
{
	return net_listen_address(m->listener, out);
}

void ehr_mllp_close(struct ehr_mllp *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (m->conns[i].used)
			hang_up(m, &m->conns[i]);
	}
	if (m->listener >= 0)
		close(m->listener);
	if (m->epoll >= 0)
		close(m->epoll);
	aff_msg_free(m->msg);
	free(m);
}

int ehr_mllp_open(struct ehr_mllp **out, struct ehr *e, const struct net_address *at, struct aff_diag *diag)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = LISTENER_TAG};
	struct ehr_mllp *m = calloc(1, sizeof *m);
	if (!m)
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	m->ehr = e;
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	m->listener = net_listen(at, false, diag);
	int rc = m->listener < 0 ? m->listener : 0;
	if (!rc && (m->epoll < 0 || epoll_ctl(m->epoll, EPOLL_CTL_ADD, m->listener, &event)))
		rc = aff_diag_set(diag, AFF_EIO, "cannot watch the listening socket");
	if (!rc && aff_msg_new(&m->msg, NULL))
		rc = aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	if (rc)
		ehr_mllp_close(m);
	else
		*out = m;
	return rc;
}
