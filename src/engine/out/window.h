/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages of one sender between the cursor and where it has read to, in journal order. The low-water mark is the
 * newest id below which everything has an outcome: that is where the cursor may stand.
 */
#ifndef ENGINE_WINDOW_H
#define ENGINE_WINDOW_H

#include <afferent/text.h>

#include "base/digest.h"
#include "rules/split.h"

enum delivery_state { DELIVERY_QUEUED, DELIVERY_FLYING, DELIVERY_ENDED };

struct delivery {
	struct delivery *next;        /* in its lane */
	int64_t id, received_us;
	enum delivery_state state;
	unsigned lane;
	unsigned tries, refusals;     /* times sent; times refused for good */
	unsigned suspect;             /* readings in it that the transform acted on */
	unsigned skipped, skipped_line; /* steps that failed at it, and where the first one is */
	bool urgent;                  /* has priority: goes before those of its lane that have none */
	bool counted, harmless;       /* careful.h: counted in the journal; was tried in this run */
	int64_t first_us, due_us;     /* monotonic: first tried; not before this */
	unsigned char sha256[SHA256_SIZE];
	unsigned most_tries;          /* of one of the parts that are confirmed */
	struct aff_view bytes, control_id; /* of all of it; into data */
	struct split_part *parts;     /* what is sent one after the other, into data; NULL: it is one */
	unsigned nparts, part;        /* part: the one that is next */
	char data[];
};

struct window;
int window_new(struct window **out, unsigned max_deliveries, size_t max_bytes, int64_t low_water);
void window_free(struct window *w);

bool window_has_room(const struct window *w);
/* Is a quarter of it free? */
bool window_is_roomy(const struct window *w);
unsigned window_count(const struct window *w);

/* A delivery outside of the window, of a message that is not read in order yet. NULL: out of memory. */
struct delivery *delivery_new(int64_t id, int64_t received_us, struct aff_view bytes, struct aff_view control_id);
void delivery_free(struct delivery *d);
/* It goes out in parts, which are parts of its bytes as they were given. 0, AFF_ENOMEM. */
int delivery_set_parts(struct delivery *d, struct aff_view bytes, const struct split_part *parts, unsigned n);
/* What is to be sent now. */
struct split_part delivery_part(const struct delivery *d);

/* Adds a message that will be sent; the bytes are copied. NULL: out of memory. Ids come in order. */
struct delivery *window_add(struct window *w, int64_t id, int64_t received_us, struct aff_view bytes,
                            struct aff_view control_id);
/* Takes in a delivery that was made outside, now that its message is read in order. */
void window_adopt(struct window *w, struct delivery *d);
/* Adds a message that has its outcome already. 0, AFF_ENOMEM. */
int window_add_ended(struct window *w, int64_t id);
/* The delivery has its outcome; it is freed as soon as everything before it has one too. */
void window_end(struct window *w, struct delivery *d);

/* Everything up to here has an outcome. */
int64_t window_low_water(const struct window *w);
/* Received time of the oldest message without an outcome, 0 = none. */
int64_t window_oldest_us(const struct window *w);

/* Forgets everything without an outcome; the ids that have one ahead of the low-water mark are remembered
 * (window_is_ended), because they will be read again. Nothing may be flying. */
void window_rewind(struct window *w);
/* Remembers an id ahead of the low-water mark that has an outcome: as the journal tells at the start, or because it was
 * sent before its turn. 0, AFF_ENOMEM. */
int window_remember(struct window *w, int64_t id);
bool window_is_ended(const struct window *w, int64_t id);

#endif
