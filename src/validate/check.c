/* SPDX-License-Identifier: Apache-2.0
 *
 * What all checks share: telling a finding with its place, and two questions about text.
 */
#include "validate/check.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_SIZE sizeof((struct aff_diag *)0)->text

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
	d->at.subcomponent = at.subcomponent;
}

/* What the caller wants of a rule. false: nothing is told. */
static bool wanted(const struct check *c, const struct aff_check_rule *rule, enum aff_severity *severity)
{
	for (size_t i = c->checks->override_count; i-- > 0;) {
		const struct aff_check_override *o = &c->checks->overrides[i];
		if (!aff_check_rule_is(rule, o->rule))
			continue;
		if (!o->off)
			*severity = o->severity;
		return !o->off;
	}
	return true;
}

void check_count_error(struct check *c, const struct aff_diag *d)
{
	if (!c->errors && c->first)
		*c->first = *d;
	if (c->errors < INT_MAX)
		c->errors++;
}

static void add(struct check *c, enum check_rule rule, enum aff_severity severity, struct place at,
                const char *hint, const char *text)
{
	const struct aff_check_rule *r = aff_check_rule_at(rule);
	struct aff_diag d;
	if (!wanted(c, r, &severity))
		return;
	bool there = !at.field ||
	             aff_msg_get(c->m, at.segment, at.field, at.repetition, at.component, at.subcomponent).n > 0;
	aff_diag_set(&d, there ? r->code : AFF_EREQUIRED, "%s", text);
	aff_diag_hint(&d, "%s", hint ? hint : r->mend);
	d.severity = severity;
	d.rule = r->id;
	locate(c, &d, at);
	if (check_is_told(c, &d))
		return;
	if (severity == AFF_SEVERITY_ERROR)
		check_count_error(c, &d);
	int rc = aff_diag_list_add(c->findings, &d);
	if (rc)
		c->failed = rc;
}

void check_report(struct check *c, enum check_rule rule, struct place at, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	add(c, rule, aff_check_rule_at(rule)->severity, at, NULL, text);
}

void check_report_as(struct check *c, enum check_rule rule, enum aff_severity severity, struct place at,
                     const char *hint, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	add(c, rule, severity, at, hint, text);
}

bool check_is_empty(const struct check *c, struct aff_view v)
{
	return !aff_is_valued(v, &c->delims);
}
