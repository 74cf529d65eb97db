/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal new-key: asks the running engine to change the key that signs checkpoints.
 */
#include <jansson.h>
#include <stdio.h>

#include "admin/control.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"

#define ANSWER_MAX (1u << 20)

static int tell(struct aff_view answer, bool as_json)
{
	json_error_t error;
	json_t *j = json_loadb(answer.p, answer.n, 0, &error);
	const char *why = json_string_value(json_object_get(j, "error"));
	bool ok = json_is_true(json_object_get(j, "ok"));
	if (as_json)
		fwrite(answer.p, 1, answer.n, stdout);
	else if (ok)
		printf("Checkpoints are signed with a new key. Keep a copy of its public key elsewhere, beside that of "
		       "the old one.\n");
	int code = COMMAND_OK;
	if (!ok) {
		command_error("the key was not changed: %s", why ? why : "the engine's answer is not understood");
		code = COMMAND_NEGATIVE;
	}
	json_decref(j);
	return code;
}

int journal_new_key_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal new-key --config /etc/afferent",
					       "afferent journal new-key --socket demo/afferent.sock", NULL};
	const struct usage usage = {
		.command = "journal new-key",
		.arguments = "",
		.examples = examples,
		.about = "Asks the running engine to sign checkpoints with a new key, which takes the place of the old "
			 "one in the key file. The old key signs that the new one follows it, and the new one that it "
			 "follows the old one: afferent journal verify goes from either to the other, so the whole "
			 "journal still verifies with a copy of one of them. The change is recorded in the journal.\n\n"
			 "When others may know the old key, give verify the new one from then on: what is signed with "
			 "the old one alone does not count then.",
		.exit0 = "checkpoints are signed with a new key",
		.exit1 = "they are not: no engine answers, or it could not change the key",
	};
	const char *socket = NULL, *config = NULL;
	bool json = false;
	const struct option options[] = {
		OPTION_TEXT('s', "socket", &socket, "PATH", "the engine's control socket"),
		OPTION_TEXT('C', "config", &config, "FOLDER", "otherwise that of this configuration, else of ."),
		OPTION_FLAG('j', "json", &json, "print the engine's JSON"), OPTION_END};
	struct aff_buf path, answer;
	struct aff_diag diag = {0};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	aff_buf_init(&path, 4096);
	aff_buf_init(&answer, ANSWER_MAX);
	int code;
	if (!socket && config_socket(config ? config : ".", &path, &diag)) {
		code = command_error_diag(&diag);
	} else if (control_ask(socket ? socket : path.p, "new-key", &answer, &diag)) {
		command_error_diag(&diag);
		code = COMMAND_NEGATIVE;
	} else {
		code = tell(aff_buf_view(&answer), json);
	}
	aff_buf_free(&path);
	aff_buf_free(&answer);
	return command_finish(code);
}
