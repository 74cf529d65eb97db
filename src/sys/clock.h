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

/* The wall clock as it would be if nobody had set it since the first call: for what is so old or so. */
int64_t clock_steady_us(void);

/* By how much the wall clock was set since the last call with the same watch (starts at 0); 0: by less than a second.
 */
int64_t clock_was_set_us(int64_t *watch);

#define CLOCK_TEXT_SIZE 40
/* A wall clock time for people: "2026-11-20 09:30:00.123+01:00" in local time. Returns buf. */
const char *clock_local_text(int64_t us, char buf[CLOCK_TEXT_SIZE]);

#endif
