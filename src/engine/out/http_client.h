/* SPDX-License-Identifier: Apache-2.0
 *
 * The sending side of HTTP: POSTs to one URL on a number of lanes, each with at most one request in flight. One libcurl
 * easy handle per lane, all in one multi handle that keeps the connections open between requests.
 *
 * Redirects are not followed and proxies of the environment are not used: the data goes where the configuration says,
 * or nowhere. Answers are read up to a cap; what is in them may repeat what was sent, so it is for matching only and
 * never gets into a detail or a log.
 */
#ifndef ENGINE_HTTP_CLIENT_H
#define ENGINE_HTTP_CLIENT_H

#include "engine/out/output.h"

struct http_reply {
	long status;
	const char *type;            /* Content-Type; NULL: none */
	struct aff_view body;
	struct output_answer answer; /* what the status, or that there is none, says about the delivery */
	bool whole;                  /* answered, and the body is complete */
};

/* Called from inside poll (or send) when a lane's request has ended; the lane is free again afterwards. */
typedef void http_client_fn(void *arg, unsigned lane, const struct http_reply *reply);

struct http_client;
/* headers: "Name: value" each, up to NULL. timeout_ms is for a whole request. 0, AFF_ENOMEM, AFF_EARGUMENT. */
int http_client_new(struct http_client **out, const struct conf_dest *dest, const char *const *headers,
                    http_client_fn *fn, void *arg);
/* Requests in flight are abandoned. */
void http_client_free(struct http_client *c);
/* Starts one POST on a free lane; body stays valid until the reply. */
void http_client_post(struct http_client *c, unsigned lane, struct aff_view body);
/* As output_ops.poll. */
void http_client_poll(struct http_client *c, int wake_fd, int timeout_ms);

/* The result that an HTTP status stands for: 2xx; 400, 404, 409, 412, 422; anything else. */
enum output_result http_status_result(long status);

#endif
