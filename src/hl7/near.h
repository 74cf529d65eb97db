/* SPDX-License-Identifier: Apache-2.0
 *
 * Delimiters, which mostly stand a few bytes away: a call of memchr costs more than looking at eight bytes at a time.
 */
#ifndef HL7_NEAR_H
#define HL7_NEAR_H

#include <stdint.h>
#include <string.h>

enum { NEAR_BYTES = 64 };

/* The highest bit of each of eight bytes that is c. */
static inline uint64_t near_mask(const char *p, char c)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
	uint64_t word, differ;
	memcpy(&word, p, sizeof word);
	differ = word ^ ((uint64_t)(unsigned char)c * 0x0101010101010101u);
	return ~(((differ & low) + low) | differ | low);
}

static inline size_t near_first(uint64_t mask)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (size_t)__builtin_ctzll(mask) / 8;
#else
	return (size_t)__builtin_clzll(mask) / 8;
#endif
}

/* The mask without the byte that near_first told. */
static inline uint64_t near_rest(uint64_t mask)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return mask & (mask - 1);
#else
	return mask & ~((uint64_t)1 << (63 - __builtin_clzll(mask)));
#endif
}

/* The first c; NULL: there is none. */
static inline const char *near_find(const char *p, const char *end, char c)
{
	for (unsigned words = NEAR_BYTES / 8; words && end - p >= 8; words--, p += 8) {
		uint64_t mask = near_mask(p, c);
		if (mask)
			return p + near_first(mask);
	}
	if (end - p >= 8)
		return (const char *)memchr(p, c, (size_t)(end - p));
	for (; p < end; p++)
		if (*p == c)
			return p;
	return NULL;
}

/* Steps over n bytes c, where there are so many. Returns the place behind the last one; *n: how many are missing. */
static inline const char *near_skip(const char *p, const char *end, char c, unsigned *n)
{
	while (*n && end - p >= 8) {
		unsigned here = (unsigned)((near_mask(p, c) >> 7) * 0x0101010101010101u >> 56);
		if (here >= *n)
			break;
		*n -= here;
		p += 8;
	}
	const char *behind = p;
	for (; *n && p < end; p++) {
		if (*p == c) {
			--*n;
			behind = p + 1;
		}
	}
	return *n ? end : behind;
}

#endif
