/* SPDX-License-Identifier: Apache-2.0
 *
 * ORDER: the segments before the first order, in the order that receivers expect. A segment moves with what stands
 * behind it and is not in the order: notes, and segments that nobody knows, are about it.
 */
#include <afferent/group.h>
#include <stdlib.h>

#include "rules/step.h"

enum { ORDER_MAX = 100, HEADER_MAX = 500, UNRANKED = -1 };

static bool is_any(const struct aff_edit *e, unsigned segment, const char *const *ids)
{
	while (*ids && !aff_edit_is(e, segment, *ids))
		ids++;
	return *ids != NULL;
}

static bool is_one(const char *id, const char *const *ids)
{
	while (*ids && strcmp(*ids, id) != 0)
		ids++;
	return *ids != NULL;
}

/* A reading, or what begins an order. In structures readings of the patient may stand before the visit. */
static const char *const orders[] = {"OBX", "ORC", "OBR", "RXO", "RXE", "RXD", "RXG", "RXA", "FT1", NULL};
static const char *const notes[] = {"NTE", "PRT", NULL};

static int check_order(const struct aff_step *s, struct aff_diag *diag)
{
	if (s->for_each[0])
		return step_wrong(diag, "segments are put into order in the whole message", "leave `for` out");
	if (s->order_count > ORDER_MAX)
		return step_wrong(diag, "the order names too many segments", "at most 100");
	for (size_t i = 0; i < s->order_count; i++) {
		if (is_one(s->order[i], orders))
			return step_wrong(diag, "orders and readings are not moved",
			                  "name segments that stand before the first ORC, OBR or OBX");
		if (is_one(s->order[i], notes))
			return step_wrong(diag, "notes stay behind what they are about", "leave NTE and PRT out");
		if (i && strcmp(s->order[i], "MSH") == 0)
			return step_wrong(diag, "the MSH is the first segment", "leave it out");
		for (size_t j = 0; j < i; j++)
			if (strcmp(s->order[i], s->order[j]) == 0)
				return step_wrong(diag, "a segment is named twice", "leave one of them out");
	}
	return 0;
}

static int compile_order(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	if (!asked->order_count)
		return 0;
	step->order = calloc(asked->order_count, sizeof *step->order);
	if (!step->order)
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	memcpy(step->order, asked->order, asked->order_count * sizeof *step->order);
	step->order_count = asked->order_count;
	return 0;
}

/* ---- running ---- */

struct header {
	struct run *run;
	const struct aff_schema_structure *structure; /* NULL: the step's own list counts */
	unsigned end;                                 /* the first segment that stays where it is */
};

static bool holds_patient(const struct aff_schema_structure *s, int group)
{
	for (int i = group; i < s->node[group].end; i++)
		if (strcmp(s->node[i].name, "PID") == 0)
			return true;
	return false;
}

/* The outermost group that may come again for the same patient: IN1 and IN2 of an insurance stay together. */
static int group_rank(const struct aff_schema_structure *s, int node)
{
	int found = node;
	for (int group = s->node[node].parent; group && !holds_patient(s, group); group = s->node[group].parent)
		if (s->node[group].repeats)
			found = group;
	return found;
}

/* What may stand in several places is about what is before it: the ROL of a patient, of a visit, of a procedure. */
static int rank_in_structure(const struct header *h, unsigned segment)
{
	const struct aff_schema_structure *s = h->structure;
	int found = UNRANKED;
	for (int i = 0; i < s->count; i++) {
		const struct aff_schema_node *node = &s->node[i];
		if (node->id && is_one(node->name, orders + 1)) /* what comes behind is about an order */
			break;
		if (!node->id || !aff_edit_is(h->run->e, segment, node->name))
			continue;
		if (found != UNRANKED)
			return UNRANKED;
		found = i;
	}
	return found == UNRANKED ? found : group_rank(s, found);
}

static int rank(const struct header *h, unsigned segment)
{
	const struct step *step = h->run->step;
	if (is_any(h->run->e, segment, notes))
		return UNRANKED;
	if (h->structure)
		return rank_in_structure(h, segment);
	for (size_t i = 0; i < step->order_count; i++)
		if (aff_edit_is(h->run->e, segment, step->order[i]))
			return (int)i;
	return UNRANKED;
}

/* Where the segment and what goes with it ends. */
static unsigned behind(const struct header *h, unsigned segment)
{
	for (segment++; segment < h->end && rank(h, segment) == UNRANKED;)
		segment++;
	return segment;
}

/* The first segment before `segment` that is to stand behind it; itself: there is none. */
static unsigned place_for(const struct header *h, unsigned segment)
{
	int own = rank(h, segment);
	for (unsigned i = 1; i < segment; i++)
		if (rank(h, i) > own)
			return i;
	return segment;
}

/* Each one into those before it, which are in order already. */
static int sort(const struct header *h)
{
	unsigned at = 1;
	int rc = 0;
	while (at < h->end && rank(h, at) == UNRANKED)
		at++;
	while (at < h->end && !rc) {
		unsigned next = behind(h, at), to = place_for(h, at);
		for (; to < at && at < next && !rc; at++, to++)
			rc = aff_edit_move(h->run->e, at, to);
		at = next;
	}
	return rc;
}

static int run_order(struct run *run, unsigned segment)
{
	struct header h = {.run = run, .end = 1};
	unsigned patients = 0;
	const struct aff_groups *groups;
	(void)segment;
	for (; h.end < aff_edit_segments(run->e) && !is_any(run->e, h.end, orders); h.end++)
		patients += aff_edit_is(run->e, h.end, "PID");
#ifndef AFF_MUTANT_78
	if (patients > 1)
		return run_reject(run, AFF_EREFUSED, AFF_NONE, 0,
		                  "several patients stand before the first order: it is not known whose segments are");
#endif
	if (h.end > HEADER_MAX)
		return run_reject(run, AFF_ELIMIT, AFF_NONE, 0,
		                  "there are too many segments before the first order");
	if (!run->step->order_count) {
		if (aff_edit_groups(run->e, &groups))
			return AFF_ENOMEM;
		h.structure = aff_groups_structure(groups);
		if (!h.structure) /* nobody knows what its order is */
			return STEP_DONE;
	}
	return sort(&h);
}

const struct step_kind step_order = {
	.name = "order", .check = check_order, .compile = compile_order, .run = run_order, .everywhere = ""};
