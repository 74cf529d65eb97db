/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

const char *clock_local_text(int64_t us, char buf[CLOCK_TEXT_SIZE])
{
	int64_t ms = us / 1000 - (us % 1000 < 0);
	int rest = (int)(ms % 1000);
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	buf[0] = '\0';
	if (!localtime_r(&seconds, &tm))
		return buf;
	int east = (int)(tm.tm_gmtoff / 60), away = abs(east);
	size_t n = strftime(buf, CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(buf + n, CLOCK_TEXT_SIZE - n, ".%03d%c%02d:%02d", rest, east < 0 ? '-' : '+', away / 60, away % 60);
	return buf;
}
