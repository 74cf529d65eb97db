/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing messages of the journal by options: what `journal search` and `replay` share.
 */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "cli/option.h"
#include "journal/journal.h"

struct query {
	const char *channel, *type, *control_id, *patient, *device, *peer, *destination, *since, *until,
		*error;
	int status, verdict;         /* index into the lists below; 0 = any */
	uint64_t limit;
};

#define QUERY_ID_REUSE (JOURNAL_DUPLICATE + 1) /* of verdicts: accepted, and so flagged */
extern const char *const query_statuses[], *const query_verdicts[];

/* Rows of an option table. Without --limit and --verdict, which not every command wants. */
#define QUERY_OPTIONS(q) \
	OPTION_TEXT('c', "channel", &(q)->channel, "NAME", "received by this channel"), \
	OPTION_TEXT('t', "type", &(q)->type, "TYPE", "message type, ORU^R01"), \
	OPTION_TEXT('i', "control-id", &(q)->control_id, "ID", "MSH-10"), \
	OPTION_TEXT('p', "patient", &(q)->patient, "ID", "PID-3.1"), \
	OPTION_TEXT('D', "device", &(q)->device, "ID", "OBX-18.1, or MSH-3.1 where there is none"), \
	OPTION_TEXT(0, "peer", &(q)->peer, "ADDRESS", "who sent it: 10.0.0.7, or with its port 10.0.0.7:51234"), \
	OPTION_TEXT('d', "destination", &(q)->destination, "NAME", "with --status: at this one, icu-monitors/ehr"), \
	OPTION_CHOICE('s', "status", &(q)->status, "STATUS", query_statuses, "what became of it at a destination"), \
	OPTION_TEXT(0, "since", &(q)->since, "TIME", "received then or later: 10m (ago), 2026-11-20T09:30:00+01:00"), \
	OPTION_TEXT(0, "until", &(q)->until, "TIME", "received before then")

/* What replay does not want: it sends what was accepted. */
#define QUERY_VERDICT_OPTIONS(q) \
	OPTION_CHOICE('v', "verdict", &(q)->verdict, "VERDICT", query_verdicts, "how it was taken"), \
	OPTION_TEXT('e', "error", &(q)->error, "NAME", "rejected for this: REQUIRED, SYNTAX, ...")

/* The query that the options ask for; mistakes are told on standard error: COMMAND_FAILED. */
int query_build(const struct query *q, struct journal_query *out);

#endif
