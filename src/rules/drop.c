/* SPDX-License-Identifier: Apache-2.0
 *
 * DROP: a segment, or the whole message.
 */
#include "rules/step.h"

static int check_drop(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->for_each[0])
		return step_wrong(diag, "`drop: segment` does not say which segments", "add a line such as for: OBX");
	if (strcmp(s->for_each, "MSH") == 0)
		return step_wrong(diag, "the MSH segment cannot be dropped", "use drop: message");
	return 0;
}

static int drop_message(struct run *run, unsigned segment)
{
	(void)segment;
	run->result->verdict = AFF_VERDICT_DROP;
	return STEP_DECIDED;
}

const struct step_kind step_drop_segment = {
	.name = "drop: segment", .check = check_drop, .run = run_delete, .everywhere = ""
};
const struct step_kind step_drop_message = {
	.name = "drop: message", .run = drop_message, .everywhere = ""
};
