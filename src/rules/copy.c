/* SPDX-License-Identifier: Apache-2.0
 *
 * COPY, MOVE and DELETE: fields, repetitions and components. Text is taken as it stands in the message, so it must not
 * bring delimiters of a higher level than its new place has: a whole field in a component would spread over those
 * behind it. The levels are compared when the program is made.
 */
#include "rules/place.h"

#include <afferent/parts.h>

/* MSH-1 and MSH-2 say how everything else is delimited. */
static bool is_delimiters(const struct aff_path *path)
{
	return strcmp(path->segment, "MSH") == 0 && path->field <= 2;
}

/* MSH-18 says what all text is in; `set` knows that. */
static bool is_charset(const struct aff_path *path)
{
	return strcmp(path->segment, "MSH") == 0 && path->field == 18;
}

static int wrong_charset(struct aff_diag *diag)
{
	return step_wrong(diag, "MSH-18 says which character set the message is in", "change it with set");
}

static bool is_same(const struct aff_path *a, const struct aff_path *b)
{
	return strcmp(a->segment, b->segment) == 0 && a->occurrence == b->occurrence && a->field == b->field &&
	       a->repetition == b->repetition && a->component == b->component && a->subcomponent == b->subcomponent &&
	       a->group_count == b->group_count &&
	       memcmp(a->groups, b->groups, a->group_count * sizeof a->groups[0]) == 0;
}

static int check_copy(const struct aff_step *s, struct aff_diag *diag)
{
	static const char *const levels[] = {"segment", "field", "repetition", "component", "subcomponent"};
	enum level from = place_level(&s->from, s->for_each, s->for_field);
	enum level to = place_level(&s->path, s->for_each, s->for_field);
	if (!from || !to)
		return step_wrong(diag, "`from` and `to` name fields, not segments", "write a path such as PID-3");
	if (is_delimiters(&s->from) || is_delimiters(&s->path))
		return step_wrong(diag, "MSH-1 and MSH-2 can be neither copied nor written",
		                  "they say how the whole message is delimited");
	if (is_charset(&s->path))
		return wrong_charset(diag);
	if (is_same(&s->from, &s->path))
		return step_wrong(diag, "`from` and `to` are the same", "leave the step out");
	if (from >= to)
		return 0;
	char path[AFF_PATH_TEXT];
	struct aff_path finer = s->from;
	finer.repetition = finer.repetition || to > LEVEL_REPETITION ? finer.repetition : 1;
	finer.component = finer.component || to < LEVEL_COMPONENT ? finer.component : 1;
	finer.subcomponent = to == LEVEL_SUBCOMPONENT ? 1 : 0;
	aff_diag_set(diag, AFF_EARGUMENT, "a whole %s does not fit into a %s", levels[from], levels[to]);
	aff_diag_hint(diag, "take a part of it, such as %s", aff_path_format(&finer, path, sizeof path));
	return AFF_EARGUMENT;
}

/* Moving what is not of the current segment would do it once for each, and only the first would find something. */
static int check_move(const struct aff_step *s, struct aff_diag *diag)
{
	int rc = check_copy(s, diag);
	if (!rc && is_charset(&s->from))
		return wrong_charset(diag);
	if (!rc && s->for_each[0] && strcmp(s->for_each, s->from.segment) != 0)
		rc = step_wrong(diag, "`for` and `from` name different segments",
		                "use copy, and delete in a step behind it");
	return rc;
}

/* Whether `outer` is the same part as `inner` or holds it. */
static bool covers(const struct place *outer, const struct place *inner)
{
	unsigned inner_repetition = inner->repetition ? inner->repetition : 1;
	unsigned repetition = outer->repetition ? outer->repetition : 1;
	if (outer->segment != inner->segment || outer->field != inner->field)
		return false;
	if (outer->level == LEVEL_FIELD)
		return true;
	if (repetition != inner_repetition || (outer->component && outer->component != inner->component))
		return false;
	return !outer->subcomponent || outer->subcomponent == inner->subcomponent;
}

/* 1: the source was there and stands in the new place too, *source tells where it stands. */
static int copy(struct run *run, unsigned segment, struct place *source, struct place *target)
{
	const struct step *step = run->step;
	int rc = place_find(run, &step->from, segment, source);
	rc = rc ? rc : place_find(run, &step->path, segment, target);
	struct aff_view raw = rc ? aff_view("", 0) : place_read(run, source);
	if (rc || target->segment == AFF_NONE || !aff_is_valued(raw, &run->delims))
		return rc;
#ifndef AFF_MUTANT_75
	unsigned giver = run_patient_of(run, source->segment), taker = run_patient_of(run, target->segment);
	if (giver && taker && giver != taker)
		return run_reject(run, AFF_EREFUSED, target->segment, target->field,
		                  "this would come from another patient");
#endif
	rc = place_write(run, target, raw);
	return rc ? rc : 1;
}

static int run_copy(struct run *run, unsigned segment)
{
	struct place source, target;
	int rc = copy(run, segment, &source, &target);
	return rc == 1 ? STEP_DONE : rc;
}

static int run_move(struct run *run, unsigned segment)
{
	struct place source, target;
	int rc = copy(run, segment, &source, &target);
	if (rc != 1)
		return rc;
	return covers(&target, &source) ? STEP_DONE : place_clear(run, &source);
}

static int check_delete(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->path.field)
		return step_wrong(diag, "`delete` takes fields and their parts", "drop: segment takes segments away");
	if (s->path.group_count)
		return step_wrong(diag, "`delete` takes a path without groups",
		                  "choose with `for` and `when`: ORDER_OBSERVATION/OBR-4.1 = 182777000");
	if (strcmp(s->path.segment, "MSH") == 0 && (s->path.field <= 2 || (s->path.field >= 9 && s->path.field <= 12)))
		return step_wrong(diag, "a message cannot be without MSH-1, MSH-2 and MSH-9 to MSH-12",
		                  "give it another value with set");
	if (is_charset(&s->path))
		return wrong_charset(diag);
	if (s->for_each[0] && strcmp(s->for_each, s->path.segment) != 0)
		return step_wrong(diag, "`for` and `delete` name different segments",
		                  "leave `for` out: it is deleted in every segment");
	return 0;
}

static int run_delete_part(struct run *run, unsigned segment)
{
	struct place at;
	int rc = place_find(run, &run->step->path, segment, &at);
	return rc || at.segment == AFF_NONE ? rc : place_clear(run, &at);
}

const struct step_kind step_copy = {
	.name = "copy", .check = check_copy, .run = run_copy, .everywhere = "", .repetitions = true};
const struct step_kind step_move = {
	.name = "move", .guards = true, .check = check_move, .run = run_move, .everywhere = "", .repetitions = true};
const struct step_kind step_delete = {
	.name = "delete", .guards = true, .check = check_delete, .run = run_delete_part, .repetitions = true};
