/* SPDX-License-Identifier: Apache-2.0
 *
 * See junit.h.
 */
#include "cli/junit.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"

#define CASES_MAX (64u << 20)
#define NAME_MAX_BYTES (1u << 16)

void junit_init(struct junit *j, const char *name)
{
	memset(j, 0, sizeof *j);
	j->name = name;
	aff_buf_init(&j->cases, CASES_MAX);
	aff_buf_init(&j->suite, NAME_MAX_BYTES);
}

void junit_free(struct junit *j)
{
	aff_buf_free(&j->cases);
	aff_buf_free(&j->suite);
}

/* Text of an element or attribute; what XML 1.0 cannot hold becomes U+FFFD. */
static void put_escaped(struct aff_buf *out, const char *text)
{
	struct aff_view v = aff_view_of(text);
	for (size_t i = 0, n; i < v.n; i += n) {
		unsigned char c = (unsigned char)v.p[i];
		n = utf8_length(v.p + i, v.n - i);
		if (c == '<')
			aff_buf_put_text(out, "&lt;");
		else if (c == '>')
			aff_buf_put_text(out, "&gt;");
		else if (c == '&')
			aff_buf_put_text(out, "&amp;");
		else if (c == '"')
			aff_buf_put_text(out, "&quot;");
		else if (!n || (c < 0x20 && c != '\n' && c != '\t'))
			aff_buf_put_text(out, "\xef\xbf\xbd");
		else
			aff_buf_put(out, v.p + i, n);
		if (!n)
			n = 1;
	}
}

static void begin(struct junit *j)
{
	if (!j->begun)
		printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"%s\">\n", j->name);
	j->begun = true;
}

static void end_suite(struct junit *j)
{
	if (!j->suite.n || j->cases.error)
		return;
	printf("<testsuite name=\"%.*s\" tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\"", (int)j->suite.n, j->suite.p,
	       j->tests, j->failures);
	if (j->errors)
		printf(" errors=\"%" PRIu64 "\"", j->errors);
	puts(">");
	struct aff_view cases = aff_buf_view(&j->cases);
	fwrite(cases.p, 1, cases.n, stdout);
	puts("</testsuite>");
}

void junit_suite(struct junit *j, const char *name)
{
	begin(j);
	end_suite(j);
	if (!j->cases.error)
		aff_buf_clear(&j->cases);
	aff_buf_clear(&j->suite);
	put_escaped(&j->suite, name);
	j->tests = j->failures = j->errors = 0;
}

void junit_case(struct junit *j, const char *group, const char *name, enum junit_result result, const char *message)
{
	j->tests++;
	j->failures += result == JUNIT_FAILED;
	j->errors += result == JUNIT_ERROR;
	aff_buf_put_text(&j->cases, "<testcase classname=\"");
	put_escaped(&j->cases, group);
	aff_buf_put_text(&j->cases, "\" name=\"");
	put_escaped(&j->cases, name);
	aff_buf_put_text(&j->cases, "\">");
	j->end = "";
	if (!message)
		return;
	if (result == JUNIT_PASSED) {
		aff_buf_put_text(&j->cases, "\n<system-out>");
		j->end = "</system-out>\n";
		return;
	}
	aff_buf_put_text(&j->cases, result == JUNIT_FAILED ? "\n<failure message=\"" : "\n<error message=\"");
	put_escaped(&j->cases, message);
	aff_buf_put_text(&j->cases, "\">");
	j->end = result == JUNIT_FAILED ? "</failure>\n" : "</error>\n";
}

void junit_text(struct junit *j, const char *text)
{
	put_escaped(&j->cases, text);
}

void junit_case_end(struct junit *j)
{
	aff_buf_put_text(&j->cases, j->end);
	aff_buf_put_text(&j->cases, "</testcase>\n");
}

int junit_end(struct junit *j)
{
	begin(j);
	end_suite(j);
	puts("</testsuites>");
	return j->cases.error;
}
