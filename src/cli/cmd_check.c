/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent check: every mistake of a configuration, each with the line it stands in.
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/findings.h"
#include "cli/option.h"
#include "cli/term.h"
#include "conf/conf.h"
#include "conf/schema.h"

#define FINDINGS_MAX 1000
#define JSON_MAX (4u << 20)

/* ---- findings ---- */

static void print_count(const char *what, size_t n, const char *after)
{
	printf("%zu %s%s%s", n, what, n == 1 ? "" : "s", after);
}

static void print_text(const struct conf_files *files, const struct aff_diag_list *findings)
{
	findings_print(files, findings);
	print_count("file", files->count, ": ");
	print_count("error", findings->errors, ", ");
	print_count("warning", findings->warnings, "\n");
}

static int print_json(const struct conf_files *files, const struct aff_diag_list *findings)
{
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, JSON_MAX);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "files", (int64_t)files->count);
	jsonw_i64(&j, "errors", (int64_t)findings->errors);
	jsonw_i64(&j, "warnings", (int64_t)findings->warnings);
	findings_put(&j, findings);
	jsonw_object_end(&j);
	int rc = out.error;
	if (!rc)
		printf("%.*s\n", (int)out.n, out.p);
	aff_buf_free(&out);
	return rc ? command_error("%s", aff_error_text(rc)) : COMMAND_OK;
}

/* ---- the list of keys ---- */

static void print_key(const struct key *key)
{
	struct aff_buf text;
	aff_buf_init(&text, 1024);
	if (key->kind == KIND_LATER) {
		aff_buf_put_text(&text, "Not supported yet.");
	} else {
		aff_buf_printf(&text, "%s ", key->text);
		key_describe(key, &text);
	}
	printf("  %-16s ", key->name);
	term_wrap(stdout, aff_buf_view(&text), 19, term_width(stdout));
	aff_buf_free(&text);
}

static void print_keys(void)
{
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		if (!i || conf_keys[i].section != conf_keys[i - 1].section)
			printf("%s%s%s%s\n", i ? "\n" : "", term_style(stdout, TERM_BOLD),
			       section_title(conf_keys[i].section), term_style(stdout, TERM_PLAIN));
		print_key(&conf_keys[i]);
	}
}

/* ---- the schemas ---- */

static int print_schema(size_t which)
{
	struct aff_buf out;
	aff_buf_init(&out, JSON_MAX);
	schema_write(which, &out);
	int error = out.error;
	if (!error)
		fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
	return error ? command_error("%s", aff_error_text(error)) : COMMAND_OK;
}

/* ---- the command ---- */

static int check(const char *path, bool json)
{
	struct conf_files files;
	struct aff_diag diag = {0};
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	int rc = conf_files_read(&files, path, &diag);
	if (rc) {
		command_error_diag(&diag);
		return rc == AFF_ECONFIG ? COMMAND_NEGATIVE : COMMAND_FAILED;
	}
	conf_files_guard(&files);
	aff_diag_list_init(&findings, FINDINGS_MAX);
	rc = conf_load(&conf, &files, &findings);
	conf_unref(conf);
	int result = rc == AFF_ECONFIG ? COMMAND_NEGATIVE : COMMAND_OK;
	if (rc && rc != AFF_ECONFIG)
		result = command_error("%s: %s", path, aff_error_text(rc));
	else if (!json)
		print_text(&files, &findings);
	else if (print_json(&files, &findings))
		result = COMMAND_FAILED;
	aff_diag_list_free(&findings);
	conf_files_free(&files);
	return result;
}

int cmd_check(int argc, char **argv)
{
	static const char *const examples[] = {"afferent check channels/icu-monitors.yaml",
					       "afferent check --json channels/pass-through.yaml",
					       "afferent check --keys",
					       "afferent check --schema channel > channel.json", NULL};
	const struct usage usage = {
		.command = "check",
		.arguments = "[PATH]",
		.examples = examples,
		.least = 0,
		.most = 1,
		.about = "Reads a configuration and tells every mistake in it: file, line and column, the line with "
			 "the place marked, and what to do. Nothing is started.\n\n"
			 "PATH is the configuration folder, the current one unless said otherwise, with afferent.yaml, "
			 "channels/, mappings/, profiles/ and scripts/. It may be one channel's file; its tables and "
			 "profiles are then looked for beside the folder of the file.",
		.exit0 = "no mistakes (warnings at most)",
		.exit1 = "there are mistakes",
	};
	bool json = false, keys = false;
	int schema = -1;
	const struct option options[] = {
		OPTION_FLAG('j', "json", &json, "print one JSON object"),
		OPTION_FLAG('k', "keys", &keys, "list every key a configuration may have, and do nothing else"),
		OPTION_CHOICE('s', "schema", &schema, "KIND", schema_names,
		              "print the JSON Schema of a kind of file, for editors, and do nothing else"),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (schema >= 0)
		return print_schema((size_t)schema);
	if (keys) {
		print_keys();
		return COMMAND_OK;
	}
	return check(n ? argv[0] : ".", json);
}
