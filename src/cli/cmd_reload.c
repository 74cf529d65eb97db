/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent reload: the running engine takes its changed files over, whole or not at all, and says what that meant.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "admin/control.h"
#include "cli/command.h"
#include "cli/findings.h"
#include "cli/option.h"
#include "conf/compare.h"

#define ANSWER_MAX   (16u << 20)
#define FINDINGS_MAX 1000

static const char *text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));
	return s ? s : "";
}

static unsigned number(const json_t *o, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(o, name));
	return n > 0 && n <= UINT32_MAX ? (unsigned)n : 0;
}

/* The engine names files by the folder that it was started with; here it may have another name. */
static void name_file(char *out, size_t size, const char *file, const char *folder, const struct conf_files *files)
{
	size_t n = strlen(folder);
	while (n > 1 && folder[n - 1] == '/')
		n--;
	if (files && n && strncmp(file, folder, n) == 0 && file[n] == '/')
		snprintf(out, size, "%s%s", files->root, file + n);
	else
		snprintf(out, size, "%s", file);
}

static void take_findings(struct aff_diag_list *list, const json_t *answer, const struct conf_files *files)
{
	size_t i;
	json_t *o;
	json_array_foreach(json_object_get(answer, "findings"), i, o)
	{
		struct aff_diag d = {.line = number(o, "line"), .column = number(o, "column")};
		int severity = findings_severity_of(text(o, "severity"));
		d.severity = severity >= 0 ? (enum aff_severity)severity : AFF_SEVERITY_ERROR;
		name_file(d.source, sizeof d.source, text(o, "file"), text(answer, "folder"), files);
		snprintf(d.text, sizeof d.text, "%s", text(o, "text"));
		snprintf(d.hint, sizeof d.hint, "%s", text(o, "hint"));
		if (d.severity != AFF_SEVERITY_INFO)
			aff_diag_list_add(list, &d);
	}
	list->dropped += number(answer, "findings_left_out");
}

static void print_findings(const json_t *answer, const struct conf_files *files)
{
	static char nowhere[] = "";
	static const struct conf_files none = {.root = nowhere};
	struct aff_diag_list list;
	aff_diag_list_init(&list, FINDINGS_MAX);
	take_findings(&list, answer, files);
	findings_print(files ? files : &none, &list);
	aff_diag_list_free(&list);
}

static int print_answer(const json_t *answer, const struct conf_files *files)
{
	size_t i;
	json_t *line;
	print_findings(answer, files);
	if (!json_is_true(json_object_get(answer, "ok"))) {
		printf("nothing was changed, the old configuration goes on: %s\n", text(answer, "error"));
		return COMMAND_NEGATIVE;
	}
	json_array_foreach(json_object_get(answer, "changes"), i, line) puts(json_string_value(line));
	puts(json_is_true(json_object_get(answer, "changed")) ? "the new configuration is in force"
							       : "the configuration is the same as before");
	return COMMAND_OK;
}

static int ask(const char *socket, bool json, const struct conf_files *files)
{
	struct aff_buf raw;
	struct aff_diag diag = {0};
	json_error_t error;
	aff_buf_init(&raw, ANSWER_MAX);
	int rc = control_ask(socket, "reload", &raw, &diag);
	json_t *answer = rc ? NULL : json_loadb(raw.p, raw.n, 0, &error);
	if (rc)
		rc = command_error_diag(&diag);
	else if (!answer)
		rc = command_error("the engine's answer is not JSON: %s", error.text);
	else if (!json_object_get(answer, "ok")) /* it refuses to answer */
		rc = command_error("%s", text(answer, "error"));
	else if (json)
		rc = json_is_true(json_object_get(answer, "ok")) ? COMMAND_OK : COMMAND_NEGATIVE;
	else
		rc = print_answer(answer, files);
	if (json && answer && rc != COMMAND_FAILED)
		fwrite(raw.p, 1, raw.n, stdout);
	json_decref(answer);
	aff_buf_free(&raw);
	return rc;
}

int cmd_reload(int argc, char **argv)
{
	static const char *const examples[] = {"afferent reload /etc/afferent",
	                                       "afferent reload --socket demo/afferent.sock --json", NULL};
	const struct usage usage = {
		.command = "reload", .arguments = "[FOLDER|CHANNEL.yaml]", .examples = examples, .least = 0, .most = 1,
		.about = "Lets the running engine take its changed files over, and waits until it has: whole, or, if "
			 "there is any mistake, not at all. Prints what changed and what that means, or every mistake "
			 "as check does. Messages go on meanwhile; connections stay unless their listener changed. "
			 "The journal records who did it. SIGHUP does the same without an answer.\n\n"
			 "The engine is found by its configuration in FOLDER (default: here) or by its control socket.",
		.exit0 = "the files are in force",
		.exit1 = "there are mistakes; nothing was changed",
	};
	const char *socket = NULL;
	bool json = false;
	const struct option options[] = {
		OPTION_TEXT('s', "socket", &socket, "PATH", "the engine's control socket"),
		OPTION_FLAG('j', "json", &json, "print the engine's JSON"), OPTION_END};
	struct conf_files files = {0};
	struct aff_buf path;
	struct aff_diag diag = {0};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	aff_buf_init(&path, 4096);
	bool read = (!socket || n) && !conf_files_read(&files, n ? argv[0] : ".", &diag);
	if (read)
		conf_control_socket(&files, &path);
	/* Files that cannot even be read are for the engine to complain of, if it is known where it is. */
	int rc = !socket && !read ? command_error_diag(&diag)
	                          : ask(socket ? socket : path.p, json, read ? &files : NULL);
	if (read)
		conf_files_free(&files);
	aff_buf_free(&path);
	return rc;
}
