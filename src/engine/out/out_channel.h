/* SPDX-License-Identifier: Apache-2.0
 *
 * The output that hands messages over to another channel of the same engine. The message there and the outcome here are
 * committed in one transaction: whenever the engine ends, both are there or none is.
 */
#ifndef ENGINE_OUT_CHANNEL_H
#define ENGINE_OUT_CHANNEL_H

#include "engine/in/intake.h"
#include "engine/out/output.h"

/* What a sender needs for it; all of it outlives the output. */
struct channel_door {
	struct journal *journal;
	struct writer *writer;
	struct budget *budget;
	struct channel *to;          /* NULL: the destination is of another kind */
};

/* from: the name of the channel that hands over; conf: has the other channel. 0, AFF_ENOMEM, AFF_EIO, AFF_EARGUMENT. */
int output_channel_new(struct output **out, const struct conf_dest *dest, struct conf *conf, const char *from,
                       const struct channel_door *door, output_done_fn *done, void *arg);

#endif
