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

#define MAX_SETS 200

void read_set(struct step_reader *s, const struct node *map)
{
	struct reader *r = s->r;
	char word[SHOWN_SIZE];
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
		step_check_condition(s, name, &s->step.path, !name->next->next);
		if (value->kind != NODE_SCALAR) {
			report_error(&r->report, value->at, "quote a text that starts with {: \"{PV1-3.4}\"",
			             "'set' takes a text for each field");
			continue;
		}
		if (node_is_empty(value)) {
			report_error(&r->report, name->at, "write \"\" to empty the field", "'%s' has no value",
			             shown(word, name->text));
			continue;
		}
		s->step.value = value->text;
		expect_template(r, value);
		step_add(s, name, value);
	}
}
