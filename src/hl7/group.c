/* SPDX-License-Identifier: Apache-2.0
 *
 * The groups of a message as a table: what a walk along the structure opens is written down.
 */
#include "hl7/group.h"

#include <stdlib.h>

#include "base/vector.h"
#include "hl7/index.h"
#include "hl7/walk.h"

struct aff_groups {
	const struct aff_schema_structure *structure;
	struct aff_group *groups;
	size_t count, max_groups;
	uint32_t *of;            /* the innermost group of each segment */
	size_t segments, max_segments;
	struct walk walk;
};

int aff_groups_new(struct aff_groups **out)
{
	struct aff_groups *g = calloc(1, sizeof *g);
	if (!g)
		return AFF_ENOMEM;
	*out = g;
	return 0;
}

void aff_groups_free(struct aff_groups *g)
{
	if (!g)
		return;
	free(g->groups);
	free(g->of);
	free(g);
}

static int add_group(struct aff_groups *g, struct aff_group group)
{
	if (g->count == g->max_groups && vector_room(&g->groups, &g->max_groups, g->count, sizeof *g->groups))
		return AFF_ENOMEM;
	g->groups[g->count++] = group;
	return 0;
}

/* Writes down what the last segment opened, and that it belongs to the groups that are open. */
static int note_segment(struct aff_groups *g, unsigned segment)
{
	const struct walk *w = &g->walk;
	for (unsigned d = w->opened; d <= w->depth; d++) {
		const struct walk_level *l = &w->level[d];
		struct aff_group group = {.node = &w->s->node[l->node],
		                          .parent = w->level[d - 1].serial,
		                          .occurrence = l->occurrence,
		                          .first = segment};
		if (add_group(g, group))
			return AFF_ENOMEM;
	}
	for (unsigned d = 0; d <= w->depth; d++)
		g->groups[w->level[d].serial].last = segment;
	if (g->segments == g->max_segments && vector_room(&g->of, &g->max_segments, g->segments, sizeof *g->of))
		return AFF_ENOMEM;
	g->of[g->segments++] = w->level[w->depth].serial;
	return 0;
}

int group_match(struct aff_groups *g, const struct group_source *from, const struct aff_group_hook *hook)
{
	g->structure = from->structure;
	g->count = g->segments = 0;
	walk_begin(&g->walk, from->structure, hook);
	struct aff_group message = {.node = from->structure ? from->structure->node : NULL, .occurrence = 1};
	int rc = add_group(g, message);
	for (unsigned i = 0; !rc && i < from->segments; i++) {
		walk_segment(&g->walk, from->of(from->arg, i));
		rc = note_segment(g, i);
	}
	if (rc)
		group_forget(g);
	else
		walk_end(&g->walk);
	return rc;
}

const struct aff_schema_structure *group_structure(struct aff_view msh9, struct aff_view msh12,
                                                   const struct aff_delims *d)
{
	return aff_schema_message(aff_schema_version(aff_cut(msh12, d, 1, 1, 1)), aff_cut(msh9, d, 1, 1, 0),
	                          aff_cut(msh9, d, 1, 2, 0), aff_cut(msh9, d, 1, 3, 0));
}

static uint32_t id_of(const void *arg, unsigned n)
{
	const struct aff_msg *m = arg;
	return m->segments[n].id;
}

static const struct aff_schema_structure *structure_of(const struct aff_msg *m)
{
	return group_structure(aff_msg_field(m, 0, 9), aff_msg_field(m, 0, 12), &m->delims);
}

struct group_source group_source_of(const struct aff_msg *m)
{
	return (struct group_source){.segments = m->count, .of = id_of, .arg = m};
}

int aff_groups_match(struct aff_groups *g, const struct aff_msg *m, const struct aff_group_hook *hook)
{
	struct group_source from = group_source_of(m);
	from.structure = structure_of(m);
	return group_match(g, &from, hook);
}

void group_walk(const struct aff_msg *m, const struct aff_group_hook *hook)
{
	struct walk w;
	walk_begin(&w, structure_of(m), hook);
	for (unsigned i = 0; i < m->count; i++)
		walk_segment(&w, m->segments[i].id);
	walk_end(&w);
}

void group_forget(struct aff_groups *g)
{
	g->count = g->segments = 0;
}

int aff_msg_groups(const struct aff_msg *m, const struct aff_groups **out)
{
	int rc = aff_groups_count(m->groups) ? 0 : aff_groups_match(m->groups, m, NULL);
	*out = rc ? NULL : m->groups;
	return rc;
}

const struct aff_schema_structure *aff_groups_structure(const struct aff_groups *g)
{
	return g->structure;
}

unsigned aff_groups_count(const struct aff_groups *g)
{
	return (unsigned)g->count;
}

const struct aff_group *aff_groups_at(const struct aff_groups *g, unsigned group)
{
	return &g->groups[group];
}

unsigned aff_groups_of(const struct aff_groups *g, unsigned segment)
{
	return segment < g->segments ? g->of[segment] : 0;
}
