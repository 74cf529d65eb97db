/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs of steps: built once, checked while they are built, run in order until one decides.
 */
#include <afferent/rules.h>

#include <stdlib.h>

#include "base/vector.h"
#include "rules/hide.h"
#include "rules/notes.h"
#include "rules/program.h"
#include "rules/script.h"
#include "rules/step.h"

enum { STEPS_MAX = 1000, TEXT_MAX = 16 << 20 };

struct aff_rules {
	struct step *steps;
	size_t count, allocated;
	enum aff_on_error on_error;
};

/* ---- building ---- */

int aff_rules_new(struct aff_rules **out)
{
	struct aff_rules *r = calloc(1, sizeof *r);
	if (!r)
		return AFF_ENOMEM;
	*out = r;
	return 0;
}

/* What a kind's compile made. */
static void free_parts(struct step *step)
{
	template_free(&step->text);
	aff_zone_free(step->assume);
	aff_zone_free(step->to);
	script_free(step->script);
	free(step->order);
	hide_free(step->hide);
}

void aff_rules_free(struct aff_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		aff_expr_free(r->steps[i].when);
		free_parts(&r->steps[i]);
	}
	free(r->steps);
	free(r);
}

void aff_rules_on_error(struct aff_rules *r, enum aff_on_error what)
{
	r->on_error = what;
}

size_t aff_rules_steps(const struct aff_rules *r)
{
	return r->count;
}

static const struct step_kind step_group;

static const struct step_kind *const kinds[] = {
	[AFF_STEP_DROP_SEGMENT] = &step_drop_segment, [AFF_STEP_DROP_MESSAGE] = &step_drop_message,
	[AFF_STEP_TRANSLATE] = &step_translate,       [AFF_STEP_UNITS] = &step_units,
	[AFF_STEP_SET] = &step_set,                   [AFF_STEP_SUSPECT] = &step_suspect,
	[AFF_STEP_COPY] = &step_copy,                 [AFF_STEP_MOVE] = &step_move,
	[AFF_STEP_DELETE] = &step_delete,             [AFF_STEP_DROP_REPETITION] = &step_drop_repetition,
	[AFF_STEP_ADD] = &step_add_segment,           [AFF_STEP_RENUMBER] = &step_renumber,
	[AFF_STEP_ROUND] = &step_round,               [AFF_STEP_ZONE] = &step_zone,
	[AFF_STEP_GROUP] = &step_group,               [AFF_STEP_ORDER] = &step_order,
	[AFF_STEP_LUA] = &step_lua,                   [AFF_STEP_HASH] = &step_hash,
	[AFF_STEP_MASK] = &step_mask,                 [AFF_STEP_DEIDENTIFY] = &step_deidentify,
};

static int grow(struct aff_rules *r, struct aff_diag *diag)
{
	if (r->count == STEPS_MAX)
		return aff_diag_set(diag, AFF_ELIMIT, "more than %d steps", STEPS_MAX);
	if (vector_room(&r->steps, &r->allocated, r->count, sizeof *r->steps))
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	return 0;
}

static int check_repetitions(const struct step_kind *kind, const struct aff_step *s, struct aff_diag *diag)
{
	if (s->for_field && !kind->repetitions)
		return step_wrong(diag, "this step is about segments, not about repetitions of a field",
		                  "name a segment alone in `for`");
	if (s->for_field && s->for_field <= 2 && strcmp(s->for_each, "MSH") == 0)
		return step_wrong(diag, "MSH-1 and MSH-2 have no repetitions", "name another field in `for`");
	return 0;
}

/* Whether the step takes something away, segments, fields, values that are none, or scales what is wrong unscaled. */
static bool guards(const struct step_kind *kind, const struct aff_step *s)
{
	bool judges = false;
	for (size_t i = 0; s->table && !s->back && !judges && i < aff_table_rows(s->table); i++) {
		const struct aff_table_row *row = aff_table_at(s->table, i);
		judges = row->low.n || row->high.n || row->sentinels.n || row->scale.n;
	}
	return kind->guards || judges || s->unknown != AFF_UNKNOWN_KEEP;
}

/* The group that the next step with `inside` belongs to; NULL: none. */
static struct step *open_group(const struct aff_rules *r)
{
	size_t i = r->count;
	while (i && r->steps[i - 1].inside)
		i--;
	return i && r->steps[i - 1].kind == &step_group ? &r->steps[i - 1] : NULL;
}

static int check_inside(const struct aff_rules *r, const struct aff_step *s, struct aff_diag *diag)
{
	const struct step *group = s->inside ? open_group(r) : NULL;
	if (!s->inside)
		return 0;
	if (!group || s->kind == AFF_STEP_GROUP)
		return step_wrong(diag, "`steps` do not stand within `steps`", "move them one level up");
	if (group->for_each[0] &&
	    (strcmp(group->for_each, s->for_each) != 0 || group->for_field != s->for_field))
		return step_wrong(diag, "`for` stands beside `steps` already", "leave it out here");
	return 0;
}

int aff_rules_add(struct aff_rules *r, const struct aff_step *s, struct aff_diag *diag)
{
	if ((size_t)s->kind >= sizeof kinds / sizeof kinds[0])
		return aff_diag_set(diag, AFF_EARGUMENT, "there is no such step");
	const struct step_kind *kind = kinds[s->kind];
	int rc = check_repetitions(kind, s, diag);
	rc = rc ? rc : check_inside(r, s, diag);
	if (!rc && kind->check)
		rc = kind->check(s, diag);
	rc = rc ? rc : grow(r, diag);
	if (rc)
		return rc;
	struct step *step = &r->steps[r->count];
	*step = (struct step){.kind = kind, .line = s->line, .joined = s->joined, .inside = s->inside,
	                      .guards = guards(kind, s),
	                      .when = s->when, .path = s->path, .from = s->from, .for_field = s->for_field,
	                      .table = s->table, .unknown = s->unknown, .back = s->back,
	                      .implausible = s->implausible, .suspect = s->suspect, .suspects = s->suspects,
	                      .before = s->before, .keep_text = s->keep_text, .keep_others = s->keep_others};
	memcpy(step->for_each, s->for_each, sizeof step->for_each);
	memcpy(step->beside, s->beside, sizeof step->beside);
	if (kind->compile)
		rc = kind->compile(step, s, diag);
	if (rc) {
		free_parts(step);
		return rc;
	}
	struct step *group = s->inside ? open_group(r) : NULL;
	if (group) {
		group->inner++;
		group->guards |= step->guards;
	}
	r->count++;
	return 0;
}

/* ---- running ---- */

static int carry_out(struct run *run, unsigned segment)
{
	const struct step_kind *kind = run->step->kind;
	int rc = kind->run(run, segment);
	if (kind == &step_group) /* its steps were told one by one */
		return rc;
	if (rc < 0 && rc != AFF_ENOMEM)
		rc = run_reject(run, rc, segment, 0, "%s", aff_error_text(rc));
	watch_done(run, segment, rc);
	return rc;
}

/* 1: the step's condition holds for this segment (AFF_NONE: for the message), 0: not. STEP_DECIDED: it cannot be told;
 * AFF_ENOMEM. */
static int test_when(struct run *run, unsigned segment)
{
	const struct expr_current current = {segment, run->repetition, run->step->for_field};
	int holds = run->step->when ? expr_test(run->step->when, run->e, &run->charset, &current) : 1;
	if (holds >= 0) {
		watch_when(run, segment, holds);
		return holds;
	}
	if (holds == AFF_ELIMIT)
		holds = run_reject(run, AFF_ELIMIT, segment, 0, "the condition costs too much on this message");
	watch_done(run, segment, holds);
	return holds;
}

static int apply_when(struct run *run, unsigned segment)
{
	int holds = test_when(run, segment);
	return holds == 1 ? carry_out(run, segment) : holds;
}

static int each_segment(struct run *run, const char *id, int (*what)(struct run *, unsigned))
{
	unsigned segment = aff_edit_find(run->e, id, 0);
	while (segment != AFF_NONE) {
		int rc = what(run, segment);
		if (rc < 0 || rc == STEP_DECIDED)
			return rc;
		unsigned next = rc == STEP_DELETED ? segment : segment + 1;
		segment = aff_edit_find(run->e, id, run->resume ? run->resume : next);
		run->resume = run->moved = 0;
	}
	return STEP_DONE;
}

static unsigned repetitions_of(const struct run *run, unsigned segment)
{
	struct aff_view field = aff_edit_field(run->e, segment, run->step->for_field);
	return run->delims.repetition ? aff_count(field, run->delims.repetition) : field.n > 0;
}

static int each_repetition(struct run *run, unsigned segment)
{
	int rc = STEP_DONE;
	run->repeated = segment;
	run->repetition = 1;
	/* Those that a step makes are not its own business: it is done as often as there were repetitions. */
	for (unsigned n = repetitions_of(run, segment); n && run->repetition <= repetitions_of(run, segment); n--) {
		rc = apply_when(run, segment);
		if (rc < 0 || rc == STEP_DECIDED)
			break;
		run->repetition += rc != STEP_DELETED;
	}
	run->repetition = 0;
	return rc == STEP_DELETED ? STEP_DONE : rc;
}

/* A step without `for` whose condition was met. */
static int apply_to_message(struct run *run)
{
	const struct step *step = run->step;
	const char *id = step->kind->everywhere ? step->kind->everywhere : step->path.segment;
	if (!id[0])
		return carry_out(run, AFF_NONE);
	if (step->kind->everywhere || !step->path.occurrence)
		return each_segment(run, id, carry_out);
	unsigned segment = aff_edit_nth(run->e, id, step->path.occurrence);
	return segment == AFF_NONE ? STEP_DONE : carry_out(run, segment);
}

static int run_step(struct run *run)
{
	const struct step *step = run->step;
	if (step->for_each[0])
		return each_segment(run, step->for_each, step->for_field ? each_repetition : apply_when);
	int holds = test_when(run, AFF_NONE);
	return holds == 1 ? apply_to_message(run) : holds;
}

/* ---- groups ---- */

/* One of the group's steps for its current segment, which moves when something is added before it. */
static int run_inner(struct run *run, unsigned *segment)
{
	unsigned before = aff_edit_segments(run->e);
	int rc = apply_when(run, *segment);
	unsigned after = aff_edit_segments(run->e);
	*segment += run->moved;
	run->moved = 0;
	if (after < before && run->resume > *segment)
		run->resume -= before - after;
	return rc;
}

static int run_group(struct run *run, unsigned segment)
{
	const struct step *group = run->step;
	const size_t number = run->number;
	int rc = STEP_DONE;
	for (unsigned i = 1; i <= group->inner && rc == STEP_DONE; i++) {
		run->step = group + i;
		run->number = number + i;
		watch_step(run);
		rc = segment == AFF_NONE ? run_step(run) : run_inner(run, &segment);
	}
	if (rc == STEP_DONE || rc == STEP_DELETED) {
		run->step = group;
		run->number = number;
	}
	return rc;
}

static const struct step_kind step_group = {
	.name = "steps", .run = run_group, .everywhere = "", .repetitions = true};

/* ---- failures ---- */

/* What was to be held back does not go out because something failed. */
static bool may_be_skipped(const struct run *run, const struct step *entry)
{
#ifdef AFF_MUTANT_81 /* what was to be held back goes out */
	return run->failed;
#endif
	return run->failed && !run->relabelled && !run->step->guards && !entry->guards;
}

/* Undoes what the entry did, as if it were not there. The reason is told of the first one. */
static void skip(struct run *run, const struct aff_rules_result *before, struct aff_diag *told)
{
	int code = run->result->code;
	aff_edit_undo(run->e);
	watch_skipped(run);
	*run->result = *before;
	if (!run->result->skipped++) {
		run->result->skipped_line = run->step->line;
		run->result->skipped_code = code;
		*told = *run->diag;
	}
}

/* The steps of one entry of the channel's file, from `first`. */
static int run_entry(struct run *run, const struct aff_rules *r, size_t first, size_t end, struct aff_diag *told)
{
	const struct aff_rules_result before = *run->result;
	bool undoes = r->on_error == AFF_ON_ERROR_SKIP;
	int rc = undoes ? aff_edit_mark(run->e) : 0;
	run->failed = run->relabelled = false;
#ifndef AFF_MUTANT_90
	run->resume = run->moved = 0; /* a step that failed left them as they were */
#endif
	for (size_t i = first; i < end && rc == STEP_DONE; i++) {
		if (r->steps[i].inside)
			continue;
		run->step = &r->steps[i];
		run->number = i;
		watch_step(run);
		rc = run_step(run);
	}
	if (rc != STEP_DECIDED || !undoes || !may_be_skipped(run, &r->steps[first]))
		return rc;
	skip(run, &before, told);
	return STEP_DONE;
}

static int run_all(struct run *run, const struct aff_rules *r, struct aff_diag *told)
{
	int rc = STEP_DONE;
	for (size_t i = 0, end; i < r->count && rc == STEP_DONE; i = end) {
		for (end = i + 1; end < r->count && r->steps[end].joined;)
			end++;
		rc = run_entry(run, r, i, end, told);
	}
	return rc;
}

int aff_rules_run_watched(const struct aff_rules *r, struct aff_edit *e, const struct aff_rules_watch *watch,
                          struct aff_rules_result *result, struct aff_diag *diag)
{
	struct aff_diag why, skipped;
	struct run run = {.e = e, .delims = aff_edit_delims(e), .result = result, .diag = &why, .watch = watch};
	run.charset = charset_use_of(aff_edit_message(e));
	memset(result, 0, sizeof *result);
	aff_buf_init(&run.text, TEXT_MAX);
	aff_buf_init(&run.key, TEXT_MAX);
	aff_buf_init(&run.made, TEXT_MAX);
	int rc = run_all(&run, r, &skipped);
	if (rc == STEP_DECIDED)
		result->line = run.step->line;
	if (diag && result->verdict == AFF_VERDICT_REJECT)
		*diag = why;
	else if (diag && result->skipped)
		*diag = skipped;
	aff_buf_free(&run.text);
	aff_buf_free(&run.key);
	aff_buf_free(&run.made);
	charset_use_end(&run.charset);
	return rc < 0 ? aff_diag_set(diag, rc, "%s", aff_error_text(rc)) : 0;
}

int aff_rules_run(const struct aff_rules *r, struct aff_edit *e, struct aff_rules_result *result, struct aff_diag *diag)
{
	return aff_rules_run_watched(r, e, NULL, result, diag);
}
