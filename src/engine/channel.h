/* SPDX-License-Identifier: Apache-2.0
 *
 * What the running engine keeps of a channel across reloads: its feed and its counters. Made when the name first
 * appears, freed when the engine ends.
 */
#ifndef ENGINE_CHANNEL_H
#define ENGINE_CHANNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/feed.h"

struct channel {
	struct channel *next;
	struct feed *feed;
	_Atomic uint64_t accepted, kept, rejected, refused; /* refused: not journaled, disk full */
	_Atomic uint64_t duplicates, ids_reused;            /* ids_reused are accepted, too */
	_Atomic uint64_t bytes;
	_Atomic uint64_t framing_errors, connections_refused;
	_Atomic int64_t connections;
	_Atomic int64_t files_waiting;  /* in a folder that files are taken from */
	_Atomic int64_t last_us;        /* wall clock of the newest message */
	int64_t duplicate_told_us, reuse_told_us; /* the writer's: when the log last told of one */
	unsigned duplicates_untold, reuses_untold;
	pthread_mutex_t lock;           /* for the rest: how the source stands */
	bool down;
	char why[160];
	bool told_down;
	int64_t told_us;
	unsigned untold;
};

struct channel *channel_find(struct channel *list, const char *name);
/* floor, feed_bytes: see feed_new. 0, AFF_ENOMEM. */
int channel_add(struct channel **list, const char *name, int64_t floor, size_t feed_bytes);
void channel_free_all(struct channel *list);

/* Messages can come now: what says how ("connected to 10.1.2.3:6000"), for the log. Thread-safe, as are the next
 * three. */
void channel_up(struct channel *c, const char *what);
/* None can come, for this reason, and it is tried again. No values, no names of files. */
void channel_down(struct channel *c, const char *why);
/* It has another source from now on, of which nothing is known yet. */
void channel_forget_state(struct channel *c);
/* Whether it is down, and why. */
bool channel_is_down(struct channel *c, char why[160]);

static inline void count(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

#endif
