/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings with their file.
 */
#include "conf/report.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

/* Of millions of findings those that nobody will see are counted and not put into words. */
static bool only_counted(struct report *r, enum aff_severity severity)
{
	static const struct aff_diag some[] = {{.severity = AFF_SEVERITY_ERROR}, {.severity = AFF_SEVERITY_WARNING},
	                                       {.severity = AFF_SEVERITY_INFO}};
	if (r->findings->count < r->findings->cap)
		return false;
	aff_diag_list_add(r->findings, &some[severity]);
	return true;
}

static void add(struct report *r, struct place at, struct aff_diag *d)
{
	char source[sizeof d->source];
	bool below = r->root[0] && strcmp(r->root, ".");
	bool joined = below && snprintf(source, sizeof source, "%s/%s", r->root, r->file) < (int)sizeof source;
	aff_diag_in(d, joined ? source : r->file, at.line, at.column);
	if (aff_diag_list_add(r->findings, d))
		r->error = AFF_ENOMEM;
}

AFF_PRINTF(5, 0)
static void add_formatted(struct report *r, enum aff_severity severity, struct place at, const char *hint,
                          const char *format, va_list ap)
{
	char text[sizeof((struct aff_diag *)0)->text];
	struct aff_diag d;
	if (only_counted(r, severity))
		return;
	vsnprintf(text, sizeof text, format, ap);
	aff_diag_set(&d, AFF_ECONFIG, "%s", text);
	d.severity = severity;
	if (hint)
		aff_diag_hint(&d, "%s", hint);
	add(r, at, &d);
}

void report_error(struct report *r, struct place at, const char *hint, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	add_formatted(r, AFF_SEVERITY_ERROR, at, hint, format, ap);
	va_end(ap);
}

void report_warning(struct report *r, struct place at, const char *hint, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	add_formatted(r, AFF_SEVERITY_WARNING, at, hint, format, ap);
	va_end(ap);
}

void report_info(struct report *r, struct place at, const char *hint, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	add_formatted(r, AFF_SEVERITY_INFO, at, hint, format, ap);
	va_end(ap);
}

void report_diag(struct report *r, struct place at, const struct aff_diag *diag)
{
	struct aff_diag d = *diag;
	d.severity = AFF_SEVERITY_ERROR;
	add(r, at, &d);
}

void report_forward(struct report *r, const struct aff_diag *diag)
{
	struct aff_diag d = *diag;
	add(r, (struct place){d.line, d.column}, &d);
}

struct place place_of_byte(struct aff_view bytes, size_t offset)
{
	struct place at = {1, 1};
	for (size_t i = 0; i < offset && i < bytes.n; i++) {
		bool end = bytes.p[i] == '\n';
		at.line += end;
		at.column = end ? 1 : at.column + utf8_starts(bytes.p[i]);
	}
	return at;
}

const char *shown(char buf[SHOWN_SIZE], struct aff_view text)
{
	size_t n = 0;
	bool cut = text.n > SHOWN_SIZE - 4;
	size_t end = cut ? SHOWN_SIZE - 4 : text.n;
	while (cut && end && ((unsigned char)text.p[end] & 0xc0) == 0x80)
		end--;
	for (; n < end; n++)
		buf[n] = (unsigned char)text.p[n] < 0x20 || text.p[n] == 0x7f ? '?' : text.p[n];
	memcpy(buf + n, cut ? "..." : "", cut ? 4 : 1);
	return buf;
}
