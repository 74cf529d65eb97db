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

#define CLOCK_TEXT_SIZE 40
/* A wall clock time for people: "2026-11-20 09:30:00.123+01:00" in local time. Returns buf. */
const char *clock_local_text(int64_t us, char buf[CLOCK_TEXT_SIZE]);

#endif
