/* SPDX-License-Identifier: Apache-2.0
 *
 * One cause is told once: a code that is none breaks a rule of HL7, one of IHE and one of sense. Of two findings that
 * say the same of one place the graver one stands; of two that are as grave, the one that knows more of the message.
 */
#include "validate/check.h"

/* Findings behind so many are told as they come: looking for their like would take time with their square. */
enum { CAUSES_MAX = 1000 };

/* Rules of sense and of IHE that look at one thing. Rules of other families do where place and error condition are the
 * same. */
static const struct {
	enum check_rule sense, ihe;
} same[] = {
	{RULE_CODE, RULE_PCD_CODE_NAME},
	{RULE_CODE, RULE_PCD_CODE_SYNONYM},
	{RULE_PARTITION, RULE_PCD_CODE_CONTEXT},
	{RULE_UNIT, RULE_PCD_UNIT_QUANTITY},
	{RULE_UNIT_CODE, RULE_PCD_UNIT_NAME},
	{RULE_UNIT_CODE, RULE_PCD_UNIT_UNKNOWN},
	{RULE_UNIT_UNKNOWN, RULE_PCD_UNIT_UNKNOWN},
	{RULE_UNIT_UNKNOWN, RULE_PCD_UNIT_SYSTEM},
	{RULE_FLAG, RULE_PCD_FLAG_VALUE},
	{RULE_FLAG, RULE_PCD_FLAG_STATUS},
	{RULE_STATUS, RULE_PCD_STATUS_X},
};

/* How much the rule knows of the message: HL7 asks the same of all, a profile asks it of one interface. */
enum family { FAMILY_HL7, FAMILY_SENSE, FAMILY_IHE, FAMILY_PROFILE };

static enum family family_of(const struct aff_diag *d)
{
	return d->rule[0] == 'h' ? FAMILY_HL7 : d->rule[0] == 's' ? FAMILY_SENSE
	       : d->rule[1] == 'c' ? FAMILY_IHE : FAMILY_PROFILE;
}

static bool is_same_part(const struct aff_location *a, const struct aff_location *b)
{
	return (a->repetition ? a->repetition : 1) == (b->repetition ? b->repetition : 1) &&
	       a->component == b->component && a->subcomponent == b->subcomponent;
}

static bool is_pair(const struct aff_diag *sense, const struct aff_diag *ihe)
{
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		if (sense->rule == aff_check_rule_at(same[i].sense)->id &&
		    ihe->rule == aff_check_rule_at(same[i].ihe)->id)
			return true;
	}
	return false;
}

static bool is_one_cause(const struct aff_diag *a, const struct aff_diag *b)
{
	enum family fa = family_of(a), fb = family_of(b);
	if (a->at.field != b->at.field || a->at.occurrence != b->at.occurrence ||
	    memcmp(a->at.segment, b->at.segment, sizeof a->at.segment) != 0 || fa == fb)
		return false;
	if (fa == FAMILY_SENSE || fb == FAMILY_SENSE)
		return fa == FAMILY_SENSE ? is_pair(a, b) : is_pair(b, a);
	return a->code == b->code && is_same_part(&a->at, &b->at);
}

/* AFF_SEVERITY_ERROR is the gravest and the least number. */
static bool stands_before(const struct aff_diag *a, const struct aff_diag *b)
{
	return a->severity != b->severity ? a->severity < b->severity : family_of(a) > family_of(b);
}

static void replace(struct check *c, struct aff_diag *old, const struct aff_diag *d)
{
	struct aff_diag_list *l = c->findings;
	bool was_first = c->first && c->first->rule == old->rule &&
	                 memcmp(&c->first->at, &old->at, sizeof old->at) == 0;
	if (old->severity == AFF_SEVERITY_WARNING)
		l->warnings--;
	if (d->severity == AFF_SEVERITY_WARNING)
		l->warnings++;
	if (d->severity == AFF_SEVERITY_ERROR && old->severity != AFF_SEVERITY_ERROR) {
		check_count_error(c, d);
		l->errors++;
	} else if (was_first) {
		*c->first = *d;
	}
	*old = *d;
}

bool check_is_told(struct check *c, const struct aff_diag *d)
{
	struct aff_diag_list *l = c->findings;
	if (!d->at.field || family_of(d) == FAMILY_HL7 || l->count > CAUSES_MAX)
		return false;
	for (size_t i = l->count; i-- > c->begin;) {
		if (!is_one_cause(&l->items[i], d))
			continue;
		if (stands_before(d, &l->items[i]))
			replace(c, &l->items[i], d);
		return true;
	}
	return false;
}
