/* SPDX-License-Identifier: Apache-2.0
 *
 * Replaying one message after the other: through the pipeline, then to the destination or into a file.
 */
#ifndef CLI_REPLAY_H
#define CLI_REPLAY_H

#include <stdio.h>

#include "cli/pace.h"
#include "engine/output.h"
#include "engine/pipeline.h"

struct replay {
	const struct conf_channel *channel;
	struct conf_dest dest;           /* a copy with one lane */
	struct pipeline *pipeline;
	struct output *output;           /* NULL: into the file */
	FILE *file;
	unsigned tries;
	struct output_answer answer;     /* of the delivery in flight */
	bool answered;
	struct pace pace;                /* set by the caller, started here */
	uint64_t sent, filtered, dead, refused;
};

/* Sets all but tries and pace. to_file NULL: to the destination itself. 0 or COMMAND_FAILED, told on standard
 * error; replay_close in both cases. */
int replay_open(struct replay *r, const struct conf_channel *channel, const struct conf_dest *dest,
                const char *to_file);
/* Waits until the pace lets it go. 0 to go on; COMMAND_FAILED when the replay cannot go on, told on
 * standard error. */
int replay_message(struct replay *r, int64_t id, struct aff_view raw);
/* 0 or COMMAND_FAILED when the file could not be written. */
int replay_close(struct replay *r);

#endif
