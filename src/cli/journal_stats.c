/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal stats: sizes, rates with a chart, and the ledger of each destination with its equation
 * checked.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/option.h"
#include "cli/stats_rates.h"
#include "cli/term.h"
#include "cli/when.h"
#include "engine/ledger.h"
#include "sys/clock.h"

#define DAY_US INT64_C(86400000000)

static const char *bytes_text(uint64_t bytes, char buf[32])
{
	static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
	double value = (double)bytes;
	size_t u = 0;
	while (value >= 1000 && u + 1 < sizeof units / sizeof units[0]) {
		value /= 1000;
		u++;
	}
	snprintf(buf, 32, u ? "%.1f %s" : "%.0f %s", value, units[u]);
	return buf;
}

static void print_sizes(const struct journal_stats *s)
{
	char received[32], stored[32], first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE], span[WHEN_SIZE];
	uint64_t messages = s->messages - s->removed_messages, bytes = s->bytes_received - s->removed_bytes;
	printf("log files  %u, %u of them sealed", s->files, s->sealed);
	if (s->waiting)
		printf("; %u waiting to be, the first for %s", s->waiting,
		       when_span(clock_wall_us() - s->waiting_us, span));
	putchar('\n');
	printf("messages   %" PRIu64 ": %" PRIu64 " accepted, %" PRIu64 " kept, %" PRIu64 " rejected, %" PRIu64
	       " duplicates\n",
	       s->messages, s->accepted, s->kept, s->rejected, s->duplicates);
	if (s->ids_reused)
		printf("id-reuse   %" PRIu64 " accepted ones have a control id that was used before\n", s->ids_reused);
	if (s->removed_files)
		printf("of these   %" PRIu64 " in %" PRIu64 " log files removed by retention\n", s->removed_messages,
		       s->removed_files);
	printf("received   %s\n", bytes_text(s->bytes_received, received));
	printf("stored     %s", bytes_text(s->bytes_stored, stored));
	if (bytes)
		printf(", %.2f times what was received", (double)s->bytes_stored / (double)bytes);
	putchar('\n');
	if (!messages)
		return;
	printf("from       %s\nto         %s\n", clock_local_text(s->first_us, first),
	       clock_local_text(s->last_us, last));
	if (s->last_us > s->first_us)
		printf("rate       %.1f messages/s over %s\n",
		       (double)(messages - 1) / ((double)(s->last_us - s->first_us) / 1e6),
		       when_span(s->last_us - s->first_us, span));
}

static void add_ledger(struct table *t, const struct journal_ledger *l)
{
	char span[WHEN_SIZE];
	int64_t off = ledger_imbalance(l);
	table_cell(t, aff_view_of(l->destination));
	table_cellf(t, "%" PRIu64, l->received);
	table_cellf(t, "%" PRIu64, l->delivered);
	table_cellf(t, "%" PRIu64, l->filtered);
	table_cellf(t, "%" PRIu64, l->merged);
	if (l->discarded)
		table_cellf(t, "%" PRIu64 " (%" PRIu64 " discarded)", l->dead, l->discarded);
	else
		table_cellf(t, "%" PRIu64, l->dead);
	table_cellf(t, "%" PRIu64, l->pending);
	table_cellf(t, "%s", l->oldest_pending_us ? when_span(clock_wall_us() - l->oldest_pending_us, span) : "-");
	if (off)
		table_cellf(t, "off by %" PRId64, off);
	else
		table_cellf(t, "adds up");
}

static void print_text(const struct journal_stats *s, const struct rates *r)
{
	static const char *const titles[] = {
		"destination", ">received", ">delivered", ">filtered", ">merged",
		">dead",       ">pending",  ">oldest",    "ledger",
	};
	struct table t;
	print_sizes(s);
	rates_print(r);
	if (!s->nledgers)
		return;
	putchar('\n');
	table_init(&t, titles, sizeof titles / sizeof titles[0]);
	for (size_t i = 0; i < s->nledgers; i++)
		add_ledger(&t, &s->ledgers[i]);
	table_print(&t, stdout);
}

static void put_ledger(struct json_writer *j, const struct journal_ledger *l)
{
	char when[WHEN_SIZE];
	jsonw_object(j, NULL);
	jsonw_text(j, "destination", l->destination);
	jsonw_i64(j, "cursor", l->cursor);
	jsonw_i64(j, "received", (int64_t)l->received);
	jsonw_i64(j, "delivered", (int64_t)l->delivered);
	jsonw_i64(j, "filtered", (int64_t)l->filtered);
	jsonw_i64(j, "merged", (int64_t)l->merged);
	jsonw_i64(j, "dead", (int64_t)l->dead);
	jsonw_i64(j, "discarded", (int64_t)l->discarded);
	jsonw_i64(j, "pending", (int64_t)l->pending);
	jsonw_i64(j, "imbalance", ledger_imbalance(l));
	if (l->oldest_pending_us)
		jsonw_text(j, "oldest_pending", when_utc(l->oldest_pending_us, when));
	jsonw_object_end(j);
}

static void print_json(const struct journal_stats *s, const struct rates *r)
{
	char when[WHEN_SIZE];
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, 16u << 20);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "files", s->files);
	jsonw_i64(&j, "sealed", s->sealed);
	jsonw_i64(&j, "waiting", s->waiting);
	if (s->waiting)
		jsonw_text(&j, "waiting_since", when_utc(s->waiting_us, when));
	jsonw_i64(&j, "messages", (int64_t)s->messages);
	jsonw_i64(&j, "accepted", (int64_t)s->accepted);
	jsonw_i64(&j, "kept", (int64_t)s->kept);
	jsonw_i64(&j, "rejected", (int64_t)s->rejected);
	jsonw_i64(&j, "duplicates", (int64_t)s->duplicates);
	jsonw_i64(&j, "ids_reused", (int64_t)s->ids_reused);
	jsonw_i64(&j, "bytes_received", (int64_t)s->bytes_received);
	jsonw_i64(&j, "bytes_stored", (int64_t)s->bytes_stored);
	jsonw_i64(&j, "removed_files", (int64_t)s->removed_files);
	jsonw_i64(&j, "removed_messages", (int64_t)s->removed_messages);
	if (s->messages > s->removed_messages) {
		jsonw_text(&j, "first", when_utc(s->first_us, when));
		jsonw_text(&j, "last", when_utc(s->last_us, when));
	}
	rates_put(r, &j);
	jsonw_array(&j, "ledgers");
	for (size_t i = 0; i < s->nledgers; i++)
		put_ledger(&j, &s->ledgers[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	aff_buf_put_char(&out, '\n');
	fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
}

static int read_since(const char *text, int64_t now_us, int64_t *from_us)
{
	struct aff_diag diag;
	*from_us = now_us - DAY_US;
	if (text && when_parse(text, now_us, from_us, &diag))
		return command_error_diag(&diag);
	return *from_us < now_us && *from_us > 0 ? 0 : command_error("--since is no time of the past");
}

int journal_stats_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal stats", "afferent journal stats --since 7d",
	                                       "afferent journal stats --json", NULL};
	const struct usage usage = {
		.command = "journal stats",
		.arguments = "",
		.examples = examples,
		.about = "Shows what the journal holds and, for each destination, the ledger: every message "
			 "that was received is delivered, filtered, merged, dead or pending, and nothing else. "
			 "It is counted from the rows themselves.\n\n"
			 "The chart has a column for each 48th of the time since --since.",
		.exit0 = "every ledger adds up",
		.exit1 = "a ledger does not add up",
	};
	bool json = false;
	const char *journal = NULL, *config = NULL, *since = NULL;
	const struct option options[] = {OPTION_TEXT(0, "since", &since, "TIME",
	                                             "where chart and rates begin: 7d (ago); otherwise a day ago"),
					 OPTION_FLAG('j', "json", &json, "one JSON object"),
					 JOURNAL_WHERE_OPTIONS(&journal, &config), OPTION_END};
	struct journal_reader *reader;
	struct journal_stats stats;
	struct rates rates;
	struct aff_diag diag;
	int64_t now_us = clock_wall_us(), from_us;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (read_since(since, now_us, &from_us) || journal_command_open(&reader, journal, config))
		return COMMAND_FAILED;
	int rc = rates_read(&rates, reader, from_us, now_us, &diag);
	if (!rc)
		rc = journal_read_stats(reader, &stats, &diag);
	journal_reader_close(reader);
	if (rc)
		return command_error_diag(&diag);
	if (json)
		print_json(&stats, &rates);
	else
		print_text(&stats, &rates);
	rc = COMMAND_OK;
	for (size_t i = 0; i < stats.nledgers; i++)
		if (ledger_imbalance(&stats.ledgers[i]))
			rc = COMMAND_NEGATIVE;
	journal_stats_free(&stats);
	return rc;
}
