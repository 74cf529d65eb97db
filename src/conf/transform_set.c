/* SPDX-License-Identifier: Apache-2.0
 *
 * The step `set`: a map of fields, each a step of its own.
 */
#include <stdio.h>

#include <afferent/schema.h>

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

/* Text is text: ^ in it is escaped. And what tells messages apart must not be the same for all. */
static void check_text(struct reader *r, const struct node *name, const struct node *value, const struct aff_path *path)
{
	const struct aff_schema_part *part = aff_schema_field(260, path->segment, path->field);
	const struct aff_schema *type = part ? aff_schema_type(260, aff_view_of(part->type)) : NULL;
	const char *caret = memchr(value->text.p, '^', value->text.n);
	char hint[HINT_SIZE];
	snprintf(hint, sizeof hint, "set its parts: %s-%u.1, %s-%u.2", path->segment, path->field, path->segment,
	         path->field);
	if (caret && !path->component && type && type->count > 1)
		report_warning(&r->report, node_place(value, (size_t)(caret - value->text.p)), hint,
		               "this ^ is text and is written as \\S\\: it begins no new part");
	if (!strcmp(path->segment, "MSH") && path->field == 10 && !memchr(value->text.p, '{', value->text.n))
		report_warning(&r->report, name->at, "write \"{MSH-10}X\" to add something to it",
		               "every message gets the same MSH-10: receivers drop what they take for a resend");
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
		check_text(r, name, value, &s->step.path);
		step_add(s, name, value);
	}
}
