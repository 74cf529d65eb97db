/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding groups where the segments are not those of a message as it was parsed.
 */
#ifndef HL7_GROUP_H
#define HL7_GROUP_H

#include <afferent/group.h>
#include <afferent/path.h>

/* Takes the segments one after the other; `of` gives the packed id of segment n (0: none). As aff_groups_match. */
struct group_source {
	const struct aff_schema_structure *structure;
	unsigned segments;
	uint32_t (*of)(const void *arg, unsigned n);
	const void *arg;
};
int group_match(struct aff_groups *g, const struct group_source *from, const struct aff_group_hook *hook);

/* One pass along the structure of m that only tells its findings. */
void group_walk(const struct aff_msg *m, const struct aff_group_hook *hook);

/* Nothing is matched any more: aff_groups_count is 0. */
void group_forget(struct aff_groups *g);

/* Finds what a path says about groups: the innermost one, 0 for a path without groups. `current`: a segment, or
 * AFF_NONE. AFF_NONE when there is no such group. */
unsigned group_of_path(const struct aff_groups *g, const struct aff_path *path, unsigned current);

/* A path without groups, read for the segment `current`, means its patient's: `first` is the first segment with this id
 * in the message. Where a PID stands between the two, it is about another patient: then the one that stands with the
 * patient of `current`, or AFF_NONE; what stands before all patients is of them all. For a reading that stands before
 * several patients nothing is a patient's. */
unsigned group_own_patient(const struct group_source *from, uint32_t id, unsigned first, unsigned current);

/* The segments of a message, as it was parsed. */
struct group_source group_source_of(const struct aff_msg *m);

/* Whether a segment fits what a path says about groups, an occurrence that is not said meaning any. *group: the one
 * that the last name of the path means. */
bool group_fits(const struct aff_groups *g, const struct aff_path *path, unsigned segment, unsigned *group);

/* The structure that MSH-9 and MSH-12 name. */
const struct aff_schema_structure *group_structure(struct aff_view msh9, struct aff_view msh12,
                                                   const struct aff_delims *d);

#endif
