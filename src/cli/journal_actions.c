/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal actions: who did what to the engine and the journal, and why.
 */
#include <stdio.h>

#include "cli/actions.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/option.h"
#include "cli/when.h"
#include "sys/clock.h"

#define LINE_MAX_BYTES 65536

struct asked {
	const char *since, *until, *kind;
	int64_t from_us, to_us;
	uint64_t limit, found;
	bool json;
};

static int print(void *arg, const struct journal_action *a)
{
	struct asked *q = arg;
	struct aff_buf line;
	struct json_writer j;
	if (a->at_us < q->from_us)
		return 1;
	if (q->kind && !aff_view_is(a->kind, q->kind))
		return 0;
	if (q->json) {
		aff_buf_init(&line, LINE_MAX_BYTES);
		jsonw_begin(&j, &line, 0);
		actions_put(&j, a);
		printf("%.*s\n", (int)line.n, line.p);
		aff_buf_free(&line);
	} else {
		actions_print(a);
	}
	return ++q->found == q->limit;
}

static int read_times(struct asked *q)
{
	struct aff_diag diag;
	q->to_us = INT64_MAX;
	if ((q->since && when_parse(q->since, clock_wall_us(), &q->from_us, &diag)) ||
	    (q->until && when_parse(q->until, clock_wall_us(), &q->to_us, &diag)))
		return command_error_diag(&diag);
	return 0;
}

int journal_actions_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal actions --since 1d",
					       "afferent journal actions --kind replay --json", NULL};
	const struct usage usage = {
		.command = "journal actions",
		.arguments = "",
		.examples = examples,
		.least = 0,
		.most = 0,
		.about = "Lists what people did, newest first: starts, stops and reloads of the engine, replays, dead "
			 "letters that were resent, edited or discarded; when, who, and why. The number at the end of "
			 "a line names the action: outcomes that come from it tell it, and afferent replay --resume "
			 "takes it. The actions are in the hash chain: none can be changed or removed unseen.",
		.exit0 = "something was found",
		.exit1 = "nothing was",
	};
	struct asked q = {.limit = 100};
	const char *journal = NULL, *config = NULL;
	struct journal_reader *reader = NULL;
	struct aff_diag diag = {0};
	const struct option options[] = {
		OPTION_TEXT(0, "since", &q.since, "TIME", "then or later: 10m (ago), 2026-11-20T09:30:00+01:00"),
		OPTION_TEXT(0, "until", &q.until, "TIME", "before then"),
		OPTION_TEXT('k', "kind", &q.kind, "KIND", "start, stop, reload, replay, resend, discard, ..."),
		OPTION_NUMBER('n', "limit", &q.limit, "N", 1, INT64_MAX, "at most so many"),
		OPTION_FLAG('j', "json", &q.json, "one JSON object a line"),
		JOURNAL_WHERE_OPTIONS(&journal, &config),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (read_times(&q) || journal_command_open(&reader, journal, config))
		return COMMAND_FAILED;
	int rc = journal_read_actions(reader, q.to_us, UINT64_MAX, print, &q, &diag);
	journal_reader_close(reader);
	if (rc < 0)
		return command_error_diag(&diag);
	return command_finish(q.found ? COMMAND_OK : COMMAND_NEGATIVE);
}
