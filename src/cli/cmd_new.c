/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent new: files to begin with.
 */
#include "cli/command.h"
#include "cli/new.h"

int cmd_new(int argc, char **argv)
{
	static const struct command commands[] = {
		{"channel", "a channel, with comments", new_channel_command},
		{"table", "a mapping table with a stub of rows", new_table_command},
		{"case", "a test of a channel, out of messages", new_case_command},
	};
	static const struct command_group group = {
		"new",
		"Makes files to begin with. What is there already is left as it is.",
		commands,
		sizeof commands / sizeof commands[0],
	};
	return command_dispatch(&group, argc, argv);
}
