/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory in chunks: a full chunk stays, a new one is put before it.
 */
#include "hl7/arena.h"

#include <stdlib.h>

#include <afferent/error.h>

#define CHUNK_MIN 4096

struct arena_chunk {
	struct arena_chunk *older;
	size_t used, size;
	char bytes[];
};

void arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){NULL, 0, max};
}

void arena_free(struct arena *a)
{
	while (a->chunk) {
		struct arena_chunk *older = a->chunk->older;
		free(a->chunk);
		a->chunk = older;
	}
	a->used = 0;
}

static int add_chunk(struct arena *a, size_t size)
{
	struct arena_chunk *c = malloc(sizeof *c + size);
	if (!c)
		return AFF_ENOMEM;
	c->older = a->chunk;
	c->used = 0;
	c->size = size;
	a->chunk = c;
	return 0;
}

void arena_reset(struct arena *a)
{
	if (a->chunk && a->chunk->older) {
		size_t used = a->used;
		arena_free(a);
		add_chunk(a, used);
	}
	if (a->chunk)
		a->chunk->used = 0;
	a->used = 0;
}

int arena_take(struct arena *a, size_t n, char **out)
{
	if (n > a->max - a->used)
		return AFF_ELIMIT;
	if (!a->chunk || n > a->chunk->size - a->chunk->used) {
		size_t size = a->used > CHUNK_MIN ? a->used : CHUNK_MIN;
		int error = add_chunk(a, n > size ? n : size);
		if (error)
			return error;
	}
	*out = a->chunk->bytes + a->chunk->used;
	a->chunk->used += n;
	a->used += n;
	return 0;
}
