/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent dead list, and show.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cmd_dead.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/term.h"
#include "cli/when.h"
#include "sys/clock.h"

#define LINE_MAX_BYTES 65536
#define REASONS 50

static void print_json(const struct dead_letters *l)
{
	struct aff_buf line;
	struct json_writer j;
	char when[WHEN_SIZE];
	aff_buf_init(&line, LINE_MAX_BYTES);
	for (size_t i = 0; i < l->n; i++) {
		const struct dead_letter *d = &l->item[i];
		aff_buf_clear(&line);
		jsonw_begin(&j, &line, 0);
		jsonw_object(&j, NULL);
		jsonw_i64(&j, "id", d->id);
		jsonw_text(&j, "received", when_utc(d->received_us, when));
		jsonw_text(&j, "destination", d->destination);
		jsonw_text(&j, "status", journal_outcome_text(d->kind));
		jsonw_text(&j, "at", when_utc(d->at_us, when));
		jsonw_i64(&j, "tries", d->tries);
		jsonw_text(&j, "reason", d->detail);
		jsonw_object_end(&j);
		printf("%.*s\n", (int)line.n, line.p);
	}
	aff_buf_free(&line);
}

static int compare_reasons(const void *a, const void *b)
{
	const struct dead_letter *x = a, *y = b;
	int by = strcmp(x->destination, y->destination);
	return by ? by : strcmp(x->detail, y->detail);
}

/* How many there are of each reason, in the order of the table below. Sorts. */
static void print_reasons(struct dead_letters *l)
{
	static const char *const titles[] = {">count", "destination", "reason"};
	struct table t;
	size_t shown = 0;
	qsort(l->item, l->n, sizeof *l->item, compare_reasons);
	table_init(&t, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0, next; i < l->n && shown < REASONS; i = next, shown++) {
		next = i + 1;
		while (next < l->n && compare_reasons(&l->item[i], &l->item[next]) == 0)
			next++;
		table_cellf(&t, "%zu", next - i);
		table_cell(&t, aff_view_of(l->item[i].destination));
		table_cell(&t, aff_view_of(l->item[i].detail));
	}
	putchar('\n');
	table_print(&t, stdout);
}

static void print_letters(const struct dead_letters *l)
{
	static const char *const titles[] = {"id", ">age", "destination", ">tries", "reason"};
	struct table t;
	char span[WHEN_SIZE];
	int64_t now = clock_wall_us();
	table_init(&t, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < l->n; i++) {
		const struct dead_letter *d = &l->item[i];
		table_cellf(&t, "%" PRId64, d->id);
		table_cell(&t, aff_view_of(when_span(now > d->received_us ? now - d->received_us : 0, span)));
		table_cell(&t, aff_view_of(d->destination));
		table_cellf(&t, "%u", d->tries);
		table_cell(&t, aff_view_of(d->detail));
	}
	table_print(&t, stdout);
}

static int list(struct dead_letters *l, bool json, enum journal_outcome_kind kind)
{
	if (!l->n) {
		command_note(kind == JOURNAL_DEAD ? "there are no dead letters"
						  : "there are no discarded dead letters");
		return COMMAND_NEGATIVE;
	}
	if (json) {
		print_json(l);
	} else {
		print_letters(l);
		print_reasons(l);
	}
	if (l->more)
		command_note("there are more; --limit shows them");
	return COMMAND_OK;
}

int dead_list_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent dead list --since 1d",
					       "afferent dead list --to icu-monitors/ehr --json", NULL};
	const struct usage usage = {
		.command = "dead list",
		.arguments = "",
		.examples = examples,
		.least = 0,
		.most = 0,
		.about = "Lists messages that a destination refused for good, or that could not be made ready for it, "
			 "newest first: where, after how many tries, and why; then how many there are of each "
			 "reason.",
		.exit0 = "there are some",
		.exit1 = "there are none",
	};
	struct dead_question q = {.query.limit = 100};
	const char *journal = NULL, *config = NULL;
	struct journal_reader *reader = NULL;
	struct dead_letters letters = {0};
	bool json = false, discarded = false;
	const struct option options[] = {
		OPTION_TEXT('T', "to", &q.destination, "DESTINATION", "of this one: ehr, or icu-monitors/ehr"),
		OPTION_FLAG(0, "discarded", &discarded, "those that were put aside instead"),
		OPTION_NUMBER('n', "limit", &q.query.limit, "N", 1, DEAD_MOST, "at most so many"),
		OPTION_FLAG('j', "json", &json, "one JSON object a line"),
		DEAD_QUERY_OPTIONS(&q.query),
		JOURNAL_WHERE_OPTIONS(&journal, &config),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	q.kind = discarded ? JOURNAL_DISCARDED : JOURNAL_DEAD;
	int rc = journal_command_open(&reader, journal, config);
	if (!rc)
		rc = dead_find(&letters, reader, &q);
	if (!rc)
		rc = list(&letters, json, q.kind);
	dead_free(&letters);
	journal_reader_close(reader);
	return command_finish(rc);
}

/* ---- show ---- */

static void print_ways(const struct dead_letters *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct dead_letter *d = &l->item[i];
		printf("\n%s: dead after %u tr%s: ", d->destination, d->tries, d->tries == 1 ? "y" : "ies");
		term_put_safe(stdout, aff_view_of(d->detail));
		printf("\n  afferent dead resend  --to %s %" PRId64
		       " --reason TEXT   as it is, when the receiver is mended\n",
		       d->destination, d->id);
		printf("  afferent dead edit    --to %s %" PRId64 " --reason TEXT   a changed copy instead\n",
		       d->destination, d->id);
		printf("  afferent dead discard --to %s %" PRId64 " --reason TEXT   not at all\n", d->destination,
		       d->id);
	}
}

static int show(char *id, const char *journal, const char *config, const struct dead_letters *l)
{
	static char name[] = "show", in_journal[] = "--journal", in_config[] = "--config";
	char *words[6] = {name, id};
	int n = 2;
	if (journal) {
		words[n++] = in_journal;
		words[n++] = (char *)(uintptr_t)journal;
	} else if (config) {
		words[n++] = in_config;
		words[n++] = (char *)(uintptr_t)config;
	}
	int rc = journal_show_command(n, words);
	if (!rc)
		print_ways(l);
	return rc;
}

int dead_show_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent dead show 1795163400123456", NULL};
	const struct usage usage = {
		.command = "dead show",
		.arguments = "ID",
		.examples = examples,
		.least = 1,
		.most = 1,
		.about = "Shows a dead letter as afferent journal show does, then where it is dead, why, and what can "
			 "be "
			 "done about it.",
		.exit0 = "shown",
		.exit1 = "the message is dead nowhere",
	};
	const char *journal = NULL, *config = NULL;
	struct journal_reader *reader = NULL;
	struct dead_letters letters = {0};
	struct dead_question q = {.kind = JOURNAL_DEAD};
	int64_t id;
	const struct option options[] = {JOURNAL_WHERE_OPTIONS(&journal, &config), OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (journal_command_id(argv[0], &id))
		return COMMAND_FAILED;
	q.ids = &id;
	q.nids = 1;
	int rc = journal_command_open(&reader, journal, config);
	if (!rc)
		rc = dead_find(&letters, reader, &q);
	if (!rc && !letters.n) {
		command_error("message %" PRId64 " is no dead letter", id);
		rc = COMMAND_NEGATIVE;
	}
	if (!rc)
		rc = show(argv[0], journal, config, &letters);
	dead_free(&letters);
	journal_reader_close(reader);
	return command_finish(rc);
}
