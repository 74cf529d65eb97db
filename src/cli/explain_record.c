/* SPDX-License-Identifier: Apache-2.0
 *
 * The observer: events become steps, conditions that were asked, deeds and their changes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/vector.h"
#include "cli/explain.h"

#define TEXTS_MAX (256u << 20)
#define WHY_TESTS 6   /* tests of one condition that are told */
#define WHY_VALUE 60  /* bytes of a value that are told */

void explain_init(struct explain *x)
{
	memset(x, 0, sizeof *x);
	arena_init(&x->texts, TEXTS_MAX);
	aff_buf_init(&x->scratch, TEXTS_MAX);
}

void explain_free(struct explain *x)
{
	arena_free(&x->texts);
	aff_buf_free(&x->scratch);
	free(x->steps);
	free(x->asks);
	free(x->deeds);
	free(x->changes);
	free(x->unknowns);
	free(x->segments);
}

void explain_begin(struct explain *x)
{
	arena_reset(&x->texts);
	x->nsteps = x->nasks = x->ndeeds = x->nchanges = x->nunknowns = x->nsegments = 0;
	x->row = NULL;
	x->error = 0;
}

/* ---- why ---- */

struct why {
	struct aff_buf text;
	unsigned tests;
};

/* A value shortened at a character's beginning. */
static void put_value(struct aff_buf *out, struct aff_view v)
{
	size_t n = v.n;
	if (n > WHY_VALUE)
		for (n = WHY_VALUE; n && ((unsigned char)v.p[n] & 0xc0) == 0x80;)
			n--;
	aff_buf_put(out, v.p, n);
	aff_buf_put_text(out, n < v.n ? "..." : "");
}

static void put_is(struct aff_buf *out, const struct aff_path *path, struct aff_view value)
{
	char buf[72];
	aff_buf_put_text(out, aff_path_format(path, buf, sizeof buf));
	if (!value.n) {
		aff_buf_put_text(out, path->field ? " is empty" : " is not there");
		return;
	}
	aff_buf_put_text(out, " is ");
	put_value(out, value);
}

static void take_test(void *arg, const struct aff_expr_seen *seen)
{
	struct why *w = arg;
	size_t before = w->text.n;
	if (w->tests++ >= WHY_TESTS)
		return;
	aff_buf_put_text(&w->text, before ? ", " : "");
	bool counts = seen->test.n > 6 && memcmp(seen->test.p, "count ", 6) == 0;
	aff_buf_put_text(&w->text, counts ? "count " : "");
	put_is(&w->text, seen->path, seen->value);
	if (seen->other_path) {
		aff_buf_put_text(&w->text, ", ");
		put_is(&w->text, seen->other_path, seen->other);
	}
}

struct aff_view explain_why(struct explain *x, const struct aff_expr *when, const struct aff_edit *e,
                            const struct aff_rules_event *at)
{
	struct why w = {.tests = 0};
	if (!when)
		return aff_view("", 0);
	aff_buf_init(&w.text, 8192);
	(void)aff_expr_explain(when, e, at ? at->segment : AFF_NONE, at ? at->for_field : 0, at ? at->repetition : 0,
	                       take_test, &w);
	if (w.tests > WHY_TESTS)
		aff_buf_printf(&w.text, ", and %u more", w.tests - WHY_TESTS);
	if (!w.tests)
		aff_buf_put_text(&w.text, "there is nothing to look at");
	struct aff_view kept = explain_keep(x, aff_buf_view(&w.text));
	aff_buf_free(&w.text);
	return kept;
}

/* ---- events ---- */

static struct explain_place place_of(const struct explain *x, const struct aff_rules_event *ev)
{
	unsigned segment = ev->segment;
	struct explain_place at = {.occurrence = 1, .field = ev->repetition ? ev->for_field : 0,
	                           .repetition = ev->repetition};
	if (segment >= x->nsegments)
		return at;
	struct aff_view text = x->segments[segment];
	memcpy(at.id, text.p, text.n < 3 ? text.n : 3);
	for (unsigned k = 0; k < segment; k++)
		at.occurrence += x->segments[k].n >= 3 && text.n >= 3 && memcmp(x->segments[k].p, text.p, 3) == 0;
	return at;
}

static void take_step(struct explain *x, const struct aff_rules_event *ev)
{
	if (!x->nsteps) {
		x->charset = aff_charset_of(aff_edit_message(ev->e));
		x->delims = aff_edit_delims(ev->e);
		explain_remember(x, ev->e);
	}
	if (vector_room(&x->steps, &x->steps_room, x->nsteps, sizeof *x->steps)) {
		x->error = AFF_ENOMEM;
		return;
	}
	struct explain_step *s = &x->steps[x->nsteps++];
	*s = (struct explain_step){.number = ev->step, .line = ev->line, .ask = x->nasks,
	                           .name = ev->name ? ev->name : "step",
	                           .deed = x->ndeeds};
	if (ev->path->segment[0])
		aff_path_format(ev->path, s->what, sizeof s->what);
	int n = snprintf(s->for_each, sizeof s->for_each, "%s", ev->for_each);
	if (ev->for_field)
		snprintf(s->for_each + n, sizeof s->for_each - (size_t)n, "-%u", ev->for_field);
	s->when = ev->when ? explain_keep(x, aff_expr_text(ev->when)) : aff_view("", 0);
}

/* Behind the steps of a group its own condition is asked of the next segment: told as the group once more. */
static void take_when(struct explain *x, const struct aff_rules_event *ev)
{
	if (x->steps[x->nsteps - 1].number != ev->step) {
		if (!ev->when)
			return;
		take_step(x, ev);
		if (x->error)
			return;
	}
	if (vector_room(&x->asks, &x->asks_room, x->nasks, sizeof *x->asks)) {
		x->error = AFF_ENOMEM;
		return;
	}
	x->asks[x->nasks++] = (struct explain_ask){
		.at = place_of(x, ev), .holds = ev->holds, .why = explain_why(x, ev->when, ev->e, ev)};
	x->steps[x->nsteps - 1].asks++;
}

static void take_done(struct explain *x, const struct aff_rules_event *ev)
{
	struct explain_step *step = &x->steps[x->nsteps - 1];
	size_t changes = x->nchanges, unknowns = x->nunknowns;
	const struct explain_deed *last = x->ndeeds ? &x->deeds[x->ndeeds - 1] : NULL;
	size_t told = last ? last->unknown + last->unknowns : 0;
	struct explain_place at = place_of(x, ev);
	if (ev->why) {
		char line[512];
		step->failed = true;
		step->reason = explain_keep(x, aff_view_of(aff_diag_format(ev->why, line, sizeof line)));
	}
	explain_compare(x, ev->e);
	if (vector_room(&x->deeds, &x->deeds_room, x->ndeeds, sizeof *x->deeds)) {
		x->error = AFF_ENOMEM;
		return;
	}
	x->deeds[x->ndeeds++] = (struct explain_deed){.at = at, .outcome = ev->outcome, .change = changes,
	                                              .changes = x->nchanges - changes, .unknown = told,
	                                              .unknowns = unknowns - told, .row = x->row, .table = x->table};
	x->row = NULL;
	step->deeds++;
}

static void take_unmapped(struct explain *x, const struct aff_rules_event *ev)
{
	const struct aff_unmapped *u = ev->unmapped;
	if (vector_room(&x->unknowns, &x->unknowns_room, x->nunknowns, sizeof *x->unknowns)) {
		x->error = AFF_ENOMEM;
		return;
	}
	x->unknowns[x->nunknowns++] = (struct explain_unmapped){
		.kind = u->kind, .field = u->field, .table = u->table ? aff_table_name(u->table) : NULL,
		.code = explain_keep(x, u->code), .name = explain_keep(x, u->name),
		.system = explain_keep(x, u->system), .unit = explain_keep(x, u->unit)};
}

void explain_tell(void *arg, const struct aff_rules_event *ev)
{
	struct explain *x = arg;
	if (x->error)
		return;
	switch (ev->kind) {
	case AFF_RULES_STEP:
		take_step(x, ev);
		break;
	case AFF_RULES_WHEN:
		take_when(x, ev);
		break;
	case AFF_RULES_DONE:
		take_done(x, ev);
		break;
	case AFF_RULES_ROW:
		x->row = ev->row;
		x->table = aff_table_name(ev->table);
		break;
	case AFF_RULES_UNMAPPED:
		take_unmapped(x, ev);
		break;
	case AFF_RULES_SKIPPED:
		x->steps[x->nsteps - 1].skipped = true;
		explain_remember(x, ev->e);
		break;
	}
}
