/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether bytes are one well-formed JSON value: a walk without recursion, with a stack of brackets. Strict enough to
 * find a writer's faults: no blanks, no exponents.
 */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <string.h>

enum { JSON_MOST_DEPTH = 64 };

/* Skips a string; 0 when it is not one. */
static inline size_t json_string(const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if ((unsigned char)p[i] < 0x20)
			return 0;
		if (p[i] == '"')
			return i + 1;
		if (p[i] == '\\' && (++i == n || !strchr("\"\\/bfnrtu", p[i])))
			return 0;
	}
	return 0;
}

static inline size_t json_number(const char *p, size_t n)
{
	size_t i = 0, digits;
	i += i < n && p[i] == '-';
	for (digits = i; i < n && p[i] >= '0' && p[i] <= '9'; i++)
		;
	if (i == digits || (i - digits > 1 && p[digits] == '0'))
		return 0;
	if (i < n && p[i] == '.') {
		for (digits = ++i; i < n && p[i] >= '0' && p[i] <= '9'; i++)
			;
		if (i == digits)
			return 0;
	}
	return i;
}

/* A walk without recursion: a stack of brackets, and what may stand next. */
static inline int json_is_valid(const char *p, size_t n)
{
	char open[JSON_MOST_DEPTH];
	size_t depth = 0, i = 0;
	enum { VALUE, NAME, AFTER } next = VALUE;
	do {
		char c = i < n ? p[i] : 0;
		size_t skip = 1;
		if (next == AFTER) {
			if (c == ',')
				next = open[depth - 1] == '{' ? NAME : VALUE;
			else if (c == (open[depth - 1] == '{' ? '}' : ']'))
				depth--;
			else
				return 0;
		} else if (next == NAME) {
			skip = c == '"' ? json_string(p + i, n - i) : 0;
			if (!skip || i + skip >= n || p[i + skip] != ':')
				return 0;
			skip++;
			next = VALUE;
		} else if (c == '{' || c == '[') {
			if (depth == JSON_MOST_DEPTH)
				return 0;
			open[depth++] = c;
			next = c == '{' ? NAME : VALUE;
		} else {
			skip = c == '"' ? json_string(p + i, n - i) : json_number(p + i, n - i);
			next = AFTER;
		}
		if (!skip)
			return 0;
		i += skip;
	} while (depth);
	return i == n;
}

#endif
