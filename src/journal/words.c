/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/words.h"

#include "base/digest.h"
#include "base/number.h"

void words_put_hex(struct aff_buf *out, const unsigned char *bytes, size_t n)
{
	aff_buf_put_char(out, ' ');
	hex_put(out, bytes, n);
}

void words_put_number(struct aff_buf *out, int64_t value)
{
	aff_buf_put_char(out, ' ');
	aff_buf_put_u64(out, (uint64_t)value);
}

static struct aff_view next_word(struct aff_view *line)
{
	const char *blank = line->n ? memchr(line->p, ' ', line->n) : NULL;
	size_t n = blank ? (size_t)(blank - line->p) : line->n;
	struct aff_view word = aff_view(line->p, n);
	size_t skip = blank ? n + 1 : n;
	*line = aff_view(line->p + skip, line->n - skip);
	return word;
}

bool words_take_hex(struct aff_view *line, unsigned char *out, size_t n)
{
	return hex_get(next_word(line), out, n);
}

bool words_take_number(struct aff_view *line, int64_t *out)
{
	uint64_t value;
	if (number_u64(next_word(line), INT64_MAX, &value))
		return false;
	*out = (int64_t)value;
	return true;
}

bool words_take_title(struct aff_view *line, const char *title)
{
	size_t n = strlen(title);
	if (line->n <= n || memcmp(line->p, title, n) != 0 || line->p[n] != ' ')
		return false;
	*line = aff_view(line->p + n + 1, line->n - n - 1);
	return true;
}

/* How long the line is that starts at the title; 0: it is none. */
static size_t length_of(struct aff_view text, size_t title, unsigned words, size_t n)
{
	size_t at = title;
	for (unsigned i = 1; i < words; i++) {
		const char *blank = at < text.n ? memchr(text.p + at + 1, ' ', text.n - at - 1) : NULL;
		if (!blank)
			return 0;
		at = (size_t)(blank - text.p);
	}
	return text.n - at - 1 < 2 * n ? 0 : at + 1 + 2 * n;
}

bool words_find(struct aff_view *text, const char *title, unsigned words, size_t n, struct aff_view *line)
{
	size_t title_n = strlen(title);
	while (text->n > title_n) {
		const char *at = memmem(text->p, text->n, title, title_n);
		if (!at)
			break;
		*text = aff_view(at, text->n - (size_t)(at - text->p));
		size_t length = text->n > title_n && at[title_n] == ' ' ? length_of(*text, title_n, words, n) : 0;
		*line = aff_view(at, length);
		*text = aff_view(at + title_n, text->n - title_n);
		if (length)
			return true;
	}
	*text = aff_view(text->p, 0);
	return false;
}
