/* SPDX-License-Identifier: Apache-2.0
 *
 * Which identifiers were seen before: a set of 64-bit hashes with a cap.
 */
#ifndef CLI_IDSET_H
#define CLI_IDSET_H

#include <afferent/text.h>

struct idset {
	uint64_t *slots;
	size_t size, used, cap; /* used never passes cap */
};

void idset_init(struct idset *s, size_t cap);
void idset_free(struct idset *s);
/* 1: it is new and now in the set; 0: it was there; AFF_ELIMIT, AFF_ENOMEM: it is new and was not added. */
int idset_add(struct idset *s, struct aff_view id);

#endif
