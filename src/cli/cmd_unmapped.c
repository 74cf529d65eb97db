/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent unmapped: which codes and units arrived that no table knows. The messages of the journal, or of files, run
 * through the channels as they are now: what was mended meanwhile is not told any more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/input.h"
#include "cli/option.h"
#include "cli/term.h"
#include "cli/unmapped.h"
#include "cli/when.h"
#include "engine/pipeline.h"
#include "sys/clock.h"

enum { STUB_NONE, STUB_YAML, STUB_CSV };

struct looking {
	const char *config, *journal, *key_file, *since, *until;
	bool json;
	int stub;
	/* at work */
	const struct conf *conf;
	const struct conf_channel *channel; /* NULL: all */
	struct pipeline *pipeline;
	struct unmapped list;
	uint64_t strange;            /* messages of channels that the configuration does not have */
	uint64_t removed;            /* without a body */
	uint64_t dead;               /* that the channel cannot read or rejects */
	int64_t from_us;             /* what is looked at begins here */
	struct progress progress;
};

/* ---- one message ---- */

static int look(struct looking *l, const struct conf_channel *channel, const char *where, int64_t at_us,
		struct aff_view bytes)
{
	static const struct conf_dest everything = {.when = NULL};
	struct pipeline_result result;
	struct unmapped_message m = {channel->name, where, at_us, ++l->list.messages};
	const struct aff_rules_watch watch = {unmapped_tell, &l->list};
	l->list.message = &m;
	pipeline_watch(l->pipeline, &watch);
	int rc = pipeline_transform(l->pipeline, channel, &everything, bytes, &result);
	pipeline_watch(l->pipeline, NULL);
	unmapped_end(&l->list);
	l->dead += !rc && result.verdict == PIPELINE_DEAD;
	return rc ? rc : l->list.error;
}

static int look_at_file(void *arg, const struct input_message *m)
{
	struct looking *l = arg;
	return look(l, l->channel, m->where, 0, m->bytes) ? command_error("out of memory") : 0;
}

static int look_at_row(void *arg, const struct journal_row *row)
{
	struct looking *l = arg;
	char where[32];
	const struct conf_channel *channel = l->channel ? l->channel : conf_channel(l->conf, row->message.channel);
	if (row->body_removed_us) {
		l->removed++;
		return 0;
	}
	if (!channel) {
		l->strange++;
		return 0;
	}
	snprintf(where, sizeof where, "%" PRId64, row->message.id);
	progress_update_at(&l->progress, l->list.messages, (uint64_t)(row->message.received_us - l->from_us));
	return look(l, channel, where, row->message.received_us, row->raw);
}

/* ---- all of them ---- */

static int read_time(const char *text, int64_t *us)
{
	struct aff_diag diag;
	if (text && when_parse(text, clock_wall_us(), us, &diag))
		return command_error_diag(&diag);
	return 0;
}

static int search(struct looking *l)
{
	struct aff_diag diag = {0};
	struct journal_reader *reader = NULL;
	struct journal_query q = {.verdict = JOURNAL_ACCEPTED, .limit = INT64_MAX, .raw = true, .oldest_first = true};
	const char *folder = l->journal ? l->journal : l->conf->engine.journal;
	if (l->channel)
		q.channel = aff_view_of(l->channel->name);
	if (read_time(l->since ? l->since : "7d", &q.from_us) || read_time(l->until, &q.to_us) ||
	    journal_command_open_with(&reader, folder, NULL, l->key_file ? l->key_file : l->conf->engine.secret_file))
		return COMMAND_FAILED;
	l->from_us = q.from_us;
	int64_t end_us = q.to_us ? q.to_us : clock_wall_us();
	progress_start(&l->progress, "messages", end_us > q.from_us ? (uint64_t)(end_us - q.from_us) : 0);
	int rc = journal_search(reader, &q, look_at_row, l, &diag);
	progress_end(&l->progress);
	journal_reader_close(reader);
	if (rc < 0)
		return diag.code ? command_error_diag(&diag) : command_error("%s", aff_error_text(rc));
	if (l->strange)
		command_note("%" PRIu64 " messages of channels that are not in the configuration are left out",
		             l->strange);
	if (l->removed)
		command_note("%" PRIu64 " messages are left out: retention has removed their bodies", l->removed);
	return 0;
}

static int print(struct looking *l)
{
	int rc = 0;
	unmapped_sort(&l->list);
	if (l->dead)
		command_note("%" PRIu64 " message%s dead letter%s in the channel; afferent explain tells why", l->dead,
		             l->dead == 1 ? " becomes a" : "s become", l->dead == 1 ? "" : "s");
	if (l->json)
		rc = unmapped_print_json(&l->list);
	else if (l->stub != STUB_NONE)
		rc = unmapped_print_stub(&l->list, l->stub == STUB_CSV);
	else
		unmapped_print(&l->list);
	return rc ? rc : l->list.count ? COMMAND_NEGATIVE : COMMAND_OK;
}

static int run(struct looking *l, const char *what, char **files, int n)
{
	struct conf *conf = config_load_channel(what, l->config, !n, &l->channel);
	if (!conf)
		return COMMAND_FAILED;
	l->conf = conf;
	int rc = 0;
	if (pipeline_new(&l->pipeline) || unmapped_init(&l->list))
		rc = command_error("out of memory");
	if (!rc)
		rc = n ? input_each(files, n, look_at_file, l) : search(l);
	if (!rc)
		rc = print(l);
	pipeline_free(l->pipeline);
	unmapped_free(&l->list);
	conf_unref(conf);
	return rc;
}

int cmd_unmapped(int argc, char **argv)
{
	static const char *const stubs[] = {[STUB_NONE] = "none", [STUB_YAML] = "yaml", [STUB_CSV] = "csv", NULL};
	static const char *const examples[] = {"afferent unmapped", "afferent unmapped --since 30d icu-monitors",
	                                       "afferent unmapped --stub yaml icu-monitors",
	                                       "afferent unmapped icu-monitors examples/monitor.hl7", NULL};
	const struct usage usage = {
		.command = "unmapped", .arguments = "[CHANNEL [FILE|-]...]", .examples = examples,
		.least = 0, .most = -1,
		.about = "Lists the codes and units that arrived and that no table of the channel knows: how often, "
			 "when first and last, and the id of a message that has it. The messages run through the "
			 "channel as its files say now; nothing is sent. No value of a message is shown.\n\n"
			 "The messages are those of the journal, also while the engine runs, or of files. CHANNEL is "
			 "its name in the configuration, or its file; without it all channels are looked at.",
		.exit0 = "every code and unit is known",
		.exit1 = "some are not",
	};
	struct looking l = {.stub = STUB_NONE};
	const struct option options[] = {
		OPTION_TEXT(0, "since", &l.since, "TIME",
		            "received then or later: 10m (ago), 2026-11-20T09:30:00+01:00; 7d unless said otherwise"),
		OPTION_TEXT(0, "until", &l.until, "TIME", "received before then"),
		OPTION_CHOICE('s', "stub", &l.stub, "FORM", stubs, "rows to fill in and paste into the table instead"),
		OPTION_FLAG('j', "json", &l.json, "print one JSON object"),
		OPTION_TEXT('C', "config", &l.config, "FOLDER", "the configuration; otherwise the current folder"),
		OPTION_TEXT('J', "journal", &l.journal, "FOLDER", "the journal; otherwise that of the configuration"),
		JOURNAL_KEY_OPTION(&l.key_file), OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (n > 1 && (l.since || l.until || l.journal || l.key_file))
		return command_error("--since, --until, --journal and --key-file are for the journal, not for files");
	if (l.json && l.stub != STUB_NONE)
		return command_error("--json and --stub do not go together");
	return run(&l, n ? argv[0] : NULL, argv + 1, n > 1 ? n - 1 : 0);
}
