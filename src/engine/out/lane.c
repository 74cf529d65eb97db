/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/out/lane.h"

void lane_add(struct lane *lane, struct delivery *d)
{
	struct lane_queue *q = &lane->queue[d->urgent];
	d->next = NULL;
	if (q->last)
		q->last->next = d;
	else
		q->first = d;
	q->last = d;
}

void lane_remove(struct lane *lane, struct delivery *d)
{
	struct lane_queue *q = &lane->queue[d->urgent];
	q->first = d->next;
	if (!q->first)
		q->last = NULL;
}

const struct delivery *lane_head(const struct lane *lane)
{
	if (lane->flying)
		return lane->flying;
	return lane->queue[LANE_URGENT].first ? lane->queue[LANE_URGENT].first : lane->queue[LANE_ORDINARY].first;
}

/* May the ordinary one go while the urgent one waits? */
static bool may_pass(const struct delivery *ordinary, const struct delivery *urgent)
{
	return ordinary && ordinary->id < urgent->id;
}

struct delivery *lane_next(const struct lane *lane, int64_t now_us)
{
	struct delivery *urgent = lane->queue[LANE_URGENT].first, *ordinary = lane->queue[LANE_ORDINARY].first;
	if (lane->flying)
		return NULL;
	if (!urgent || (urgent->due_us > now_us && may_pass(ordinary, urgent)))
		return ordinary;
	return urgent;
}

static int64_t due_us(const struct lane *lane)
{
	const struct delivery *urgent = lane->queue[LANE_URGENT].first, *ordinary = lane->queue[LANE_ORDINARY].first;
	if (lane->flying || (!urgent && !ordinary))
		return INT64_MAX;
	if (!urgent)
		return ordinary->due_us;
	return may_pass(ordinary, urgent) && ordinary->due_us < urgent->due_us ? ordinary->due_us : urgent->due_us;
}

int64_t lanes_due_us(const struct lane *lanes, unsigned n)
{
	int64_t due = INT64_MAX;
	for (unsigned i = 0; i < n; i++) {
		int64_t of_lane = due_us(&lanes[i]);
		if (of_lane < due)
			due = of_lane;
	}
	return due;
}

static bool goes_before(const struct delivery *a, const struct delivery *b)
{
	return a->urgent != b->urgent ? a->urgent : a->id < b->id;
}

int lanes_choose(const struct lane *lanes, unsigned n, int64_t now_us)
{
	const struct delivery *best = NULL;
	int lane = -1;
	for (unsigned i = 0; i < n; i++) {
		const struct delivery *d = lane_next(&lanes[i], now_us);
		if (!d || d->due_us > now_us || (best && !goes_before(d, best)))
			continue;
		best = d;
		lane = (int)i;
	}
	return lane;
}
