/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of the short form: each looks at one path in every segment that has its id.
 */
#include "validate/profile.h"
#include "validate/types.h"

/* One repetition of the field. */
static void check_repetition(const struct element *e, struct place at, struct aff_view text)
{
	const struct aff_path *path = &e->rule->path;
	struct aff_view v = text;
	at.component = path->component;
	at.subcomponent = path->subcomponent;
	if (path->component)
		v = aff_cut(text, &e->run->c->delims, 1, path->component, path->subcomponent);
	if (element_is_there(e, at, v))
		element_value(e, at, v, true);
}

/* Counts are of repetitions of the field, for a component of those that have it. */
static unsigned count_in(const struct element *e, struct aff_view field)
{
	const struct aff_path *path = &e->rule->path;
	struct aff_parts repetitions = aff_parts(field, e->run->c->delims.repetition);
	struct aff_view one;
	unsigned n = 0;
	while (aff_parts_next(&repetitions, &one)) {
		if (path->component)
			one = aff_cut(one, &e->run->c->delims, 1, path->component, path->subcomponent);
		n += !path->component || !check_is_empty(e->run->c, one);
	}
	return n;
}

static void check_field(const struct element *e, unsigned segment)
{
	const struct aff_path *path = &e->rule->path;
	struct place at = {.segment = segment, .field = path->field};
	struct aff_view field = aff_msg_field(e->run->c->m, segment, path->field), one;
	bool unsplit = path->field <= 2 && aff_msg_is(e->run->c->m, segment, "MSH");
	if (unsplit || check_is_empty(e->run->c, field)) {
		at.component = path->component;
		at.subcomponent = path->subcomponent;
		if (element_is_there(e, at, field))
			element_value(e, at, field, false);
		return;
	}
	struct aff_parts repetitions = aff_parts(field, e->run->c->delims.repetition);
	for (at.repetition = 1; aff_parts_next(&repetitions, &one); at.repetition++) {
		if ((!path->repetition || path->repetition == at.repetition) && !check_is_empty(e->run->c, one))
			check_repetition(e, at, one);
	}
	if (path->repetition > at.repetition - 1)
		check_repetition(
			e, (struct place){.segment = segment, .field = path->field, .repetition = path->repetition},
			aff_view("", 0));
	if (!path->repetition && !usage_forbids(e->is)) {
		unsigned n = count_in(e, field);
		if (n)
			element_count(e, (struct place){.segment = segment, .field = path->field}, n);
	}
}

/* Whether the condition holds; a regular expression that takes too long counts as held, so that nothing is missed. */
static bool applies(const struct element *e, unsigned segment)
{
	int truth = e->rule->when ? aff_expr_test_message(e->rule->when, e->run->c->m, segment) : 1;
	if (truth == AFF_ENOMEM)
		e->run->c->failed = truth;
	return truth != 0;
}

/* A path that names a segment alone: whether it is there, and how often. */
static void check_presence(const struct element *e, unsigned count, unsigned last)
{
	struct place at = {.segment = last};
	if (!count && usage_requires(e->is))
		element_report(e, RULE_PROFILE_SEGMENT_MISSING, AFF_SEVERITY_ERROR, at, "segment %s is missing",
		               e->rule->path.segment);
	else if (count && usage_forbids(e->is))
		element_report(e, RULE_PROFILE_USAGE_X, AFF_SEVERITY_ERROR, at, "segment %s is there; its usage is X",
		               e->rule->path.segment);
	else if (count)
		element_count(e, at, count);
}

static void check_rule(const struct element *e)
{
	const struct profile_rule *r = e->rule;
	const struct aff_msg *m = e->run->c->m;
	const struct aff_groups *groups;
	unsigned count = 0, last = 0;
	if (r->path.group_count && aff_msg_groups(m, &groups)) {
		e->run->c->failed = AFF_ENOMEM;
		return;
	}
	for (unsigned i = aff_path_next(m, &r->path, 0); i != AFF_NONE; i = aff_path_next(m, &r->path, i + 1)) {
		count++;
		last = i;
		if (r->path.field && applies(e, i))
			check_field(e, i);
	}
	if (!r->path.field && applies(e, AFF_NONE))
		check_presence(e, count, last);
	else if (r->path.field && !count && !r->each && usage_requires(e->is) && applies(e, AFF_NONE))
		element_report(e, RULE_PROFILE_SEGMENT_MISSING, AFF_SEVERITY_ERROR, (struct place){.segment = 0},
		               "segment %s is missing; %s-%u is required", r->path.segment, r->path.segment,
		               r->path.field);
}

void check_rules(struct profile_run *run)
{
	const struct aff_profile *p = run->profile;
	for (size_t i = 0; i < p->nrules; i++) {
		struct element e = {run, &p->rules[i].is, &p->rules[i]};
		check_rule(&e);
	}
}
