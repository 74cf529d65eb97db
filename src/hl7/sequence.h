/* SPDX-License-Identifier: Apache-2.0
 *
 * One escape sequence taken apart: shared by those who resolve bytes and those who resolve text.
 */
#ifndef HL7_SEQUENCE_H
#define HL7_SEQUENCE_H

#include <afferent/msg.h>

enum sequence_kind {
	SEQUENCE_KEEP,   /* not understood: it stays as it is */
	SEQUENCE_REPEAT, /* `count` times the character c; 0: it vanishes */
	SEQUENCE_BYTES,  /* \X..\ : digits */
	SEQUENCE_SWITCH  /* \C..\ or \M..\ : digits */
};

struct sequence {
	enum sequence_kind kind;
	char c;
	unsigned count;
	struct aff_view digits;
};

/* inner: what stands between the two escape characters. */
struct sequence sequence_read(struct aff_view inner, const struct aff_delims *d);
/* Byte number i of pairs of digits. */
unsigned char sequence_byte(struct aff_view digits, size_t i);
/* Control characters other than TAB, LF and CR, and DEL, stay escaped. */
bool sequence_is_control(unsigned char byte);
/* \Xhh\ */
void sequence_put_hex(struct aff_buf *out, unsigned char byte, char escape);
/* The letter of the delimiter's sequence (\F\ ...); 0 when c is none that is in use. */
char sequence_letter(char c, const struct aff_delims *d);

#endif
