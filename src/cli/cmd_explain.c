/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent explain: what a channel does to a message, step by step, and why. The functions are those of the engine;
 * nothing is stored or sent.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/explain.h"
#include "cli/input.h"
#include "cli/option.h"
#include "sys/clock.h"

struct explainer {
	const struct conf_channel *channel;
	struct ingest *ingest;
	struct pipeline *pipeline;
	struct aff_msg *answer;
	struct explain steps;
	struct explain_dest *dests;
	bool json, full;
	uint64_t told, sent;          /* messages, and those that go somewhere */
};

/* ---- one message ---- */

/* "AA": MSA-1 of the framed answer. */
static const char *answer_code(struct explainer *x, struct aff_view framed)
{
	struct aff_ack_result ack;
	const char *start = memchr(framed.p, 0x0b, framed.n), *end = memrchr(framed.p, 0x1c, framed.n);
	if (!start || !end || end < start ||
	    aff_msg_parse(x->answer, start + 1, (size_t)(end - start - 1), AFF_LENIENT_ALL, NULL))
		return "";
	aff_ack_read(x->answer, &ack);
	return aff_ack_code_text(ack.code);
}

/* The transform alone: it is the same for each destination. */
static int explain_steps(struct explainer *x, struct explanation *e, struct aff_view message)
{
	static const struct conf_dest everything = {.when = NULL};
	const struct aff_rules_watch watch = {explain_tell, &x->steps};
	explain_begin(&x->steps);
	pipeline_watch(x->pipeline, &watch);
	int rc = pipeline_transform(x->pipeline, x->channel, &everything, message, &e->transformed);
	pipeline_watch(x->pipeline, NULL);
	e->steps = &x->steps;
	return rc ? rc : x->steps.error;
}

static int explain_dest(struct explainer *x, const struct conf_dest *dest, struct aff_view message,
                        struct explain_dest *out)
{
	struct conf_dest copy = *dest;
	copy.fhir.pretty = x->full && !x->json;
	*out = (struct explain_dest){.dest = dest, .why = {"", 0}, .bytes = {"", 0}};
	int rc = pipeline_transform(x->pipeline, x->channel, &copy, message, &out->result);
	if (!rc && out->result.verdict == PIPELINE_FILTERED)
		out->why = explain_why(&x->steps, dest->when, pipeline_edit(x->pipeline), NULL);
	if (!rc && out->result.verdict == PIPELINE_SEND)
		rc = pipeline_render(x->pipeline, &copy, &out->result);
	if (!rc && out->result.verdict == PIPELINE_SEND)
		out->bytes = explain_keep(&x->steps, out->result.bytes);
	return rc ? rc : x->steps.error;
}

static int explain_way(struct explainer *x, struct explanation *e, struct aff_view message)
{
	int rc = explain_steps(x, e, message);
	bool goes = !rc && e->transformed.verdict == PIPELINE_SEND && !x->channel->ndests;
	for (size_t i = 0; !rc && e->transformed.verdict == PIPELINE_SEND && i < x->channel->ndests; i++) {
		rc = explain_dest(x, &x->channel->dests[i], message, &x->dests[i]);
		goes |= x->dests[i].result.verdict == PIPELINE_SEND;
	}
	e->dests = x->dests;
	e->ndests = x->channel->ndests;
	x->sent += !rc && goes;
	return rc;
}

static int explain_one(void *arg, const struct input_message *m)
{
	struct explainer *x = arg;
	struct explanation e = {.channel = x->channel, .where = m->where, .length = m->bytes.n, .full = x->full};
	ingest_decide(x->ingest, x->channel, m->bytes, 0, clock_wall_us(), &e.decision);
	e.control_id = e.decision.row.control_id.p ? e.decision.row.control_id : aff_view("", 0);
	e.decision.row.type = e.decision.row.type.p ? e.decision.row.type : aff_view("not HL7", 7);
	e.answer = answer_code(x, e.decision.answer);
	int rc = e.decision.row.verdict == JOURNAL_ACCEPTED ? explain_way(x, &e, m->bytes) : 0;
	if (rc)
		return command_error("%s: %s", m->where, aff_error_text(rc));
	if (x->told++ && !x->json)
		putchar('\n');
	if (!x->json)
		explain_print_text(&e);
	else if (explain_print_json(&e))
		return command_error("%s: what there is to tell is too long", m->where);
	return 0;
}

/* ---- where it comes from ---- */

static int explain_row(void *arg, const struct journal_row *row)
{
	struct explainer *x = arg;
	char where[64];
	if (row->body_removed_us) {
		journal_command_removed(row->message.id, row->body_removed_us);
		return AFF_ENOTFOUND;
	}
	snprintf(where, sizeof where, "journal(message %" PRId64 ")", row->message.id);
	struct input_message m = {"journal", (uint64_t)row->message.id, where, INPUT_NO_FILE, row->raw};
	return explain_one(x, &m) ? AFF_EIO : 1;
}

static int explain_journal(struct explainer *x, const char *text, const char *journal, const char *config,
                           const char *key_file)
{
	struct journal_reader *reader = NULL;
	struct aff_diag diag = {0};
	int64_t id;
	if (journal_command_id(text, &id) || journal_command_open_with(&reader, journal, config, key_file))
		return COMMAND_FAILED;
	int rc = journal_get(reader, id, explain_row, x, &diag);
	journal_reader_close(reader);
	if (rc < 0 && diag.code)
		return command_error_diag(&diag);
	return rc < 0 ? COMMAND_FAILED : 0;
}

static int prepare(struct explainer *x)
{
	x->dests = calloc(x->channel->ndests + 1, sizeof *x->dests);
	if (!x->dests || ingest_new(&x->ingest, NULL, 0) || pipeline_new(&x->pipeline) || aff_msg_new(&x->answer, NULL))
		return command_error("out of memory");
	return 0;
}

static void finish(struct explainer *x)
{
	ingest_free(x->ingest);
	pipeline_free(x->pipeline);
	aff_msg_free(x->answer);
	explain_free(&x->steps);
	free(x->dests);
}

int cmd_explain(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent explain icu-monitors examples/monitor.hl7",
		"afferent explain --full channels/infusion-pumps.yaml examples/monitor.hl7",
		"cat examples/monitor.hl7 | afferent explain channels/icu-monitors.yaml -",
		"afferent explain --json channels/icu-monitors.yaml examples/two-messages.hl7", NULL
	};
	const struct usage usage = {
		.command = "explain", .arguments = "CHANNEL [FILE|-]", .examples = examples, .least = 1, .most = 2,
		.about = "Shows what a channel does to a message: whether it takes it, what each step of its transform "
		         "did to each segment and why or why not, and what each destination gets. It runs what the "
		         "engine runs, and stores and sends nothing.\n\n"
		         "CHANNEL is the name of a channel in the configuration, or its file. The message is that of "
		         "FILE (each of them, if there are several), or of the journal with --from-journal.\n\n"
		         "What it prints is patient data: it shows the values of fields.",
		.exit0 = "each message goes to a destination at least",
		.exit1 = "a message was refused, filtered or dead everywhere",
	};
	struct explainer x = {.channel = NULL};
	const char *id = NULL, *journal = NULL, *config = NULL, *key_file = NULL;
	const struct option options[] = {
		OPTION_FLAG('f', "full", &x.full, "show what goes out, too"),
		OPTION_FLAG('j', "json", &x.json, "print one JSON object a message, each on a line"),
		OPTION_TEXT('i', "from-journal", &id, "ID", "the message with this id in the journal"),
		JOURNAL_WHERE_OPTIONS(&journal, &config),
		JOURNAL_KEY_OPTION(&key_file),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if ((n == 2) == (id != NULL))
		return command_error(id ? "name a FILE or --from-journal, not both"
		                        : "a message is missing: name a FILE, - or --from-journal ID");
	explain_init(&x.steps);
	struct conf *conf = config_load_channel(argv[0], config, false, &x.channel);
	int rc = conf ? prepare(&x) : COMMAND_FAILED;
	if (!rc)
		rc = id ? explain_journal(&x, id, journal, config, key_file) : input_each(argv + 1, 1, explain_one, &x);
	finish(&x);
	conf_unref(conf);
	return rc ? rc : x.sent < x.told ? COMMAND_NEGATIVE : COMMAND_OK;
}
