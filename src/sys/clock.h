/* SPDX-License-Identifier: Apache-2.0
 *
 * The one seam through which the engine reads time.
 */
#ifndef SYS_CLOCK_H
#define SYS_CLOCK_H

#include <stdint.h>

/* Wall clock, microseconds since 1970-01-01 UTC. */
int64_t clock_wall_us(void);
/* Monotonic microseconds, for time-outs and intervals. */
int64_t clock_mono_us(void);

#endif
