/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal export: messages with everything that the journal knows of them, into a file. Patients' data leaves,
 * so it is on record, with the reason, before the file gets its name; standard output gets nothing before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd_dead.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/content.h"
#include "cli/export_write.h"
#include "cli/query.h"
#include "cli/recorder.h"
#include "cli/replay_run.h"
#include "cli/stop.h"
#include "cli/term.h"
#include "sys/file.h"

struct export {
	struct query query;
	struct content content;
	struct journal_query built;
	const char *to, *reason, *journal, *config, *key_file, *folder;
	bool json, to_output;
	struct conf *conf;
	struct journal_reader *reader;
	struct recorder recorder;
	struct export_writer writer;
	struct progress progress;
	uint64_t counted;            /* before they are written to standard output */
	int stop;
	struct aff_diag diag;
};

static int told(const struct export *x, int rc)
{
	if (x->writer.diag.code)
		return command_error_diag(&x->writer.diag);
	return x->diag.code ? command_error_diag(&x->diag) : command_error("%s", aff_error_text(rc));
}

static int test(void *arg, const struct journal_row *row)
{
	struct export *x = arg;
	return content_test(&x->content, row);
}

/* ---- what is on record ---- */

/* Ids of patients and devices, and what is looked for in messages, are not: their options' names are. */
static void put_query(const struct export *x, struct json_writer *j)
{
	const struct query *q = &x->query;
	const struct {
		const char *name, *value;
	} plain[] = {{"channel", q->channel}, {"type", q->type}, {"destination", q->destination},
		     {"since", q->since}, {"until", q->until}, {"error", q->error}},
	  hidden[] = {{"control-id", q->control_id}, {"patient", q->patient}, {"device", q->device},
		      {"peer", q->peer}, {"code", x->content.code}, {"grep", x->content.grep}};
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (plain[i].value)
			jsonw_text(j, plain[i].name, plain[i].value);
	if (q->status)
		jsonw_text(j, "status", query_statuses[q->status]);
	if (q->verdict)
		jsonw_text(j, "verdict", query_verdicts[q->verdict]);
	jsonw_array(j, "by");
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		if (hidden[i].value)
			jsonw_text(j, NULL, hidden[i].name);
	jsonw_array_end(j);
}

static int record(struct export *x, uint64_t messages)
{
#ifdef AFF_MUTANT_44 /* data leaves and nobody knows */
	return 0;
#endif
	struct aff_buf detail;
	struct json_writer j;
	aff_buf_init(&detail, DEEDS_ACTION_MAX);
	jsonw_begin(&j, &detail, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "messages", (int64_t)messages);
	jsonw_text(&j, "reason", x->reason);
	put_query(x, &j);
	jsonw_object_end(&j);
	int rc = detail.error ? command_error("the query is too long to be recorded")
			      : recorder_act(&x->recorder, "export", aff_buf_view(&detail));
	aff_buf_free(&detail);
	return rc;
}

/* ---- writing ---- */

static int take(void *arg, const struct journal_row *row)
{
	struct export *x = arg;
	if (stop_asked(x->stop))
		return aff_diag_set(&x->diag, AFF_EAGAIN, "stopped; nothing was exported");
	progress_update(&x->progress, x->writer.messages);
	return export_writer_row(&x->writer, row);
}

static int write_all(struct export *x)
{
	int rc = export_writer_begin(&x->writer);
	progress_start(&x->progress, "exported", x->counted);
	if (!rc)
		rc = journal_search(x->reader, &x->built, take, x, &x->diag);
	if (rc >= 0)
		rc = export_writer_end(&x->writer);
	progress_end(&x->progress);
	return rc < 0 ? told(x, rc) : 0;
}

static int count(void *arg, const struct journal_row *row)
{
	struct export *x = arg;
	(void)row;
	x->counted++;
	return 0;
}

/* How many is recorded before the first byte leaves; later ones do not go with them. */
static int to_output(struct export *x)
{
	x->built.raw = false;
	int rc = journal_search(x->reader, &x->built, count, x, &x->diag);
	if (rc < 0)
		return told(x, rc);
	if (!x->counted)
		return COMMAND_NEGATIVE;
	x->built.raw = true;
	x->built.limit = x->counted;
	rc = record(x, x->counted);
	fflush(stdout);
	x->writer.fd = STDOUT_FILENO;
	return rc ? rc : write_all(x);
}

/* Durable under an unfinished name, recorded, and only then there. */
static int finish_file(struct export *x, const char *unfinished)
{
	char folder[PATH_MAX];
	if (!x->writer.messages)
		return COMMAND_NEGATIVE;
	if (fsync(x->writer.fd))
		return command_error("cannot write %s: %s", unfinished, strerror(errno));
	if (record(x, x->writer.messages))
		return COMMAND_FAILED;
	if (renameat2(AT_FDCWD, unfinished, AT_FDCWD, x->to, RENAME_NOREPLACE))
		return command_error("cannot name %s: %s", x->to, strerror(errno));
	const char *slash = strrchr(x->to, '/');
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - x->to) + 1 : 1, slash ? x->to : ".");
	return file_sync_dir(folder) ? command_error("cannot write the folder %s", folder) : 0;
}

static int to_file(struct export *x)
{
	char unfinished[PATH_MAX];
	struct stat st;
	if (lstat(x->to, &st) == 0)
		return command_error("%s is there already; choose another name", x->to);
	int n = snprintf(unfinished, sizeof unfinished, "%s.unfinished", x->to);
	if (n < 0 || (size_t)n >= sizeof unfinished)
		return command_error("the name of the file is too long");
	if (unlink(unfinished) && errno != ENOENT)
		return command_error("cannot remove %s: %s", unfinished, strerror(errno));
	x->writer.fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (x->writer.fd < 0)
		return command_error("cannot make %s: %s", unfinished, strerror(errno));
	int rc = write_all(x);
	if (!rc)
		rc = finish_file(x, unfinished);
	close(x->writer.fd);
	if (rc)
		unlink(unfinished);
	return rc;
}

/* ---- the command ---- */

static void print(const struct export *x)
{
	const struct export_writer *w = &x->writer;
	if (w->removed)
		command_note("%" PRIu64 " messages are without their bodies: retention removed these", w->removed);
	if (x->json)
		printf("{\"exported\":%" PRIu64 ",\"without_body\":%" PRIu64 ",\"bytes\":%" PRIu64
		       ",\"action\":%" PRId64 "}\n",
		       w->messages, w->removed, w->bytes, x->recorder.done.action_us);
	else if (!x->to_output)
		printf("exported   %" PRIu64 " message%s to %s, %" PRIu64 " bytes\nrecorded   as %" PRId64 "\n",
		       w->messages, w->messages == 1 ? "" : "s", x->to, w->bytes, x->recorder.done.action_us);
}

static int prepare(struct export *x)
{
	struct journal_query *q = &x->built;
	if (!x->to)
		return command_error("say where to: --to FILE, or --to - for standard output");
	x->to_output = strcmp(x->to, "-") == 0;
	if (x->to_output && x->json)
		return command_error("--json does not go with --to -");
	if (replay_check_reason(x->reason) || query_build(&x->query, q) || content_build(&x->content))
		return COMMAND_FAILED;
	q->limit = q->limit ? q->limit : INT64_MAX;
	q->oldest_first = true;
	q->raw = true;
	q->test = content_is_wanted(&x->content) ? test : NULL;
	q->arg = x;
	int rc = dead_open(&x->conf, &x->reader, &x->folder, x->config, x->journal);
	const char *keys = rc ? NULL : x->key_file ? x->key_file : x->conf->engine.secret_file;
	if (!rc && x->key_file && journal_reader_use_keys(x->reader, x->key_file, &x->diag))
		return command_error_diag(&x->diag);
	return rc ? rc : journal_command_open_with(&x->writer.fates, x->folder, NULL, keys);
}

static int run(struct export *x)
{
	int rc = prepare(x);
	if (rc)
		return rc;
	x->stop = stop_open();
	if (x->stop < 0)
		return command_error("cannot wait for signals");
	rc = recorder_open(&x->recorder, x->conf, x->folder, x->to);
	if (!rc)
		rc = x->to_output ? to_output(x) : to_file(x);
	if (!rc)
		print(x);
	else if (rc == COMMAND_NEGATIVE)
		command_note("no message fits");
	return rc;
}

static void end(struct export *x)
{
	recorder_close(&x->recorder);
	journal_reader_close(x->writer.fates);
	journal_reader_close(x->reader);
	export_writer_free(&x->writer);
	content_free(&x->content);
	conf_unref(x->conf);
	free(x);
}

int journal_export_command(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent journal export --since 1h --to moved.jsonl --reason 'to the new server'",
		"afferent journal export --patient 4711 --to - --reason 'asked for by 4711' | gzip >4711.gz", NULL};
	const struct usage usage = {
		.command = "journal export",
		.arguments = "",
		.examples = examples,
		.about = "Writes messages into a file of JSON lines, oldest first: what was received, when and from "
			 "where, and what became of it at each destination. 'afferent journal import' reads it. The "
			 "last line tells how many they are and their SHA-256. The file is not encrypted. That it was "
			 "made, by whom and why is recorded in the journal; when that cannot be done, nothing is "
			 "exported.",
		.exit0 = "exported",
		.exit1 = "nothing was found, and nothing exported",
	};
	struct export *x = calloc(1, sizeof *x);
	if (!x)
		return command_error("out of memory");
	x->recorder.lock = x->writer.fd = x->stop = -1;
	const struct option options[] = {
		QUERY_OPTIONS(&x->query),
		QUERY_VERDICT_OPTIONS(&x->query),
		CONTENT_OPTIONS(&x->content),
		OPTION_NUMBER('n', "limit", &x->query.limit, "N", 1, INT64_MAX, "at most so many; otherwise all"),
		OPTION_TEXT('T', "to", &x->to, "FILE", "where to; - is standard output"),
		OPTION_TEXT('r', "reason", &x->reason, "TEXT", "why; kept in the journal"),
		OPTION_FLAG('j', "json", &x->json, "one JSON object that tells what was done"),
		JOURNAL_WHERE_OPTIONS(&x->journal, &x->config),
		JOURNAL_KEY_OPTION(&x->key_file),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	int rc = n < 0 ? option_exit(n) : run(x);
	end(x);
	return command_finish(rc);
}
