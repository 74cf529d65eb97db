/* SPDX-License-Identifier: Apache-2.0
 *
 * afferent replay: accepted messages of the journal once more through the pipeline of a destination, to it or
 * into a file. The delivery key stays: what is sent has the same MSH-10 or the same FHIR identifiers as the first
 * time, so a receiver that honours them sees each message once.
 */
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/replay_run.h"

int cmd_replay(int argc, char **argv)
{
	static const char *const examples[] = {
		"afferent replay --to icu-monitors/ehr --since 1h --dry-run",
		"afferent replay --to icu-monitors/ehr --status dead --since 1d --reason 'EHR accepts the type now'",
		"afferent replay --to icu-monitors/fhir --patient 4711 --since 1d --to-file bundles.ndjson "
		"--reason 'for the vendor'",
		NULL};
	const struct usage usage = {
		.command = "replay",
		.arguments = "[ID]...",
		.examples = examples,
		.least = 0,
		.most = -1,
		.about = "Sends accepted messages of the journal once more, oldest first, through the steps "
			 "and the output of a destination as it is configured now, or writes what would be "
			 "sent into a file.\n\n"
			 "The delivery key stays the same: MSH-10 of an HL7 message, the identifiers of a FHIR "
			 "resource. A receiver that honours it does not see a message twice. With --as-new the "
			 "receiver takes each as a message of its own. Messages go one "
			 "at a time; sampling is not applied; what is still pending is left to the engine.\n\n"
			 "The journal records who replayed what and why, and what came of each message; without "
			 "that nothing is sent. A replay that was stopped (SIGINT, SIGTERM) or broke off goes on "
			 "with --resume.",
		.exit0 = "everything was sent, or filtered by a rule",
		.exit1 = "nothing fits; or messages were dead, refused, pending or left out; or it was stopped",
	};
	struct replay_run o = {.plan = {.kind = "replay", .tries = 5, .query.limit = INT64_MAX}};
	struct plan *p = &o.plan;
	const struct option options[] = {
		OPTION_TEXT('T', "to", &p->to, "DESTINATION", "to this one of the configuration: icu-monitors/ehr"),
		OPTION_TEXT('o', "to-file", &o.to_file, "FILE", "into a file instead; - is standard output"),
		OPTION_TEXT('r', "reason", &p->reason, "TEXT", "why; kept in the journal"),
		OPTION_FLAG('n', "dry-run", &o.dry_run, "only say how many messages it would be"),
		OPTION_FLAG(0, "as-new", &p->as_new, "with new message control ids: the receiver takes them as new"),
		OPTION_TEXT(0, "rate", &p->rate, "RATE", "at most so many messages: 20/s, 90/min"),
		OPTION_NUMBER(0, "tries", &p->tries, "N", 1, 1000, "how often a message is tried before giving up"),
		OPTION_TEXT(0, "resume", &o.resume, "NUMBER", "go on with this replay, as it was begun"),
		OPTION_NUMBER(0, "from-id", &o.from_id, "ID", 1, INT64_MAX, "from this message on"),
		OPTION_NUMBER(0, "to-id", &o.to_id, "ID", 1, INT64_MAX, "up to this message"),
		OPTION_FLAG(0, "all", &o.all, "the whole channel"),
		OPTION_FLAG('j', "json", &o.json, "the summary as JSON"),
		QUERY_OPTIONS(&p->query),
		JOURNAL_WHERE_OPTIONS(&o.journal, &o.config),
		JOURNAL_KEY_OPTION(&o.key_file),
		OPTION_END};
	int n = option_parse(&usage, options, argc, argv);
	return n < 0 ? option_exit(n) : replay_run(&o, argv, n);
}
