/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent: one binary, many commands.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <afferent/error.h>

#include "cli/command.h"

int main(int argc, char **argv)
{
	/* Whoever reads our output may stop early ("| head"): then end without a word, even if our parent ignores
	 * the signal. Commands that write to sockets ignore it for themselves. */
	signal(SIGPIPE, SIG_DFL);
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		printf("afferent %s\n", aff_version());
		return command_finish(COMMAND_OK);
	}
	return command_dispatch(&command_all, argc, argv);
}
