/* SPDX-License-Identifier: Apache-2.0
 *
 * What a script may use and how much of it, shared by the parts of the sandbox. The functions of Lua that are not safe
 * are not there at all; those that work without running instructions pay for it (sandbox_charge).
 *
 * Functions called by Lua leave by a long jump when they fail: they own nothing.
 */
#ifndef RULES_SANDBOX_H
#define RULES_SANDBOX_H

#include <lauxlib.h>
#include <lua.h>

#include "rules/script.h"

enum {
	SANDBOX_MEMORY = 8 << 20,     /* bytes at a time */
	SANDBOX_CHURN = 256 << 20,    /* bytes asked for in all */
	SANDBOX_WORK = 1000000,       /* instructions, and what stands for them */
	SANDBOX_ROUND = 100,          /* instructions from one look to the next */
	SANDBOX_SECONDS = 1           /* of processor time: for what nobody thought of */
};

struct sandbox {
	const struct aff_view source; /* of the script */
	unsigned needs;               /* sandbox_needs(source) */
	struct run *run;
	size_t live, asked;           /* bytes */
	long work;                    /* what is left of it */
	int64_t deadline_ns;          /* processor time of this thread; 0: not looked at yet */
	bool full;                    /* a cap of memory was reached */
	bool no_memory;               /* the machine has none */
	bool tired;                   /* the work is used up */
	bool decided;                 /* run->result says what becomes of the message, or run->diag why it fails */
	int error;                    /* AFF_ENOMEM of the editor */
	unsigned line;                /* where it was stopped */
	/* Which segment stands where: a number for each, that it keeps while others come and go. */
	unsigned *ids;
	size_t count, room;
	unsigned next_id;
};

struct sandbox *sandbox_of(lua_State *L);
/* Takes units of work; ends the script when there are none left. */
void sandbox_charge(lua_State *L, size_t units);
/* Ends the script: what is to be said is said already. Does not return. */
int sandbox_stop(lua_State *L);
/* Whether the text stands in the script as it is: only then may it be shown, for any other may be of a patient. */
bool sandbox_is_literal(const struct sandbox *s, const char *text, size_t n);

/* sandbox_base.c: the safe functions of Lua, as globals. Making them is most of what a small script costs, so only
 * those libraries are opened of which the script has a word. */
unsigned sandbox_needs(struct aff_view source);
void sandbox_open(lua_State *L);
/* sandbox_pattern.c: string.find, match, gmatch and gsub, into the table on the top of the stack. */
void sandbox_open_patterns(lua_State *L);
/* sandbox_message.c: the global `msg`. */
void sandbox_open_message(lua_State *L);

#endif
