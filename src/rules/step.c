/* SPDX-License-Identifier: Apache-2.0
 *
 * How a step ends a run or takes a segment away.
 */
#include "rules/step.h"

#include <stdarg.h>
#include <stdio.h>

#include "rules/notes.h"

int step_wrong(struct aff_diag *diag, const char *what, const char *hint)
{
	aff_diag_set(diag, AFF_EARGUMENT, "%s", what);
	aff_diag_hint(diag, "%s", hint);
	return AFF_EARGUMENT;
}

int step_check_obx(const struct aff_step *asked, struct aff_diag *diag, const char *what)
{
	if (asked->for_each[0] && strcmp(asked->for_each, "OBX") != 0)
		return step_wrong(diag, what, "write for: OBX or leave `for` out");
	return 0;
}

static unsigned occurrence_of(const struct aff_edit *e, const char *id, unsigned segment)
{
	unsigned n = 1;
	for (unsigned i = aff_edit_find(e, id, 0); i != AFF_NONE && i < segment; i = aff_edit_find(e, id, i + 1))
		n++;
	return n;
}

static int reject(struct run *run, int code, unsigned segment, unsigned field, const char *format, va_list ap)
{
	char text[sizeof run->diag->text];
	vsnprintf(text, sizeof text, format, ap);
	aff_diag_set(run->diag, code, "%s", text);
	if (segment != AFF_NONE) {
		struct aff_view raw = aff_edit_segment(run->e, segment);
		char id[4] = "";
		memcpy(id, raw.p, raw.n < 3 ? raw.n : 3);
		aff_diag_at(run->diag, id, occurrence_of(run->e, id, segment), field);
	}
	run->result->verdict = AFF_VERDICT_REJECT;
	run->result->code = code;
	return STEP_DECIDED;
}

int run_reject(struct run *run, int code, unsigned segment, unsigned field, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int rc = reject(run, code, segment, field, format, ap);
	va_end(ap);
	run->failed = true;
	return rc;
}

int run_refuse(struct run *run, int code, unsigned segment, unsigned field, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	int rc = reject(run, code, segment, field, format, ap);
	va_end(ap);
	return rc;
}

int run_reject_text(struct run *run, unsigned segment, unsigned field)
{
	return run_reject(run, AFF_ECHARSET, segment, field,
	                  "the text cannot be written in the message's character set");
}

static bool is_one_of(const struct aff_edit *e, unsigned segment, const char *const *ids)
{
	while (*ids && !aff_edit_is(e, segment, *ids))
		ids++;
	return *ids != NULL;
}

/* Whether there is an OBX behind the segment, before the next of `ends`. */
static bool has_readings(const struct aff_edit *e, unsigned segment, const char *const *ends)
{
	for (unsigned i = segment + 1; i < aff_edit_segments(e) && !is_one_of(e, i, ends); i++) {
		if (aff_edit_is(e, i, "OBX"))
			return true;
	}
	return false;
}

/* Whether the segment is an `id`, has an OBX behind it, before the next of `ends`, and another `id` before it, at or
 * after `from`, to which this OBX would go over. */
static bool leaves_readings(const struct aff_edit *e, unsigned segment, const char *id, const char *const *ends,
                            unsigned from)
{
	return aff_edit_is(e, segment, id) && aff_edit_find(e, id, from) < segment && has_readings(e, segment, ends);
}

unsigned run_patient_of(const struct run *run, unsigned segment)
{
	while (segment && !aff_edit_is(run->e, segment, "PID"))
		segment--;
	return segment;
}

bool run_takes_readings(const struct run *run, unsigned segment)
{
	static const char *const patients[] = {"PID", NULL}, *const orders[] = {"PID", "OBR", "ORC", NULL};
	bool order = aff_edit_is(run->e, segment, "OBR") || aff_edit_is(run->e, segment, "ORC");
	if (!order && !aff_edit_is(run->e, segment, "PID"))
		return false;
	unsigned from = order ? run_patient_of(run, segment) : 0;
	return aff_edit_find(run->e, order ? "OBR" : "PID", from) < segment &&
	       has_readings(run->e, segment, order ? orders : patients);
}

/* Whether the segment is an `id` behind another one of its kind, and something else stands below it: PV1, ORC and OBR
 * below a PID, SPM and TQ1 below an OBR. */
static bool leaves_others(const struct run *run, unsigned segment, const char *id, const char *const *ends,
                          unsigned from)
{
	unsigned next = run_behind(run, segment);
#ifdef AFF_MUTANT_92
	return false;
#endif
	return aff_edit_is(run->e, segment, id) && aff_edit_find(run->e, id, from) < segment &&
	       next < aff_edit_segments(run->e) && !is_one_of(run->e, next, ends);
}

int run_delete(struct run *run, unsigned segment)
{
	static const char *const patients[] = {"PID", "DSC", NULL}, *const orders[] = {"PID", "OBR", NULL},
	                  *const next_orders[] = {"PID", "OBR", "ORC", "DSC", NULL};
	if (leaves_readings(run->e, segment, "PID", patients, 0) ||
	    leaves_readings(run->e, segment, "OBR", orders, run_patient_of(run, segment)))
		return run_reject(run, AFF_EREFUSED, segment, 0,
		                  "without this segment its readings would be those of another patient or order");
	if (leaves_others(run, segment, "PID", patients, 0) ||
	    leaves_others(run, segment, "OBR", next_orders, run_patient_of(run, segment)))
		return run_reject(run, AFF_EREFUSED, segment, 0,
		                  "without this segment what stands below it would be about another patient or order");
	int rc = delete_with_notes(run->e, segment);
	return rc ? rc : STEP_DELETED;
}
