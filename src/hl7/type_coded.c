/* SPDX-License-Identifier: Apache-2.0
 *
 * Coded values and the types of the message header.
 */
#include <afferent/coded.h>

enum { CWE_COMPONENTS = 22 };

/* Where a coding stands: its first three components, its version, and the three that 2.7 added. */
static struct aff_coding coding(const struct aff_view *part, size_t first, size_t version, size_t further)
{
	return (struct aff_coding){part[first],   part[first + 1], part[first + 2],  part[version],
	                           part[further], part[further + 1], part[further + 2]};
}

void aff_cwe_read(struct aff_cwe *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_view part[CWE_COMPONENTS];
	aff_components(part, CWE_COMPONENTS, text, d);
	out->coding[0] = coding(part, 0, 6, 13);
	out->coding[1] = coding(part, 3, 7, 16);
	out->coding[2] = coding(part, 9, 12, 19);
	out->original = part[8];
}

void aff_message_type_read(struct aff_message_type *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_view part[3];
	aff_components(part, 3, text, d);
	*out = (struct aff_message_type){part[0], part[1], part[2]};
}

void aff_processing_read(struct aff_processing *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_view part[2];
	aff_components(part, 2, text, d);
	*out = (struct aff_processing){part[0], part[1]};
}

void aff_version_id_read(struct aff_version_id *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[3];
	aff_components(part, 3, text, d);
	*out = (struct aff_version_id){aff_primitive(part[0], &below), aff_primitive(part[1], &below),
	                               aff_primitive(part[2], &below)};
}
