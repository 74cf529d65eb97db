/* SPDX-License-Identifier: Apache-2.0
 *
 * What a human being's measurement can be: the limits of limits.csv. They are wide: what lies beyond is no measurement,
 * whoever the patient is; what is merely unlikely is for the site's own rules.
 */
#ifndef TERMS_LIMIT_H
#define TERMS_LIMIT_H

#include <afferent/nomenclature.h>
#include <afferent/number.h>
#include <afferent/unit.h>

/* Both ends are still possible; "" is no limit. */
struct limit {
	unsigned code;
	const char *unit, *low, *high;
};

/* NULL where there are none. */
const struct limit *limit_of_term(const struct aff_term *term);
const struct limit *limit_of_loinc(struct aff_view loinc);

enum verdict {
	VERDICT_SOUND,
	VERDICT_MARKER,     /* devices mark by it that there is no reading */
	VERDICT_IMPOSSIBLE
};

/* limit and unit may be NULL: what is not known is not held against the number, except that a quantity without negative
 * values has none in any unit. */
enum verdict limit_judge(const struct limit *limit, const struct aff_unit *unit, const struct aff_nm *number);

#endif
