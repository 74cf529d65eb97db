/* SPDX-License-Identifier: Apache-2.0
 *
 * Pauses with jitter; chance needs no quality here (xorshift).
 */
#include "sys/backoff.h"

int64_t backoff_us(uint64_t *random, int64_t first_ms, int64_t most_ms, unsigned failures)
{
	int64_t wait = first_ms;
	for (unsigned i = 1; i < failures && wait < most_ms; i++)
		wait *= 2;
	if (wait > most_ms)
		wait = most_ms;
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (int64_t)(*random % (uint64_t)(wait * 1000 + 1));
}
