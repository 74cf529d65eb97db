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
	size_t i = 0;
	while (i < text.n && known[i] && known[i] == text.p[i])
		i++;
	if (i == text.n)
		return known[i] != '\0';
	return known[i] ? (unsigned char)known[i] - (unsigned char)text.p[i] : -1;
}

#endif
