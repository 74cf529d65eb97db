/* SPDX-License-Identifier: Apache-2.0
 *
 * What an observer is told. Nothing is made for it where there is none.
 */
#include "rules/step.h"

#include <afferent/coded.h>

enum { OBX_CODE = 3, OBX_UNITS = 6, TEXTS = 6 };

static struct aff_rules_event event_of(const struct run *run, enum aff_rules_event_kind kind, unsigned segment)
{
	const struct step *step = run->step;
	return (struct aff_rules_event){.kind = kind, .e = run->e, .step = run->number, .line = step->line,
	                                .name = step->kind->name, .path = &step->path, .for_each = step->for_each,
	                                .for_field = step->for_field,
	                                .when = step->when, .segment = segment, .repetition = run->repetition};
}

void watch_step(struct run *run)
{
	if (!run->watch)
		return;
	struct aff_rules_event event = event_of(run, AFF_RULES_STEP, AFF_NONE);
	run->watch->tell(run->watch->arg, &event);
}

void watch_when(struct run *run, unsigned segment, bool holds)
{
	if (!run->watch)
		return;
	struct aff_rules_event event = event_of(run, AFF_RULES_WHEN, segment);
	event.holds = holds;
	run->watch->tell(run->watch->arg, &event);
}

void watch_done(struct run *run, unsigned segment, int rc)
{
	if (!run->watch)
		return;
	struct aff_rules_event event = event_of(run, AFF_RULES_DONE, segment);
	event.outcome = rc < 0 ? rc : rc == STEP_DECIDED;
	event.why = rc == STEP_DECIDED && run->result->verdict == AFF_VERDICT_REJECT ? run->diag : NULL;
	run->watch->tell(run->watch->arg, &event);
}

void watch_skipped(struct run *run)
{
	if (!run->watch)
		return;
	struct aff_rules_event event = event_of(run, AFF_RULES_SKIPPED, AFF_NONE);
	event.why = run->diag;
	run->watch->tell(run->watch->arg, &event);
}

void watch_row(struct run *run, unsigned segment, const struct aff_table_row *row)
{
	if (!run->watch)
		return;
	struct aff_rules_event event = event_of(run, AFF_RULES_ROW, segment);
	event.table = run->step->table;
	event.row = row;
	run->watch->tell(run->watch->arg, &event);
}

/* Texts of a coding one after the other in `texts`; at gets where each begins. */
static void put_coding(struct run *run, struct aff_buf *texts, const struct aff_coding *coding, size_t at[3])
{
	const struct aff_view parts[3] = {coding->code, coding->text, coding->system};
	for (size_t i = 0; i < 3; i++) {
		at[i] = texts->n;
		aff_buf_put_view(texts, charset_read(&run->charset, &run->key, parts[i]));
	}
}

static struct aff_coding coding_at(struct run *run, unsigned segment, unsigned field, unsigned repetition)
{
	struct aff_cwe cwe;
	aff_cwe_read(&cwe, aff_edit_get(run->e, segment, field, repetition, 0, 0), &run->delims);
	return cwe.coding[0];
}

static void tell_unmapped(struct run *run, enum aff_unmapped_kind kind, unsigned segment)
{
	const struct step *step = run->step;
	bool coded = kind == AFF_UNMAPPED_CODE || kind == AFF_UNMAPPED_NAME, obx = aff_edit_is(run->e, segment, "OBX");
	struct aff_coding code = coding_at(run, segment, coded ? step->path.field : OBX_CODE,
	                                   coded ? step->path.repetition : 0);
	struct aff_coding unit = obx ? coding_at(run, segment, OBX_UNITS, 0) : (struct aff_coding){.code = {"", 0}};
	struct aff_buf texts;
	size_t at[TEXTS + 1];
	aff_buf_init(&texts, run->key.max);
	put_coding(run, &texts, &code, at);
	put_coding(run, &texts, &unit, at + 3);
	at[TEXTS] = texts.n;
	struct aff_view v[TEXTS];
	for (size_t i = 0; i < TEXTS; i++)
		v[i] = texts.error ? aff_view("", 0) : aff_view(aff_buf_view(&texts).p + at[i], at[i + 1] - at[i]);
	const struct aff_unmapped what = {.kind = kind, .table = step->table,
	                                  .field = coded ? step->path.field : OBX_UNITS, .code = v[0], .name = v[1],
	                                  .system = v[2], .unit = v[3], .unit_name = v[4], .unit_system = v[5]};
	struct aff_rules_event event = event_of(run, AFF_RULES_UNMAPPED, segment);
	event.unmapped = &what;
	run->watch->tell(run->watch->arg, &event);
	aff_buf_free(&texts);
}

void watch_unmapped(struct run *run, enum aff_unmapped_kind kind, unsigned segment)
{
	if (run->watch)
		tell_unmapped(run, kind, segment);
}

void run_keep_unmapped(struct run *run, enum aff_unmapped_kind kind, unsigned segment)
{
	run->result->unmapped++;
	watch_unmapped(run, kind, segment);
}
