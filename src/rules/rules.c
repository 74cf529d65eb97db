/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs of steps: built once, checked while they are built, run in order until one decides.
 */
#include <afferent/rules.h>

#include <stdlib.h>

#include "base/vector.h"
#include "rules/notes.h"
#include "rules/program.h"
#include "rules/step.h"

enum { STEPS_MAX = 1000, TEXT_MAX = 16 << 20 };

struct aff_rules {
	struct step *steps;
	size_t count, allocated;
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

void aff_rules_free(struct aff_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		aff_expr_free(r->steps[i].when);
		free(r->steps[i].parts);
		free(r->steps[i].value);
	}
	free(r->steps);
	free(r);
}

size_t aff_rules_steps(const struct aff_rules *r)
{
	return r->count;
}

static int wrong(struct aff_diag *diag, const char *what, const char *hint)
{
	aff_diag_set(diag, AFF_EARGUMENT, "%s", what);
	aff_diag_hint(diag, "%s", hint);
	return AFF_EARGUMENT;
}

static int check_drop(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->for_each[0])
		return wrong(diag, "`drop: segment` does not say which segments", "add a line such as for: OBX");
	if (strcmp(s->for_each, "MSH") == 0)
		return wrong(diag, "the MSH segment cannot be dropped", "use drop: message");
	return 0;
}

static int check_translate(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->table)
		return wrong(diag, "`translate` has no mapping table", "add a line such as with: my-table");
	if (!s->path.field || s->path.component)
		return wrong(diag, "`translate` takes a whole coded field", "write a path such as OBX-3");
	if (s->path.group_count)
		return wrong(diag, "`translate` takes a path without groups",
		             "choose with `when`: ORDER_OBSERVATION/OBR-4.1 = 182777000");
	if (strcmp(s->path.segment, "MSH") == 0)
		return wrong(diag, "no field of MSH can be translated", "use set: to change MSH");
	if (s->for_each[0] && strcmp(s->for_each, s->path.segment) != 0)
		return wrong(diag, "`for` and `translate` name different segments",
		             "leave `for` out: every segment is translated");
	return 0;
}

static int check_set(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->path.field)
		return wrong(diag, "`set` cannot write a whole segment", "write a path with a field, such as MSH-5");
	if (strcmp(s->path.segment, "MSH") == 0 && s->path.field <= 2)
		return wrong(diag, "MSH-1 and MSH-2 cannot be set", "they say how the whole message is delimited");
	return 0;
}

static int check(const struct aff_step *s, struct aff_diag *diag)
{
	switch (s->kind) {
	case AFF_STEP_DROP_SEGMENT:
		return check_drop(s, diag);
	case AFF_STEP_TRANSLATE:
		return check_translate(s, diag);
	case AFF_STEP_SET:
		return check_set(s, diag);
	case AFF_STEP_UNITS:
		if (s->for_each[0] && strcmp(s->for_each, "OBX") != 0)
			return wrong(diag, "only OBX segments have units", "write for: OBX or leave `for` out");
		return 0;
	case AFF_STEP_SUSPECT:
		if (s->for_each[0] && strcmp(s->for_each, "OBX") != 0)
			return wrong(diag, "only OBX segments are readings", "write for: OBX or leave `for` out");
		return 0;
	default:
		return 0;
	}
}

static int grow(struct aff_rules *r, struct aff_diag *diag)
{
	if (r->count == STEPS_MAX)
		return aff_diag_set(diag, AFF_ELIMIT, "more than %d steps", STEPS_MAX);
	if (vector_room(&r->steps, &r->allocated, r->count, sizeof *r->steps))
		return aff_diag_set(diag, AFF_ENOMEM, "%s", aff_error_text(AFF_ENOMEM));
	return 0;
}

int aff_rules_add(struct aff_rules *r, const struct aff_step *s, struct aff_diag *diag)
{
	int rc = check(s, diag);
	rc = rc ? rc : grow(r, diag);
	if (rc)
		return rc;
	struct step *step = &r->steps[r->count];
	*step = (struct step){.kind = s->kind, .line = s->line, .when = s->when, .path = s->path, .table = s->table,
	                      .unknown = s->unknown, .suspect = s->suspect, .suspects = s->suspects};
	memcpy(step->for_each, s->for_each, sizeof step->for_each);
	if (s->kind == AFF_STEP_SET)
		rc = set_compile(step, s->value, diag);
	if (!rc)
		r->count++;
	return rc;
}

/* ---- running ---- */

static int apply(struct run *run, unsigned segment)
{
	switch (run->step->kind) {
	case AFF_STEP_DROP_SEGMENT:
		return run_delete(run, segment);
	case AFF_STEP_DROP_MESSAGE:
		run->result->verdict = AFF_VERDICT_DROP;
		return STEP_DECIDED;
	case AFF_STEP_TRANSLATE:
		return translate_run(run, segment);
	case AFF_STEP_UNITS:
		return units_run(run, segment);
	case AFF_STEP_SET:
		return set_run(run, segment);
	case AFF_STEP_SUSPECT:
		return suspect_run(run, segment);
	}
	return AFF_EARGUMENT;
}

/* Applies the step if its condition holds for this segment (AFF_NONE: for the message). */
static int apply_when(struct run *run, unsigned segment)
{
	int holds = run->step->when ? expr_test(run->step->when, run->e, &run->charset, segment) : 1;
	if (holds == AFF_ELIMIT)
		return run_reject(run, AFF_ELIMIT, segment, 0, "the condition costs too much on this message");
	if (holds <= 0)
		return holds;
	return apply(run, segment);
}

static int each_segment(struct run *run, const char *id, int (*what)(struct run *, unsigned))
{
	unsigned segment = aff_edit_find(run->e, id, 0);
	while (segment != AFF_NONE) {
		int rc = what(run, segment);
		if (rc < 0 || rc == STEP_DECIDED)
			return rc;
		segment = aff_edit_find(run->e, id, rc == STEP_DELETED ? segment : segment + 1);
	}
	return STEP_DONE;
}

/* A step without `for` whose condition was met: translate, units and suspect mean all segments that have such a field.
 */
static int apply_to_message(struct run *run)
{
	const struct step *step = run->step;
	if (step->kind == AFF_STEP_UNITS || step->kind == AFF_STEP_SUSPECT)
		return each_segment(run, "OBX", apply);
	if (step->kind != AFF_STEP_TRANSLATE)
		return apply(run, AFF_NONE);
	if (!step->path.occurrence)
		return each_segment(run, step->path.segment, apply);
	unsigned segment = aff_edit_nth(run->e, step->path.segment, step->path.occurrence);
	return segment == AFF_NONE ? STEP_DONE : apply(run, segment);
}

static int run_step(struct run *run)
{
	const struct step *step = run->step;
	if (step->for_each[0])
		return each_segment(run, step->for_each, apply_when);
	int holds = step->when ? expr_test(step->when, run->e, &run->charset, AFF_NONE) : 1;
	if (holds == AFF_ELIMIT)
		return run_reject(run, AFF_ELIMIT, AFF_NONE, 0, "the condition costs too much on this message");
	return holds <= 0 ? holds : apply_to_message(run);
}

int aff_rules_run(const struct aff_rules *r, struct aff_edit *e, struct aff_rules_result *result, struct aff_diag *diag)
{
	struct run run = {.e = e, .delims = aff_edit_delims(e), .result = result, .diag = diag};
	run.charset = charset_use_of(aff_edit_message(e));
	int rc = STEP_DONE;
	memset(result, 0, sizeof *result);
	aff_buf_init(&run.text, TEXT_MAX);
	aff_buf_init(&run.key, TEXT_MAX);
	for (size_t i = 0; i < r->count && rc == STEP_DONE; i++) {
		run.step = &r->steps[i];
		rc = run_step(&run);
		if (rc == STEP_DECIDED)
			result->line = run.step->line;
	}
	aff_buf_free(&run.text);
	aff_buf_free(&run.key);
	charset_use_end(&run.charset);
	if (rc < 0)
		return aff_diag_set(diag, rc, "step at line %u: %s", run.step->line, aff_error_text(rc));
	return 0;
}
