/* SPDX-License-Identifier: Apache-2.0
 *
 * For LD_PRELOAD: fdatasync and fsync take a fixed time, SLOW_SYNC_US, and do nothing else. On a file system in memory
 * that stands for a disk whose syncs are always equally fast: two builds can be compared within a few per cent, which
 * no real disk allows.
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static struct timespec duration = {.tv_nsec = 200000};

/* Threads that come later inherit the slack: a sleep ends when it should. */
__attribute__((constructor)) static void set_up(void)
{
	const char *us = getenv("SLOW_SYNC_US");
	if (us)
		duration.tv_nsec = strtol(us, NULL, 10) % 1000000 * 1000;
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

static int sync_slowly(void)
{
	struct timespec left = duration;
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left))
		;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return sync_slowly();
}

int fsync(int fd)
{
	(void)fd;
	return sync_slowly();
}
