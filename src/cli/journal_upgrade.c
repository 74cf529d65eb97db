/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent journal upgrade: a journal of an earlier version, without starting the engine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/option.h"

int journal_upgrade_command(int argc, char **argv)
{
	static const char *const examples[] = {"afferent journal upgrade --journal restored", NULL};
	const struct usage usage = {
		.command = "journal upgrade",
		.arguments = "",
		.examples = examples,
		.about = "Brings the log files of an earlier version of afferent to the format of this one, as the "
			 "engine does when it starts, while the engine does not run. The messages stay as they "
			 "are, and so does their part of the hash chain. There is no way back: make a backup "
			 "before.",
		.exit0 = "the journal is up to date",
	};
	const char *journal = NULL, *config = NULL;
	const struct option options[] = {JOURNAL_WHERE_OPTIONS(&journal, &config), OPTION_END};
	struct aff_diag diag;
	unsigned changed = 0;
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	char *folder = config_journal(journal, config);
	if (!folder)
		return COMMAND_FAILED;
	int rc = journal_upgrade(folder, &changed, &diag);
	free(folder);
	if (rc)
		return command_error_diag(&diag);
	if (changed)
		printf("%u log file%s brought up to date\n", changed, changed == 1 ? "" : "s");
	else
		puts("up to date already");
	return COMMAND_OK;
}
