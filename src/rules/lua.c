/* SPDX-License-Identifier: Apache-2.0
 *
 * LUA: what steps cannot say, as a script. It is not known what a script holds back: it is never skipped.
 */
#include "rules/script.h"

static int check_lua(const struct aff_step *asked, struct aff_diag *diag)
{
	if (asked->for_each[0])
		return step_wrong(diag, "a script is run once for the message",
		                  "leave `for` out; in the script: for obx in msg:segments(\"OBX\") do");
	return 0;
}

static int compile_lua(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	return script_compile(&step->script, asked->value, asked->script_name ? asked->script_name : "",
	                      asked->script_line, diag);
}

static int run_lua(struct run *run, unsigned segment)
{
	(void)segment;
	return script_run(run->step->script, run);
}

const struct step_kind step_lua = {
	.name = "lua", .check = check_lua, .compile = compile_lua, .run = run_lua, .everywhere = "", .guards = true
};
