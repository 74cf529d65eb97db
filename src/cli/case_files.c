/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a case.
 */
#include "cli/case_files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <afferent/dtm.h>

#include "base/number.h"
#include "base/vector.h"
#include "cli/input.h"
#include "sys/file.h"

#define TEXT_MAX  (4u << 20)
#define LINES_MAX 200000
#define FIRST_US  1767225600000000 /* 2026-01-01 00:00 UTC: when a message comes that says no time */

void case_files_init(struct case_files *c)
{
	memset(c, 0, sizeof *c);
	aff_buf_init(&c->bytes, CASE_BYTES_MAX);
	aff_buf_init(&c->text, TEXT_MAX);
}

void case_files_free(struct case_files *c)
{
	aff_buf_free(&c->bytes);
	aff_buf_free(&c->text);
	free(c->messages);
	free(c->lines);
}

/* ---- messages ---- */

void case_put_segments(struct aff_buf *out, struct aff_view m)
{
	size_t first = 0;
	while (first < m.n && m.p[first] != '\r' && m.p[first] != '\n')
		first++;
	bool by_cr = first < m.n && m.p[first] == '\r' && !(first + 1 < m.n && m.p[first + 1] == '\n');
	while (m.n && (m.p[m.n - 1] == '\r' || m.p[m.n - 1] == '\n'))
		m.n--;
	for (size_t i = 0; i < m.n; i++) {
		bool crlf = m.p[i] == '\r' && i + 1 < m.n && m.p[i + 1] == '\n';
		if (!by_cr && crlf)
			i++;
		aff_buf_put_char(out, !by_cr && m.p[i] == '\n' ? '\r' : m.p[i]);
	}
	aff_buf_put_char(out, '\r');
}

void case_put_lines(struct aff_buf *out, struct aff_view m)
{
	bool inside = memchr(m.p, '\n', m.n) != NULL;
	for (size_t i = 0; i < m.n; i++)
		aff_buf_put_char(out, m.p[i] == '\r' && !inside ? '\n' : m.p[i]);
	if (m.n && m.p[m.n - 1] != '\r')
		aff_buf_put_char(out, inside ? '\r' : '\n');
}

int case_each_message(const char *path, case_message_fn *fn, void *arg, struct aff_diag *diag)
{
	struct input in;
	struct input_message m;
	struct aff_buf segments;
	int rc = input_open(&in, path, diag);
	if (rc)
		return rc;
	aff_buf_init(&segments, CASE_BYTES_MAX);
	while ((rc = input_next(&in, &m, diag)) > 0) {
		aff_buf_clear(&segments);
		case_put_segments(&segments, m.bytes);
		rc = segments.error ? aff_diag_set(diag, segments.error, "%s: %s", path, aff_error_text(segments.error))
				    : fn(arg, aff_buf_view(&segments));
		if (rc)
			break;
	}
	aff_buf_free(&segments);
	input_close(&in);
	return rc;
}

static int keep(void *arg, struct aff_view message)
{
	struct case_files *c = arg;
	if (c->count == CASE_MESSAGES_MAX || c->bytes.n + message.n > CASE_BYTES_MAX)
		return AFF_ELIMIT;
	if (vector_room(&c->messages, &c->capacity, c->count, sizeof *c->messages))
		return AFF_ENOMEM;
	aff_buf_put_view(&c->bytes, message);
	c->messages[c->count++].bytes = aff_view("", message.n); /* the buffer still moves */
	return c->bytes.error;
}

static int read_messages(struct case_files *c, struct case_report *report)
{
	char path[PATH_MAX + 32];
	struct aff_diag diag = {0};
	snprintf(path, sizeof path, "%s/" CASE_IN, c->folder);
	int rc = case_each_message(path, keep, c, &diag);
	if (rc == AFF_ENOTFOUND)
		case_report_error(report, CASE_IN, "is not there: put the messages of the case into it");
	else if (rc)
		case_report_error(report, CASE_IN, "cannot be read: %s", diag.code ? diag.text : aff_error_text(rc));
	if (!rc && !c->count) {
		rc = AFF_ENOTFOUND;
		case_report_error(report, CASE_IN, "holds no message");
	}
	size_t offset = 0;
	for (size_t i = 0; i < c->count; i++) {
		c->messages[i].bytes.p = c->bytes.p + offset;
		offset += c->messages[i].bytes.n;
	}
	return rc;
}

/* ---- expected.txt ---- */

static struct aff_view cut_word(struct aff_view *rest)
{
	struct aff_view line = aff_view_trim(*rest);
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	*rest = aff_view_trim(aff_view(line.p + n, line.n - n));
	return aff_view(line.p, n);
}

static void wrong_line(struct case_report *report, unsigned line, const char *what)
{
	char file[48];
	snprintf(file, sizeof file, CASE_EXPECTED ":%u", line);
	case_report_error(report, file, "%s", what);
}

static int read_line(struct case_files *c, struct aff_view line, unsigned number, struct case_report *report)
{
	struct case_expected x = {.line = number};
	struct aff_view word = cut_word(&line);
	if (!word.n || word.p[0] == '#')
		return 0;
	if (!aff_view_is(word, "*") && (number_u64(word, CASE_MESSAGES_MAX, &x.message) || !x.message)) {
		wrong_line(report, number, "a line begins with the number of a message, or with * for every one");
		return AFF_ESYNTAX;
	}
	x.what = cut_word(&line);
	x.text = line;
	if (!x.what.n || !x.text.n) {
		wrong_line(report, number,
			   "a line says the message, what it is about, and what is expected: 1 ehr sent");
		return AFF_ESYNTAX;
	}
	for (size_t i = 0; i < c->nlines && c->nlines < 1000; i++) {
		if (c->lines[i].message == x.message && aff_view_equal(c->lines[i].what, x.what)) {
			wrong_line(report, number, "an earlier line says the same of the message");
			return AFF_ESYNTAX;
		}
	}
	if (c->nlines == LINES_MAX || vector_room(&c->lines, &c->lines_capacity, c->nlines, sizeof *c->lines))
		return AFF_ENOMEM;
	c->lines[c->nlines++] = x;
	return 0;
}

static int read_expected(struct case_files *c, struct case_report *report)
{
	char path[PATH_MAX + 32];
	struct aff_diag diag = {0};
	unsigned number = 1;
	int result = 0;
	snprintf(path, sizeof path, "%s/" CASE_EXPECTED, c->folder);
	int rc = file_read(path, &c->text, &diag);
	c->has_text = rc != AFF_ENOTFOUND;
	if (rc && c->has_text)
		case_report_error(report, CASE_EXPECTED, "cannot be read: %s", diag.text);
	if (rc)
		return c->has_text ? rc : 0;
	for (struct aff_view rest = aff_buf_view(&c->text); rest.n; number++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		struct aff_view line = aff_view(rest.p, n && rest.p[n - 1] == '\r' ? n - 1 : n);
		n += end != NULL;
		rest = aff_view(rest.p + n, rest.n - n);
		rc = read_line(c, line, number, report);
		if (rc == AFF_ENOMEM)
			return rc;
		result = rc ? rc : result;
	}
	return result;
}

struct case_expected *case_files_line(struct case_files *c, uint64_t message, const char *what)
{
	struct case_expected *found = NULL;
	for (size_t i = 0; i < c->nlines; i++) {
		struct case_expected *x = &c->lines[i];
		if ((x->message && x->message != message) || !aff_view_is(x->what, what))
			continue;
		x->used = true;
		if (!found || x->message)
			found = x;
	}
	return found;
}

/* ---- when they came ---- */

/* As expected.txt says, else as MSH-7 says; never before the message in front of it. */
static int set_times(struct case_files *c, struct case_report *report)
{
	int64_t last = FIRST_US;
	struct aff_msg *m = NULL;
	struct aff_dtm t;
	int rc = aff_msg_new(&m, NULL);
	for (size_t i = 0; !rc && i < c->count; i++) {
		const struct aff_view bytes = c->messages[i].bytes;
		struct case_expected *said = case_files_line(c, i + 1, "received");
		(void)aff_msg_parse(m, bytes.p, bytes.n, AFF_LENIENT_ALL, NULL);
		struct aff_view text = said                        ? said->text
				     : aff_msg_segments(m) > 0 ? aff_msg_get(m, 0, 7, 1, 1, 0)
							       : aff_view("", 0);
		int64_t at = last;
		if (aff_dtm_parse(&t, text) == 0) {
			at = aff_dtm_micros(&t, 0);
		} else if (said) {
			wrong_line(report, said->line, "this is no time; write it as 20260131120000+0100");
			rc = AFF_ESYNTAX;
		}
		last = i == 0 || at > last ? at : last;
		c->messages[i].received_us = last;
	}
	aff_msg_free(m);
	return rc;
}

int case_files_read(struct case_files *c, const char *folder, struct case_report *report)
{
	snprintf(c->folder, sizeof c->folder, "%s", folder);
	int rc = read_messages(c, report), text = read_expected(c, report);
	rc = rc ? rc : text;
	return rc ? rc : set_times(c, report);
}
