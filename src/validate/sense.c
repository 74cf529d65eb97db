/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written right and makes no sense.
 */
#include "terms/marker.h"
#include "validate/check.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_FLAGS = 8 };

static void check_numbers(struct check *c, unsigned segment)
{
	struct aff_parts repetitions = aff_parts(aff_msg_field(c->m, segment, OBX_VALUE), c->delims.repetition);
	struct place at = {.segment = segment, .field = OBX_VALUE, .repetition = 1};
	struct aff_view text;
	if (!aff_view_is(aff_msg_get(c->m, segment, OBX_TYPE, 1, 1, 0), "NM"))
		return;
	for (; aff_parts_next(&repetitions, &text); at.repetition++) {
		struct aff_nm number;
		if (aff_nm_parse(&number, text) == 0 && marker_is(&number))
			check_report(c, RULE_SENTINEL, at,
			             "OBX-5 (value) is a number by which devices mark that there is no reading");
	}
}

static void check_flags(struct check *c, unsigned segment)
{
	struct aff_parts repetitions = aff_parts(aff_msg_field(c->m, segment, OBX_FLAGS), c->delims.repetition);
	struct place at = {.segment = segment, .field = OBX_FLAGS, .repetition = 1};
	struct aff_view text;
	for (; aff_parts_next(&repetitions, &text); at.repetition++) {
		struct aff_view flag = aff_cut(text, &c->delims, 1, 1, 0);
		if (aff_view_is(flag, "DEMO") || aff_view_is(flag, "TEST"))
			check_report(c, RULE_DEMO, at, "OBX-8 says that the device is in %s mode",
			             flag.p[0] == 'D' ? "demonstration" : "test");
	}
}

void check_sense(struct check *c)
{
	for (unsigned i = aff_msg_find(c->m, "OBX", 1); i != AFF_NONE; i = aff_msg_find(c->m, "OBX", i + 1)) {
		check_numbers(c, i);
		check_flags(c, i);
	}
}
