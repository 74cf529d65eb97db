/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal show: the story of one message. With --sent what a destination got is rendered again from the
 * stored configuration and compared with the SHA-256 of what was sent then.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/actions.h"
#include "cli/as_new.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/term.h"
#include "cli/when.h"
#include "engine/peer.h"
#include "engine/pipeline.h"
#include "engine/out/resample.h"
#include "sys/clock.h"

#define MESSAGE_MAX (64u << 20)
#define SNAPSHOT_MAX (128u << 20)

struct show {
	struct journal_reader *reader, *others; /* others: for looking while a row of the first is shown */
	int64_t id;
	bool raw, tree, json;
	int64_t removed_us;          /* when retention removed the body; 0: it did not */
	const char *destination;
	struct aff_buf bytes; /* the message as received */
	bool found_outcome;
	int64_t copy; /* of the message, that was sent instead; 0 = the message itself was */
	struct journal_outcome outcome; /* of --sent; its views are not used */
	char full_name[128];
	char answered_by[128]; /* the destination whose outcome was answered; "": it was answered at once */
};

/* ---- how it was answered ---- */

/* The channel as it was configured then; *conf is for the caller to let go of. NULL: the journal does not know. */
static const struct conf_channel *stored_channel(const struct show *s, const struct journal_message *m,
                                                 struct conf **conf)
{
	struct conf_files files;
	struct aff_diag_list findings;
	struct aff_buf packed;
	const struct conf_channel *channel = NULL;
	*conf = NULL;
	aff_buf_init(&packed, SNAPSHOT_MAX);
	aff_diag_list_init(&findings, 1);
	if (!journal_get_snapshot(s->others, m->snapshot, &packed, NULL) &&
	    !conf_files_unpack(&files, aff_buf_view(&packed), NULL)) {
		if (conf_load(conf, &files, &findings))
			*conf = NULL;
		conf_files_free(&files);
	}
	for (size_t i = 0; *conf && i < (*conf)->nchannels && !channel; i++) {
		if (aff_view_is(m->channel, (*conf)->channels[i].name))
			channel = &(*conf)->channels[i];
	}
	aff_diag_list_free(&findings);
	aff_buf_free(&packed);
	return channel;
}

/* "AA", "" for no answer, NULL when it is not known. It follows from the message, the verdict and the channel. */
static const char *answer_of(struct show *s, const struct journal_message *m, struct aff_view raw)
{
	struct conf *conf;
	struct aff_msg *msg = NULL;
	const char *text = NULL;
	int error = m->verdict == JOURNAL_REJECTED ? m->error : 0;
	if (s->removed_us)
		return NULL;
	const struct conf_channel *channel = stored_channel(s, m, &conf);
	if (channel && aff_msg_new(&msg, NULL) == 0) {
		(void)aff_msg_parse(msg, raw.p, raw.n, AFF_LENIENT_ALL, NULL); /* its MSH is enough */
		enum aff_ack_mode mode = channel->source.answer;
		bool later = channel->source.delivered_to && !error && m->verdict != JOURNAL_KEPT &&
			     (aff_ack_choose_application(msg, mode, 0) ||
			      aff_ack_choose_application(msg, mode, AFF_ENOTYET));
		text = !aff_msg_segments(msg)
		               ? ""
		               : aff_ack_code_text(later ? aff_ack_choose_accept(msg, mode, error)
		                                         : aff_ack_choose(msg, mode, error));
		if (later)
			snprintf(s->answered_by, sizeof s->answered_by, "%s", channel->source.delivered_to);
	}
	aff_msg_free(msg);
	conf_unref(conf);
	return text;
}

/* ---- the story ---- */

static void print_field(const char *name, struct aff_view value)
{
	printf("  %-14s", name);
	term_put_safe(stdout, value);
	putchar('\n');
}

static const char *fine_span(int64_t us, char buf[WHEN_SIZE])
{
	if (us >= 10000)
		return when_span(us, buf);
	snprintf(buf, WHEN_SIZE, "%.1f ms", (double)us / 1000);
	return buf;
}

/* The answer leaves when the message is committed; whether it arrived, the journal does not know. */
static void print_commit(struct show *s, const struct journal_message *m, struct aff_view raw)
{
	const char *answer = answer_of(s, m, raw);
	char when[CLOCK_TEXT_SIZE], span[WHEN_SIZE];
	int64_t at_us;
	if (journal_get_commit(s->others, m->id, &at_us, NULL)) {
		printf("%29s  committed at a time that is not known", "");
	} else {
		printf("%s  committed", clock_local_text(at_us, when));
		if (at_us >= m->received_us)
			printf(" (after %s)", fine_span(at_us - m->received_us, span));
	}
	if (!answer && s->removed_us)
		puts("; how it was answered is not known any more");
	else if (!answer)
		puts("; how it was answered is not known: its configuration cannot be read");
	else if (s->answered_by[0])
		printf("%s%s, answered by what became of it at %s\n", *answer ? ", then answered " : "", answer,
		       s->answered_by);
	else
		printf(", then %s%s\n", *answer ? "answered " : "not answered", answer);
}

static void print_head(struct show *s, const struct journal_message *m, struct aff_view raw)
{
	char when[CLOCK_TEXT_SIZE], hex[2 * SHA256_SIZE + 1];
	printf("%smessage %" PRId64 "%s\n", term_style(stdout, TERM_BOLD), m->id, term_style(stdout, TERM_PLAIN));
	print_field("channel", m->channel);
	print_field("type", m->type);
	print_field("control id", m->control_id);
	print_field("patient", m->patient);
	print_field("device", m->device);
	printf("  %-14s%" PRIu32 " bytes\n", "length", m->length);
	printf("  %-14s%.16s\n\n", "configuration", journal_command_hex(m->snapshot, hex));
	printf("%s  received from ", clock_local_text(m->received_us, when));
	struct aff_view channel;
	int64_t id;
	if (peer_channel(m->peer, &channel, &id))
		printf("channel %.*s, where it is message %" PRId64, (int)channel.n, channel.p, id);
	else
		printf("%.*s", (int)m->peer.n, m->peer.p);
	printf(", %s", journal_verdict_text(m->verdict));
	if (m->error == AFF_EIDREUSE)
		printf(": %s", aff_error_text(m->error));
	else if (m->error)
		printf(": error %d, %s", aff_error_condition(m->error), aff_error_text(m->error));
	putchar('\n');
	print_commit(s, m, raw);
}

struct story {
	int64_t received_us;
	struct actions_kept actions;
	struct json_writer *json;
	bool outcomes, pending;  /* there are some; it is pending somewhere */
};

static int print_action(void *arg, const struct journal_action *a)
{
	(void)arg;
	actions_print(a);
	return 0;
}

static int json_action(void *arg, const struct journal_action *a)
{
	actions_put(arg, a);
	return 0;
}

static int print_outcome(void *arg, const struct journal_outcome *o)
{
	struct story *story = arg;
	char when[CLOCK_TEXT_SIZE], span[WHEN_SIZE];
	enum term_style_name style = o->kind == JOURNAL_DELIVERED ? TERM_GREEN
				   : o->kind == JOURNAL_DEAD      ? TERM_RED
								  : TERM_PLAIN;
	int64_t received_us = story->received_us;
	actions_keep(&story->actions, o->action_us);
	story->outcomes = true;
	printf("%s  %.*s: %s%s%s", clock_local_text(o->at_us, when), (int)o->destination.n, o->destination.p,
	       term_style(stdout, style), journal_outcome_text(o->kind), term_style(stdout, TERM_PLAIN));
	if (o->tries > 1)
		printf(" after %u tries", o->tries);
	if (o->detail.n) {
		fputs(": ", stdout);
		term_put_safe(stdout, o->detail);
	}
	if (o->at_us >= received_us)
		printf(" (after %s)", when_span(o->at_us - received_us, span));
	if (o->action_us)
		printf(" by %" PRId64, o->action_us);
	putchar('\n');
	return 0;
}

static int print_pending(void *arg, struct aff_view destination)
{
	struct story *story = arg;
	story->pending = true;
	printf("%29s  %.*s: %spending%s\n", "", (int)destination.n, destination.p, term_style(stdout, TERM_YELLOW),
	       term_style(stdout, TERM_PLAIN));
	return 0;
}

/* What cannot be parsed is shown line by line all the same. */
static void print_body(const struct show *s, struct aff_view raw)
{
	struct aff_msg *m = NULL;
	struct aff_charset *c = NULL;
	putchar('\n');
	if (aff_msg_new(&m, NULL) == 0 && aff_charset_new(&c) == 0 &&
	    aff_charset_parse(c, m, raw.p, raw.n, AFF_LENIENT_ALL, NULL, NULL) == 0) {
		if (s->tree)
			message_print_tree(stdout, m);
		else
			message_print(stdout, m);
	} else {
		struct message_split lines = message_split(raw, '\r');
		struct aff_view line;
		while (message_next(&lines, &line)) {
			term_put_safe(stdout, line);
			putchar('\n');
		}
	}
	aff_msg_free(m);
	aff_charset_free(c);
}

static void print_original(const struct show *s, const struct journal_row *row)
{
	int64_t original;
	struct aff_diag diag;
	if (journal_find_original(s->others, &row->message, row->raw, &original, &diag))
		printf("%29s  of which message, is not known: %s\n", "", diag.text);
	else
		printf("%29s  of message %" PRId64 "\n", "", original);
}

static int json_outcome(void *arg, const struct journal_outcome *o)
{
	struct story *story = arg;
	actions_keep(&story->actions, o->action_us);
	journal_command_put_outcome(story->json, o);
	return 0;
}

/* Nothing when it cannot be parsed. */
static void put_parsed(struct json_writer *j, struct aff_view raw)
{
	struct aff_msg *m = NULL;
	struct aff_charset *c = NULL;
	if (aff_msg_new(&m, NULL) == 0 && aff_charset_new(&c) == 0 &&
	    aff_charset_parse(c, m, raw.p, raw.n, AFF_LENIENT_ALL, NULL, NULL) == 0)
		message_put_json(j, m);
	aff_msg_free(m);
	aff_charset_free(c);
}

/* The message of another channel that this one was. */
static void put_came_from(struct json_writer *j, const struct journal_message *m)
{
	struct aff_view channel;
	int64_t id;
	if (!peer_channel(m->peer, &channel, &id))
		return;
	jsonw_object(j, "came_from");
	jsonw_view(j, "channel", channel);
	jsonw_i64(j, "id", id);
	jsonw_object_end(j);
}

static int print_json(struct show *s, const struct journal_message *m, struct aff_view raw)
{
	struct aff_buf out;
	struct json_writer j;
	const char *answer = answer_of(s, m, raw);
	char when[WHEN_SIZE];
	int64_t original, committed_us;
	aff_buf_init(&out, 8 * (size_t)MESSAGE_MAX);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	journal_command_put_message(&j, m);
	put_came_from(&j, m);
	if (m->verdict == JOURNAL_DUPLICATE && journal_find_original(s->others, m, raw, &original, NULL) == 0)
		jsonw_i64(&j, "duplicate_of", original);
	if (journal_get_commit(s->others, m->id, &committed_us, NULL) == 0)
		jsonw_text(&j, "committed", when_utc(committed_us, when));
	if (answer)
		jsonw_text(&j, "answer", answer);
	if (s->answered_by[0])
		jsonw_text(&j, "answered_by", s->answered_by);
	if (s->removed_us) {
		jsonw_text(&j, "body_removed", when_utc(s->removed_us, when));
	} else {
		jsonw_view(&j, "raw", raw);
		put_parsed(&j, raw);
	}
	jsonw_array(&j, "outcomes");
	struct story story = {.json = &j};
	int rc = journal_get_outcomes(s->others, m->id, json_outcome, &story, NULL);
	jsonw_array_end(&j);
	if (!rc)
		rc = journal_command_put_pending(&j, s->others, m);
	jsonw_array(&j, "actions");
	if (!rc)
		rc = actions_each(&story.actions, s->others, json_action, &j, NULL);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	aff_buf_put_char(&out, '\n');
	if (!rc)
		rc = out.error;
	if (!rc)
		fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
	return rc;
}

static int story(void *arg, const struct journal_row *row)
{
	struct show *s = arg;
	s->removed_us = row->body_removed_us;
	if (s->raw) {
		fwrite(row->raw.p, 1, row->raw.n, stdout);
		return 0;
	}
	if (s->json)
		return print_json(s, &row->message, row->raw);
	char when[CLOCK_TEXT_SIZE];
	struct story story = {.received_us = row->message.received_us};
	print_head(s, &row->message, row->raw);
	if (row->message.verdict == JOURNAL_DUPLICATE)
		print_original(s, row);
	int rc = journal_get_outcomes(s->others, s->id, print_outcome, &story, NULL);
	if (!rc)
		rc = actions_each(&story.actions, s->others, print_action, NULL, NULL);
	if (!rc)
		rc = journal_get_pending(s->others, &row->message, print_pending, &story, NULL);
	if (rc < 0)
		return rc;
	if (row->message.verdict == JOURNAL_ACCEPTED && !story.pending && !story.outcomes)
		printf("%29s  no destination has it: the journal only\n", "");
	if (s->removed_us)
		printf("\nits body was removed by retention on %s\n", clock_local_text(s->removed_us, when));
	else
		print_body(s, row->raw);
	return 0;
}

/* ---- what was sent ---- */

static int keep_raw(void *arg, const struct journal_row *row)
{
	struct show *s = arg;
	s->removed_us = row->body_removed_us;
	aff_buf_put_view(&s->bytes, row->raw);
	return s->bytes.error;
}

static int keep_outcome(void *arg, const struct journal_outcome *o)
{
	struct show *s = arg;
	struct aff_view name = aff_view_of(s->destination);
	if (!aff_view_equal(o->destination, name) && !aff_view_equal(journal_command_short(o->destination), name))
		return 0;
	if (s->found_outcome && !o->sent_length)
		return 0; /* a replay that sent nothing */
	s->found_outcome = true;
	s->outcome = *o;
	snprintf(s->full_name, sizeof s->full_name, "%.*s", (int)o->destination.n, o->destination.p);
	s->copy = actions_copy(o->detail);
	return 0;
}

static struct conf *stored_configuration(const struct show *s)
{
	struct aff_buf packed;
	struct aff_diag diag;
	struct conf *conf = NULL;
	aff_buf_init(&packed, SNAPSHOT_MAX);
	if (journal_get_snapshot(s->reader, s->outcome.snapshot, &packed, &diag))
		command_error_diag(&diag);
	else
		conf = config_load_packed(aff_buf_view(&packed));
	aff_buf_free(&packed);
	return conf;
}

static int compare(const struct show *s, struct aff_view bytes)
{
	unsigned char sha[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	sha256(sha, bytes);
	fwrite(bytes.p, 1, bytes.n, stdout);
	if (memcmp(sha, s->outcome.sent, SHA256_SIZE) != 0) {
		command_error("differs from what was sent: SHA-256 was %s", journal_command_hex(s->outcome.sent, hex));
		return COMMAND_NEGATIVE;
	}
	command_note("identical to what was sent, SHA-256 %s", journal_command_hex(sha, hex));
	return COMMAND_OK;
}

/* The control id that a replay as new gave it; NULL: it kept its own. */
static const char *new_id(const struct show *s, char buf[AS_NEW_SIZE])
{
	struct actions_kept one = {.n = 0};
	bool as_new = false;
	actions_keep(&one, s->outcome.action_us);
	if (actions_each(&one, s->reader, actions_is_as_new, &as_new, NULL) || !as_new)
		return NULL;
	as_new_id(buf, s->outcome.action_us, s->id);
	return buf;
}

/* Replays are not. */
static bool is_sampled(const struct show *s, const struct conf_dest *dest)
{
	return dest->sample.every_ms && !s->outcome.action_us && !s->copy;
}

static int render_again(const struct show *s)
{
	struct aff_diag diag = {0};
	char id[AS_NEW_SIZE];
	int rc = COMMAND_FAILED;
	const struct conf_channel *channel;
	struct pipeline *pipeline = NULL;
	struct pipeline_result r;
	struct conf *conf = stored_configuration(s);
	const struct conf_dest *dest = conf ? config_destination(conf, s->full_name, &channel) : NULL;
	if (!dest)
		goto out;
	if (pipeline_new(&pipeline))
		command_error("out of memory");
	else if (is_sampled(s, dest) ? resample(s->reader, pipeline, channel, dest, s->id, &r, &diag)
				     : as_new_run(pipeline, channel, dest, aff_buf_view(&s->bytes), new_id(s, id), &r))
		diag.code ? command_error_diag(&diag) : command_error("out of memory");
	else if (r.verdict != PIPELINE_SEND)
		rc = command_error("differs from what was sent: now it is %s: %s",
				   r.verdict == PIPELINE_DEAD ? "dead" : "filtered", r.detail);
	else
		rc = compare(s, r.bytes);
out:
	pipeline_free(pipeline);
	conf_unref(conf);
	return rc;
}

static int show_sent(struct show *s, struct aff_diag *diag)
{
	int rc = journal_get_outcomes(s->reader, s->id, keep_outcome, s, diag);
	if (rc < 0)
		return command_error_diag(diag);
	if (!s->found_outcome)
		return command_error("message %" PRId64 " has no outcome at '%s'", s->id, s->destination);
	if (!s->outcome.sent_length)
		return command_error("nothing was sent to %s: %s", s->full_name, journal_outcome_text(s->outcome.kind));
	if (s->copy) {
		aff_buf_clear(&s->bytes);
		rc = journal_get(s->reader, s->copy, keep_raw, s, diag);
		if (rc < 0)
			return command_error_diag(diag);
	}
	return render_again(s);
}

static int run(struct show *s)
{
	struct aff_diag diag = {0};
	aff_buf_init(&s->bytes, MESSAGE_MAX);
	int rc = journal_get(s->reader, s->id, s->destination ? keep_raw : story, s, &diag);
	if (rc < 0)
		rc = diag.code ? command_error_diag(&diag) : command_error("%s", aff_error_text(rc));
	else if (s->removed_us && (s->raw || s->destination))
		rc = journal_command_removed(s->id, s->removed_us);
	else if (s->destination)
		rc = show_sent(s, &diag);
	aff_buf_free(&s->bytes);
	return rc;
}

int journal_show_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal show 1795163400123456",
					       "afferent journal show --raw 1795163400123456 >message.hl7",
					       "afferent journal show --sent icu-monitors/fhir 1795163400123456", NULL};
	const struct usage usage = {
		.command = "journal show",
		.arguments = "ID",
		.examples = examples,
		.least = 1,
		.most = 1,
		.about = "Shows one message of the journal: when it came from where, how it was answered, what "
			 "became of it at each destination, and its content.\n\n"
			 "With --sent what the destination got is rendered again from the configuration of "
			 "that day, printed, and compared with the SHA-256 of the bytes that were sent.",
		.exit0 = "shown; with --sent: identical to what was sent",
		.exit1 = "with --sent: it differs",
	};
	struct show s = {.reader = NULL};
	const char *journal = NULL, *config = NULL, *key_file = NULL;
	const struct option options[] = {
		OPTION_FLAG('r', "raw", &s.raw, "only the bytes as received"),
		OPTION_FLAG('t', "tree", &s.tree, "one value a line: path, field name, value"),
		OPTION_TEXT('S', "sent", &s.destination, "DESTINATION", "what was sent there, made again and compared"),
		OPTION_FLAG('j', "json", &s.json, "one JSON object"),
		JOURNAL_WHERE_OPTIONS(&journal, &config),
		JOURNAL_KEY_OPTION(&key_file),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (s.raw + s.tree + s.json + (s.destination != NULL) > 1)
		return command_error("--raw, --tree, --json and --sent do not go together");
	if (journal_command_id(argv[0], &s.id))
		return COMMAND_FAILED;
	int rc = journal_command_open_with(&s.reader, journal, config, key_file);
	if (!rc)
		rc = journal_command_open_with(&s.others, journal, config, key_file);
	if (!rc)
		rc = run(&s);
	journal_reader_close(s.others);
	journal_reader_close(s.reader);
	return rc;
}
