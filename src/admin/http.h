/* SPDX-License-Identifier: Apache-2.0
 *
 * A small HTTP server: one thread, one function that answers every request. It has its own listening socket
 * (src/net), so that a port in use is explained as everywhere else.
 */
#ifndef ADMIN_HTTP_H
#define ADMIN_HTTP_H

#include <afferent/text.h>

#include "net/address.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OTHER };

/* Valid during the call only. */
struct http_request {
	enum http_method method;
	const char *path;         /* decoded, without the query */
	const char *query;        /* as it came, "" when there is none */
	const char *content_type; /* "" when it was not said */
	struct aff_view body;
};

/* Filled by the function; starts as 200 without a body. */
struct http_reply {
	int status;
	const char *content_type; /* a constant string */
	struct aff_buf *body;     /* empty; the function appends to it */
	int64_t retry_after_s;    /* > 0: Retry-After */
	int64_t delay_ms;         /* > 0: the reply goes out so much later; < 0: never */
};
typedef void http_fn(void *arg, const struct http_request *request, struct http_reply *reply);

struct http_limits {
	size_t body, headers; /* bytes; larger requests are refused with 413 and 400 */
	int idle_s;           /* a connection on which nothing happens is closed */
	size_t delayed;       /* replies that may wait at a time; more go out at once */
};

struct http_server;
int http_open(struct http_server **out, const struct net_address *at, const struct http_limits *limits, http_fn *fn,
	      void *arg, struct aff_diag *diag);
void http_close(struct http_server *s);
/* The address it listens on: with port 0 asked for, the one the system chose. */
int http_address(const struct http_server *s, struct net_address *out);
/* true while a delayed reply waits for its time. */
bool http_is_busy(const struct http_server *s);
/* Serves what there is to serve, waiting up to timeout_ms (-1: for ever) for it, or for other_fd (-1: none) to be
 * readable. */
void http_poll(struct http_server *s, int other_fd, int timeout_ms);

#endif
