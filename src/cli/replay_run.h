/* SPDX-License-Identifier: Apache-2.0
 *
 * A replay from its options to its summary: what `afferent replay` and `afferent dead resend` share.
 */
#ifndef CLI_REPLAY_RUN_H
#define CLI_REPLAY_RUN_H

#include "cli/replay_plan.h"

struct replay_run {
	struct plan plan;
	const char *to_file, *journal, *config, *key_file, *resume;
	uint64_t from_id, to_id;
	bool dry_run, all, json;
	bool dead_only; /* `dead resend`: nothing but dead letters */
	bool yes;       /* and many without a question */
};

/* argv: message ids. Returns an exit code. */
int replay_run(struct replay_run *o, char **argv, int n);

/* Why something is done: there and not too long, else COMMAND_FAILED, told. */
int replay_check_reason(const char *reason);
/* Asks at the terminal whether to go on; COMMAND_FAILED, told, when there is none. 0: yes; COMMAND_NEGATIVE: no. */
int replay_confirm(const char *what, uint64_t n, const char *where);

#endif
