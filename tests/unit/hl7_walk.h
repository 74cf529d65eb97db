/* SPDX-License-Identifier: Apache-2.0
 *
 * Walking over every part of a message and writing it back: what must hold for any bytes that parse. Used by the unit
 * tests and the fuzz target. A fault ends the process through walk_fail.
 */
#ifndef HL7_WALK_H
#define HL7_WALK_H

#include <stdio.h>
#include <stdlib.h>

#include <afferent/edit.h>

/* Parts of one field that are looked at, so that a wave of 10,000 samples does not make the walk quadratic for long. */
#define WALK_PARTS 64

static inline void walk_fail(const char *what)
{
	fprintf(stderr, "walk: %s\n", what);
	abort();
}

static inline void walk_inside(struct aff_view part, struct aff_view whole)
{
	if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		walk_fail("a part reaches out of its whole");
	if (!part.p)
		walk_fail("a view without bytes");
}

static inline unsigned walk_count(struct aff_view text, char delimiter)
{
	unsigned n = aff_count(text, delimiter);
	return n > WALK_PARTS ? WALK_PARTS : n;
}

/* Repetitions, components and subcomponents of one field, one more than there are. Returns how many parts it saw. */
static inline size_t walk_field(const struct aff_msg *m, unsigned segment, unsigned field, struct aff_view text)
{
	struct aff_delims d = aff_msg_delims(m);
	size_t parts = 0;
	for (unsigned r = 1; r <= walk_count(text, d.repetition) + 1; r++) {
		struct aff_view repetition = aff_msg_get(m, segment, field, r, 0, 0);
		walk_inside(repetition, text);
		for (unsigned c = 1; c <= walk_count(repetition, d.component) + 1; c++) {
			struct aff_view component = aff_msg_get(m, segment, field, r, c, 0);
			walk_inside(component, repetition);
			for (unsigned s = 1; s <= walk_count(component, d.subcomponent) + 1; s++, parts++)
				walk_inside(aff_msg_get(m, segment, field, r, c, s), component);
		}
	}
	return parts;
}

/* Every part of every segment. Returns how many parts it saw. */
static inline size_t walk_message(const struct aff_msg *m)
{
	size_t parts = 0;
	const char *behind = aff_msg_bytes(m).p;
	for (unsigned i = 0; i < aff_msg_segments(m); i++) {
		struct aff_view segment = aff_msg_segment(m, i);
		walk_inside(segment, aff_msg_bytes(m));
		walk_inside(aff_msg_id(m, i), segment);
		if (segment.p < behind)
			walk_fail("segments overlap");
		behind = segment.p + segment.n;
		for (unsigned f = 0; f <= aff_msg_fields(m, i) + 1; f++) {
			struct aff_view field = aff_msg_field(m, i, f);
			walk_inside(field, segment);
			parts += walk_field(m, i, f, field);
		}
	}
	return parts;
}

/* Adds a segment at the end and takes it off again, so that the whole message is put together from its segments, and
 * expects the same bytes. */
static inline void walk_write_back(const struct aff_msg *m, struct aff_edit *e, struct aff_buf *out)
{
	char id[4] = {'Z', 'Z', 'Z', '\0'};
	unsigned count = aff_msg_segments(m);
	aff_buf_clear(out);
	if (aff_edit_begin(e, m) || aff_edit_changed(e))
		walk_fail("no fresh start");
	aff_edit_write(e, out);
	if (out->error || !aff_view_equal(aff_buf_view(out), aff_msg_bytes(m)))
		walk_fail("the untouched message is not written byte for byte");
	if (aff_edit_insert(e, count, aff_view_of(id)) == AFF_ELIMIT)
		return;
	if (!aff_edit_is(e, count, id) || aff_edit_delete(e, count) || !aff_edit_changed(e))
		walk_fail("a segment cannot be added and deleted");
	aff_buf_clear(out);
	aff_edit_write(e, out);
	if (out->error || !aff_view_equal(aff_buf_view(out), aff_msg_bytes(m)))
		walk_fail("the message put together again is not the same");
}

#endif
