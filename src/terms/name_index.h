/* SPDX-License-Identifier: Apache-2.0
 *
 * A sorted index from a name to a row of a constant table, as the generator writes it.
 */
#ifndef TERMS_NAME_INDEX_H
#define TERMS_NAME_INDEX_H

#include <afferent/text.h>

struct name_index {
	const char *name;
	int row;
};

/* The row of `name`, -1 when it is not there. */
int name_index_find(const struct name_index *index, size_t n, struct aff_view name);

#endif
