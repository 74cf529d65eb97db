/* SPDX-License-Identifier: Apache-2.0
 *
 * Designators, identifiers, places, people and how to reach them.
 */
#include <afferent/identity.h>

static struct aff_hd hd(struct aff_view text, const struct aff_delims *d)
{
	struct aff_hd out;
	aff_hd_read(&out, text, d);
	return out;
}

void aff_hd_read(struct aff_hd *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_view part[3];
	aff_components(part, 3, text, d);
	*out = (struct aff_hd){part[0], part[1], part[2]};
}

void aff_ei_read(struct aff_ei *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_view part[4];
	aff_components(part, 4, text, d);
	*out = (struct aff_ei){part[0], {part[1], part[2], part[3]}};
}

void aff_cx_read(struct aff_cx *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[8];
	aff_components(part, 8, text, d);
	*out = (struct aff_cx){.id = part[0],
	                       .check_digit = part[1],
	                       .check_scheme = part[2],
	                       .authority = hd(part[3], &below),
	                       .type = part[4],
	                       .facility = hd(part[5], &below),
	                       .effective = part[6],
	                       .expires = part[7]};
}

void aff_pl_read(struct aff_pl *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[11];
	aff_components(part, 11, text, d);
	*out = (struct aff_pl){.point_of_care = hd(part[0], &below),
	                       .room = hd(part[1], &below),
	                       .bed = hd(part[2], &below),
	                       .facility = hd(part[3], &below),
	                       .status = part[4],
	                       .type = part[5],
	                       .building = hd(part[6], &below),
	                       .floor = hd(part[7], &below),
	                       .description = part[8],
	                       .authority = hd(part[10], &below)};
	aff_ei_read(&out->comprehensive, part[9], &below);
}

static struct aff_xpn name_of(const struct aff_view *part, struct aff_view type, struct aff_view representation,
                              const struct aff_delims *below)
{
	return (struct aff_xpn){aff_primitive(part[0], below), part[1], part[2], part[3], part[4], part[5], type,
	                        representation};
}

void aff_xpn_read(struct aff_xpn *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[8];
	aff_components(part, 8, text, d);
	*out = name_of(part, part[6], part[7], &below);
}

void aff_xcn_read(struct aff_xcn *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[15];
	aff_components(part, 15, text, d);
	*out = (struct aff_xcn){.id = part[0],
	                        .name = name_of(part + 1, part[9], part[14], &below),
	                        .authority = hd(part[8], &below),
	                        .id_type = part[12],
	                        .facility = hd(part[13], &below)};
}

void aff_xtn_read(struct aff_xtn *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_view part[12];
	aff_components(part, 12, text, d);
	*out = (struct aff_xtn){part[0], part[1], part[2], part[3], part[4],
	                        part[5], part[6], part[7], part[8], part[11]};
}

void aff_xad_read(struct aff_xad *out, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view part[7];
	aff_components(part, 7, text, d);
	*out = (struct aff_xad){aff_primitive(part[0], &below), part[1], part[2], part[3], part[4], part[5], part[6]};
}
