/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the checks of the wanted level over a message.
 */
#include "validate/check.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

bool check_is_segment_id(struct aff_view id)
{
	for (size_t i = 0; i < id.n; i++) {
		char ch = id.p[i];
		if (!((ch >= 'A' && ch <= 'Z') || (i && ch >= '0' && ch <= '9')))
			return false;
	}
	return id.n == 3;
}

/* A line that does not start with a segment id holds data: it is told by its number only. */
static void locate(const struct check *c, struct aff_diag *d, struct place at)
{
	struct aff_view id = aff_msg_id(c->m, at.segment);
	char name[4] = "";
	if (!check_is_segment_id(id))
		return;
	memcpy(name, id.p, 3);
	aff_diag_at(d, name, aff_msg_occurrence(c->m, at.segment), at.field);
	d->at.repetition = at.repetition;
	d->at.component = at.component;
}

void check_report(struct check *c, enum aff_severity severity, int code, struct place at, const char *hint,
                  const char *format, ...)
{
	struct aff_diag d;
	char text[sizeof d.text];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	aff_diag_set(&d, code, "%s", text);
	aff_diag_hint(&d, "%s", hint);
	d.severity = severity;
	locate(c, &d, at);
	if (severity == AFF_SEVERITY_ERROR) {
		if (!c->errors && c->first)
			*c->first = d;
		if (c->errors < INT_MAX)
			c->errors++;
	}
	int rc = aff_diag_list_add(c->findings, &d);
	if (rc)
		c->failed = rc;
}

bool check_is_empty(const struct check *c, struct aff_view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] != c->delims.component && v.p[i] != c->delims.repetition && v.p[i] != c->delims.subcomponent)
			return false;
	}
	return true;
}

/* "2.5.1" is 251, "2.6" is 260; 0 for anything but 2.x. */
static unsigned version_of(const struct aff_msg *m)
{
	struct aff_view v = aff_msg_get(m, 0, 12, 1, 1, 1);
	unsigned digits[2] = {0, 0}, n = 0;
	if (v.n < 3 || v.p[0] != '2' || v.p[1] != '.')
		return 0;
	for (size_t i = 2; i < v.n && n < 2; i++) {
		if (v.p[i] >= '0' && v.p[i] <= '9')
			digits[n++] = (unsigned)(v.p[i] - '0');
		else if (v.p[i] != '.')
			break;
	}
	return n ? 200 + digits[0] * 10 + digits[1] : 0;
}

static void check_content(struct check *c)
{
	for (unsigned i = 0; i < aff_msg_segments(c->m); i++) {
		check_fields(c, i);
		if (aff_msg_is(c->m, i, "OBX"))
			check_value(c, i);
	}
}

int aff_validate(const struct aff_msg *m, enum aff_check_level level, struct aff_diag_list *findings,
                 struct aff_diag *first)
{
	struct check c = {.m = m,
	                  .level = level,
	                  .delims = aff_msg_delims(m),
	                  .version = version_of(m),
	                  .findings = findings,
	                  .first = first};
	check_header(&c);
	if (level >= AFF_CHECK_STRUCTURE) {
		check_structure(&c);
		check_content(&c);
	}
	if (level >= AFF_CHECK_IHE_PCD_01)
		check_pcd(&c);
	return c.failed ? c.failed : c.errors;
}
