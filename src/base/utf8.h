/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling UTF-8 from other bytes.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <afferent/text.h>

/* Stands for what could not be read: U+FFFD. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* The length, 1 to 4 bytes, of the character that text[0..n) starts with, n at least 1; 0 when it is not UTF-8. */
size_t utf8_length(const char *text, size_t n);

/* Whether the byte begins a character, or is one. */
static inline bool utf8_starts(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* How many characters the text has. */
size_t utf8_characters(struct aff_view text);

/* How many bytes of text are ASCII, up to the first that is not. */
size_t ascii_length(const char *text, size_t n);

#endif
