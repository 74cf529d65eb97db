/* SPDX-License-Identifier: Apache-2.0
 *
 * Broken configurations and what is found in them: tests/cases/conf/<topic>.case. A topic holds cases, each with
 * files and the findings they must give, all of them and nothing else, in this order:
 *
 *	=== what is broken
 *	--- channels/a.yaml
 *	channel: a
 *	--- expect
 *	channels/a.yaml:1:1: error: what; hint
 *
 * "nothing" stands for no finding, "..." at the end of a line for any further text. A case without afferent.yaml or
 * without a channel gets good ones.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/conf.h"
#include "sys/file.h"
#include "run_suite.h"

#define FOLDER "tests/cases/conf"
#define MAX_FILES 8

static const char good_channel[] = "channel: good\n"
                                   "source: {mllp: {listen: \"127.0.0.1:2999\"}}\n"
                                   "destinations: [{name: x, file: {to: x.hl7}}]\n";

struct test_case {
	struct aff_view title, expect;
	struct conf_file items[MAX_FILES + 2];
	size_t count;
};

static struct aff_view cut_line(struct aff_view *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	size_t n = end ? (size_t)(end - rest->p) : rest->n, skip = end ? n + 1 : n;
	struct aff_view line = aff_view(rest->p, n);
	*rest = aff_view(rest->p + skip, rest->n - skip);
	return line;
}

static bool starts(struct aff_view v, const char *text)
{
	return v.n >= strlen(text) && !memcmp(v.p, text, strlen(text));
}

/* The lines up to the next one that starts with "--- " or "=== ". */
static struct aff_view cut_body(struct aff_view *rest)
{
	const char *from = rest->p;
	while (rest->n && !starts(*rest, "--- ") && !starts(*rest, "=== "))
		cut_line(rest);
	return aff_view(from, (size_t)(rest->p - from));
}

static void add_file(struct test_case *t, struct aff_view name, struct aff_view bytes)
{
	ck_assert_uint_lt(t->count, MAX_FILES + 2);
	t->items[t->count].name = strndup(name.p, name.n);
	t->items[t->count++].bytes = bytes;
}

static bool has(const struct test_case *t, const char *start)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strncmp(t->items[i].name, start, strlen(start)))
			return true;
	return false;
}

static bool next_case(struct aff_view *rest, struct test_case *t)
{
	memset(t, 0, sizeof *t);
	while (rest->n && !starts(*rest, "=== "))
		cut_line(rest);
	if (!rest->n)
		return false;
	t->title = cut_line(rest);
	while (starts(*rest, "--- ")) {
		struct aff_view name = cut_line(rest);
		name = aff_view(name.p + 4, name.n - 4);
		struct aff_view body = cut_body(rest);
		if (aff_view_is(name, "expect"))
			t->expect = body;
		else
			add_file(t, name, body);
	}
	if (!has(t, "afferent.yaml"))
		add_file(t, aff_view_of("afferent.yaml"), aff_view_of("log: text\n"));
	if (!has(t, "channels/"))
		add_file(t, aff_view_of("channels/good.yaml"), aff_view_of(good_channel));
	return true;
}

static void put_findings(const struct aff_diag_list *l, struct aff_buf *out)
{
	static const char *const severities[] = {"error", "warning", "info"};
	for (size_t i = 0; i < l->count; i++) {
		const struct aff_diag *d = &l->items[i];
		aff_buf_put_text(out, d->source);
		if (d->line)
			aff_buf_printf(out, ":%u:%u", d->line, d->column);
		aff_buf_printf(out, ": %s: %s%s%s\n", severities[d->severity], d->text, d->hint[0] ? "; " : "",
		               d->hint);
	}
	if (!l->count)
		aff_buf_put_text(out, "nothing\n");
}

/* Whether each line is the expected one; an expected line that ends in "..." (what another module says) gives only
 * its start. */
static bool lines_match(struct aff_view found, struct aff_view expected)
{
	while (found.n) {
		struct aff_view line = cut_line(&found), want = cut_line(&expected);
		bool open = want.n > 3 && !memcmp(want.p + want.n - 3, "...", 3);
		size_t n = open ? want.n - 3 : want.n;
		if (line.n < n || (!open && line.n != n) || memcmp(line.p, want.p, n))
			return false;
	}
	while (expected.n)
		if (cut_line(&expected).n)
			return false;
	return true;
}

/* Returns whether the findings are the expected ones. */
static bool run_case(const char *file, struct test_case *t)
{
	char root[] = "";
	struct conf_files files = {.root = root, .items = t->items, .count = t->count};
	struct aff_diag_list findings;
	struct aff_buf found;
	struct conf *conf = NULL;
	aff_diag_list_init(&findings, 100);
	aff_buf_init(&found, 1 << 16);
	int rc = conf_load(&conf, &files, &findings);
	ck_assert_int_eq(rc, findings.errors ? AFF_ECONFIG : 0);
	ck_assert_int_eq(conf == NULL, rc != 0);
	put_findings(&findings, &found);
	bool good = lines_match(aff_buf_view(&found), t->expect);
	if (!good)
		fprintf(stderr, "%s: %.*s\n--- found\n%.*s--- expected\n%.*s\n", file, (int)t->title.n, t->title.p,
		        (int)found.n,
		        found.p, (int)t->expect.n, t->expect.p);
	conf_unref(conf);
	aff_diag_list_free(&findings);
	aff_buf_free(&found);
	for (size_t i = 0; i < t->count; i++)
		free(t->items[i].name);
	return good;
}

START_TEST(broken_configurations_give_exactly_their_findings)
{
	struct dirent **names;
	unsigned cases = 0, wrong = 0;
	int n = scandir(FOLDER, &names, NULL, alphasort);
	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		char path[512];
		struct aff_buf text;
		struct test_case t;
		aff_buf_init(&text, 1 << 20);
		if (strstr(names[i]->d_name, ".case")) {
			snprintf(path, sizeof path, "%s/%s", FOLDER, names[i]->d_name);
			ck_assert_int_eq(file_read(path, &text, NULL), 0);
		}
		struct aff_view rest = aff_buf_view(&text);
		for (; next_case(&rest, &t); cases++)
			wrong += !run_case(names[i]->d_name, &t);
		aff_buf_free(&text);
		free(names[i]);
	}
	free(names);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_ge(cases, 60);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf cases");
	TCase *tc = tcase_create("cases");
	tcase_add_test(tc, broken_configurations_give_exactly_their_findings);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
