/* SPDX-License-Identifier: Apache-2.0
 *
 * What a channel would do with a few messages, without sockets, a journal or a clock: each is decided about and
 * answered as an io thread does it (ingest.h), judged new or repeated as the writer does it (resends.h), and goes
 * through every destination's pipeline and sampling as a sender does it (pipeline.h, sampler.h). These are the engine's
 * own functions; what is here is the order in which they are called.
 */
#ifndef ENGINE_REHEARSAL_H
#define ENGINE_REHEARSAL_H

#include "engine/in/ingest.h"
#include "engine/pipeline.h"

struct rehearsal_message {
	struct aff_view bytes;
	int64_t received_us;         /* wall clock; not before that of the message before it */
};

/* Told about each message, numbered from 0, once: how it was taken. Views live until the function returns. */
typedef void rehearsal_taken_fn(void *arg, size_t message, const struct ingest_decision *decision);
/* Told once for each accepted message and destination, for one destination after the other: DELIVERED with what would
 * be sent, in result; else its detail says why not. */
typedef void rehearsal_outcome_fn(void *arg, size_t message, const struct conf_dest *dest,
                                  enum journal_outcome_kind kind, const struct pipeline_result *result);

struct rehearsal {
	const struct conf *conf;
	const struct conf_channel *channel;
	const struct rehearsal_message *messages;
	size_t count;
	rehearsal_taken_fn *taken;
	rehearsal_outcome_fn *outcome;
	void *arg;
};

/* In outcomes a message is called by its number from 1, as in the journal by its id. Every window of a sample is
 * closed at the end. 0, AFF_ENOMEM. */
int rehearsal_run(const struct rehearsal *r);

#endif
