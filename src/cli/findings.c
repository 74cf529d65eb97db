/* SPDX-License-Identifier: Apache-2.0
 *
 * See findings.h.
 */
#include "cli/findings.h"

#include <stdio.h>
#include <string.h>

#include "cli/config.h"
#include "cli/term.h"

#define QUOTE_WIDTH 100 /* characters of a line that are shown */

static const char *const severities[] = {"error", "warning", "note"};

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

void findings_print(const struct conf_files *files, const struct aff_diag_list *findings)
{
	struct cursor cursor = {0};
	for (size_t i = 0; i < findings->count; i++)
		print_finding(files, &cursor, &findings->items[i]);
	if (findings->dropped)
		printf("%zu more are not shown\n", findings->dropped);
}

void findings_put(struct json_writer *j, const struct aff_diag_list *findings)
{
	jsonw_array(j, "findings");
	for (size_t i = 0; i < findings->count; i++) {
		const struct aff_diag *d = &findings->items[i];
		jsonw_object(j, NULL);
		jsonw_text(j, "severity", severities[d->severity]);
		jsonw_text(j, "file", d->source);
		jsonw_i64(j, "line", d->line);
		jsonw_i64(j, "column", d->column);
		jsonw_text(j, "text", d->text);
		jsonw_text(j, "hint", d->hint);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

const char *findings_severity(enum aff_severity severity)
{
	return severities[severity];
}

int findings_severity_of(const char *text)
{
	for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++)
		if (strcmp(severities[i], text) == 0)
			return (int)i;
	return -1;
}
