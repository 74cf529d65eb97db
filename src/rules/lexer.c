/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting a condition's text into pieces. Nothing here looks past the end of the text.
 */
#include "rules/lexer.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_path_character(char c)
{
	return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '/';
}

void lexer_skip_blanks(struct lexer *l)
{
	while (l->at < l->text.n && is_blank(l->text.p[l->at]))
		l->at++;
}

bool lexer_at_end(const struct lexer *l)
{
	return l->at == l->text.n;
}

bool lexer_take(struct lexer *l, const char *symbol)
{
	size_t n = strlen(symbol);
	if (l->text.n - l->at < n || memcmp(l->text.p + l->at, symbol, n) != 0)
		return false;
	l->at += n;
	return true;
}

struct aff_view lexer_peek_word(const struct lexer *l)
{
	size_t end = l->at;
	while (end < l->text.n && is_letter(l->text.p[end]))
		end++;
	return aff_view(l->text.p + l->at, end - l->at);
}

bool lexer_take_word(struct lexer *l, const char *word)
{
	struct aff_view here = lexer_peek_word(l);
	size_t end = l->at + here.n;
	if (!aff_view_is(here, word))
		return false;
	if (end < l->text.n && (is_digit(l->text.p[end]) || l->text.p[end] == '-' || l->text.p[end] == '.'))
		return false;
	l->at = end;
	return true;
}

/* The length of "[digits]" at `from`, 0 when something else stands there. */
static size_t bracket_length(struct aff_view text, size_t from)
{
	size_t end = from;
	if (end == text.n || text.p[end] != '[')
		return 0;
	for (end++; end < text.n && is_digit(text.p[end]);)
		end++;
	return end < text.n && end > from + 1 && text.p[end] == ']' ? end + 1 - from : 0;
}

struct aff_view lexer_take_path(struct lexer *l)
{
	size_t from = l->at;
	while (l->at < l->text.n) {
		char c = l->text.p[l->at];
		size_t n = is_path_character(c) ? 1 : bracket_length(l->text, l->at);
		if (!n)
			break;
		l->at += n;
	}
	return aff_view(l->text.p + from, l->at - from);
}

static int take_until(struct lexer *l, char end, bool backslash, struct aff_view *out)
{
	size_t from = l->at;
	for (size_t i = from; i < l->text.n; i++) {
		if (backslash && l->text.p[i] == '\\') {
			i++;
		} else if (l->text.p[i] == end) {
			*out = aff_view(l->text.p + from, i - from);
			l->at = i + 1;
			return 0;
		}
	}
	return AFF_ESYNTAX;
}

int lexer_take_value(struct lexer *l, bool in_list, struct aff_view *out, bool *quoted)
{
	char first = lexer_at_end(l) ? '\0' : l->text.p[l->at];
	*quoted = first == '"' || first == '\'';
	if (*quoted) {
		l->at++;
		return take_until(l, first, false, out);
	}
	size_t from = l->at;
	for (; l->at < l->text.n; l->at++) {
		char c = l->text.p[l->at];
		if (is_blank(c) || c == '(' || c == ')' || (in_list && (c == ',' || c == ']')))
			break;
	}
	*out = aff_view(l->text.p + from, l->at - from);
	return 0;
}

int lexer_take_pattern(struct lexer *l, struct aff_view *out)
{
	return take_until(l, '/', true, out);
}
