/* SPDX-License-Identifier: Apache-2.0
 *
 * Segments and groups against a profile: each segment of the message is matched to a node, the nearest one after that
 * of the segment before it. First a way is looked for on which nothing is missing, then one more of the same segment,
 * then a way forward past what is missing, at last one more of a group. A group begins anew only where nothing that it
 * requires comes before the segment: otherwise a stray segment would look like a whole group with most of it missing.
 * What is missing in a group is told when it ends.
 */
#include "validate/profile.h"

#define NOWHERE ((unsigned)-1)

struct nodes_check {
	struct profile_run *run;
	const struct profile_node *nodes;
	unsigned root, end;
	unsigned at;                        /* the node of the segment before; the root before the first */
	unsigned count[PROFILE_MAX_NODES];  /* in the current repetition of the group above, from root */
	unsigned anchor[PROFILE_MAX_NODES]; /* of a group: the segment that began its current repetition */
};

/* Where a segment goes: the node, and the group that begins anew for it (NOWHERE: none). */
struct step {
	unsigned to, again;
};

static unsigned count_of(const struct nodes_check *w, unsigned node)
{
	return w->count[node - w->root];
}

static bool is_group(const struct profile_node *n)
{
	return !n->segment[0];
}

static struct element element_of(const struct nodes_check *w, unsigned node)
{
	return (struct element){w->run, &w->nodes[node].is, NULL};
}

/* ---- looking for the node of a segment ---- */

/* The node to look at after `node`, below group, was not the wanted one. NOWHERE: it is required. What cannot be passed
 * over makes its group one that must be passed over as a whole, and so on upwards. */
static unsigned pass_over(const struct nodes_check *w, unsigned group, unsigned node)
{
	if (is_group(&w->nodes[node]) || !usage_requires(&w->nodes[node].is))
		return node + 1;
	do {
		if (w->nodes[node].parent == group)
			return NOWHERE;
		node = w->nodes[node].parent;
	} while (usage_requires(&w->nodes[node].is));
	return w->nodes[node].end;
}

/* In [from, end) below group, the first node with this id; end when there is none. Strictly: nothing required is passed
 * over; NOWHERE when that stands in the way. */
static unsigned scan(const struct nodes_check *w, bool strictly, unsigned group, unsigned from, unsigned end,
                     const char *id)
{
	while (from < end && strcmp(w->nodes[from].segment, id) != 0)
		from = strictly ? pass_over(w, group, from) : from + 1;
	return from == NOWHERE || from < end ? from : end;
}

enum how { STRICTLY, ONE_MORE, LOOSELY, ONE_MORE_GROUP };
#define HOWS 4

static bool find(const struct nodes_check *w, const char *id, enum how how, struct step *out)
{
	unsigned group = w->at == w->root ? w->root : w->nodes[w->at].parent, from = w->at + 1;
	*out = (struct step){w->at, NOWHERE};
	if (strcmp(w->nodes[w->at].segment, id) == 0 &&
	    (how == ONE_MORE || count_of(w, w->at) < w->nodes[w->at].is.max))
		return true;
	for (; how != ONE_MORE; from = w->nodes[group].end, group = w->nodes[group].parent) {
		unsigned end = w->nodes[group].end;
		out->to = how == ONE_MORE_GROUP ? end : scan(w, how == STRICTLY, group, from, end, id);
		if (out->to != end)
			return out->to != NOWHERE;
		if (group == w->root)
			return false;
		bool repeats = how == ONE_MORE_GROUP || count_of(w, group) < w->nodes[group].is.max;
		out->to = repeats ? scan(w, true, group, group + 1, from, id) : from;
		out->again = group;
		if (out->to != from && out->to != NOWHERE)
			return true;
		out->again = NOWHERE;
	}
	return false;
}

static bool find_any(const struct nodes_check *w, const char *id, struct step *out)
{
	bool found = false;
	for (unsigned how = 0; !found && how < HOWS; how++)
		found = find(w, id, (enum how)how, out);
	return found;
}

/* ---- going there ---- */

/* Counts one more of a node; what is too many or not supported is told where it begins. */
static void count_node(struct nodes_check *w, unsigned node, unsigned segment)
{
	struct element e = element_of(w, node);
	struct place at = {.segment = segment};
	unsigned count = ++w->count[node - w->root];
	w->anchor[node - w->root] = segment;
	if (usage_forbids(e.is))
		element_report(&e, RULE_PROFILE_USAGE_X, AFF_SEVERITY_ERROR, at, "is there; its usage is %s",
		               e.is->usage == USAGE_W ? "W (withdrawn)" : "X (not supported)");
	else if (e.is->max != PROFILE_MANY && count == e.is->max + 1)
		element_report(&e, RULE_PROFILE_CARDINALITY, AFF_SEVERITY_ERROR, at, "is there more than %u times",
		               e.is->max);
}

/* A repetition of a group ends: what is missing in it? */
static void close_group(struct nodes_check *w, unsigned group)
{
	struct place at = {.segment = w->anchor[group - w->root]};
	for (unsigned i = group + 1; i < w->nodes[group].end; i = w->nodes[i].end) {
		struct element e = element_of(w, i);
		unsigned count = count_of(w, i);
		if (!count && usage_requires(e.is))
			element_report(&e, RULE_PROFILE_SEGMENT_MISSING, AFF_SEVERITY_ERROR, at,
			               "is missing; its usage is R");
		else if (count && count < e.is->min)
			element_report(&e, RULE_PROFILE_CARDINALITY, AFF_SEVERITY_ERROR, at,
			               "is there %u times, at least %u asked", count, e.is->min);
	}
}

static void begin_again(struct nodes_check *w, unsigned group, unsigned segment)
{
	close_group(w, group);
	for (unsigned i = group + 1; i < w->nodes[group].end; i++)
		w->count[i - w->root] = 0;
	count_node(w, group, segment);
}

static void go(struct nodes_check *w, const struct step *s, unsigned segment)
{
	unsigned group = w->at == w->root ? w->root : w->nodes[w->at].parent;
	/* up to the group that begins anew, or that holds both */
	while (s->again != NOWHERE ? group != s->again : s->to <= group || s->to >= w->nodes[group].end) {
		close_group(w, group);
		group = w->nodes[group].parent;
	}
	if (s->again != NOWHERE)
		begin_again(w, group, segment);
	/* and down again */
	for (unsigned up = w->nodes[s->to].parent; up != group; up = w->nodes[up].parent)
		count_node(w, up, segment);
	count_node(w, s->to, segment);
	w->at = s->to;
}

/* ---- the message ---- */

static void check_segment(struct nodes_check *w, unsigned segment)
{
	struct aff_view view = aff_msg_id(w->run->c->m, segment);
	struct step s;
	char id[4] = "";
	if (!check_is_segment_id(view))
		return; /* the parser or the syntax level tells */
	memcpy(id, view.p, 3);
	if (find_any(w, id, &s)) {
		go(w, &s, segment);
		if (!usage_forbids(&w->nodes[s.to].is))
			check_parts(w->run, &w->nodes[s.to], segment);
		return;
	}
	bool known = scan(w, false, w->root, w->root, w->end, id) != w->end;
	check_report_as(w->run->c, RULE_PROFILE_STRUCTURE, known ? AFF_SEVERITY_ERROR : AFF_SEVERITY_WARNING,
	                (struct place){.segment = segment},
	                known ? NULL : "the receiver ignores it, or the profile should have it",
	                known ? "segment %s stands where the profile does not have it (%s)"
	                      : "segment %s is not in the profile (%s)",
	                id, w->run->profile->source);
}

void check_nodes(struct profile_run *run, const struct profile_message *m)
{
	const struct profile_node *nodes = run->profile->nodes;
	struct nodes_check w = {.run = run, .nodes = nodes, .root = m->first, .end = m->end, .at = m->first};
	w.count[0] = 1;
	for (unsigned i = 0; i < aff_msg_segments(run->c->m); i++)
		check_segment(&w, i);
	for (unsigned group = w.at == w.root ? w.root : nodes[w.at].parent;; group = nodes[group].parent) {
		close_group(&w, group);
		if (group == w.root)
			break;
	}
}
