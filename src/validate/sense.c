/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written right and makes no sense.
 */
#include "validate/sense.h"

bool sense_is_numeric(const struct check *c, unsigned segment)
{
	struct aff_view type = aff_msg_get(c->m, segment, 2, 1, 1, 0);
	return aff_view_is(type, "NM") || aff_view_is(type, "SN");
}

void check_sense(struct check *c)
{
	struct aff_view id = aff_msg_get(c->m, 0, 11, 1, 1, 0);
	if (aff_view_is(id, "T") || aff_view_is(id, "D"))
		check_report(c, RULE_PROCESSING, (struct place){.segment = 0, .field = 11},
		             "MSH-11 (processing id) says that this is for %s",
		             id.p[0] == 'T' ? "training" : "debugging");
	for (unsigned i = aff_msg_find(c->m, "OBX", 1); i != AFF_NONE; i = aff_msg_find(c->m, "OBX", i + 1))
		sense_reading(c, i);
	if (!aff_view_is(aff_msg_get(c->m, 0, 9, 1, 1, 0), "ORU"))
		return;
	sense_rows(c);
	sense_times(c);
	sense_patients(c);
}
