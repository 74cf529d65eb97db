/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/dictionary.h"

#include <stdlib.h>
#include <zdict.h>

#define LEVEL            1
#define DICTIONARY_BYTES (16 * 1024)
#define SAMPLES          2000
#define SAMPLE_BYTES     (4 * 1024 * 1024)
#define SAMPLE_MAX       (16 * 1024) /* a report of megabytes would push out everything else */

void book_init(struct book *b)
{
	atomic_init(&b->newest, NULL);
	atomic_init(&b->sampling, false);
	pthread_mutex_init(&b->lock, NULL);
	b->samples = (struct samples){0};
}

static void samples_free(struct samples *s)
{
	free(s->bytes);
	free(s->lengths);
	*s = (struct samples){0};
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
	samples_free(&b->samples);
	pthread_mutex_destroy(&b->lock);
}

int book_load(struct book *b, uint32_t id, struct aff_view bytes)
{
	struct dictionary *d = malloc(sizeof *d + bytes.n);
	if (!d)
		return AFF_ENOMEM;
	d->id = id;
	d->n = bytes.n;
	memcpy(d->bytes, bytes.p, bytes.n);
	d->older = atomic_load(&b->newest);
	d->compiled = ZSTD_createCDict(d->bytes, d->n, LEVEL);
	if (!d->compiled) {
		free(d);
		return AFF_ENOMEM;
	}
	atomic_store(&b->sampling, false);
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

void book_start_sampling(struct book *b)
{
	b->samples.bytes = malloc(SAMPLE_BYTES);
	b->samples.lengths = malloc(SAMPLES * sizeof *b->samples.lengths);
	if (b->samples.bytes && b->samples.lengths)
		atomic_store(&b->sampling, true);
	else
		samples_free(&b->samples);
}

bool book_sample(struct book *b, struct aff_view message)
{
	bool enough = false;
	if (!atomic_load_explicit(&b->sampling, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&b->lock);
	struct samples *s = &b->samples;
	if (atomic_load(&b->sampling) && message.n) {
		size_t n = message.n < SAMPLE_MAX ? message.n : SAMPLE_MAX;
		if (n <= SAMPLE_BYTES - s->n) {
			memcpy(s->bytes + s->n, message.p, n);
			s->n += n;
			s->lengths[s->count++] = n;
		}
		enough = s->count == SAMPLES || SAMPLE_BYTES - s->n < SAMPLE_MAX;
		if (enough)
			atomic_store(&b->sampling, false);
	}
	pthread_mutex_unlock(&b->lock);
	return enough;
}

int book_train(struct book *b)
{
	/* Nobody adds samples any more: sampling has ended. */
	pthread_mutex_lock(&b->lock);
	struct samples s = b->samples;
	b->samples = (struct samples){0};
	pthread_mutex_unlock(&b->lock);

	int rc = AFF_ENOTFOUND;
	const struct dictionary *newest = atomic_load(&b->newest);
	char *bytes = malloc(DICTIONARY_BYTES);
	if (bytes && s.count) {
		size_t n = ZDICT_trainFromBuffer(bytes, DICTIONARY_BYTES, s.bytes, s.lengths, (unsigned)s.count);
		if (!ZDICT_isError(n))
			rc = book_load(b, newest ? newest->id + 1 : 1, aff_view(bytes, n));
	}
	free(bytes);
	samples_free(&s);
	return rc;
}
