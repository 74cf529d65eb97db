/* SPDX-License-Identifier: Apache-2.0
 *
 * One message at a time, one in flight.
 */
#include "cli/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "cli/as_new.h"
#include "cli/command.h"
#include "cli/stop.h"
#include "sys/clock.h"

#define LOOK_MS 200

static void done(void *arg, unsigned lane, const struct output_answer *answer)
{
	struct replay *r = arg;
	(void)lane;
	r->answer = *answer;
	r->answered = true;
}

static int open_output(struct replay *r)
{
	int rc = output_new(&r->output, &r->dest, done, r);
	return rc ? command_error("cannot open %s: %s", r->dest.full_name, aff_error_text(rc)) : 0;
}

void replay_destination(char *buf, size_t size, const struct conf_dest *dest, bool to_file)
{
	snprintf(buf, size, "%s%s", dest->full_name, to_file ? " (file)" : "");
}

int replay_open(struct replay *r, const struct conf_dest *dest, const char *to_file, bool append)
{
	r->dest = *dest;
	r->dest.lanes = 1;
	replay_destination(r->destination, sizeof r->destination, dest, to_file);
	pace_start(&r->pace, clock_mono_us());
	if (pipeline_new(&r->pipeline))
		return command_error("out of memory");
	if (!to_file && r->dest.channel)
		return 0; /* the recorder hands over */
	if (!to_file)
		return open_output(r);
	r->file = strcmp(to_file, "-") == 0 ? stdout : fopen(to_file, append ? "ab" : "wb");
	return r->file ? 0 : command_error("cannot open %s: %s", to_file, strerror(errno));
}

int replay_close(struct replay *r)
{
	int rc = 0;
	if (r->output)
		r->output->ops->free(r->output);
	if (r->file && r->file != stdout && fclose(r->file) != 0)
		rc = command_error("cannot write the file: %s", strerror(errno));
	pipeline_free(r->pipeline);
	return rc;
}

/* Waits, with what is to be recorded done before; an output goes on with its own input and output meanwhile. */
static int wait_for(struct replay *r, int64_t ms)
{
	int64_t deadline_us = clock_mono_us() + ms * 1000, left;
	int rc = ms > LOOK_MS ? recorder_flush(r->recorder) : 0;
	while (!rc && (left = deadline_us - clock_mono_us()) > 0) {
		int left_ms = left > 60000000 ? 60000 : (int)((left + 999) / 1000);
		struct pollfd p = {.fd = r->stop, .events = POLLIN};
		if (r->output)
			r->output->ops->poll(r->output, r->stop, left_ms);
		else
			poll(&p, 1, left_ms);
		if (stop_asked(r->stop))
			rc = REPLAY_STOPPED;
	}
	return rc;
}

static int64_t back_off_ms(const struct replay *r, unsigned try)
{
	int64_t ms = r->dest.retry.first_ms;
	for (unsigned i = 1; i < try && ms < r->dest.retry.most_ms; i++)
		ms *= 2;
	if (ms > r->dest.retry.most_ms)
		ms = r->dest.retry.most_ms;
	return r->answer.retry_after_ms > ms ? r->answer.retry_after_ms : ms;
}

/* What the message has come to, of what it was and what came of it now. */
static enum journal_outcome_kind stands(enum journal_outcome_kind before, enum journal_outcome_kind now)
{
#ifdef AFF_MUTANT_14 /* what was delivered is dead when it is refused later */
	return now;
#endif
	return before == JOURNAL_DELIVERED ? before : now;
}

/* What the outcome says: of which copy, and what came of it where that is not what the message has come to. */
static void describe(const struct replay *r, enum journal_outcome_kind before, enum journal_outcome_kind now,
		     const char *detail, char text[DEEDS_DETAIL_MAX])
{
	char copy[40] = "";
	const char *what = "";
	if (r->copy)
		snprintf(copy, sizeof copy, "copy %" PRId64 ": ", r->copy);
	if (before == JOURNAL_DELIVERED && now == JOURNAL_FILTERED)
		what = "filtered now: ";
	if (before == JOURNAL_DELIVERED && now == JOURNAL_DEAD)
		what = "refused now: ";
	snprintf(text, DEEDS_DETAIL_MAX, "%s%s%s", copy, what, detail);
}

/* Completes what is known of an outcome; text is its detail. */
static void complete(struct replay *r, struct journal_outcome *o, enum journal_outcome_kind before, const char *detail,
		     char text[DEEDS_DETAIL_MAX])
{
	describe(r, before, o->kind, detail, text);
	o->kind = stands(before, o->kind);
	o->instead = before;
	o->destination = aff_view_of(r->destination);
	o->at_us = clock_wall_us();
	o->detail = aff_view_of(text);
	o->action_us = r->action_us;
	memcpy(o->snapshot, r->recorder->conf->sha256, SHA256_SIZE);
	r->last = o->message;
}

static int record(struct replay *r, struct journal_outcome *o, enum journal_outcome_kind before, const char *detail)
{
	char text[DEEDS_DETAIL_MAX];
	complete(r, o, before, detail, text);
	return recorder_add(r->recorder, o);
}

/* The answer to what is in flight is waited for, whoever asks for the end. */
static int deliver_part(struct replay *r, struct journal_outcome *o, struct split_part p)
{
	for (o->tries = 1;; o->tries++) {
		int rc = 0;
		r->answered = false;
		const struct output_message m = {.bytes = p.bytes, .control_id = p.control_id, .id = o->message};
		r->output->ops->send(r->output, 0, &m);
		while (!r->answered && !rc) {
			r->output->ops->poll(r->output, -1, LOOK_MS);
			rc = recorder_flush_if_due(r->recorder);
		}
		if (rc)
			return rc;
		if (r->answer.result == OUTPUT_DELIVERED || r->answer.result == OUTPUT_PERMANENT) {
			o->kind = r->answer.result == OUTPUT_DELIVERED ? JOURNAL_DELIVERED : JOURNAL_DEAD;
			return 0;
		}
		if (o->tries == r->tries)
			return command_error("message %" PRId64 ": %s: %s, tried %u times; the replay stops before it",
					     o->message, r->dest.full_name, r->answer.detail, o->tries);
		rc = wait_for(r, back_off_ms(r, o->tries));
		if (rc)
			return rc;
	}
}

/* All parts, until one is refused. */
static int deliver(struct replay *r, struct journal_outcome *o, const struct pipeline_result *p)
{
	unsigned i = 0, tries = 0;
	int rc = 0;
	if (!p->nparts)
		rc = deliver_part(r, o, (struct split_part){p->bytes, p->control_id});
	for (; i < p->nparts && !rc && (!i || o->kind == JOURNAL_DELIVERED); i++) {
		rc = deliver_part(r, o, p->parts[i]);
		tries = o->tries > tries ? o->tries : tries;
	}
	o->tries = p->nparts ? tries : o->tries;
	if (rc)
		return rc;
	if (p->nparts && o->kind == JOURNAL_DEAD) {
		char why[sizeof r->answer.detail];
		snprintf(why, sizeof why, "%s", r->answer.detail);
		snprintf(r->answer.detail, sizeof r->answer.detail, "part %u of %u: %.130s", i, p->nparts, why);
	}
	r->sent += o->kind == JOURNAL_DELIVERED;
	r->refused += o->kind == JOURNAL_DEAD;
	return 0;
}

/* FHIR one bundle a line, HL7 one message behind the other. It is in the file before that is recorded. */
static int write_out(struct replay *r, struct aff_view bytes)
{
	bool fhir = r->dest.as_fhir;
	fwrite(bytes.p, 1, bytes.n, r->file);
	if (fhir || (bytes.n && bytes.p[bytes.n - 1] != '\r' && bytes.p[bytes.n - 1] != '\n'))
		fputc(fhir ? '\n' : '\r', r->file);
	r->sent++;
	return fflush(r->file) || ferror(r->file) ? command_error("cannot write the file: %s", strerror(errno)) : 0;
}

/* To another channel: the message there and the outcome here are recorded together. */
static int hand_over(struct replay *r, struct journal_outcome *o, enum journal_outcome_kind before,
		     const struct pipeline_result *p)
{
	char text[DEEDS_DETAIL_MAX];
	struct journal_outcome dead = *o;
	o->kind = JOURNAL_DELIVERED;
	complete(r, o, before, "", text);
	int rc = recorder_hand_over(r->recorder, r->dest.channel, r->channel->name, p->bytes, o);
	r->sent += !rc;
	if (rc != AFF_EUNDELIVERED)
		return rc;
	command_error("message %" PRId64 ": %s", o->message, r->recorder->diag.text);
	r->refused++;
	dead.kind = JOURNAL_DEAD;
	return record(r, &dead, before, r->recorder->diag.text);
}

static int send(struct replay *r, struct journal_outcome *o, enum journal_outcome_kind before,
		const struct pipeline_result *p)
{
	o->sent_length = (uint32_t)p->bytes.n;
	sha256(o->sent, p->bytes);
	if (!r->file && r->dest.channel) {
		o->tries = 1;
		return hand_over(r, o, before, p);
	}
	int rc = r->file ? write_out(r, p->bytes) : deliver(r, o, p);
	if (rc)
		return rc;
	if (r->file)
		o->kind = JOURNAL_DELIVERED;
	else if (o->kind == JOURNAL_DEAD)
		command_error("message %" PRId64 ": %s refused it: %s", o->message, r->dest.full_name,
			      r->answer.detail);
	return record(r, o, before, r->file ? "written to a file" : r->answer.detail);
}

int replay_message(struct replay *r, int64_t id, enum journal_outcome_kind before, struct aff_view raw)
{
	struct pipeline_result p;
	char new_id[AS_NEW_SIZE];
	struct journal_outcome o = {.message = id};
	int rc = stop_asked(r->stop) ? REPLAY_STOPPED : 0;
	while (!rc && !pace_take(&r->pace, clock_mono_us()))
		rc = wait_for(r, pace_wait_ms(&r->pace, clock_mono_us()));
	if (rc)
		return rc;
	as_new_id(new_id, r->action_us, id);
	rc = as_new_run(r->pipeline, r->channel, &r->dest, raw, r->as_new ? new_id : NULL, &p);
	if (rc)
		return command_error("message %" PRId64 ": %s", id, aff_error_text(rc));
	if (p.verdict == PIPELINE_SEND)
		return send(r, &o, before, &p);
	bool dead = p.verdict == PIPELINE_DEAD;
	if (dead)
		command_error("message %" PRId64 ": %s", id, p.detail);
	r->dead += dead;
	r->filtered += !dead;
	/* A file has no dead letters: nobody could send them again. */
	o.kind = dead && !r->file ? JOURNAL_DEAD : JOURNAL_FILTERED;
	return record(r, &o, before, p.detail);
}
