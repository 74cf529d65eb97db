/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the command line by a table of options.
 */
#include "cli/option.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/nearest.h"
#include "base/number.h"
#include "cli/command.h"

/* The option a table row describes, as the user would write it. */
static const char *spelled(const struct option *o, char buf[80])
{
	snprintf(buf, 80, "--%s", o->name);
	return buf;
}

static const struct option *find_long(const struct option *options, struct aff_view name)
{
	for (const struct option *o = options; o->kind != OPTION_KIND_END; o++)
		if (aff_view_is(name, o->name))
			return o;
	return NULL;
}

static const struct option *find_short(const struct option *options, char letter)
{
	for (const struct option *o = options; o->kind != OPTION_KIND_END; o++)
		if (o->letter && o->letter == letter)
			return o;
	return NULL;
}

static int unknown(const struct usage *u, const struct option *options, struct aff_view name)
{
	struct nearest near = {.word = name};
	nearest_offer(&near, "help");
	for (const struct option *o = options; o->kind != OPTION_KIND_END; o++)
		nearest_offer(&near, o->name);
	if (near.best)
		command_error("unknown option '--%.*s'; did you mean '--%s'?", (int)name.n, name.p, near.best);
	else
		command_error("unknown option '--%.*s'; 'afferent %s --help' lists them", (int)name.n, name.p,
		              u->command);
	return OPTION_WRONG;
}

static int take_number(const struct option *o, const char *text)
{
	char name[80];
	uint64_t value = 0;
	int rc = o->kind == OPTION_KIND_SIZE ? number_bytes(aff_view_of(text), &value)
	                                     : number_u64(aff_view_of(text), UINT64_MAX, &value);
	if (rc) {
		command_error("%s takes a %s, not '%s'", spelled(o, name),
		              o->kind == OPTION_KIND_SIZE ? "size (512, 64KiB, 10MB)" : "number", text);
		return OPTION_WRONG;
	}
	if (value < o->min || value > o->max) {
		command_error("%s is %s; it goes from %" PRIu64 " to %" PRIu64, spelled(o, name), text, o->min, o->max);
		return OPTION_WRONG;
	}
	*o->value.number = value;
	return 0;
}

static int take_duration(const struct option *o, const char *text)
{
	char name[80];
	if (number_duration_ms(aff_view_of(text), o->value.duration_ms) == 0)
		return 0;
	command_error("%s takes a duration, not '%s'; write it as 250ms, 10s, 5m, 2h or 7d", spelled(o, name), text);
	return OPTION_WRONG;
}

static int take_choice(const struct option *o, const char *text)
{
	struct nearest near = {.word = aff_view_of(text)};
	char name[80], all[160] = "";
	size_t used = 0;
	for (int i = 0; o->choices[i]; i++) {
		if (strcmp(o->choices[i], text) == 0) {
			*o->value.choice = i;
			return 0;
		}
		nearest_offer(&near, o->choices[i]);
		int n = snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", o->choices[i]);
		used = n > 0 && used + (size_t)n < sizeof all ? used + (size_t)n : sizeof all - 1;
	}
	if (near.best)
		command_error("%s cannot be '%s'; did you mean '%s'?", spelled(o, name), text, near.best);
	else
		command_error("%s cannot be '%s'; it is one of %s", spelled(o, name), text, all);
	return OPTION_WRONG;
}

static int take_item(const struct option *o, const char *text)
{
	struct option_list *list = o->value.list;
	char name[80];
	if (list->count == OPTION_LIST_MAX) {
		command_error("%s is given more than %d times", spelled(o, name), OPTION_LIST_MAX);
		return OPTION_WRONG;
	}
	list->items[list->count++] = text;
	return 0;
}

static int take(const struct option *o, const char *text)
{
	switch (o->kind) {
	case OPTION_KIND_TEXT:
		*o->value.text = text;
		return 0;
	case OPTION_KIND_NUMBER:
	case OPTION_KIND_SIZE:
		return take_number(o, text);
	case OPTION_KIND_DURATION:
		return take_duration(o, text);
	case OPTION_KIND_CHOICE:
		return take_choice(o, text);
	case OPTION_KIND_LIST:
		return take_item(o, text);
	case OPTION_KIND_FLAG:
	case OPTION_KIND_END:
		break;
	}
	return OPTION_WRONG;
}

/* One option at argv[*at]; moves *at on when the value is the next argument. */
static int parse_one(const struct usage *u, const struct option *options, int argc, char **argv, int *at)
{
	const char *arg = argv[*at], *value = NULL;
	const struct option *o;
	char name[80];
	if (arg[1] == '-') {
		const char *equals = strchr(arg, '=');
		struct aff_view v = equals ? aff_view(arg + 2, (size_t)(equals - arg) - 2) : aff_view_of(arg + 2);
		o = find_long(options, v);
		if (!o)
			return unknown(u, options, v);
		value = equals ? equals + 1 : NULL;
	} else {
		o = arg[2] ? NULL : find_short(options, arg[1]);
		if (!o) {
			command_error("unknown option '%s'; 'afferent %s --help' lists them", arg, u->command);
			return OPTION_WRONG;
		}
	}
	if (o->kind == OPTION_KIND_FLAG) {
		if (value) {
			command_error("%s takes no value", spelled(o, name));
			return OPTION_WRONG;
		}
		*o->value.flag = true;
		return 0;
	}
	if (!value) {
		if (*at + 1 == argc) {
			command_error("%s needs a value: %s %s", spelled(o, name), name, o->argument);
			return OPTION_WRONG;
		}
		value = argv[++*at];
	}
	return take(o, value);
}

static int count_arguments(const struct usage *u, int n, char **argv)
{
	if (n < u->least)
		command_error("%s; usage: afferent %s [OPTION]... %s",
		              n ? "an argument is missing" : "no argument given", u->command, u->arguments);
	else if (u->most >= 0 && n > u->most)
		command_error("unexpected argument '%s'; usage: afferent %s [OPTION]...%s%s", argv[u->most],
		              u->command, u->arguments[0] ? " " : "", u->arguments);
	else
		return n;
	return OPTION_WRONG;
}

int option_parse(const struct usage *u, const struct option *options, int argc, char **argv)
{
	int n = 0;
	bool ended = false;
	for (int i = 1; i < argc; i++) {
		if (ended || argv[i][0] != '-' || !argv[i][1]) {
			argv[n++] = argv[i];
			continue;
		}
		if (strcmp(argv[i], "--") == 0) {
			ended = true;
			continue;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			option_help(u, options);
			return OPTION_HELP;
		}
		int rc = parse_one(u, options, argc, argv, &i);
		if (rc)
			return rc;
	}
	return count_arguments(u, n, argv);
}

int option_exit(int parsed)
{
	return parsed == OPTION_HELP ? COMMAND_OK : COMMAND_FAILED;
}
