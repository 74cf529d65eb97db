/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 v2 over HTTP: each message is POSTed as it is. A server that speaks HL7 answers with an acknowledgement, and that
 * counts more than the status: a message is delivered when both say so, refused when either does.
 *
 * Thread: the sender's.
 */
#include "engine/out/http_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/out/ack_answer.h"

struct http_lane {
	struct aff_view control_id; /* of the message in flight */
};

struct http_output {
	struct output base;
	output_done_fn *done;
	void *arg;
	struct http_client *client;
	struct aff_msg *msg; /* the answer that is looked at */
	bool status_alone;
	struct http_lane lanes[];
};

/* By its first bytes: not every server labels what it sends. */
static bool is_hl7(const struct http_reply *reply)
{
	return reply->body.n > 3 && memcmp(reply->body.p, "MSH", 3) == 0;
}

static void judge_ack(const struct http_output *h, const struct http_reply *reply, struct aff_view control_id,
		      struct output_answer *answer)
{
	struct aff_ack_result ack;
	const char *why = ack_answer_read(h->msg, reply->body, control_id, &ack);
	if (why) {
		answer->result = OUTPUT_TRANSIENT;
		snprintf(answer->detail, sizeof answer->detail, "HTTP %ld, %s", reply->status, why);
		return;
	}
	enum output_result said = ack_answer_result(ack.code);
	if (said != OUTPUT_DELIVERED)
		answer->result = said;
	snprintf(answer->detail, sizeof answer->detail, "HTTP %ld, %s", reply->status, aff_ack_code_text(ack.code));
	size_t n = strlen(answer->detail);
	if (ack.condition)
		snprintf(answer->detail + n, sizeof answer->detail - n, " %d", ack.condition);
}

static void replied(void *arg, unsigned lane, const struct http_reply *reply)
{
	struct http_output *h = arg;
	struct output_answer answer = reply->answer;
	if (reply->whole && is_hl7(reply)) {
		judge_ack(h, reply, h->lanes[lane].control_id, &answer);
	} else if (answer.result == OUTPUT_DELIVERED && !h->status_alone) {
		answer.result = OUTPUT_TRANSIENT;
		snprintf(answer.detail, sizeof answer.detail, "HTTP %ld, but no HL7 answer", reply->status);
	}
	h->done(h->arg, lane, &answer);
}

static void http_send(struct output *o, unsigned lane, const struct output_message *m)
{
	struct http_output *h = (struct http_output *)o;
	static const struct output_answer nameless = {.result = OUTPUT_PERMANENT,
						      .detail = "MSH-10 is empty: no answer could be matched"};
	h->lanes[lane].control_id = m->control_id;
	if (m->control_id.n == 0)
		h->done(h->arg, lane, &nameless);
	else
		http_client_post(h->client, lane, m->bytes);
}

static void http_poll(struct output *o, int wake_fd, int timeout_ms)
{
	http_client_poll(((struct http_output *)o)->client, wake_fd, timeout_ms);
}

static void http_free(struct output *o)
{
	struct http_output *h = (struct http_output *)o;
	http_client_free(h->client);
	aff_msg_free(h->msg);
	free(h);
}

static const struct output_ops http_ops = {.send = http_send, .poll = http_poll, .free = http_free};

int output_http_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	static const char accept[] = "Accept: application/hl7-v2";
	static const char *const plain[] = {"Content-Type: application/hl7-v2", accept, NULL};
	static const char *const utf8[] = {"Content-Type: application/hl7-v2; charset=UTF-8", accept, NULL};
	struct http_output *h = calloc(1, sizeof *h + dest->lanes * sizeof *h->lanes);
	if (!h)
		return AFF_ENOMEM;
	h->base.ops = &http_ops;
	h->done = done;
	h->arg = arg;
	h->status_alone = dest->status_alone;
	int rc = aff_msg_new(&h->msg, NULL);
	if (!rc)
		rc = http_client_new(&h->client, dest, dest->utf8 ? utf8 : plain, replied, h);
	if (rc)
		http_free(&h->base);
	else
		*out = &h->base;
	return rc;
}
