/* SPDX-License-Identifier: Apache-2.0
 *
 * What paths say about groups.
 */
#include "hl7/group.h"

#include "hl7/index.h"

static bool is_in(const struct aff_groups *g, unsigned group, unsigned base)
{
	while (group > base)
		group = aff_groups_at(g, group)->parent;
	return group == base;
}

static bool has_name(const struct aff_groups *g, unsigned group, unsigned name)
{
	const struct aff_schema_node *node = aff_groups_at(g, group)->node;
	return node && node->group == name;
}

/* The nth group with this name in `base`, which may lie deeper; AFF_NONE. */
static unsigned find_nth(const struct aff_groups *g, unsigned base, unsigned name, unsigned nth)
{
	unsigned last = aff_groups_at(g, base)->last;
	for (unsigned i = base + 1; i < aff_groups_count(g) && aff_groups_at(g, i)->first <= last; i++) {
		if (has_name(g, i, name) && is_in(g, i, base) && --nth == 0)
			return i;
	}
	return AFF_NONE;
}

/* The group with this name, in `base`, that a segment is in; AFF_NONE. */
static unsigned find_around(const struct aff_groups *g, unsigned base, unsigned name, unsigned segment)
{
	for (unsigned i = aff_groups_of(g, segment); i > base; i = aff_groups_at(g, i)->parent) {
		if (has_name(g, i, name))
			return is_in(g, i, base) ? i : AFF_NONE;
	}
	return AFF_NONE;
}

static bool can_hold(const struct aff_groups *g, unsigned group, unsigned name)
{
	const struct aff_schema_structure *s = aff_groups_structure(g);
	const struct aff_schema_node *node = aff_groups_at(g, group)->node;
	for (const struct aff_schema_node *n = node + 1; n < s->node + node->end; n++) {
		if (n->group == name)
			return true;
	}
	return false;
}

/* The first group with this name in what the segment is in: for a PID or its OBX the first order of its own patient,
 * or none, never one of another patient. */
static unsigned find_beside(const struct aff_groups *g, unsigned base, unsigned name, unsigned segment)
{
	unsigned group = aff_groups_of(g, segment);
	if (!aff_groups_structure(g))
		return AFF_NONE;
	if (!is_in(g, group, base))
		group = base;
	while (group != base && !can_hold(g, group, name))
		group = aff_groups_at(g, group)->parent;
	return find_nth(g, group, name, 1);
}

unsigned group_of_path(const struct aff_groups *g, const struct aff_path *path, unsigned current)
{
	unsigned base = 0;
	if (!aff_groups_count(g))
		return AFF_NONE;
	for (unsigned i = 0; i < path->group_count && base != AFF_NONE; i++) {
		const struct aff_path_group *part = &path->groups[i];
		unsigned around = AFF_NONE;
		bool own = !part->occurrence && current != AFF_NONE;
		if (own)
			around = find_around(g, base, part->group, current);
		if (around != AFF_NONE)
			base = around;
		else if (own)
			base = find_beside(g, base, part->group, current);
		else
			base = find_nth(g, base, part->group, part->occurrence ? part->occurrence : 1);
	}
	return base;
}

static bool is_pid(const struct group_source *from, unsigned segment)
{
	return from->of(from->arg, segment) == INDEX_ID('P', 'I', 'D');
}

/* Whether there is a PID among the segments from..to. */
static bool has_pid(const struct group_source *from, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		if (is_pid(from, i))
			return true;
	}
	return false;
}

/* A reading or an order before all of several patients is about none of them. */
static bool is_nobodys(const struct group_source *from, unsigned segment)
{
	uint32_t id = from->of(from->arg, segment);
	unsigned patients = 0;
	if (id != INDEX_ID('O', 'B', 'X') && id != INDEX_ID('O', 'B', 'R') && id != INDEX_ID('O', 'R', 'C'))
		return false;
	for (unsigned i = segment + 1; i < from->segments && patients < 2; i++)
		patients += is_pid(from, i);
	return patients > 1;
}

unsigned group_own_patient(const struct group_source *from, uint32_t id, unsigned first, unsigned current)
{
	unsigned own = current;
	if (first > current ? !has_pid(from, current + 1, first) : !has_pid(from, first + 1, current))
		return first;
	while (own && !is_pid(from, own))
		own--;
	if (!has_pid(from, 0, first))
		return first;
	if (!own)
		return is_nobodys(from, current) ? AFF_NONE : first;
	for (unsigned i = own; i < from->segments && (i == own || !is_pid(from, i)); i++) {
		if (from->of(from->arg, i) == id)
			return i;
	}
	return AFF_NONE;
}

bool group_fits(const struct aff_groups *g, const struct aff_path *path, unsigned segment, unsigned *group)
{
	unsigned base = 0;
	for (unsigned i = 0; i < path->group_count; i++) {
		const struct aff_path_group *part = &path->groups[i];
		unsigned own = find_around(g, base, part->group, segment);
		if (own == AFF_NONE || (part->occurrence && find_nth(g, base, part->group, part->occurrence) != own))
			return false;
		base = own;
	}
	*group = base;
	return true;
}
