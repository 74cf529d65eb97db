/* SPDX-License-Identifier: Apache-2.0
 *
 * Putting on record what a command does: handed to the running engine over its control socket, or written into the
 * journal by the command itself when no engine runs. What cannot be recorded is not done. One command at a time deals
 * with a destination's messages, so that what a message was before stays so until its new outcome is recorded.
 */
#ifndef CLI_RECORDER_H
#define CLI_RECORDER_H

#include "engine/deeds.h"

struct recorder {
	const struct conf *conf;
	const char *folder; /* of the journal */
	int lock;
	struct journal *journal; /* NULL: an engine runs */
	struct aff_buf batch;    /* what is to be recorded next */
	unsigned outcomes;       /* in it */
	uint64_t lost;           /* outcomes that could not be recorded */
	int64_t oldest_us;       /* monotonic: since when the first of them waits */
	struct deeds_done done;  /* of the last batch */
	struct aff_diag diag;    /* why something failed */
};

/* destination: whose messages this is about. 0 or COMMAND_FAILED, told on standard error; recorder_close in both
 * cases. */
int recorder_open(struct recorder *r, const struct conf *conf, const char *folder, const char *destination);
/* Records an action at once, in a batch of its own; r->done has its number. */
int recorder_act(struct recorder *r, const char *kind, struct aff_view detail);
/* Puts an outcome into the batch, which is committed now and then. */
int recorder_add(struct recorder *r, const struct journal_outcome *o);
/* Commits the batch: now, or when its first outcome has waited long enough. 0, or COMMAND_FAILED, told. */
int recorder_flush(struct recorder *r);
int recorder_flush_if_due(struct recorder *r);
/* Hands a message of one channel over to another one, with its outcome, which is that it was; in a batch of its own, at
 * once. 0; AFF_EUNDELIVERED: the other channel does not take it, r->diag says why; COMMAND_FAILED, told. */
int recorder_hand_over(struct recorder *r, const char *channel, const char *from, struct aff_view raw,
		       const struct journal_outcome *o);
void recorder_close(struct recorder *r);

#endif
