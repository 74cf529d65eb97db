/* SPDX-License-Identifier: Apache-2.0
 *
 * One line on the terminal that says how far a long command has come: percent, rate, time left. Nothing within
 * the first second, ten times a second at most, nothing at all when standard error is no terminal.
 */
#include <inttypes.h>

#include "cli/term.h"
#include "sys/clock.h"

#define FIRST_US 1000000
#define EVERY_US 100000
#define TEXT_WIDTH 56 /* what stands beside the bar, with large numbers */
#define BAR_LEAST  5
#define BAR_MOST   30

void progress_start(struct progress *p, const char *what, uint64_t total)
{
	memset(p, 0, sizeof *p);
	p->what = what;
	p->total = total;
	p->started_us = clock_mono_us();
}

static void put_left(double seconds)
{
	unsigned long s = (unsigned long)(seconds + 0.5);
	if (s >= 3600)
		fprintf(stderr, ", %lu h %02lu min left", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		fprintf(stderr, ", %lu min %02lu s left", s / 60, s % 60);
	else
		fprintf(stderr, ", %lu s left", s);
}

static void put_bar(double part, int width)
{
	static const char bar[] = "##############################";
	int bars = (int)(part * width);
	fprintf(stderr, "[%.*s%*s] ", bars, bar, width - bars, "");
}

/* A line that wraps cannot be taken back: a narrow terminal gets less. */
static void show(const struct progress *p, uint64_t done, uint64_t position, double seconds)
{
	double part = position >= p->total ? 1.0 : (double)position / (double)p->total;
	int room = term_width(stderr) - TEXT_WIDTH;
	fputs("\r\033[K", stderr);
	if (p->total && room >= BAR_LEAST)
		put_bar(part, room < BAR_MOST ? room : BAR_MOST);
	if (p->total)
		fprintf(stderr, "%3.0f %%  ", part * 100);
	fprintf(stderr, "%" PRIu64 " %s, %.0f/s", done, p->what, (double)done / seconds);
	if (p->total && part > 0 && room >= 0)
		put_left(seconds / part - seconds);
	fflush(stderr);
}

void progress_update_at(struct progress *p, uint64_t done, uint64_t position)
{
	int64_t now = clock_mono_us();
	if (now - p->started_us < FIRST_US || now - p->shown_us < EVERY_US || !term_is_terminal(stderr))
		return;
	p->shown_us = now;
	p->visible = true;
	show(p, done, position, (double)(now - p->started_us) / 1e6);
}

void progress_update(struct progress *p, uint64_t done)
{
	progress_update_at(p, done, done);
}

void progress_end(struct progress *p)
{
	if (p->visible)
		fputs("\r\033[K", stderr);
	p->visible = false;
}
