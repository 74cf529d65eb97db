/* SPDX-License-Identifier: Apache-2.0
 *
 * Which group of its message structure each segment of a message belongs to (HL7 v2 section 2.5.2 and the chapter of
 * the message), as tolerant as a receiver has to be:
 *
 *   a segment goes to the next place that the structure has for it, and a group that repeats begins again with its
 *   first segment; a second PID begins a new PATIENT_RESULT, each OBR a new ORDER_OBSERVATION;
 *   NTE and PRT belong to what stands before them and never begin an outer group;
 *   a segment that is not expected (Z segments are not), or that comes too late, stays in the group that is open there;
 *   a group whose first segment is missing begins with the one that is there.
 *
 * Every segment belongs to exactly one group; the message itself is group 0.
 */
#ifndef AFFERENT_GROUP_H
#define AFFERENT_GROUP_H

#include <afferent/msg.h>
#include <afferent/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One occurrence of a group in a message. Occurrences are numbered from 0 in the order in which they begin. */
struct aff_group {
	const struct aff_schema_node *node; /* its definition; NULL for the message when its structure is not known */
	unsigned parent;                    /* the occurrence it is in; of the message: 0 */
	unsigned occurrence;                /* which one of its name in its parent, from 1 */
	unsigned first, last;               /* segments */
};

/* What a message has otherwise than its structure. */
enum aff_group_finding_kind {
	AFF_GROUP_MISSING,    /* a required segment or group is not there: `node` in occurrence `group` */
	AFF_GROUP_ORDER,      /* the structure has the segment, but not here */
	AFF_GROUP_REPEATED,   /* the segment is here already and may stand here once */
	AFF_GROUP_UNEXPECTED  /* the structure does not have the segment: no mistake by itself */
};
struct aff_group_finding {
	enum aff_group_finding_kind kind;
	unsigned segment;     /* the segment; MISSING: the first one of the group that lacks something */
	unsigned last;        /* MISSING: the last one of that group */
	const struct aff_schema_node *node;  /* MISSING: what is not there */
	const struct aff_schema_node *group; /* the group it is about; the structure's node 0 for the message */
};

/* Told of each finding while a message is matched, in the order in which they are certain: that something is missing is
 * known when its group ends. */
struct aff_group_hook {
	void (*tell)(void *arg, const struct aff_group_finding *f);
	void *arg;
};

/* The groups of one message at a time. An object belongs to one thread at a time; once it has grown to the size of the
 * messages it sees it allocates nothing. */
struct aff_groups;

/* Returns 0, AFF_ENOMEM. Free with aff_groups_free. */
int aff_groups_new(struct aff_groups **out);
void aff_groups_free(struct aff_groups *g);

/* Finds the groups of m. hook may be NULL. Returns 0, AFF_ENOMEM (g holds nothing then). */
int aff_groups_match(struct aff_groups *g, const struct aff_msg *m, const struct aff_group_hook *hook);

/* The groups of m, found when they are first asked for after a parse; they belong to m. 0, AFF_ENOMEM. */
int aff_msg_groups(const struct aff_msg *m, const struct aff_groups **out);

/* The structure of the message that was matched; NULL when none is known: then all segments belong to group 0. */
const struct aff_schema_structure *aff_groups_structure(const struct aff_groups *g);

/* The number of occurrences, and one of them. group must be less than the count. */
unsigned aff_groups_count(const struct aff_groups *g);
const struct aff_group *aff_groups_at(const struct aff_groups *g, unsigned group);

/* The innermost group that a segment belongs to; 0 when the message does not have the segment. Follow `parent` from
 * there for the whole chain. */
unsigned aff_groups_of(const struct aff_groups *g, unsigned segment);

#ifdef __cplusplus
}
#endif
#endif
