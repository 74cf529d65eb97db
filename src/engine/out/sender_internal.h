/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of a sender share: sender.c (the thread), sender_fill.c (from the journal into the window),
 * sender_lanes.c (from the window to the output, and what came of it). Everything belongs to the sender's thread, but
 * for the atomics and the fields under `lock`.
 */
#ifndef ENGINE_SENDER_INTERNAL_H
#define ENGINE_SENDER_INTERNAL_H

#include <pthread.h>

#include "engine/out/careful.h"
#include "engine/out/lane.h"
#include "engine/out/output.h"
#include "engine/pipeline.h"
#include "engine/out/sampler.h"
#include "engine/out/sender.h"
#include "engine/out/window.h"

/* Messages with priority that were found by looking ahead: not in the window until they are read in order. */
#define AHEAD_MAX 256
struct ahead {
	struct delivery *item[AHEAD_MAX]; /* in order */
	unsigned n;
	size_t bytes;
	int64_t seen;  /* the newest id that was looked at */
	unsigned slice; /* messages to be looked at in this turn */
	bool blocked;  /* the journal could not be read; it is tried again in a second */
	int64_t later_us; /* monotonic: what was found could not be counted, or there was no memory; not before */
};

struct sender_request {
	struct conf *conf; /* a reference; NULL: no new snapshot */
	const struct conf_channel *settings;
	const struct conf_dest *dest;
	struct channel *to;
	bool end;
	int64_t deadline_us;
};

struct sender {
	struct writer *writer;
	struct channel *channel;
	struct channel_door door;
	char destination[128];
	pthread_t thread;
	struct feed_waiter waiter;
	struct journal_reader *reader;
	struct pipeline *pipeline;
	struct sampler *sampler;
	struct window *window;
	struct careful *careful; /* NULL after an orderly end */
	struct output *output;
	struct conf *conf;
	const struct conf_channel *settings;
	const struct conf_dest *dest;
	struct lane *lanes;
	unsigned nlanes, next_lane, flying;
	int64_t position; /* the newest id that entered the window */
	int64_t reported_cursor;
	struct ahead ahead;
	int64_t warmed; /* -1: the sampler has not seen yet what its window brought before `position` */
	struct outcome_report *first, *last; /* made in this turn */
	_Atomic unsigned open_reports;
	uint64_t random;
	int64_t paced_us; /* monotonic: with a rate, nothing is started before */
	int64_t told_us;
	bool told_down;
	unsigned untold;
	int64_t dead_told_us;
	unsigned dead_untold;
	int64_t skipped_told_us;
	unsigned skipped_untold;
	bool closing; /* no more is sent: a new snapshot or the end is due */
	int64_t end_us; /* while closing: monotonic, deliveries in flight are not waited for longer */
	bool ended;
	bool blocked; /* the journal could not be read; it is tried again in a second */
	int64_t crowded_us; /* monotonic: when reading the journal ended for want of room; 0: it did not */
	uint64_t backlog, published;
	_Atomic uint64_t counts[JOURNAL_DEAD + 1], retries, skipped;
	_Atomic bool held; /* something is due and waits for the rate */
	_Atomic int64_t oldest_us, delivered_us;
	struct histogram latency;
	_Atomic bool asked;            /* there is a request */
	pthread_mutex_t lock; /* for the next three, and for dest when it changes */
	struct sender_request request;
	bool down;
	char detail[160];
};

/* ---- sender_lanes.c ---- */

/* The message has this outcome; d is NULL when it was never sent. */
void sender_report(struct sender *s, int64_t id, enum journal_outcome_kind kind, const struct delivery *d,
                   const char *detail);
/* Hands the turn's outcomes to the writer, with the cursor where everything before has one. */
void sender_submit_reports(struct sender *s);
/* Dead letters are told one a minute; the journal has them all. */
void sender_tell_dead(struct sender *s, int64_t id, unsigned tries, const char *why);
/* Steps that failed and were undone: counted, and told one a minute; the outcome says which step. */
void sender_tell_skipped(struct sender *s, int64_t id, const struct pipeline_result *r);
/* careful.h: its try is over, or will not be made soon. */
void sender_release(struct sender *s, struct delivery *d, bool tried);
/* When something can be sent next, as far as the lanes know; INT64_MAX: not before an answer or a message comes. */
int64_t sender_lanes_due_us(const struct sender *s);
/* Sends the first message of every lane that is free and due; with a rate, the oldest one when its turn has come. */
void sender_start_lanes(struct sender *s);
/* The output's answer to the delivery in flight on a lane. */
void sender_on_done(void *arg, unsigned lane, const struct output_answer *answer);

/* ---- sender_fill.c ---- */

/* Is there room in the window, and has the writer kept up with the outcomes? */
bool sender_has_room(const struct sender *s);
/* Is it worth reading on? From the journal a whole page is read, so some room is waited for, but not for long. */
bool sender_wants_more(const struct sender *s, int64_t now_us);
/* When it is worth it at the latest. */
int64_t sender_wants_more_us(const struct sender *s);
/* Are there as many outcomes on their way to the journal as there may be? */
bool sender_is_ahead(const struct sender *s);
/* Takes what can be taken into the window. */
void sender_fill_window(struct sender *s);
/* The newest id that was looked at. */
int64_t sender_read_to(const struct sender *s);

/* A message as it is read, from the feed or from the journal. */
struct arrival {
	const struct journal_message *row;
	struct aff_view raw;
	const unsigned char *sha256; /* of raw; NULL: nobody has computed it */
};
/* What is done with each message that is read: 0 to go on. */
typedef int row_fn(struct sender *s, const struct arrival *a);
/* Reads on after `after`: from the feed, or from the journal where the feed no longer reaches. Returns the position
 * up to which there is nothing (more) to read. */
int64_t sender_read_on(struct sender *s, int64_t after, const int64_t *position, row_fn *fn);
/* Puts a rendered message on its lane. */
void sender_dispatch(struct sender *s, const struct arrival *a, const struct pipeline_result *r, struct delivery *d);
void sender_no_memory(struct sender *s);

/* ---- sender_ahead.c: messages with priority overtake ---- */

/* Looks for them behind what the window has taken. */
void sender_look_ahead(struct sender *s);
/* Is it worth looking on? */
bool sender_wants_ahead(const struct sender *s);
/* The delivery of a message that was found before, now that it is read in order: it is the window's from now on.
 * NULL: it was not found before. */
struct delivery *sender_take_ahead(struct sender *s, int64_t id);
/* A delivery has its outcome: true when it was not the window's. */
bool sender_end_ahead(struct sender *s, struct delivery *d);
/* Forgets those without an outcome: they are read again. Nothing may be flying. */
void sender_drop_ahead(struct sender *s);

#endif
