/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent run: the engine in the foreground. The main thread only waits for signals; all work is done by the
 * engine's threads, which never see one.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "admin/control.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/findings.h"
#include "cli/option.h"
#include "engine/engine.h"
#include "sys/log.h"

#define FINDINGS_MAX 1000
#define CHANGES_MAX (1u << 20)

static void log_findings(const struct aff_diag_list *findings)
{
	char text[640];
	for (size_t i = 0; i < findings->count; i++) {
		const struct aff_diag *d = &findings->items[i];
		enum log_level level = d->severity == AFF_SEVERITY_ERROR   ? LOG_LEVEL_ERROR
				     : d->severity == AFF_SEVERITY_WARNING ? LOG_LEVEL_WARN
									   : LOG_LEVEL_INFO;
		log_line(level, "configuration", "%s", aff_diag_format(d, text, sizeof text));
	}
	if (findings->dropped)
		log_error("configuration", "%zu more findings are not shown", findings->dropped);
}

static void put_lines(struct json_writer *j, const char *name, struct aff_view lines)
{
	jsonw_array(j, name);
	for (const char *end; lines.n && (end = memchr(lines.p, '\n', lines.n)) != NULL;) {
		size_t n = (size_t)(end - lines.p);
		jsonw_view(j, NULL, aff_view(lines.p, n));
		lines = aff_view(end + 1, lines.n - n - 1);
	}
	jsonw_array_end(j);
}

static void log_changes(struct aff_view lines)
{
	for (const char *end; lines.n && (end = memchr(lines.p, '\n', lines.n)) != NULL;) {
		size_t n = (size_t)(end - lines.p);
		log_info("reload", "%.*s", (int)n, lines.p);
		lines = aff_view(end + 1, lines.n - n - 1);
	}
}

/* Reloads and tells the log; the answer to whoever asked goes to `out` when it is not NULL. */
static void reload(struct engine *e, const char *who, struct aff_buf *out)
{
	struct aff_diag_list findings;
	struct aff_diag diag = {0};
	struct aff_buf changes;
	char text[640];
	bool changed;
	aff_diag_list_init(&findings, FINDINGS_MAX);
	aff_buf_init(&changes, CHANGES_MAX);
	int rc = engine_reload(e, who, &changed, &changes, &findings, &diag);
	log_findings(&findings);
	log_changes(aff_buf_view(&changes));
	if (rc)
		log_error("reload", "%s: nothing was changed, the old configuration goes on",
			  aff_diag_format(&diag, text, sizeof text));
	else
		log_info("reload",
			 changed ? "the new configuration is in force" : "the configuration is the same as before");
	if (out) {
		struct json_writer j;
		jsonw_begin(&j, out, 0);
		jsonw_object(&j, NULL);
		jsonw_bool(&j, "ok", rc == 0);
		jsonw_bool(&j, "changed", changed);
		jsonw_text(&j, "error", rc ? aff_diag_format(&diag, text, sizeof text) : "");
		jsonw_text(&j, "folder", engine_configuration_path(e));
		put_lines(&j, "changes", aff_buf_view(&changes));
		findings_put(&j, &findings);
		jsonw_i64(&j, "findings_left_out", (int64_t)findings.dropped);
		jsonw_object_end(&j);
	}
	aff_buf_free(&changes);
	aff_diag_list_free(&findings);
}

static void reload_for(struct engine *e, const struct control_request *request, struct aff_buf *out)
{
	char who[24];
	snprintf(who, sizeof who, "uid %u", request->uid);
	reload(e, who, out);
}

/* What a command has to tell the journal; without a batch, which journal that would be. */
static void record(struct engine *e, const struct control_request *request, struct aff_buf *out)
{
	char who[24];
	struct aff_diag diag = {0};
	struct json_writer j;
	struct deeds_done done = {0};
	snprintf(who, sizeof who, "uid %u", request->uid);
	int rc = request->body.n ? engine_record(e, who, request->body, &done, &diag) : 0;
	jsonw_begin(&j, out, 0);
	jsonw_object(&j, NULL);
	jsonw_bool(&j, "ok", rc == 0);
	jsonw_text(&j, "journal", engine_journal_path(e));
	jsonw_i64(&j, "action", done.action_us);
	jsonw_i64(&j, "message", done.message);
	if (rc) {
		jsonw_i64(&j, "code", rc);
		jsonw_text(&j, "error", diag.code ? diag.text : aff_error_text(rc));
		jsonw_text(&j, "hint", diag.hint);
	}
	jsonw_object_end(&j);
}

static void new_key(struct engine *e, const struct control_request *request, struct aff_buf *out)
{
	char who[24];
	struct aff_diag diag = {0};
	struct json_writer j;
	char text[640];
	snprintf(who, sizeof who, "uid %u", request->uid);
	int rc = engine_new_key(e, who, &diag);
	if (rc)
		log_error("journal", "the key of checkpoints was not changed: %s",
			  aff_diag_format(&diag, text, sizeof text));
	jsonw_begin(&j, out, 0);
	jsonw_object(&j, NULL);
	jsonw_bool(&j, "ok", rc == 0);
	jsonw_text(&j, "error", rc ? aff_diag_format(&diag, text, sizeof text) : "");
	jsonw_object_end(&j);
}

static void rekey(struct engine *e, const struct control_request *request, struct aff_buf *out)
{
	char who[24];
	struct aff_diag diag = {0};
	struct json_writer j;
	char text[640];
	bool changed;
	snprintf(who, sizeof who, "uid %u", request->uid);
	int rc = engine_rekey(e, who, &changed, &diag);
	jsonw_begin(&j, out, 0);
	jsonw_object(&j, NULL);
	jsonw_bool(&j, "ok", rc == 0);
	jsonw_bool(&j, "changed", changed);
	jsonw_text(&j, "error", rc ? aff_diag_format(&diag, text, sizeof text) : "");
	jsonw_object_end(&j);
}

static void on_command(void *arg, const struct control_request *request, struct aff_buf *out)
{
	struct engine *e = arg;
	if (aff_view_is(request->command, "status"))
		engine_status(e, out);
	else if (aff_view_is(request->command, "reload"))
		reload_for(e, request, out);
	else if (aff_view_is(request->command, "record"))
		record(e, request, out);
	else if (aff_view_is(request->command, "new-key"))
		new_key(e, request, out);
	else if (aff_view_is(request->command, "rekey"))
		rekey(e, request, out);
	else
		aff_buf_put_text(out, "{\"error\":\"unknown command: it is status, reload, record, new-key or "
				      "rekey\"}");
}

static int exit_code(int rc)
{
	switch (rc) {
	case AFF_ECONFIG:
	case AFF_ENOTFOUND:
	case AFF_EARGUMENT:
	case AFF_ELIMIT:
	case AFF_ESYNTAX:
		return EX_CONFIG;
	case AFF_EBUSY:
		return EX_CANTCREAT;
	case AFF_ECORRUPT:
		return EX_DATAERR;
	case AFF_EREFUSED:
		return EX_UNAVAILABLE;
	case AFF_EPERMISSION:
	case AFF_EKEY:
		return EX_NOPERM;
	case AFF_EIO:
	case AFF_EFULL:
		return EX_IOERR;
	default:
		return EX_OSERR;
	}
}

/* Until SIGTERM or SIGINT. */
static void serve(struct engine *e, const sigset_t *signals)
{
	for (;;) {
		int number = sigwaitinfo(signals, NULL);
		if (number < 0 && errno == EINTR)
			continue;
		if (number != SIGHUP) {
			log_info("engine", "stopping: finishing what is in hand");
			return;
		}
		reload(e, NULL, NULL);
	}
}

static int run(const char *path, const sigset_t *signals)
{
	struct aff_diag_list findings;
	struct aff_diag diag = {0};
	struct engine *e = NULL;
	struct control *control = NULL;
	char text[640];
	aff_diag_list_init(&findings, FINDINGS_MAX);
	int rc = engine_start(&e, path, &findings, &diag);
	log_findings(&findings);
	aff_diag_list_free(&findings);
	if (!rc)
		rc = control_open(&control, engine_control_path(e), on_command, e, &diag);
	if (rc) {
		log_error("engine", "%s", aff_diag_format(&diag, text, sizeof text));
		engine_stop(e);
		return exit_code(rc);
	}
	log_info("engine", "ready");
	serve(e, signals);
	control_close(control);
	engine_stop(e);
	log_info("engine", "stopped");
	return EX_OK;
}

int cmd_run(int argc, char **argv)
{
	static const char *const formats[] = {"text", "json", NULL};
	static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
	static const char *const examples[] = {"afferent run /etc/afferent", "afferent run channels/pass-through.yaml",
					       NULL};
	const struct usage usage = {
		.command = "run",
		.arguments = "FOLDER|CHANNEL.yaml",
		.examples = examples,
		.least = 1,
		.most = 1,
		.about = "Runs the engine in the foreground with the configuration in FOLDER (afferent.yaml, "
			 "channels/, mappings/, profiles/), or with "
			 "one channel alone. Messages are journaled durably before they are answered, then "
			 "delivered.\n\n"
			 "SIGHUP takes a changed configuration over, whole or not at all. SIGTERM and SIGINT finish "
			 "what is in hand "
			 "and stop. The log goes to standard error; it never holds a field's value.\n\n"
			 "Further exit codes: 65 the journal is damaged or missing, 69 an address cannot be listened "
			 "on, 73 another engine uses the journal, 74 the disk failed, 77 permission denied, 78 the "
			 "configuration has mistakes.",
		.exit0 = "stopped by a signal, everything in order",
		.exit1 = NULL,
	};
	int format = 0, level = LOG_LEVEL_INFO;
	const struct option options[] = {
		OPTION_CHOICE('l', "log", &format, "FORMAT", formats, "how log lines are written"),
		OPTION_CHOICE('v', "level", &level, "LEVEL", levels, "what is logged"), OPTION_END};
	sigset_t signals;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	log_setup((enum log_level)level, format == 1);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	return run(argv[0], &signals);
}
