/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent status: asks the running engine how it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "admin/control.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"
#include "cli/term.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "sys/clock.h"

#define ANSWER_MAX (16u << 20)
#define POLL_US 20000

static int64_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));
	return value ? value : "";
}

static void cell_ago(struct table *t, int64_t now_us, int64_t then_us)
{
	char span[WHEN_SIZE];
	table_cellf(t, "%s", then_us ? when_span(now_us > then_us ? now_us - then_us : 0, span) : "-");
}

static void cell_ms(struct table *t, int64_t us)
{
	table_cellf(t, "%" PRId64 ".%" PRId64 " ms", us / 1000, us % 1000 / 100);
}

/* "channels ward, icu" */
static void cell_channels(struct table *t, const json_t *names)
{
	struct aff_buf all;
	size_t i;
	json_t *name;
	aff_buf_init(&all, 4096);
	aff_buf_put_text(&all, json_array_size(names) == 1 ? "channel" : "channels");
	json_array_foreach(names, i, name) aff_buf_printf(&all, "%s %s", i ? "," : "", json_string_value(name));
	table_cell(t, all.error ? aff_view_of("channels") : aff_buf_view(&all));
	aff_buf_free(&all);
}

/* "mllp 127.0.0.1:2575", "http 127.0.0.1:8085", "directory /srv/in (12 files)",
 * "mllp to 10.1.2.3:6000: down: connection refused" */
static void cell_source(struct table *t, const json_t *c)
{
	const json_t *names = json_object_get(c, "channels");
	if (names) {
		cell_channels(t, names);
		return;
	}
	bool down = strcmp(text(c, "state"), "down") == 0, dials = json_object_get(c, "connect") != NULL;
	const char *where = text(c, dials ? "connect" : json_object_get(c, "folder") ? "folder" : "listen");
	char files[40] = "";
	if (number(c, "files_waiting"))
		snprintf(files, sizeof files, " (%" PRId64 " file%s)", number(c, "files_waiting"),
			 number(c, "files_waiting") == 1 ? "" : "s");
	table_cellf(t, "%s %s%s%s%s", dials ? "mllp to" : text(c, "source"), where, files, down ? ": down: " : "",
		    down ? text(c, "why") : "");
}

static void print_channels(const json_t *status)
{
	static const char *const titles[] = {"CHANNEL", "SOURCE", ">CONNECTIONS", ">ACCEPTED",
					     ">KEPT",   ">REJECTED",  ">DUPLICATE", ">ID REUSE", ">LAST"};
	struct table t;
	size_t i;
	json_t *c;
	table_init(&t, titles, sizeof titles / sizeof titles[0]);
	json_array_foreach(json_object_get(status, "channels"), i, c)
	{
		table_cell(&t, aff_view_of(text(c, "channel")));
		cell_source(&t, c);
		table_cellf(&t, "%" PRId64, number(c, "connections"));
		table_cellf(&t, "%" PRId64, number(c, "accepted"));
		table_cellf(&t, "%" PRId64, number(c, "kept"));
		table_cellf(&t, "%" PRId64, number(c, "rejected") + number(c, "refused"));
		table_cellf(&t, "%" PRId64, number(c, "duplicates"));
		table_cellf(&t, "%" PRId64, number(c, "ids_reused"));
		cell_ago(&t, number(status, "now_us"), number(c, "last_us"));
	}
	table_print(&t, stdout);
}

/* Channels whose messages go nowhere; they have no line in the table of destinations. */
static void print_journal_only(const json_t *status)
{
	size_t i;
	json_t *c;
	json_array_foreach(json_object_get(status, "channels"), i, c)
	{
		const json_t *n = json_object_get(c, "destinations");
		if (json_is_integer(n) && !json_integer_value(n))
			printf("%s: no destination, the journal only\n", text(c, "channel"));
	}
}

/* Down, why; or up, and whether it is the rate that holds it back. */
static void cell_state(struct table *t, const json_t *d)
{
	if (strcmp(text(d, "state"), "down") == 0)
		table_cellf(t, "down: %s", text(d, "last_answer"));
	else
		table_cellf(t, "%s%s", text(d, "state"),
			    json_is_true(json_object_get(d, "held_back")) ? ", held back by its rate" : "");
}

static void print_destinations(const json_t *status)
{
	static const char *const titles[] = {"DESTINATION", "STATE",    ">DELIVERED", ">FILTERED", ">MERGED",
					     ">DEAD",       ">PENDING", ">OLDEST",    ">P50",      ">P99"};
	struct table t;
	size_t i;
	json_t *d;
	table_init(&t, titles, sizeof titles / sizeof titles[0]);
	json_array_foreach(json_object_get(status, "destinations"), i, d)
	{
		table_cell(&t, aff_view_of(text(d, "destination")));
		cell_state(&t, d);
		table_cellf(&t, "%" PRId64, number(d, "delivered"));
		table_cellf(&t, "%" PRId64, number(d, "filtered"));
		table_cellf(&t, "%" PRId64, number(d, "merged"));
		/* Those that wait for somebody, whenever they died; the ledger may not be counted yet. */
		table_cellf(&t, "%" PRId64, number(d, json_object_get(d, "dead_now") ? "dead_now" : "dead"));
		table_cellf(&t, "%" PRId64, number(d, "pending"));
		cell_ago(&t, number(status, "now_us"), number(d, "oldest_us"));
		cell_ms(&t, number(d, "latency_p50_us"));
		cell_ms(&t, number(d, "latency_p99_us"));
	}
	table_print(&t, stdout);
}

static void print_retention(const json_t *journal)
{
	const json_t *r = json_object_get(journal, "retention");
	const char *holder = text(r, "held_by");
	if (!number(r, "keep_us") && !number(r, "keep_bytes"))
		printf("log files are kept for ever\n");
	else
		printf("log files: %" PRId64 ", %.1f MB; removed since the start: %" PRId64 ", %.1f MB\n",
		       number(r, "files"), (double)number(r, "bytes") / 1e6, number(r, "removed_files"),
		       (double)number(r, "removed_bytes") / 1e6);
	if (*holder)
		printf("%" PRId64 " log files are due for removal, but %s still needs the oldest one\n",
		       number(r, "due"), holder);
	if (number(r, "keep_bodies_us"))
		printf("messages removed from log files that stay, since the start: %" PRId64 " files, %.1f MB\n",
		       number(r, "stripped_files"), (double)number(r, "stripped_bytes") / 1e6);
	if (*text(r, "bodies_held_by"))
		printf("log files are due to lose their messages, but %s still needs the oldest ones\n",
		       text(r, "bodies_held_by"));
	if (number(journal, "unsealed"))
		printf("%" PRId64 " log files could not be sealed yet\n", number(journal, "unsealed"));
}

/* Where signed checkpoints go besides. */
static void print_syslog(const json_t *status)
{
	const json_t *s = json_object_get(json_object_get(status, "journal"), "syslog");
	char span[WHEN_SIZE];
	int64_t sent = number(s, "sent_us");
	bool down = strcmp(text(s, "state"), "down") == 0;
	if (!s)
		return;
	printf("checkpoints to syslog %s: ", text(s, "to"));
	if (down)
		printf("%sdown%s: %s; ", term_style(stdout, TERM_RED), term_style(stdout, TERM_PLAIN), text(s, "why"));
	if (sent)
		printf("last sent %s ago, ", when_span(number(status, "now_us") - sent, span));
	else
		printf("none sent since the start, ");
	printf("waiting %" PRId64, number(s, "waiting"));
	if (number(s, "dropped"))
		printf(", dropped %" PRId64 " (later ones cover them)", number(s, "dropped"));
	printf("\n");
}

/* Senders that are told what became of their messages (answer: when-delivered). */
static void print_waiting(const json_t *status)
{
	int64_t n = number(status, "answers_waiting");
	if (n)
		printf("%" PRId64 " message%s stored and answered when delivered\n", n, n == 1 ? " is" : "s are");
}

static void print_ledger(const json_t *status)
{
	char span[WHEN_SIZE];
	int64_t off = number(status, "ledger_imbalance"), counted = number(status, "ledger_counted_us");
	if (!counted) {
		printf("the ledger could not be counted\n");
		return;
	}
	if (off)
		printf("%sthe ledger is off by %" PRId64 "%s; afferent journal stats tells where",
		       term_style(stdout, TERM_RED), off, term_style(stdout, TERM_PLAIN));
	else
		printf("the ledger adds up");
	printf(", counted %s ago\n", when_span(number(status, "now_us") - counted, span));
}

static void print_dead(const json_t *status)
{
	size_t i;
	json_t *d;
	json_array_foreach(json_object_get(status, "destinations"), i, d)
	{
		int64_t waiting = number(d, "dead_now"), discarded = number(d, "discarded");
		if (waiting + discarded)
			printf("%s: dead %" PRId64 ", of them %" PRId64 " discarded%s\n", text(d, "destination"),
			       waiting + discarded, discarded, waiting ? "; afferent dead list tells why" : "");
	}
}

static void print_status(const json_t *status)
{
	const json_t *journal = json_object_get(status, "journal");
	char span[WHEN_SIZE];
	printf("afferent %s, configuration %.12s, up %s\n", text(status, "version"), text(status, "configuration"),
	       when_span(number(status, "now_us") - number(status, "started_us"), span));
	printf("journal %s%s; since the start: messages %" PRId64 ", outcomes %" PRId64 ", commits %" PRId64 "\n",
	       text(journal, "folder"), json_is_true(json_object_get(journal, "full")) ? " (DISK FULL)" : "",
	       number(journal, "messages"), number(journal, "outcomes"), number(journal, "commits"));
	print_retention(journal);
	printf("answers p50 %.1f ms, p99 %.1f ms; commits p50 %.1f ms, p99 %.1f ms\n",
	       (double)number(status, "answer_p50_us") / 1000, (double)number(status, "answer_p99_us") / 1000,
	       (double)number(journal, "commit_p50_us") / 1000, (double)number(journal, "commit_p99_us") / 1000);
	print_waiting(status);
	print_syslog(status);
	print_ledger(status);
	printf("\n");
	print_channels(status);
	printf("\n");
	print_destinations(status);
	print_journal_only(status);
	print_dead(status);
}

static int64_t pending(const json_t *status)
{
	int64_t sum = number(status, "memory_in_flight");
	size_t i;
	json_t *d;
	json_array_foreach(json_object_get(status, "destinations"), i, d) sum += number(d, "pending");
	return sum;
}

/* Asks once: the parsed status, or NULL with a diag. */
static json_t *ask(const char *socket, struct aff_buf *raw, struct aff_diag *diag)
{
	json_error_t error;
	aff_buf_clear(raw);
	if (control_ask(socket, "status", raw, diag))
		return NULL;
	json_t *status = json_loadb(raw->p, raw->n, 0, &error);
	if (!status)
		aff_diag_set(diag, AFF_ECORRUPT, "the engine's answer is not JSON: %s", error.text);
	return status;
}

/* Asks until the engine answers (and has delivered everything), or until the time is up. */
static json_t *ask_until(const char *socket, int64_t wait_ms, bool drained, struct aff_buf *raw, struct aff_diag *diag)
{
	int64_t deadline = clock_mono_us() + wait_ms * 1000;
	for (;;) {
		json_t *status = ask(socket, raw, diag);
		if (status && (!drained || pending(status) == 0))
			return status;
		if (clock_mono_us() >= deadline) {
			if (status)
				aff_diag_set(diag, AFF_ETIMEOUT, "messages are still pending");
			json_decref(status);
			return NULL;
		}
		json_decref(status);
		usleep(POLL_US);
	}
}

int cmd_status(int argc, char **argv)
{
	static const char *const examples[] = {"afferent status /etc/afferent",
					       "afferent status --socket demo/afferent.sock --json", NULL};
	const struct usage usage = {
		.command = "status",
		.arguments = "[FOLDER|CHANNEL.yaml]",
		.examples = examples,
		.least = 0,
		.most = 1,
		.about = "Shows what the running engine does: connections, messages taken, and for each destination "
			 "what was delivered, "
			 "what waits and for how long. The engine is found by its configuration in FOLDER (default: "
			 "here) or by "
			 "its control socket.",
		.exit0 = "the engine answered",
		.exit1 = "it did not, or not in time",
	};
	const char *socket = NULL;
	int64_t wait_ms = 0;
	bool json = false, drained = false;
	const struct option options[] = {
		OPTION_TEXT('s', "socket", &socket, "PATH", "the engine's control socket"),
		OPTION_DURATION('w', "wait", &wait_ms, "TIME", "wait this long for the engine to be ready, as 10s"),
		OPTION_FLAG('d', "drained", &drained, "wait until nothing is pending, too"),
		OPTION_FLAG('j', "json", &json, "print the engine's JSON"), OPTION_END};
	struct aff_buf path, raw;
	struct aff_diag diag = {0};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	aff_buf_init(&path, 4096);
	aff_buf_init(&raw, ANSWER_MAX);
	int code = COMMAND_NEGATIVE;
	if (!socket && config_socket(n ? argv[0] : ".", &path, &diag)) {
		code = command_error_diag(&diag);
		goto out;
	}
	json_t *status = ask_until(socket ? socket : path.p, wait_ms, drained, &raw, &diag);
	if (!status) {
		command_error_diag(&diag);
		goto out;
	}
	if (json)
		fwrite(raw.p, 1, raw.n, stdout);
	else
		print_status(status);
	json_decref(status);
	code = COMMAND_OK;
out:
	aff_buf_free(&path);
	aff_buf_free(&raw);
	return command_finish(code);
}
