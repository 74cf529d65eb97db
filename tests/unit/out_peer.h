/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted peer for the tests of the outputs, on the same thread: the output polls with the peer's descriptor as
 * its wake descriptor, so each side gets its turn when there is something to do, and nothing sleeps.
 */
#ifndef TEST_OUT_PEER_H
#define TEST_OUT_PEER_H

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/out/output.h"
#include "net/listen.h"

#define PEER_PATIENCE_MS 10000

struct peer {
	struct output *output;
	struct conf_dest dest;
	struct net_address at;
	int listener, fd;
	struct aff_buf in; /* what the last connection received and the test did not take yet */
	unsigned done;     /* answers so far */
	unsigned lane;     /* of the last one */
	struct output_answer last;
	char url[80];
};

static inline void peer_on_done(void *arg, unsigned lane, const struct output_answer *answer)
{
	struct peer *p = arg;
	p->done++;
	p->lane = lane;
	p->last = *answer;
}

static inline void peer_listen(struct peer *p)
{
	p->listener = net_listen(&p->at, false, NULL);
	ck_assert_int_ge(p->listener, 0);
	ck_assert_int_eq(net_listen_address(p->listener, &p->at), 0);
}

static inline void peer_start(struct peer *p, unsigned lanes, int64_t timeout_ms)
{
	memset(p, 0, sizeof *p);
	p->fd = -1;
	aff_buf_init(&p->in, 1 << 24);
	ck_assert_int_eq(net_address_make(&p->at, "127.0.0.1", 0, NULL), 0);
	peer_listen(p);
	p->dest.lanes = lanes;
	p->dest.timeout_ms = timeout_ms;
	snprintf(p->dest.to.host, sizeof p->dest.to.host, "127.0.0.1");
	p->dest.to.port = net_address_port(&p->at);
	snprintf(p->url, sizeof p->url, "http://127.0.0.1:%u/fhir", p->dest.to.port);
	p->dest.url = p->url;
}

static inline void peer_hang_up(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	aff_buf_clear(&p->in);
}

/* The next close resets the connection instead of ending it. */
static inline void peer_reset(struct peer *p)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	ck_assert_int_eq(setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
	peer_hang_up(p);
}

static inline void peer_end(struct peer *p)
{
	p->output->ops->free(p->output);
	peer_hang_up(p);
	if (p->listener >= 0)
		close(p->listener);
	aff_buf_free(&p->in);
}

static inline void peer_wait(struct peer *p, int fd)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	while (poll(&ready, 1, 0) == 0)
		p->output->ops->poll(p->output, fd, PEER_PATIENCE_MS);
}

static inline void peer_accept(struct peer *p)
{
	struct net_address from;
	peer_hang_up(p);
	peer_wait(p, p->listener);
	p->fd = net_accept(p->listener, &from);
	ck_assert_int_ge(p->fd, 0);
}

/* Receives until `end` has come; returns everything up to and with it, which stays valid until the next call. */
static inline struct aff_view peer_receive(struct peer *p, const char *end)
{
	aff_buf_clear(&p->in);
	for (;;) {
		const char *found = p->in.n ? memmem(p->in.p, p->in.n, end, strlen(end)) : NULL;
		if (found)
			return aff_view(p->in.p, (size_t)(found - p->in.p) + strlen(end));
		peer_wait(p, p->fd);
		char *to = aff_buf_reserve(&p->in, 65536);
		ck_assert_ptr_nonnull(to);
		ssize_t n = recv(p->fd, to, 65536, 0);
		ck_assert_msg(n > 0, "the output closed the connection");
		p->in.n += (size_t)n;
	}
}

static inline void peer_write(struct peer *p, const char *bytes, size_t n)
{
	ck_assert_int_eq(send(p->fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static inline void peer_say(struct peer *p, const char *text)
{
	peer_write(p, text, strlen(text));
}

/* Lets the output run until it has reported `count` answers in all. */
static inline void peer_expect(struct peer *p, unsigned count, enum output_result result, const char *detail)
{
	while (p->done < count)
		p->output->ops->poll(p->output, -1, PEER_PATIENCE_MS);
	ck_assert_uint_eq(p->done, count);
	ck_assert_str_eq(p->last.detail, detail);
	ck_assert_int_eq(p->last.result, result);
}

/* The output closes the connection. */
static inline void peer_expect_closed(struct peer *p)
{
	char byte;
	peer_wait(p, p->fd);
	ck_assert_int_le(recv(p->fd, &byte, 1, 0), 0);
}

static inline void peer_add(Suite *s, TCase *t)
{
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
}

/* Says a whole HTTP response: status and headers, and the body with its length. */
static inline void peer_answer(struct peer *p, const char *head, const char *body)
{
	char text[2048];
	snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", head, strlen(body), body);
	peer_say(p, text);
}

static inline bool peer_has(struct aff_view text, const char *what)
{
	return memmem(text.p, text.n, what, strlen(what)) != NULL;
}

#endif
