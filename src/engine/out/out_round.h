/* SPDX-License-Identifier: Apache-2.0
 *
 * What outputs to the disk have in common: the messages of one round are written, then synced together, then reported.
 */
#ifndef ENGINE_OUT_ROUND_H
#define ENGINE_OUT_ROUND_H

#include "engine/out/output.h"

struct round_lane {
	bool busy, ends; /* a message in flight; it belongs to the round that ends now */
	int rc;          /* 0, or why its message is not on the disk */
};

struct round {
	output_done_fn *done;
	void *arg;
	unsigned nlanes;
	bool pending;    /* some lane is busy */
	struct round_lane *lanes;
};

/* 0, AFF_EARGUMENT, AFF_ENOMEM. */
int round_init(struct round *r, const struct conf_dest *dest, output_done_fn *done, void *arg);
void round_free(struct round *r);
/* A lane's message was written, or could not be. */
void round_add(struct round *r, unsigned lane, int rc);
/* Is there a round to be synced and ended? If not, waits for wake_fd or the time. */
bool round_is_due(struct round *r, int wake_fd, int timeout_ms);
/* Tells what became of each message of the round; synced: 0, or why none of them is durable. What done sends belongs to
 * the next round. */
void round_end(struct round *r, int synced);

#endif
