/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the checks of the wanted level over a message.
 */
#include <afferent/schema.h>

#include "validate/check.h"

static void check_content(struct check *c)
{
	for (unsigned i = 0; i < aff_msg_segments(c->m); i++) {
		check_fields(c, i);
		if (c->checks->level >= AFF_CHECK_TYPES && aff_msg_is(c->m, i, "OBX"))
			check_value(c, i);
	}
}

int aff_validate(const struct aff_msg *m, const struct aff_checks *checks, struct aff_diag_list *findings,
                 struct aff_diag *first)
{
	struct check c = {.m = m,
	                  .checks = checks,
	                  .delims = aff_msg_delims(m),
	                  .version = aff_schema_version(aff_msg_get(m, 0, 12, 1, 1, 1)),
	                  .findings = findings,
	                  .begin = findings->count,
	                  .first = first};
	c.pcd = check_pcd_message(&c);
	check_header(&c);
	if (checks->level >= AFF_CHECK_SYNTAX) {
		check_syntax(&c);
		check_charset(&c);
	}
	if (checks->level >= AFF_CHECK_STRUCTURE) {
		check_continuation(&c);
		check_structure(&c);
		check_content(&c);
	}
	if (checks->ihe)
		check_pcd(&c);
	if (checks->sense)
		check_sense(&c);
	if (checks->nprofiles)
		check_profiles(&c);
	return c.failed ? c.failed : c.errors;
}
