/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal reindex: indices and totals of sealed log files anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"
#include "cli/term.h"
#include "engine/codes.h"

#define NICE 15

static void show(void *arg, uint64_t done, uint64_t total)
{
	struct progress *p = arg;
	p->total = total;
	progress_update(p, done);
}

int journal_reindex_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal reindex --journal journal", NULL};
	const struct usage usage = {
		.command = "journal reindex",
		.arguments = "",
		.examples = examples,
		.about = "Makes the indices and totals of sealed log files anew, from their rows, while the engine "
			 "runs or not. The open log file has none and is left alone. Needs room for one more log file.",
		.exit0 = "done",
	};
	const char *journal = NULL, *config = NULL;
	const struct option options[] = {JOURNAL_WHERE_OPTIONS(&journal, &config), OPTION_END};
	struct journal_reindexed done;
	struct journal_coder coder;
	struct progress progress;
	struct aff_diag diag;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	char *folder = config_journal(journal, config);
	if (!folder)
		return COMMAND_FAILED;
	if (nice(NICE) < 0)
		command_note("this runs at the usual priority");
	progress_start(&progress, "bytes", 0);
	int rc = codes_coder_new(&coder);
	rc = rc ? aff_diag_set(&diag, rc, "out of memory")
		: journal_reindex(folder, &coder, show, &progress, &done, &diag);
	progress_end(&progress);
	codes_coder_free(&coder);
	free(folder);
	if (rc)
		return command_error_diag(&diag);
	printf("%u log file%s indexed anew, %u left alone: open, or not sealed yet\n", done.files,
	       done.files == 1 ? "" : "s", done.left);
	return COMMAND_OK;
}
