/* SPDX-License-Identifier: Apache-2.0
 *
 * From channel to channel: a message is taken as if it had come over a connection, but for the answer. What the other
 * channel does not accept is not stored there: the outcome here says so.
 *
 * Thread: the sender's. Woken by its mailbox and the sender's eventfd; blocks in poll, and at its end until what it
 * handed to the writer has come back.
 */
#include "engine/out/out_channel.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/peer.h"
#include "engine/writer.h"

struct channel_output {
	struct output base;
	output_done_fn *done;
	void *arg;
	char from[128];
	struct intake intake;
	struct intake_channel to;
	unsigned flying; /* with the writer */
};

static void fail(struct channel_output *c, unsigned lane, struct outcome_report *report, enum output_result result,
		 const char *why)
{
	struct output_answer answer = {.result = result};
	free(report);
	snprintf(answer.detail, sizeof answer.detail, "%s", why);
	c->done(c->arg, lane, &answer);
}

static void channel_send(struct output *o, unsigned lane, const struct output_message *m)
{
	struct channel_output *c = (struct channel_output *)o;
	char peer[PEER_SIZE], why[160];
	struct envelope *e = ingest_message(c->intake.ingest, c->to.conf, c->to.settings,
					    peer_of_channel(peer, aff_view_of(c->from), m->id), m->bytes, 0, NULL);
	if (!e) {
		fail(c, lane, m->report, OUTPUT_TRANSIENT, "out of memory");
		return;
	}
	if (e->row.verdict == JOURNAL_REJECTED) {
		snprintf(why, sizeof why, "%s refuses it: %s", c->to.settings->name, aff_error_text(e->row.error));
		envelope_unref(e);
		fail(c, lane, m->report, OUTPUT_PERMANENT, why);
		return;
	}
	e->channel = c->to.channel;
	e->home = &c->intake.mailbox;
	e->slot = lane;
#ifdef AFF_MUTANT_61 /* the outcome is committed after the message */
	free(m->report);
#else
	e->with = m->report;
#endif
	const struct envelopes one = {e, e, 1, e->size};
	c->flying++;
	intake_queue(&c->intake, &one);
	intake_submit(&c->intake);
}

static void came_back(struct channel_output *c, struct envelope *e)
{
	struct output_answer answer = {.result = e->result ? OUTPUT_TRANSIENT : OUTPUT_DELIVERED};
	c->flying--;
	intake_came_back(&c->intake, e);
	unsigned lane = e->slot;
	if (e->result)
		snprintf(answer.detail, sizeof answer.detail, "%s", aff_error_text(e->result));
	else
		snprintf(answer.detail, sizeof answer.detail, "handed over to %s", c->to.settings->name);
#ifndef AFF_MUTANT_61
	answer.committed = !e->result;
#endif
	envelope_unref(e);
	c->done(c->arg, lane, &answer);
}

static void channel_poll(struct output *o, int wake_fd, int timeout_ms)
{
	struct channel_output *c = (struct channel_output *)o;
	struct pollfd fds[] = {{.fd = c->intake.mailbox.eventfd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
	if (poll(fds, 2, timeout_ms) <= 0 || !fds[0].revents)
		return;
	for (struct envelope *e = mailbox_take(&c->intake.mailbox), *next; e; e = next) {
		next = e->next;
		came_back(c, e);
	}
}

/* The writer gives everything back, soon: what is in flight may not lose its home. */
static void wait_for_rest(struct channel_output *c)
{
	struct pollfd mail = {.fd = c->intake.mailbox.eventfd, .events = POLLIN};
	while (c->flying) {
		poll(&mail, 1, -1);
		for (struct envelope *e = mailbox_take(&c->intake.mailbox), *next; e; e = next) {
			next = e->next;
			c->flying--;
			intake_came_back(&c->intake, e);
			envelope_unref(e);
		}
	}
}

static void channel_free(struct output *o)
{
	struct channel_output *c = (struct channel_output *)o;
	wait_for_rest(c);
	intake_destroy(&c->intake);
	if (c->to.conf)
		conf_unref(c->to.conf);
	free(c);
}

static const struct output_ops channel_ops = {
	.send = channel_send, .poll = channel_poll, .free = channel_free, .commits = true};

int output_channel_new(struct output **out, const struct conf_dest *dest, struct conf *conf, const char *from,
		       const struct channel_door *door, output_done_fn *done, void *arg)
{
	const struct conf_channel *settings = conf_channel(conf, aff_view_of(dest->channel));
	if (!settings || !door->to)
		return AFF_EARGUMENT;
	struct channel_output *c = calloc(1, sizeof *c);
	if (!c)
		return AFF_ENOMEM;
	c->base.ops = &channel_ops;
	c->done = done;
	c->arg = arg;
	snprintf(c->from, sizeof c->from, "%s", from);
	int rc = intake_init(&c->intake, 0, door->journal, door->writer, door->budget);
	intake_use(&c->to, conf, settings);
	c->to.channel = door->to;
	if (rc)
		channel_free(&c->base);
	else
		*out = &c->base;
	return rc;
}
