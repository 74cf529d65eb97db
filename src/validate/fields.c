/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks that look at one field alone, driven by fields.def.
 */
#include <stdio.h>

#include "validate/check.h"
#include "validate/tables.h"
#include "validate/types.h"

enum { NEVER = 0, ALWAYS = 1, UP = 999 };

struct rule {
	char segment[4];
	unsigned field, component;
	unsigned since, until;
	enum aff_severity missing;
	bool ihe;
	enum type type;
	unsigned table;
	enum aff_severity wrong;
	const char *name;
};

static const struct rule rules[] = {
#define FIELD(segment, field, component, since, until, missing, ihe, type, table, wrong, name)                         \
	{segment, field, component, since, until, AFF_SEVERITY_##missing, ihe, TYPE_##type,                            \
	 table, AFF_SEVERITY_##wrong, name},
#include "validate/fields.def"
#undef FIELD
};

static void check_missing(struct check *c, const struct rule *r, unsigned segment)
{
	struct place at = {.segment = segment, .field = r->field};
	bool ihe = r->ihe && c->checks->ihe;
	char hint[96] = "IHE PCD-01 requires it";
	bool since = r->since == ALWAYS || (r->since != NEVER && c->version >= r->since);
	if (!ihe && (!since || c->version > r->until))
		return;
	if (r->since == ALWAYS)
		snprintf(hint, sizeof hint, "HL7 requires it in every version");
	else if (!ihe)
		snprintf(hint, sizeof hint, "HL7 requires it since version 2.%u%s", r->since / 10 % 10,
		         r->since % 10 ? ".1" : "");
	check_report_as(c, ihe ? RULE_PCD_REQUIRED : RULE_REQUIRED, ihe ? AFF_SEVERITY_ERROR : r->missing, at, hint,
	                "%s-%u (%s) is empty", r->segment, r->field, r->name);
}

static void check_table(struct check *c, const struct rule *r, struct place at, struct aff_view value)
{
	const struct hl7_table *t = hl7_table(r->table);
	enum table_fit fit = hl7_table_fit(t, value);
	char hint[160];
	if (fit == TABLE_FITS)
		return;
	if (strlen(t->values) < 100)
		snprintf(hint, sizeof hint, "one of%.*s", (int)strlen(t->values) - 1, t->values);
	else
		snprintf(hint, sizeof hint, "see HL7 table %04u", t->number);
	if (fit == TABLE_OTHER_CASE)
		check_report_as(c, RULE_TABLE, AFF_SEVERITY_WARNING, at, "HL7 table values are written in capitals",
		             "%s-%u (%s) is in HL7 table %04u only in other case", r->segment, r->field, r->name,
		             t->number);
	else
		check_report_as(c, RULE_TABLE, r->wrong, at, hint, "%s-%u (%s) is not in HL7 table %04u", r->segment,
		             r->field, r->name, t->number);
}

static void check_one(struct check *c, const struct rule *r, unsigned segment, struct aff_view whole,
                      unsigned repetition)
{
	struct aff_view text = aff_cut(whole, &c->delims, 1, r->component, 0);
	struct place at = {.segment = segment, .field = r->field, .repetition = repetition};
	if (!text.n || aff_is_null(text))
		return;
	if (text.n < whole.n)
		at.component = r->component;
	if (c->checks->level >= AFF_CHECK_TYPES && r->type != TYPE_ANY && !type_fits(r->type, text))
		check_report_as(c, RULE_TYPE, r->wrong, at, type_looks(r->type),
		             "%s-%u (%s) does not fit its data type", r->segment, r->field, r->name);
	if (c->checks->level >= AFF_CHECK_TABLES && r->table)
		check_table(c, r, at, text);
}

static void check_rule(struct check *c, const struct rule *r, unsigned segment)
{
	struct aff_view field = aff_msg_field(c->m, segment, r->field);
	if (check_is_empty(c, field)) {
		check_missing(c, r, segment);
		return;
	}
	if (r->type == TYPE_ANY && !r->table)
		return;
	struct aff_parts repetitions = aff_parts(field, c->delims.repetition);
	struct aff_view text;
	for (unsigned n = 1; aff_parts_next(&repetitions, &text); n++)
		check_one(c, r, segment, text, n);
}

void check_fields(struct check *c, unsigned segment)
{
	struct aff_view id = aff_msg_id(c->m, segment);
	const size_t count = sizeof rules / sizeof rules[0];
	size_t i = id.n == 3 ? 0 : count;
	while (i < count && memcmp(id.p, rules[i].segment, 3) != 0)
		i++;
	/* a segment's rules stand together */
	for (; i < count && memcmp(id.p, rules[i].segment, 3) == 0; i++)
		check_rule(c, &rules[i], segment);
}
