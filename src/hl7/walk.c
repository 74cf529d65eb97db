/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the next segment belongs. Three searches, from the innermost open group outwards:
 *   forward   a place that can be reached without leaving out anything required, or a group that begins anew
 *   backward  a place that was passed already: out of order
 *   skipping  a place behind something required that is missing, where the fewest are missing
 */
#include "hl7/walk.h"

#include "hl7/index.h"

static const struct aff_schema_node *node_of(const struct walk *w, unsigned n)
{
	return &w->s->node[n];
}

static uint64_t bit(unsigned n)
{
	return UINT64_C(1) << n;
}

static void tell(const struct walk *w, enum aff_group_finding_kind kind, const struct walk_level *l, unsigned segment,
                 const struct aff_schema_node *missing)
{
	struct aff_group_finding f = {.kind = kind, .segment = segment, .last = w->segment - 1, .node = missing};
	if (!w->hook)
		return;
	f.group = node_of(w, l->node);
	w->hook->tell(w->hook->arg, &f);
}

/* What stands before them is what these comment on: they never begin an outer group. */
static bool is_attached(uint32_t id)
{
	return id == INDEX_ID('N', 'T', 'E') || id == INDEX_ID('P', 'R', 'T');
}

/* A group ends. One that began without its first segment lacks what should stand before the segment it began with: what
 * else it may lack is not told, it is one mistake. */
static void close_level(struct walk *w, const struct walk_level *l)
{
	unsigned end = node_of(w, l->node)->end;
	if (!w->hook)
		return;
	for (unsigned n = l->node + 1u; n < end; n = node_of(w, n)->end) {
		if (l->headless && (l->seen & bit(n)))
			return;
		if (!node_of(w, n)->may_be_missing && !(l->seen & bit(n)))
			tell(w, AFF_GROUP_MISSING, l, l->first, node_of(w, n));
	}
}

static void close_to(struct walk *w, unsigned depth)
{
	while (w->depth > depth) {
		close_level(w, &w->level[w->depth]);
		w->depth--;
	}
}

static void open_level(struct walk *w, unsigned group, bool headless)
{
	struct walk_level *parent = &w->level[w->depth++];
	unsigned end = node_of(w, group)->end;
	parent->child = (uint16_t)group;
	parent->seen |= bit(group);
	w->level[w->depth] = (struct walk_level){.node = (uint16_t)group,
	                                         .first = w->segment,
	                                         .serial = ++w->serials,
	                                         .occurrence = ++w->occurrences[group],
	                                         .headless = headless};
	if (w->opened > w->depth)
		w->opened = w->depth;
	memset(&w->occurrences[group + 1], 0, (end - group - 1) * sizeof w->occurrences[0]);
}

/* Whether a group must have something before its member n. */
static bool has_more_before(const struct walk *w, unsigned group, unsigned member)
{
	for (unsigned n = group + 1; n < member; n = node_of(w, n)->end) {
		if (!node_of(w, n)->may_be_missing)
			return true;
	}
	return false;
}

/* The segment is `leaf`, in the open group of level `depth` or in groups below it that begin with it. */
static void accept(struct walk *w, unsigned depth, unsigned leaf)
{
	unsigned chain[WALK_DEPTH], n = 0, top = w->level[depth].node, member = leaf;
	bool headless[WALK_DEPTH], lacks = false;
	close_to(w, depth);
	for (unsigned g = node_of(w, leaf)->parent; g != top; g = node_of(w, g)->parent) {
		lacks = lacks || has_more_before(w, g, member);
		headless[n] = lacks;
		chain[n++] = member = g;
	}
	while (n--)
		open_level(w, chain[n], headless[n]);
	w->level[w->depth].child = (uint16_t)leaf;
	w->level[w->depth].seen |= bit(leaf);
}

/* The member of `group` with which a segment can begin it, 0 when it cannot. Structures nest, so what is optional is
 * jumped over whole. */
static unsigned start_of(const struct walk *w, unsigned group, uint32_t id)
{
	unsigned end = node_of(w, group)->end, n = group + 1;
	while (n < end) {
		const struct aff_schema_node *node = node_of(w, n);
		if (node->id == id)
			return n;
		if (!node->id || !node->required) {
			n++;
			continue;
		}
		unsigned g = node->parent;
		while (g != group && !node_of(w, g)->may_be_missing)
			g = node_of(w, g)->parent;
		if (g == group)
			return 0;
		n = node_of(w, g)->end;
	}
	return 0;
}

/* An ORC that waits for its OBR takes a second ORC in, where ORC is optional: ORC ORC OBR is one order. */
static bool is_pending(const struct walk *w, unsigned depth, unsigned leaf)
{
	unsigned group = w->level[depth].child, direct = leaf;
	if (w->depth <= depth || node_of(w, leaf)->id != INDEX_ID('O', 'R', 'C'))
		return false;
	const struct walk_level *l = &w->level[depth + 1];
	while (node_of(w, direct)->parent != group)
		direct = node_of(w, direct)->parent;
	if (!node_of(w, direct)->may_be_missing || !(l->seen & bit(direct)))
		return false;
	for (unsigned n = group + 1; n < node_of(w, group)->end; n = node_of(w, n)->end) {
		if ((l->seen & bit(n)) && !node_of(w, n)->may_be_missing)
			return false;
	}
	return true;
}

/* The same member again. */
static bool again(struct walk *w, unsigned depth, uint32_t id)
{
	unsigned child = w->level[depth].child;
	const struct aff_schema_node *node = node_of(w, child);
	if (!child || !node->repeats)
		return false;
	unsigned leaf = node->id ? (node->id == id ? child : 0) : start_of(w, child, id);
	if (!leaf)
		return false;
	if (!node->id && is_attached(id) && leaf != child + 1)
		return false;
	if (!node->id && is_pending(w, depth, leaf)) {
		tell(w, AFF_GROUP_REPEATED, &w->level[w->depth], w->segment, NULL);
		return true;
	}
	accept(w, depth, leaf);
	return true;
}

static unsigned next_member(const struct walk *w, unsigned depth)
{
	const struct walk_level *l = &w->level[depth];
	return l->child ? node_of(w, l->child)->end : l->node + 1u;
}

static bool forward(struct walk *w, unsigned depth, uint32_t id)
{
	unsigned end = node_of(w, w->level[depth].node)->end;
	for (unsigned n = next_member(w, depth); n < end; n = node_of(w, n)->end) {
		const struct aff_schema_node *node = node_of(w, n);
		unsigned leaf = node->id ? (node->id == id ? n : 0) : start_of(w, n, id);
		if (leaf && (node->id || !is_attached(id) || leaf == n + 1)) {
			accept(w, depth, leaf);
			return true;
		}
		if (!node->may_be_missing)
			return false;
	}
	return false;
}

static bool holds(const struct walk *w, unsigned group, uint32_t id)
{
	for (unsigned n = group + 1; n < node_of(w, group)->end; n++) {
		if (node_of(w, n)->id == id)
			return true;
	}
	return false;
}

/* In the innermost group the walk goes back to the place; a segment that belongs to a group further out, or into the
 * middle of one, stays where it is, and what follows it goes on from there. */
static bool backward(struct walk *w, unsigned depth, uint32_t id)
{
	struct walk_level *l = &w->level[depth];
	unsigned stop = depth < w->depth ? l->child : next_member(w, depth);
	for (unsigned n = l->node + 1u; n < stop; n = node_of(w, n)->end) {
		const struct aff_schema_node *node = node_of(w, n);
		if (node->id ? node->id != id : !holds(w, n, id))
			continue;
		unsigned leaf = node->id ? n : start_of(w, n, id);
		bool twice = leaf && (l->seen & bit(n)) && !node->repeats;
		tell(w, twice ? AFF_GROUP_REPEATED : AFF_GROUP_ORDER, l, w->segment, NULL);
		if (depth == w->depth && leaf && !twice) {
			if (node->id)
				l->seen |= bit(n);
			else
				accept(w, depth, leaf);
		}
		return true;
	}
	return false;
}

/* How much is missing if the next segment is `leaf`, which lies behind member `from` of group `top`. */
static unsigned missing_before(const struct walk *w, unsigned leaf, unsigned top, unsigned from)
{
	unsigned cost = 0;
	for (unsigned n = leaf;;) {
		unsigned g = node_of(w, n)->parent, before = 0;
		for (unsigned k = g == top ? from : g + 1; k < n; k = node_of(w, k)->end)
			before += !node_of(w, k)->may_be_missing;
		cost += before;
		if (g == top)
			return cost;
		cost += before && node_of(w, g)->may_be_missing; /* rather a group that must be there */
		n = g;
	}
}

static bool skipping(struct walk *w, uint32_t id)
{
	unsigned best = 0, best_depth = 0, least = WALK_NODES;
	for (unsigned depth = w->depth + 1; depth-- > 0;) {
		const struct walk_level *l = &w->level[depth];
		for (unsigned n = next_member(w, depth); n < node_of(w, l->node)->end; n++) {
			if (node_of(w, n)->id != id)
				continue;
			unsigned cost = missing_before(w, n, l->node, next_member(w, depth));
			if (cost < least) {
				least = cost;
				best = n;
				best_depth = depth;
			}
		}
	}
	if (best)
		accept(w, best_depth, best);
	return best != 0;
}

/* Anywhere but where it is expected; false when there is no place to be found. */
static bool place_elsewhere(struct walk *w, uint32_t id)
{
	for (unsigned depth = w->depth + 1; depth-- > 0;) {
		if (backward(w, depth, id))
			return true;
	}
	return skipping(w, id);
}

static void place(struct walk *w, uint32_t id)
{
	const struct walk_level *l = &w->level[w->depth];
	for (unsigned depth = w->depth + 1; id && depth-- > 0;) {
		if (again(w, depth, id) || forward(w, depth, id))
			return;
	}
	if (!id || !holds(w, 0, id))
		tell(w, AFF_GROUP_UNEXPECTED, l, w->segment, NULL);
	else if (is_attached(id) ? !w->depth : !place_elsewhere(w, id))
		tell(w, AFF_GROUP_ORDER, l, w->segment, NULL);
}

void walk_begin(struct walk *w, const struct aff_schema_structure *s, const struct aff_group_hook *hook)
{
	w->s = s;
	w->hook = hook;
	w->segment = w->depth = w->serials = 0;
	w->opened = WALK_DEPTH;
	w->level[0] = (struct walk_level){.occurrence = 1};
	memset(w->occurrences, 0, sizeof w->occurrences);
}

void walk_segment(struct walk *w, uint32_t id)
{
	w->opened = WALK_DEPTH;
	if (w->s)
		place(w, id);
	w->segment++;
}

void walk_end(struct walk *w)
{
	if (!w->s)
		return;
	close_to(w, 0);
	close_level(w, &w->level[0]);
}
