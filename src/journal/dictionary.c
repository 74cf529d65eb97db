/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/dictionary.h"

#include <stdlib.h>
#include <zdict.h>

#include "base/vector.h"

#define LEVEL            1
#define DICTIONARY_BYTES (16 * 1024)
#define SAMPLES          2000
#define SAMPLE_BYTES     (4 * 1024 * 1024)
#define SAMPLE_MAX       (16 * 1024) /* a report of megabytes would push out everything else */
#define ROUND_MESSAGES   4096        /* between looks at how well a dictionary serves */

void book_init(struct book *b)
{
	*b = (struct book){.count = 0};
	pthread_mutex_init(&b->lock, NULL);
}

static void samples_free(struct samples *s)
{
	free(s->bytes);
	free(s->lengths);
	*s = (struct samples){.count = 0};
}

void book_free(struct book *b)
{
	struct dictionary *d = atomic_load(&b->newest);
	while (d) {
		struct dictionary *older = d->older;
		ZSTD_freeCDict(d->compiled);
		free(d);
		d = older;
	}
	for (size_t i = 0; i < BOOK_CHANNELS; i++)
		samples_free(&b->samples[i]);
	pthread_mutex_destroy(&b->lock);
}

/* ---- dictionaries ---- */

int book_load(struct book *b, uint32_t id, struct aff_view channel, struct aff_view bytes)
{
	struct dictionary *d = calloc(1, sizeof *d + bytes.n);
	if (!d)
		return AFF_ENOMEM;
	d->id = id;
	d->n = bytes.n;
	memcpy(d->bytes, bytes.p, bytes.n);
	if (channel.n < sizeof d->channel)
		memcpy(d->channel, channel.p, channel.n);
	d->older = atomic_load(&b->newest);
	d->compiled = ZSTD_createCDict(d->bytes, d->n, LEVEL);
	if (!d->compiled) {
		free(d);
		return AFF_ENOMEM;
	}
	atomic_fetch_add(&b->count, 1);
	atomic_store(&b->newest, d);
	return 0;
}

const struct dictionary *book_find(struct book *b, uint32_t id)
{
	const struct dictionary *d = atomic_load(&b->newest);
	while (d && d->id != id)
		d = d->older;
	return d;
}

static struct dictionary *own_of(struct book *b, struct aff_view channel)
{
	struct dictionary *d = atomic_load_explicit(&b->newest, memory_order_acquire);
	while (d && !aff_view_is(channel, d->channel))
		d = d->older;
	return d;
}

struct dictionary *book_choose(struct book *b, struct aff_view channel)
{
	struct dictionary *own = own_of(b, channel);
	return own ? own : atomic_load_explicit(&b->newest, memory_order_acquire);
}

bool book_is_current(struct book *b, const struct dictionary *d)
{
	return own_of(b, aff_view_of(d->channel)) == d;
}

/* The first round tells what is usual; a later one that needs half as much space again has changed. */
void book_note(struct dictionary *d, size_t bytes, size_t packed)
{
	struct dictionary_use *u = &d->use;
	atomic_fetch_add_explicit(&u->bytes, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&u->packed, packed, memory_order_relaxed);
	if ((atomic_fetch_add_explicit(&u->messages, 1, memory_order_relaxed) + 1) % ROUND_MESSAGES)
		return;
	uint64_t in = atomic_exchange(&u->bytes, 0), out = atomic_exchange(&u->packed, 0);
	uint64_t now = in * 1000 / (out ? out : 1), usual = atomic_load(&u->usual);
	if (!usual)
		atomic_store(&u->usual, now);
	else if (now * 3 < usual * 2)
		atomic_store(&d->worn, true);
}

/* ---- samples ---- */

static bool needs_samples(struct book *b, struct aff_view channel)
{
	const struct dictionary *own = own_of(b, channel);
	return channel.n && channel.n < BOOK_CHANNEL_SIZE && (!own || atomic_load(&own->worn)) &&
	       atomic_load(&b->count) < BOOK_DICTIONARIES;
}

/* The channel's, or unused ones; NULL: all are in use. Under the lock. */
static struct samples *samples_of(struct book *b, struct aff_view channel)
{
	struct samples *unused = NULL;
	for (size_t i = 0; i < BOOK_CHANNELS; i++) {
		struct samples *s = &b->samples[i];
		if (aff_view_is(channel, s->channel))
			return s;
		if (!s->channel[0] && !unused)
			unused = s;
	}
	if (unused)
		memcpy(unused->channel, channel.p, channel.n);
	return unused;
}

static bool add_sample(struct samples *s, struct aff_view message)
{
	size_t n = message.n < SAMPLE_MAX ? message.n : SAMPLE_MAX;
	while (s->allocated - s->n < n) {
		if (vector_room(&s->bytes, &s->allocated, s->allocated, 1))
			return false;
	}
	if (vector_room(&s->lengths, &s->lengths_allocated, s->count, sizeof *s->lengths))
		return false;
	memcpy(s->bytes + s->n, message.p, n);
	s->n += n;
	s->lengths[s->count++] = n;
	s->ready = s->count == SAMPLES || SAMPLE_BYTES - s->n < SAMPLE_MAX;
	return s->ready;
}

bool book_sample(struct book *b, struct aff_view channel, struct aff_view message)
{
	if (!message.n || !needs_samples(b, channel))
		return false;
	pthread_mutex_lock(&b->lock);
	struct samples *s = samples_of(b, channel);
	bool enough = s && !s->ready && !s->tried && add_sample(s, message);
	pthread_mutex_unlock(&b->lock);
	return enough;
}

void book_turn(struct book *b)
{
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < BOOK_CHANNELS; i++) {
		if (b->samples[i].tried)
			samples_free(&b->samples[i]);
	}
	pthread_mutex_unlock(&b->lock);
}

/* ---- training ---- */

static int train(struct book *b, const struct samples *s)
{
	int rc = AFF_ENOTFOUND;
	const struct dictionary *newest = atomic_load(&b->newest);
	char *bytes = malloc(DICTIONARY_BYTES);
	if (bytes) {
		size_t n = ZDICT_trainFromBuffer(bytes, DICTIONARY_BYTES, s->bytes, s->lengths, (unsigned)s->count);
		if (!ZDICT_isError(n))
			rc = book_load(b, newest ? newest->id + 1 : 1, aff_view_of(s->channel), aff_view(bytes, n));
	}
	free(bytes);
	return rc;
}

/* Takes the bytes of samples that are ready; the channel keeps its place until the next log file. */
static bool take_ready(struct book *b, struct samples *out)
{
	bool found = false;
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < BOOK_CHANNELS && !found; i++) {
		struct samples *s = &b->samples[i];
		if (!s->ready)
			continue;
		*out = *s;
		*s = (struct samples){.tried = true};
		memcpy(s->channel, out->channel, sizeof s->channel);
		found = true;
	}
	pthread_mutex_unlock(&b->lock);
	return found;
}

int book_train(struct book *b)
{
	struct samples s;
	int rc = 0;
	while (take_ready(b, &s)) {
		int trained = train(b, &s);
		samples_free(&s);
		rc = trained ? trained : rc;
	}
	return rc;
}
