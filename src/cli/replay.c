/* SPDX-License-Identifier: Apache-2.0
 *
 * One message at a time, one in flight.
 */
#include "cli/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "cli/command.h"
#include "sys/clock.h"

static void done(void *arg, unsigned lane, const struct output_answer *answer)
{
	struct replay *r = arg;
	(void)lane;
	r->answer = *answer;
	r->answered = true;
}

static int open_output(struct replay *r)
{
	int rc = AFF_EARGUMENT;
	switch (r->dest.kind) {
	case CONF_DEST_MLLP:
		rc = output_mllp_new(&r->output, &r->dest, done, r);
		break;
	case CONF_DEST_FHIR:
		rc = output_fhir_new(&r->output, &r->dest, done, r);
		break;
	case CONF_DEST_FILE:
		rc = output_file_new(&r->output, &r->dest, done, r);
		break;
	}
	return rc ? command_error("cannot open %s: %s", r->dest.full_name, aff_error_text(rc)) : 0;
}

int replay_open(struct replay *r, const struct conf_channel *channel, const struct conf_dest *dest,
                const char *to_file)
{
	r->channel = channel;
	r->dest = *dest;
	r->dest.lanes = 1;
	pace_start(&r->pace, clock_mono_us());
	if (pipeline_new(&r->pipeline))
		return command_error("out of memory");
	if (!to_file)
		return open_output(r);
	r->file = strcmp(to_file, "-") == 0 ? stdout : fopen(to_file, "wb");
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

/* Waits; an output goes on with its own input and output meanwhile. */
static void wait_for(struct replay *r, int64_t ms)
{
	int64_t deadline_us = clock_mono_us() + ms * 1000, left;
	while ((left = deadline_us - clock_mono_us()) > 0) {
		int left_ms = left > 60000000 ? 60000 : (int)((left + 999) / 1000);
		if (r->output)
			r->output->ops->poll(r->output, -1, left_ms);
		else
			poll(NULL, 0, left_ms);
	}
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

static int deliver(struct replay *r, int64_t id, const struct pipeline_result *p)
{
	for (unsigned try = 1;; try++) {
		r->answered = false;
		r->output->ops->send(r->output, 0, p->bytes, p->control_id);
		while (!r->answered)
			r->output->ops->poll(r->output, -1, 1000);
		if (r->answer.result == OUTPUT_DELIVERED) {
			r->sent++;
			return 0;
		}
		if (r->answer.result == OUTPUT_PERMANENT) {
			r->refused++;
			command_error("message %" PRId64 ": %s refused it: %s", id, r->dest.full_name,
			              r->answer.detail);
			return 0;
		}
		if (try == r->tries)
			return command_error("message %" PRId64 ": %s: %s, tried %u times; the replay stops before it",
			                     id, r->dest.full_name, r->answer.detail, try);
		wait_for(r, back_off_ms(r, try));
	}
}

/* FHIR one bundle a line, HL7 one message behind the other. */
static int write_out(struct replay *r, struct aff_view bytes)
{
	bool fhir = r->dest.kind == CONF_DEST_FHIR;
	fwrite(bytes.p, 1, bytes.n, r->file);
	if (fhir || (bytes.n && bytes.p[bytes.n - 1] != '\r' && bytes.p[bytes.n - 1] != '\n'))
		fputc(fhir ? '\n' : '\r', r->file);
	r->sent++;
	return ferror(r->file) ? command_error("cannot write the file: %s", strerror(errno)) : 0;
}

int replay_message(struct replay *r, int64_t id, struct aff_view raw)
{
	struct pipeline_result p;
	while (!pace_take(&r->pace, clock_mono_us()))
		wait_for(r, pace_wait_ms(&r->pace, clock_mono_us()));
	int rc = pipeline_run(r->pipeline, r->channel, &r->dest, raw, &p);
	if (rc)
		return command_error("message %" PRId64 ": %s", id, aff_error_text(rc));
	if (p.verdict == PIPELINE_FILTERED) {
		r->filtered++;
		return 0;
	}
	if (p.verdict == PIPELINE_DEAD) {
		r->dead++;
		command_error("message %" PRId64 ": %s", id, p.detail);
		return 0;
	}
	return r->file ? write_out(r, p.bytes) : deliver(r, id, &p);
}
