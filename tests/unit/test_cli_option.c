/* SPDX-License-Identifier: Apache-2.0
 *
 * Option tables: every kind, every way of writing a value, and what is refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/option.h"
#include "run_suite.h"

static bool quiet;
static const char *text;
static uint64_t number, size;
static int64_t duration;
static int level;
static struct option_list list;
static const char *const levels[] = {"none", "structure", "ihe-pcd-01", NULL};

static const struct usage usage = {
	.command = "try", .arguments = "FILE...", .about = "Tries.", .exit0 = "fine", .most = -1,
};
static const struct option options[] = {
	OPTION_FLAG('q', "quiet", &quiet, "print nothing"),
	OPTION_TEXT('c', "channel", &text, "NAME", "the channel"),
	OPTION_NUMBER('n', "number", &number, "N", 1, 10, "how many"),
	OPTION_SIZE(0, "size", &size, "BYTES", 1, 1 << 20, "how large"),
	OPTION_DURATION(0, "since", &duration, "DURATION", "how long ago"),
	OPTION_CHOICE('l', "level", &level, "LEVEL", levels, "how much"),
	OPTION_LIST(0, "only", &list, "ID", "only these"),
	OPTION_END
};

static char *args[40];
static char storage[40][64];

/* Parses a command line split at blanks; what was said on standard error is swallowed. */
static int parse(const char *line)
{
	int argc = 0;
	char copy[512];
	snprintf(copy, sizeof copy, "try %s", line);
	char *state = NULL;
	for (char *word = strtok_r(copy, " ", &state); word && argc < 39; word = strtok_r(NULL, " ", &state)) {
		snprintf(storage[argc], sizeof storage[argc], "%s", word);
		args[argc] = storage[argc];
		argc++;
	}
	args[argc] = NULL;
	quiet = false;
	text = NULL;
	number = size = 0;
	duration = 0;
	level = 1;
	list.count = 0;
	return option_parse(&usage, options, argc, args);
}

START_TEST(values_in_every_way)
{
	ck_assert_int_eq(parse("a -q --channel icu b --number=7 -l ihe-pcd-01 c"), 3);
	ck_assert_str_eq(args[0], "a");
	ck_assert_str_eq(args[1], "b");
	ck_assert_str_eq(args[2], "c");
	ck_assert(quiet);
	ck_assert_str_eq(text, "icu");
	ck_assert_uint_eq(number, 7);
	ck_assert_int_eq(level, 2);
	ck_assert_int_eq(parse("--size 64KiB --since 2h --channel="), 0);
	ck_assert_uint_eq(size, 65536);
	ck_assert_int_eq(duration, 7200000);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(dash_and_double_dash)
{
	ck_assert_int_eq(parse("- -- -q --nonsense"), 3);
	ck_assert_str_eq(args[0], "-");
	ck_assert_str_eq(args[1], "-q");
	ck_assert_str_eq(args[2], "--nonsense");
	ck_assert(!quiet);
}
END_TEST

START_TEST(repeated_options_are_kept_in_order)
{
	ck_assert_int_eq(parse("--only 1 --only=2 --only 3"), 0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[2], "3");
	char line[512] = "";
	for (size_t i = 0, at = 0; i <= OPTION_LIST_MAX; i++)
		at += (size_t)snprintf(line + at, sizeof line - at, "--only=%zu ", i);
	ck_assert_int_eq(parse(line), OPTION_WRONG);
}
END_TEST

START_TEST(wrong_lines_are_refused)
{
	static const char *const lines[] = {
		"--quite", "--quiet=yes", "--channel", "-c", "-qq", "-x", "--number 0", "--number 11", "--number x",
		"--number -1", "--number 99999999999999999999999", "--size 2MB", "--size big", "--since 10",
		"--since 10x", "--level strict", "--", "--=x",
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		int rc = parse(lines[i]);
		ck_assert_msg(rc == (strcmp(lines[i], "--") == 0 ? 0 : OPTION_WRONG), "%s gives %d", lines[i], rc);
	}
}
END_TEST

START_TEST(number_of_arguments_is_checked)
{
	struct usage two = usage;
	char name[] = "try", a[] = "a", b[] = "b", c[] = "c";
	char *argv[] = {name, a, b, c, NULL};
	two.least = two.most = 2;
	ck_assert_int_eq(option_parse(&two, options, 2, argv), OPTION_WRONG);
	argv[0] = name;
	ck_assert_int_eq(option_parse(&two, options, 4, argv), OPTION_WRONG);
	argv[0] = name;
	argv[1] = a;
	argv[2] = b;
	ck_assert_int_eq(option_parse(&two, options, 3, argv), 2);
	ck_assert_int_eq(option_exit(OPTION_WRONG), 2);
	ck_assert_int_eq(option_exit(OPTION_HELP), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_option");
	TCase *t = tcase_create("all");
	tcase_add_test(t, values_in_every_way);
	tcase_add_test(t, dash_and_double_dash);
	tcase_add_test(t, repeated_options_are_kept_in_order);
	tcase_add_test(t, wrong_lines_are_refused);
	tcase_add_test(t, number_of_arguments_is_checked);
	suite_add_tcase(s, t);
	if (!freopen("/dev/null", "w", stderr))
		return 2;
	return run_suite(s);
}
