/* SPDX-License-Identifier: Apache-2.0
 *
 * Latencies in microseconds, in buckets an eighth of a power of two wide. Any thread adds, any thread reads.
 */
#ifndef ENGINE_HISTOGRAM_H
#define ENGINE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 256

struct histogram {
	_Atomic uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, int64_t us);
/* The quantile (0 to 1000 per mille) in microseconds over the sum of n histograms, 0 when they are empty. */
int64_t histogram_quantile(const struct histogram *const *h, unsigned n, unsigned per_mille);

#endif
