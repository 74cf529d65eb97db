/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of channels that ever were. Entries are added while nobody else looks (at the start, or under the engine's
 * lock) and stay until the end.
 */
#include "engine/channel.h"

#include <stdlib.h>

struct channel *channel_find(struct channel *list, const char *name)
{
	while (list && strcmp(feed_channel(list->feed), name) != 0)
		list = list->next;
	return list;
}

int channel_add(struct channel **list, const char *name, int64_t floor, size_t feed_bytes)
{
	struct channel *c = calloc(1, sizeof *c);
	if (!c)
		return AFF_ENOMEM;
	c->feed = feed_new(name, floor, feed_bytes);
	if (!c->feed) {
		free(c);
		return AFF_ENOMEM;
	}
	c->next = *list;
	*list = c;
	return 0;
}

void channel_free_all(struct channel *list)
{
	while (list) {
		struct channel *c = list;
		list = c->next;
		feed_free(c->feed);
		free(c);
	}
}
