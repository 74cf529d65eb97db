/* SPDX-License-Identifier: Apache-2.0
 *
 * --help, from the same table that reads the command line.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/option.h"
#include "cli/term.h"

#define WIDEST 100 /* longer lines are hard to read */

static int columns(void)
{
	int width = term_width(stdout);
	return width > WIDEST ? WIDEST : width;
}

static const char *heading(const char *text)
{
	static char line[80];
	snprintf(line, sizeof line, "%s%s%s", term_style(stdout, TERM_BOLD), text, term_style(stdout, TERM_PLAIN));
	return line;
}

/* Column in which the help texts start: after the longest option, within reason. */
static int left_width(const struct option *options)
{
	int width = 12;
	for (const struct option *o = options; o->kind != OPTION_KIND_END; o++) {
		int n = (int)strlen(o->name) + (o->argument ? 1 + (int)strlen(o->argument) : 0) + 10;
		width = n > width && n <= 34 ? n : width;
	}
	return width;
}

/* What the table knows beyond the help line: choices, ranges, what is taken when nothing is said. */
static void put_details(const struct option *o, struct aff_buf *text)
{
	aff_buf_put_text(text, o->help);
	if (o->kind == OPTION_KIND_CHOICE) {
		for (int i = 0; o->choices[i]; i++) {
			aff_buf_put_text(text, i == 0 ? ": " : o->choices[i + 1] ? ", " : " or ");
			aff_buf_put_text(text, o->choices[i]);
		}
		if (*o->value.choice >= 0)
			aff_buf_printf(text, " (default: %s)", o->choices[*o->value.choice]);
	} else if (o->kind == OPTION_KIND_NUMBER && *o->value.number) {
		aff_buf_printf(text, " (default: %" PRIu64 ")", *o->value.number);
	} else if (o->kind == OPTION_KIND_LIST) {
		aff_buf_put_text(text, "; may be repeated");
	}
}

static void print_option(const struct option *o, int left)
{
	char head[80];
	struct aff_buf text;
	int n = snprintf(head, sizeof head, "  %c%c%c --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
	                 o->letter ? ',' : ' ', o->name, o->argument ? " " : "", o->argument ? o->argument : "");
	aff_buf_init(&text, 1024);
	put_details(o, &text);
	fputs(head, stdout);
	if (n + 2 > left) {
		putchar('\n');
		n = 0;
	}
	printf("%*s", left - n, "");
	term_wrap(stdout, aff_buf_view(&text), left, columns());
	aff_buf_free(&text);
}

static void print_options(const struct option *options)
{
	bool yes = false;
	const struct option help = OPTION_FLAG('h', "help", &yes, "show this help");
	int left = left_width(options);
	printf("\n%s\n", heading("options:"));
	for (const struct option *o = options; o->kind != OPTION_KIND_END; o++)
		print_option(o, left);
	print_option(&help, left);
}

static void print_about(const char *about)
{
	const char *p = about;
	while (*p) {
		const char *end = strstr(p, "\n\n");
		size_t n = end ? (size_t)(end - p) : strlen(p);
		putchar('\n');
		term_wrap(stdout, aff_view(p, n), 0, columns());
		p += n + (end ? 2 : 0);
	}
}

void option_help(const struct usage *u, const struct option *options)
{
	printf("%s afferent %s [OPTION]...%s%s\n", heading("usage:"), u->command, u->arguments[0] ? " " : "",
	       u->arguments);
	print_about(u->about);
	print_options(options);
	if (u->examples && u->examples[0]) {
		printf("\n%s\n", heading("examples:"));
		for (size_t i = 0; u->examples[i]; i++)
			printf("  %s\n", u->examples[i]);
	}
	printf("\n%s\n  0  %s\n", heading("exit codes:"), u->exit0);
	if (u->exit1)
		printf("  1  %s\n", u->exit1);
	printf("  2  wrong usage, or something could not be read or written\n");
}
