/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent check: every mistake of a configuration, each with the line it stands in.
 */
#include <stdio.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"
#include "cli/term.h"
#include "conf/conf.h"
#include "conf/keys.h"

#define FINDINGS_MAX 1000
#define JSON_MAX (4u << 20)
#define QUOTE_WIDTH 100 /* characters of a line that are shown */

static const char *const severities[] = {"error", "warning", "note"};

/* ---- findings ---- */

/* The file that a finding is in; NULL when it is in none. */
static const struct conf_file *file_of(const struct conf_files *files, const struct aff_diag *d)
{
	for (size_t i = 0; i < files->count; i++) {
		char path[sizeof d->source];
		int n = snprintf(path, sizeof path, "%s/%s", files->root, files->items[i].name);
		if ((n < (int)sizeof path && !strcmp(path, d->source)) || !strcmp(files->items[i].name, d->source))
			return &files->items[i];
	}
	return NULL;
}

/* The byte where character `column` (from 1) starts. */
static size_t byte_of(struct aff_view line, size_t column)
{
	size_t i = 0;
	while (i < line.n && column > 1) {
		i++;
		while (i < line.n && ((unsigned char)line.p[i] & 0xc0) == 0x80)
			i++;
		column--;
	}
	return i;
}

/* The line, of a long one the part around the column, and a caret below the place. Control characters become blanks. */
static void print_quote(struct aff_view line, unsigned number, unsigned column)
{
	size_t skip = column > QUOTE_WIDTH * 3 / 4 ? column - QUOTE_WIDTH / 2 : 0;
	size_t from = byte_of(line, skip + 1);
	line = aff_view(line.p + from, line.n - from);
	size_t n = byte_of(line, QUOTE_WIDTH + 1);
	printf("%6u | %s", number, skip ? "..." : "");
	for (size_t i = 0; i < n; i++)
		putchar((unsigned char)line.p[i] < 0x20 || line.p[i] == 0x7f ? ' ' : line.p[i]);
	printf("%s\n       | %*s%s^%s\n", n < line.n ? "..." : "", (int)(column - 1 - skip) + (skip ? 3 : 0), "",
	       term_style(stdout, TERM_GREEN), term_style(stdout, TERM_PLAIN));
}

/* Where the last quoted line was: findings come in the order of their lines, and a file may have millions. */
struct cursor {
	const struct conf_file *file;
	struct aff_view rest;
	unsigned line;
};

static struct aff_view line_at(struct cursor *c, const struct conf_file *file, unsigned line)
{
	if (c->file != file || line < c->line) {
		size_t skip = file->bytes.n >= 3 && !memcmp(file->bytes.p, "\xef\xbb\xbf", 3) ? 3 : 0;
		*c = (struct cursor){file, aff_view(file->bytes.p + skip, file->bytes.n - skip), 1};
	}
	c->rest = config_behind(c->rest, line - c->line);
	c->line = line;
	return config_line(c->rest, 1);
}

static void print_finding(const struct conf_files *files, struct cursor *cursor, const struct aff_diag *d)
{
	static const enum term_style_name styles[] = {TERM_RED, TERM_YELLOW, TERM_CYAN};
	const struct conf_file *file = file_of(files, d);
	printf("%s%s", term_style(stdout, TERM_BOLD), d->source);
	if (d->line)
		printf(":%u:%u", d->line, d->column);
	printf(": %s%s%s: %s\n", term_style(stdout, styles[d->severity]), severities[d->severity],
	       term_style(stdout, TERM_PLAIN), d->text);
	if (file && d->line && d->column)
		print_quote(line_at(cursor, file, d->line), d->line, d->column);
	if (d->hint[0])
		printf("       = %s\n", d->hint);
}

static void print_count(const char *what, size_t n, const char *after)
{
	printf("%zu %s%s%s", n, what, n == 1 ? "" : "s", after);
}

static void print_text(const struct conf_files *files, const struct aff_diag_list *findings)
{
	struct cursor cursor = {0};
	for (size_t i = 0; i < findings->count; i++)
		print_finding(files, &cursor, &findings->items[i]);
	if (findings->dropped)
		printf("%zu more are not shown\n", findings->dropped);
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
	jsonw_array(&j, "findings");
	for (size_t i = 0; i < findings->count; i++) {
		const struct aff_diag *d = &findings->items[i];
		jsonw_object(&j, NULL);
		jsonw_text(&j, "severity", severities[d->severity]);
		jsonw_text(&j, "file", d->source);
		jsonw_i64(&j, "line", d->line);
		jsonw_i64(&j, "column", d->column);
		jsonw_text(&j, "text", d->text);
		jsonw_text(&j, "hint", d->hint);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
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
					       "afferent check --keys", NULL};
	const struct usage usage = {
		.command = "check",
		.arguments = "[PATH]",
		.examples = examples,
		.least = 0,
		.most = 1,
		.about = "Reads a configuration and tells every mistake in it: file, line and column, the line with "
			 "the place marked, and what to do. Nothing is started.\n\n"
			 "PATH is the configuration folder, the current one unless said otherwise, with afferent.yaml, "
			 "channels/, mappings/ and profiles/. It may be one channel's file; its tables and profiles "
			 "are then looked for beside the folder of the file.",
		.exit0 = "no mistakes (warnings at most)",
		.exit1 = "there are mistakes",
	};
	bool json = false, keys = false;
	const struct option options[] = {
		OPTION_FLAG('j', "json", &json, "print one JSON object"),
		OPTION_FLAG('k', "keys", &keys, "list every key a configuration may have, and do nothing else"),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (keys) {
		print_keys();
		return COMMAND_OK;
	}
	return check(n ? argv[0] : ".", json);
}
