/* SPDX-License-Identifier: Apache-2.0
 *
 * The scanners of x86-64: 64 bytes at a time become two bit masks, one for field separators and one for terminators.
 * The last, short block is read from further left, so that nothing behind the end is touched.
 */
#include "hl7/scan.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Where the block at s->i begins: `back` bytes further left when fewer than a block are left. */
static inline size_t step_back(size_t i, size_t n)
{
	return n - i < SCAN_BLOCK ? SCAN_BLOCK - (n - i) : 0;
}

static inline bool goes_on(const struct scan *s, size_t i, size_t ncuts, size_t nends)
{
	return i < s->n && s->max_cuts - ncuts >= SCAN_BLOCK && s->max_ends - nends >= SCAN_BLOCK;
}

/* ---- SSE2: every x86-64 has it, but neither popcnt nor tzcnt */

static inline uint64_t equal_sse2(const char *p, __m128i wanted)
{
	uint64_t mask = 0;
	for (unsigned k = 0; k < 4; k++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + (size_t)k * 16));
		mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, wanted)) << k * 16;
	}
	return mask;
}

void scan_sse2(struct scan *s)
{
	const __m128i field = _mm_set1_epi8(s->field), terminator = _mm_set1_epi8(s->terminator);
	size_t i = s->i, ncuts = s->ncuts, nends = s->nends;
	while (s->n >= SCAN_BLOCK && goes_on(s, i, ncuts, nends)) {
		size_t back = step_back(i, s->n);
		uint64_t ends = equal_sse2(s->p + i - back, terminator) >> back;
		uint64_t cuts = equal_sse2(s->p + i - back, field) >> back | ends;
		for (; cuts; cuts &= cuts - 1) {
			s->ends[nends] = (uint32_t)ncuts; /* stays only if this is an end */
			nends += (ends & cuts & (~cuts + 1)) != 0;
			s->cuts[ncuts++] = (uint32_t)i + (uint32_t)__builtin_ctzll(cuts);
		}
		i += SCAN_BLOCK - back;
	}
	s->i = i;
	s->ncuts = ncuts;
	s->nends = nends;
	if (s->n < SCAN_BLOCK)
		scan_scalar(s);
}

/* ---- AVX2, with the bit instructions that came with it */

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

bool scan_has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
}

/* Bit k is set where p[k] is the wanted byte. */
AVX2 static inline uint64_t equal_avx2(const char *p, __m256i wanted)
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
		_Pragma("GCC unroll 8")
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
	while (s->n >= SCAN_BLOCK && goes_on(s, i, ncuts, nends)) {
		size_t back = step_back(i, s->n);
		uint64_t ends = equal_avx2(s->p + i - back, terminator) >> back;
		uint64_t cuts = equal_avx2(s->p + i - back, field) >> back | ends;
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
	if (s->n < SCAN_BLOCK)
		scan_scalar(s);
}

/* ---- AVX-512 with VBMI2, which packs the offsets of a mask in one instruction */

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,popcnt")))

bool scan_has_avx512(void)
{
	return scan_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
}

/* Sixteen of the packed offsets, widened. */
#define SIXTEEN(packed, k) _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, k))

/* Stores sixteen offsets at a time, surplus as above. */
AVX512 static inline void put_packed(uint32_t *to, uint32_t base, uint64_t mask, unsigned count)
{
	static const uint8_t numbers[SCAN_BLOCK] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
		32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	const __m512i from = _mm512_set1_epi32((int)base);
	const __m512i packed = _mm512_maskz_compress_epi8(mask, _mm512_loadu_si512(numbers));
	_mm512_storeu_si512(to, _mm512_add_epi32(from, SIXTEEN(packed, 0)));
	if (count <= 16)
		return;
	_mm512_storeu_si512(to + 16, _mm512_add_epi32(from, SIXTEEN(packed, 1)));
	if (count <= 32)
		return;
	_mm512_storeu_si512(to + 32, _mm512_add_epi32(from, SIXTEEN(packed, 2)));
	_mm512_storeu_si512(to + 48, _mm512_add_epi32(from, SIXTEEN(packed, 3)));
}

AVX512 void scan_avx512(struct scan *s)
{
	const __m512i field = _mm512_set1_epi8(s->field), terminator = _mm512_set1_epi8(s->terminator);
	size_t i = s->i, ncuts = s->ncuts, nends = s->nends;
	while (s->n >= SCAN_BLOCK && goes_on(s, i, ncuts, nends)) {
		size_t back = step_back(i, s->n);
		__m512i block = _mm512_loadu_si512(s->p + i - back);
		uint64_t ends = _mm512_cmpeq_epi8_mask(block, terminator) >> back;
		uint64_t cuts = _mm512_cmpeq_epi8_mask(block, field) >> back | ends;
		unsigned count = (unsigned)_mm_popcnt_u64(cuts);
		put_packed(s->cuts + ncuts, (uint32_t)i, cuts, count);
		for (; ends; ends = _blsr_u64(ends))
			s->ends[nends++] = (uint32_t)(ncuts + (size_t)_mm_popcnt_u64(cuts & (_blsi_u64(ends) - 1)));
		ncuts += count;
		i += SCAN_BLOCK - back;
	}
	s->i = i;
	s->ncuts = ncuts;
	s->nends = nends;
	if (s->n < SCAN_BLOCK)
		scan_scalar(s);
}

#endif
