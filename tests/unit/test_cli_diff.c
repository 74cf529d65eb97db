/* SPDX-License-Identifier: Apache-2.0
 *
 * Unified diffs: the written form, and that a diff, applied, gives the other text, for many random texts.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/text_diff.h"
#include "run_suite.h"

static struct aff_buf out;

static const char *diff(const char *a, const char *b)
{
	aff_buf_clear(&out);
	ck_assert_int_eq(text_diff(&out, "a", aff_view_of(a), "b", aff_view_of(b)), 0);
	aff_buf_put_char(&out, '\0');
	ck_assert_int_eq(out.error, 0);
	return out.p;
}

static const struct {
	const char *a, *b, *diff;
} cases[] = {
	{"", "", ""},
	{"1\n2\n", "1\n2\n", ""},
	{"", "1\n", "--- a\n+++ b\n@@ -0,0 +1 @@\n+1\n"},
	{"1\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-1\n"},
	{"1\n", "2\n", "--- a\n+++ b\n@@ -1 +1 @@\n-1\n+2\n"},
	{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
	 "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
	/* two changes with six lines between them are one hunk, with seven two */
	{"a\n1\n2\n3\n4\n5\n6\nb\n", "1\n2\n3\n4\n5\n6\n",
	 "--- a\n+++ b\n@@ -1,8 +1,6 @@\n-a\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n"},
	{"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n",
	 "--- a\n+++ b\n@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n"},
	{"1\n2", "1\n2\n", "--- a\n+++ b\n@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+2\n"},
};

START_TEST(written_form)
{
	ck_assert_str_eq(diff(cases[_i].a, cases[_i].b), cases[_i].diff);
}
END_TEST

/* What the diff says of the two texts: its ' ' and '-' lines are in a, its ' ' and '+' lines in b, in order; and what
 * it leaves out is the same in both. */
static void check_applies(const char *a, const char *b, const char *d)
{
	struct aff_buf made;
	aff_buf_init(&made, 1 << 20);
	const char *at = a;
	size_t line = 1;
	while (*d) {
		const char *end = strchr(d, '\n');
		if (strncmp(d, "@@ -", 4) == 0) {
			size_t from = strtoul(d + 4, NULL, 10);
			const char *comma = strchr(d, ',');
			bool none = comma && comma < strchr(d, '+') && comma[1] == '0';
			for (from += none; line < from; line++) {
				const char *next = strchr(at, '\n') + 1;
				aff_buf_put(&made, at, (size_t)(next - at));
				at = next;
			}
		} else if (*d == ' ' || *d == '-') {
			if (strncmp(d, "--- ", 4) != 0) {
				size_t n = (size_t)(end + 1 - d - 1);
				ck_assert(strncmp(at, d + 1, n) == 0);
				if (*d == ' ')
					aff_buf_put(&made, at, n);
				at += n;
				line++;
			}
		} else if (*d == '+' && strncmp(d, "+++ ", 4) != 0) {
			aff_buf_put(&made, d + 1, (size_t)(end - d));
		}
		d = end + 1;
	}
	aff_buf_put_text(&made, at);
	ck_assert(aff_view_is(aff_buf_view(&made), b));
	aff_buf_free(&made);
}

static unsigned next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

START_TEST(random_texts)
{
	uint32_t state = (uint32_t)_i + 1;
	for (int round = 0; round < 200; round++) {
		char text[2][512];
		for (int side = 0; side < 2; side++) {
			size_t n = 0, lines = next_random(&state) % 60;
			for (size_t i = 0; i < lines; i++)
				n += (size_t)snprintf(text[side] + n, sizeof text[side] - n, "%u\n",
						      next_random(&state) % 5);
			text[side][n] = '\0';
		}
		check_applies(text[0], text[1], diff(text[0], text[1]));
	}
}
END_TEST

START_TEST(little_in_common)
{
	struct aff_buf a, b;
	aff_buf_init(&a, 1 << 20);
	aff_buf_init(&b, 1 << 20);
	for (int i = 0; i < 3000; i++) {
		aff_buf_printf(&a, "a%d\n", i);
		aff_buf_printf(&b, "%s%d\n", i % 7 ? "b" : "a", i);
	}
	aff_buf_put_char(&a, '\0');
	aff_buf_put_char(&b, '\0');
	check_applies(a.p, b.p, diff(a.p, b.p));
	aff_buf_free(&a);
	aff_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cli diff");
	TCase *t = tcase_create("diff");
	aff_buf_init(&out, 1 << 22);
	tcase_add_loop_test(t, written_form, 0, sizeof cases / sizeof cases[0]);
	tcase_add_loop_test(t, random_texts, 0, 10);
	tcase_add_test(t, little_in_common);
	suite_add_tcase(s, t);
	return run_suite(s);
}
