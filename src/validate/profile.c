/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking against conformance profiles: what one element asks of the text that stands in its place.
 */
#include "validate/profile.h"

#include <stdarg.h>
#include <stdio.h>

#include <afferent/schema.h>

#include "base/utf8.h"
#include "validate/types.h"

enum { PLAIN_MAX = 32 << 20, NAME_SHOWN = 60 };

void element_report(const struct element *e, enum check_rule rule, enum aff_severity severity, struct place at,
                    const char *format, ...)
{
	struct aff_location where = {.field = at.field,
	                             .repetition = at.repetition,
	                             .component = at.component,
	                             .subcomponent = at.subcomponent};
	struct aff_view id = aff_msg_id(e->run->c->m, at.segment);
	const char *id_text = e->rule ? e->rule->id : "", *name = e->is->name ? e->is->name : "";
	char place[64] = "", what[160], line[24] = "";
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof what, format, ap);
	va_end(ap);
	if (at.field && check_is_segment_id(id)) {
		memcpy(where.segment, id.p, 3);
		aff_location_format(&where, place, sizeof place);
	}
	if (e->is->line)
		snprintf(line, sizeof line, ":%u", e->is->line);
	check_report_as(e->run->c, rule, e->rule ? e->rule->severity : severity, at,
	                e->rule && e->rule->why[0] ? e->rule->why : NULL, "%s%s%.*s%s %s (%s%s%s%s)", place,
	                !name[0]   ? ""
	                : place[0] ? " ("
	                           : "",
	                NAME_SHOWN, name, name[0] && place[0] ? ")" : "", what, e->run->profile->source, line,
	                id_text[0] ? ", rule " : "", id_text);
}

bool usage_requires(const struct constraint *is)
{
	return is->usage == USAGE_R;
}

bool usage_forbids(const struct constraint *is)
{
	return is->usage == USAGE_X || is->usage == USAGE_W;
}

bool element_is_there(const struct element *e, struct place at, struct aff_view text)
{
	bool unsplit = at.field && at.field <= 2 && aff_msg_is(e->run->c->m, at.segment, "MSH");
	bool there = unsplit ? text.n > 0 : !check_is_empty(e->run->c, text);
	if (!there && usage_requires(e->is))
		element_report(e, RULE_PROFILE_USAGE_REQUIRED, AFF_SEVERITY_ERROR, at, "is empty; its usage is R");
	if (there && usage_forbids(e->is))
		element_report(e, RULE_PROFILE_USAGE_X, AFF_SEVERITY_ERROR, at, "is there; its usage is %s",
		               e->is->usage == USAGE_W ? "W (withdrawn)" : "X (not supported)");
	return there && !usage_forbids(e->is);
}

void element_count(const struct element *e, struct place at, unsigned count)
{
	if (count < e->is->min)
		element_report(e, RULE_PROFILE_CARDINALITY, AFF_SEVERITY_ERROR, at,
		               "is there %u times, at least %u asked", count, e->is->min);
	else if (count > e->is->max)
		element_report(e, RULE_PROFILE_CARDINALITY, AFF_SEVERITY_ERROR, at,
		               "is there %u times, at most %u allowed", count, e->is->max);
}

/* The text as a reader reads it: in UTF-8, without escape sequences. Valid until the next one is asked for. */
static struct aff_view plain_of(const struct element *e, struct aff_view text)
{
	struct aff_view plain = charset_read(&e->run->charset, &e->run->text, text);
	if (e->run->text.error)
		e->run->c->failed = e->run->text.error;
	return e->run->text.error ? aff_view("", 0) : plain;
}

static void check_length(const struct element *e, struct place at, struct aff_view text)
{
	size_t n = utf8_characters(plain_of(e, text));
	if (e->is->longest && n > e->is->longest)
		element_report(e, RULE_PROFILE_LENGTH, AFF_SEVERITY_WARNING, at,
		               "has %zu characters, at most %u allowed", n, e->is->longest);
	else if (n < e->is->shortest)
		element_report(e, RULE_PROFILE_LENGTH, AFF_SEVERITY_WARNING, at,
		               "has %zu characters, at least %u asked", n, e->is->shortest);
}

/* The escape character of MSH-2 is no escape sequence: the text as it is counts too. */
static bool is_one_of_values(const struct element *e, struct aff_view text)
{
	const struct aff_view *values = e->run->profile->values + e->is->first_value;
	struct aff_view plain = plain_of(e, text);
	for (unsigned i = 0; i < e->is->values; i++) {
		if (aff_view_equal(text, values[i]) || aff_view_equal(plain, values[i]))
			return true;
	}
	return false;
}

static void check_values(const struct element *e, struct place at, struct aff_view text)
{
	const struct aff_view *values = e->run->profile->values + e->is->first_value;
	if (!e->is->values || is_one_of_values(e, text))
		return;
	if (e->is->constant)
		element_report(e, RULE_PROFILE_CONSTANT, AFF_SEVERITY_ERROR, at, "is not the constant '%.60s'",
		               values[0].p);
	else if (e->is->values == 1)
		element_report(e, RULE_PROFILE_TABLE, AFF_SEVERITY_ERROR, at, "is not '%.60s'", values[0].p);
	else
		element_report(e, RULE_PROFILE_TABLE, AFF_SEVERITY_ERROR, at, "is none of the %u values allowed",
		               e->is->values);
}

static void check_pattern(const struct element *e, struct place at, struct aff_view text)
{
	if (!e->is->matches)
		return;
	int rc = regex_test(e->is->matches, plain_of(e, text));
	if (rc == AFF_ENOMEM)
		e->run->c->failed = rc;
	else if (rc != 1)
		element_report(e, RULE_PROFILE_PATTERN, AFF_SEVERITY_ERROR, at, "does not match the pattern");
}

static void check_table(const struct element *e, struct place at, struct aff_view code)
{
	enum aff_schema_fit fit = aff_schema_table_has(e->is->table, code, e->run->c->version);
	if (fit == AFF_SCHEMA_ABSENT || fit == AFF_SCHEMA_OTHER_CASE)
		element_report(e, RULE_PROFILE_TABLE, AFF_SEVERITY_WARNING, at, "is not in HL7 table %04u%s",
		               e->is->table, fit == AFF_SCHEMA_OTHER_CASE ? " in this case" : "");
}

void element_value(const struct element *e, struct place at, struct aff_view text, bool leaf)
{
	struct aff_view first = aff_cut(text, &e->run->c->delims, 1, 1, 1);
	check_values(e, at, text);
	if (aff_is_null(text))
		return;
	if (e->is->shortest || e->is->longest)
		check_length(e, at, text);
	check_pattern(e, at, text);
	enum type type = leaf && e->is->type[0] && first.n ? type_of_name(aff_view_of(e->is->type)) : TYPE_ANY;
	if (type != TYPE_ANY && !type_fits(type, first))
		element_report(e, RULE_PROFILE_DATATYPE, AFF_SEVERITY_ERROR, at, "does not fit data type %s",
		               e->is->type);
	if (e->is->table && first.n)
		check_table(e, at, first);
}

static void check_profile(struct profile_run *run)
{
	const struct profile_message *m = profile_message_for(run->profile, run->c->m);
	if (!m && !run->profile->quick)
		check_report(run->c, RULE_PROFILE_MESSAGE, (struct place){.segment = 0, .field = 9},
		             "MSH-9 (message type) is not one that the profile describes (%s)", run->profile->source);
	else if (m && run->profile->quick)
		check_rules(run);
	else if (m)
		check_nodes(run, m);
}

void check_profiles(struct check *c)
{
	struct profile_run run = {.c = c, .charset = charset_use_of(c->m)};
	aff_buf_init(&run.text, PLAIN_MAX);
	for (size_t i = 0; i < c->checks->nprofiles; i++) {
		run.profile = c->checks->profiles[i];
		check_profile(&run);
	}
	aff_buf_free(&run.text);
	charset_use_end(&run.charset);
}
