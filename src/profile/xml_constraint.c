/* SPDX-License-Identifier: Apache-2.0
 *
 * Attributes as constraints.
 */
#include "profile/xml_constraint.h"

#include <stdio.h>

#include "base/nearest.h"
#include "base/number.h"

enum { SHOWN = 40, COUNT_MAX = 1000000, LENGTH_MAX = 100000000 };

const struct xml_attribute *xml_attribute(const struct xml_tag *tag, const char *name)
{
	for (size_t i = 0; i < tag->count; i++) {
		if (strcmp(tag->attributes[i].name, name) == 0)
			return &tag->attributes[i];
	}
	return NULL;
}

static void wrong(struct xml_report *r, const struct xml_attribute *a, const char *hint)
{
	xml_report(r, AFF_SEVERITY_ERROR, a->at, hint, "%s cannot be '%.*s'", a->name,
	           a->value.n < SHOWN ? (int)a->value.n : SHOWN, a->value.p);
}

static void read_usage(struct xml_report *r, const struct xml_tag *tag, struct constraint *is)
{
	const struct xml_attribute *a = xml_attribute(tag, "Usage");
	if (!a)
		xml_report(r, AFF_SEVERITY_ERROR, tag->at, "one of R, RE, C, CE, X, O, B, W", "%s has no Usage",
		           tag->name);
	else if (!profile_usage_of(a->value, &is->usage))
		wrong(r, a, "write one of R, RE, C, CE, X, O, B, W");
}

static void read_counts(struct xml_report *r, const struct xml_tag *tag, struct constraint *is)
{
	const struct xml_attribute *min = xml_attribute(tag, "Min"), *max = xml_attribute(tag, "Max");
	uint64_t n;
	is->min = is->usage == USAGE_R ? 1 : 0;
	is->max = 1;
	if (min && number_u64(min->value, COUNT_MAX, &n))
		wrong(r, min, "write a whole number");
	else if (min)
		is->min = (unsigned)n;
	if (max && aff_view_is(max->value, "*"))
		is->max = PROFILE_MANY;
	else if (max && number_u64(max->value, COUNT_MAX, &n))
		wrong(r, max, "write a whole number, or *");
	else if (max)
		is->max = (unsigned)n;
	if (min && max && is->min > is->max)
		xml_report(r, AFF_SEVERITY_ERROR, min->at, NULL, "Min is more than Max");
	else if (is->usage == USAGE_R && !is->max)
		xml_report(r, AFF_SEVERITY_ERROR, max->at, NULL, "Max is 0 though Usage is R");
	else if (is->usage == USAGE_R && min && !is->min)
		xml_report(r, AFF_SEVERITY_WARNING, min->at, "write Min=\"1\" or Usage=\"RE\"",
		           "Min is 0 though Usage is R: it is taken as required");
}

/* "20", "1..20", "1..*"; version 2.7 marks what may be cut with = or #. */
static bool read_range(struct aff_view v, unsigned *least, unsigned *most)
{
	uint64_t low = 0, high = 0;
	const char *dots = v.n > 2 ? memmem(v.p, v.n, "..", 2) : NULL;
	if (v.n && (v.p[v.n - 1] == '=' || v.p[v.n - 1] == '#'))
		v.n--;
	if (!dots)
		return !number_u64(v, LENGTH_MAX, &high) && (*most = (unsigned)high, true);
	struct aff_view left = aff_view(v.p, (size_t)(dots - v.p)), right = aff_view(dots + 2, v.n - left.n - 2);
	if (number_u64(left, LENGTH_MAX, &low) || (!aff_view_is(right, "*") && number_u64(right, LENGTH_MAX, &high)))
		return false;
	*least = (unsigned)low;
	*most = (unsigned)high;
	return !high || low <= high;
}

static void read_number(struct xml_report *r, const struct xml_attribute *a, unsigned *out)
{
	uint64_t n = 0;
	if (number_u64(a->value, LENGTH_MAX, &n))
		wrong(r, a, "write a whole number");
	*out = (unsigned)n;
}

static void read_length(struct xml_report *r, const struct xml_tag *tag, struct constraint *is)
{
	const struct xml_attribute *a = xml_attribute(tag, "Length");
	const struct xml_attribute *min = xml_attribute(tag, "MinLength"), *max = xml_attribute(tag, "MaxLength");
	if (a && a->value.n && !read_range(a->value, &is->shortest, &is->longest))
		wrong(r, a, "write a whole number, or 1..20");
	if (!a && min)
		read_number(r, min, &is->shortest);
	if (!a && max && !aff_view_is(max->value, "*"))
		read_number(r, max, &is->longest);
}

/* 0001 and HL70001 are tables of HL7; other names are tables that only people can look into. */
static void read_table(const struct xml_tag *tag, struct constraint *is)
{
	const struct xml_attribute *a = xml_attribute(tag, "Table");
	struct aff_view v = a ? a->value : aff_view("", 0);
	uint64_t n;
	if (v.n > 3 && memcmp(v.p, "HL7", 3) == 0)
		v = aff_view(v.p + 3, v.n - 3);
	if (v.n && !number_u64(v, 9999, &n))
		is->table = (unsigned)n;
}

/* CWE_ZZ and the like are flavours of CWE. */
static void read_type(struct xml_report *r, const struct xml_tag *tag, struct constraint *is)
{
	const struct xml_attribute *a = xml_attribute(tag, "Datatype");
	size_t n = 0;
	if (!a)
		return;
	while (n < a->value.n && n < sizeof is->type && a->value.p[n] >= 'A' && a->value.p[n] <= 'Z')
		n++;
	if (n && n < sizeof is->type)
		memcpy(is->type, a->value.p, n);
	else if (a->value.n && !aff_view_is(a->value, "varies") && !aff_view_is(a->value, "*"))
		wrong(r, a, "write the name of a data type, such as CWE");
}

static void read_constant(struct xml_report *r, struct aff_profile *p, const struct xml_tag *tag, struct constraint *is)
{
	const struct xml_attribute *a = xml_attribute(tag, "ConstantValue");
	if (!a || !a->value.n)
		return;
	int rc = profile_add_value(p, is, a->value);
	is->constant = true;
	if (rc == AFF_ELIMIT)
		xml_report(r, AFF_SEVERITY_ERROR, a->at, NULL, "there are more than %u constants", PROFILE_MAX_VALUES);
	else if (rc)
		r->error = rc;
}

/* A misspelt attribute would go unnoticed: others are the business of the tool that wrote them. */
static void check_names(struct xml_report *r, const struct xml_tag *tag)
{
	static const char *const known[] = {"Usage",     "Min",       "Max",           "Length",    "MinLength",
	                                    "MaxLength", "Datatype",  "Table",         "Name",      "LongName",
	                                    "ItemNo",    "Reference", "ConstantValue", "Identifier"};
	for (size_t i = 0; i < tag->count; i++) {
		struct nearest near = {.word = aff_view_of(tag->attributes[i].name)};
		char hint[64];
		for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
			nearest_offer(&near, known[k]);
		if (!near.best || !near.distance || xml_attribute(tag, near.best))
			continue;
		snprintf(hint, sizeof hint, "did you mean '%s'?", near.best);
		xml_report(r, AFF_SEVERITY_ERROR, tag->attributes[i].at, hint, "unknown attribute '%.40s'",
		           tag->attributes[i].name);
	}
}

void xml_constraint(struct xml_report *r, struct aff_profile *p, const struct xml_tag *tag, struct constraint *is)
{
	*is = (struct constraint){.line = tag->at.line, .column = tag->at.column};
	check_names(r, tag);
	read_usage(r, tag, is);
	read_counts(r, tag, is);
	read_length(r, tag, is);
	read_type(r, tag, is);
	read_table(tag, is);
	read_constant(r, p, tag, is);
}
