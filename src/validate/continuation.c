/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages that are a part of another one (HL7 v2 section 2.10.2). Each is taken for a whole one; that is told.
 */
#include <afferent/continuation.h>

#include "validate/check.h"

void check_continuation(struct check *c)
{
	struct aff_continuation said;
	aff_continuation_read(c->m, &said);
	if (!check_is_empty(c, said.continues))
		check_report(c, RULE_CONTINUED, (struct place){.segment = 0, .field = 14},
		             "the message continues another one (MSH-14)");
	if (said.addenda)
		check_report(c, RULE_CONTINUED, (struct place){.segment = aff_msg_find(c->m, "ADD", 0)},
		             "a segment is cut in pieces: %u ADD", said.addenda);
	if (!check_is_empty(c, said.continued))
		check_report(c, RULE_CONTINUED, (struct place){.segment = aff_msg_find(c->m, "DSC", 0), .field = 1},
		             "the message goes on in another one (DSC-1)");
}
