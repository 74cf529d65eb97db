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

/* Behind MSH-2, where all delimiters stand. */
static bool repeats(const struct aff_msg *m, char delimiter)
{
	struct aff_view bytes = aff_msg_bytes(m), delimiters = aff_msg_field(m, 0, 2);
	size_t from = delimiters.n ? (size_t)(delimiters.p + delimiters.n - bytes.p) : 0;
	return delimiter && memchr(bytes.p + from, delimiter, bytes.n - from);
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
	c.repetition = repeats(m, c.delims.repetition) ? c.delims.repetition : 0;
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
