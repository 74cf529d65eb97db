/* SPDX-License-Identifier: Apache-2.0
 *
 * Collecting and printing what tests of channels found.
 */
#include "cli/case_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/term.h"

#define OUTPUT_MAX (64u << 20)

static const char *const results[] = {
	[CASE_PASSED] = "passed", [CASE_UPDATED] = "updated", [CASE_FAILED] = "failed", [CASE_ERROR] = "error"};

/* ---- collecting ---- */

void case_report_begin(struct case_report *r, const char *channel, const char *name, const char *folder)
{
	r->channel = channel;
	r->name = name;
	r->folder = folder;
	r->result = CASE_PASSED;
	r->count = r->dropped = 0;
}

struct case_difference *case_report_add(struct case_report *r, const char *file, uint64_t message, const char *at)
{
	if (r->result != CASE_ERROR)
		r->result = CASE_FAILED;
	if (r->count == CASE_DIFFERENCES) {
		r->dropped++;
		return NULL;
	}
	struct case_difference *d = &r->items[r->count++];
	memset(d, 0, sizeof *d);
	snprintf(d->file, sizeof d->file, "%s", file);
	snprintf(d->at, sizeof d->at, "%s", at);
	d->message = message;
	return d;
}

void case_report_say(struct case_report *r, const char *file, uint64_t message, const char *format, ...)
{
	struct case_difference *d = case_report_add(r, file, message, "");
	va_list ap;
	if (!d)
		return;
	va_start(ap, format);
	vsnprintf(d->text, sizeof d->text, format, ap);
	va_end(ap);
}

void case_report_error(struct case_report *r, const char *file, const char *format, ...)
{
	struct case_difference *d = case_report_add(r, file, 0, "");
	va_list ap;
	r->result = CASE_ERROR;
	if (!d)
		return;
	va_start(ap, format);
	vsnprintf(d->text, sizeof d->text, format, ap);
	va_end(ap);
}

void case_value(char out[CASE_VALUE], struct aff_view value)
{
	static const char more[] = "...";
	size_t n = 0;
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if (n + 4 + sizeof more > CASE_VALUE) {
			while (n && ((unsigned char)out[n - 1] & 0xc0) == 0x80) /* no half a character */
				n--;
			n -= n && (unsigned char)out[n - 1] >= 0xc0;
			memcpy(out + n, more, sizeof more);
			return;
		}
		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(out + n, CASE_VALUE - n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	out[n] = '\0';
}

static const char *shown(const char *value)
{
	return value[0] ? value : "nothing";
}

const char *case_difference_line(const struct case_difference *d, char buf[CASE_LINE])
{
	size_t n = (size_t)snprintf(buf, CASE_LINE, "%s", d->file);
	if (d->message)
		n += (size_t)snprintf(buf + n, CASE_LINE - n, "%smessage %" PRIu64, n ? ", " : "", d->message);
	if (d->at[0])
		n += (size_t)snprintf(buf + n, CASE_LINE - n, "%s%s", n ? ": " : "", d->at);
	if (d->text[0])
		snprintf(buf + n, CASE_LINE - n, "%s%s", n ? ": " : "", d->text);
	else
		snprintf(buf + n, CASE_LINE - n, "%sexpected %s, got %s", n ? ": " : "", shown(d->expected),
			 shown(d->got));
	return buf;
}

/* ---- text ---- */

static void text_channel(struct case_printer *p, const char *channel)
{
	(void)p;
	printf("%s%s%s\n", term_style(stdout, TERM_BOLD), channel, term_style(stdout, TERM_PLAIN));
}

static void text_empty(struct case_printer *p, const char *channel)
{
	(void)p;
	printf("  no cases; this makes one: afferent new case %s NAME --from message.hl7\n", channel);
}

static void text_result(struct case_printer *p, const struct case_report *r)
{
	static const enum term_style_name styles[] = {TERM_GREEN, TERM_YELLOW, TERM_RED, TERM_RED};
	char line[CASE_LINE];
	(void)p;
	printf("  %s%-7s%s %s\n", term_style(stdout, styles[r->result]), results[r->result],
	       term_style(stdout, TERM_PLAIN), r->name);
	for (size_t i = 0; i < r->count; i++) {
		fputs("          ", stdout);
		term_put_safe(stdout, aff_view_of(case_difference_line(&r->items[i], line)));
		putchar('\n');
	}
	if (r->dropped)
		printf("          and %zu more differences\n", r->dropped);
}

static int text_end(struct case_printer *p, const struct case_totals *t)
{
	uint64_t all = t->passed + t->updated + t->failed + t->errors;
	(void)p;
	printf("%" PRIu64 " case%s: %" PRIu64 " passed", all, all == 1 ? "" : "s", t->passed);
	if (t->updated)
		printf(", %" PRIu64 " updated", t->updated);
	printf(", %" PRIu64 " failed", t->failed);
	if (t->errors)
		printf(", %" PRIu64 " could not be run", t->errors);
	if (t->without_cases)
		printf("; %" PRIu64 " channel%s no cases", t->without_cases, t->without_cases == 1 ? " has" : "s have");
	putchar('\n');
	return 0;
}

/* ---- JSON ---- */

static void json_channel(struct case_printer *p, const char *channel)
{
	(void)p;
	(void)channel;
}

static void json_empty(struct case_printer *p, const char *channel)
{
	jsonw_object(p->json, NULL);
	jsonw_text(p->json, "channel", channel);
	jsonw_text(p->json, "result", "no-cases");
	jsonw_object_end(p->json);
}

static void json_result(struct case_printer *p, const struct case_report *r)
{
	struct json_writer *j = p->json;
	char line[CASE_LINE];
	jsonw_object(j, NULL);
	jsonw_text(j, "channel", r->channel);
	jsonw_text(j, "case", r->name);
	jsonw_text(j, "folder", r->folder);
	jsonw_text(j, "result", results[r->result]);
	jsonw_array(j, "differences");
	for (size_t i = 0; i < r->count; i++) {
		const struct case_difference *d = &r->items[i];
		jsonw_object(j, NULL);
		jsonw_text(j, "file", d->file);
		jsonw_i64(j, "message", (int64_t)d->message);
		jsonw_text(j, "at", d->at);
		if (!d->text[0]) {
			jsonw_text(j, "expected", d->expected);
			jsonw_text(j, "got", d->got);
		}
		jsonw_text(j, "text", case_difference_line(d, line));
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_i64(j, "more_differences", (int64_t)r->dropped);
	jsonw_object_end(j);
}

static int json_end(struct case_printer *p, const struct case_totals *t)
{
	jsonw_array_end(p->json);
	jsonw_i64(p->json, "passed", (int64_t)t->passed);
	jsonw_i64(p->json, "updated", (int64_t)t->updated);
	jsonw_i64(p->json, "failed", (int64_t)t->failed);
	jsonw_i64(p->json, "errors", (int64_t)t->errors);
	jsonw_i64(p->json, "channels_without_cases", (int64_t)t->without_cases);
	jsonw_object_end(p->json);
	aff_buf_put_char(&p->out, '\n');
	if (!p->out.error)
		fwrite(p->out.p, 1, p->out.n, stdout);
	return p->out.error;
}

/* ---- JUnit ---- */

static void junit_channel(struct case_printer *p, const char *channel)
{
	junit_suite(&p->junit, channel);
}

static void junit_empty(struct case_printer *p, const char *channel)
{
	(void)p;
	(void)channel; /* a suite without tests says it */
}

static void junit_print(struct case_printer *p, const struct case_report *r)
{
	char line[CASE_LINE], summary[64];
	enum junit_result result = r->result == CASE_ERROR    ? JUNIT_ERROR
				   : r->result == CASE_FAILED ? JUNIT_FAILED
							      : JUNIT_PASSED;
	snprintf(summary, sizeof summary, "%zu difference%s", r->count + r->dropped,
		 r->count + r->dropped == 1 ? "" : "s");
	junit_case(&p->junit, r->channel, r->name, result, r->count ? summary : NULL);
	for (size_t i = 0; i < r->count; i++) {
		junit_text(&p->junit, case_difference_line(&r->items[i], line));
		junit_text(&p->junit, "\n");
	}
	junit_case_end(&p->junit);
}

static int junit_finish(struct case_printer *p, const struct case_totals *t)
{
	(void)t;
	return junit_end(&p->junit);
}

/* ---- choosing ---- */

int case_printer_init(struct case_printer *p, enum case_form form)
{
	static const struct case_printer forms[] = {
		[CASE_TEXT] = {.channel = text_channel, .empty = text_empty, .result = text_result, .end = text_end},
		[CASE_JSON] = {.channel = json_channel, .empty = json_empty, .result = json_result, .end = json_end},
		[CASE_JUNIT] = {
			.channel = junit_channel, .empty = junit_empty, .result = junit_print, .end = junit_finish}};
	*p = forms[form];
	junit_init(&p->junit, "afferent test");
	aff_buf_init(&p->out, OUTPUT_MAX);
	p->json = calloc(1, sizeof *p->json);
	if (!p->json)
		return AFF_ENOMEM;
	jsonw_begin(p->json, &p->out, 0);
	jsonw_object(p->json, NULL);
	jsonw_array(p->json, "cases");
	return 0;
}

void case_printer_free(struct case_printer *p)
{
	junit_free(&p->junit);
	aff_buf_free(&p->out);
	free(p->json);
}
