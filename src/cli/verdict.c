/* SPDX-License-Identifier: Apache-2.0
 *
 * What all forms of a verdict share.
 */
#include "cli/verdict.h"

const char *verdict_severity(const struct aff_diag *d)
{
	static const char *const words[] = {
		[AFF_SEVERITY_ERROR] = "error",
		[AFF_SEVERITY_WARNING] = "warning",
		[AFF_SEVERITY_INFO] = "info",
	};
	return words[d->severity];
}

/* Where field `field` would begin in a segment that ends before it: at its end. */
static size_t field_start(const struct aff_msg *m, unsigned segment, unsigned field)
{
	struct aff_view line = aff_msg_segment(m, segment), v = aff_msg_field(m, segment, field);
	return field <= aff_msg_fields(m, segment) ? (size_t)(v.p - line.p) : line.n;
}

bool verdict_locate(const struct aff_msg *m, const struct aff_location *at, struct verdict_place *place)
{
	unsigned segment = at->segment[0] ? aff_msg_nth(m, at->segment, at->occurrence ? at->occurrence : 1) : AFF_NONE;
	if (segment == AFF_NONE)
		return false;
	place->segment = aff_msg_segment(m, segment);
	struct aff_view part = aff_msg_id(m, segment);
	if (at->field && at->repetition)
		part = aff_msg_get(m, segment, at->field, at->repetition, at->component, at->subcomponent);
	else if (at->field)
		part = at->component ? aff_msg_get(m, segment, at->field, 1, at->component, at->subcomponent)
				     : aff_msg_field(m, segment, at->field);
	place->n = part.n;
	/* The whole field, where the part of it that is asked for is not there. */
	if (!part.n && (at->component || at->repetition > 1))
		place->n = aff_msg_field(m, segment, at->field).n;
	place->from = part.n ? (size_t)(part.p - place->segment.p) : field_start(m, segment, at->field);
	return true;
}
