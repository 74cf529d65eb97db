/* SPDX-License-Identifier: Apache-2.0
 *
 * Character sets (HL7 table 0211): text of a message to UTF-8 and back. HL7 v2 chapter 2, sections 2.6.3, 2.14.9.18
 * (MSH-18) and 2.14.9.20 (MSH-20).
 *
 * The first repetition of MSH-18 is the set of the message. The others can be switched to inside a text, by the escape
 * sequences \Cxxyy\ and \Mxxyyzz\, and by ISO 2022 escapes where MSH-20 says ISO 2022-1994. Spellings met in the field
 * (UTF-8, ISO-8859-1, windows-1252, a bare UNICODE for UTF-8, ...) are understood.
 *
 * What is not declared, or declared wrongly:
 * - Empty, ASCII or unknown MSH-18 with bytes above 0x7F: UTF-8 when all of them are, else the set that the options
 *   assume, else those bytes are replaced and counted.
 * - A single-byte set is declared, and all bytes above 0x7F are UTF-8 of characters that this set has too, or that read
 *   in this set would be no text: UTF-8. Text in such a set does not look like that; anything less is read as declared.
 * Both are told by aff_charset_notices.
 *
 * In BIG-5, GB 18030-2000 and Shift-JIS, and in Japanese by ISO 2022, a byte of a character can equal a delimiter. Such
 * a message is converted to UTF-8 before it is parsed: aff_charset_parse does it, and finds MSH-18 where a character
 * before it holds the field separator.
 *
 * An object belongs to one thread, is used for message after message, and keeps its converters open. A message of ASCII
 * or UTF-8 costs no conversion.
 */
#ifndef AFFERENT_CHARSET_H
#define AFFERENT_CHARSET_H

#include <afferent/edit.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_charset;

/* What is known about a sender. The names are of table 0211 or a spelling of them; NULL: nothing is said. */
struct aff_charset_options {
	const char *assume;   /* where MSH-18 is empty, ASCII or unknown and the bytes are not UTF-8 */
	const char *override; /* counts instead of MSH-18 */
	bool as_declared;     /* believe a single-byte MSH-18 even where the bytes look like UTF-8 */
};

/* How the bytes differ from what MSH-18 says. */
enum aff_charset_notice {
	AFF_CHARSET_UNKNOWN    = 1 << 0, /* MSH-18 names no set of table 0211, nor one met in the field */
	AFF_CHARSET_UNDECLARED = 1 << 1, /* bytes above 0x7F, and MSH-18 is empty, ASCII or unknown */
	AFF_CHARSET_MISLABELED = 1 << 2, /* MSH-18 names another set, but the bytes are UTF-8 and are read so */
	AFF_CHARSET_ASSUMED    = 1 << 3  /* read in the set that the options assume */
};

/* Returns 0, AFF_ENOMEM. */
int aff_charset_new(struct aff_charset **out);
void aff_charset_free(struct aff_charset *c);

/* The name in table 0211 (or the usual one) of a set that can be used in options: it is known, has a converter on this
 * machine and can travel in HL7 v2 messages. Else NULL, diag says why. The text lives for ever. */
const char *aff_charset_find(struct aff_view name, struct aff_diag *diag);

/* Parses a message as it was received, like aff_msg_parse, and makes c the character set of m until m parses again. If
 * a byte of a character could equal a delimiter, m is over a UTF-8 copy that c holds until its next message, and MSH-18
 * still says what was declared. options may be NULL. c must outlive the use of m.
 * Returns what aff_msg_parse returns, or AFF_ECHARSET: UTF-16 and UTF-32 cannot travel over MLLP, or there is no
 * converter. */
int aff_charset_parse(struct aff_charset *c, struct aff_msg *m, const char *bytes, size_t n, unsigned lenient,
                      const struct aff_charset_options *options, struct aff_diag *diag);

/* Sets c to a message that aff_msg_parse has read: nothing is converted before. The same errors; after one, c takes the
 * message for ASCII. */
int aff_charset_begin(struct aff_charset *c, const struct aff_msg *m, const struct aff_charset_options *options,
                      struct aff_diag *diag);

/* The character set of m; NULL when it was parsed without one. */
struct aff_charset *aff_charset_of(const struct aff_msg *m);
/* Makes c the character set of m until m parses again: m is the message that c was set to, or its edited form, which is
 * in the same set. */
void aff_charset_attach(struct aff_charset *c, struct aff_msg *m);

/* MSH-18 was changed to `name` and no other byte: text is read and written in that set from now on. A message that was
 * converted stays as it is. */
void aff_charset_relabel(struct aff_charset *c, struct aff_view name);

/* The set the text is in, by its name in table 0211. */
const char *aff_charset_name(struct aff_charset *c);
/* enum aff_charset_notice, or'ed. */
unsigned aff_charset_notices(struct aff_charset *c);
/* true when the message's bytes are UTF-8 (or ASCII) as they are, and switch nothing: what holds no escape character
 * needs no decoding. UTF-8 that is declared is not checked. */
bool aff_charset_is_plain(struct aff_charset *c);
/* true when m is over a UTF-8 copy. */
bool aff_charset_is_converted(const struct aff_charset *c);
/* How many bytes or characters were not of the set when the copy was made: they became U+FFFD in it. */
unsigned aff_charset_damage(const struct aff_charset *c);

/* Appends text of the message as UTF-8, with its escapes resolved as aff_unescape does; \X..\ is text in the message's
 * set. The result is always valid UTF-8: returns how many bytes had to be replaced by U+FFFD. Errors stick in the
 * buffer. */
unsigned aff_charset_decode(struct aff_charset *c, struct aff_buf *out, struct aff_view raw,
                            const struct aff_delims *d);

/* The text in UTF-8 without escapes: raw itself where it is that already, else decoded into scratch, which is
 * overwritten. Failures stick in scratch; *replaced (may be NULL) is raised by what had to be replaced. In a message of
 * declared UTF-8 text without escapes is handed out unchecked. */
struct aff_view aff_charset_text(struct aff_charset *c, struct aff_buf *scratch, struct aff_view raw,
                                 const struct aff_delims *d, unsigned *replaced);

/* Appends raw text of the message, such as a whole field, in UTF-8: delimiters and escapes stay, switches are gone,
 * \X..\ above 0x7F becomes its characters if it is text. Returns how many bytes had to be replaced. */
unsigned aff_charset_field(struct aff_charset *c, struct aff_buf *out, struct aff_view raw,
                           const struct aff_delims *d);

/* Appends UTF-8 text in the message's set, so that it can stand as a subcomponent (as aff_escape does). Sets that
 * MSH-18 declares are switched to where the first one does not have a character. Returns 0, or AFF_ECHARSET, with
 * nothing appended, when a character cannot be represented or plain is not UTF-8. Errors of the buffer stick in it. */
int aff_charset_encode(struct aff_charset *c, struct aff_buf *out, struct aff_view plain, const struct aff_delims *d);

/* Appends the edited message as it is to be sent: aff_edit_write, and a message that was converted goes back into its
 * own set, segments that were not touched byte for byte. e lies over the message that aff_charset_parse read. Returns
 * 0, or AFF_ECHARSET when a touched segment cannot be written (or could not be read) without loss. */
int aff_charset_write(struct aff_charset *c, const struct aff_edit *e, struct aff_buf *out);

/* Appends segments that were made from what m says, such as an answer to it, in the set that it came in: text itself,
 * unless the message was converted. Returns 0, or AFF_ECHARSET, with nothing appended, when that cannot be done without
 * loss. */
int aff_charset_segments(struct aff_charset *c, struct aff_buf *out, struct aff_view text);

/* Appends the whole message in UTF-8, as aff_charset_field does. MSH-18 and MSH-20 are not changed: set them first.
 * Returns 0, or AFF_ECHARSET when something cannot be read (it became U+FFFD in out). */
int aff_charset_to_utf8(struct aff_charset *c, const struct aff_msg *m, struct aff_buf *out);

#ifdef __cplusplus
}
#endif
#endif
