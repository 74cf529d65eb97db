/* SPDX-License-Identifier: Apache-2.0
 *
 * What is no HL7 v2 at all, in a message that a lenient parser took (HL7 v2 section 2.5).
 */
#include "validate/check.h"

void check_syntax(struct check *c)
{
	for (unsigned i = 0; i < aff_msg_segments(c->m); i++) {
		struct place at = {.segment = i};
		if (!aff_msg_segment(c->m, i).n)
			continue; /* an empty line holds nothing that could be wrong */
		if (i && aff_msg_is(c->m, i, "MSH"))
			check_report(c, RULE_TWO_MESSAGES, at, "a second message starts inside this one");
		else if (!check_is_segment_id(aff_msg_id(c->m, i)))
			check_report(c, RULE_SEGMENT_ID, at, "line %u of the message does not start with a segment id",
			             i + 1);
	}
}
