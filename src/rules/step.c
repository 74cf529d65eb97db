/* SPDX-License-Identifier: Apache-2.0
 *
 * How a step ends a run or takes a segment away.
 */
#include "rules/step.h"

#include <stdarg.h>
#include <stdio.h>

#include "rules/notes.h"

static unsigned occurrence_of(const struct aff_edit *e, const char *id, unsigned segment)
{
	unsigned n = 1;
	for (unsigned i = aff_edit_find(e, id, 0); i != AFF_NONE && i < segment; i = aff_edit_find(e, id, i + 1))
		n++;
	return n;
}

int run_reject(struct run *run, int code, unsigned segment, unsigned field, const char *format, ...)
{
	char text[sizeof run->diag->text];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
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

int run_reject_text(struct run *run, unsigned segment, unsigned field)
{
	return run_reject(run, AFF_ECHARSET, segment, field,
	                  "the text cannot be written in the message's character set");
}

int run_delete(struct run *run, unsigned segment)
{
	int rc = delete_with_notes(run->e, segment);
	return rc ? rc : STEP_DELETED;
}
