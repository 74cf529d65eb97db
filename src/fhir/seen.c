/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of hashes: two entries of a transaction must not have one conditional key. A false hit is harmless (the
 * identifier gets a number at its end), so hashes are enough.
 */
#include "fhir/fhir_internal.h"

#include <stdlib.h>

#include "base/digest.h"

bool seen_clear(struct aff_fhir *f)
{
	size_t size = 16;
	while (size < 4 * f->count)
		size *= 2;
	if (!f->seen || size > f->seen_size) {
		uint64_t *seen = calloc(size, sizeof *seen);
		if (!seen)
			return false;
		free(f->seen);
		f->seen = seen;
		f->seen_size = size;
	} else
		memset(f->seen, 0, size * sizeof *f->seen);
	f->seen_mask = size - 1;
	return true;
}

bool seen_add(struct aff_fhir *f, struct aff_view text)
{
	uint64_t hash = hash64(text) | 1;
	size_t i = (size_t)(hash >> 1) & f->seen_mask;
	while (f->seen[i]) {
		if (f->seen[i] == hash)
			return false;
		i = (i + 1) & f->seen_mask;
	}
	f->seen[i] = hash;
	return true;
}
