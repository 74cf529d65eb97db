/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking up message structures. The definitions of one structure stand together, oldest first.
 */
#include <afferent/schema.h>

#include "schema/order.h"

/* Which structure a message has by its type and event; event "*": any other. */
struct event {
	char type[4], event[4], structure[8];
};

#define ID(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

#include "structures.inc"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const struct aff_schema_structure *aff_schema_structure(unsigned version, struct aff_view id)
{
	size_t from = 0, to = COUNT(structures);
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (order_compare(structures[middle].id, id) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == COUNT(structures) || order_compare(structures[from].id, id) != 0)
		return NULL;
	/* the last one that is not younger, else the first */
	while (from + 1 < COUNT(structures) && order_compare(structures[from + 1].id, id) == 0 &&
	       (!version || structures[from + 1].since <= version))
		from++;
	return &structures[from];
}

static const char *find_event(struct aff_view type, struct aff_view event)
{
	const char *any = NULL;
	for (size_t i = 0; i < COUNT(events); i++) {
		if (!aff_view_is(type, events[i].type))
			continue;
		if (aff_view_is(event, events[i].event))
			return events[i].structure;
		if (events[i].event[0] == '*')
			any = events[i].structure;
	}
	return any;
}

const struct aff_schema_structure *aff_schema_message(unsigned version, struct aff_view type, struct aff_view event,
                                                      struct aff_view structure)
{
	const struct aff_schema_structure *s = NULL;
	if (type.n == 3 && structure.n >= 3 && memcmp(structure.p, type.p, 3) == 0)
		s = aff_schema_structure(version, structure);
	if (s)
		return s;
	const char *id = find_event(type, event);
	return id ? aff_schema_structure(version, aff_view_of(id)) : NULL;
}

const struct aff_schema_structure *aff_schema_structure_at(unsigned nth)
{
	return nth < COUNT(structures) ? &structures[nth] : NULL;
}

unsigned aff_schema_group(struct aff_view name)
{
	for (unsigned i = 0; i < COUNT(group_names); i++) {
		if (aff_view_is(name, group_names[i]))
			return i + 1;
	}
	return 0;
}

const char *aff_schema_group_name(unsigned group)
{
	return group && group <= COUNT(group_names) ? group_names[group - 1] : NULL;
}
