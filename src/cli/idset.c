/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing, linear probing, at most half full. Two different identifiers share a hash once in 2^64: among ten
 * million the chance that any two do is below one in 300,000.
 */
#include "cli/idset.h"

#include <stdlib.h>

#include "base/digest.h"

#define FIRST_SIZE 1024

void idset_init(struct idset *s, size_t cap)
{
	memset(s, 0, sizeof *s);
	s->cap = cap;
}

void idset_free(struct idset *s)
{
	free(s->slots);
	idset_init(s, s->cap);
}

/* The slot where it is, or the free one where it goes. 0 marks a free slot. */
static uint64_t *find(uint64_t *slots, size_t size, uint64_t hash)
{
	size_t i = hash & (size - 1);
	while (slots[i] && slots[i] != hash)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static int grow(struct idset *s)
{
	size_t size = s->size ? s->size * 2 : FIRST_SIZE;
	uint64_t *slots = calloc(size, sizeof *slots);
	if (!slots)
		return AFF_ENOMEM;
	for (size_t i = 0; i < s->size; i++) {
		if (s->slots[i])
			*find(slots, size, s->slots[i]) = s->slots[i];
	}
	free(s->slots);
	s->slots = slots;
	s->size = size;
	return 0;
}

int idset_add(struct idset *s, struct aff_view id)
{
	uint64_t hash = hash64(id);
	hash += hash == 0;
	if (s->size && *find(s->slots, s->size, hash))
		return 0;
	if (s->used >= s->cap)
		return AFF_ELIMIT;
	if (s->used * 2 >= s->size && grow(s))
		return AFF_ENOMEM;
	*find(s->slots, s->size, hash) = hash;
	s->used++;
	return 1;
}
