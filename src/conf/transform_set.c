/* SPDX-License-Identifier: Apache-2.0
 *
 * The step `set`: a map of fields, each a step of its own.
 */
#include "conf/transform.h"

static bool same_path(const struct aff_path *a, const struct aff_path *b)
{
	if (a->group_count != b->group_count ||
	    memcmp(a->groups, b->groups, a->group_count * sizeof a->groups[0]) != 0)
		return false;
	return !strcmp(a->segment, b->segment) && a->occurrence == b->occurrence && a->field == b->field &&
	       a->repetition == b->repetition && a->component == b->component && a->subcomponent == b->subcomponent;
}

static void check_duplicate(struct reader *r, const struct node *map, const struct node *name,
                            const struct aff_path *path)
{
	for (const struct node *n = map->first; n != name; n = n->next->next) {
		struct aff_path other;
		if (n->kind == NODE_SCALAR && !aff_path_parse(&other, n->text, NULL) && same_path(&other, path)) {
			report_error(&r->report, name->at, "leave one of them out",
			             "this field is set in line %u already", n->at.line);
			return;
		}
	}
}

static bool is_path_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-.[]_/", c));
}

/* Whether the condition reads the field that a path names. */
static bool reads_field(struct aff_view condition, const struct aff_path *path)
{
	for (size_t from = 0, to; from < condition.n; from = to + 1) {
		struct aff_path read;
		for (to = from; to < condition.n && is_path_character(condition.p[to]);)
			to++;
		if (to - from > 3 && !aff_path_parse(&read, aff_view(condition.p + from, to - from), NULL) &&
		    !strcmp(read.segment, path->segment) && read.field == path->field)
			return true;
	}
	return false;
}

/* Each line of `set` asks the condition for itself: no line but the last may change what it reads. */
static void check_own_condition(struct step_reader *s, const struct node *name, const struct aff_path *path)
{
	const struct node *when = s->f->value[KEY_STEP_when];
	if (when && name->next->next && reads_field(when->text, path))
		report_error(&s->r->report, name->at, "set it last",
		             "'when' reads this field, and the lines below would find it changed");
}

#define MAX_SETS 200

void read_set(struct step_reader *s, const struct node *map)
{
	struct reader *r = s->r;
	s->step.kind = AFF_STEP_SET;
	if (!map->count || map->count / 2 > MAX_SETS) {
		report_error(&r->report, map->at, NULL, "'set' takes 1 to %d fields", MAX_SETS);
		return;
	}
	for (const struct node *name = map->first; name; name = name->next->next) {
		const struct node *value = name->next;
		if (name->kind != NODE_SCALAR || !step_read_path(r, name, &s->step.path))
			continue;
		check_duplicate(r, map, name, &s->step.path);
		check_own_condition(s, name, &s->step.path);
		if (value->kind != NODE_SCALAR) {
			report_error(&r->report, value->at, "quote a text that starts with {: \"{PV1-3.4}\"",
			             "'set' takes a text for each field");
			continue;
		}
		s->step.value = value->text;
		step_add(s, name, value);
	}
}
