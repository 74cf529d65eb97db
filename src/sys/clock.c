/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOTABLE_US 1000000

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

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int64_t ahead_us; /* of the wall clock before the monotonic one, at the first call */

static void remember_ahead(void)
{
	ahead_us = clock_wall_us() - clock_mono_us();
}

int64_t clock_steady_us(void)
{
	pthread_once(&once, remember_ahead);
	return clock_mono_us() + ahead_us;
}

int64_t clock_was_set_us(int64_t *watch)
{
	int64_t off = clock_wall_us() - clock_steady_us(), by = off - *watch;
	if (by < NOTABLE_US && by > -NOTABLE_US)
		return 0;
	*watch = off;
	return by;
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
