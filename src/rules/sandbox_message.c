/* SPDX-License-Identifier: Apache-2.0
 *
 * The message as a script sees it: msg["PID-5.1"], obx[5], msg:segments("OBX"), and what adds and takes away segments
 * under the rules of the steps that do so. Text has no escapes and is UTF-8; what has parts is read part by part or
 * raw, so that no delimiter is ever taken for text or text for a delimiter.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/place.h"
#include "rules/sandbox.h"

#define SEGMENT "segment"
#define MESSAGE "message"

enum { MSH_CHARSET = 18, KEY_MAX = 64 };

/* A segment by its number, which it keeps; hint: where it stood last. */
struct handle {
	unsigned id, hint;
};

/* ---- which segment is which ---- */

static void number_segments(lua_State *L, struct sandbox *s)
{
	unsigned n = aff_edit_segments(s->run->e);
	if (s->ids)
		return;
	s->ids = malloc((n + 1) * sizeof *s->ids);
	if (!s->ids) {
		s->error = AFF_ENOMEM;
		sandbox_stop(L);
	}
	s->room = n + 1u;
	for (unsigned i = 0; i < n; i++)
		s->ids[i] = i;
	s->count = s->next_id = n;
}

static void forget_segments(struct sandbox *s, unsigned from, unsigned n)
{
	memmove(s->ids + from, s->ids + from + n, (s->count - from - n) * sizeof *s->ids);
	s->count -= n;
}

static void note_segment(lua_State *L, struct sandbox *s, unsigned at)
{
	if (s->count == s->room) {
		unsigned *p = realloc(s->ids, 2 * s->room * sizeof *p);
		if (!p) {
			s->error = AFF_ENOMEM;
			sandbox_stop(L);
		}
		s->ids = p;
		s->room *= 2;
	}
	memmove(s->ids + at + 1, s->ids + at, (s->count - at) * sizeof *s->ids);
	s->ids[at] = s->next_id++;
	s->count++;
}

static void push_segment(lua_State *L, unsigned at)
{
	struct sandbox *s = sandbox_of(L);
	number_segments(L, s);
	struct handle *h = lua_newuserdatauv(L, sizeof *h, 0);
	*h = (struct handle){s->ids[at], at};
	luaL_setmetatable(L, SEGMENT);
}

/* Where the segment stands now; ends the script when it is gone. */
static unsigned segment_at(lua_State *L, int arg)
{
	struct sandbox *s = sandbox_of(L);
	struct handle *h = luaL_checkudata(L, arg, SEGMENT);
	if (h->hint < s->count && s->ids[h->hint] == h->id)
		return h->hint;
	for (unsigned i = 0; i < s->count; i++) {
		if (s->ids[i] == h->id) {
			sandbox_charge(L, i / 16 + 1);
			return h->hint = i;
		}
	}
	return (unsigned)luaL_error(L, "this segment was dropped");
}

/* ---- places ---- */

/* What rc of the editor and the steps means: goes on, or ends the script. */
static void check(lua_State *L, int rc, unsigned segment, unsigned field)
{
	struct sandbox *s = sandbox_of(L);
	if (rc == AFF_ENOMEM) {
		s->error = AFF_ENOMEM;
		sandbox_stop(L);
	}
	if (rc < 0)
		run_reject(s->run, rc, segment, field, "the script cannot write this: %s", aff_error_text(rc));
	if (rc < 0 || rc == STEP_DECIDED) {
		s->decided = true;
		sandbox_stop(L);
	}
}

/* shown: what is wrong with it may be told, for the script says it. */
static void parse(lua_State *L, struct aff_path *path, const char *text, size_t n, bool shown)
{
	struct aff_diag diag = {0};
	if (aff_path_parse(path, aff_view(text, n), &diag))
		luaL_error(L, "this is no path: %s", shown ? diag.text : "the script made it up");
}

/* The place that the argument names: a path in the message, or of a segment what follows its id: 5, "5.1", "3[2].1". */
static struct place place_at(lua_State *L, int of, int key, bool in_segment)
{
	struct sandbox *s = sandbox_of(L);
	struct aff_path path;
	struct place at;
	size_t n;
	const char *text = luaL_checklstring(L, key, &n);
	bool shown = sandbox_is_literal(s, text, n);
	sandbox_charge(L, 5);
	if (!in_segment) {
		parse(L, &path, text, n, shown);
		check(L, place_find(s->run, &path, AFF_NONE, &at), AFF_NONE, 0);
	} else {
		char buf[KEY_MAX];
		unsigned segment = segment_at(L, of);
		struct aff_view raw = aff_edit_segment(s->run->e, segment);
		if (n + 5 > sizeof buf || raw.n < 3)
			luaL_error(L, "this is no field of a segment");
		memcpy(buf, raw.p, 3);
		buf[3] = '-';
		memcpy(buf + 4, text, n);
		parse(L, &path, buf, n + 4, shown);
		at = (struct place){segment, place_level(&path, "", 0), path.field, path.repetition, path.component,
		                    path.subcomponent};
	}
	if (at.level == LEVEL_SEGMENT)
		luaL_error(L, "this names a segment; name a field of it");
	return at;
}

static bool holds(struct aff_view raw, char delimiter)
{
	return delimiter && memchr(raw.p, delimiter, raw.n) != NULL;
}

/* What stands between the parts that the place has; NULL: it has no parts. */
static const char *parts_of(const struct run *run, const struct place *at, struct aff_view raw)
{
	if (at->level == LEVEL_FIELD && holds(raw, run->delims.repetition))
		return "repetitions";
	if (at->level <= LEVEL_REPETITION && holds(raw, run->delims.component))
		return "components";
	return at->level <= LEVEL_COMPONENT && holds(raw, run->delims.subcomponent) ? "subcomponents" : NULL;
}

static int read_text(lua_State *L, const struct place *at)
{
	struct run *run = sandbox_of(L)->run;
	struct aff_view raw = place_read(run, at);
	const char *parts = parts_of(run, at, raw);
	if (!raw.n)
		return lua_pushnil(L), 1;
	if (parts)
		return luaL_error(L, "field %d has %s: name one, or take all of it with raw", (int)at->field, parts);
	sandbox_charge(L, raw.n / 16 + 1);
	struct aff_view text = charset_read(&run->charset, &run->key, raw);
	check(L, run->key.error, at->segment, at->field);
	lua_pushlstring(L, text.p, text.n);
	return 1;
}

static void check_writable(lua_State *L, const struct place *at)
{
	struct run *run = sandbox_of(L)->run;
	if (at->segment == AFF_NONE)
		luaL_error(L, "the segment is not there");
	if (aff_edit_is(run->e, at->segment, "MSH") && (at->field <= 2 || at->field == MSH_CHARSET))
		luaL_error(L, "MSH-1, MSH-2 and MSH-18 cannot be set by a script");
}

/* Replaces a float on the stack by its text without an exponent, which numbers of HL7 do not have: who does not know it
 * takes 5e-05 for 5. Digits as Lua writes them, 14 of them; large numbers are whole. */
static void push_decimal(lua_State *L, int value)
{
	enum { DIGITS = 14, LONGEST = 400 };
	char text[LONGEST];
	lua_Number x = lua_tonumber(L, value);
	int n = snprintf(text, sizeof text, "%.*e", DIGITS - 1, x);
	const char *e = strchr(text, 'e');
	long power = e ? strtol(e + 1, NULL, 10) : 0;
	int decimals = power < 0 ? DIGITS - 1 - (int)power : 0;
	bool plain = !e || (power >= -4 && power < DIGITS);
	if (!plain)
		n = snprintf(text, sizeof text, "%.*f", decimals, x);
	while (!plain && decimals && text[n - 1] == '0')
		n--;
	if (plain)
		lua_pushvalue(L, value);
	else
		lua_pushlstring(L, text, (size_t)n);
}

/* nil empties the place. */
static int write_text(lua_State *L, const struct place *at, int value)
{
	struct run *run = sandbox_of(L)->run;
	size_t n = 0;
	const char *text = "";
	check_writable(L, at);
	if (!lua_isnil(L, value)) {
		if (!lua_isstring(L, value))
			luaL_error(L, "text or a number is expected here, not a %s", luaL_typename(L, value));
		if (lua_type(L, value) == LUA_TNUMBER && !lua_isinteger(L, value) &&
		    !(lua_tonumber(L, value) - lua_tonumber(L, value) == 0))
			luaL_error(L, "this number is not finite");
		if (lua_type(L, value) == LUA_TNUMBER && !lua_isinteger(L, value))
			push_decimal(L, value);
		else
			lua_pushvalue(L, value);
		text = lua_tolstring(L, -1, &n);
	}
	sandbox_charge(L, n / 16 + 5);
	aff_buf_clear(&run->text);
	if (charset_write(&run->charset, &run->text, aff_view(text, n)))
		check(L, run_reject_text(run, at->segment, at->field), 0, 0);
	check(L, run->text.error, at->segment, at->field);
	check(L, place_write(run, at, aff_buf_view(&run->text)), at->segment, at->field);
	return 0;
}

/* ---- raw ---- */

static int read_raw(lua_State *L, const struct place *at)
{
	struct run *run = sandbox_of(L)->run;
	struct aff_view raw = place_read(run, at);
	if (!raw.n)
		return lua_pushnil(L), 1;
	sandbox_charge(L, raw.n / 16 + 1);
	struct aff_view text = charset_read_raw(&run->charset, &run->key, raw);
	check(L, run->key.error, at->segment, at->field);
	lua_pushlstring(L, text.p, text.n);
	return 1;
}

/* Delimiters of a higher level than the place's would make new parts beside it. */
static int write_raw(lua_State *L, const struct place *at, int value)
{
	struct run *run = sandbox_of(L)->run;
	size_t n;
	const char *text = luaL_checklstring(L, value, &n);
	struct aff_view raw = aff_view(text, n);
	const struct aff_delims *d = &run->delims;
	check_writable(L, at);
	if ((at->level >= LEVEL_REPETITION && holds(raw, d->repetition)) ||
	    (at->level >= LEVEL_COMPONENT && holds(raw, d->component)) ||
	    (at->level >= LEVEL_SUBCOMPONENT && holds(raw, d->subcomponent)) || holds(raw, d->field) ||
	    memchr(text, '\r', n) || memchr(text, '\n', n) || memchr(text, '\0', n))
		luaL_error(L, "the text has delimiters that do not belong in this place");
	sandbox_charge(L, n / 16 + 5);
	if (!charset_takes_raw(&run->charset, &run->text, raw))
		check(L, run_reject_text(run, at->segment, at->field), 0, 0);
	check(L, place_write(run, at, raw), at->segment, at->field);
	return 0;
}

/* ---- methods of both ---- */

static bool is_segment(lua_State *L)
{
	if (luaL_testudata(L, 1, SEGMENT))
		return true;
	luaL_checkudata(L, 1, MESSAGE);
	return false;
}

static int get_raw(lua_State *L)
{
	struct place at = place_at(L, 1, 2, is_segment(L));
	return read_raw(L, &at);
}

static int set_raw(lua_State *L)
{
	struct place at = place_at(L, 1, 2, is_segment(L));
	return write_raw(L, &at, 3);
}

/* Upvalue 1: the methods. */
static int index_either(lua_State *L, bool in_segment)
{
	if (lua_type(L, 2) == LUA_TSTRING) {
		lua_pushvalue(L, 2);
		lua_rawget(L, lua_upvalueindex(1));
		if (!lua_isnil(L, -1))
			return 1;
		lua_pop(L, 1);
	}
	struct place at = place_at(L, 1, 2, in_segment);
	return read_text(L, &at);
}

static int index_message(lua_State *L)
{
	return index_either(L, false);
}

static int index_segment(lua_State *L)
{
	if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "id") == 0) {
		struct aff_view raw = aff_edit_segment(sandbox_of(L)->run->e, segment_at(L, 1));
		lua_pushlstring(L, raw.p, raw.n < 3 ? raw.n : 3);
		return 1;
	}
	return index_either(L, true);
}

static int newindex_message(lua_State *L)
{
	struct place at = place_at(L, 1, 2, false);
	return write_text(L, &at, 3);
}

static int newindex_segment(lua_State *L)
{
	struct place at = place_at(L, 1, 2, true);
	return write_text(L, &at, 3);
}

/* ---- segments ---- */

static const char *check_id(lua_State *L, int arg)
{
	size_t n;
	const char *id = luaL_checklstring(L, arg, &n);
	if (n != 3)
		luaL_error(L, "a segment id is three letters, such as OBX");
	return id;
}

static unsigned find_segment(lua_State *L, const char *id, unsigned from)
{
	const struct aff_edit *e = sandbox_of(L)->run->e;
	unsigned n = aff_edit_segments(e);
	sandbox_charge(L, 2);
	if (!id)
		return from < n ? from : AFF_NONE;
	unsigned at = from < n ? aff_edit_find(e, id, from) : AFF_NONE;
	sandbox_charge(L, ((at == AFF_NONE ? n : at) - (from < n ? from : n)) / 8 + 1);
	return at;
}

/* Upvalues: the numbers of the segments that there were at the start, which of them is next, and where to look for it.
 * Those that were dropped meanwhile are left out, new ones are not among them. */
static int next_segment(lua_State *L)
{
	struct sandbox *s = sandbox_of(L);
	lua_Integer n = lua_tointeger(L, lua_upvalueindex(2));
	size_t hint = (size_t)lua_tointeger(L, lua_upvalueindex(3)), i = s->count;
	while (i == s->count) {
		if (lua_rawgeti(L, lua_upvalueindex(1), ++n) == LUA_TNIL)
			return 0;
		unsigned id = (unsigned)lua_tointeger(L, -1);
		lua_pop(L, 1);
		for (i = hint; i < s->count && s->ids[i] != id;)
			i++;
		for (size_t k = 0; i == s->count && k < hint && k < s->count; k++)
			i = s->ids[k] == id ? k : i;
		sandbox_charge(L, (i > hint ? i - hint : s->count) / 16 + 1);
	}
	lua_pushinteger(L, n);
	lua_replace(L, lua_upvalueindex(2));
	lua_pushinteger(L, (lua_Integer)i);
	lua_replace(L, lua_upvalueindex(3));
	push_segment(L, (unsigned)i);
	return 1;
}

static int message_segments(lua_State *L)
{
	struct sandbox *s = sandbox_of(L);
	luaL_checkudata(L, 1, MESSAGE);
	const char *id = lua_isnoneornil(L, 2) ? NULL : check_id(L, 2);
	lua_Integer n = 0;
	number_segments(L, s);
	lua_newtable(L);
	for (unsigned at = find_segment(L, id, 0); at != AFF_NONE; at = find_segment(L, id, at + 1)) {
		lua_pushinteger(L, s->ids[at]);
		lua_rawseti(L, -2, ++n);
	}
	lua_pushinteger(L, 0);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_segment, 3);
	return 1;
}

static int message_segment(lua_State *L)
{
	luaL_checkudata(L, 1, MESSAGE);
	unsigned at = find_segment(L, check_id(L, 2), 0);
	for (lua_Integer nth = luaL_optinteger(L, 3, 1); at != AFF_NONE && nth > 1; nth--)
		at = find_segment(L, lua_tostring(L, 2), at + 1);
	if (at == AFF_NONE)
		return lua_pushnil(L), 1;
	push_segment(L, at);
	return 1;
}

static int message_count(lua_State *L)
{
	lua_Integer n = 0;
	luaL_checkudata(L, 1, MESSAGE);
	const char *id = check_id(L, 2);
	for (unsigned at = find_segment(L, id, 0); at != AFF_NONE; at = find_segment(L, id, at + 1))
		n++;
	lua_pushinteger(L, n);
	return 1;
}

/* msg:add("NTE", obx): behind that segment and its notes; at the end without one. */
static int message_add(lua_State *L)
{
	struct sandbox *s = sandbox_of(L);
	luaL_checkudata(L, 1, MESSAGE);
	const char *id = check_id(L, 2);
	bool note = strcmp(id, "NTE") == 0 || strcmp(id, "PRT") == 0;
	number_segments(L, s);
	if (note && lua_isnoneornil(L, 3))
		luaL_error(L, "a note belongs to a segment: msg:add(\"NTE\", obx)");
	unsigned at = lua_isnoneornil(L, 3) ? aff_edit_segments(s->run->e)
	                                    : run_behind(s->run, segment_at(L, 3));
	sandbox_charge(L, aff_edit_segments(s->run->e) / 16 + 10);
	aff_buf_clear(&s->run->text);
	aff_buf_put(&s->run->text, id, 3);
	check(L, run_insert(s->run, at), AFF_NONE, 0);
	note_segment(L, s, at);
	push_segment(L, at);
	return 1;
}

static int drop_segment(lua_State *L)
{
	struct sandbox *s = sandbox_of(L);
	unsigned at = segment_at(L, 1), before = aff_edit_segments(s->run->e);
	struct handle *h = lua_touserdata(L, 1);
	sandbox_charge(L, before / 16 + 10);
	check(L, run_delete(s->run, at), at, 0);
	forget_segments(s, at, before - aff_edit_segments(s->run->e));
	h->hint = at;
	return 0;
}

/* ---- opening ---- */

/* A metatable whose __index knows the methods; `metatable` is not reachable for the script. */
static void open_kind(lua_State *L, const char *name, const luaL_Reg *methods, lua_CFunction index,
                      lua_CFunction newindex)
{
	luaL_newmetatable(L, name);
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_pushcclosure(L, index, 1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pop(L, 1);
}

void sandbox_open_message(lua_State *L)
{
	static const luaL_Reg message[] = {
		{"raw", get_raw}, {"set_raw", set_raw}, {"segments", message_segments}, {"segment", message_segment},
		{"count", message_count}, {"add", message_add}, {NULL, NULL}
	};
	static const luaL_Reg segment[] = {
		{"raw", get_raw}, {"set_raw", set_raw}, {"drop", drop_segment}, {NULL, NULL}
	};
	open_kind(L, MESSAGE, message, index_message, newindex_message);
	open_kind(L, SEGMENT, segment, index_segment, newindex_segment);
	lua_newuserdatauv(L, 0, 0);
	luaL_setmetatable(L, MESSAGE);
	lua_setglobal(L, "msg");
}
