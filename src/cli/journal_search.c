/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal search: messages as a table or as JSON lines. Outcomes are asked for while the search goes on,
 * so there are two readers.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/query.h"
#include "cli/term.h"
#include "cli/when.h"
#include "sys/clock.h"

#define LINE_MAX_BYTES (1u << 20)

struct search {
	struct journal_reader *outcomes;
	struct table table;
	struct aff_buf line;
	struct json_writer json;
	bool as_json;
	uint64_t found;
	int64_t last_id;
};

static int short_outcome(void *arg, const struct journal_outcome *o)
{
	struct aff_buf *line = arg;
	struct aff_view name = journal_command_short(o->destination);
	aff_buf_printf(line, "%s%.*s %s", line->n ? ", " : "", (int)name.n, name.p, journal_outcome_text(o->kind));
	return 0;
}

static int short_pending(void *arg, struct aff_view destination)
{
	struct aff_buf *line = arg;
	struct aff_view name = journal_command_short(destination);
	aff_buf_printf(line, "%s%.*s pending", line->n ? ", " : "", (int)name.n, name.p);
	return 0;
}

static int add_to_table(struct search *s, const struct journal_message *m)
{
	char when[CLOCK_TEXT_SIZE];
	aff_buf_clear(&s->line);
	int rc = journal_get_outcomes(s->outcomes, m->id, short_outcome, &s->line, NULL);
	if (!rc)
		rc = journal_get_pending(s->outcomes, m, short_pending, &s->line, NULL);
	if (rc < 0)
		return rc;
	table_cellf(&s->table, "%" PRId64, m->id);
	table_cellf(&s->table, "%s", clock_local_text(m->received_us, when));
	table_cell(&s->table, m->channel);
	table_cell(&s->table, m->type);
	table_cell(&s->table, m->control_id);
	table_cellf(&s->table, "%s%s%s", journal_verdict_text(m->verdict), m->error ? " " : "",
		    m->error == AFF_EIDREUSE ? "id-reuse" : m->error ? aff_error_name(m->error) : "");
	table_cell(&s->table, aff_buf_view(&s->line));
	return s->table.text.error;
}

static int json_outcome(void *arg, const struct journal_outcome *o)
{
	journal_command_put_outcome(arg, o);
	return 0;
}

static int print_json(struct search *s, const struct journal_message *m)
{
	aff_buf_clear(&s->line);
	jsonw_begin(&s->json, &s->line, 0);
	jsonw_object(&s->json, NULL);
	journal_command_put_message(&s->json, m);
	jsonw_array(&s->json, "outcomes");
	int rc = journal_get_outcomes(s->outcomes, m->id, json_outcome, &s->json, NULL);
	jsonw_array_end(&s->json);
	if (!rc)
		rc = journal_command_put_pending(&s->json, s->outcomes, m);
	jsonw_object_end(&s->json);
	aff_buf_put_char(&s->line, '\n');
	if (rc < 0 || s->line.error)
		return rc < 0 ? rc : s->line.error;
	fwrite(s->line.p, 1, s->line.n, stdout);
	return 0;
}

static int found(void *arg, const struct journal_row *row)
{
	struct search *s = arg;
	s->found++;
	s->last_id = row->message.id;
	return s->as_json ? print_json(s, &row->message) : add_to_table(s, &row->message);
}

static int run(struct search *s, struct journal_reader *reader, const struct journal_query *q)
{
	static const char *const titles[] = {"id", "received", "channel", "type", "control id", "verdict", "outcomes"};
	struct aff_diag diag = {0};
	table_init(&s->table, titles, sizeof titles / sizeof titles[0]);
	aff_buf_init(&s->line, LINE_MAX_BYTES);
	int rc = journal_search(reader, q, found, s, &diag);
	aff_buf_free(&s->line);
	if (rc < 0 || s->as_json || !s->found)
		aff_buf_free(&s->table.text);
	else
		table_print(&s->table, stdout);
	if (rc < 0)
		return diag.code ? command_error_diag(&diag) : command_error("%s", aff_error_text(rc));
	if (!s->found)
		command_note("no message fits");
	if (!s->as_json && s->found == q->limit)
		command_note("there may be more; --before %" PRId64 " goes on", s->last_id);
	return s->found ? COMMAND_OK : COMMAND_NEGATIVE;
}

int journal_search_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent journal search --since 10m", "afferent journal search --patient 4711 --json",
		"afferent journal search --status dead --destination icu-monitors/ehr", NULL};
	const struct usage usage = {
		.command = "journal search",
		.arguments = "",
		.examples = examples,
		.about = "Finds messages, newest first: when each was received, how it was answered and what "
			 "became of it at each destination.",
		.exit0 = "something was found",
		.exit1 = "nothing was found",
	};
	struct search s = {.found = 0};
	struct query query = {.limit = 100};
	const char *journal = NULL, *config = NULL;
	uint64_t before = 0;
	const struct option options[] = {
		QUERY_OPTIONS(&query),
		OPTION_CHOICE('v', "verdict", &query.verdict, "VERDICT", query_verdicts, "how it was taken"),
		OPTION_NUMBER('n', "limit", &query.limit, "N", 1, 1000000, "at most so many"),
		OPTION_NUMBER(0, "before", &before, "ID", 1, INT64_MAX, "older than this message: the next page"),
		OPTION_FLAG('j', "json", &s.as_json, "one JSON object a message and line"),
		JOURNAL_WHERE_OPTIONS(&journal, &config),
		OPTION_END};
	struct journal_reader *reader = NULL;
	struct journal_query q;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (query_build(&query, &q))
		return COMMAND_FAILED;
	q.before_id = (int64_t)before;
	int rc = journal_command_open(&reader, journal, config);
	if (!rc)
		rc = journal_command_open(&s.outcomes, journal, config);
	if (!rc)
		rc = run(&s, reader, &q);
	journal_reader_close(s.outcomes);
	journal_reader_close(reader);
	return rc;
}
