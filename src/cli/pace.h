/* SPDX-License-Identifier: Apache-2.0
 *
 * Doing something so many times a second, evenly.
 */
#ifndef CLI_PACE_H
#define CLI_PACE_H

#include <afferent/text.h>

struct pace {
	double per_second; /* 0: as fast as it goes */
	int64_t started_us;
	uint64_t taken; /* since started_us */
};

/* "20", "20/s", "90/min", "0.5/s", "max". 0 or AFF_ESYNTAX. */
int pace_parse(struct pace *p, const char *text);
/* Starts the clock: the first one is due at once. */
void pace_start(struct pace *p, int64_t now_us);
/* true (and counted) when one is due. Who is more than a second late does not make up for it in a burst. */
bool pace_take(struct pace *p, int64_t now_us);
/* Until the next one is due: milliseconds, rounded up. */
int pace_wait_ms(const struct pace *p, int64_t now_us);

#endif
