/* SPDX-License-Identifier: Apache-2.0
 *
 * A lane of a sender: the messages of its order keys wait here, one of them is in flight. Those with priority overtake
 * the others; among themselves both kinds stay in journal order.
 */
#ifndef ENGINE_LANE_H
#define ENGINE_LANE_H

#include "engine/out/window.h"

enum { LANE_ORDINARY, LANE_URGENT, LANE_QUEUES };

struct lane_queue {
	struct delivery *first, *last;
};

struct lane {
	struct delivery *flying; /* in flight; still the first of its queue */
	struct lane_queue queue[LANE_QUEUES];
};

/* Puts a delivery behind the others of its kind. */
void lane_add(struct lane *lane, struct delivery *d);
/* Takes out the first one of its kind. */
void lane_remove(struct lane *lane, struct delivery *d);
/* The one in flight, else the one whose turn it is; NULL: the lane is empty. */
const struct delivery *lane_head(const struct lane *lane);

/* Whose turn it is, perhaps not before its due_us; NULL: one is in flight, or none is there. One with priority that has
 * to wait until it is tried again lets those pass that came before it, and none that came after it. */
struct delivery *lane_next(const struct lane *lane, int64_t now_us);

/* Of several lanes: when something can be started next (INT64_MAX: not before something happens), and where: the lane
 * with the oldest message that is due, one with priority first; -1: nothing is due. */
int64_t lanes_due_us(const struct lane *lanes, unsigned n);
int lanes_choose(const struct lane *lanes, unsigned n, int64_t now_us);

#endif
