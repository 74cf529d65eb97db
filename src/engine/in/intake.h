/* SPDX-License-Identifier: Apache-2.0
 *
 * What every thread that takes messages has, whatever way they come: from bytes to envelopes for the writer, and the
 * mailbox that they come back to when they are committed. Belongs to its thread alone, but for the mailbox and the
 * budget.
 */
#ifndef ENGINE_INTAKE_H
#define ENGINE_INTAKE_H

#include "engine/channel.h"
#include "engine/histogram.h"
#include "engine/in/ingest.h"
#include "engine/mailbox.h"

struct writer;

/* Bytes of envelopes in flight, over all threads that take messages. At `max` they take no more. */
struct budget {
	_Atomic size_t used;
	size_t max;
};

struct intake {
	struct mailbox mailbox;
	struct writer *writer;
	struct budget *budget;
	struct ingest *ingest;
	struct envelope *first, *last; /* queued in this turn, not yet handed over */
	struct histogram latency;      /* from the last byte of a message to its answer */
};

/* A channel under its newest snapshot, as one thread takes messages for it. */
struct intake_channel {
	struct conf *conf;             /* a reference */
	const struct conf_channel *settings;
	struct channel *channel;
	int64_t rejected_told_us;      /* when the log last told of a rejected message */
	unsigned rejected_untold;
	int64_t odd_told_us;           /* likewise of an odd batch */
	unsigned odd_untold;
};

/* The messages of one frame, file or request: committed together. */
struct envelopes {
	struct envelope *first, *last;
	unsigned count;
	size_t size;                   /* bytes */
};

/* number: makes the ids of answers differ between threads. AFF_ENOMEM, AFF_EIO; destroy it in any case. */
int intake_init(struct intake *in, unsigned number, struct journal *journal, struct writer *writer,
		struct budget *budget);
void intake_destroy(struct intake *in);

/* Takes another snapshot for the channel; settings are of conf. */
void intake_use(struct intake_channel *of, struct conf *conf, const struct conf_channel *settings);

/* Makes an envelope of one message, the only one in *out. frame_error: as of ingest_message. AFF_ENOMEM, which was
 * told: nothing was made. */
int intake_message(struct intake *in, struct intake_channel *of, struct aff_view peer, struct aff_view message,
		   int frame_error, struct envelopes *out);
/* The same for bytes that may hold a batch or several messages, of which each becomes an envelope; more than `most`
 * are rejected as one. What is no message is journaled as one, rejected: nothing that came is thrown away. */
int intake_messages(struct intake *in, struct intake_channel *of, struct aff_view peer, struct aff_view bytes,
		    unsigned most, struct envelopes *out);
/* They come back to the mailbox, in this order. false: the budget is used up. */
bool intake_queue(struct intake *in, const struct envelopes *all);
void intake_discard(struct envelopes *all);
/* Hands everything that is queued to the writer. */
void intake_submit(struct intake *in);
/* One that came back: counts it and gives its part of the budget back; the reference stays the caller's. */
void intake_came_back(struct intake *in, const struct envelope *e);

#endif
