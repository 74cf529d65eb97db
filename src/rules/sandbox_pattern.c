/* SPDX-License-Identifier: Apache-2.0
 *
 * Lua's patterns with a price: each try of a character is paid for, so a pattern that goes back and forth for ever ends
 * the script instead. What patterns mean is as in the manual of Lua 5.4, section 6.4.1; classes are those of ASCII.
 */
#include "rules/sandbox.h"

enum { CAPTURES = 32, DEPTH = 100, OPEN = -1, POSITION = -2 };

struct capture {
	const char *at;
	ptrdiff_t n;             /* or OPEN, POSITION */
};

struct match {
	lua_State *L;
	const char *text, *end;  /* of the subject */
	const char *pattern_end;
	int depth, captures;
	struct capture capture[CAPTURES];
};

static bool is_in(unsigned char c, unsigned char low, unsigned char high)
{
	return c >= low && c <= high;
}

static bool is_letter(unsigned char c)
{
	return is_in(c | 0x20, 'a', 'z');
}

static bool is_digit(unsigned char c)
{
	return is_in(c, '0', '9');
}

/* %a, %D and so on; any other letter stands for itself. */
static bool is_of_class(unsigned char c, unsigned char class)
{
	bool is;
	switch (class | 0x20) {
	case 'a':
		is = is_letter(c);
		break;
	case 'c':
		is = c < 0x20 || c == 0x7f;
		break;
	case 'd':
		is = is_digit(c);
		break;
	case 'g':
		is = is_in(c, 0x21, 0x7e);
		break;
	case 'l':
		is = is_in(c, 'a', 'z');
		break;
	case 'p':
		is = is_in(c, 0x21, 0x7e) && !is_letter(c) && !is_digit(c);
		break;
	case 's':
		is = c == ' ' || is_in(c, '\t', '\r');
		break;
	case 'u':
		is = is_in(c, 'A', 'Z');
		break;
	case 'w':
		is = is_letter(c) || is_digit(c);
		break;
	case 'x':
		is = is_digit(c) || is_in(c | 0x20, 'a', 'f');
		break;
	default:
		return class == c;
	}
	if (!is_letter(class))
		return class == c;
	return is_in(class, 'A', 'Z') ? !is : is;
}

/* The place behind a single item: a character, %x or a set. */
static const char *behind_item(struct match *m, const char *p)
{
	if (*p == '%') {
		if (p + 1 == m->pattern_end)
			luaL_error(m->L, "malformed pattern (ends with '%%')");
		return p + 2;
	}
	if (*p != '[')
		return p + 1;
	p += 1 + (p + 1 < m->pattern_end && p[1] == '^');
	bool first = true;
	for (; p < m->pattern_end && (first || *p != ']'); first = false)
		p += *p == '%' && p + 1 < m->pattern_end ? 2 : 1;
	if (p >= m->pattern_end)
		luaL_error(m->L, "malformed pattern (missing ']')");
	return p + 1;
}

/* p at the [, end behind the ]. */
static bool is_in_set(unsigned char c, const char *p, const char *end)
{
	bool negated = p[1] == '^';
	const char *last = end - 1;
	for (p += 1 + negated; p < last; p++) {
		if (*p == '%' && p + 1 < last) {
			p++;
			if (is_of_class(c, (unsigned char)*p))
				return !negated;
		} else if (p + 2 < last && p[1] == '-') {
			if (is_in(c, (unsigned char)p[0], (unsigned char)p[2]))
				return !negated;
			p += 2;
		} else if ((unsigned char)*p == c) {
			return !negated;
		}
	}
	return negated;
}

/* Whether the character at s fits the item. */
static bool fits(struct match *m, const char *s, const char *p, const char *end)
{
	if (s >= m->end)
		return false;
	unsigned char c = (unsigned char)*s;
	sandbox_charge(m->L, *p == '[' ? (size_t)(end - p) / 4 + 1 : 1);
	switch (*p) {
	case '.':
		return true;
	case '%':
		return is_of_class(c, (unsigned char)p[1]);
	case '[':
		return is_in_set(c, p, end);
	default:
		return (unsigned char)*p == c;
	}
}

static const char *match_here(struct match *m, const char *s, const char *p);

/* As often as it goes, then less and less. */
static const char *match_most(struct match *m, const char *s, const char *p, const char *end, ptrdiff_t least)
{
	ptrdiff_t n = 0;
	while (fits(m, s + n, p, end))
		n++;
	for (; n >= least; n--) {
		const char *found = match_here(m, s + n, end + 1);
		if (found)
			return found;
		sandbox_charge(m->L, 1);
	}
	return NULL;
}

static const char *match_least(struct match *m, const char *s, const char *p, const char *end)
{
	for (;; s++) {
		const char *found = match_here(m, s, end + 1);
		if (found || !fits(m, s, p, end))
			return found;
	}
}

static const char *match_balanced(struct match *m, const char *s, const char *p)
{
	if (p + 2 > m->pattern_end)
		luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
	if (s >= m->end || *s != p[0])
		return NULL;
	for (int open = 1; ++s < m->end;) {
		sandbox_charge(m->L, 1);
		if (*s == p[1]) {
			if (--open == 0)
				return s + 1;
		} else {
			open += *s == p[0];
		}
	}
	return NULL;
}

static const char *match_frontier(struct match *m, const char *s, const char *p, const char **rest)
{
	if (p >= m->pattern_end || *p != '[')
		luaL_error(m->L, "missing '[' after '%%f' in pattern");
	const char *end = behind_item(m, p);
	unsigned char before = s == m->text ? 0 : (unsigned char)s[-1], here = s < m->end ? (unsigned char)*s : 0;
	sandbox_charge(m->L, (size_t)(end - p) / 2 + 1);
	*rest = end;
	return !is_in_set(before, p, end) && is_in_set(here, p, end) ? s : NULL;
}

static const char *match_back(struct match *m, const char *s, char digit)
{
	int i = digit - '1';
	if (i < 0 || i >= m->captures || m->capture[i].n == OPEN)
		luaL_error(m->L, "invalid capture index in pattern");
	size_t n = m->capture[i].n > 0 ? (size_t)m->capture[i].n : 0;
	sandbox_charge(m->L, n / 16 + 1);
	return (size_t)(m->end - s) >= n && memcmp(m->capture[i].at, s, n) == 0 ? s + n : NULL;
}

static const char *open_capture(struct match *m, const char *s, const char *p, ptrdiff_t kind)
{
	if (m->captures == CAPTURES)
		luaL_error(m->L, "too many captures");
	m->capture[m->captures++] = (struct capture){s, kind};
	const char *found = match_here(m, s, p);
	m->captures -= !found;
	return found;
}

static const char *close_capture(struct match *m, const char *s, const char *p)
{
	int i = m->captures - 1;
	while (i >= 0 && m->capture[i].n != OPEN)
		i--;
	if (i < 0)
		luaL_error(m->L, "invalid pattern capture");
	m->capture[i].n = s - m->capture[i].at;
	const char *found = match_here(m, s, p);
	if (!found)
		m->capture[i].n = OPEN;
	return found;
}

/* Where the match ends that begins at s; NULL: there is none. Deeper only where there is something to come back to. */
static const char *match_here(struct match *m, const char *s, const char *p)
{
	if (m->depth++ == DEPTH)
		luaL_error(m->L, "pattern too complex");
	while (s && p < m->pattern_end) {
		if (*p == '(' || *p == ')') {
			bool place = *p == '(' && p + 1 < m->pattern_end && p[1] == ')';
			s = *p == ')' ? close_capture(m, s, p + 1)
			              : open_capture(m, s, p + 1 + place, place ? POSITION : OPEN);
			break;
		}
		if (*p == '$' && p + 1 == m->pattern_end) {
			s = s == m->end ? s : NULL;
			break;
		}
		char special = *p == '%' && p + 1 < m->pattern_end ? p[1] : '\0';
		if (special == 'b') {
			s = match_balanced(m, s, p + 2);
			p += 4;
			continue;
		}
		if (special == 'f') {
			s = match_frontier(m, s, p + 2, &p);
			continue;
		}
		if (is_digit((unsigned char)special)) {
			s = match_back(m, s, special);
			p += 2;
			continue;
		}
		const char *end = behind_item(m, p);
		char suffix = end < m->pattern_end ? *end : '\0';
		if (suffix == '*' || suffix == '+') {
			s = match_most(m, s, p, end, suffix == '+');
			break;
		}
		if (suffix == '-') {
			s = match_least(m, s, p, end);
			break;
		}
		bool fit = fits(m, s, p, end);
		if (suffix == '?') {
			const char *found = fit ? match_here(m, s + 1, end + 1) : NULL;
			if (found) {
				s = found;
				break;
			}
			p = end + 1;
			continue;
		}
		s = fit ? s + 1 : NULL;
		p = end;
	}
	m->depth--;
	return s;
}

/* ---- what a match gives ---- */

static void push_capture(struct match *m, int i, const char *from, const char *to)
{
	if (i == 0 && m->captures == 0) {
		lua_pushlstring(m->L, from, (size_t)(to - from));
		return;
	}
	if (i >= m->captures)
		luaL_error(m->L, "invalid capture index");
	if (m->capture[i].n == OPEN)
		luaL_error(m->L, "unfinished capture");
	if (m->capture[i].n == POSITION)
		lua_pushinteger(m->L, m->capture[i].at - m->text + 1);
	else
		lua_pushlstring(m->L, m->capture[i].at, (size_t)m->capture[i].n);
}

static int push_captures(struct match *m, const char *from, const char *to)
{
	int n = m->captures ? m->captures : from != NULL;
	luaL_checkstack(m->L, n, "too many captures");
	for (int i = 0; i < n; i++)
		push_capture(m, i, from, to);
	return n;
}

static struct match match_of(lua_State *L, int text, int pattern, const char **p)
{
	size_t n, length;
	struct match m = {.L = L};
	m.text = luaL_checklstring(L, text, &n);
	*p = luaL_checklstring(L, pattern, &length);
	m.end = m.text + n;
	m.pattern_end = *p + length;
	return m;
}

/* Where to begin: a number of a byte from 1, or from the end; false: behind the end. */
static bool start_of(lua_State *L, struct match *m, const char **from)
{
	lua_Integer n = m->end - m->text, at = luaL_optinteger(L, 3, 1);
	if (at < 0)
		at = at < -n ? 1 : n + at + 1;
	at = at ? at : 1;
	if (at > n + 1)
		return false;
	*from = m->text + at - 1;
	return true;
}

static int find_plain(lua_State *L, struct match *m, const char *from, const char *p)
{
	size_t n = (size_t)(m->pattern_end - p);
	sandbox_charge(L, (size_t)(m->end - from) / 16 + 1);
	const char *at = n ? memmem(from, (size_t)(m->end - from), p, n) : from;
	if (!at)
		return lua_pushnil(L), 1;
	lua_pushinteger(L, at - m->text + 1);
	lua_pushinteger(L, at - m->text + (ptrdiff_t)n);
	return 2;
}

/* The next match at or behind *from. */
static const char *search(struct match *m, const char **from, const char *p, bool anchored)
{
	for (const char *s = *from; s <= m->end; s++) {
		m->captures = m->depth = 0;
		const char *end = match_here(m, s, p);
		if (end) {
			*from = s;
			return end;
		}
		if (anchored)
			break;
		sandbox_charge(m->L, 1);
	}
	return NULL;
}

static int find(lua_State *L, bool places)
{
	const char *p, *from, *end;
	struct match m = match_of(L, 1, 2, &p);
	if (!start_of(L, &m, &from))
		return lua_pushnil(L), 1;
	if (places && lua_toboolean(L, 4))
		return find_plain(L, &m, from, p);
	bool anchored = p < m.pattern_end && *p == '^';
	end = search(&m, &from, p + anchored, anchored);
	if (!end)
		return lua_pushnil(L), 1;
	if (!places)
		return push_captures(&m, from, end);
	lua_pushinteger(L, from - m.text + 1);
	lua_pushinteger(L, end - m.text);
	return push_captures(&m, NULL, NULL) + 2;
}

static int string_find(lua_State *L)
{
	return find(L, true);
}

static int string_match(lua_State *L)
{
	return find(L, false);
}

/* Upvalues: text, pattern, where to go on, and where the last match ended (-1: there was none). */
static int next_match(lua_State *L)
{
	const char *p;
	struct match m = match_of(L, lua_upvalueindex(1), lua_upvalueindex(2), &p);
	const char *from = m.text + lua_tointeger(L, lua_upvalueindex(3));
	lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
	for (const char *end; from <= m.end && (end = search(&m, &from, p, false)) != NULL; from++) {
		if (end - m.text == last)
			continue;
		lua_pushinteger(L, end - m.text);
		lua_copy(L, -1, lua_upvalueindex(3));
		lua_copy(L, -1, lua_upvalueindex(4));
		return push_captures(&m, from, end);
	}
	return 0;
}

static int string_gmatch(lua_State *L)
{
	const char *p, *from;
	struct match m = match_of(L, 1, 2, &p);
	lua_Integer start = start_of(L, &m, &from) ? from - m.text : m.end - m.text + 1;
	lua_settop(L, 2);
	lua_pushinteger(L, start);
	lua_pushinteger(L, -1);
	lua_pushcclosure(L, next_match, 4);
	return 1;
}

/* ---- gsub ---- */

/* A text in place of a match: %0 to %9 are what it caught, %% is %. */
static void add_text(struct match *m, luaL_Buffer *out, const char *from, const char *to)
{
	size_t n;
	const char *with = lua_tolstring(m->L, 3, &n);
	sandbox_charge(m->L, n / 16 + 1);
	for (size_t i = 0; i < n; i++) {
		if (with[i] != '%') {
			luaL_addchar(out, with[i]);
			continue;
		}
		char c = ++i < n ? with[i] : '\0';
		if (c == '%') {
			luaL_addchar(out, '%');
		} else if (c == '0') {
			luaL_addlstring(out, from, (size_t)(to - from));
		} else if (is_digit((unsigned char)c)) {
			push_capture(m, c - '1', from, to);
			luaL_addvalue(out);
		} else {
			luaL_error(m->L, "invalid use of '%%' in replacement string");
		}
	}
}

static void add_replacement(struct match *m, luaL_Buffer *out, const char *from, const char *to)
{
	lua_State *L = m->L;
	int type = lua_type(L, 3);
	if (type == LUA_TSTRING || type == LUA_TNUMBER) {
		add_text(m, out, from, to);
		return;
	}
	if (type == LUA_TTABLE) {
		push_capture(m, 0, from, to);
		lua_rawget(L, 3);
	} else {
		lua_pushvalue(L, 3);
		lua_call(L, push_captures(m, from, to), 1);
	}
	if (!lua_toboolean(L, -1)) {
		lua_pop(L, 1);
		lua_pushlstring(L, from, (size_t)(to - from));
	} else if (!lua_isstring(L, -1)) {
		luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
	}
	luaL_addvalue(out);
}

static int string_gsub(lua_State *L)
{
	const char *p;
	struct match m = match_of(L, 1, 2, &p);
	int type = lua_type(L, 3);
	luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
	                 3, "string/function/table");
	lua_Integer most = luaL_optinteger(L, 4, m.end - m.text + 1), n = 0;
	bool anchored = p < m.pattern_end && *p == '^';
	const char *s = m.text, *last = NULL;
	luaL_Buffer out;
	p += anchored;
	luaL_buffinit(L, &out);
	while (n < most) {
		m.captures = m.depth = 0;
		const char *end = match_here(&m, s, p);
		if (end && end != last) {
			n++;
			add_replacement(&m, &out, s, end);
			s = last = end;
		} else if (s < m.end) {
			sandbox_charge(L, 1);
			luaL_addchar(&out, *s++);
		} else {
			break;
		}
		if (anchored)
			break;
	}
	luaL_addlstring(&out, s, (size_t)(m.end - s));
	luaL_pushresult(&out);
	lua_pushinteger(L, n);
	return 2;
}

void sandbox_open_patterns(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub},
		{NULL, NULL}
	};
	luaL_setfuncs(L, functions, 0);
}
