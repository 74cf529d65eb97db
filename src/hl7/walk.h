/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass through a message along its structure: which groups are open at each segment. The work is bounded by the
 * number of nodes of the structure for each segment; nothing is allocated.
 */
#ifndef HL7_WALK_H
#define HL7_WALK_H

#include <afferent/group.h>

enum { WALK_DEPTH = 9, WALK_NODES = 64 };

/* A group that is open. */
struct walk_level {
	uint16_t node;       /* its place in the structure */
	uint16_t child;      /* the member that came last; 0: none yet */
	uint64_t seen;       /* members that came, by their place in the structure */
	unsigned first;      /* its first segment */
	unsigned serial;     /* which group of the message it is, in the order in which they began */
	unsigned occurrence; /* which one of its kind in its parent */
	bool headless;       /* something required is missing before the segment it began with */
};

struct walk {
	const struct aff_schema_structure *s;
	const struct aff_group_hook *hook;
	unsigned segment;    /* the next one */
	unsigned depth;      /* of the innermost open group; 0: the message */
	unsigned opened;     /* the outermost level that the last segment opened; WALK_DEPTH: it opened none */
	unsigned serials;
	struct walk_level level[WALK_DEPTH];
	unsigned occurrences[WALK_NODES]; /* of each group in the parent that is open */
};

/* s: NULL when the structure is not known. hook: may be NULL. */
void walk_begin(struct walk *w, const struct aff_schema_structure *s, const struct aff_group_hook *hook);

/* Takes the next segment, by its packed id (0: it has none): afterwards the open levels are the chain of its groups. */
void walk_segment(struct walk *w, uint32_t id);

/* After the last segment: what is missing at the end. */
void walk_end(struct walk *w);

#endif
