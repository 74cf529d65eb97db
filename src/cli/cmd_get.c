/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent get: single values, for people and shell scripts.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/input.h"
#include "cli/message.h"
#include "cli/option.h"
#include "cli/term.h"

#define PATHS_MAX 64
#define VALUE_MAX (64u << 20)

struct get {
	struct aff_charset *charset;
	const char *charset_name;
	struct aff_msg *msg;
	struct aff_path paths[PATHS_MAX];
	size_t npaths;
	struct aff_buf value;
	bool raw, all, tabs, lenient, bad;
	uint64_t found;
	unsigned on_line;   /* values of the current path that stand on the line (with --tabs) */
};

static void print_value(struct get *g, struct aff_view raw, bool as_it_is)
{
	if (!raw.n)
		return;
	g->found++;
	if (g->tabs && g->on_line++)
		putchar(',');
	if (as_it_is || g->raw) {
		fwrite(raw.p, 1, raw.n, stdout);
	} else {
		struct aff_delims d = aff_msg_delims(g->msg);
		aff_buf_clear(&g->value);
		aff_charset_decode(g->charset, &g->value, raw, &d);
		term_put_safe(stdout, aff_buf_view(&g->value));
	}
	if (!g->tabs)
		putchar('\n');
}

/* What the path names in one segment. */
static void print_in_segment(struct get *g, const struct aff_path *p, unsigned segment)
{
	if (!p->field) {
		print_value(g, aff_msg_segment(g->msg, segment), true);
		return;
	}
	bool delimiters = message_is_delimiters(g->msg, segment, p->field);
	unsigned last = g->all && !p->repetition ? aff_msg_repetitions(g->msg, segment, p->field) : 0;
	if (delimiters || last <= 1) {
		struct aff_view v = aff_msg_get(g->msg, segment, p->field, p->repetition, p->component,
		                                p->subcomponent);
		print_value(g, v, delimiters);
		return;
	}
	for (unsigned r = 1; r <= last; r++)
		print_value(g, aff_msg_get(g->msg, segment, p->field, r, p->component, p->subcomponent), false);
}

/* AFF_ENOMEM: the groups that the path names cannot be found. */
static int print_path(struct get *g, const struct aff_path *p)
{
	const struct aff_groups *groups;
	unsigned s;
	g->on_line = 0;
	if (p->group_count && aff_msg_groups(g->msg, &groups))
		return AFF_ENOMEM;
	if (!g->all) {
		s = aff_path_segment(g->msg, p, AFF_NONE);
		if (s != AFF_NONE)
			print_in_segment(g, p, s);
		return 0;
	}
	for (s = 0; (s = aff_path_next(g->msg, p, s)) != AFF_NONE; s++)
		print_in_segment(g, p, s);
	return 0;
}

static int get_one(void *arg, const struct input_message *m)
{
	struct get *g = arg;
	if (message_parse(g->msg, g->charset, g->charset_name, m, g->lenient)) {
		g->bad = true;
		return 0;
	}
	for (size_t i = 0; i < g->npaths; i++) {
		if (g->tabs && i)
			putchar('\t');
		if (print_path(g, &g->paths[i]))
			return command_error("out of memory");
	}
	if (g->tabs)
		putchar('\n');
	return 0;
}

static int read_paths(struct get *g, char **argv, size_t n)
{
	if (n > PATHS_MAX)
		return command_error("more than %d paths", PATHS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct aff_diag diag;
		char line[640];
		if (aff_path_parse(&g->paths[i], aff_view_of(argv[i]), &diag))
			return command_error("'%s' is no path: %s", argv[i], aff_diag_format(&diag, line, sizeof line));
	}
	g->npaths = n;
	return 0;
}

int cmd_get(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent get PID-3.1 examples/monitor.hl7", "afferent get --all OBX-5 examples/monitor.hl7",
		"afferent get --tabs MSH-10 MSH-7 'OBX[2]-3.2' examples/two-messages.hl7",
		"afferent get --all 'ORDER_OBSERVATION[1]/OBX-5' examples/monitor.hl7",
		"cat examples/monitor.hl7 | afferent get MSH-9 -", NULL
	};
	const struct usage usage = {
		.command = "get", .arguments = "PATH... FILE|-", .examples = examples, .least = 2, .most = -1,
		.about = "Prints the values that paths name in the messages of a file, one a line; what is not "
		         "there is left out. A path is written PID-5.1, PID-3[2].4.1 (repetition), OBX[3]-5 "
		         "(third OBX) or PV1; groups of the message structure may stand before: "
		         "ORDER_OBSERVATION[2]/OBX-5.\n\n"
		         "Escape sequences are resolved; line ends and other control characters inside a value "
		         "are printed as \\x0a.",
		.exit0 = "something was found", .exit1 = "nothing was found",
	};
	struct get g = {.charset = NULL};
	const struct option options[] = {
		OPTION_FLAG('a', "all", &g.all, "every segment and repetition that fits, not only the first"),
		OPTION_FLAG('t', "tabs", &g.tabs, "one line a message: values separated by tabs, empty ones too; with "
		                                  "--all several values of one path are separated by commas"),
		OPTION_FLAG('r', "raw", &g.raw, "print values as they stand in the message, with escape sequences"),
		OPTION_TEXT('c', "charset", &g.charset_name, "NAME",
		            "the character set of the messages, whatever MSH-18 says"),
		OPTION_FLAG('l', "lenient", &g.lenient, "accept a byte order mark, blank lines and odd segment ids"),
		OPTION_END
	};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	if (message_check_charset(g.charset_name) || read_paths(&g, argv, (size_t)n - 1))
		return COMMAND_FAILED;
	if (aff_msg_new(&g.msg, NULL) || aff_charset_new(&g.charset))
		return command_error("out of memory");
	aff_buf_init(&g.value, VALUE_MAX);
	int rc = input_each(argv + n - 1, 1, get_one, &g);
	aff_buf_free(&g.value);
	aff_msg_free(g.msg);
	aff_charset_free(g.charset);
	if (rc || g.bad)
		return COMMAND_FAILED;
	return g.found ? COMMAND_OK : COMMAND_NEGATIVE;
}
