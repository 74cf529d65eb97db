/* SPDX-License-Identifier: Apache-2.0
 *
 * A verdict as JUnit XML: a file is a suite, a message a test case, and its findings are the case's failure, or its
 * output where they are not bad enough to fail.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/verdict.h"

static void put_findings(struct junit *out, const struct verdict *v)
{
	const struct aff_diag_list *l = v->findings;
	char line[sizeof l->items->text + sizeof l->items->hint + 160], at[64];
	for (size_t i = 0; i < l->count; i++) {
		const struct aff_diag *d = v->ordered[i];
		aff_location_format(&d->at, at, sizeof at);
		snprintf(line, sizeof line, "%s%s%s [%s]: %s%s%s\n", at, at[0] ? ": " : "", verdict_severity(d),
		         d->rule, d->text, d->hint[0] ? "; " : "", d->hint);
		junit_text(out, line);
	}
	if (!l->dropped)
		return;
	snprintf(line, sizeof line, "and %zu more findings\n", l->dropped);
	junit_text(out, line);
}

static int junit_message(struct verdict_writer *w, const struct verdict *v)
{
	char name[48], summary[96];
	struct junit *j = &w->junit;
	if (v->input->number == 1)
		junit_suite(j, v->input->file);
	snprintf(name, sizeof name, "message %" PRIu64, v->input->number);
	snprintf(summary, sizeof summary, "%zu errors, %zu warnings", v->findings->errors, v->findings->warnings);
	junit_case(j, v->input->file, name, v->failed ? JUNIT_FAILED : JUNIT_PASSED,
	           v->findings->count || v->failed ? summary : NULL);
	put_findings(j, v);
	junit_case_end(j);
	return j->cases.error;
}

static int junit_finish(struct verdict_writer *w, struct verdict_totals *totals)
{
	(void)totals;
	return junit_end(&w->junit);
}

const struct verdict_format verdict_junit = {junit_message, junit_finish};
