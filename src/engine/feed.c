/* SPDX-License-Identifier: Apache-2.0
 *
 * A ring of references under one lock. The ring's bytes are capped: the oldest envelopes leave first, and `floor`
 * remembers the newest id that left.
 */
#include "engine/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define FEED_SLOTS 16384u /* a power of two */

struct feed {
	pthread_mutex_t lock;
	char *channel;
	struct envelope *slots[FEED_SLOTS];
	uint64_t first, end; /* positions; slots hold [first, end) modulo FEED_SLOTS */
	size_t bytes, max_bytes;
	int64_t floor, newest;
	uint64_t published;
	struct feed_waiter *waiters;
};

struct feed *feed_new(const char *channel, int64_t floor, size_t max_bytes)
{
	struct feed *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->channel = strdup(channel);
	if (!f->channel) {
		free(f);
		return NULL;
	}
	pthread_mutex_init(&f->lock, NULL);
	f->floor = f->newest = floor;
	f->max_bytes = max_bytes;
	return f;
}

static void evict(struct feed *f)
{
	struct envelope *e = f->slots[f->first % FEED_SLOTS];
	f->first++;
	f->bytes -= e->size;
	f->floor = e->row.id;
	envelope_unref(e);
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	while (f->first < f->end)
		evict(f);
	pthread_mutex_destroy(&f->lock);
	free(f->channel);
	free(f);
}

const char *feed_channel(const struct feed *f)
{
	return f->channel;
}

void feed_publish(struct feed *f, struct envelope *e)
{
	pthread_mutex_lock(&f->lock);
	while (f->first < f->end && (f->end - f->first == FEED_SLOTS || f->bytes + e->size > f->max_bytes))
		evict(f);
	f->slots[f->end++ % FEED_SLOTS] = envelope_ref(e);
	f->bytes += e->size;
	f->newest = e->row.id;
	f->published++;
	pthread_mutex_unlock(&f->lock);
}

void feed_skip(struct feed *f, int64_t id)
{
	pthread_mutex_lock(&f->lock);
	while (f->first < f->end)
		evict(f);
	f->floor = f->newest = id;
	f->published++;
	pthread_mutex_unlock(&f->lock);
}

void feed_wake(struct feed *f)
{
	static const uint64_t one = 1;
	pthread_mutex_lock(&f->lock);
	for (struct feed_waiter *w = f->waiters; w; w = w->next) {
		if (atomic_exchange(&w->waiting, false)) {
			ssize_t n = write(w->eventfd, &one, sizeof one);
			(void)n; /* a full eventfd is a woken one */
		}
	}
	pthread_mutex_unlock(&f->lock);
}

/* The position of the first envelope with id > after. */
static uint64_t seek(const struct feed *f, int64_t after)
{
	uint64_t low = f->first, high = f->end;
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (f->slots[middle % FEED_SLOTS]->row.id > after)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int feed_take(struct feed *f, int64_t after, struct envelope **out, int max, int64_t *floor)
{
	int n = 0;
	pthread_mutex_lock(&f->lock);
	*floor = f->floor;
	if (after < f->floor) {
		n = AFF_EAGAIN;
	} else {
		for (uint64_t i = seek(f, after); i < f->end && n < max; i++)
			out[n++] = envelope_ref(f->slots[i % FEED_SLOTS]);
	}
	pthread_mutex_unlock(&f->lock);
	return n;
}

bool feed_has_after(struct feed *f, int64_t after)
{
	pthread_mutex_lock(&f->lock);
	bool has = f->newest > after;
	pthread_mutex_unlock(&f->lock);
	return has;
}

uint64_t feed_published(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	uint64_t n = f->published;
	pthread_mutex_unlock(&f->lock);
	return n;
}

void feed_join(struct feed *f, struct feed_waiter *w)
{
	pthread_mutex_lock(&f->lock);
	w->next = f->waiters;
	f->waiters = w;
	pthread_mutex_unlock(&f->lock);
}

void feed_leave(struct feed *f, struct feed_waiter *w)
{
	pthread_mutex_lock(&f->lock);
	struct feed_waiter **at = &f->waiters;
	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
	pthread_mutex_unlock(&f->lock);
}
