/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands on the terminal: broken lines, tables, and nothing that steers it.
 */
#include <check.h>
#include <stdlib.h>

#include "cli/term.h"
#include "run_suite.h"

static char printed[4096];
static FILE *f;

static void begin(void)
{
	f = tmpfile();
	ck_assert_ptr_nonnull(f);
}

static const char *end(void)
{
	rewind(f);
	printed[fread(printed, 1, sizeof printed - 1, f)] = '\0';
	fclose(f);
	return printed;
}

static const char *wrapped(const char *text, int indent, int width)
{
	begin();
	term_wrap(f, aff_view_of(text), indent, width);
	return end();
}

START_TEST(lines_break_at_blanks)
{
	ck_assert_str_eq(wrapped("one two three", 0, 80), "one two three\n");
	ck_assert_str_eq(wrapped("one two three", 0, 8), "one two\nthree\n");
	ck_assert_str_eq(wrapped("one two three", 4, 11), "one two\n    three\n");
	ck_assert_str_eq(wrapped("  one\n two  ", 0, 80), "one two\n");
	ck_assert_str_eq(wrapped("a-word-that-does-not-fit x", 0, 5), "a-word-that-does-not-fit\nx\n");
	ck_assert_str_eq(wrapped("", 0, 80), "\n");
}
END_TEST

START_TEST(control_characters_are_visible)
{
	static const char text[] = "a\033[31mb\rc\n\td\x7f\0e\xc3\xa9";
	begin();
	term_put_safe(f, aff_view(text, sizeof text - 1));
	ck_assert_str_eq(end(), "a\\x1b[31mb\\x0dc\\x0a\\x09d\\x7f\\x00e\xc3\xa9");
}
END_TEST

START_TEST(columns_are_aligned)
{
	static const char *const titles[] = {"name", ">count", "note"};
	struct table t;
	begin();
	table_init(&t, titles, 3);
	table_cell(&t, aff_view_of("M\xc3\xbcller"));
	table_cellf(&t, "%d", 7);
	table_cell(&t, aff_view_of("a\nb"));
	table_cell(&t, aff_view_of("x"));
	table_cellf(&t, "%d", 1234567);
	table_cell(&t, aff_view_of(""));
	ck_assert_int_eq(table_print(&t, f), 0);
	ck_assert_str_eq(end(), "name      count  note\n"
	                        "M\xc3\xbcller        7  a\\x0ab\n"
	                        "x       1234567  \n");
}
END_TEST

START_TEST(files_are_no_terminals)
{
	begin();
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	ck_assert(!term_is_terminal(f));
	ck_assert_str_eq(term_style(f, TERM_RED), "");
	ck_assert_int_eq(term_width(f), 80);
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli_term");
	TCase *t = tcase_create("all");
	tcase_add_test(t, lines_break_at_blanks);
	tcase_add_test(t, control_characters_are_visible);
	tcase_add_test(t, columns_are_aligned);
	tcase_add_test(t, files_are_no_terminals);
	suite_add_tcase(s, t);
	return run_suite(s);
}
