/* SPDX-License-Identifier: Apache-2.0
 *
 * Binary search over names sorted bytewise.
 */
#include "terms/name_index.h"

/* As strcmp would, with a view on the left. */
static int compare(struct aff_view a, const char *b)
{
	for (size_t i = 0; i < a.n; i++) {
		unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b[i];
		if (x != y)
			return x < y ? -1 : 1;
		if (!y)
			return 1;
	}
	return b[a.n] ? -1 : 0;
}

int name_index_find(const struct name_index *index, size_t n, struct aff_view name)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare(name, index[middle].name);
		if (!c)
			return index[middle].row;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}
