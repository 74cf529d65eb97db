/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: syslog.
 * Owns    the connection and the message that is being sent.
 * Wakes   by an eventfd (a message, the end), by its connection, or when it is time to try again.
 * Blocks  in poll only, and while it reads the files of certificates.
 *
 * With TLS 1.3 a server tells only after our side of the handshake that it does not take our certificate. So nothing is
 * sent before it said something else, such as a session ticket, or half a second has passed.
 */
#include "engine/syslog_client.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "net/dial.h"
#include "net/syslog.h"
#include "sys/clock.h"
#include "sys/log.h"

#define WAITING_MOST 256
#define FRAME_MAX (64u << 10)
#define CONNECT_US 10000000
#define SEND_US 10000000
#define SETTLE_US 500000
#define BACK_OFF_LEAST 1000000
#define BACK_OFF_MOST 60000000
#define LASTED_US 60000000 /* a connection that lasted as long starts the back-off anew */
#define STOP_US 1000000

struct item {
	struct item *next;
	const char *id;
	bool waits; /* counted as waiting */
	int64_t at_us;
	size_t n;
	char text[];
};

struct syslog_client {
	char *to, *name, *ca_file, *cert_file, *key_file;
	struct net_address address;
	char host[256], process[16];
	pthread_t thread;
	int wake;
	atomic_bool stop;
	_Atomic int64_t stop_us; /* monotonic: when the end comes at the latest */
	pthread_mutex_t lock;    /* over the next ones */
	struct item *first, *last;
	struct syslog_status status;
	/* the thread's own */
	struct net_stream stream;
	int64_t connected_us, retry_us, back_off_us;
	struct item *next, *sent; /* to be sent before the queue; sent, but the connection has to last */
	struct aff_buf frame, junk;
};

/* ---- waiting ---- */

static int64_t within(const struct syslog_client *c, int64_t deadline_us)
{
	int64_t end = atomic_load(&c->stop) ? atomic_load(&c->stop_us) : INT64_MAX;
	return end < deadline_us ? end : deadline_us;
}

/* Until the connection is ready (true), something else happens, or time is up. */
static bool wait_once(struct syslog_client *c, short events, int64_t deadline_us)
{
	uint64_t n;
	struct pollfd fds[] = {{.fd = c->wake, .events = POLLIN}, {.fd = c->stream.fd, .events = events}};
	int64_t left = within(c, deadline_us) - clock_mono_us();
	int ms = left > INT32_MAX ? -1 : left > 0 ? (int)(left / 1000) + 1 : 0;
	if (poll(fds, 2, ms) <= 0)
		return false;
	if (fds[0].revents && read(c->wake, &n, sizeof n) < 0 && errno != EAGAIN)
		log_error("syslog", "cannot read an eventfd: %s", strerror(errno));
	return fds[1].revents != 0;
}

/* Until the connection is ready: 0, or AFF_ETIMEOUT. */
static int wait_ready(struct syslog_client *c, short events, int64_t deadline_us)
{
	while (!wait_once(c, events, deadline_us)) {
		if (clock_mono_us() >= within(c, deadline_us))
			return AFF_ETIMEOUT;
	}
	return 0;
}

/* ---- the connection ---- */

static int dial(struct syslog_client *c, int64_t deadline_us, struct aff_diag *diag)
{
	int fd = net_dial(&c->address, diag);
	if (fd < 0)
		return fd;
	net_stream_init(&c->stream, fd);
	for (;;) {
		if (wait_ready(c, POLLOUT, deadline_us))
			return aff_diag_set(diag, AFF_ETIMEOUT, "no connection in time");
		int rc = net_dial_finish(fd, &c->address, diag);
		if (rc != AFF_EAGAIN)
			return rc;
	}
}

static int shake_hands(struct syslog_client *c, int64_t deadline_us, struct aff_diag *diag)
{
	for (;;) {
		int rc = net_tls_handshake(&c->stream, diag);
		if (rc != AFF_EAGAIN)
			return rc;
		if (wait_ready(c, net_tls_wants(&c->stream), deadline_us))
			return aff_diag_set(diag, AFF_ETIMEOUT, "no answer to the TLS handshake in time");
	}
}

static int lost(const struct syslog_client *c, int rc, struct aff_diag *diag)
{
	const char *reason = net_tls_reason(&c->stream);
	return aff_diag_set(diag, rc, "the connection was lost: %s", *reason ? reason : "the server closed it");
}

/* Reads what a syslog server has no reason to say, to notice the end. 0, or the connection is lost. */
static int look(struct syslog_client *c, struct aff_diag *diag)
{
	int rc;
	do {
		aff_buf_clear(&c->junk);
		rc = net_stream_read(&c->stream, &c->junk, c->junk.max);
	} while (!rc);
	return rc == AFF_EAGAIN ? 0 : lost(c, rc, diag);
}

static int settle(struct syslog_client *c, struct aff_diag *diag)
{
	return wait_ready(c, POLLIN, clock_mono_us() + SETTLE_US) ? 0 : look(c, diag);
}

static int make_tls(const struct syslog_client *c, struct net_tls **out, struct aff_diag *diag)
{
	struct net_tls_options o = {.ca_file = c->ca_file, .cert_file = c->cert_file, .key_file = c->key_file};
	return net_tls_client(out, &o, diag);
}

static int connect_now(struct syslog_client *c, struct aff_diag *diag)
{
	int64_t deadline = clock_mono_us() + CONNECT_US;
	struct net_tls *tls = NULL;
	int rc = make_tls(c, &tls, diag);
	if (!rc)
		rc = dial(c, deadline, diag);
	if (!rc)
		rc = net_tls_start(&c->stream, tls, c->name, diag);
	if (!rc)
		rc = shake_hands(c, deadline, diag);
	if (!rc)
		rc = settle(c, diag);
	net_tls_free(tls);
	if (!rc)
		c->connected_us = clock_mono_us();
	return rc;
}

/* ---- messages ---- */

static struct item *take(struct syslog_client *c)
{
	struct item *i = c->next;
	c->next = NULL;
	if (i)
		return i;
	pthread_mutex_lock(&c->lock);
	i = c->first;
	if (i) {
		c->first = i->next;
		c->last = i->next ? c->last : NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return i;
}

static bool is_waiting(struct syslog_client *c)
{
	pthread_mutex_lock(&c->lock);
	bool waiting = c->first != NULL;
	pthread_mutex_unlock(&c->lock);
	return waiting || c->next;
}

static void drop(struct syslog_client *c, struct item *i)
{
	pthread_mutex_lock(&c->lock);
	c->status.waiting -= i->waits;
	c->status.dropped++;
	pthread_mutex_unlock(&c->lock);
	free(i);
}

static int put_frame(struct syslog_client *c, const struct item *i)
{
	struct syslog_message m = {.facility = SYSLOG_AUDIT,
				   .severity = SYSLOG_NOTICE,
				   .at_us = i->at_us,
				   .host = aff_view_of(c->host),
				   .application = aff_view_of("afferent"),
				   .process = aff_view_of(c->process),
				   .id = aff_view_of(i->id),
				   .text = aff_view(i->text, i->n)};
	aff_buf_clear(&c->frame);
	return syslog_put(&c->frame, &m);
}

static int send_frame(struct syslog_client *c, struct aff_diag *diag)
{
	int64_t deadline = clock_mono_us() + SEND_US;
	size_t n, sent = 0;
	while (sent < c->frame.n) {
		int rc = net_stream_write(&c->stream, aff_view(c->frame.p + sent, c->frame.n - sent), &n);
		sent += n;
		if (rc == AFF_EAGAIN && wait_ready(c, net_tls_wants(&c->stream), deadline))
			return aff_diag_set(diag, AFF_ETIMEOUT, "the server takes nothing");
		if (rc && rc != AFF_EAGAIN)
			return lost(c, rc, diag);
	}
	return 0;
}

static void note_down(struct syslog_client *c, const struct aff_diag *diag)
{
	char why[sizeof c->status.why];
	snprintf(why, sizeof why, "%s%s%s", diag->text, diag->hint[0] ? "; " : "", diag->hint);
	pthread_mutex_lock(&c->lock);
	bool told = c->status.down;
	c->status.down = true;
	memcpy(c->status.why, why, sizeof why);
	pthread_mutex_unlock(&c->lock);
	if (!told)
		log_error("syslog", "nothing can be sent to %s: %s; what is to be sent waits", c->to, why);
}

static void note_sent(struct syslog_client *c, struct item *i)
{
	pthread_mutex_lock(&c->lock);
	bool was_down = c->status.down, first = !c->status.sent;
	c->status.down = false;
	c->status.why[0] = '\0';
	c->status.sent++;
	c->status.sent_us = clock_wall_us();
	c->status.waiting -= i->waits;
	i->waits = false;
	pthread_mutex_unlock(&c->lock);
	if (was_down)
		log_info("syslog", "messages are sent to %s again", c->to);
	else if (first)
		log_info("syslog", "messages are sent to %s", c->to);
}

/* The connection broke or could not be made. The message that it may have lost comes first next time. */
static void fail(struct syslog_client *c, const struct aff_diag *diag)
{
	int64_t now = clock_mono_us();
	bool lasted = c->connected_us && now - c->connected_us >= LASTED_US;
	net_stream_close(&c->stream);
	c->connected_us = 0;
	if (!c->next) {
		c->next = c->sent;
		c->sent = NULL;
	}
	c->retry_us = now + c->back_off_us;
	c->back_off_us = lasted ? BACK_OFF_LEAST : 2 * c->back_off_us;
	if (c->back_off_us > BACK_OFF_MOST)
		c->back_off_us = BACK_OFF_MOST;
	if (diag)
		note_down(c, diag);
}

static void send_next(struct syslog_client *c)
{
	struct aff_diag diag = {0};
	struct item *i = take(c);
	if (!i)
		return;
	if (put_frame(c, i)) { /* too long for a frame: it would never go */
		drop(c, i);
		return;
	}
	if (send_frame(c, &diag)) {
		c->next = i;
		fail(c, &diag);
		return;
	}
	free(c->sent);
	c->sent = i;
	note_sent(c, i);
}

/* ---- the thread ---- */

/* Whether everything was sent or time is up; a server that is down gets no time. */
static bool is_over(struct syslog_client *c)
{
	return atomic_load(&c->stop) &&
	       (c->status.down || !is_waiting(c) || clock_mono_us() >= atomic_load(&c->stop_us));
}

/* A connection that ends in order has brought what was sent; after any other end the newest message is sent again. */
static void idle(struct syslog_client *c)
{
	struct aff_diag diag = {0};
	if (!wait_once(c, POLLIN, INT64_MAX) || !look(c, &diag))
		return;
	if (!*net_tls_reason(&c->stream)) {
		free(c->sent);
		c->sent = NULL;
	}
	fail(c, NULL);
}

static void step(struct syslog_client *c)
{
	struct aff_diag diag = {0};
	bool connected = c->stream.fd >= 0, waiting = is_waiting(c);
	if (connected && waiting)
		send_next(c);
	else if (connected)
		idle(c);
	else if (!waiting)
		wait_once(c, 0, INT64_MAX);
	else if (clock_mono_us() < c->retry_us)
		wait_once(c, 0, c->retry_us);
	else if (connect_now(c, &diag))
		fail(c, &diag);
}

static void *client_main(void *arg)
{
	struct syslog_client *c = arg;
	while (!is_over(c))
		step(c);
	net_stream_close(&c->stream);
	return NULL;
}

static void wake(struct syslog_client *c)
{
	static const uint64_t one = 1;
	ssize_t n = write(c->wake, &one, sizeof one);
	(void)n; /* full: it wakes anyway */
}

static void free_client(struct syslog_client *c)
{
	for (struct item *i = c->first, *next; i; i = next) {
		next = i->next;
		free(i);
	}
	free(c->next);
	free(c->sent);
	if (c->wake >= 0)
		close(c->wake);
	pthread_mutex_destroy(&c->lock);
	aff_buf_free(&c->frame);
	aff_buf_free(&c->junk);
	free(c->to);
	free(c->name);
	free(c->ca_file);
	free(c->cert_file);
	free(c->key_file);
	free(c);
}

static bool copy(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

/* The host's part of the address. */
static const char *host_of(const struct syslog_options *o, char buf[NET_ADDRESS_TEXT_SIZE])
{
	const char *colon = strrchr(o->to, ':'), *from = o->to + (o->to[0] == '[');
	size_t n = colon > from ? (size_t)(colon - from) - (o->to[0] == '[') : 0;
	snprintf(buf, NET_ADDRESS_TEXT_SIZE, "%.*s", (int)n, from);
	return buf;
}

static int set_up(struct syslog_client *c, const struct syslog_options *o, struct aff_diag *diag)
{
	char host[NET_ADDRESS_TEXT_SIZE];
	struct net_tls *tls = NULL;
	int rc = net_address_parse(&c->address, aff_view_of(o->to), diag);
	if (rc)
		return rc;
	if (!copy(&c->to, o->to) || !copy(&c->name, o->name ? o->name : host_of(o, host)) ||
	    !copy(&c->ca_file, o->tls.ca_file) || !copy(&c->cert_file, o->tls.cert_file) ||
	    !copy(&c->key_file, o->tls.key_file))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	c->status.to = c->to;
	if (gethostname(c->host, sizeof c->host - 1))
		c->host[0] = '\0';
	snprintf(c->process, sizeof c->process, "%ld", (long)getpid());
	rc = make_tls(c, &tls, diag);
	net_tls_free(tls);
	return rc;
}

int syslog_client_start(struct syslog_client **out, const struct syslog_options *options, struct aff_diag *diag)
{
	struct syslog_client *c = calloc(1, sizeof *c);
	if (!c)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	net_stream_init(&c->stream, -1);
	c->back_off_us = BACK_OFF_LEAST;
	aff_buf_init(&c->frame, FRAME_MAX);
	aff_buf_init(&c->junk, 4096);
	pthread_mutex_init(&c->lock, NULL);
	c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = set_up(c, options, diag);
	if (!rc && (c->wake < 0 || pthread_create(&c->thread, NULL, client_main, c)))
		rc = aff_diag_set(diag, AFF_ENOMEM, "cannot start the thread for syslog");
	if (rc) {
		free_client(c);
		return rc;
	}
	pthread_setname_np(c->thread, "syslog");
	*out = c;
	return 0;
}

void syslog_client_stop(struct syslog_client *c)
{
	if (!c)
		return;
	atomic_store(&c->stop_us, clock_mono_us() + STOP_US);
	atomic_store(&c->stop, true);
	wake(c);
	pthread_join(c->thread, NULL);
	if (c->status.waiting)
		log_warn("syslog", "%" PRIu64 " messages could not be sent to %s before the end", c->status.waiting,
			 c->to);
	free_client(c);
}

void syslog_client_put(struct syslog_client *c, const char *id, struct aff_view text)
{
	struct item *i = malloc(sizeof *i + text.n), *old = NULL;
	if (i) {
		*i = (struct item){.id = id, .waits = true, .at_us = clock_wall_us(), .n = text.n};
		memcpy(i->text, text.p, text.n);
	}
	pthread_mutex_lock(&c->lock);
	if (i && c->first && c->status.waiting >= WAITING_MOST) {
		old = c->first;
		c->first = old->next;
		c->status.waiting--;
	}
	if (i) {
		if (c->first)
			c->last->next = i;
		else
			c->first = i;
		c->last = i;
		c->status.waiting++;
	}
	c->status.dropped += !i || old;
	pthread_mutex_unlock(&c->lock);
	free(old);
	wake(c);
}

void syslog_client_status(struct syslog_client *c, struct syslog_status *out)
{
	pthread_mutex_lock(&c->lock);
	*out = c->status;
	pthread_mutex_unlock(&c->lock);
}
