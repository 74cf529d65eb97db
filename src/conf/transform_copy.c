/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps `copy`, `move` and `delete`: one or a list, each a step of its own.
 */
#include "conf/transform.h"

static void read_pair(struct step_reader *s, const struct node *map, bool last)
{
	struct fields f;
	if (!fields_read(s->r, &f, SECTION_COPY, map))
		return;
	const struct node *from = f.value[KEY_COPY_from], *to = f.value[KEY_COPY_to];
	bool good = from && step_read_path(s->r, from, &s->step.from);
	good = to && step_read_path(s->r, to, &s->step.path) && good;
	if (!good)
		return;
	step_check_condition(s, to, &s->step.path, last);
	if (s->step.kind == AFF_STEP_MOVE)
		step_check_condition(s, from, &s->step.from, last);
	step_add(s, from, NULL);
}

static void read_pairs(struct step_reader *s, const struct node *n, enum key_id key)
{
	if (n->kind == NODE_MAP)
		read_pair(s, n, true);
	else if (step_check_count(s->r, n, key))
		for (const struct node *item = n->first; item; item = item->next)
			read_pair(s, item, !item->next);
}

void read_copy(struct step_reader *s, const struct node *n)
{
	s->step.kind = AFF_STEP_COPY;
	read_pairs(s, n, KEY_STEP_copy);
}

void read_move(struct step_reader *s, const struct node *n)
{
	s->step.kind = AFF_STEP_MOVE;
	read_pairs(s, n, KEY_STEP_move);
}

/* Behind a repetition that was taken away the others have other numbers. */
static void check_shift(struct step_reader *s, const struct node *at, const struct aff_path *gone)
{
	const struct aff_path *p = &s->step.path;
	if (gone->repetition && !gone->component && !strcmp(p->segment, gone->segment) && p->field == gone->field &&
	    p->occurrence == gone->occurrence && p->repetition > gone->repetition)
		report_error(&s->r->report, at->at, "name the last repetition first",
		             "repetition %u has another number when repetition %u is gone", p->repetition,
		             gone->repetition);
}

static void read_part(struct step_reader *s, const struct node *n, bool last)
{
	struct aff_path gone = s->step.path;
	if (n->kind != NODE_SCALAR) {
		report_error(&s->r->report, n->at, "write PID-19 or \"PID-13[2]\"", "'delete' takes fields");
		return;
	}
	if (!step_read_path(s->r, n, &s->step.path))
		return;
	check_shift(s, n, &gone);
	step_check_condition(s, n, &s->step.path, last);
	step_add(s, n, NULL);
}

void read_delete(struct step_reader *s, const struct node *n)
{
	s->step.kind = AFF_STEP_DELETE;
	if (n->kind == NODE_SCALAR)
		read_part(s, n, true);
	else if (step_check_count(s->r, n, KEY_STEP_delete))
		for (const struct node *item = n->first; item; item = item->next)
			read_part(s, item, !item->next);
}
