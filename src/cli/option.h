/* SPDX-License-Identifier: Apache-2.0
 *
 * Options as a table: the same rows read the command line and print the help. A command writes
 *
 *	bool quiet = false;
 *	uint64_t rate = 0;
 *	const struct option options[] = {
 *		OPTION_FLAG('q', "quiet", &quiet, "print nothing"),
 *		OPTION_NUMBER('r', "rate", &rate, "N", 1, 100000, "messages a second"),
 *		OPTION_END
 *	};
 *	int n = option_parse(&usage, options, argc, argv);
 *	if (n < 0)
 *		return option_exit(n);
 *
 * and finds the n arguments that are no options in argv[0] to argv[n - 1]. "-" is such an argument, "--" ends the
 * options. --help and -h are always there.
 */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <afferent/text.h>

enum option_kind {
	OPTION_KIND_END, OPTION_KIND_FLAG, OPTION_KIND_TEXT, OPTION_KIND_NUMBER, OPTION_KIND_DURATION, OPTION_KIND_SIZE,
	OPTION_KIND_CHOICE, OPTION_KIND_LIST
};

/* A repeated option: its values in order. */
#define OPTION_LIST_MAX 32
struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

struct option {
	enum option_kind kind;
	char letter;                 /* 'q', or 0 */
	const char *name;            /* "quiet" */
	const char *argument;        /* "FILE"; NULL for a flag */
	const char *help;
	union {
		bool *flag;
		const char **text;
		uint64_t *number;        /* NUMBER, and SIZE in bytes */
		int64_t *duration_ms;
		int *choice;             /* index into choices; its value before is the default */
		struct option_list *list;
	} value;
	uint64_t min, max;           /* NUMBER, SIZE */
	const char *const *choices;  /* CHOICE, NULL at the end */
};

#define OPTION_FLAG(letter, name, var, help) \
	{OPTION_KIND_FLAG, letter, name, NULL, help, {.flag = (var)}, 0, 0, NULL}
#define OPTION_TEXT(letter, name, var, arg, help) \
	{OPTION_KIND_TEXT, letter, name, arg, help, {.text = (var)}, 0, 0, NULL}
#define OPTION_NUMBER(letter, name, var, arg, min, max, help) \
	{OPTION_KIND_NUMBER, letter, name, arg, help, {.number = (var)}, min, max, NULL}
#define OPTION_DURATION(letter, name, var, arg, help) \
	{OPTION_KIND_DURATION, letter, name, arg, help, {.duration_ms = (var)}, 0, 0, NULL}
#define OPTION_SIZE(letter, name, var, arg, min, max, help) \
	{OPTION_KIND_SIZE, letter, name, arg, help, {.number = (var)}, min, max, NULL}
#define OPTION_CHOICE(letter, name, var, arg, list, help) \
	{OPTION_KIND_CHOICE, letter, name, arg, help, {.choice = (var)}, 0, 0, list}
#define OPTION_LIST(letter, name, var, arg, help) \
	{OPTION_KIND_LIST, letter, name, arg, help, {.list = (var)}, 0, 0, NULL}
#define OPTION_END {OPTION_KIND_END, 0, NULL, NULL, NULL, {.flag = NULL}, 0, 0, NULL}

/* What --help says around the options. */
struct usage {
	const char *command;         /* "get", "journal search" */
	const char *arguments;       /* "PATH... FILE|-", "" */
	const char *about;           /* what the command does; paragraphs are separated by "\n\n" */
	const char *const *examples; /* whole command lines, NULL at the end; each is run by the tests */
	const char *exit0, *exit1;   /* what 0 and 1 mean; exit1 NULL: never returned */
	int least, most;             /* how many arguments it takes; most -1: any number */
};

#define OPTION_HELP  -1          /* help was asked for and printed */
#define OPTION_WRONG -2          /* told on standard error */

/* Reads the options of argv[1..argc). Returns the number of other arguments, moved to argv[0] and following, or
 * one of the two above. */
int option_parse(const struct usage *usage, const struct option *options, int argc, char **argv);
/* The exit code of a command whose option_parse returned less than 0. */
int option_exit(int parsed);

/* Prints the whole help. */
void option_help(const struct usage *usage, const struct option *options);

#endif
