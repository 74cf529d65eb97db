/* SPDX-License-Identifier: Apache-2.0
 *
 * A small HTTP server: one thread, one function that is asked every request and answers it at once or later. It has its
 * own listening socket (src/net), so that a port in use is explained as everywhere else.
 *
 * What clients can use up is bounded: connections, the bytes and the time of a request, the time of silence. With all
 * connections in use, others wait until one is closed.
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <afferent/text.h>

#include "net/address.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OTHER };

/* Valid during the call only, but for the ticket. */
struct http_request {
	enum http_method method;
	const char *path;         /* decoded, without the query */
	const char *query;        /* as it came, "" when there is none */
	const char *content_type; /* "" when it was not said */
	const char *peer;         /* "127.0.0.1:51234" */
	struct aff_view body;
	uint64_t ticket;          /* to answer it later */
};

/* Filled by the function; starts as 200 without a body. */
struct http_reply {
	int status;
	const char *content_type; /* a constant string */
	const char *allow;        /* Allow: of a 405; NULL */
	struct aff_buf *body;     /* empty; the function appends to it */
	int64_t retry_after_s;    /* > 0: Retry-After */
	int64_t delay_ms;         /* > 0: the reply goes out so much later; < 0: when http_answer is called */
};
typedef void http_fn(void *arg, const struct http_request *request, struct http_reply *reply);

struct http_limits {
	size_t body, headers;     /* bytes; larger requests are refused with 413 and 400 */
	int idle_s;               /* a connection on which nothing happens is closed */
	unsigned connections;     /* at a time; more wait; 0: any number */
	int request_s;            /* a request must be complete so long after its first byte; 0: idle_s alone counts */
	size_t delayed;           /* replies that may wait at a time; more go out at once */
};

struct http_server;
int http_open(struct http_server **out, const struct net_address *at, const struct http_limits *limits, http_fn *fn,
	      void *arg, struct aff_diag *diag);
/* The same on a socket that listens already; it is the server's own then, if this succeeds. */
int http_open_on(struct http_server **out, int listener, const struct http_limits *limits, http_fn *fn, void *arg,
		 struct aff_diag *diag);
void http_close(struct http_server *s);
/* The address it listens on: with port 0 asked for, the one the system chose. */
int http_address(const struct http_server *s, struct net_address *out);
/* true while a delayed reply waits for its time. */
bool http_is_busy(const struct http_server *s);
unsigned http_connections(struct http_server *s);
/* Serves what there is to serve, waiting up to timeout_ms (-1: for ever) for it, or for other_fd (-1: none) to be
 * readable. */
void http_poll(struct http_server *s, int other_fd, int timeout_ms);

/* Answers a request that was not answered at once. Nothing happens when its connection is gone. The body of reply may
 * be NULL. */
void http_answer(struct http_server *s, uint64_t ticket, const struct http_reply *reply);
/* Other limits from now on; connections that are open keep theirs. */
void http_set_limits(struct http_server *s, const struct http_limits *limits);
/* Listens no more, closes the connections on which nothing waits for an answer, and the others when they have it. */
void http_end(struct http_server *s);

#endif
