/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent dead: what to do about messages that a destination refused.
 */
#include "cli/cmd_dead.h"

#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/replay_run.h"

static int dead_resend(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent dead resend --to icu-monitors/ehr --all --dry-run",
		"afferent dead resend --to icu-monitors/ehr --since 1d --reason 'EHR accepts the type now' --yes",
		NULL};
	const struct usage usage = {
		.command = "dead resend",
		.arguments = "[ID]...",
		.examples = examples,
		.least = 0,
		.most = -1,
		.about =
			"Sends dead letters once more, as afferent replay does: oldest first, through the steps of the "
			"configuration as it is now, with the same delivery key. One that the destination takes is "
			"dead no more. The journal records who did it and why.\n\n"
			"Messages are chosen by their ids or by options; more than one chosen by options is asked "
			"about, or confirmed with --yes.",
		.exit0 = "everything was sent, or filtered by a rule",
		.exit1 = "no dead letter fits; or some were refused again or left out; or it was stopped",
	};
	struct replay_run o = {.plan = {.kind = "resend", .tries = 5, .query.limit = INT64_MAX}, .dead_only = true};
	struct plan *p = &o.plan;
	const struct option options[] = {
		OPTION_TEXT('T', "to", &p->to, "DESTINATION", "those of this one, to it: icu-monitors/ehr"),
		OPTION_TEXT('r', "reason", &p->reason, "TEXT", "why; kept in the journal"),
		OPTION_FLAG('n', "dry-run", &o.dry_run, "only say how many messages it would be"),
		OPTION_FLAG('y', "yes", &o.yes, "do not ask"),
		OPTION_FLAG(0, "as-new", &p->as_new, "with new message control ids: the receiver takes them as new"),
		OPTION_TEXT(0, "rate", &p->rate, "RATE", "at most so many messages: 20/s, 90/min"),
		OPTION_NUMBER(0, "tries", &p->tries, "N", 1, 1000, "how often a message is tried before giving up"),
		OPTION_FLAG(0, "all", &o.all, "all of them"),
		OPTION_FLAG('j', "json", &o.json, "the summary as JSON"),
		DEAD_QUERY_OPTIONS(&p->query),
		JOURNAL_WHERE_OPTIONS(&o.journal, &o.config),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	if (n < 0)
		return option_exit(n);
	p->query.status = JOURNAL_DEAD;
	return replay_run(&o, argv, n);
}

int cmd_dead(int argc, char **argv)
{
	static const struct command commands[] = {
		{"list", "dead letters, and why they are", dead_list_command},
		{"show", "one of them: the message, and what can be done", dead_show_command},
		{"resend", "send them once more", dead_resend},
		{"edit", "change a copy of one and deliver that", dead_edit_command},
		{"discard", "put them aside, with a reason", dead_discard_command},
	};
	static const struct command_group group = {
		"dead",
		"Deals with dead letters: messages that a destination refused for good.",
		commands,
		sizeof commands / sizeof commands[0],
	};
	return command_dispatch(&group, argc, argv);
}
