/* SPDX-License-Identifier: Apache-2.0
 *
 * Escape sequences, HL7 v2 chapter 2, section 2.6: \F\ \S\ \T\ \R\ \E\ \P\ \Xhh..\ \.br\ and the others of text
 * formatting.
 */
#ifndef AFFERENT_ESCAPE_H
#define AFFERENT_ESCAPE_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Appends `text` with its escapes resolved. Unknown or unfinished sequences stay as they are (data is never dropped);
 * \H\ and \N\ vanish, and so does the layout of \.fi\ \.nf\ \.in\ \.ti\ \.ce\; \.br\ becomes a line feed, \.sp n\ n
 * line feeds, \.sk n\ n blanks, n up to 99; \Xhh\ becomes its bytes, except control characters other than TAB, LF and
 * CR, which stay escaped. Returns the number of sequences that were kept because they are not understood. Errors stick
 * in the buffer. */
unsigned aff_unescape(struct aff_buf *out, struct aff_view text, const struct aff_delims *d);

/* Appends plain text so that it can stand as a subcomponent of a message with these delimiters: delimiters become their
 * sequences, CR, LF and the other control characters but TAB \X0D\, \X0A\ and so on. In a message without an escape
 * character each of them becomes a blank. */
void aff_escape(struct aff_buf *out, struct aff_view plain, const struct aff_delims *d);

/* true when text holds no escape character: it can be used as it is. */
static inline bool aff_is_plain(struct aff_view text, const struct aff_delims *d)
{
	return !d->escape || !text.n || memchr(text.p, d->escape, text.n) == NULL;
}

/* A value as a person reads it, without escape sequences: raw itself when it holds none, else its text in scratch,
 * which is overwritten. Failures stick in scratch. The bytes stay in the message's character set. */
static inline struct aff_view aff_text(struct aff_buf *scratch, struct aff_view raw, const struct aff_delims *d)
{
	if (aff_is_plain(raw, d))
		return raw;
	aff_buf_clear(scratch);
	aff_unescape(scratch, raw, d);
	return aff_buf_view(scratch);
}

#ifdef __cplusplus
}
#endif
#endif
