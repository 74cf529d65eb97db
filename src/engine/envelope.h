/* SPDX-License-Identifier: Apache-2.0
 *
 * An envelope is one received message on its way: made by an io thread, committed by the writer, answered by the io
 * thread, delivered by senders. It is one block of memory, immutable once it is handed to the writer (but for `next`
 * and `result`, which belong to whoever holds it in a list, and the row's id, verdict and error, which are the writer's
 * until it is committed), and shared by reference count afterwards. The envelopes of
 * one frame follow each other in every list between the io thread and the writer.
 */
#ifndef ENGINE_ENVELOPE_H
#define ENGINE_ENVELOPE_H

#include <stdatomic.h>

#include "conf/conf.h"
#include "engine/resends.h"
#include "journal/journal.h"

struct mailbox;
struct channel;
struct outcome_report;
struct awaited;

struct envelope {
	struct envelope *next;
	_Atomic unsigned refs;
	int result;                  /* the writer's: 0 committed, AFF_EFULL */
	struct conf *conf;           /* a reference: the snapshot it came under */
	struct channel *channel;     /* the engine's state of its channel */
	struct mailbox *home;        /* of the io thread that sends the answer */
	uint32_t slot, generation;   /* the connection it goes to */
	bool close_after;            /* the connection is closed after the answer */
	bool stall;                  /* its source waits for room when the disk is full */
	bool grouped, batched;       /* it came with others in one frame; they were a batch */
	bool more;                   /* the next envelope is of the same frame: both in one commit */
	int64_t arrived_us;          /* monotonic */
	struct outcome_report *with; /* what a sender handed it over for is committed with it: NULL, or the writer's */
	const char *awaits;          /* in conf: the destination whose outcome it is answered with; NULL: answered when
	                                it is committed */
	struct awaited *awaited;     /* for that: the io thread's, then the writer's (answers.h) */
	struct envelope *about;      /* this one is a note of what became of that one: a reference; raw says why */
	enum journal_outcome_kind fate; /* in such a note; 0: it is not known in time */
	struct resend_key resend;    /* unusable: it counts as new, and is not remembered */
	struct journal_message row;  /* its views point into data */
	struct aff_view raw;         /* the message as received */
	struct aff_view answer;      /* framed; empty: none */
	struct aff_view head;        /* of the batch of answers that begins with this one; empty: none does */
	size_t size;                 /* bytes of this block */
	char data[];
};

/* What an envelope is made of. */
struct envelope_parts {
	struct journal_message row;
	struct aff_view raw, answer, head;
};

/* Copies the parts into a new block with one reference. NULL: out of memory. */
struct envelope *envelope_new(const struct envelope_parts *parts);
struct envelope *envelope_ref(struct envelope *e);
void envelope_unref(struct envelope *e);

#endif
