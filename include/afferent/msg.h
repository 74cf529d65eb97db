/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading an HL7 v2 message (ER7 encoding, HL7 v2 chapter 2, section 2.5).
 *
 * A struct aff_msg is a read-only index over bytes that the caller keeps: parsing copies nothing and, once the object
 * has grown to the size of the messages it sees, allocates nothing. Reuse one object per thread for message after
 * message. Every view handed out points into the caller's bytes: still escaped, valid as long as the bytes are.
 *
 * Segments are numbered from 0 in the order of the message. Fields, repetitions, components and subcomponents are
 * numbered from 1, as the standard does. MSH-1 is the field separator and MSH-2 the encoding characters (likewise FHS,
 * BHS); these two are never split.
 *
 * An object belongs to one thread at a time.
 */
#ifndef AFFERENT_MSG_H
#define AFFERENT_MSG_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_msg;

/* The delimiters of one message: MSH-1 and MSH-2. 0 = not in use in this message. HL7 v2 section 2.5.4. */
struct aff_delims {
	char field, component, repetition, escape, subcomponent, truncation;
};

/* What one message may be at most. aff_limits_default: 16 MiB, 10,000 segments, 2,000 fields a segment, 1,000
 * repetitions. */
struct aff_limits {
	size_t bytes;
	unsigned segments;
	unsigned fields;
	unsigned repetitions;
};
extern const struct aff_limits aff_limits_default;

/* Named leniencies; 0 is strict. Strict: segments end with CR (CRLF or LF only if that is what follows MSH, then for
 * the whole message), the first bytes are MSH. */
enum aff_lenient {
	AFF_LENIENT_BOM       = 1 << 0, /* a UTF-8 byte order mark before MSH is skipped */
	AFF_LENIENT_BLANK     = 1 << 1, /* blank lines and blanks before MSH are skipped, and empty lines between
	                                 * segments are kept as segments without an id */
	AFF_LENIENT_SEGMENTID = 1 << 2, /* a segment whose id is not [A-Z][A-Z0-9]{2} is kept, not refused */
	AFF_LENIENT_TWOMSH    = 1 << 3, /* a second MSH is kept as a segment, not refused */
	AFF_LENIENT_ENCODING  = 1 << 4, /* an MSH-2 with the escape character twice, ^~\\&, is read as if it stood once:
	                                 * as of a sender that wrote its escape for a programming language */
	AFF_LENIENT_ALL       = 0x1f
};

/* How the segments of a message end; decided once per message, from what follows the MSH segment. */
enum aff_terminator { AFF_TERMINATOR_CR, AFF_TERMINATOR_LF, AFF_TERMINATOR_CRLF };

/* Makes a parser object. limits may be NULL (the default). Returns 0, AFF_ENOMEM. Free with aff_msg_free. */
int aff_msg_new(struct aff_msg **out, const struct aff_limits *limits);
void aff_msg_free(struct aff_msg *m);

/* Indexes `n` bytes. The bytes must stay as they are for as long as m is read. lenient: enum aff_lenient, or'ed.
 * Returns 0, AFF_ENOMSH, AFF_EDELIMITER, AFF_ETERMINATOR, AFF_ESEGMENTID, AFF_ETWOMSH, AFF_ELIMIT, AFF_ENOMEM.
 * After a failure the object still holds what could be read: if aff_msg_segments() > 0, segment 0 is the MSH and its
 * fields can be read (an answer needs them). */
int aff_msg_parse(struct aff_msg *m, const char *bytes, size_t n, unsigned lenient, struct aff_diag *diag);

/* The bytes that were parsed, the delimiters and the terminator. */
struct aff_view aff_msg_bytes(const struct aff_msg *m);
struct aff_delims aff_msg_delims(const struct aff_msg *m);
enum aff_terminator aff_msg_terminator(const struct aff_msg *m);

/* Number of segments. */
unsigned aff_msg_segments(const struct aff_msg *m);

#define AFF_NONE ((unsigned)-1)

/* The next segment with this id ("OBX") at or after `from`; AFF_NONE when there is none. */
unsigned aff_msg_find(const struct aff_msg *m, const char *id, unsigned from);

/* The nth (from 1) segment with this id; AFF_NONE when there is none. */
unsigned aff_msg_nth(const struct aff_msg *m, const char *id, unsigned nth);

/* Which occurrence of its id segment `segment` is, from 1. */
unsigned aff_msg_occurrence(const struct aff_msg *m, unsigned segment);

/* A segment: its id, its whole text without the terminator, and the number of its last field (0: the id alone). */
struct aff_view aff_msg_id(const struct aff_msg *m, unsigned segment);
struct aff_view aff_msg_segment(const struct aff_msg *m, unsigned segment);
unsigned aff_msg_fields(const struct aff_msg *m, unsigned segment);
int aff_msg_is(const struct aff_msg *m, unsigned segment, const char *id);

/* One field with all its repetitions; empty when it is not there. */
struct aff_view aff_msg_field(const struct aff_msg *m, unsigned segment, unsigned field);

/* How many repetitions a field has: 0 when the field is empty. */
unsigned aff_msg_repetitions(const struct aff_msg *m, unsigned segment, unsigned field);

/* Any part: repetition from 1 (0 means 1); component 0 = the whole repetition; subcomponent 0 = the whole component.
 * A primitive is its own first component and first subcomponent (HL7 v2 section 2.5.2: read field.1 where a primitive
 * is expected). Empty when it is not there. */
struct aff_view aff_msg_get(const struct aff_msg *m, unsigned segment, unsigned field, unsigned repetition,
                            unsigned component, unsigned subcomponent);

/* The same parts, cut out of any field's text: what aff_msg_get does, for text that is not in a message. */
struct aff_view aff_cut(struct aff_view field, const struct aff_delims *d, unsigned repetition, unsigned component,
                        unsigned subcomponent);

/* How many parts `text` has when split at `delimiter`; 0 when it is empty. */
unsigned aff_count(struct aff_view text, char delimiter);

/* `""`: the sender says that there is no value (HL7 v2 section 2.5.3). */
static inline bool aff_is_null(struct aff_view v)
{
	return v.n == 2 && v.p[0] == '"' && v.p[1] == '"';
}

#ifdef __cplusplus
}
#endif
#endif
