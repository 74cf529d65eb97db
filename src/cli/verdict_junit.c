/* SPDX-License-Identifier: Apache-2.0
 *
 * A verdict as JUnit XML, which every build server shows: a file is a suite, a message a test case, and its findings
 * are the case's failure, or its output where they are not bad enough to fail. A suite is written when its last
 * message is known, since its counts stand in front.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "cli/verdict.h"

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

static void put_findings(struct aff_buf *out, const struct verdict *v)
{
	const struct aff_diag_list *l = v->findings;
	char line[sizeof l->items->text + sizeof l->items->hint + 160], at[64];
	for (size_t i = 0; i < l->count; i++) {
		const struct aff_diag *d = v->ordered[i];
		aff_location_format(&d->at, at, sizeof at);
		snprintf(line, sizeof line, "%s%s%s [%s]: %s%s%s\n", at, at[0] ? ": " : "", verdict_severity(d),
		         d->rule, d->text, d->hint[0] ? "; " : "", d->hint);
		put_escaped(out, line);
	}
	if (l->dropped)
		aff_buf_printf(out, "and %zu more findings\n", l->dropped);
}

static void end_suite(struct verdict_writer *w)
{
	if (!w->file.n || w->out.error)
		return;
	printf("<testsuite name=\"%.*s\" tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\">\n", (int)w->file.n,
	       w->file.p, w->in_suite, w->failed_in_suite);
	fwrite(w->out.p, 1, w->out.n, stdout);
	puts("</testsuite>");
}

static void begin(struct verdict_writer *w)
{
	if (!w->begun)
		puts("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"afferent validate\">");
	w->begun = true;
}

static void begin_suite(struct verdict_writer *w, const char *file)
{
	end_suite(w);
	aff_buf_clear(&w->out);
	aff_buf_clear(&w->file);
	put_escaped(&w->file, file);
	w->in_suite = w->failed_in_suite = 0;
}

static int junit_message(struct verdict_writer *w, const struct verdict *v)
{
	begin(w);
	if (v->input->number == 1)
		begin_suite(w, v->input->file);
	w->in_suite++;
	w->failed_in_suite += v->failed;
	aff_buf_put_text(&w->out, "<testcase classname=\"");
	put_escaped(&w->out, v->input->file);
	aff_buf_printf(&w->out, "\" name=\"message %" PRIu64 "\">", v->input->number);
	if (v->failed) {
		aff_buf_printf(&w->out, "\n<failure message=\"%zu errors, %zu warnings\">", v->findings->errors,
		               v->findings->warnings);
		put_findings(&w->out, v);
		aff_buf_put_text(&w->out, "</failure>\n");
	} else if (v->findings->count) {
		aff_buf_put_text(&w->out, "\n<system-out>");
		put_findings(&w->out, v);
		aff_buf_put_text(&w->out, "</system-out>\n");
	}
	aff_buf_put_text(&w->out, "</testcase>\n");
	return w->out.error;
}

static int junit_end(struct verdict_writer *w, struct verdict_totals *totals)
{
	(void)totals;
	begin(w);
	end_suite(w);
	puts("</testsuites>");
	return w->out.error;
}

const struct verdict_format verdict_junit = {junit_message, junit_end};
