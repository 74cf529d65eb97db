/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of text.
 */
#include "rules/function.h"
#include "base/utf8.h"

static const char *const names[] = {
	[FUNCTION_UPPER] = "upper",   [FUNCTION_LOWER] = "lower",   [FUNCTION_TRIM] = "trim",
	[FUNCTION_LENGTH] = "length", [FUNCTION_SUBSTR] = "substr", [FUNCTION_DEFAULT] = "default",
};

enum function function_take(struct lexer *l, const enum function *functions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct lexer ahead = *l;
		if (lexer_take_word(&ahead, names[functions[i]]) && lexer_take(&ahead, "(")) {
			*l = ahead;
			return functions[i];
		}
	}
	return FUNCTION_NONE;
}

static struct aff_view trim(struct aff_view text)
{
	while (text.n && text.p[0] == ' ')
		text = aff_view(text.p + 1, text.n - 1);
	while (text.n && text.p[text.n - 1] == ' ')
		text.n--;
	return text;
}

/* Letters of ASCII; others stay. Each byte is read before its place is written. */
static struct aff_view change_case(struct aff_buf *made, struct aff_view text, char first, char last, int by)
{
	aff_buf_clear(made);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		aff_buf_put_char(made, c >= first && c <= last ? (char)(c + by) : c);
	}
	return aff_buf_view(made);
}

static struct aff_view length(struct aff_buf *made, struct aff_view text)
{
	aff_buf_clear(made);
	aff_buf_printf(made, "%zu", utf8_characters(text));
	return aff_buf_view(made);
}

struct aff_view function_apply(enum function function, struct aff_view text, struct aff_buf *made)
{
	switch (function) {
	case FUNCTION_UPPER:
		return change_case(made, text, 'a', 'z', 'A' - 'a');
	case FUNCTION_LOWER:
		return change_case(made, text, 'A', 'Z', 'a' - 'A');
	case FUNCTION_TRIM:
		return trim(text);
	case FUNCTION_LENGTH:
		return length(made, text);
	default:
		return text;
	}
}

/* The byte at which character n (from 0) begins; the end where there are fewer. */
static size_t offset_of(struct aff_view text, unsigned n)
{
	size_t i = 0;
	for (; i < text.n; i++)
		if (utf8_starts(text.p[i]) && n-- == 0)
			break;
	return i;
}

struct aff_view function_substr(struct aff_view text, unsigned from, unsigned count)
{
	size_t start = offset_of(text, from - 1);
	struct aff_view rest = aff_view(text.p + start, text.n - start);
	return aff_view(rest.p, offset_of(rest, count));
}
