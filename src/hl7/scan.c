/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding field separators and terminators byte by byte, and the choice of a faster way where the processor has one.
 */
#include "hl7/scan.h"

#include <stdatomic.h>

static bool has_room(const struct scan *s)
{
	return s->max_cuts - s->ncuts >= SCAN_BLOCK && s->max_ends - s->nends >= SCAN_BLOCK;
}

static void scan_bytes(struct scan *s, size_t n)
{
	size_t ncuts = s->ncuts, nends = s->nends;
	for (size_t i = s->i; i < n; i++) {
		char c = s->p[i];
		if (c == s->field) {
			s->cuts[ncuts++] = (uint32_t)i;
		} else if (c == s->terminator) {
			s->ends[nends++] = (uint32_t)ncuts;
			s->cuts[ncuts++] = (uint32_t)i;
		}
	}
	s->i = n;
	s->ncuts = ncuts;
	s->nends = nends;
}

void scan_scalar(struct scan *s)
{
	while (s->i < s->n && has_room(s))
		scan_bytes(s, s->n - s->i < SCAN_BLOCK ? s->n : s->i + SCAN_BLOCK);
}

static bool always(void)
{
	return true;
}

const struct scan_way scan_ways[] = {
	{"scalar", scan_scalar, always},
#if defined(__x86_64__)
	{"sse2", scan_sse2, always},
	{"avx2", scan_avx2, scan_has_avx2},
	{"avx512", scan_avx512, scan_has_avx512},
#endif
};
const size_t scan_way_count = sizeof scan_ways / sizeof scan_ways[0];

void scan_run(struct scan *s)
{
	/* Chosen with the first message; threads that choose at the same time choose the same. 0: not yet. */
	static _Atomic size_t chosen;
	size_t way = atomic_load_explicit(&chosen, memory_order_relaxed);
	if (!way) {
		for (way = scan_way_count; !scan_ways[way - 1].is_usable(); way--)
			;
		atomic_store_explicit(&chosen, way, memory_order_relaxed);
	}
	scan_ways[way - 1].run(s);
}
