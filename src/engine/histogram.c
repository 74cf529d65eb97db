/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/histogram.h"

/* Values below 8 have a bucket each; above, three bits follow the leading one. */
static unsigned bucket_of(uint64_t us)
{
	if (us < 8)
		return (unsigned)us;
	unsigned top = 63u - (unsigned)__builtin_clzll(us);
	unsigned index = (top - 2) * 8 + (unsigned)((us >> (top - 3)) & 7);
	return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

/* The largest value of a bucket. */
static int64_t upper_end(unsigned index)
{
	if (index < 8)
		return index;
	unsigned top = index / 8 + 2;
	return (int64_t)(((uint64_t)(index % 8) + 9) << (top - 3)) - 1;
}

void histogram_add(struct histogram *h, int64_t us)
{
	atomic_fetch_add_explicit(&h->buckets[bucket_of(us > 0 ? (uint64_t)us : 0)], 1, memory_order_relaxed);
}

int64_t histogram_quantile(const struct histogram *const *h, unsigned n, unsigned per_mille)
{
	uint64_t sums[HISTOGRAM_BUCKETS] = {0}, total = 0, seen = 0;
	for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
		for (unsigned i = 0; i < n; i++)
			sums[b] += atomic_load_explicit(&h[i]->buckets[b], memory_order_relaxed);
		total += sums[b];
	}
	if (!total)
		return 0;
	uint64_t rank = (total * per_mille + 999) / 1000;
	for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
		seen += sums[b];
		if (seen >= rank && sums[b])
			return upper_end(b);
	}
	return upper_end(HISTOGRAM_BUCKETS - 1);
}
