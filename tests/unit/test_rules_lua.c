/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts: what they do to a message, what they cannot reach, and what they may cost.
 */
#include <afferent/rules.h>
#include <pthread.h>
#include <time.h>

#include "rules_fixture.h"

#define BODY "PID|||1^^^H^MR||DOE^JANE\\T\\JO\nOBR|1\nOBX|1|NM|a^HR^99X||80|bpm\nNTE|1||x\nOBX|2|NM|b^^99X||5\n"

static struct aff_rules *program(const char *script)
{
	struct aff_rules *r = NULL;
	struct aff_diag diag = {0};
	const struct aff_step step = {.kind = AFF_STEP_LUA, .line = 3, .value = aff_view_of(script), .script_line = 10};
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_msg(aff_rules_add(r, &step, &diag) == 0, "%s: %u: %s", script, diag.line, diag.text);
	return r;
}

static struct aff_rules_result run_on(const char *message, const char *script, const char *wanted,
				      struct aff_diag *diag)
{
	struct fixture f;
	struct aff_rules_result result;
	struct aff_rules *r = program(script);
	memset(diag, 0, sizeof *diag);
	fixture_open(&f, message);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, diag), 0);
	if (wanted) {
		ck_assert_msg(result.verdict == AFF_VERDICT_PASS, "%s: %s", script, diag->text);
		ck_assert_str_eq(fixture_text(&f), wanted);
	}
	fixture_close(&f);
	aff_rules_free(r);
	return result;
}

/* What the script makes of the message behind the MSH. */
static void makes(const char *script, const char *wanted)
{
	char text[2048];
	struct aff_diag diag;
	snprintf(text, sizeof text, "%s%s", MSH, wanted);
	run_on(MSH BODY, script, text, &diag);
}

static void fails(const char *script, int code, const char *why)
{
	struct aff_diag diag;
	struct aff_rules_result result = run_on(MSH BODY, script, NULL, &diag);
	ck_assert_msg(result.verdict == AFF_VERDICT_REJECT, "%s: it does not fail", script);
	ck_assert_msg(result.code == code && diag.code == code, "%s: %d", script, result.code);
	ck_assert_uint_eq(result.line, 3);
	ck_assert_msg(strstr(diag.text, why) != NULL, "%s: %s", script, diag.text);
}

/* Puts the expression's text into PID-1. */
static void gives(const char *expression, const char *wanted)
{
	char script[1024], text[1024];
	snprintf(script, sizeof script, "msg[\"PID-1\"] = tostring(%s)", expression);
	snprintf(text, sizeof text, "PID|%s||1^^^H^MR||DOE^JANE\\T\\JO\n%s", wanted, strchr(BODY, '\n') + 1);
	makes(script, text);
}

START_TEST(the_message_is_read)
{
	gives("msg['PID-5.1']", "DOE");
	gives("msg['PID-5.2']", "JANE\\T\\JO");
	gives("msg['PID-5-1']", "DOE");
	gives("msg['PID-8']", "nil");
	gives("msg['ZZZ-8']", "nil");
	gives("msg['OBX[2]-3.1']", "b");
	gives("msg:raw('PID-5'):len()", "13");
	gives("msg:count('OBX')", "2");
	gives("msg:segment('OBX', 2)[5] + 1", "6");
	gives("msg:segment('OBX')['3.2']", "HR");
	gives("msg:segment('OBX').id", "OBX");
	gives("msg:segment('ZZZ')", "nil");
	gives("msg:segment('OBX') ~= nil", "true");
	fails("local x = msg['PID-5']", AFF_ESCRIPT, "script, line 11: field 5 has components");
	fails("local x = msg['PID']", AFF_ESCRIPT, "names a segment");
	fails("local x = msg['pid-5']", AFF_ESCRIPT, "is no path");
	fails("local x = msg:segment('OBX')[{}]", AFF_ESCRIPT, "line 11");
}
END_TEST

static void writes(const char *number, const char *wanted)
{
	char script[200], text[200];
	snprintf(script, sizeof script, "msg['PID-3.1'] = %s", number);
	snprintf(text, sizeof text, "PID|||%s^^^H^MR||DOE^JANE\\T\\JO\n%s", wanted, strchr(BODY, '\n') + 1);
	makes(script, text);
}

START_TEST(the_message_is_written)
{
	makes("msg['PID-5.1'] = 'A&B|C'\nmsg['PID-8'] = 'F'\nmsg['PID-3.1'] = nil",
	      "PID|||^^^H^MR||A\\T\\B\\F\\C^JANE\\T\\JO|||F\nOBR|1\nOBX|1|NM|a^HR^99X||80|bpm\nNTE|1||x\n"
	      "OBX|2|NM|b^^99X||5\n");
	makes("for obx in msg:segments('OBX') do obx[5] = obx[5] * 2 end",
	      "PID|||1^^^H^MR||DOE^JANE\\T\\JO\nOBR|1\nOBX|1|NM|a^HR^99X||160|bpm\nNTE|1||x\nOBX|2|NM|b^^99X||10\n");
	makes("msg:set_raw('PID-5', 'X^Y~Z')\nmsg:segment('OBX'):set_raw(3, msg:segment('OBX', 2):raw(3))",
	      "PID|||1^^^H^MR||X^Y~Z\nOBR|1\nOBX|1|NM|b^^99X||80|bpm\nNTE|1||x\nOBX|2|NM|b^^99X||5\n");
	/* a receiver that knows no exponents would take 5e-05 for 5 */
	writes("0.05 * 0.001", "0.00005");
	writes("-1 / 3 * 1e-6", "-0.00000033333333333333");
	writes("1e15 * 1.5", "1500000000000000");
	writes("2.0^70", "1180591620717411303424");
	writes("0.1 + 0.2", "0.3");
	writes("12.5", "12.5");
	writes("0.0001", "0.0001");
	writes("1e13 + 0.0", "10000000000000.0");
	writes("10 // 3", "3");
	fails("msg['PID-5.1'] = '\\u{6e29}'", AFF_ECHARSET, "character set");
	fails("msg['MSH-2'] = 'x'", AFF_ESCRIPT, "MSH-18");
	fails("msg['MSH-18'] = '8859/2'", AFF_ESCRIPT, "MSH-18");
	fails("msg['PID-5.1'] = {}", AFF_ESCRIPT, "not a table");
	fails("msg['PID-5.1'] = 0/0", AFF_ESCRIPT, "not finite");
	fails("msg['ZZZ-5'] = 'x'", AFF_ESCRIPT, "not there");
	fails("msg:set_raw('PID-5.1', 'X^Y')", AFF_ESCRIPT, "delimiters");
	fails("msg:set_raw('PID-5', 'X|Y')", AFF_ESCRIPT, "delimiters");
	fails("msg:set_raw('PID-5', 'X\\0Y')", AFF_ESCRIPT, "delimiters"); /* receivers may end there */
	fails("msg:set_raw('PID-5', 'X\\rPID|2')", AFF_ESCRIPT, "delimiters");
	fails("msg['PID-4000'] = 'x'", AFF_ELIMIT, "script, line 11");
}
END_TEST

START_TEST(segments_come_and_go)
{
	makes("for obx in msg:segments('OBX') do if obx[3 .. '.1'] == 'a' then obx:drop() end end",
	      "PID|||1^^^H^MR||DOE^JANE\\T\\JO\nOBR|1\nOBX|2|NM|b^^99X||5\n");
	makes("for obx in msg:segments('OBX') do local n = msg:add('NTE', obx) n[1] = 9 end",
	      "PID|||1^^^H^MR||DOE^JANE\\T\\JO\nOBR|1\nOBX|1|NM|a^HR^99X||80|bpm\nNTE|1||x\nNTE|9\nOBX|2|NM|b^^99X||5\n"
	      "NTE|9\n");
	makes("local last = msg:segment('OBX', 2)\nmsg:segment('OBX'):drop()\nlast[1] = 7\nlocal n = msg:add('OBX')\n"
	      "n[5] = last[5]",
	      "PID|||1^^^H^MR||DOE^JANE\\T\\JO\nOBR|1\nOBX|7|NM|b^^99X||5\nOBX|||||5\n");
	/* each of those that were there, whatever goes meanwhile */
	makes("local n = 0\nfor s in msg:segments() do n = n + 1\nif s.id == 'OBX' then s:drop() end end\nmsg['PID-1'] "
	      "= n",
	      "PID|5||1^^^H^MR||DOE^JANE\\T\\JO\nOBR|1\n");
	fails("local o = msg:segment('OBX') o:drop() o[1] = 2", AFF_ESCRIPT, "was dropped");
	fails("msg:segment('MSH'):drop()", AFF_EARGUMENT, "line 11");
	fails("msg:add('NTE')", AFF_ESCRIPT, "belongs to a segment");
	fails("msg:add('MSH')", AFF_EARGUMENT, "no segment");
	fails("msg:add('nte', msg:segment('OBX'))", AFF_EARGUMENT, "no segment");
	fails("msg:add('NTEX')", AFF_ESCRIPT, "three letters");
}
END_TEST

/* The rules of the steps hold for scripts, too. */
START_TEST(readings_keep_their_patient)
{
	static const char two[] = MSH "PID|||A\nOBR|1\nOBX|1\nPID|||B\nOBR|2\nOBX|2\n";
	struct aff_diag diag;
	struct aff_rules_result result = run_on(two, "msg:segment('PID', 2):drop()", NULL, &diag);
	ck_assert_int_eq(result.code, AFF_EREFUSED);
	result = run_on(two, "msg:add('PID', msg:segment('OBR'))", NULL, &diag);
	ck_assert_int_eq(result.code, AFF_EREFUSED);
	ck_assert_ptr_nonnull(strstr(diag.text, "script, line 11"));
}
END_TEST

START_TEST(a_script_drops_and_rejects)
{
	struct aff_diag diag;
	ck_assert_int_eq(run_on(MSH BODY, "if msg['PID-5.1'] == 'DOE' then drop() end", NULL, &diag).verdict,
			 AFF_VERDICT_DROP);
	fails("\nreject('no bed')", AFF_ESCRIPT, "script, line 12: no bed");
	fails("error('odd unit')", AFF_ESCRIPT, "script, line 11: odd unit");
	fails("assert(false, 'odd unit')", AFF_ESCRIPT, "odd unit");
	fails("local t\nt.x = 1", AFF_ESCRIPT, "script, line 12: attempt to index a nil value (local 't')");
}
END_TEST

/* A text that is not the script's own may be a patient's. */
START_TEST(no_value_is_told)
{
	static const char *const scripts[] = {
		"reject('bad ' .. msg['PID-5.1'])",
		"error(msg['PID-5.1'])",
		"error('x' .. msg['PID-5.1'])",
		"assert(nil, msg['PID-5.1'])",
		"local x = msg[msg['PID-5.1']]",
		"string.format('%' .. msg['PID-5.1'], 1)",
		"local x = msg['PID-5.1'] + 1",
		"local x = msg['PID-5.1'] .. {}",
		"msg[msg['PID-5.1']]()",
		"for i = 1, msg['PID-5.1'] do end",
		"local x = msg['PID-5.1'] < 1",
		"local x = msg['PID-5.1']:find(msg['PID-5.1'] .. '[')",
		"local t = {[msg['PID-5.1']] = 1} t[msg['PID-5.1']].x = 2",
		"error({msg['PID-5.1']})",
		"local x = 1 & msg['PID-5.1']",
		"msg['PID-8'] = {msg['PID-5.1']}",
		"select(msg['PID-5.1'])",
		"tonumber(1, msg['PID-5.1'])",
		"math.floor(msg['PID-5.1'])",
		"table.concat({{}}, msg['PID-5.1'])",
		"utf8.char(msg['PID-5.1'])",
	};
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		struct aff_diag diag;
		struct aff_rules_result result = run_on(MSH BODY, scripts[i], NULL, &diag);
		ck_assert_msg(result.verdict == AFF_VERDICT_REJECT, "%s", scripts[i]);
		ck_assert_msg(!strstr(diag.text, "DOE"), "%s: %s", scripts[i], diag.text);
	}
}
END_TEST

START_TEST(nothing_outside_is_reached)
{
	static const char *const names[] = {
		"io",
		"os",
		"package",
		"debug",
		"coroutine",
		"require",
		"load",
		"loadstring",
		"loadfile",
		"dofile",
		"collectgarbage",
		"print",
		"warn",
		"getmetatable",
		"setmetatable",
		"rawget",
		"rawset",
		"rawequal",
		"rawlen",
		"next",
		"pcall",
		"xpcall",
		"_G",
		"_VERSION",
		"string.dump",
		"string.pack",
		"string.unpack",
		"string.packsize",
		"math.random",
		"math.randomseed",
		"table.move",
		"utf8.codes",
		"getfenv",
		"module",
		"bit32",
		"ffi",
		"jit",
		"newproxy",
		"_ENV.io",
		"_ENV._G",
		"(''):dump",
		"math.log10",
		"arg",
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strchr(names[i], ':'))
			continue;
		gives(names[i], "nil");
	}
	static const char *const tries[] = {
		"('').__index = 1",
		"(''):dump()",
		"string.format('%p', msg)",
		"string.format('%s', {})",
		"string.format('%s', msg)",
		"msg.__index = 1",
		"msg.raw = 1",
		"local x = msg.__gc",
		"local x = msg.__name",
		"msg:segment('OBX').__metatable = {}",
		"load('return 1')()",
		"require('os')",
		"pcall(error)",
		"local f = string.rep f('x', 1e9)",
		"msg.raw({}, 'PID-1')",
		"msg.raw(msg:segment('OBX'), 'PID-1')",
		"local s = msg:segment('OBX') s.drop(msg)",
		"string.format('%99999d', 1)",
		"goto continue",
		"local x <close> = 1",
	};
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct aff_rules *r = NULL;
		const struct aff_step step = {.kind = AFF_STEP_LUA, .value = aff_view_of(tries[i])};
		ck_assert_int_eq(aff_rules_new(&r), 0);
		bool compiles = aff_rules_add(r, &step, NULL) == 0;
		aff_rules_free(r);
		if (compiles) {
			struct aff_diag diag;
			ck_assert_msg(run_on(MSH BODY, tries[i], NULL, &diag).verdict == AFF_VERDICT_REJECT, "%s",
				      tries[i]);
			ck_assert_msg(!strstr(diag.text, "0x"), "%s: %s", tries[i], diag.text);
		}
	}
	/* bytecode is no script */
	struct aff_rules *r = NULL;
	struct aff_diag diag = {0};
	const struct aff_step step = {.kind = AFF_STEP_LUA, .value = aff_view("\x1bLua\x54", 5)};
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_int_eq(aff_rules_add(r, &step, &diag), AFF_ESYNTAX);
	aff_rules_free(r);
	gives("tostring({})", "table");
	gives("tostring(msg)", "userdata");
	gives("tostring(tostring)", "function");
}
END_TEST

/* Each of these would run for ever, or for very long, or fill the memory. */
START_TEST(nothing_takes_too_long_or_too_much)
{
	static const char *const scripts[] = {
		"while true do end",
		"repeat until false",
		"local function f() return f() end f()",
		"local function f() f() end f()",
		"local s = 'x' while true do s = s .. s end",
		"local t = {} while true do t[#t + 1] = t end",
		"local s = string.rep('x', 1 << 30)",
		"while true do local s = string.rep('x', 1 << 20) end",
		"local s = string.rep('', 1 << 40)",
		"local s = string.rep('a', 100) s:find(('a?'):rep(100) .. ('a'):rep(100) .. 'b')",
		"local s = string.rep('a', 5000) s:find('.-.-.-.-.-b')",
		"local s = string.rep('a', 200) s:match(('a*'):rep(90) .. 'b')",
		"local s = string.rep('(', 100000) s:find('%b()' .. '%b()')\nwhile true do s:find('%b()') end",
		"local s = string.rep('x', 1000) while true do s = s:gsub('x', 'xx') end",
		"local t = {} for i = 1, 1e5 do t[i] = -i end while true do table.sort(t) end",
		"local t = {} for i = 1, 1e5 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) "
		"end",
		"local t = {} for i = 1, 1e5 do t[i] = i end while true do for k in pairs(t) do break end end",
		"local s = string.rep('x', 1 << 20) while true do utf8.len(s) end",
		"while true do msg['PID-1'] = string.rep('x', 1000) end",
		"while true do msg:add('OBX') end",
		"while true do local x = msg:count('OBX') end",
		"for i = 1, 1e18 do end",
		"local t = table.pack(table.unpack({}, 1, 1e7))",
		"('x'):rep(1e5):gsub('', function() while true do end end)",
		"table.sort({3, 2, 1, 5, 4}, function() while true do end end)",
		"while true do msg:segments('OBX') end",
		"local s = ('x'):rep(1 << 20) while true do local t = s:upper() end",
	};
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		struct timespec from, to;
		struct aff_diag diag;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		struct aff_rules_result result = run_on(MSH BODY, scripts[i], NULL, &diag);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		ck_assert_msg(result.verdict == AFF_VERDICT_REJECT, "%s", scripts[i]);
		ck_assert_msg(result.code == AFF_ELIMIT || result.code == AFF_ESCRIPT, "%s: %d", scripts[i],
			      result.code);
		double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
		ck_assert_msg(seconds < 20, "%s: %.1f s", scripts[i], seconds);
		if (getenv("AFF_SHOW_TIMES"))
			printf("%6.3f s  %s: %s\n", seconds, scripts[i], diag.text);
	}
}
END_TEST

/* Instructions that take long each: the processor's time ends them. */
START_TEST(slow_instructions_are_ended)
{
	fails("local a, b = ('x'):rep(1 << 20) .. 'a', ('x'):rep(1 << 20) .. 'b'\nwhile true do local c = a == b end",
	      AFF_ELIMIT, "script, line 12: the script takes too long");
}
END_TEST

/* As the manual of Lua 5.4 has them. */
START_TEST(patterns)
{
	static const char *const cases[][2] = {
		{"('hello world'):find('wor')", "7"},
		{"select(2, ('hello world'):find('wor'))", "9"},
		{"('a.b'):find('.', 1, true)", "2"},
		{"('a.b'):find('%.')", "2"},
		{"('abc'):find('b', -1)", "nil"},
		{"('abc'):find('', 10)", "nil"},
		{"('abc'):find('', 4)", "4"},
		{"('  x '):match('^%s*(.-)%s*$')", "x"},
		{"('key = value'):match('(%w+)%s*=%s*(%w+)')", "key"},
		{"select(2, ('k=v'):match('(%w)=(%w)'))", "v"},
		{"('THE (quick) fox'):find('%((%a+)%)')", "5"},
		{"('f(a(b)c)d'):match('%b()')", "(a(b)c)"},
		{"('THE (quick) fox'):match('%f[%a]%a+', 5)", "quick"},
		{"('2026-11-20'):match('%d+', 5)", "11"},
		{"('hello'):match('()ll()')", "3"},
		{"('aaa'):match('a-b')", "nil"},
		{"('aaab'):match('a-b')", "aaab"},
		{"('[[x]]'):match('%[%[(.*)%]%]')", "x"},
		{"('a]b'):match('[]]')", "]"},
		{"('a-b'):match('[a%-]+')", "a-"},
		{"('xyz'):match('[^x]+')", "yz"},
		{"('A1b2'):gsub('%d', '')", "Ab"},
		{"('abc'):gsub('%w', '%0%0')", "aabbcc"},
		{"('abc'):gsub('', '-')", "-a-b-c-"},
		{"('hello world'):gsub('o', '0', 1)", "hell0 world"},
		{"('abc'):gsub('b', {b = 'X'})", "aXc"},
		{"('abc'):gsub('b', {})", "abc"},
		{"('abc'):gsub('%w', function(c) return c:upper() end)", "ABC"},
		{"select(2, ('abab'):gsub('a', 'x'))", "2"},
		{"('x = 1'):gsub('(%w) = (%w)', '%2 = %1')", "1 = x"},
		{"('abc'):gsub('^a', 'z')", "zbc"},
		{"('\"hi\"'):match('([\"\\']).-%1')", "\""},
		{"('0x1F'):match('^0[xX](%x+)$')", "1F"},
		{"('a,b,,c'):gsub(',,', ',nil,')", "a,b,nil,c"},
		{"('aXb'):match('%u')", "X"},
		{"('caf\xc3\xa9'):match('%a+')", "caf"},
		{"(function() local t = {} for w in ('one two'):gmatch('%a+') do t[#t+1] = w end return "
		 "table.concat(t, '-') end)()",
		 "one-two"},
		{"(function() local n = 0 for _ in ('abc'):gmatch('') do n = n + 1 end return n end)()", "4"},
		{"(function() local t = {} for k, v in ('a=1,b=2'):gmatch('(%w)=(%w)') do t[#t+1] = v .. k end return "
		 "table.concat(t) end)()",
		 "1a2b"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		gives(cases[i][0], cases[i][1]);
	fails("('x'):find('[a')", AFF_ESCRIPT, "missing ']'");
	fails("('x'):find('%')", AFF_ESCRIPT, "ends with '%'");
	fails("('x'):find('(x')", AFF_ESCRIPT, "unfinished capture");
	fails("('x'):find('x)')", AFF_ESCRIPT, "invalid pattern capture");
	fails("('x'):gsub('x', '%2')", AFF_ESCRIPT, "invalid capture index");
	fails("('x'):gsub('x', '%q')", AFF_ESCRIPT, "invalid use of '%'");
	fails("('x'):gsub('x', true)", AFF_ESCRIPT, "string/function/table");
}
END_TEST

START_TEST(what_is_there_is_the_same_each_time)
{
	gives("(function() local t = {} for k in pairs({zz = 1, b = 2, [3] = 3, aa = 4, [1] = 5, [true] = 6}) do "
	      "t[#t+1] = tostring(k) end return table.concat(t, ',') end)()",
	      "1,3,aa,b,zz,true");
	gives("(function() local t = {a = 1, b = 2} local n = 0 for k in pairs(t) do t.a = nil t.b = nil n = n + 1 end "
	      "return n end)()",
	      "1");
	gives("table.concat({1, 2, 3}, '-')", "1-2-3");
	gives("string.format('%5.2f|%s|%q', 1.5, 'x', 'y')", " 1.50\\F\\x\\F\\\"y\"");
	gives("utf8.len('\xc3\xa9')", "1");
	gives("math.floor(3.7)", "3");
	gives("tostring(1e15)", "1e+15");
	gives("#table.pack(1, 2)", "2");
}
END_TEST

/* A global that one message sets is not there for the next. */
START_TEST(nothing_stays_from_one_message_to_the_next)
{
	struct aff_rules *r = program("msg['PID-1'] = tostring(seen) .. tostring(string.seen) .. tostring(('').seen)\n"
				      "seen = msg['PID-5.1'] string.seen = seen math.pi = 3\n"
				      "string.upper = nil msg['PID-2'] = tostring(math.pi > 3.1)");
	for (int i = 0; i < 3; i++) {
		struct fixture f;
		struct aff_rules_result result;
		struct aff_diag diag = {0};
		fixture_open(&f, MSH "PID|||1||DOE\n");
		ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
		ck_assert_msg(result.verdict == AFF_VERDICT_PASS, "%s", diag.text);
		ck_assert_str_eq(fixture_text(&f), MSH "PID|nilnilnil|false|1||DOE\n");
		fixture_close(&f);
	}
	aff_rules_free(r);
}
END_TEST

static void *run_often(void *arg)
{
	for (int i = 0; i < 50; i++) {
		struct fixture f;
		struct aff_rules_result result;
		fixture_open(&f, MSH BODY);
		ck_assert_int_eq(aff_rules_run(arg, f.edit, &result, NULL), 0);
		ck_assert_int_eq(result.verdict, AFF_VERDICT_PASS);
		ck_assert_str_eq(fixture_text(&f), MSH "PID|x||1^^^H^MR||DOE^JANE\\T\\JO\nOBR|1\nOBX|2|NM|b^^99X||5\n");
		fixture_close(&f);
	}
	return NULL;
}

START_TEST(one_script_runs_in_many_threads)
{
	pthread_t threads[8];
	struct aff_rules *r = program("msg['PID-1'] = ('abc'):gsub('%w+', 'x')\nmsg:segment('OBX'):drop()");
	for (size_t i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run_often, r), 0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	aff_rules_free(r);
}
END_TEST

START_TEST(mistakes_are_told_with_their_line)
{
	static const struct {
		const char *script, *text;
		unsigned line;
	} cases[] = {
		{"local x = ", "unexpected symbol near <eof>", 1},
		{"x = 1\ny = = 2", "unexpected symbol near '='", 2},
		{"if x then\n", "'end' expected", 2},
		{"\n\nlocal s = 'a", "unfinished string", 3},
		{"return 1\nx = 2", "<eof> expected", 2},
		{"break", "break outside", 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct aff_rules *r = NULL;
		struct aff_diag diag = {0};
		const struct aff_step step = {.kind = AFF_STEP_LUA, .value = aff_view_of(cases[i].script)};
		ck_assert_int_eq(aff_rules_new(&r), 0);
		ck_assert_int_eq(aff_rules_add(r, &step, &diag), AFF_ESYNTAX);
		ck_assert_msg(strstr(diag.text, cases[i].text) && diag.line == cases[i].line, "%s: %u: %s",
			      cases[i].script, diag.line, diag.text);
		aff_rules_free(r);
	}
	struct aff_rules *r = NULL;
	struct aff_step step = {.kind = AFF_STEP_LUA, .value = aff_view_of("drop()"), .for_each = "OBX"};
	ck_assert_int_eq(aff_rules_new(&r), 0);
	ck_assert_int_eq(aff_rules_add(r, &step, NULL), AFF_EARGUMENT);
	aff_rules_free(r);
}
END_TEST

/* What a script holds back is not known: the message does not go out without it. */
START_TEST(a_script_that_fails_is_not_skipped)
{
	struct fixture f;
	struct aff_rules_result result;
	struct aff_diag diag = {0};
	struct aff_rules *r = program("msg['PID-1'] = 'x'\nerror('no')");
	aff_rules_on_error(r, AFF_ON_ERROR_SKIP);
	fixture_open(&f, MSH BODY);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, &diag), 0);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_REJECT);
	fixture_close(&f);
	aff_rules_free(r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		the_message_is_read,
		the_message_is_written,
		segments_come_and_go,
		readings_keep_their_patient,
		a_script_drops_and_rejects,
		no_value_is_told,
		nothing_outside_is_reached,
		nothing_takes_too_long_or_too_much,
		slow_instructions_are_ended,
		patterns,
		what_is_there_is_the_same_each_time,
		nothing_stays_from_one_message_to_the_next,
		one_script_runs_in_many_threads,
		mistakes_are_told_with_their_line,
		a_script_that_fails_is_not_skipped,
	};
	return RUN_TESTS("rules_lua", tests);
}
