/* SPDX-License-Identifier: Apache-2.0
 *
 * Broken configurations and what is found in them: tests/cases/conf/<topic>.case. A topic holds cases, each with
 * files and the findings they must give, all of them and nothing else:
 *
 *	=== what is broken
 *	--- channels/a.yaml
 *	channel: a
 *	sorce: {}
 *	# error: unknown key 'sorce' in a channel; did you mean 'source'?
 *	source: {mlpp: {}}
 *	#        ^ error: unknown key 'mlpp' in source; did you mean 'mllp'?
 *	--- expect
 *	channels/b.yaml:1:1: error: what; hint
 *
 * A finding stands below its line with a caret below its column (column 1: no caret), as a comment that the engine does
 * not get to see, or with its place under expect. "nothing" stands for no finding, "..." at the end of a line for any
 * further text. "--- NAME escaped": \xhh in the file is that byte. A case without afferent.yaml or without a channel
 * gets good ones. Every error says what to do, in its hint or by the range that it names.
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
#define MAX_FINDINGS 100

static const char good_channel[] = "channel: good\n"
                                   "source: {mllp: {listen: \"127.0.0.1:2999\"}}\n"
                                   "destinations: [{name: x, file: {to: x.hl7}}]\n";

struct test_case {
	struct aff_view title;
	struct aff_buf expect, bytes[MAX_FILES + 2];
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

/* Whether a line of a file is a finding about the line above; its column and its text. */
static bool is_finding(struct aff_view line, size_t *column, struct aff_view *text)
{
	static const char *const severities[] = {"error: ", "warning: ", "info: "};
	size_t i = 1;
	if (!starts(line, "#"))
		return false;
	while (i < line.n && line.p[i] == ' ')
		i++;
	bool caret = i < line.n && line.p[i] == '^';
	*column = caret ? i + 1 : 1;
	i += caret ? 2 : 0;
	*text = i < line.n ? aff_view(line.p + i, line.n - i) : aff_view("", 0);
	for (size_t k = 0; k < 3; k++)
		if (starts(*text, severities[k]) && (caret || i == 2))
			return true;
	return false;
}

static unsigned hex(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void put_line(struct aff_buf *out, struct aff_view line, bool escaped)
{
	for (size_t i = 0; i < line.n; i++) {
		if (escaped && line.n - i > 3 && line.p[i] == '\\' && line.p[i + 1] == 'x') {
			aff_buf_put_char(out, (char)(hex(line.p[i + 2]) << 4 | hex(line.p[i + 3])));
			i += 3;
		} else {
			aff_buf_put_char(out, line.p[i]);
		}
	}
	aff_buf_put_char(out, '\n');
}

static void add_file(struct test_case *t, struct aff_view name, struct aff_view body)
{
	static const char option[] = " escaped";
	size_t n = sizeof option - 1, column;
	bool escaped = name.n > n && !memcmp(name.p + name.n - n, option, n);
	struct aff_view text;
	ck_assert_uint_lt(t->count, MAX_FILES + 2);
	struct aff_buf *bytes = &t->bytes[t->count];
	struct conf_file *file = &t->items[t->count++];
	file->name = strndup(name.p, escaped ? name.n - n : name.n);
	aff_buf_init(bytes, 1 << 20);
	for (unsigned number = 0; body.n;) {
		struct aff_view line = cut_line(&body);
		if (is_finding(line, &column, &text)) {
			aff_buf_printf(&t->expect, "%s:%u:%zu: %.*s\n", file->name, number, column, (int)text.n,
			               text.p);
		} else {
			put_line(bytes, line, escaped);
			number++;
		}
	}
	file->bytes = aff_buf_view(bytes);
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
	aff_buf_init(&t->expect, 1 << 16);
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
			aff_buf_put_view(&t->expect, body);
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

/* Whether a line is the expected one; one that ends in "..." (what another module says) gives only its start. */
static bool line_matches(struct aff_view line, struct aff_view want)
{
	bool open = want.n > 3 && !memcmp(want.p + want.n - 3, "...", 3);
	size_t n = open ? want.n - 3 : want.n;
	return line.n >= n && (open || line.n == n) && !memcmp(line.p, want.p, n);
}

/* Whether each line is among the expected ones and each expected one was found. */
static bool lines_match(struct aff_view found, struct aff_view expected)
{
	struct aff_view wants[MAX_FINDINGS];
	size_t n = 0;
	while (expected.n) {
		ck_assert_uint_lt(n, MAX_FINDINGS);
		wants[n] = cut_line(&expected);
		n += wants[n].n != 0;
	}
	while (found.n) {
		struct aff_view line = cut_line(&found);
		size_t i = 0;
		while (i < n && !line_matches(line, wants[i]))
			i++;
		if (i == n)
			return false;
		wants[i] = wants[--n];
	}
	return n == 0;
}

/* Whether every error says what to do. */
static bool all_propose(const struct aff_diag_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct aff_diag *d = &l->items[i];
		if (d->severity == AFF_SEVERITY_ERROR && !d->hint[0] && !strstr(d->text, "must be in ") &&
		    !strstr(d->text, "takes ") && !strstr(d->text, "is written as "))
			return false;
	}
	return true;
}

static void free_case(struct test_case *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->items[i].name);
		aff_buf_free(&t->bytes[i]);
	}
	aff_buf_free(&t->expect);
}

/* Returns whether the findings are the expected ones; counts the cases with errors. */
static bool run_case(const char *file, struct test_case *t, unsigned *broken)
{
	char root[] = "";
	struct conf_files files = {.root = root, .items = t->items, .count = t->count};
	struct aff_diag_list findings;
	struct aff_buf found;
	struct conf *conf = NULL;
	aff_diag_list_init(&findings, MAX_FINDINGS);
	aff_buf_init(&found, 1 << 16);
	int rc = conf_load(&conf, &files, &findings);
	ck_assert_int_eq(rc, findings.errors ? AFF_ECONFIG : 0);
	ck_assert_int_eq(conf == NULL, rc != 0);
	put_findings(&findings, &found);
	*broken += findings.errors > 0;
	bool good = lines_match(aff_buf_view(&found), aff_buf_view(&t->expect));
	if (!good)
		fprintf(stderr, "%s: %.*s\n--- found\n%.*s--- expected\n%.*s\n", file, (int)t->title.n, t->title.p,
		        (int)found.n, found.p, (int)t->expect.n, t->expect.p);
	if (!all_propose(&findings)) {
		fprintf(stderr, "%s: %.*s\n--- an error without a proposal\n%.*s\n", file, (int)t->title.n,
		        t->title.p, (int)found.n, found.p);
		good = false;
	}
	conf_unref(conf);
	aff_diag_list_free(&findings);
	aff_buf_free(&found);
	free_case(t);
	return good;
}

START_TEST(broken_configurations_give_exactly_their_findings)
{
	struct dirent **names;
	unsigned cases = 0, wrong = 0, broken = 0;
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
			wrong += !run_case(names[i]->d_name, &t, &broken);
		aff_buf_free(&text);
		free(names[i]);
	}
	free(names);
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_ge(cases, 200);
	ck_assert_uint_ge(broken, 150);
	printf("%u configurations, %u of them broken\n", cases, broken);
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
