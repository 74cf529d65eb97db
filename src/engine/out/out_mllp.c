/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 v2 over MLLP: one connection per lane. What a peer's answer means for the delivery is decided here, how it
 * travels in mllp_client.
 *
 * Thread: the sender's. Woken by its sockets, the sender's eventfd and the deadlines of the answers; blocks in
 * epoll_wait only.
 */
#include "engine/out/output.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/out/ack_answer.h"
#include "engine/out/mllp_client.h"

struct mllp_output {
	struct output base;
	output_done_fn *done;
	void *arg;
	struct mllp_client *client;
};

/* A message that is too large today is too large tomorrow. */
static enum output_result result_of(const struct mllp_reply *reply)
{
	return reply->rc == AFF_ETOOLONG ? OUTPUT_PERMANENT : ack_answer_result(reply->code);
}

static void replied(void *arg, unsigned lane, const struct mllp_reply *reply)
{
	struct mllp_output *m = arg;
	struct output_answer answer = {.result = result_of(reply)};
	const char *text = reply->rc ? reply->why : aff_ack_code_text(reply->code);
	if (reply->condition)
		snprintf(answer.detail, sizeof answer.detail, "%s %d", text, reply->condition);
	else
		snprintf(answer.detail, sizeof answer.detail, "%s", text);
	m->done(m->arg, lane, &answer);
}

static void mllp_send(struct output *o, unsigned lane, const struct output_message *message)
{
	struct mllp_output *m = (struct mllp_output *)o;
	static const struct output_answer nameless = {.result = OUTPUT_PERMANENT,
						      .detail = "MSH-10 is empty: no answer could be matched"};
	if (message->control_id.n == 0)
		m->done(m->arg, lane, &nameless);
	else
		mllp_client_send(m->client, lane, message->bytes, message->control_id);
}

static void mllp_poll(struct output *o, int wake_fd, int timeout_ms)
{
	mllp_client_poll(((struct mllp_output *)o)->client, wake_fd, timeout_ms);
}

static void mllp_free(struct output *o)
{
	struct mllp_output *m = (struct mllp_output *)o;
	mllp_client_free(m->client);
	free(m);
}

static const struct output_ops mllp_ops = {.send = mllp_send, .poll = mllp_poll, .free = mllp_free};

int output_mllp_new(struct output **out, const struct conf_dest *dest, output_done_fn *done, void *arg)
{
	struct net_address to;
	int rc = net_address_make(&to, dest->to.host, dest->to.port, NULL);
	if (rc || dest->lanes == 0)
		return AFF_EARGUMENT;
	struct mllp_output *m = calloc(1, sizeof *m);
	if (!m)
		return AFF_ENOMEM;
	m->base.ops = &mllp_ops;
	m->done = done;
	m->arg = arg;
	rc = mllp_client_new(&m->client, dest->lanes, dest->timeout_ms, replied, m);
	if (rc) {
		free(m);
		return rc;
	}
	for (unsigned i = 0; i < dest->lanes; i++)
		mllp_client_address(m->client, i, &to);
	*out = &m->base;
	return 0;
}
