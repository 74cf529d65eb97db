/* SPDX-License-Identifier: Apache-2.0
 *
 * A feed is the fresh end of one channel: the newest committed messages, kept in memory so that senders that keep up
 * need not read the journal. Older ones are in the journal only. The writer publishes, senders take; both are
 * thread-safe.
 */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "engine/envelope.h"

struct feed;

/* floor: the journal's head when the feed is made; rows up to it are in the journal only. max_bytes caps what is
 * kept. */
struct feed *feed_new(const char *channel, int64_t floor, size_t max_bytes);
void feed_free(struct feed *f);
const char *feed_channel(const struct feed *f);

/* Adds a committed, accepted message (keeps a reference). Ids come in order. Does not wake anybody. */
void feed_publish(struct feed *f, struct envelope *e);
/* An accepted message was committed that is in the journal only: senders read it, and what came before it, there. By
 * the thread that publishes. Wakes nobody. */
void feed_skip(struct feed *f, int64_t id);
/* Wakes the senders that wait. */
void feed_wake(struct feed *f);

/* Up to max messages with id > after, in order, each with a reference for the caller. Returns their number, or
 * AFF_EAGAIN when rows after `after` are only in the journal; then *floor is the newest id that must be looked for
 * there. */
int feed_take(struct feed *f, int64_t after, struct envelope **out, int max, int64_t *floor);

/* true when a message with id > after was published. */
bool feed_has_after(struct feed *f, int64_t after);

/* How many messages were published since the feed was made. */
uint64_t feed_published(struct feed *f);

/* A waiter is a sender's eventfd. A sender that is about to wait says so; the next feed_wake writes to the eventfd
 * once. */
struct feed_waiter {
	int eventfd;
	_Atomic bool waiting;
	struct feed_waiter *next;
};
void feed_join(struct feed *f, struct feed_waiter *w);
void feed_leave(struct feed *f, struct feed_waiter *w);

#endif
