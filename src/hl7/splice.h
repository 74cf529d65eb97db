/* SPDX-License-Identifier: Apache-2.0
 *
 * Replacing one part of a segment's text.
 */
#ifndef HL7_SPLICE_H
#define HL7_SPLICE_H

#include <afferent/msg.h>

/* Field, repetition, component, subcomponent. */
#define SPLICE_LEVELS 4

/* Where a part is: text[from..to), with delimiters to be written before it where the text ends too early for it. */
struct splice {
	size_t from, to;
	struct {
		char delimiter;
		unsigned count;
	} missing[SPLICE_LEVELS];
};

/* Finds a part of a segment. Numbers as in aff_edit_set. Returns 0, or AFF_EDELIMITER when the part would need a
 * delimiter that the message does not have. */
int splice_find(struct splice *s, struct aff_view segment, const struct aff_delims *d, unsigned field,
                unsigned repetition, unsigned component, unsigned subcomponent);

/* Bytes of delimiters that are to be written. */
size_t splice_missing(const struct splice *s);

/* Writes the segment with raw in place of the part: segment.n - (to - from) + missing + raw.n bytes. */
void splice_write(const struct splice *s, struct aff_view segment, struct aff_view raw, char *to);

#endif
