/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal search: finds messages and writes them as search_output.c does. With --follow it goes on with what
 * is committed while it waits: ids only grow, so each look goes on after the newest id of the one before.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/content.h"
#include "cli/query.h"
#include "cli/search_output.h"
#include "cli/stop.h"
#include "sys/clock.h"

#define LOOK_EVERY_MS 250

struct search {
	struct query query;
	struct content content;
	struct search_output output;
	struct progress progress;
	struct journal_reader *reader;
	const char *journal, *config, *key_file;
	uint64_t before, after;
	int64_t first, last;             /* ids of the journal's messages, for the progress */
	bool json, csv, hl7, oldest_first, follow, show_progress;
};

/* ---- how far it is ---- */

static int keep_id(void *arg, const struct journal_row *row)
{
	*(int64_t *)arg = row->message.id;
	return 0;
}

static int newest_id(struct search *s, int64_t *id, struct aff_diag *diag)
{
	struct journal_query q = {.limit = 1};
	*id = 0;
	return journal_search(s->reader, &q, keep_id, id, diag);
}

/* The ids between which this search has to look. */
static int find_span(struct search *s, const struct journal_query *q, struct aff_diag *diag)
{
	struct journal_query oldest = {.limit = 1, .oldest_first = true};
	int rc = journal_search(s->reader, &oldest, keep_id, &s->first, diag);
	if (!rc)
		rc = newest_id(s, &s->last, diag);
	if (q->from_us > s->first)
		s->first = q->from_us;
	if (q->to_us && q->to_us < s->last)
		s->last = q->to_us;
	if (q->before_id && q->oldest_first && q->before_id > s->first)
		s->first = q->before_id;
	if (q->before_id && !q->oldest_first && q->before_id < s->last)
		s->last = q->before_id;
	return rc;
}

static void show_progress(void *arg, int64_t id)
{
	struct search *s = arg;
	int64_t done = s->oldest_first ? id - s->first : s->last - id;
	if (s->show_progress && s->last > s->first)
		progress_update_at(&s->progress, s->output.found, done > 0 ? (uint64_t)done : 0);
}

/* Both the test and the progress get the same argument. */
static int test_content(void *arg, const struct journal_row *row)
{
	struct search *s = arg;
	return content_test(&s->content, row);
}

/* ---- once, or again and again ---- */

static int told(const struct search *s, int rc, const struct aff_diag *diag)
{
	if (s->output.diag.code)
		return command_error_diag(&s->output.diag);
	if (rc == AFF_ELIMIT && s->content.regex && !diag->code)
		return command_error("the pattern of --grep needs too much work for a message; make it simpler");
	return diag->code ? command_error_diag(diag) : command_error("%s", aff_error_text(rc));
}

static int search_once(struct search *s, const struct journal_query *q)
{
	struct aff_diag diag = {0};
	int rc = s->show_progress ? find_span(s, q, &diag) : 0;
	progress_start(&s->progress, "found", s->last > s->first ? (uint64_t)(s->last - s->first) : 0);
	if (!rc)
		rc = journal_search(s->reader, q, search_output_row, &s->output, &diag);
	progress_end(&s->progress);
	return rc < 0 ? told(s, rc, &diag) : 0;
}

/* Waits for the next look; true: it is asked to stop. */
static bool wait_or_stop(int stop)
{
	struct pollfd p = {.fd = stop, .events = POLLIN};
	return poll(&p, 1, LOOK_EVERY_MS) == 1;
}

/* The newest id is read before each look: what the look finds beyond it counts as well. */
static int look(struct search *s, struct journal_query *q)
{
	struct aff_diag diag = {0};
	int64_t newest;
	uint64_t found = s->output.found;
	int rc = newest_id(s, &newest, &diag);
	if (!rc && newest > q->before_id) {
		rc = journal_search(s->reader, q, search_output_row, &s->output, &diag);
		if (rc >= 0)
			rc = search_output_flush(&s->output);
		q->before_id = newest;
	}
	if (s->output.found > found && s->output.last_id > q->before_id)
		q->before_id = s->output.last_id;
	return rc < 0 ? told(s, rc, &diag) : 0;
}

static int follow(struct search *s, struct journal_query *q)
{
	uint64_t limit = q->limit;
	struct aff_diag diag = {0};
	int stop = stop_open(), rc = 0;
	if (stop < 0)
		return command_error("cannot wait for signals");
	if (!q->from_us && !q->before_id)
		rc = newest_id(s, &q->before_id, &diag);
	if (rc < 0)
		rc = told(s, rc, &diag);
	while (!rc && s->output.found < limit) {
		q->limit = limit - s->output.found;
		rc = look(s, q);
		if (!rc && command_finish(COMMAND_OK) != COMMAND_OK)
			rc = COMMAND_FAILED;
		if (rc || s->output.found >= limit || wait_or_stop(stop))
			break;
	}
	close(stop);
	return rc;
}

static int run(struct search *s, struct journal_query *q)
{
	struct search_output *o = &s->output;
	int rc = search_output_begin(o) ? command_error_diag(&o->diag) : 0;
	if (!rc)
		rc = s->follow ? follow(s, q) : search_once(s, q);
	if (search_output_end(o, rc != 0) && !rc)
		rc = command_error_diag(&o->diag);
	if (rc)
		return rc;
	if (!o->found)
		command_note("no message fits");
	if (o->hidden && o->format != SEARCH_JSON)
		command_note("control ids, patients and devices are encrypted; --key-file names the master keys");
	if (!s->follow && o->found == q->limit && o->format != SEARCH_JSON)
		command_note("there may be more; --%s %" PRId64 " goes on", s->oldest_first ? "after" : "before",
		             o->last_id);
	return o->found ? COMMAND_OK : COMMAND_NEGATIVE;
}

/* ---- what is asked for ---- */

static int choose_format(struct search *s)
{
	struct search_output *o = &s->output;
	if (s->json + s->csv + s->hl7 + (o->folder != NULL) > 1)
		return command_error("--json, --csv, --hl7 and --output-folder do not go together");
	o->format = s->json      ? SEARCH_JSON
	            : s->csv     ? SEARCH_CSV
	            : s->hl7     ? SEARCH_HL7
	            : o->folder  ? SEARCH_FILES
	            : s->follow  ? SEARCH_LINES
	                         : SEARCH_TABLE;
	/* The progress is not written between the lines of a result. */
	s->show_progress = o->format == SEARCH_TABLE || o->format == SEARCH_FILES || !term_is_terminal(stdout);
	return 0;
}

static int build(struct search *s, struct journal_query *q)
{
	if (s->follow && s->query.status)
		return command_error("--follow does not go with --status: what becomes of a message comes later");
	if (s->follow && (s->query.until || s->before))
		return command_error("--follow has no end; leave out --%s", s->before ? "before" : "until");
	if (s->after && !s->follow && !s->oldest_first)
		return command_error("--after goes with --oldest-first or --follow");
	s->oldest_first |= s->follow;
	if (s->before && s->oldest_first)
		return command_error("--before is for the newest first; with --oldest-first the next page is --after");
	if (choose_format(s) || query_build(&s->query, q) || content_build(&s->content))
		return COMMAND_FAILED;
	if (!q->limit)
		q->limit = s->follow ? INT64_MAX : 100;
	q->before_id = (int64_t)(s->oldest_first ? s->after : s->before);
	q->oldest_first = s->oldest_first;
	q->raw = search_output_wants_raw(&s->output);
	q->test = content_is_wanted(&s->content) ? test_content : NULL;
	if (s->content.code && !s->content.charset) /* the index reads messages by their own character set */
		q->code = aff_view_of(s->content.code);
	q->progress = show_progress;
	q->arg = s;
	return 0;
}

int journal_search_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent journal search --since 10m", "afferent journal search --patient 4711 --json",
		"afferent journal search --status dead --destination icu-monitors/ehr",
		"afferent journal search --since 1h --code 147842 --hl7 >heart-rate.hl7",
		"afferent journal search --verdict rejected --grep '/^PV1.*ICU/i' --csv",
		"afferent journal search --channel icu-monitors --follow --since 1h --limit 1", NULL};
	const struct usage usage = {
		.command = "journal search",
		.arguments = "",
		.examples = examples,
		.about = "Finds messages, newest first: when each was received, how it was answered and what "
			 "became of it at each destination.\n\n"
			 "Sealed log files have indices on control id, patient, device and code. --grep, and --code "
			 "in the open one, read every message that fits otherwise: narrow them down by time or "
			 "channel.",
		.exit0 = "something was found",
		.exit1 = "nothing was found",
	};
	struct search s = {.json = false};
	const struct option options[] = {
		QUERY_OPTIONS(&s.query),
		QUERY_VERDICT_OPTIONS(&s.query),
		CONTENT_OPTIONS(&s.content),
		OPTION_NUMBER('n', "limit", &s.query.limit, "N", 1, INT64_MAX,
		              "at most so many; otherwise 100, with --follow any number"),
		OPTION_NUMBER(0, "before", &s.before, "ID", 1, INT64_MAX, "older than this message: the next page"),
		OPTION_FLAG('o', "oldest-first", &s.oldest_first, "the oldest first"),
		OPTION_NUMBER(0, "after", &s.after, "ID", 1, INT64_MAX, "newer than this: their next page"),
		OPTION_FLAG('f', "follow", &s.follow, "go on with what is received from now (or --since) on"),
		OPTION_FLAG('j', "json", &s.json, "one JSON object a message and line"),
		OPTION_FLAG(0, "csv", &s.csv, "comma-separated values with a line of titles"),
		OPTION_FLAG(0, "hl7", &s.hl7, "the messages as received, one after the other"),
		OPTION_TEXT('O', "output-folder", &s.output.folder, "FOLDER", "each message into a file there, ID.hl7"),
		JOURNAL_WHERE_OPTIONS(&s.journal, &s.config),
		JOURNAL_KEY_OPTION(&s.key_file),
		OPTION_END};
	struct journal_query q;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	int rc = build(&s, &q);
	if (!rc)
		rc = journal_command_open_with(&s.reader, s.journal, s.config, s.key_file);
	if (!rc)
		rc = journal_command_open_with(&s.output.fates, s.journal, s.config, s.key_file);
	if (!rc)
		rc = run(&s, &q);
	if (s.output.removed + s.content.removed)
		command_note("%" PRIu64 " messages are left out: retention removed their bodies",
			     s.output.removed + s.content.removed);
	journal_reader_close(s.output.fates);
	journal_reader_close(s.reader);
	content_free(&s.content);
	return rc;
}
