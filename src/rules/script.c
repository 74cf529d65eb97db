/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiling and running scripts. The memory, the instructions and the processor time of a run have caps; a script that
 * passes one of them fails like any other step.
 */
#include "rules/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rules/sandbox.h"

enum { SOURCE_MAX = 256 << 10, CODE_MAX = 4 << 20 };

struct script {
	char *source, *name;
	size_t length;
	unsigned line, needs;
	struct aff_buf code;
};

/* ---- caps ---- */

struct sandbox *sandbox_of(lua_State *L)
{
	void *s;
	lua_getallocf(L, &s);
	return s;
}

static void *take(void *arg, void *p, size_t old, size_t n)
{
	struct sandbox *s = arg;
	old = p ? old : 0;
	if (!n) {
		free(p);
		s->live -= old;
		return NULL;
	}
	if (n > old && (s->live - old + n > SANDBOX_MEMORY || s->asked + n > SANDBOX_CHURN)) {
		s->full = true;
		return NULL;
	}
	void *q = realloc(p, n);
	if (!q) {
		s->no_memory = true;
		return NULL;
	}
	s->live += n - old;
	s->asked += n > old ? n : 0;
	return q;
}

static int64_t processor_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void sandbox_charge(lua_State *L, size_t units)
{
	struct sandbox *s = sandbox_of(L);
	if (units < (size_t)s->work) {
		s->work -= (long)units;
		return;
	}
	s->work = 0;
	s->tired = true;
	sandbox_stop(L);
}

static void look(lua_State *L, lua_Debug *ar)
{
	struct sandbox *s = sandbox_of(L);
	(void)ar;
	int64_t now = processor_ns();
	if (!s->deadline_ns)
		s->deadline_ns = now + SANDBOX_SECONDS * INT64_C(1000000000);
	sandbox_charge(L, now > s->deadline_ns ? SANDBOX_WORK : SANDBOX_ROUND);
}

int sandbox_stop(lua_State *L)
{
	struct sandbox *s = sandbox_of(L);
	lua_Debug ar;
	for (int level = 0; !s->line && lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "l", &ar);
		s->line = ar.currentline > 0 ? (unsigned)ar.currentline : 0;
	}
	lua_pushnil(L);
	return lua_error(L);
}

bool sandbox_is_literal(const struct sandbox *s, const char *text, size_t n)
{
#ifdef AFF_MUTANT_84 /* what a script says of a patient is in the outcome */
	return true;
#endif
	return n && memmem(s->source.p, s->source.n, text, n) != NULL;
}

/* ---- compiling ---- */

static int put_code(lua_State *L, const void *bytes, size_t n, void *arg)
{
	struct aff_buf *out = arg;
	(void)L;
	aff_buf_put(out, bytes, n);
	return out->error;
}

/* "s:3: unexpected symbol near 'x'": the line goes to *line, what is behind it is returned. */
static const char *split_place(const char *text, unsigned *line)
{
	char *end;
	*line = 0;
	if (strncmp(text, "s:", 2) != 0)
		return text;
	unsigned long n = strtoul(text + 2, &end, 10);
	if (end[0] != ':' || end[1] != ' ')
		return text;
	*line = (unsigned)n;
	return end + 2;
}

static int compile(lua_State *L)
{
	struct script *s = lua_touserdata(L, 1);
	if (luaL_loadbufferx(L, s->source, s->length, "=s", "t"))
		return lua_error(L);
	lua_dump(L, put_code, &s->code, 0);
	return 0;
}

static int compile_into(struct script *s, struct aff_diag *diag)
{
	struct sandbox box = {.source = aff_view(s->source, s->length)};
	lua_State *L = lua_newstate(take, &box);
	if (!L)
		return AFF_ENOMEM;
	lua_pushcfunction(L, compile);
	lua_pushlightuserdata(L, s);
	int rc = 0;
	if (lua_pcall(L, 1, 0, 0)) {
		unsigned line;
		const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "it cannot be compiled";
		const char *what = split_place(text, &line);
		rc = box.no_memory ? AFF_ENOMEM
		                   : aff_diag_set(diag, AFF_ESYNTAX, "%s", box.full ? "the script is too large" : what);
		if (diag && rc == AFF_ESYNTAX)
			diag->line = line;
		aff_diag_hint(diag, "mend it here, or see whether something before it is not closed");
	}
	lua_close(L);
	return rc ? rc : s->code.error;
}

static int too_long(struct aff_diag *diag)
{
	aff_diag_set(diag, AFF_ELIMIT, "the script is longer than %d KiB", SOURCE_MAX >> 10);
	aff_diag_hint(diag, "make it several scripts, or put what is data into a mapping table");
	return AFF_ELIMIT;
}

int script_compile(struct script **out, struct aff_view source, const char *name, unsigned line, struct aff_diag *diag)
{
	if (source.n > SOURCE_MAX)
		return too_long(diag);
	struct script *s = calloc(1, sizeof *s);
	if (!s)
		return AFF_ENOMEM;
	aff_buf_init(&s->code, CODE_MAX);
	s->source = malloc(source.n + 1);
	s->name = strdup(name);
	s->length = source.n;
	s->line = line;
	int rc = AFF_ENOMEM;
	if (s->source && s->name) {
		memcpy(s->source, source.p, source.n);
		s->source[source.n] = '\0';
		s->needs = sandbox_needs(source);
		rc = compile_into(s, diag);
	}
	if (rc)
		script_free(s);
	else
		*out = s;
	return rc;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	free(s->source);
	free(s->name);
	aff_buf_free(&s->code);
	free(s);
}

/* ---- running ---- */

static int run_protected(lua_State *L)
{
	const struct script *s = lua_touserdata(L, 1);
	lua_settop(L, 0);
	sandbox_open(L);
	sandbox_open_message(L);
	if (luaL_loadbufferx(L, s->code.p, s->code.n, "=s", "b"))
		return lua_error(L);
	lua_sethook(L, look, LUA_MASKCOUNT, SANDBOX_ROUND);
	lua_call(L, 0, 0);
	return 0;
}

/* "script, line 14: " */
static void put_place(const struct script *s, unsigned line, char *buf, size_t size)
{
	if (!line)
		snprintf(buf, size, "%s: ", s->name[0] ? s->name : "script");
	else
		snprintf(buf, size, s->name[0] ? "%s:%u: " : "%sscript, line %u: ", s->name, line + s->line);
}

static int fail(const struct script *s, struct run *run, int code, unsigned line, const char *what)
{
	char place[96];
	put_place(s, line, place, sizeof place);
	return run_reject(run, code, AFF_NONE, 0, "%s%s", place, what);
}

/* The script decided, or a function that it called: the reason gets the script's line. */
static int decided(const struct script *s, struct run *run, unsigned line)
{
	char place[96], what[sizeof run->diag->text];
	if (run->result->verdict != AFF_VERDICT_REJECT)
		return STEP_DECIDED;
	put_place(s, line, place, sizeof place);
	snprintf(what, sizeof what, "%s", run->diag->text);
	snprintf(run->diag->text, sizeof run->diag->text, "%.95s%.150s", place, what);
	return STEP_DECIDED;
}

static int failed(const struct script *s, struct run *run, lua_State *L, int status, const struct sandbox *box)
{
	unsigned line;
	const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "it failed";
	const char *what = split_place(text, &line);
	if (box->error == AFF_ENOMEM || (status == LUA_ERRMEM && box->no_memory))
		return AFF_ENOMEM;
	if (box->tired)
		return fail(s, run, AFF_ELIMIT, box->line, "the script takes too long");
	if (box->decided)
		return decided(s, run, box->line);
	if (status == LUA_ERRMEM)
		return fail(s, run, AFF_ELIMIT, 0, "the script needs too much memory");
	return fail(s, run, AFF_ESCRIPT, line, what);
}

int script_run(const struct script *s, struct run *run)
{
	struct sandbox box = {.source = aff_view(s->source, s->length), .needs = s->needs, .run = run,
	                      .work = SANDBOX_WORK};
	lua_State *L = lua_newstate(take, &box);
	if (!L)
		return AFF_ENOMEM;
	lua_pushcfunction(L, run_protected);
	lua_pushlightuserdata(L, (void *)(uintptr_t)s);
	int status = lua_pcall(L, 1, 0, 0);
	int rc = status ? failed(s, run, L, status, &box) : STEP_DONE;
	lua_close(L);
	free(box.ids);
	return rc;
}
