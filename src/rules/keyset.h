/* SPDX-License-Identifier: Apache-2.0
 *
 * A capped map from keys (bytes, compared whole) to numbers. It is filled, read and emptied; nothing is taken out.
 */
#ifndef RULES_KEYSET_H
#define RULES_KEYSET_H

#include <afferent/text.h>

struct keyset_entry {
	uint64_t hash, value;
	size_t at, n;            /* the key in `keys`; n 0: a free place */
};

struct keyset {
	struct keyset_entry *entries;
	size_t places, count, max;
	struct aff_buf keys;
};

/* max keys, max_bytes for all their texts together. */
void keyset_init(struct keyset *k, size_t max, size_t max_bytes);
void keyset_free(struct keyset *k);
void keyset_clear(struct keyset *k);

/* The value of a key (not empty), NULL when it is not there. */
uint64_t *keyset_find(const struct keyset *k, struct aff_view key);
/* The value of a key, which is added with this value when it is not there; NULL when there is no room for it. Valid
 * until the next call. */
uint64_t *keyset_add(struct keyset *k, struct aff_view key, uint64_t value);

#endif
