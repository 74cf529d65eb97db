/* SPDX-License-Identifier: Apache-2.0
 *
 * What a test expected and what came out, compared by their meaning: HL7 segment by segment down to the part that
 * differs, JSON value by value with its path. An expected part that is a lone "*" fits anything.
 */
#ifndef CLI_CASE_DIFF_H
#define CLI_CASE_DIFF_H

#include "cli/case_report.h"

/* Where differences belong. */
struct case_place {
	struct case_report *report;
	const char *file;
	uint64_t message;
};

/* Segment terminators do not count; text is compared as it is escaped. 0, AFF_ENOMEM. */
int case_diff_hl7(const struct case_place *place, struct aff_view expected, struct aff_view got);

/* The order of an object's names does not count; numbers are compared as they are written: 37.0 is not 37.00.
 * `expected` may be text behind other documents: *used is how much of it this one took. 0, AFF_ENOMEM, AFF_ESYNTAX when
 * `expected` is no JSON, which is told. */
int case_diff_json(const struct case_place *place, struct aff_view expected, struct aff_view got, size_t *used);

#endif
