/* SPDX-License-Identifier: Apache-2.0
 *
 * DROP: a segment, a repetition of a field, or the whole message.
 */
#include "rules/place.h"

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

static int check_drop_repetition(const struct aff_step *s, struct aff_diag *diag)
{
	if (!s->for_field)
		return step_wrong(diag, "`drop: repetition` does not say of which field",
		                  "add a line such as for: PID-3");
	if (s->for_field == 18 && strcmp(s->for_each, "MSH") == 0)
		return step_wrong(diag, "MSH-18 says which character set the message is in", "change it with set");
	return 0;
}

static int drop_repetition(struct run *run, unsigned segment)
{
	const struct place here = {segment, LEVEL_REPETITION, run->step->for_field, run->repetition, 0, 0};
	return place_clear(run, &here);
}

const struct step_kind step_drop_segment = {
	.name = "drop: segment", .check = check_drop, .run = run_delete, .everywhere = "", .guards = true
};
const struct step_kind step_drop_message = {
	.name = "drop: message", .guards = true, .run = drop_message, .everywhere = "", .repetitions = true
};
const struct step_kind step_drop_repetition = {
	.name = "drop: repetition", .check = check_drop_repetition, .run = drop_repetition, .everywhere = "",
	.repetitions = true, .guards = true
};
