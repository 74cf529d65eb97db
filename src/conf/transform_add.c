/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps `add` and `renumber`.
 */
#include "conf/transform.h"

static void read_segment(struct step_reader *s, const struct node *map)
{
	struct fields f;
	if (!fields_read(s->r, &f, SECTION_ADD, map))
		return;
	const struct node *segment = f.value[KEY_ADD_segment], *after = f.value[KEY_ADD_after];
	const struct node *before = f.value[KEY_ADD_before], *beside = before ? before : after;
	if (before && after)
		report_error(&s->r->report, before->at, "leave one of them out", "'add' takes 'after' or 'before'");
	step_read_segment(s->r, beside, s->step.beside);
	if (!segment || (beside && !s->step.beside[0]))
		return;
	s->step.before = before != NULL;
	s->step.value = segment->text;
	expect_template(s->r, segment);
	step_add(s, segment, segment);
}

void read_add(struct step_reader *s, const struct node *n)
{
	s->step.kind = AFF_STEP_ADD;
	if (n->kind == NODE_MAP)
		read_segment(s, n);
	else if (step_check_count(s->r, n, KEY_STEP_add))
		for (const struct node *item = n->first; item; item = item->next)
			read_segment(s, item);
}

static void read_set_id(struct step_reader *s, const struct node *n)
{
	if (n->kind != NODE_SCALAR)
		report_error(&s->r->report, n->at, "write OBX-1", "'renumber' takes set ids");
	else if (step_read_path(s->r, n, &s->step.path))
		step_add(s, n, NULL);
}

void read_renumber(struct step_reader *s, const struct node *n)
{
	s->step.kind = AFF_STEP_RENUMBER;
	if (n->kind == NODE_SCALAR)
		read_set_id(s, n);
	else if (step_check_count(s->r, n, KEY_STEP_renumber))
		for (const struct node *item = n->first; item; item = item->next)
			read_set_id(s, item);
}
