/* SPDX-License-Identifier: Apache-2.0
 *
 * FHIR over HTTP: each message is one Bundle, POSTed to the server's base URL. One libcurl easy handle per lane, all
 * in one multi handle that keeps the connections open between deliveries.
 *
 * Nothing of an answer's body gets into a detail or a log: it may repeat what was sent. Redirects are not followed and
 * proxies of the environment are not used: the data goes where the configuration says, or nowhere.
 *
 * Thread: the sender's. Woken by libcurl's sockets and timers and the sender's eventfd; blocks in curl_multi_poll only.
 */
#include "engine/output.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "engine/fhir_answer.h"

#define BODY_MAX (1024 * 1024)
#define PAUSE_MAX_S 3600 /* a peer may ask for a pause, not for giving it up */

struct lane {
	struct fhir_output *owner;
	CURL *easy;
	struct aff_buf body;
};

struct fhir_output {
	struct output base;
	output_done_fn *done;
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

/* A login page or a proxy's greeting with status 200 is not a server that took the message. */
static bool is_json(CURL *easy)
{
	const char *type = NULL;
	return !curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type) && type && strstr(type, "json");
}

static void judge(const struct lane *lane, CURLcode code, struct output_answer *answer)
{
	long status = 0;
	curl_off_t pause = 0;
	curl_easy_getinfo(lane->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(lane->easy, CURLINFO_RETRY_AFTER, &pause);
	answer->result = fhir_answer_status(status);
	answer->retry_after_ms = (int64_t)(pause < PAUSE_MAX_S ? pause : PAUSE_MAX_S) * 1000;
	bool refused = status >= 300 && (code == CURLE_OK || code == CURLE_WRITE_ERROR);
	if (!refused && code != CURLE_OK) {
		answer->result = OUTPUT_TRANSIENT;
		snprintf(answer->detail, sizeof answer->detail, "%s", transfer_failure(code));
		return;
	}
	snprintf(answer->detail, sizeof answer->detail, "HTTP %ld", status);
	if (answer->result != OUTPUT_DELIVERED || lane->body.n == 0)
		return;
	if (!is_json(lane->easy)) {
		answer->result = OUTPUT_TRANSIENT;
		snprintf(answer->detail, sizeof answer->detail, "HTTP %ld, but the answer is not JSON", status);
		return;
	}
	long entry = fhir_answer_entries(aff_buf_view(&lane->body));
	answer->result = fhir_answer_status(entry);
	if (answer->result != OUTPUT_DELIVERED)
		snprintf(answer->detail, sizeof answer->detail, "HTTP %ld, entry %ld", status, entry);
}

static void finish(struct fhir_output *f, const struct lane *lane, const struct output_answer *answer)
{
	f->done(f->arg, (unsigned)(lane - f->lanes), answer);
}

static void fhir_send(struct output *o, unsigned number, const struct output_message *m)
{
	struct fhir_output *f = (struct fhir_output *)o;
	struct lane *lane = &f->lanes[number];
	static const struct output_answer failed = {.result = OUTPUT_TRANSIENT, .detail = "out of memory"};
	aff_buf_clear(&lane->body);
	if (curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)m->bytes.n) ||
	    curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDS, m->bytes.p) || curl_multi_add_handle(f->multi, lane->easy))
		finish(f, lane, &failed);
}

static void end_transfer(struct fhir_output *f, CURL *easy, CURLcode code)
{
	struct output_answer answer = {.result = OUTPUT_TRANSIENT};
	char *private = NULL;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	struct lane *lane = (struct lane *)(void *)private;
	judge(lane, code, &answer);
	curl_multi_remove_handle(f->multi, easy);
	finish(f, lane, &answer);
}

static void fhir_poll(struct output *o, int wake_fd, int timeout_ms)
{
	struct fhir_output *f = (struct fhir_output *)o;
	struct curl_waitfd wake = {.fd = wake_fd, .events = CURL_WAIT_POLLIN};
	int running, left;
	CURLMsg *message;
	curl_multi_poll(f->multi, &wake, wake_fd >= 0 ? 1 : 0, timeout_ms < 0 ? INT_MAX : timeout_ms, NULL);
	curl_multi_perform(f->multi, &running);
	while ((message = curl_multi_info_read(f->multi, &left))) {
		/* *message is gone once its handle is removed. */
		if (message->msg == CURLMSG_DONE)
			end_transfer(f, message->easy_handle, message->data.result);
	}
}

static void fhir_free(struct output *o)
{
	struct fhir_output *f = (struct fhir_output *)o;
	for (unsigned i = 0; i < f->nlanes; i++) {
		if (f->lanes[i].easy) {
			curl_multi_remove_handle(f->multi, f->lanes[i].easy);
			curl_easy_cleanup(f->lanes[i].easy);
		}
		aff_buf_free(&f->lanes[i].body);
	}
	curl_multi_cleanup(f->multi);
	curl_slist_free_all(f->headers);
	free(f);
}

static bool add_header(struct fhir_output *f, const char *header)
{
	struct curl_slist *longer = curl_slist_append(f->headers, header);
	if (longer)
		f->headers = longer;
	return longer != NULL;
}

/* Minimal: the resources as stored are of no use here. No "Expect: 100-continue": it costs a round trip a message. */
static bool make_headers(struct fhir_output *f)
{
	return add_header(f, "Content-Type: application/fhir+json") && add_header(f, "Accept: application/fhir+json") &&
	       add_header(f, "Prefer: return=minimal") && add_header(f, "Expect:");
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

static const struct output_ops fhir_ops = {.send = fhir_send, .poll = fhir_poll, .free = fhir_free};

int output_fhir_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	pthread_once(&curl_once, start_curl);
	if (curl_ready || dest->lanes == 0)
		return curl_ready ? AFF_ENOMEM : AFF_EARGUMENT;
	struct fhir_output *f = calloc(1, sizeof *f + dest->lanes * sizeof *f->lanes);
	if (!f)
		return AFF_ENOMEM;
	f->base.ops = &fhir_ops;
	f->done = done;
	f->arg = arg;
	f->nlanes = dest->lanes;
	f->multi = curl_multi_init();
	int rc = f->multi && make_headers(f) ? 0 : AFF_ENOMEM;
	if (!rc && curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)f->nlanes))
		rc = AFF_EARGUMENT;
	for (unsigned i = 0; i < f->nlanes; i++) {
		f->lanes[i].owner = f;
		aff_buf_init(&f->lanes[i].body, BODY_MAX);
		if (!rc)
			rc = set_up(&f->lanes[i], dest);
	}
	if (rc) {
		fhir_free(&f->base);
		return rc;
	}
	*out = &f->base;
	return 0;
}
