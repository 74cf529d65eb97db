/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding the command, and speaking for it. The name under which errors are reported is set once, by the
 * dispatcher that starts the command; the process runs one command.
 */
#include "cli/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

static char running[64];
static int output_error; /* errno of standard output */
static bool output_told;

static const struct command all[] = {
#define COMMAND(name, summary) {#name, summary, cmd_##name},
#include "cli/commands.def"
#undef COMMAND
};
const struct command_group command_all = {
	"", "Receives HL7 v2 messages from medical devices, keeps them, and hands them on as HL7 v2 or FHIR R4.",
	all, sizeof all / sizeof all[0],
};

/* Only the first failure says why: later ones find the stream in error. */
static void flush_output(void)
{
	if (fflush(stdout) && !output_error)
		output_error = errno;
}

static void say(const char *kind, const char *format, va_list ap) AFF_PRINTF(2, 0);
static void say(const char *kind, const char *format, va_list ap)
{
	flush_output();
	fprintf(stderr, "afferent: %s%s%s", running, running[0] ? ": " : "", kind);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

int command_error(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	say("", format, ap);
	va_end(ap);
	return COMMAND_FAILED;
}

void command_note(const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	say("note: ", format, ap);
	va_end(ap);
}

int command_error_diag(const struct aff_diag *diag)
{
	char line[640];
	return command_error("%s", aff_diag_format(diag, line, sizeof line));
}

int command_finish(int exit_code)
{
	flush_output();
	if (!output_error && !ferror(stdout))
		return exit_code;
	if (output_error == EPIPE) /* the reader has seen enough */
		return exit_code;
	if (!output_told)
		command_error("cannot write the output%s%s", output_error ? ": " : "",
		              output_error ? strerror(output_error) : "");
	output_told = true;
	return COMMAND_FAILED;
}

static void print_group(FILE *f, const struct command_group *g)
{
	const char *space = g->name[0] ? " " : "";
	int width = 0;
	fprintf(f, "usage: afferent%s%s COMMAND [ARGUMENT]...\n\n%s\n\ncommands:\n", space, g->name, g->about);
	for (size_t i = 0; i < g->count; i++)
		width = (int)strlen(g->commands[i].name) > width ? (int)strlen(g->commands[i].name) : width;
	for (size_t i = 0; i < g->count; i++)
		fprintf(f, "  %-*s  %s\n", width, g->commands[i].name, g->commands[i].summary);
	fprintf(f, "\n'afferent%s%s COMMAND --help' tells more about one of them.\n", space, g->name);
}

static const struct command *find(const struct command_group *g, const char *name)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->commands[i].name, name) == 0)
			return &g->commands[i];
	return NULL;
}

static int unknown(const struct command_group *g, const char *name)
{
	struct nearest n = {.word = aff_view_of(name)};
	for (size_t i = 0; i < g->count; i++)
		nearest_offer(&n, g->commands[i].name);
	if (n.best)
		return command_error("unknown command '%s'; did you mean '%s'?", name, n.best);
	return command_error("unknown command '%s'; 'afferent%s%s --help' lists them", name, g->name[0] ? " " : "",
	                     g->name);
}

static int start(const struct command_group *g, const struct command *c, int argc, char **argv)
{
	snprintf(running, sizeof running, "%s%s%s", g->name, g->name[0] ? " " : "", c->name);
	return command_finish(c->run(argc, argv));
}

static int help(const struct command_group *g, int argc, char **argv)
{
	static char help_option[] = "--help";
	if (argc < 2) {
		print_group(stdout, g);
		return command_finish(COMMAND_OK);
	}
	const struct command *c = find(g, argv[1]);
	if (!c)
		return unknown(g, argv[1]);
	if (argc == 2) {
		char *asked[] = {argv[1], help_option, NULL};
		return start(g, c, 2, asked);
	}
	char *asked[] = {argv[1], argv[2], help_option, NULL};
	return start(g, c, 3, asked);
}

int command_dispatch(const struct command_group *g, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_group(stdout, g);
		return command_finish(argc < 2 && g->name[0] ? COMMAND_FAILED : COMMAND_OK);
	}
	if (strcmp(argv[1], "help") == 0)
		return help(g, argc - 1, argv + 1);
	const struct command *c = find(g, argv[1]);
	return c ? start(g, c, argc - 1, argv + 1) : unknown(g, argv[1]);
}
