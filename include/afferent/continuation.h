/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages that were cut into several (HL7 v2 section 2.10.2): the last segment of one, DSC, names a pointer, and
 * MSH-14 of the next one repeats it. A segment that is too long goes on in ADD segments behind it, or, where an ADD
 * without fields ends the message, in the ADD that the next message begins with.
 *
 * An engine takes each of them for a message of its own; joining them is for who knows that all of them are there.
 */
#ifndef AFFERENT_CONTINUATION_H
#define AFFERENT_CONTINUATION_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a message says about others. Views are of the message. */
struct aff_continuation {
	struct aff_view continues;   /* MSH-14: the rest of the message that gave this pointer; empty: a beginning */
	struct aff_view continued;   /* DSC-1: the rest is in the message with this pointer; empty: it is the end */
	bool interactive;            /* DSC-2 = I: the rest must be asked for by a query */
	bool open_segment;           /* its last segment goes on in the next message */
	unsigned addenda;            /* ADD segments */
};

void aff_continuation_read(const struct aff_msg *m, struct aff_continuation *out);

/* Appends the message of which these are the fragments, in order: the MSH of the first, no DSC, no ADD, everything
 * else byte for byte. One fragment joins the ADD segments of one message. Nothing is guessed: all fragments must be
 * there and come from one sender. Returns 0, or
 *   AFF_EARGUMENT   no fragments, or one that was not parsed whole
 *   AFF_ESEQUENCE   MSH-14 of a fragment is not DSC-1 of the one before, the first has an MSH-14, the last a DSC with a
 *                   pointer, something follows a DSC, an ADD has no segment before it or is missing where a segment
 *                   goes on, a segment that may not be cut goes on (MSH, MSA, PID, DSC), or the rest must be asked for
 *                   by a query
 *   AFF_EDELIMITER, AFF_ETERMINATOR  fragments with other delimiters or line ends than the first
 *   AFF_EREFUSED    fragments that differ in MSH-3 to MSH-6, MSH-9, MSH-11, MSH-12 or MSH-18
 *   or the buffer's error. *diag says which; nothing is appended then. */
int aff_continuation_join(struct aff_buf *out, const struct aff_msg *const *fragments, size_t count,
                          struct aff_diag *diag);

#ifdef __cplusplus
}
#endif
#endif
