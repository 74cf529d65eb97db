/* SPDX-License-Identifier: Apache-2.0
 *
 * Verifying a journal, for the commands that do so.
 */
#ifndef CLI_JOURNAL_VERIFY_H
#define CLI_JOURNAL_VERIFY_H

#include "cli/term.h"
#include "journal/verify.h"

#define VERIFY_RUN_FINDINGS 20

struct verify_run {
	struct verify_result result;
	struct progress progress;
	struct verify_finding findings[VERIFY_RUN_FINDINGS]; /* the first ones */
};

/* Sets the callbacks of the options. 0 or COMMAND_FAILED, told on standard error. */
int verify_run(const char *folder, struct verify_options *o, struct verify_run *run);
/* Reads a public key. 0 or COMMAND_FAILED, told on standard error. */
int verify_run_key(const char *path, unsigned char key[SIGN_KEY_SIZE]);

#endif
