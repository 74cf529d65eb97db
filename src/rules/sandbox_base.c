/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of Lua that a script has: those that read or write nothing outside of it, know no time, no chance and
 * no address, and cannot catch the end of the script. Tables are gone through in the order of their keys, because
 * Lua's own order differs from one process to the next.
 */
#include "rules/sandbox.h"

#include <lualib.h>

enum { NEED_BASE = 1, NEED_TABLE = 2, NEED_MATH = 4, NEED_UTF8 = 8, NEED_ALL = 15 };

/* ---- what is shown of errors ---- */

static int fail_with(lua_State *L, int text)
{
	size_t n = 0;
	const char *p = lua_type(L, text) == LUA_TSTRING ? lua_tolstring(L, text, &n) : "";
	if (!sandbox_is_literal(sandbox_of(L), p, n))
		return luaL_error(L, "the script called %s", text == 1 ? "error" : "assert");
	return luaL_error(L, "%s", p);
}

static int base_error(lua_State *L)
{
	return fail_with(L, 1);
}

static int base_assert(lua_State *L)
{
	luaL_checkany(L, 1);
	return lua_toboolean(L, 1) ? lua_gettop(L) : fail_with(L, 2);
}

/* ---- texts ---- */

/* No addresses: they differ from run to run. */
static int base_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	int type = lua_type(L, 1);
	if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN || type == LUA_TNIL)
		luaL_tolstring(L, 1, NULL);
	else
		lua_pushstring(L, lua_typename(L, type));
	return 1;
}

/* Formats as Lua knows them; without %p, and without tables, whose text would be an address. */
static int string_format(lua_State *L)
{
	size_t n;
	const char *f = luaL_checklstring(L, 1, &n);
	for (size_t i = 0; i < n; i++) {
		if (f[i] != '%')
			continue;
		i++;
		for (int k = 0; k < 5 && f[i] && strchr("-+ #0", f[i]); k++)
			i++;
		for (int k = 0; k < 6 && f[i] && strchr("0123456789.", f[i]); k++)
			i++;
		if (!f[i] || !strchr("aAcdeEfgGioqsuxX%", f[i]))
			return luaL_error(L, "a wrong format");
	}
	for (int i = 2; i <= lua_gettop(L); i++) {
		if (lua_type(L, i) > LUA_TSTRING)
			return luaL_argerror(L, i, "text, a number or a boolean is expected");
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

static int string_rep(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2);
	sandbox_charge(L, n > 0 ? (size_t)n / 16 + 1 : 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

/* ---- tables ---- */

static size_t size_of(lua_State *L)
{
	int type = lua_type(L, 1);
	return type == LUA_TTABLE ? lua_rawlen(L, 1) : type == LUA_TSTRING ? lua_rawlen(L, 1) / 16 : 0;
}

/* Calls the function of Lua after paying for it. */
static int call_charged(lua_State *L, size_t units)
{
	sandbox_charge(L, units + 1);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static int charged(lua_State *L)
{
	return call_charged(L, size_of(L));
}

/* At the end of a table nothing has to move. */
static int table_insert(lua_State *L)
{
	return call_charged(L, lua_gettop(L) > 2 ? size_of(L) : 1);
}

static int table_remove(lua_State *L)
{
	return call_charged(L, lua_gettop(L) > 1 ? size_of(L) : 1);
}

static int table_sort(lua_State *L)
{
	return call_charged(L, 20 * size_of(L));
}

/* Numbers before texts before booleans. */
static int rank(int type)
{
	return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : 2;
}

static bool is_before(lua_State *L, int a, int b)
{
	int x = lua_type(L, a), y = lua_type(L, b);
	if (x != y)
		return rank(x) < rank(y);
	if (x == LUA_TBOOLEAN)
		return !lua_toboolean(L, a) && lua_toboolean(L, b);
	return lua_compare(L, a, b, LUA_OPLT);
}

static int key_order(lua_State *L)
{
	lua_pushboolean(L, is_before(L, 1, 2));
	return 1;
}

/* Upvalues: the keys in order, and how many were given. */
static int next_pair(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
	for (;;) {
		lua_pushinteger(L, ++i);
		lua_copy(L, -1, lua_upvalueindex(2));
		lua_pop(L, 1);
		lua_rawgeti(L, lua_upvalueindex(1), i);
		if (lua_isnil(L, -1))
			return 1;
		lua_pushvalue(L, -1);
		lua_rawget(L, 1);
		if (!lua_isnil(L, -1)) /* else it was taken out meanwhile */
			return 2;
		lua_pop(L, 2);
	}
}

static int base_pairs(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_newtable(L);
	lua_Integer n = 0;
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		int type = lua_type(L, -2);
		if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN)
			return luaL_error(L, "pairs needs keys that are texts, numbers or booleans");
		lua_pushvalue(L, -2);
		lua_rawseti(L, 2, ++n);
	}
	sandbox_charge(L, (size_t)n * 20 + 1);
	lua_pushvalue(L, lua_upvalueindex(1)); /* sort */
	lua_pushvalue(L, 2);
	lua_pushcfunction(L, key_order);
	lua_call(L, 2, 0);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, next_pair, 2);
	lua_pushvalue(L, 1);
	lua_pushnil(L);
	return 3;
}

/* ---- the end of a message ---- */

static int drop(lua_State *L)
{
	struct sandbox *s = sandbox_of(L);
	s->run->result->verdict = AFF_VERDICT_DROP;
	s->decided = true;
	return sandbox_stop(L);
}

static int reject(lua_State *L)
{
	struct sandbox *s = sandbox_of(L);
	size_t n;
	const char *why = luaL_checklstring(L, 1, &n);
	if (sandbox_is_literal(s, why, n))
		run_refuse(s->run, AFF_ESCRIPT, AFF_NONE, 0, "%s", why);
	else
		run_refuse(s->run, AFF_ESCRIPT, AFF_NONE, 0, "the script rejects it");
	s->decided = true;
	return sandbox_stop(L);
}

/* ---- opening ---- */

/* Moves the named functions of the library that `open` makes into a new table, which stays on the stack. */
static void pick(lua_State *L, lua_CFunction open, const char *const *names)
{
	lua_pushcfunction(L, open);
	lua_call(L, 0, 1);
	lua_newtable(L);
	for (; *names; names++) {
		lua_getfield(L, -2, *names);
		lua_setfield(L, -2, *names);
	}
	lua_insert(L, -2);
}

/* Replaces a function of the table below the library by `with`, which gets the original one; pops nothing. */
static void wrap(lua_State *L, const char *name, lua_CFunction with)
{
	lua_getfield(L, -1, name);
	lua_pushcclosure(L, with, 1);
	lua_setfield(L, -3, name);
}

static void open_string(lua_State *L)
{
	static const char *const names[] = {"byte", "char", "len", "lower", "reverse", "sub", "upper", NULL};
	pick(L, luaopen_string, names);
	wrap(L, "format", string_format);
	wrap(L, "rep", string_rep);
	lua_pop(L, 1);
	sandbox_open_patterns(L);
	lua_pushliteral(L, ""); /* what s:upper() finds */
	lua_getmetatable(L, -1);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 2);
	lua_setglobal(L, "string");
}

static void open_table(lua_State *L)
{
	static const char *const names[] = {"pack", NULL}, *const wrapped[] = {"concat", "unpack"};
	pick(L, luaopen_table, names);
	for (size_t i = 0; i < sizeof wrapped / sizeof wrapped[0]; i++)
		wrap(L, wrapped[i], charged);
	wrap(L, "insert", table_insert);
	wrap(L, "remove", table_remove);
	wrap(L, "sort", table_sort);
	lua_getfield(L, -1, "sort");
	lua_pushcclosure(L, base_pairs, 1);
	lua_setglobal(L, "pairs");
	lua_pop(L, 1);
	lua_setglobal(L, "table");
}

static void open_math(lua_State *L)
{
	static const char *const names[] = {"abs", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log",
	                                    "max", "maxinteger", "min", "mininteger", "modf", "pi", "rad", "sin",
	                                    "sqrt", "tan", "tointeger", "type", "ult", NULL};
	pick(L, luaopen_math, names);
	lua_pop(L, 1);
	lua_setglobal(L, "math");
}

static void open_utf8(lua_State *L)
{
	static const char *const names[] = {"char", "charpattern", NULL};
	static const char *const wrapped[] = {"codepoint", "len", "offset"};
	pick(L, luaopen_utf8, names);
	for (size_t i = 0; i < sizeof wrapped / sizeof wrapped[0]; i++)
		wrap(L, wrapped[i], charged);
	lua_pop(L, 1);
	lua_setglobal(L, "utf8");
}

static int base_type(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushstring(L, luaL_typename(L, 1));
	return 1;
}

static int next_item(lua_State *L)
{
	lua_Integer i = luaL_checkinteger(L, 2) + 1;
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushinteger(L, i);
	return lua_rawgeti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

static int base_ipairs(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushcfunction(L, next_item);
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 0);
	return 3;
}

/* The library writes into the table of globals, which is not the script's then. */
static void open_base(lua_State *L)
{
	static const char *const names[] = {"select", "tonumber", NULL};
	lua_pushcfunction(L, luaopen_base);
	lua_call(L, 0, 1);
	lua_newtable(L);
	for (size_t i = 0; names[i]; i++) {
		lua_getfield(L, -2, names[i]);
		lua_setfield(L, -2, names[i]);
	}
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_pop(L, 1);
}

static void open_own(lua_State *L)
{
	lua_register(L, "assert", base_assert);
	lua_register(L, "drop", drop);
	lua_register(L, "error", base_error);
	lua_register(L, "ipairs", base_ipairs);
	lua_register(L, "reject", reject);
	lua_register(L, "tostring", base_tostring);
	lua_register(L, "type", base_type);
}

static const struct {
	const char *word;
	unsigned opens;
} words[] = {
	{"select", NEED_BASE}, {"tonumber", NEED_BASE}, {"math", NEED_MATH}, {"utf8", NEED_UTF8},
	{"table", NEED_TABLE}, {"pairs", NEED_TABLE},
	{"_ENV", NEED_ALL},
};

unsigned sandbox_needs(struct aff_view source)
{
	unsigned needs = 0;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (memmem(source.p, source.n, words[i].word, strlen(words[i].word)))
			needs |= words[i].opens;
	return needs;
}

void sandbox_open(lua_State *L)
{
	unsigned needs = sandbox_of(L)->needs;
	if (needs & NEED_BASE)
		open_base(L);
	open_own(L);
	open_string(L); /* it lets texts be added, too */
	if (needs & NEED_TABLE)
		open_table(L);
	if (needs & NEED_MATH)
		open_math(L);
	if (needs & NEED_UTF8)
		open_utf8(L);
}
