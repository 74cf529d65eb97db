/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of channels that ever were. Entries are added while nobody else looks (at the start, or under the engine's
 * lock) and stay until the end.
 */
#include "engine/channel.h"

#include <stdio.h>
#include <stdlib.h>

#include "sys/log.h"

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
	pthread_mutex_init(&c->lock, NULL);
	c->next = *list;
	*list = c;
	return 0;
}

void channel_up(struct channel *c, const char *what)
{
	pthread_mutex_lock(&c->lock);
	c->down = false;
	c->why[0] = '\0';
	if (c->told_down || !c->told_us)
		log_info("source", "%s: %s", feed_channel(c->feed), what);
	c->told_down = false;
	pthread_mutex_unlock(&c->lock);
}

void channel_down(struct channel *c, const char *why)
{
	pthread_mutex_lock(&c->lock);
	c->down = true;
	snprintf(c->why, sizeof c->why, "%s", why);
	if (log_once_a_minute(&c->told_us, &c->untold)) {
		c->told_down = true;
		log_warn("source", "%s: no messages come in: %s; it is tried again", feed_channel(c->feed), why);
	}
	pthread_mutex_unlock(&c->lock);
}

void channel_forget_state(struct channel *c)
{
	pthread_mutex_lock(&c->lock);
	c->down = c->told_down = false;
	c->why[0] = '\0';
	c->told_us = 0;
	pthread_mutex_unlock(&c->lock);
}

bool channel_is_down(struct channel *c, char why[160])
{
	pthread_mutex_lock(&c->lock);
	bool down = c->down;
	memcpy(why, c->why, sizeof c->why);
	pthread_mutex_unlock(&c->lock);
	return down;
}

void channel_free_all(struct channel *list)
{
	while (list) {
		struct channel *c = list;
		list = c->next;
		feed_free(c->feed);
		pthread_mutex_destroy(&c->lock);
		free(c);
	}
}
