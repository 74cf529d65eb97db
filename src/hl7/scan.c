/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding field separators and terminators, 64 bytes at a time where the processor has AVX2, else byte by byte.
 */
#include "hl7/scan.h"

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

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

bool scan_has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}

/* Bit k is set where p[k] is the wanted byte. */
AVX2 static inline uint64_t equal_mask(const char *p, __m256i wanted)
{
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
	uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
	return (uint64_t)b << 32 | a;
}

/* Stores eight offsets at a time whether or not that many are left: SCAN_BLOCK entries of room are enough for that, and
 * the surplus is overwritten by the next block. */
AVX2 static inline void put_offsets(uint32_t *to, uint32_t base, uint64_t mask, unsigned count)
{
	for (unsigned done = 0; done < count; done += 8) {
		for (unsigned k = 0; k < 8; k++) {
			to[done + k] = base + (uint32_t)_tzcnt_u64(mask);
			mask = _blsr_u64(mask);
		}
	}
}

AVX2 void scan_avx2(struct scan *s)
{
	const __m256i field = _mm256_set1_epi8(s->field), terminator = _mm256_set1_epi8(s->terminator);
	size_t i = s->i, ncuts = s->ncuts, nends = s->nends;
	const size_t n = s->n;
	while (i < n && s->max_cuts - ncuts >= SCAN_BLOCK && s->max_ends - nends >= SCAN_BLOCK && n >= SCAN_BLOCK) {
		/* The last, short block is read from further left, so that nothing behind the end is touched. */
		size_t left = n - i, back = left < SCAN_BLOCK ? SCAN_BLOCK - left : 0;
		uint64_t ends = equal_mask(s->p + i - back, terminator) >> back;
		uint64_t cuts = equal_mask(s->p + i - back, field) >> back | ends;
		unsigned count = (unsigned)_mm_popcnt_u64(cuts);
		put_offsets(s->cuts + ncuts, (uint32_t)i, cuts, count);
		for (; ends; ends = _blsr_u64(ends))
			s->ends[nends++] = (uint32_t)(ncuts + (size_t)_mm_popcnt_u64(cuts & (_blsi_u64(ends) - 1)));
		ncuts += count;
		i += SCAN_BLOCK - back;
	}
	s->i = i;
	s->ncuts = ncuts;
	s->nends = nends;
	if (n < SCAN_BLOCK)
		scan_scalar(s);
}

#else

bool scan_has_avx2(void)
{
	return false;
}

void scan_avx2(struct scan *s)
{
	scan_scalar(s);
}

#endif

void scan_run(struct scan *s)
{
	if (scan_has_avx2())
		scan_avx2(s);
	else
		scan_scalar(s);
}
