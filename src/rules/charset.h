/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables, conditions and templates are UTF-8; a message may be written in another character set.
 */
#ifndef RULES_CHARSET_H
#define RULES_CHARSET_H

#include <afferent/charset.h>
#include <afferent/unit.h>

enum { CHARSET_UNITS = 4, CHARSET_UNIT_MAX = 56 };

/* The character set of a message. `own` is made for one that was parsed without, and only when there is something above
 * ASCII to read or to write. */
struct charset_use {
	const struct aff_msg *m;
	struct aff_delims delims;
	struct aff_charset *own;
	/* Units that were asked for: the readings of a message have few. */
	struct charset_known_unit {
		size_t n;               /* 0: none */
		char cwe[CHARSET_UNIT_MAX];
		const struct aff_unit *unit;
	} units[CHARSET_UNITS];
	unsigned next_unit;
};

static inline struct charset_use charset_use_of(const struct aff_msg *m)
{
	return (struct charset_use){.m = m, .delims = aff_msg_delims(m)};
}

static inline void charset_use_end(struct charset_use *u)
{
	aff_charset_free(u->own);
}

/* Text of the message in UTF-8 without escapes: raw itself, or in scratch, which is overwritten; failures stick in
 * scratch. */
struct aff_view charset_read(struct charset_use *u, struct aff_buf *scratch, struct aff_view raw);

/* Raw text of the message, with its delimiters and escapes, in UTF-8; as charset_read. */
struct aff_view charset_read_raw(struct charset_use *u, struct aff_buf *scratch, struct aff_view raw);
/* Whether UTF-8 text can be put into the message as it is: it is ASCII, or the message is UTF-8 too. */
bool charset_takes_raw(struct charset_use *u, struct aff_buf *scratch, struct aff_view text);

/* The unit that a CWE names; NULL when no table knows it. */
const struct aff_unit *charset_unit(struct charset_use *u, struct aff_buf *scratch, struct aff_view cwe);

/* MSH-18 was set to this: the text is in that set from now on. Failures stick in scratch. */
void charset_relabel(struct charset_use *u, struct aff_buf *scratch, struct aff_view msh18);

/* Appends text as it is to stand in the message. 0, or AFF_ECHARSET, with nothing appended, when the message's set does
 * not have a character of it. Failures of memory stick in out. */
int charset_write(struct charset_use *u, struct aff_buf *out, struct aff_view text);

#endif
