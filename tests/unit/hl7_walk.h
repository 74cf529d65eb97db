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
#include <afferent/type.h>

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

/* The number keeps its value when it is written and read again, and lies in the text. */
static inline void walk_number(const struct aff_nm *n, struct aff_view whole, struct aff_buf *scratch)
{
	struct aff_nm again;
	walk_inside(n->whole, whole);
	walk_inside(n->fraction, whole);
	aff_buf_clear(scratch);
	aff_nm_put(scratch, n);
	if (aff_nm_parse(&again, aff_buf_view(scratch)) || aff_nm_compare(n, &again) || again.form ||
	    again.fraction.n != n->fraction.n)
		walk_fail("a number is not what it was when it is read again");
}

static inline void walk_numbers(struct aff_view text, const struct aff_delims *d, struct aff_buf *scratch)
{
	struct aff_array a = aff_array(text, d);
	struct aff_nm n;
	struct aff_sn sn;
	struct aff_nr nr;
	unsigned rows, columns, most = 0;
	for (int rc; (rc = aff_array_next(&a, &n)) != AFF_ARRAY_END;) {
		if (rc == AFF_ARRAY_VALUE)
			walk_number(&n, text, scratch);
		most = a.at_component > most ? a.at_component : most;
	}
	aff_array_shape(text, d, &rows, &columns);
	if (columns != most || (rows && rows != a.at_repetition))
		walk_fail("an array has another shape than its walk");
	if (aff_sn_read(&sn, text, d, NULL) == 0) {
		walk_inside(sn.num1.whole, sn.has_num1 ? text : sn.num1.whole);
		walk_inside(sn.num2.whole, sn.has_num2 ? text : sn.num2.whole);
	}
	if (aff_nr_read(&nr, text, d, NULL) == 0) {
		walk_inside(nr.low.whole, nr.has_low ? text : nr.low.whole);
		walk_inside(nr.high.whole, nr.has_high ? text : nr.high.whole);
	}
}

static inline void walk_time(int rc, const struct aff_dtm *t)
{
	if (rc != 0 && rc != AFF_EDATATYPE)
		walk_fail("an error that no reader has");
	if (rc == 0 && (t->precision == AFF_DTM_NONE || t->second > 59 || t->fraction_digits > 4))
		walk_fail("a time that is none");
}

/* Whatever the text is, every reader of a data type ends, and what it gives lies in the text. The structs of texts hold
 * nothing but views. */
static inline void walk_types(struct aff_view text, const struct aff_delims *d, struct aff_buf *scratch)
{
	union {
		struct aff_cwe cwe;
		struct aff_message_type type;
		struct aff_processing processing;
		struct aff_version_id version;
		struct aff_cx cx;
		struct aff_ei ei;
		struct aff_pl pl;
		struct aff_xcn xcn;
		struct aff_xtn xtn;
		struct aff_xad xad;
		struct aff_ed ed;
		struct aff_rp rp;
		struct aff_og og;
		struct aff_view views[64];
	} u;
#define WALK_TEXTS(type, member)                                                                                       \
	do {                                                                                                           \
		aff_##type##_read(&u.member, text, d);                                                                 \
		for (size_t i_ = 0; i_ < sizeof u.member / sizeof u.views[0]; i_++)                                    \
			walk_inside(u.views[i_], text);                                                                \
	} while (0)
	WALK_TEXTS(cwe, cwe);
	WALK_TEXTS(message_type, type);
	WALK_TEXTS(processing, processing);
	WALK_TEXTS(version_id, version);
	WALK_TEXTS(cx, cx);
	WALK_TEXTS(ei, ei);
	WALK_TEXTS(pl, pl);
	WALK_TEXTS(xcn, xcn);
	WALK_TEXTS(xtn, xtn);
	WALK_TEXTS(xad, xad);
	WALK_TEXTS(ed, ed);
	WALK_TEXTS(rp, rp);
	WALK_TEXTS(og, og);
#undef WALK_TEXTS
	struct aff_dtm t = {0};
	struct aff_dr dr;
	struct aff_location at;
	walk_time(aff_dtm_read(&t, text, d, NULL), &t);
	walk_time(aff_dt_read(&t, text, d, NULL), &t);
	walk_time(aff_tm_read(&t, text, d, NULL), &t);
	aff_dr_read(&dr, text, d, NULL);
	aff_erl_read(&at, text, d, NULL);
	walk_numbers(text, d, scratch);
}

/* The readers over every field, with its own delimiters and those of a component. */
static inline void walk_typed(const struct aff_msg *m, struct aff_buf *scratch)
{
	struct aff_delims d = aff_msg_delims(m), below = aff_delims_below(&d);
	for (unsigned i = 0; i < aff_msg_segments(m); i++) {
		for (unsigned f = 1; f <= aff_msg_fields(m, i); f++) {
			walk_types(aff_msg_field(m, i, f), &d, scratch);
			walk_types(aff_msg_get(m, i, f, 1, 1, 0), &below, scratch);
		}
	}
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
