/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrays that grow by doubling: pointer, count and capacity stand where they are used.
 */
#ifndef BASE_VECTOR_H
#define BASE_VECTOR_H

#include <stddef.h>

/* Makes room for one more item behind `count` of them. items: the address of the array's pointer; size: of one item.
 * 0; AFF_ENOMEM: the array is as it was. */
int vector_room(void *items, size_t *capacity, size_t count, size_t size);

#endif
