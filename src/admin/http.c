/* SPDX-License-Identifier: Apache-2.0
 *
 * libevent's evhttp behind the interface of http.h.
 *
 * A reply that waits belongs to its connection: evhttp frees the request when the connection ends, so the close
 * callback takes the reply out of the list before that.
 */
#include "admin/http.h"

#include <stdlib.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "net/listen.h"

#define REPLY_MAX (64u << 20)

struct delayed {
	struct http_server *server;
	struct evhttp_request *request;
	struct event *timer; /* NULL: never answered */
	struct evbuffer *body;
	int status;
	struct delayed *next, **link;
};

struct http_server {
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *socket;
	struct event *other, *clock;
	int other_fd;
	http_fn *fn;
	void *arg;
	struct aff_buf body;
	struct delayed *waiting;
	size_t nwaiting, max_waiting;
};

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

static void unlink_delayed(struct delayed *d)
{
	*d->link = d->next;
	if (d->next)
		d->next->link = d->link;
	d->server->nwaiting--;
	if (d->timer)
		event_free(d->timer);
	evbuffer_free(d->body);
	free(d);
}

static void on_closed(struct evhttp_connection *connection, void *arg)
{
	struct delayed *d = arg;
	(void)connection;
	unlink_delayed(d);
}

static void send_delayed(evutil_socket_t fd, short what, void *arg)
{
	struct delayed *d = arg;
	(void)fd;
	(void)what;
	evhttp_connection_set_closecb(evhttp_request_get_connection(d->request), NULL, NULL);
	evhttp_send_reply(d->request, d->status, NULL, d->body);
	unlink_delayed(d);
}

static bool delay(struct http_server *s, struct evhttp_request *request, const struct http_reply *reply,
		  struct evbuffer *body)
{
	struct timeval after = {.tv_sec = reply->delay_ms / 1000, .tv_usec = reply->delay_ms % 1000 * 1000};
	struct delayed *d = s->nwaiting < s->max_waiting ? calloc(1, sizeof *d) : NULL;
	if (!d)
		return false;
	if (reply->delay_ms > 0) {
		d->timer = event_new(s->base, -1, 0, send_delayed, d);
		if (!d->timer || event_add(d->timer, &after)) {
			if (d->timer)
				event_free(d->timer);
			free(d);
			return false;
		}
	}
	d->server = s;
	d->request = request;
	d->status = reply->status;
	d->body = body;
	d->next = s->waiting;
	d->link = &s->waiting;
	if (d->next)
		d->next->link = &d->next;
	s->waiting = d;
	s->nwaiting++;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_closed, d);
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

static void put_headers(struct evhttp_request *request, const struct http_reply *reply)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	char seconds[24];
	if (reply->content_type)
		evhttp_add_header(headers, "Content-Type", reply->content_type);
	if (reply->retry_after_s > 0) {
		evutil_snprintf(seconds, sizeof seconds, "%lld", (long long)reply->retry_after_s);
		evhttp_add_header(headers, "Retry-After", seconds);
	}
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct http_server *s = arg;
	struct http_request asked;
	struct http_reply reply = {.status = 200, .body = &s->body};
	const char *raw_path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	char *path = evhttp_uridecode(raw_path && *raw_path ? raw_path : "/", 0, NULL);
	struct evbuffer *body = evbuffer_new();
	aff_buf_clear(&s->body);
	if (!path || !body) {
		evhttp_send_error(request, 500, NULL);
		goto out;
	}
	fill_request(&asked, request);
	asked.path = path;
	s->fn(s->arg, &asked, &reply);
	if (s->body.error || evbuffer_add(body, s->body.p ? s->body.p : "", s->body.n)) {
		evhttp_send_error(request, 500, NULL);
		goto out;
	}
	put_headers(request, &reply);
	if (reply.delay_ms && delay(s, request, &reply, body))
		body = NULL;
	else
		evhttp_send_reply(request, reply.status, NULL, body);
out:
	free(path);
	if (body)
		evbuffer_free(body);
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
	for (const struct delayed *d = s->waiting; d; d = d->next) {
		if (d->timer)
			return true;
	}
	return false;
}

void http_close(struct http_server *s)
{
	if (!s)
		return;
	while (s->waiting) {
		evhttp_connection_set_closecb(evhttp_request_get_connection(s->waiting->request), NULL, NULL);
		unlink_delayed(s->waiting);
	}
	if (s->other)
		event_free(s->other);
	if (s->clock)
		event_free(s->clock);
	if (s->http)
		evhttp_free(s->http);
	if (s->base)
		event_base_free(s->base);
	aff_buf_free(&s->body);
	free(s);
}

static bool set_up(struct http_server *s, const struct http_limits *limits)
{
	s->base = event_base_new();
	s->http = s->base ? evhttp_new(s->base) : NULL;
	s->clock = s->base ? event_new(s->base, -1, 0, on_clock, NULL) : NULL;
	if (!s->http || !s->clock)
		return false;
	evhttp_set_max_body_size(s->http, (ev_ssize_t)limits->body);
	evhttp_set_max_headers_size(s->http, (ev_ssize_t)limits->headers);
	evhttp_set_timeout(s->http, limits->idle_s);
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
						    EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH | EVHTTP_REQ_OPTIONS);
	evhttp_set_gencb(s->http, on_request, s);
	return true;
}

int http_open(struct http_server **out, const struct net_address *at, const struct http_limits *limits, http_fn *fn,
	      void *arg, struct aff_diag *diag)
{
	struct http_server *s = calloc(1, sizeof *s);
	if (!s)
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	s->fn = fn;
	s->arg = arg;
	s->max_waiting = limits->delayed;
	s->other_fd = -1;
	aff_buf_init(&s->body, REPLY_MAX);
	int fd = net_listen(at, false, diag);
	if (fd >= 0 && set_up(s, limits))
		s->socket = evhttp_accept_socket_with_handle(s->http, fd);
	if (s->socket) {
		*out = s;
		return 0;
	}
	if (fd >= 0) {
		close(fd);
		fd = aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	}
	http_close(s);
	return fd;
}
