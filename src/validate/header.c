/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of MSH without which no message can be routed or answered (HL7 v2 section 2.14.9).
 */
#include "validate/check.h"

struct header_field {
	unsigned field;
	const char *name, *hint;
};

void check_header(struct check *c)
{
	static const struct header_field fields[] = {
		{9, "message type", "name it, such as ORU^R01^ORU_R01"},
		{10, "message control id",
	         "number the messages; answers and duplicates are told by it"},
		{11, "processing id", "write P for production, T for training or D for debugging"},
		{12, "version id", "name the HL7 version, such as 2.6"},
	};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		struct aff_view v = aff_msg_field(c->m, 0, fields[i].field);
		struct place at = {.segment = 0, .field = fields[i].field};
		if (check_is_empty(c, v) || aff_is_null(v))
			check_report_as(c, RULE_HEADER, AFF_SEVERITY_ERROR, at, fields[i].hint, "MSH-%u (%s) is empty",
			                fields[i].field, fields[i].name);
		else if (fields[i].field == 12 && !c->version)
			check_report(c, RULE_VERSION, at, "MSH-12 (version id) names no version of HL7 v2");
	}
}
