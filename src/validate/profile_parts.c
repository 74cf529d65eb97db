/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields, components and subcomponents against a profile. The parts of a segment lie in one array, those that are below
 * another one right behind it: three loops, one for each level.
 */
#include "validate/profile.h"
#include "validate/types.h"

static struct element element_of(struct profile_run *run, const struct profile_part *part)
{
	return (struct element){run, &part->is, NULL};
}

/* The parts below another one are numbered 1, 2, 3 ...: a walk through the text keeps step with them. */
static struct aff_view next_part(struct aff_parts *walk)
{
	struct aff_view part;
	return aff_parts_next(walk, &part) ? part : aff_view("", 0);
}

/* Most places are empty, and most of these may be. */
static bool is_idle(const struct profile_part *part, struct aff_view text)
{
	return !text.n && !usage_requires(&part->is);
}

static void check_subcomponents(struct profile_run *run, unsigned above, struct place at, struct aff_view text)
{
	const struct profile_part *parts = run->profile->parts;
	struct aff_parts walk = aff_parts(text, run->c->delims.subcomponent);
	for (unsigned i = above + 1; i < parts[above].end; i = parts[i].end) {
		struct aff_view v = next_part(&walk);
		if (is_idle(&parts[i], v))
			continue;
		struct element e = element_of(run, &parts[i]);
		at.subcomponent = parts[i].number;
		if (element_is_there(&e, at, v))
			element_value(&e, at, v, true);
	}
}

static void check_components(struct profile_run *run, unsigned above, struct place at, struct aff_view text)
{
	const struct profile_part *parts = run->profile->parts;
	struct aff_parts walk = aff_parts(text, run->c->delims.component);
	for (unsigned i = above + 1; i < parts[above].end; i = parts[i].end) {
		struct aff_view v = next_part(&walk);
		if (is_idle(&parts[i], v))
			continue;
		struct element e = element_of(run, &parts[i]);
		at.component = parts[i].number;
		if (!element_is_there(&e, at, v))
			continue;
		element_value(&e, at, v, parts[i].end == i + 1);
		if (parts[i].end > i + 1 && !aff_is_null(v))
			check_subcomponents(run, i, at, v);
	}
}

static void check_field(struct profile_run *run, unsigned segment, unsigned field)
{
	const struct profile_part *part = &run->profile->parts[field];
	struct aff_view text = aff_msg_field(run->c->m, segment, part->number);
	if (is_idle(part, text))
		return;
	struct element e = element_of(run, part);
	struct place at = {.segment = segment, .field = part->number};
	bool unsplit = part->number <= 2 && aff_msg_is(run->c->m, segment, "MSH"), leaf = part->end == field + 1;
	if (!element_is_there(&e, at, text))
		return;
	element_count(&e, at, unsplit ? 1 : aff_count(text, run->c->delims.repetition));
	struct aff_parts repetitions = aff_parts(text, unsplit ? '\0' : run->c->delims.repetition);
	struct aff_view one;
	for (at.repetition = 1; aff_parts_next(&repetitions, &one); at.repetition++) {
		if (!unsplit && check_is_empty(run->c, one))
			continue;
		element_value(&e, at, one, leaf && !unsplit);
		if (!leaf && !unsplit && !aff_is_null(one))
			check_components(run, field, at, one);
	}
}

void check_parts(struct profile_run *run, const struct profile_node *n, unsigned segment)
{
	for (unsigned i = n->first_part; i < n->end_part; i = run->profile->parts[i].end)
		check_field(run, segment, i);
}
