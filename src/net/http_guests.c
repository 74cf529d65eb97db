/* SPDX-License-Identifier: Apache-2.0
 *
 * The connections of the HTTP server. evhttp neither counts nor lists them, and its time-outs start anew with every
 * byte. So each gets a stream of ours, which tells of the first byte, and to which we keep a reference: one that evhttp
 * has let go has no callbacks any more. Its descriptor is closed by then, and may be another connection's.
 */
#include "net/http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "net/tune.h"
#include "sys/clock.h"

static void set_resting(struct http_server *s, bool resting)
{
	struct evconnlistener *listener = s->socket ? evhttp_bound_socket_get_listener(s->socket) : NULL;
	if (listener && resting)
		evconnlistener_disable(listener);
	else if (listener)
		evconnlistener_enable(listener);
}

static bool is_crowded(const struct http_server *s)
{
	return s->max_guests && s->nguests >= s->max_guests;
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg);

static bool is_gone(const struct guest *g)
{
	bufferevent_event_cb on_event = NULL;
	bufferevent_getcb(g->stream, NULL, NULL, &on_event, NULL);
	return !on_event;
}

static void free_guest(struct guest *g)
{
	struct http_server *s = g->server;
	if (g->fd >= 0 && s->by_fd[g->fd] == g)
		s->by_fd[g->fd] = NULL;
	*g->link = g->next;
	if (g->next)
		g->next->link = g->link;
	s->nguests--;
	evbuffer_remove_cb(bufferevent_get_input(g->stream), on_input, g);
	bufferevent_decref(g->stream);
	free(g);
}

void guests_sweep(struct http_server *s)
{
	for (struct guest *g = s->guests, *next; g; g = next) {
		next = g->next;
		if (is_gone(g))
			free_guest(g);
	}
	set_resting(s, is_crowded(s));
}

/* The first bytes tell the descriptor, which was not known when the stream was made. */
static bool note_descriptor(struct guest *g)
{
	struct http_server *s = g->server;
	int fd = bufferevent_getfd(g->stream);
	if (fd < 0)
		return false;
	if ((size_t)fd >= s->nby_fd) {
		size_t n = (size_t)fd * 2 + 64;
		struct guest **by_fd = realloc(s->by_fd, n * sizeof(struct guest *));
		if (!by_fd)
			return false;
		memset(by_fd + s->nby_fd, 0, (n - s->nby_fd) * sizeof *by_fd);
		s->by_fd = by_fd;
		s->nby_fd = n;
	}
	s->by_fd[fd] = g;
	g->fd = fd;
	net_tune(fd);
	return true;
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct guest *g = arg;
	(void)in;
	if (!info->n_added || (g->fd < 0 && !note_descriptor(g)))
		return;
	if (!g->since_us)
		g->since_us = clock_mono_us();
}

static struct bufferevent *make_stream(struct event_base *base, void *arg)
{
	struct http_server *s = arg;
	struct guest *g = calloc(1, sizeof *g);
	struct bufferevent *stream = g ? bufferevent_socket_new(base, -1, 0) : NULL;
	if (!stream || !evbuffer_add_cb(bufferevent_get_input(stream), on_input, g)) {
		if (stream)
			bufferevent_free(stream);
		free(g);
		return NULL; /* evhttp makes one: it is served, and not counted */
	}
	bufferevent_incref(stream);
	g->server = s;
	g->fd = -1;
	g->stream = stream;
	g->next = s->guests;
	g->link = &s->guests;
	if (g->next)
		g->next->link = &g->next;
	s->guests = g;
	s->nguests++;
	if (is_crowded(s))
		set_resting(s, true); /* until the next sweep */
	return stream;
}

/* No descriptors: the connection that could not be accepted stays in the queue, and epoll would tell so without end. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	evconnlistener_disable(listener); /* until the next tick */
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	int64_t now = clock_mono_us();
	(void)fd;
	(void)what;
	guests_sweep(s);
	for (struct guest *g = s->guests; g && s->request_us; g = g->next) {
		if (g->since_us && !g->waiting && now - g->since_us > s->request_us)
			shutdown(g->fd, SHUT_RDWR); /* evhttp sees the end */
	}
}

int guests_begin(struct http_server *s)
{
	const struct timeval second = {.tv_sec = 1};
	struct evconnlistener *listener = evhttp_bound_socket_get_listener(s->socket);
	evconnlistener_set_error_cb(listener, on_accept_error);
	evhttp_set_bevcb(s->http, make_stream, s);
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	return s->tick && !event_add(s->tick, &second) ? 0 : AFF_ENOMEM;
}

struct guest *guests_of(const struct http_server *s, struct evhttp_request *request)
{
	struct bufferevent *stream = evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
	int fd = bufferevent_getfd(stream);
	return fd >= 0 && (size_t)fd < s->nby_fd ? s->by_fd[fd] : NULL;
}

struct guest *guests_waiting(const struct http_server *s, uint64_t ticket)
{
	size_t fd = (uint32_t)ticket;
	struct guest *g = fd < s->nby_fd ? s->by_fd[fd] : NULL;
	return g && g->waiting && g->number == ticket >> 32 ? g : NULL;
}

void guests_close_idle(struct http_server *s)
{
	guests_sweep(s);
	for (struct guest *g = s->guests; g; g = g->next) {
		int fd = g->fd >= 0 ? g->fd : bufferevent_getfd(g->stream);
		if (!g->waiting && fd >= 0)
			shutdown(fd, SHUT_RDWR);
	}
}

void guests_end(struct http_server *s)
{
	while (s->guests)
		free_guest(s->guests);
}
