/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the checks of the wanted level over a message.
 */
#include "validate/check.h"

/* "2.5.1" is 251, "2.6" is 260; 0 for anything but 2.x. */
static unsigned version_of(const struct aff_msg *m)
{
	struct aff_view v = aff_msg_get(m, 0, 12, 1, 1, 1);
	unsigned digits[2] = {0, 0}, n = 0;
	if (v.n < 3 || v.p[0] != '2' || v.p[1] != '.')
		return 0;
	for (size_t i = 2; i < v.n && n < 2; i++) {
		if (v.p[i] >= '0' && v.p[i] <= '9')
			digits[n++] = (unsigned)(v.p[i] - '0');
		else if (v.p[i] != '.')
			break;
	}
	return n ? 200 + digits[0] * 10 + digits[1] : 0;
}

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
	                  .version = version_of(m),
	                  .findings = findings,
	                  .first = first};
	check_header(&c);
	if (checks->level >= AFF_CHECK_SYNTAX)
		check_syntax(&c);
	if (checks->level >= AFF_CHECK_STRUCTURE) {
		check_structure(&c);
		check_content(&c);
	}
	if (checks->ihe)
		check_pcd(&c);
	if (checks->sense)
		check_sense(&c);
	return c.failed ? c.failed : c.errors;
}
