/* SPDX-License-Identifier: Apache-2.0
 *
 * libevent's evhttp behind the interface of http_server.h.
 *
 * A reply that waits belongs to its connection: evhttp frees the request when the connection ends, so the close
 * callback drops the reply.
 */
#include "net/http_server.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>

#include "net/http_internal.h"
#include "net/listen.h"

#define REPLY_MAX (64u << 20)

static enum http_method method_of(struct evhttp_request *request)
{
	switch (evhttp_request_get_command(request)) {
	case EVHTTP_REQ_GET:
		return HTTP_GET;
	case EVHTTP_REQ_HEAD:
		return HTTP_HEAD;
	case EVHTTP_REQ_POST:
		return HTTP_POST;
	case EVHTTP_REQ_PUT:
		return HTTP_PUT;
	case EVHTTP_REQ_DELETE:
		return HTTP_DELETE;
	default:
		return HTTP_OTHER;
	}
}

/* ---- replies that wait ---- */

void waiting_drop(struct waiting *w)
{
	struct http_server *s = w->guest->server;
	w->guest->waiting = NULL;
	evhttp_connection_set_closecb(w->connection, NULL, NULL);
	s->nwaiting--;
	if (w->timer) {
		s->ntimers--;
		event_free(w->timer);
	}
	if (w->body)
		evbuffer_free(w->body);
	free(w);
}

/* Called while the request is freed: the stream, whose end on_gone sees, may live a little longer. */
static void on_closed(struct evhttp_connection *connection, void *arg)
{
	(void)connection;
	waiting_drop(arg);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct waiting *w = arg;
	struct evhttp_request *request = w->request;
	struct evbuffer *body = w->body;
	int status = w->status;
	(void)fd;
	(void)what;
	w->body = NULL;
	waiting_drop(w);
	evhttp_send_reply(request, status, NULL, body);
	evbuffer_free(body);
}

/* Takes the body over. */
static bool put_off(struct http_server *s, struct evhttp_request *request, const struct http_reply *reply,
		    struct evbuffer *body)
{
	struct timeval after = {.tv_sec = reply->delay_ms / 1000, .tv_usec = reply->delay_ms % 1000 * 1000};
	struct guest *g = guests_of(s, request);
	struct waiting *w = g && s->nwaiting < s->max_waiting ? calloc(1, sizeof *w) : NULL;
	if (!w)
		return false;
	if (reply->delay_ms > 0) {
		w->timer = event_new(s->base, -1, 0, on_time, w);
		if (!w->timer || event_add(w->timer, &after)) {
			if (w->timer)
				event_free(w->timer);
			free(w);
			return false;
		}
		s->ntimers++;
	}
	w->guest = g;
	w->request = request;
	w->connection = evhttp_request_get_connection(request);
	evhttp_connection_set_closecb(w->connection, on_closed, w);
	w->status = reply->status;
	w->body = body;
	g->waiting = w;
	s->nwaiting++;
	return true;
}

/* ---- requests ---- */

static void fill_request(struct http_request *out, struct evhttp_request *request)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *query = evhttp_uri_get_query(uri);
	const char *type = evhttp_find_header(evhttp_request_get_input_headers(request), "Content-Type");
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	size_t n = evbuffer_get_length(in);
	const unsigned char *bytes = n ? evbuffer_pullup(in, -1) : NULL;
	out->method = method_of(request);
	out->query = query ? query : "";
	out->content_type = type ? type : "";
	out->body = bytes ? aff_view((const char *)bytes, n) : aff_view("", 0);
}

/* "127.0.0.1:51234", "[::1]:51234" */
static void format_peer(struct evhttp_request *request, char text[NET_ADDRESS_TEXT_SIZE])
{
	char *host = NULL;
	ev_uint16_t port = 0;
	evhttp_connection_get_peer(evhttp_request_get_connection(request), &host, &port);
	bool six = host && strchr(host, ':');
	snprintf(text, NET_ADDRESS_TEXT_SIZE, "%s%s%s:%u", six ? "[" : "", host ? host : "", six ? "]" : "",
		 (unsigned)port);
}

static void put_headers(const struct http_server *s, struct evhttp_request *request, const struct http_reply *reply)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	char seconds[24];
	if (reply->content_type)
		evhttp_add_header(headers, "Content-Type", reply->content_type);
	if (reply->allow)
		evhttp_add_header(headers, "Allow", reply->allow);
	if (s->ending)
		evhttp_add_header(headers, "Connection", "close");
	if (reply->retry_after_s > 0) {
		evutil_snprintf(seconds, sizeof seconds, "%lld", (long long)reply->retry_after_s);
		evhttp_add_header(headers, "Retry-After", seconds);
	}
}

/* The request is complete: its connection has as long as it likes for the next one, and the ticket leads to it. */
static uint64_t ticket_for(struct http_server *s, struct evhttp_request *request)
{
	struct guest *g = guests_of(s, request);
	if (!g)
		return UINT64_MAX;
	g->since_us = 0;
	g->number = ++s->next_number;
	return (uint64_t)g->number << 32 | (uint32_t)g->fd;
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct http_server *s = arg;
	struct http_request asked;
	struct http_reply reply = {.status = 200, .body = &s->body};
	char peer[NET_ADDRESS_TEXT_SIZE];
	const char *raw_path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	char *path = evhttp_uridecode(raw_path && *raw_path ? raw_path : "/", 0, NULL);
	struct evbuffer *body = evbuffer_new();
	aff_buf_clear(&s->body);
	if (!path || !body) {
		evhttp_send_error(request, 500, NULL);
		goto out;
	}
	fill_request(&asked, request);
	format_peer(request, peer);
	asked.path = path;
	asked.peer = peer;
	asked.ticket = ticket_for(s, request);
	s->fn(s->arg, &asked, &reply);
	if (s->body.error || evbuffer_add(body, s->body.p ? s->body.p : "", s->body.n)) {
		evhttp_send_error(request, 500, NULL);
		goto out;
	}
	if (reply.delay_ms >= 0)
		put_headers(s, request, &reply);
	if (reply.delay_ms && put_off(s, request, &reply, body))
		body = NULL;
	else
		evhttp_send_reply(request, reply.status, NULL, body);
out:
	free(path);
	if (body)
		evbuffer_free(body);
}

void http_answer(struct http_server *s, uint64_t ticket, const struct http_reply *reply)
{
	struct guest *g = guests_waiting(s, ticket);
	if (!g)
		return;
	struct evhttp_request *request = g->waiting->request;
	struct evbuffer *body = g->waiting->body;
	const struct aff_buf *bytes = reply->body;
	g->waiting->body = NULL;
	waiting_drop(g->waiting);
	evbuffer_drain(body, evbuffer_get_length(body));
	put_headers(s, request, reply);
	if (bytes && bytes->n && (bytes->error || evbuffer_add(body, bytes->p, bytes->n)))
		evhttp_send_error(request, 500, NULL);
	else
		evhttp_send_reply(request, reply->status, NULL, body);
	evbuffer_free(body);
}

void http_end(struct http_server *s)
{
	if (s->ending)
		return;
	s->ending = true;
	evhttp_del_accept_socket(s->http, s->socket);
	s->socket = NULL;
	guests_close_idle(s);
}

/* ---- the loop ---- */

static void on_other(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void watch_other(struct http_server *s, int fd)
{
	if (s->other && s->other_fd != fd) {
		event_free(s->other);
		s->other = NULL;
	}
	if (!s->other && fd >= 0)
		s->other = event_new(s->base, fd, EV_READ, on_other, s->base);
	s->other_fd = fd;
	if (s->other)
		event_add(s->other, NULL);
}

void http_poll(struct http_server *s, int other_fd, int timeout_ms)
{
	struct timeval after = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
	watch_other(s, other_fd);
	if (timeout_ms >= 0)
		event_add(s->clock, &after);
	event_base_loop(s->base, EVLOOP_ONCE);
	event_del(s->clock);
	if (s->max_guests && s->nguests >= s->max_guests)
		guests_sweep(s);
}

static void on_clock(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

int http_address(const struct http_server *s, struct net_address *out)
{
	return net_listen_address(evhttp_bound_socket_get_fd(s->socket), out);
}

bool http_is_busy(const struct http_server *s)
{
	return s->ntimers > 0;
}

unsigned http_connections(struct http_server *s)
{
	guests_sweep(s);
	return s->nguests;
}

void http_close(struct http_server *s)
{
	if (!s)
		return;
	s->ending = true;
	s->socket = NULL; /* freed with http */
	if (s->other)
		event_free(s->other);
	if (s->clock)
		event_free(s->clock);
	if (s->tick)
		event_free(s->tick);
	if (s->http)
		evhttp_free(s->http);
	guests_end(s);
	if (s->base)
		event_base_free(s->base);
	aff_buf_free(&s->body);
	free(s->by_fd);
	free(s);
}

void http_set_limits(struct http_server *s, const struct http_limits *limits)
{
	s->max_waiting = limits->delayed;
	s->max_guests = limits->connections;
	s->request_us = limits->request_s * INT64_C(1000000);
	evhttp_set_max_body_size(s->http, (ev_ssize_t)limits->body);
	evhttp_set_max_headers_size(s->http, (ev_ssize_t)limits->headers);
	evhttp_set_timeout(s->http, limits->idle_s);
}

static bool set_up(struct http_server *s, const struct http_limits *limits)
{
	s->base = event_base_new();
	s->http = s->base ? evhttp_new(s->base) : NULL;
	s->clock = s->base ? event_new(s->base, -1, 0, on_clock, NULL) : NULL;
	if (!s->http || !s->clock)
		return false;
	http_set_limits(s, limits);
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
						    EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS);
	evhttp_set_gencb(s->http, on_request, s);
	return true;
}

int http_open_on(struct http_server **out, int listener, const struct http_limits *limits, http_fn *fn, void *arg,
		 struct aff_diag *diag)
{
	struct http_server *s = calloc(1, sizeof *s);
	if (!s)
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	s->fn = fn;
	s->arg = arg;
	s->other_fd = -1;
	aff_buf_init(&s->body, REPLY_MAX);
	int fd = set_up(s, limits) ? fcntl(listener, F_DUPFD_CLOEXEC, 0) : -1;
	if (fd >= 0)
		s->socket = evhttp_accept_socket_with_handle(s->http, fd);
	if (s->socket && !guests_begin(s)) {
		close(listener);
		*out = s;
		return 0;
	}
	if (fd >= 0 && !s->socket)
		close(fd);
	http_close(s);
	return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
}

int http_open(struct http_server **out, const struct net_address *at, const struct http_limits *limits, http_fn *fn,
	      void *arg, struct aff_diag *diag)
{
	int fd = net_listen(at, false, diag);
	if (fd < 0)
		return fd;
	int rc = http_open_on(out, fd, limits, fn, arg, diag);
	if (rc)
		close(fd);
	return rc;
}
