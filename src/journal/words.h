/* SPDX-License-Identifier: Apache-2.0
 *
 * Signed lines for the outside: a title and words, a blank between each two; bytes are in lower-case hexadecimal,
 * numbers in decimal.
 */
#ifndef JOURNAL_WORDS_H
#define JOURNAL_WORDS_H

#include <afferent/text.h>

void words_put_hex(struct aff_buf *out, const unsigned char *bytes, size_t n); /* with the blank before it */
void words_put_number(struct aff_buf *out, int64_t value);

/* Takes the next word off the line; false: it is not n bytes in hexadecimal, no number from 0 to INT64_MAX. */
bool words_take_hex(struct aff_view *line, unsigned char *out, size_t n);
bool words_take_number(struct aff_view *line, int64_t *out);
bool words_take_title(struct aff_view *line, const char *title);

/* The next place in the text where a title is followed by so many words, the last one of n bytes in hexadecimal: what
 * another program has put before and behind it is left out. The text goes on behind the title. */
bool words_find(struct aff_view *text, const char *title, unsigned words, size_t n, struct aff_view *line);

#endif
