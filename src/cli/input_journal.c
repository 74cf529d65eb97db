/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the journal, chosen by the options of `journal search` written as words in one argument.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/query.h"
#include "cli/term.h"

#define WORDS_MAX 32
#define QUERY_MAX 2048

struct journal_input {
	input_fn *fn;
	void *arg;
	uint64_t given, removed;     /* removed: they have no body any more */
	int stop;
	bool visible;
	struct progress progress;
};

static int give(void *arg, const struct journal_row *row)
{
	struct journal_input *in = arg;
	char where[64];
	if (row->body_removed_us) {
		if (!in->removed++)
			journal_command_removed(row->message.id, row->body_removed_us);
		return 0;
	}
	snprintf(where, sizeof where, "journal(message %" PRId64 ")", row->message.id);
	struct input_message m = {"journal", (uint64_t)row->message.id, where, INPUT_NO_FILE, row->raw};
	in->given++;
	in->stop = in->fn(in->arg, &m);
	if (in->visible)
		progress_update(&in->progress, in->given);
	return in->stop ? 1 : 0;
}

/* "channel=icu since=1h" as the options --channel=icu --since=1h; 0 or COMMAND_FAILED. */
static int split_words(const char *query, char *text, size_t size, char **words, int *n)
{
	size_t used = 0;
	for (const char *p = query; *(p += strspn(p, " \t"));) {
		size_t length = strcspn(p, " \t");
		if (*n == WORDS_MAX || used + length + 3 > size)
			return command_error("the query of the journal is too long");
		words[(*n)++] = text + used;
		used += (size_t)snprintf(text + used, size - used, "--%.*s", (int)length, p) + 1;
		if (!memchr(p, '=', length))
			return command_error("'%.*s' in the query of the journal is not NAME=VALUE, like "
			                     "channel=icu-monitors or since=1h", (int)length, p);
		p += length;
	}
	return *n > 1 ? 0 : command_error("the query of the journal is empty; 'all' chooses every message");
}

static int search(struct journal_reader *reader, const struct journal_query *q, struct journal_input *in)
{
	struct aff_diag diag = {0};
	in->visible = !term_is_terminal(stdout);
	progress_start(&in->progress, "messages", 0);
	int rc = journal_search(reader, q, give, in, &diag);
	progress_end(&in->progress);
	if (rc < 0)
		return diag.code ? command_error_diag(&diag) : command_error("%s", aff_error_text(rc));
	if (in->stop)
		return in->stop;
	return in->given ? 0 : command_error("no message of the journal fits the query");
}

int input_each_journal(const char *command, const char *text, input_fn *fn, void *arg)
{
	char name[] = "query", words_text[QUERY_MAX], *words[WORDS_MAX + 1] = {name};
	struct query query = {.limit = INT64_MAX};
	const char *journal = NULL, *config = NULL, *key_file = NULL;
	const struct usage usage = {.command = command, .arguments = "", .least = 0, .most = 0};
	const struct option options[] = {
		QUERY_OPTIONS(&query),
		QUERY_VERDICT_OPTIONS(&query),
		OPTION_NUMBER(0, "limit", &query.limit, "N", 1, INT64_MAX, "at most so many"),
		JOURNAL_WHERE_OPTIONS(&journal, &config),
		JOURNAL_KEY_OPTION(&key_file),
		OPTION_END};
	struct journal_input in = {.fn = fn, .arg = arg};
	struct journal_reader *reader = NULL;
	struct journal_query q;
	int n = 1;
	if (strcmp(text, "all") != 0 && split_words(text, words_text, sizeof words_text, words, &n))
		return COMMAND_FAILED;
	if (option_parse(&usage, options, n, words) < 0 || query_build(&query, &q))
		return COMMAND_FAILED;
	q.raw = true;
	q.oldest_first = true;
	if (journal_command_open_with(&reader, journal, config, key_file))
		return COMMAND_FAILED;
	int rc = search(reader, &q, &in);
	journal_reader_close(reader);
	return rc;
}
