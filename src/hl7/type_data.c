/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents, references and places.
 */
#include <afferent/data.h>

#include "base/number.h"
#include "hl7/type_fail.h"

void aff_ed_read(struct aff_ed *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[5];
	aff_components(part, 5, text, d);
	*out = (struct aff_ed){.type = part[1], .subtype = part[2], .encoding = part[3], .data = part[4]};
	aff_hd_read(&out->source, part[0], &below);
}

void aff_rp_read(struct aff_rp *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[4];
	aff_components(part, 4, text, d);
	*out = (struct aff_rp){.pointer = part[0], .type = part[2], .subtype = part[3]};
	aff_hd_read(&out->application, part[1], &below);
}

void aff_og_read(struct aff_og *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_view part[4];
	aff_components(part, 4, text, d);
	*out = (struct aff_og){part[0], part[1], part[2], part[3]};
}

int aff_erl_read(struct aff_location *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	struct aff_location at = {.segment = ""};
	unsigned *const numbers[] = {&at.occurrence, &at.field, &at.repetition, &at.component, &at.subcomponent};
	struct aff_view part[6];
	aff_components(part, 6, text, d);
	if (part[0].n && part[0].n != sizeof at.segment - 1)
		return type_fail(diag, "ERL", 1, "the id of a segment, such as OBX");
	memcpy(at.segment, part[0].p, part[0].n);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		uint64_t value = 0;
		if (part[i + 1].n && !aff_is_null(part[i + 1]) && number_u64(part[i + 1], UINT32_MAX, &value))
			return type_fail(diag, "ERL", (unsigned)i + 2, LOOKS_SI);
		*numbers[i] = (unsigned)value;
	}
	*out = at;
	return 0;
}
