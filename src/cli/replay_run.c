/* SPDX-License-Identifier: Apache-2.0
 *
 * The action is on record before the first message leaves, an outcome for each, and how it ended. A replay that was
 * stopped, or killed, is resumed after the last message with an outcome.
 */
#include "cli/replay_run.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/replay.h"
#include "cli/replay_source.h"
#include "cli/stop.h"
#include "cli/term.h"

struct running {
	struct replay_run *o;
	struct conf *conf;
	const char *folder;
	const struct conf_dest *dest;
	const char *where;     /* the destination or the file, for people */
	char destination[160]; /* as outcomes name it */
	struct source *source;
	struct recorder recorder;
	struct replay replay;
	uint64_t total, pending;
	int64_t resumed; /* number of the replay that goes on; 0 = a new one */
	bool stopped;
};

/* ---- what is asked for ---- */

int replay_check_reason(const char *reason)
{
	if (!reason || !reason[0])
		return command_error("this needs a reason: say why with --reason TEXT");
	if (strlen(reason) > REASON_MAX)
		return command_error("the reason is longer than %d bytes", REASON_MAX);
	return 0;
}

int replay_confirm(const char *what, uint64_t n, const char *where)
{
	char line[16];
	if (!isatty(STDIN_FILENO))
		return command_error("%s %" PRIu64 " at %s: confirm it with --yes", what, n, where);
	fflush(stdout);
	fprintf(stderr, "%s %" PRIu64 " at %s? [y/N] ", what, n, where);
	if (!fgets(line, sizeof line, stdin) || (line[0] != 'y' && line[0] != 'Y'))
		return COMMAND_NEGATIVE;
	return 0;
}

/* Everything of a channel is replayed only when asked for in so many words. */
static bool is_everything(const struct replay_run *o, int nids)
{
	const struct query *q = &o->plan.query;
	return !nids && !o->all && !q->type && !q->control_id && !q->patient && !q->device && !q->peer && !q->since &&
	       !q->until && !q->status && !o->from_id && !o->to_id;
}

static int check_settings(const struct replay_run *o, int nids)
{
	const struct plan *p = &o->plan;
	if (o->resume && (p->to || p->reason || p->rate || p->as_new || p->query.since || p->query.until ||
			  p->query.type || p->query.peer || p->query.status || o->from_id || o->to_id || o->all))
		return command_error(
			"--resume goes on as it was begun: it takes the journal's place, the file, and the "
			"values that the journal does not keep");
	if (o->resume)
		return 0;
	if (!p->to)
		return command_error("no destination given; --to DESTINATION says it, also with --to-file");
	if (!o->dry_run && replay_check_reason(p->reason))
		return COMMAND_FAILED;
	if (o->from_id && o->to_id && o->from_id > o->to_id)
		return command_error("--from-id is not before --to-id");
	if (is_everything(o, nids))
		return command_error("this would replay the whole channel; choose messages, or say --all");
	return 0;
}

/* --channel icu-monitors --to ehr means icu-monitors/ehr. */
static const char *destination_name(const struct plan *p, char *buf, size_t size)
{
	if (!p->query.channel || strchr(p->to, '/'))
		return p->to;
	snprintf(buf, size, "%s/%s", p->query.channel, p->to);
	return buf;
}

static int find_destination(struct running *r)
{
	char name[160];
	struct plan *p = &r->o->plan;
	r->dest = config_destination(r->conf, destination_name(p, name, sizeof name), &r->replay.channel);
	if (!r->dest)
		return COMMAND_FAILED;
	const char *channel = r->replay.channel->name;
	if (p->query.channel && strcmp(p->query.channel, channel) != 0)
		return command_error("%s belongs to channel %s, not %s", r->dest->full_name, channel, p->query.channel);
	p->query.channel = channel;
	if (p->query.status && !p->query.destination)
		p->query.destination = r->dest->full_name;
	p->to = r->dest->full_name;
	r->where = r->o->to_file ? r->o->to_file : r->dest->full_name;
	replay_destination(r->destination, sizeof r->destination, r->dest, r->o->to_file != NULL);
	return 0;
}

/* ---- going on with an earlier one ---- */

static int read_resumed(struct running *r, int nids)
{
	uint64_t ignored;
	struct replay_run *o = r->o;
	if (journal_command_id(o->resume, &r->resumed) || plan_read(&o->plan, r->source->reader, r->resumed, nids > 0))
		return COMMAND_FAILED;
	if (o->plan.to_file != (o->to_file != NULL))
		return command_error(
			o->plan.to_file ? "that replay went into a file; name it with --to-file: it goes on at its end"
					: "that replay went to the destination, not into a file");
	struct aff_diag diag;
	int64_t last = 0;
	int rc = journal_read_acted(r->source->reader, r->resumed, &last, &ignored, &diag);
	if (rc)
		return command_error_diag(&diag);
	o->from_id = (uint64_t)(last >= o->plan.first ? last + 1 : o->plan.first);
	o->to_id = (uint64_t)o->plan.last;
	return 0;
}

static void take_kept_ids(struct running *r)
{
	const struct plan *p = &r->o->plan;
	if (r->source->nids)
		return;
	for (size_t i = 0; i < p->nids && i < SOURCE_IDS_MAX; i++)
		r->source->ids[r->source->nids++] = p->ids[i];
}

static int build(struct running *r)
{
	struct source *s = r->source;
	struct plan *p = &r->o->plan;
	int64_t from_us = p->built.from_us, to_us = p->built.to_us;
	if (query_build(&p->query, &s->query))
		return COMMAND_FAILED;
	if (r->resumed) {
		s->query.from_us = from_us;
		s->query.to_us = to_us;
		take_kept_ids(r);
	}
	p->built = s->query;
	s->query.verdict = JOURNAL_ACCEPTED;
	s->query.oldest_first = true;
	s->query.raw = true;
	s->query.before_id = r->o->from_id ? (int64_t)r->o->from_id - 1 : 0;
	s->last = r->o->to_id ? (int64_t)r->o->to_id : INT64_MAX;
	s->destination = r->destination;
	s->delivered_to = r->dest->full_name;
	s->only = r->o->dead_only || strcmp(p->kind, "resend") == 0 ? JOURNAL_DEAD : (enum journal_outcome_kind)0;
	p->to_file = r->o->to_file != NULL;
	p->ids = s->ids;
	p->nids = s->nids;
	return p->rate && pace_parse(&r->replay.pace, p->rate)
		     ? command_error("'%s' is no rate; write it as 20/s, 90/min or max", p->rate)
		     : 0;
}

/* ---- doing it ---- */

static int replay_all(struct running *r)
{
	struct progress progress;
	const struct source_item *items;
	size_t n;
	uint64_t done = 0;
	int rc = 0;
	progress_start(&progress, "messages", r->total);
	while (!rc && (rc = source_next(r->source, &items, &n)) == 0 && n) {
		for (size_t i = 0; !rc && i < n; i++) {
			r->replay.copy = items[i].copy;
			if (items[i].pending)
				r->pending++;
			else
				rc = replay_message(&r->replay, items[i].id, items[i].before, items[i].raw);
			progress_update(&progress, ++done);
		}
	}
	progress_end(&progress);
	r->stopped = rc == REPLAY_STOPPED;
	int flushed = recorder_flush(&r->recorder);
	return rc > REPLAY_STOPPED ? rc : flushed;
}

static void put_counts(const struct running *r, struct json_writer *j)
{
	const struct replay *p = &r->replay;
	jsonw_i64(j, "sent", (int64_t)p->sent);
	jsonw_i64(j, "filtered", (int64_t)p->filtered);
	jsonw_i64(j, "dead", (int64_t)p->dead);
	jsonw_i64(j, "refused", (int64_t)p->refused);
	jsonw_i64(j, "pending", (int64_t)r->pending);
	jsonw_i64(j, "left_out", (int64_t)r->source->left_out);
	jsonw_i64(j, "not_recorded", (int64_t)r->recorder.lost);
	jsonw_i64(j, "last", p->last);
	jsonw_bool(j, "stopped", r->stopped);
}

static int begin(struct running *r)
{
	struct aff_buf detail;
	struct json_writer j;
	aff_buf_init(&detail, DEEDS_ACTION_MAX);
	if (r->resumed) {
		jsonw_begin(&j, &detail, 0);
		jsonw_object(&j, NULL);
		jsonw_i64(&j, "of", r->resumed);
		jsonw_i64(&j, "messages", (int64_t)r->total);
		jsonw_object_end(&j);
	} else {
		plan_put(&r->o->plan, &detail);
	}
	int rc = detail.error ? command_error("the replay is too long to be recorded") : 0;
	if (!rc)
		rc = recorder_act(&r->recorder, r->resumed ? "resume" : r->o->plan.kind, aff_buf_view(&detail));
	aff_buf_free(&detail);
	r->replay.action_us = r->resumed ? r->resumed : r->recorder.done.action_us;
	return rc;
}

static int end(struct running *r)
{
	char text[512];
	struct aff_buf detail = {.p = text, .allocated = sizeof text, .max = sizeof text};
	struct json_writer j;
	jsonw_begin(&j, &detail, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "of", r->replay.action_us);
	put_counts(r, &j);
	jsonw_object_end(&j);
	return recorder_act(&r->recorder, "replay-end", aff_buf_view(&detail));
}

static void print_json(const struct running *r)
{
	char text[1024];
	struct aff_buf out = {.p = text, .allocated = sizeof text, .max = sizeof text};
	struct json_writer j;
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "replay", r->replay.action_us);
	jsonw_text(&j, "destination", r->dest->full_name);
	jsonw_i64(&j, "messages", (int64_t)r->total);
	put_counts(r, &j);
	jsonw_object_end(&j);
	printf("%.*s\n", (int)out.n, out.p);
}

static void print_summary(const struct running *r, bool whole)
{
	const struct replay *p = &r->replay;
	if (r->o->json)
		print_json(r);
	else
		printf("%" PRIu64 " sent to %s, %" PRIu64 " filtered, %" PRIu64 " dead, %" PRIu64 " refused", p->sent,
		       r->where, p->filtered, p->dead, p->refused);
	if (!r->o->json && r->pending)
		printf(", %" PRIu64 " still pending and left to the engine", r->pending);
	if (!r->o->json)
		printf("; recorded as %" PRId64 "\n", p->action_us);
	if (r->recorder.lost)
		command_error("%" PRIu64 " outcomes could not be recorded: a resumed replay sends these messages again",
			      r->recorder.lost);
	if (!whole)
		command_note("it is not whole; go on with: afferent replay --resume %" PRId64, p->action_us);
}

static int replay(struct running *r)
{
	struct replay *p = &r->replay;
	p->recorder = &r->recorder;
	p->as_new = r->o->plan.as_new;
	p->tries = (unsigned)r->o->plan.tries;
	p->stop = stop_open();
	if (p->stop < 0)
		return command_error("cannot wait for signals");
	int rc = recorder_open(&r->recorder, r->conf, r->folder, r->destination);
	if (!rc)
		rc = begin(r);
	if (rc)
		return rc;
	rc = replay_open(p, r->dest, r->o->to_file, r->resumed != 0);
	if (!rc)
		rc = replay_all(r);
	if (replay_close(p) && !rc)
		rc = COMMAND_FAILED;
	if (end(r) && !rc)
		rc = COMMAND_FAILED;
	if (!r->o->to_file || strcmp(r->o->to_file, "-") != 0)
		print_summary(r, !rc && !r->stopped);
	return rc                                                                       ? rc
	     : r->stopped || p->dead || p->refused || r->pending || r->source->left_out ? COMMAND_NEGATIVE
											: 0;
}

static int count_and_replay(struct running *r)
{
	struct plan *p = &r->o->plan;
	if (source_count(r->source, &r->total, &p->first, &p->last))
		return COMMAND_FAILED;
	r->source->last = p->last;
	p->messages = r->total;
	if (!r->total && r->resumed) {
		command_note("nothing is left of replay %" PRId64, r->resumed);
		return COMMAND_OK;
	}
	if (!r->total) {
		command_error("no %s of channel %s fits", r->source->only ? "dead letter" : "accepted message",
			      r->replay.channel->name);
		return COMMAND_NEGATIVE;
	}
	if (r->o->dry_run) {
		printf("%" PRIu64 " message%s would be sent to %s\n", r->total, r->total == 1 ? "" : "s", r->where);
		return COMMAND_OK;
	}
	int rc = r->o->dead_only && !r->o->yes && !r->source->nids
		       ? replay_confirm("resend dead letters:", r->total, r->where)
		       : 0;
	return rc ? rc : replay(r);
}

static int load_and_run(struct running *r, int nids)
{
	struct replay_run *o = r->o;
	r->conf = config_load(o->config ? o->config : ".");
	if (!r->conf)
		return COMMAND_FAILED;
	r->folder = o->journal ? o->journal : r->conf->engine.journal;
	int rc = journal_command_open_with(&r->source->reader, r->folder, NULL,
					   o->key_file ? o->key_file : r->conf->engine.secret_file);
	if (!rc && o->resume)
		rc = read_resumed(r, nids);
	if (!rc)
		rc = find_destination(r);
	if (!rc)
		rc = build(r);
	return rc ? rc : count_and_replay(r);
}

int replay_run(struct replay_run *o, char **argv, int n)
{
	struct running *r = calloc(1, sizeof *r);
	signal(SIGPIPE, SIG_IGN); /* a peer that hangs up is an answer, not the end */
	if (r)
		r->source = calloc(1, sizeof *r->source);
	if (!r || !r->source) {
		free(r);
		return command_error("out of memory");
	}
	r->o = o;
	r->recorder.lock = -1;
	int rc = source_open(r->source);
	if (!rc)
		rc = source_choose(r->source, argv, n);
	if (!rc)
		rc = check_settings(o, n);
	if (!rc)
		rc = load_and_run(r, n);
	recorder_close(&r->recorder);
	source_close(r->source);
	conf_unref(r->conf);
	plan_free(&o->plan);
	free(r->source);
	free(r);
	return command_finish(rc);
}
