/* SPDX-License-Identifier: Apache-2.0
 *
 * Character sets: the table, the state of an object, and the steps between bytes and UTF-8.
 *   charset_sets.c    names and switches
 *   charset_convert.c bytes of one set to UTF-8 and back: the one home of iconv
 *   charset.c         which set a message is in
 *   charset_decode.c  text of a message to UTF-8, with escapes and switches
 *   charset_encode.c  and back
 */
#ifndef HL7_CHARSET_INTERNAL_H
#define HL7_CHARSET_INTERNAL_H

#include <afferent/charset.h>

enum set {
#define CHARSET(id, name, converter, kind) SET_##id,
#define CHARSET_ALIAS(id, name)
#define CHARSET_SWITCH(id, hex)
#include "hl7/charset.def"
#undef CHARSET
#undef CHARSET_ALIAS
#undef CHARSET_SWITCH
	SET_COUNT
};
#define SET_NONE SET_COUNT

enum set_kind { KIND_ASCII, KIND_UTF8, KIND_SINGLE, KIND_SAFE, KIND_UNSAFE, KIND_JIS, KIND_REFUSED };

struct set_info {
	const char *name, *converter;
	enum set_kind kind;
};
extern const struct set_info charset_sets[SET_COUNT];

/* A switch without its ESC: "(B". */
struct set_switch {
	enum set set;
	const char *bytes;
};
static inline bool is_upper_switch(const struct set_switch *s)
{
	return s->bytes[0] == '-' || s->bytes[0] == ')' || s->bytes[1] == ')';
}

enum { ESC = 0x1b, CHAR_MOST = 4, OTHERS_MOST = 8 };

/* How MSH-20 wants sets to be switched. */
enum method { METHOD_NONE, METHOD_ISO2022, METHOD_SEQUENCES };

/* The upper half of a single-byte set as UTF-8; length 0: there is no such character. */
struct upper_half {
	char utf8[128][CHAR_MOST];
	unsigned char length[128];
};

struct aff_charset {
	/* of the message at hand */
	enum set declared;         /* SET_NONE: unknown */
	enum set wire;             /* of what was received, and of \X..\ in it */
	enum set text;             /* of the bytes that were parsed: wire, or UTF-8 */
	enum set assume;           /* SET_NONE: nothing */
	enum set others[OTHERS_MOST];
	unsigned nothers;
	enum method method;
	bool as_declared, overridden, settled, plain, converted;
	unsigned notices, damage;
	struct aff_view bytes;     /* what is looked at to settle it */
	struct aff_view received;  /* when it was converted */
	struct aff_buf copy;
	/* while text is decoded or encoded */
	enum set lower, upper;     /* switched to: SET_ASCII, SET_NONE when nothing is */
	struct aff_buf hex, shifted, piece;
	/* kept from message to message */
	char name[24];             /* an MSH-18, and the set that it names */
	size_t name_n;
	enum set named;
	void *from[SET_COUNT], *to[SET_COUNT]; /* iconv_t; NULL: not opened yet */
	struct upper_half *half[SET_COUNT];
};

/* ---- charset_sets.c */
enum set charset_find(struct aff_view name); /* SET_NONE: not known */
/* The switch that `bytes` begin with; NULL. */
const struct set_switch *charset_switch_at(struct aff_view bytes);
/* The one to switch to `set` with; NULL. */
const struct set_switch *charset_switch_to(enum set set);

/* ---- charset_convert.c */
bool convert_is_there(struct aff_charset *c, enum set set);
void convert_free(struct aff_charset *c);
/* Appends bytes of one set as UTF-8; returns how many were replaced. */
unsigned convert_to_utf8(struct aff_charset *c, enum set set, struct aff_buf *out, struct aff_view bytes);
/* true when every byte is a character of a single-byte set. */
bool convert_is_text(struct aff_charset *c, enum set set, struct aff_view bytes);
/* One character of UTF-8 in a set: the number of bytes, 0 when the set does not have it. */
size_t convert_char(struct aff_charset *c, enum set set, struct aff_view character, char bytes[2 * CHAR_MOST]);

/* ---- charset.c */
/* Looks at the message's bytes, once, where MSH-18 leaves something open. */
void charset_settle(struct aff_charset *c);

/* ---- charset_decode.c */
/* Appends a whole message of c->wire, whose segments end with this byte, as UTF-8; returns how many bytes were
 * replaced. */
unsigned decode_message(struct aff_charset *c, struct aff_buf *out, struct aff_view bytes, char terminator);

#endif
