/* SPDX-License-Identifier: Apache-2.0
 *
 * FHIR over HTTP: each message is one Bundle, POSTed to the server's base URL. What an answer means for the delivery is
 * decided here, how it travels in http_client.
 *
 * Thread: the sender's.
 */
#include "engine/out/http_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/out/fhir_answer.h"

struct fhir_output {
	struct output base;
	output_done_fn *done;
	void *arg;
	struct http_client *client;
};

/* A login page or a proxy's greeting with status 200 is not a server that took the message. */
static void judge(const struct http_reply *reply, struct output_answer *answer)
{
	if (answer->result != OUTPUT_DELIVERED || reply->body.n == 0)
		return;
	if (!reply->type || !strstr(reply->type, "json")) {
		answer->result = OUTPUT_TRANSIENT;
		snprintf(answer->detail, sizeof answer->detail, "HTTP %ld, but the answer is not JSON", reply->status);
		return;
	}
	long entry = fhir_answer_entries(reply->body);
	answer->result = http_status_result(entry);
	if (answer->result != OUTPUT_DELIVERED)
		snprintf(answer->detail, sizeof answer->detail, "HTTP %ld, entry %ld", reply->status, entry);
}

static void replied(void *arg, unsigned lane, const struct http_reply *reply)
{
	struct fhir_output *f = arg;
	struct output_answer answer = reply->answer;
	judge(reply, &answer);
	f->done(f->arg, lane, &answer);
}

static void fhir_send(struct output *o, unsigned lane, const struct output_message *m)
{
	http_client_post(((struct fhir_output *)o)->client, lane, m->bytes); /* HTTP matches its answers itself */
}

static void fhir_poll(struct output *o, int wake_fd, int timeout_ms)
{
	http_client_poll(((struct fhir_output *)o)->client, wake_fd, timeout_ms);
}

static void fhir_free(struct output *o)
{
	struct fhir_output *f = (struct fhir_output *)o;
	http_client_free(f->client);
	free(f);
}

static const struct output_ops fhir_ops = {.send = fhir_send, .poll = fhir_poll, .free = fhir_free};

int output_fhir_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	/* Minimal: the resources as stored are of no use here. */
	static const char *const headers[] = {"Content-Type: application/fhir+json", "Accept: application/fhir+json",
					      "Prefer: return=minimal", NULL};
	struct fhir_output *f = calloc(1, sizeof *f);
	if (!f)
		return AFF_ENOMEM;
	f->base.ops = &fhir_ops;
	f->done = done;
	f->arg = arg;
	int rc = http_client_new(&f->client, dest, headers, replied, f);
	if (rc)
		fhir_free(&f->base);
	else
		*out = &f->base;
	return rc;
}
