/* SPDX-License-Identifier: Apache-2.0
 *
 * How long to wait before something that failed is tried again: doubled from the first pause up to the longest one,
 * with full jitter, so that those who failed together do not come back together.
 */
#ifndef SYS_BACKOFF_H
#define SYS_BACKOFF_H

#include <stdint.h>

/* After so many failures in a row (from 1): microseconds, 0 up to the pause. *random: the caller's own, any value but 0
 * at first. */
int64_t backoff_us(uint64_t *random, int64_t first_ms, int64_t most_ms, unsigned failures);

#endif
