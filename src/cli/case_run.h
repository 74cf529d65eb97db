/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs one case of a channel and compares what comes out with what is expected.
 */
#ifndef CLI_CASE_RUN_H
#define CLI_CASE_RUN_H

#include "cli/case_files.h"

/* The channel and where it stands. */
struct case_channel {
	const struct conf *conf;
	const struct conf_channel *channel;
	struct aff_view text;        /* of its file, for quoting the line of a rule */
};

/* Why a channel cannot be tested; NULL: it can. Some names of destinations are taken by the files of a case. */
const char *case_channel_problem(const struct conf_channel *channel);

/* update: what differs is written anew instead of being told. */
int case_run(const struct case_channel *channel, const char *folder, bool update, struct case_report *report);

#endif
