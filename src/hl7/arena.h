/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory for the texts of one message: handed out piece by piece, never moved, taken back all at once.
 */
#ifndef HL7_ARENA_H
#define HL7_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* the newest; it links to the older ones */
	size_t used, max;          /* bytes handed out, and how many may be */
};

void arena_init(struct arena *a, size_t max);
void arena_free(struct arena *a);

/* Takes everything back. Memory that was needed once is kept, in one piece. */
void arena_reset(struct arena *a);

/* n bytes that stay where they are until the reset. Returns 0, AFF_ENOMEM, AFF_ELIMIT. */
int arena_take(struct arena *a, size_t n, char **out);

#endif
