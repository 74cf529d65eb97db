/* SPDX-License-Identifier: Apache-2.0
 *
 * A sender carries the messages of one channel to one destination: it is that destination's cursor in motion.
 */
#ifndef ENGINE_SENDER_H
#define ENGINE_SENDER_H

#include "engine/channel.h"
#include "engine/out/out_channel.h"
#include "engine/writer.h"

struct sender;

struct sender_setup {
	const char *journal;         /* folder */
	const char *secret_file;     /* the journal's master keys; NULL: beside it */
	struct writer *writer;
	struct channel *channel;
	struct channel_door door;
	struct conf *conf;
	const struct conf_channel *settings;
	const struct conf_dest *dest;
	uint64_t backlog;            /* messages after the cursor that have no outcome, when `published` was read */
	uint64_t published;          /* feed_published() then */
	int64_t careful_until;       /* careful.h; 0: nothing is counted */
	_Atomic bool *alone;
};

/* Starts the thread. The destination has its cursor in the journal already. */
int sender_start(struct sender **out, const struct sender_setup *setup, struct aff_diag *diag);

/* From now on with this snapshot; deliveries in flight end first. to: the channel that dest hands over to, or NULL.
 * Returns at once. */
void sender_reconfigure(struct sender *s, struct conf *conf, const struct conf_channel *settings,
                        const struct conf_dest *dest, struct channel *to);

/* Asks for the end: nothing more is sent, deliveries in flight may end until the deadline (monotonic). Returns at
 * once. */
void sender_end(struct sender *s, int64_t deadline_us);
/* Waits for the end; connections and files are closed then. What was not confirmed stays pending in the journal. */
void sender_join(struct sender *s);
/* Has the writer committed all its reports? */
bool sender_is_settled(const struct sender *s);
/* After sender_join, when it is settled or the writer has stopped: the writer holds the sender's last reports. */
void sender_free(struct sender *s);

struct sender_status {
	char destination[128];
	const char *kind;            /* output_kind_text */
	bool down;                   /* the last try did not get through */
	uint64_t rate_an_hour;       /* deliveries begun in an hour at most, 0 = no such limit */
	bool held;                   /* something is due and waits for the rate */
	char detail[160];            /* what the destination last answered, or why it could not be reached */
	uint64_t delivered, filtered, merged, dead; /* since the engine started */
	uint64_t retries;
	uint64_t skipped;            /* steps that failed and were undone */
	uint64_t pending;
	int64_t oldest_us;           /* received time of the oldest message on its way, 0 = none */
	int64_t delivered_us;        /* wall clock of the last delivery, 0 = none */
	int64_t latency_p50_us, latency_p99_us; /* from received to delivered */
};
void sender_status(struct sender *s, struct sender_status *out);
const char *sender_destination(const struct sender *s);

#endif
