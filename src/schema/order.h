/* SPDX-License-Identifier: Apache-2.0
 *
 * The order in which the generators sort.
 */
#ifndef SCHEMA_ORDER_H
#define SCHEMA_ORDER_H

#include <afferent/text.h>

/* As strcmp, for text that is not terminated. */
static inline int order_compare(const char *known, struct aff_view text)
{
	size_t n = strlen(known), least = n < text.n ? n : text.n;
	int order = memcmp(known, text.p, least);
	return order ? order : (n > text.n) - (n < text.n);
}

#endif
