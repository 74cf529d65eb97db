/* SPDX-License-Identifier: Apache-2.0
 *
 * What a struct aff_msg is made of. Invariants after a successful parse:
 *   segments[0] is the MSH and starts at segments[0].start, behind anything that a leniency skipped;
 *   segment k+1 starts right behind the terminator of segment k;
 *   bytes[body_end..] is nothing but terminators: those of the last segment and blank lines at the end.
 */
#ifndef HL7_INDEX_H
#define HL7_INDEX_H

#include <afferent/msg.h>

struct aff_charset;

struct segment {
	uint32_t id;         /* the three bytes of its id packed, 0 when the id is not three bytes */
	uint32_t start, end; /* offsets in bytes, without the terminator */
	uint32_t first;      /* its first separator in cuts; entry first + fields is its end */
	uint32_t fields;     /* separators in it */
	uint32_t occurrence; /* of its id, from 1 */
	uint32_t before;     /* while parsing: the next in a chain, see count_occurrence */
};

struct aff_msg {
	struct aff_limits limits;
	struct aff_view bytes;
	size_t body_end;
	struct aff_delims delims;
	enum aff_terminator terminator;
	uint32_t *cuts;
	size_t max_cuts;
	uint32_t *ends;
	size_t max_ends;
	struct segment *segments;
	size_t max_segments;
	unsigned count;
	struct aff_groups *groups; /* none: not known yet */
	int error;           /* what the parse returned: such a message may be read, but not changed */
	struct aff_charset *charset; /* what its text is in; NULL: nobody said */
};

static inline uint32_t index_pack_id(const char *id)
{
	return (uint32_t)(unsigned char)id[0] << 16 | (uint32_t)(unsigned char)id[1] << 8 | (unsigned char)id[2];
}

#define INDEX_ID(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/* Segments whose first field is the field separator itself. */
static inline bool index_is_header(uint32_t id)
{
	return id == INDEX_ID('M', 'S', 'H') || id == INDEX_ID('F', 'H', 'S') || id == INDEX_ID('B', 'H', 'S');
}

/* The same for a segment's text. */
static inline bool index_is_header_text(struct aff_view segment, char field)
{
	return segment.n >= 3 && (segment.n == 3 || segment.p[3] == field) && index_is_header(index_pack_id(segment.p));
}

/* A field, from 1; empty when it is not there. */
static inline struct aff_view index_field(const struct aff_msg *m, const struct segment *s, unsigned field)
{
	if (index_is_header(s->id)) {
		if (field == 1 && s->fields)
			return aff_view(m->bytes.p + s->start + 3, 1);
		field--;
	}
	if (field == 0 || field > s->fields)
		return aff_view("", 0);
	const uint32_t *cut = m->cuts + s->first + field;
	return aff_view(m->bytes.p + cut[-1] + 1, cut[0] - cut[-1] - 1);
}

/* [A-Z][A-Z0-9]{2} */
bool index_is_id(const char *p, size_t n);

/* "\r", "\n" or "\r\n". */
struct aff_view index_terminator(enum aff_terminator t);

#endif
