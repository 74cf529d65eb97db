/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands for dead letters share.
 */
#ifndef CLI_CMD_DEAD_H
#define CLI_CMD_DEAD_H

#include "cli/query.h"
#include "conf/conf.h"
#include "journal/journal.h"

int dead_list_command(int argc, char **argv);
int dead_show_command(int argc, char **argv);
int dead_edit_command(int argc, char **argv);
int dead_discard_command(int argc, char **argv);

/* Choosing dead letters; the destination is an option of its own. */
#define DEAD_QUERY_OPTIONS(q) \
	OPTION_TEXT('c', "channel", &(q)->channel, "NAME", "received by this channel"), \
		OPTION_TEXT('t', "type", &(q)->type, "TYPE", "message type, ORU^R01"), \
		OPTION_TEXT('i', "control-id", &(q)->control_id, "ID", "MSH-10"), \
		OPTION_TEXT('p', "patient", &(q)->patient, "ID", "PID-3.1"), \
		OPTION_TEXT('D', "device", &(q)->device, "ID", "OBX-18.1, or MSH-3.1 where there is none"), \
		OPTION_TEXT(0, "peer", &(q)->peer, "ADDRESS", "who sent it"), \
		OPTION_TEXT(0, "since", &(q)->since, "TIME", \
			    "received then or later: 10m (ago), 2026-11-20T09:30:00+01:00"), \
		OPTION_TEXT(0, "until", &(q)->until, "TIME", "received before then")

/* A message at a destination where it is dead. */
struct dead_letter {
	int64_t id;
	char destination[128];
	char detail[256]; /* why */
	unsigned tries;
	int64_t at_us;
	int64_t received_us;
	enum journal_outcome_kind kind; /* dead or discarded */
};

/* Dead letters in memory, newest first. */
#define DEAD_MOST 100000
struct dead_letters {
	struct dead_letter *item;
	size_t n, allocated;
	bool more; /* there are more than the limit */
};

/* Finds dead letters (or discarded ones): by ids, or by the query with its limit. destination NULL: of any. Told on
 * standard error: COMMAND_FAILED. */
struct dead_question {
	struct query query;
	const char *destination; /* "ehr" or "ward/ehr" */
	const int64_t *ids;
	size_t nids;
	enum journal_outcome_kind kind;
};
int dead_find(struct dead_letters *out, struct journal_reader *r, const struct dead_question *q);
void dead_free(struct dead_letters *l);

/* The configuration and its journal, or that of `journal`; *folder lives as long as both. 0 or COMMAND_FAILED, told. */
int dead_open(struct conf **conf, struct journal_reader **reader, const char **folder, const char *config,
	      const char *journal);

#endif
