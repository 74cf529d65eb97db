/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of the one binary. A command is a function that gets its own arguments (argv[0] is its name),
 * reads its options with option_parse and returns one of the exit codes below. Results go to standard output,
 * everything else to standard error.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <afferent/diag.h>

enum command_exit {
	COMMAND_OK = 0,
	COMMAND_NEGATIVE = 1, /* it ran, and the answer is no: findings, nothing found, a difference */
	COMMAND_FAILED = 2    /* wrong usage, or something could not be read or written */
};

struct command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

/* Commands that share a first word. */
struct command_group {
	const char *name;    /* "" for afferent itself, "journal" */
	const char *about;   /* one sentence */
	const struct command *commands;
	size_t count;
};

/* Runs the command that argv[1] names. "help [COMMAND]...", --help and no argument at all show help; an unknown
 * name gets the nearest one proposed. Returns an exit code. */
int command_dispatch(const struct command_group *group, int argc, char **argv);

/* The group of all commands (commands.def). */
extern const struct command_group command_all;

/* "afferent: get: text" to standard error, after what standard output holds so far. Write the text as "what is
 * wrong; what to do". Always returns COMMAND_FAILED. */
int command_error(const char *format, ...) AFF_PRINTF(1, 2);
int command_error_diag(const struct aff_diag *diag);
/* The same without being an error: "afferent: get: note: text". */
void command_note(const char *format, ...) AFF_PRINTF(1, 2);

/* Flushes standard output: exit_code if everything was written, COMMAND_FAILED (and a message) if not. */
int command_finish(int exit_code);

#define COMMAND(name, summary) int cmd_##name(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

#endif
