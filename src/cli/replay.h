/* SPDX-License-Identifier: Apache-2.0
 *
 * Replaying one message after the other: through the pipeline, then to the destination or into a file, each with its
 * outcome on record. A message that was delivered once stays delivered, whatever comes of it now.
 */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include <stdio.h>

#include "cli/pace.h"
#include "cli/recorder.h"
#include "engine/out/output.h"
#include "engine/pipeline.h"

#define REPLAY_STOPPED 1 /* somebody asked for the end: the message was not sent */

struct replay {
	/* set by the caller */
	const struct conf_channel *channel;
	struct recorder *recorder;
	int64_t action_us; /* the replay's number */
	bool as_new;
	int64_t copy; /* what is sent is this copy of the message, 0 = the message itself */
	unsigned tries;
	int stop; /* readable when the process is asked to end */
	struct pace pace;
	/* the rest: replay_open */
	struct conf_dest dest; /* a copy with one lane */
	char destination[160]; /* as outcomes name it */
	struct pipeline *pipeline;
	struct output *output; /* NULL: into the file */
	FILE *file;
	struct output_answer answer; /* of the delivery in flight */
	bool answered;
	uint64_t sent, filtered, dead, refused;
	int64_t last; /* the newest message that was dealt with */
};

/* What outcomes of a replay into a file name as its destination: "ward/ehr (file)". */
void replay_destination(char *buf, size_t size, const struct conf_dest *dest, bool to_file);

/* to_file NULL: to the destination itself; append: the file has something already. 0 or COMMAND_FAILED, told on
 * standard error; replay_close in both cases. */
int replay_open(struct replay *r, const struct conf_dest *dest, const char *to_file, bool append);
/* Waits until the pace lets it go. before: the message's outcome so far, 0 = it has none. 0 to go on, REPLAY_STOPPED,
 * or COMMAND_FAILED when the replay cannot go on, told on standard error. */
int replay_message(struct replay *r, int64_t id, enum journal_outcome_kind before, struct aff_view raw);
/* 0 or COMMAND_FAILED when the file could not be written. */
int replay_close(struct replay *r);

#endif
