/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts of the step `lua`: compiled once, run in a sandbox that is made anew for each message, so that nothing goes
 * from one patient's message to the next and no two threads share anything. A script is read by any number of threads.
 */
#ifndef RULES_SCRIPT_H
#define RULES_SCRIPT_H

#include "rules/step.h"

struct script;

/* name: of the file it stands in, "" for the channel's own; line: what to add to the script's lines to get the file's.
 * AFF_ESYNTAX: diag's line is the script's, from 1. AFF_ELIMIT, AFF_ENOMEM. */
int script_compile(struct script **out, struct aff_view source, const char *name, unsigned line,
                   struct aff_diag *diag);
void script_free(struct script *s);

/* Runs it over the message. What a step returns. */
int script_run(const struct script *s, struct run *run);

#endif
