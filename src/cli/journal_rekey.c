/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal rekey: the running engine changes the master key, or this command when none runs.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/control.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"
#include "cli/term.h"
#include "engine/engine.h"
#include "sys/clock.h"

#define ANSWER_MAX (1u << 20)
#define LOOK_US 100000
#define PATIENCE_US 60000000 /* without any progress */

/* 0: it does it; AFF_ENOTFOUND: no engine answers; COMMAND_FAILED or COMMAND_NEGATIVE: told. */
static int ask_engine(const char *socket)
{
	struct aff_buf answer;
	struct aff_diag diag = {0};
	json_error_t error;
	aff_buf_init(&answer, ANSWER_MAX);
	int rc = control_ask(socket, "rekey", &answer, &diag);
	if (rc) {
		aff_buf_free(&answer);
		return rc == AFF_ENOTFOUND ? rc : command_error_diag(&diag);
	}
	json_t *j = json_loadb(answer.p, answer.n, 0, &error);
	const char *why = json_string_value(json_object_get(j, "error"));
	int code = COMMAND_OK;
	if (!json_is_true(json_object_get(j, "ok"))) {
		command_error("the engine goes on with the keys it had: %s",
			      why ? why : "its answer is not understood");
		code = COMMAND_NEGATIVE;
	}
	json_decref(j);
	aff_buf_free(&answer);
	return code;
}

/* Until no log file is left that needs an older key; the one who writes works at it. */
static int wait_for_it(struct journal_reader *reader, struct journal_keys *keys)
{
	struct aff_diag diag;
	struct progress progress;
	int rc = journal_read_keys(reader, keys, &diag);
	unsigned total = keys->older, least = total;
	int64_t moved_us = clock_mono_us();
	progress_start(&progress, "log files", total);
	while (!rc && keys->older && clock_mono_us() - moved_us < PATIENCE_US) {
		usleep(LOOK_US);
		rc = journal_read_keys(reader, keys, &diag);
		if (keys->older < least) {
			least = keys->older;
			moved_us = clock_mono_us();
		}
		progress_update(&progress, total > keys->older ? total - keys->older : 0);
	}
	progress_end(&progress);
	return rc ? command_error_diag(&diag) : 0;
}

static int tell(const struct journal_keys *k, bool json)
{
	if (json)
		printf("{\"files\":%u,\"clear\":%u,\"older\":%u,\"missing\":%u}\n", k->files, k->clear, k->older,
		       k->missing);
	else if (!k->older && !k->missing)
		printf("%u log file%s: the newest master key alone is needed; the lines below it can be deleted.\n",
		       k->files, k->files == 1 ? "" : "s");
	if (k->older)
		command_error("%u log files still need an older master key; the engine goes on with them", k->older);
	if (k->missing)
		command_error("%u log files need a master key that is not in the key file; put it back", k->missing);
	return k->older || k->missing ? COMMAND_NEGATIVE : COMMAND_OK;
}

static int run(struct conf *conf, bool json)
{
	struct journal_reader *reader = NULL;
	struct journal *journal = NULL;
	struct journal_keys keys;
	struct aff_diag diag;
	int code = journal_command_open_with(&reader, conf->engine.journal, NULL, conf->engine.secret_file);
	int rc = code ? code : ask_engine(conf->engine.control);
	if (rc == AFF_ENOTFOUND) {
		struct journal_options options;
		engine_journal_options(conf, &options);
		options.must_exist = true;
		options.keep_us = 0;
		options.keep_bytes = 0;
		rc = journal_open(&journal, &options, &diag); /* which does it */
		if (rc)
			rc = command_error_diag(&diag);
	}
	if (!rc)
		rc = wait_for_it(reader, &keys);
	journal_close(journal);
	journal_reader_close(reader);
	return rc ? rc : tell(&keys, json);
}

int journal_rekey_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal rekey --config /etc/afferent", NULL};
	const struct usage usage = {
		.command = "journal rekey",
		.arguments = "",
		.examples = examples,
		.about = "Changes the master key of an encrypted journal: write the new key into the key file as the "
			 "first line, then run this. The running engine, or this command when none runs, wraps the "
			 "data keys of all log files with it; messages are not encrypted anew. The change is recorded "
			 "in the journal. When it has ended well the older lines can be deleted.",
		.exit0 = "only the newest master key is needed from here on",
		.exit1 = "an older one still is, or one is missing",
	};
	const char *config = NULL;
	bool json = false;
	const struct option options[] = {
		OPTION_TEXT('C', "config", &config, "FOLDER", "the configuration; otherwise the current folder"),
		OPTION_FLAG('j', "json", &json, "one JSON object"), OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	struct conf *conf = config_load(config ? config : ".");
	if (!conf)
		return COMMAND_FAILED;
	int code = run(conf, json);
	conf_unref(conf);
	return command_finish(code);
}
