/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing, at most half full; the texts of the keys stand one behind the other in one buffer.
 */
#include "rules/keyset.h"

#include <stdlib.h>

#include "base/digest.h"

enum { PLACES_FIRST = 256 };

void keyset_init(struct keyset *k, size_t max, size_t max_bytes)
{
	*k = (struct keyset){.max = max};
	aff_buf_init(&k->keys, max_bytes);
}

void keyset_free(struct keyset *k)
{
	free(k->entries);
	aff_buf_free(&k->keys);
	*k = (struct keyset){.max = k->max};
}

void keyset_clear(struct keyset *k)
{
	if (k->count)
		memset(k->entries, 0, k->places * sizeof *k->entries);
	k->count = 0;
	aff_buf_clear(&k->keys);
}

static struct keyset_entry *place_of(const struct keyset *k, uint64_t hash, struct aff_view key)
{
	for (size_t i = (size_t)hash & (k->places - 1);; i = (i + 1) & (k->places - 1)) {
		struct keyset_entry *e = &k->entries[i];
		if (!e->n || (e->hash == hash && aff_view_equal(aff_view(k->keys.p + e->at, e->n), key)))
			return e;
	}
}

static bool grow(struct keyset *k)
{
	size_t places = k->places ? k->places * 2 : PLACES_FIRST;
	struct keyset grown = *k;
	grown.entries = calloc(places, sizeof *grown.entries);
	if (!grown.entries)
		return false;
	grown.places = places;
	for (size_t i = 0; i < k->places; i++) {
		const struct keyset_entry *e = &k->entries[i];
		if (e->n)
			*place_of(&grown, e->hash, aff_view(k->keys.p + e->at, e->n)) = *e;
	}
	free(k->entries);
	*k = grown;
	return true;
}

uint64_t *keyset_find(const struct keyset *k, struct aff_view key)
{
	struct keyset_entry *e = k->count ? place_of(k, hash64(key), key) : NULL;
	return e && e->n ? &e->value : NULL;
}

uint64_t *keyset_add(struct keyset *k, struct aff_view key, uint64_t value)
{
	uint64_t *known = keyset_find(k, key);
	if (known)
		return known;
	if (k->count == k->max || k->keys.max - k->keys.n < key.n)
		return NULL;
	if (k->count * 2 >= k->places && !grow(k))
		return NULL;
	struct keyset_entry *e = place_of(k, hash64(key), key);
	size_t at = k->keys.n;
	aff_buf_put_view(&k->keys, key);
	if (k->keys.error) {
		k->keys.error = 0; /* no memory now: the key is not taken, the others stay */
		return NULL;
	}
	*e = (struct keyset_entry){.hash = hash64(key), .value = value, .at = at, .n = key.n};
	k->count++;
	return &e->value;
}
