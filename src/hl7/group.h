/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding groups where the segments are not those of a message as it was parsed.
 */
#ifndef HL7_GROUP_H
#define HL7_GROUP_H

#include <afferent/group.h>

/* Takes the segments one after the other; `of` gives the packed id of segment n (0: none). As aff_groups_match. */
struct group_source {
	const struct aff_schema_structure *structure;
	unsigned segments;
	uint32_t (*of)(const void *arg, unsigned n);
	const void *arg;
};
int group_match(struct aff_groups *g, const struct group_source *from, const struct aff_group_hook *hook);

/* The structure that MSH-9 and MSH-12 name. */
const struct aff_schema_structure *group_structure(struct aff_view msh9, struct aff_view msh12,
                                                   const struct aff_delims *d);

#endif
