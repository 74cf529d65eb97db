/* SPDX-License-Identifier: Apache-2.0
 *
 * POSTs with libcurl.
 *
 * Thread: the sender's. Woken by libcurl's sockets and timers and the sender's eventfd; blocks in curl_multi_poll only.
 */
#include "engine/out/http_client.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#define BODY_MAX (1024 * 1024)
#define PAUSE_MAX_S 3600 /* a peer may ask for a pause, not for giving it up */

struct lane {
	struct http_client *owner;
	CURL *easy;
	struct aff_buf body;
};

struct http_client {
	http_client_fn *fn;
	void *arg;
	CURLM *multi;
	struct curl_slist *headers;
	unsigned nlanes;
	struct lane lanes[];
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void start_curl(void)
{
	curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* A short return ends the transfer: what does not fit is not waited for. */
static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct lane *lane = arg;
	aff_buf_put(&lane->body, bytes, size * n);
	return lane->body.error ? 0 : size * n;
}

static const char *transfer_failure(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return "cannot connect";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "host name not found";
	case CURLE_OPERATION_TIMEDOUT:
		return "no answer in time";
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
		return "connection closed before the answer";
	case CURLE_SEND_ERROR:
		return "connection closed while sending";
	case CURLE_OUT_OF_MEMORY:
		return "out of memory";
	case CURLE_WRITE_ERROR:
		return "answer too large";
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_HTTP2:
		return "garbled answer";
	default:
		return curl_easy_strerror(code);
	}
}

enum output_result http_status_result(long status)
{
	if (status >= 200 && status < 300)
		return OUTPUT_DELIVERED;
	if (status == 400 || status == 404 || status == 409 || status == 412 || status == 422)
		return OUTPUT_PERMANENT;
	return OUTPUT_TRANSIENT;
}

static void judge(const struct lane *lane, CURLcode code, struct http_reply *reply)
{
	struct output_answer *answer = &reply->answer;
	curl_off_t pause = 0;
	curl_easy_getinfo(lane->easy, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_easy_getinfo(lane->easy, CURLINFO_RETRY_AFTER, &pause);
	curl_easy_getinfo(lane->easy, CURLINFO_CONTENT_TYPE, &reply->type);
	reply->body = aff_buf_view(&lane->body);
	reply->whole = code == CURLE_OK;
	answer->result = http_status_result(reply->status);
	answer->retry_after_ms = (int64_t)(pause < PAUSE_MAX_S ? pause : PAUSE_MAX_S) * 1000;
	bool refused = reply->status >= 300 && (code == CURLE_OK || code == CURLE_WRITE_ERROR);
	if (!refused && code != CURLE_OK) {
		answer->result = OUTPUT_TRANSIENT;
		snprintf(answer->detail, sizeof answer->detail, "%s", transfer_failure(code));
		return;
	}
	snprintf(answer->detail, sizeof answer->detail, "HTTP %ld", reply->status);
}

void http_client_post(struct http_client *c, unsigned number, struct aff_view body)
{
	struct lane *lane = &c->lanes[number];
	static const struct http_reply failed = {.answer = {.result = OUTPUT_TRANSIENT, .detail = "out of memory"}};
	aff_buf_clear(&lane->body);
	if (curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n) ||
	    curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDS, body.p) || curl_multi_add_handle(c->multi, lane->easy))
		c->fn(c->arg, number, &failed);
}

/* What the reply's views point to stays until the lane's next request, even where fn starts that. */
static void end_transfer(struct http_client *c, CURL *easy, CURLcode code)
{
	struct http_reply reply = {.status = 0};
	char *private = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	struct lane *lane = (struct lane *)(void *)private;
	judge(lane, code, &reply);
	curl_multi_remove_handle(c->multi, easy);
	c->fn(c->arg, (unsigned)(lane - c->lanes), &reply);
}

void http_client_poll(struct http_client *c, int wake_fd, int timeout_ms)
{
	struct curl_waitfd wake = {.fd = wake_fd, .events = CURL_WAIT_POLLIN};
	int running, left;
	CURLMsg *message;
	curl_multi_poll(c->multi, &wake, wake_fd >= 0 ? 1 : 0, timeout_ms < 0 ? INT_MAX : timeout_ms, NULL);
	curl_multi_perform(c->multi, &running);
	while ((message = curl_multi_info_read(c->multi, &left))) {
		/* *message is gone once its handle is removed. */
		if (message->msg == CURLMSG_DONE)
			end_transfer(c, message->easy_handle, message->data.result);
	}
}

void http_client_free(struct http_client *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->nlanes; i++) {
		if (c->lanes[i].easy) {
			curl_multi_remove_handle(c->multi, c->lanes[i].easy);
			curl_easy_cleanup(c->lanes[i].easy);
		}
		aff_buf_free(&c->lanes[i].body);
	}
	curl_multi_cleanup(c->multi);
	curl_slist_free_all(c->headers);
	free(c);
}

static bool add_header(struct http_client *c, const char *header)
{
	struct curl_slist *longer = curl_slist_append(c->headers, header);
	if (longer)
		c->headers = longer;
	return longer != NULL;
}

/* No "Expect: 100-continue": it costs a round trip a message. */
static bool make_headers(struct http_client *c, const char *const *headers)
{
	bool made = add_header(c, "Expect:");
	while (made && *headers)
		made = add_header(c, *headers++);
	return made;
}

static int set_up(struct lane *lane, const struct conf_dest *dest)
{
	CURL *e = lane->easy = curl_easy_init();
	if (!e)
		return AFF_ENOMEM;
	CURLcode bad = curl_easy_setopt(e, CURLOPT_URL, dest->url);
	bad |= curl_easy_setopt(e, CURLOPT_PRIVATE, lane);
	bad |= curl_easy_setopt(e, CURLOPT_POST, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, lane->owner->headers);
	bad |= curl_easy_setopt(e, CURLOPT_USERAGENT, "afferent/" AFF_VERSION_STRING);
	bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)dest->timeout_ms);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, lane);
	return bad ? AFF_EARGUMENT : 0;
}

int http_client_new(struct http_client **out, const struct conf_dest *dest, const char *const *headers,
		    http_client_fn *fn, void *arg)
{
	pthread_once(&curl_once, start_curl);
	if (curl_ready || dest->lanes == 0)
		return curl_ready ? AFF_ENOMEM : AFF_EARGUMENT;
	struct http_client *c = calloc(1, sizeof *c + dest->lanes * sizeof *c->lanes);
	if (!c)
		return AFF_ENOMEM;
	c->fn = fn;
	c->arg = arg;
	c->nlanes = dest->lanes;
	c->multi = curl_multi_init();
	int rc = c->multi && make_headers(c, headers) ? 0 : AFF_ENOMEM;
	if (!rc && curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->nlanes))
		rc = AFF_EARGUMENT;
	for (unsigned i = 0; i < c->nlanes; i++) {
		c->lanes[i].owner = c;
		aff_buf_init(&c->lanes[i].body, BODY_MAX);
		if (!rc)
			rc = set_up(&c->lanes[i], dest);
	}
	if (rc) {
		http_client_free(c);
		return rc;
	}
	*out = c;
	return 0;
}
