/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vector.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <afferent/error.h>

#define FIRST 16

int vector_room(void *items, size_t *capacity, size_t count, size_t size)
{
	void *p;
	if (count < *capacity)
		return 0;
	if (*capacity > SIZE_MAX / 2 / size)
		return AFF_ENOMEM;
	size_t more = *capacity ? *capacity * 2 : FIRST;
	memcpy(&p, items, sizeof p); /* whatever it points to */
	p = realloc(p, more * size);
	if (!p)
		return AFF_ENOMEM;
	memcpy(items, &p, sizeof p);
	*capacity = more;
	return 0;
}
