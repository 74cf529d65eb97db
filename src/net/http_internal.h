/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the HTTP server share: http_server.c (requests and replies), http_guests.c (connections and what
 * they may use up).
 */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include <event2/event.h>
#include <event2/http.h>

#include "net/http_server.h"

/* A reply that waits: for its time, or for http_answer. */
struct waiting {
	struct guest *guest;
	struct evhttp_connection *connection;
	struct evhttp_request *request;
	struct event *timer;     /* NULL: waits for http_answer */
	struct evbuffer *body;
	int status;
};

/* A connection. */
struct guest {
	struct guest *next, **link;
	struct http_server *server;
	struct bufferevent *stream;
	int fd;                  /* -1: nothing has come on it */
	int64_t since_us;        /* when the first byte of an unfinished request came; 0: there is none */
	uint32_t number;         /* of its newest request */
	struct waiting *waiting; /* its request that is not answered yet; NULL */
};

struct http_server {
	struct event_base *base;
	struct evhttp *http;
	struct evhttp_bound_socket *socket;
	struct event *other, *clock, *tick;
	int other_fd;
	http_fn *fn;
	void *arg;
	struct aff_buf body;
	size_t nwaiting, max_waiting, ntimers;
	struct guest *guests, **by_fd;
	size_t nby_fd;
	unsigned nguests, max_guests;
	int64_t request_us;
	uint32_t next_number;
	bool ending;
};

/* ---- http_guests.c ---- */

/* From now on connections are counted and watched. AFF_ENOMEM. */
int guests_begin(struct http_server *s);
/* The connection of a request; NULL: there was no memory to count it. */
struct guest *guests_of(const struct http_server *s, struct evhttp_request *request);
/* The connection with an unanswered request of this ticket; NULL: it is gone. */
struct guest *guests_waiting(const struct http_server *s, uint64_t ticket);
/* Forgets those that are gone, and accepts others in their place. */
void guests_sweep(struct http_server *s);
/* Closes those that wait for no answer. */
void guests_close_idle(struct http_server *s);
/* After evhttp has let all of them go, and before its base does. */
void guests_end(struct http_server *s);

/* ---- http_server.c ---- */

/* Forgets a reply that waits; the request is not answered. */
void waiting_drop(struct waiting *w);

#endif
