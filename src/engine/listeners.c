/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's listeners: bound all or none, then switched.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/engine_internal.h"
#include "net/listen.h"
#include "sys/log.h"

static struct served *find_served(const struct engine *e, const char *name)
{
	for (struct served *s = e->served; s; s = s->next) {
		if (strcmp(feed_channel(s->channel->feed), name) == 0)
			return s;
	}
	return NULL;
}

static bool same_address(const struct conf_address *a, const struct conf_address *b)
{
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* The socket of a channel that listens at this address now and will not any more: a channel that is renamed keeps its
 * port. A descriptor of its own, or -1. */
static int take_over(const struct engine *e, const struct conf *conf, const struct conf_address *at)
{
	for (const struct served *s = e->served; s && at->port; s = s->next) {
		const struct conf_channel *then = conf_channel(conf, aff_view_of(feed_channel(s->channel->feed)));
		if (same_address(&s->asked, at) && !(then && same_address(&then->source.listen, at)))
			return fcntl(s->listener, F_DUPFD_CLOEXEC, 0);
	}
	return -1;
}

static int bind_one(struct engine *e, const struct conf *conf, const struct conf_channel *channel, struct served **out,
		    struct aff_diag *diag)
{
	struct net_address address;
	int rc = net_address_make(&address, channel->source.listen.host, channel->source.listen.port, diag);
	if (rc)
		return rc;
	int fd = take_over(e, conf, &channel->source.listen);
	if (fd < 0)
		fd = net_listen(&address, false, diag);
	if (fd < 0) {
		if (diag)
			diag->code = AFF_EREFUSED; /* whatever the reason: it cannot listen there */
		return AFF_EREFUSED;
	}
	struct served *s = calloc(1, sizeof *s);
	if (!s) {
		close(fd);
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	}
	net_listen_address(fd, &address);
	net_address_format(&address, s->address, sizeof s->address);
	s->listener = fd;
	s->asked = channel->source.listen;
	s->channel = channel_find(e->channels, channel->name);
	*out = s;
	return 0;
}

void engine_close_bound(struct served *bound)
{
	while (bound) {
		struct served *s = bound;
		bound = s->next;
		close(s->listener);
		free(s);
	}
}

int engine_bind_new(struct engine *e, const struct conf *conf, struct served **bound, struct aff_diag *diag)
{
	*bound = NULL;
	for (size_t i = 0; i < conf->nchannels; i++) {
		const struct conf_channel *channel = &conf->channels[i];
		struct served *now = find_served(e, channel->name), *s = NULL;
		if (now && same_address(&now->asked, &channel->source.listen))
			continue;
		int rc = bind_one(e, conf, channel, &s, diag);
		if (rc) {
			engine_close_bound(*bound);
			*bound = NULL;
			return rc;
		}
		s->next = *bound;
		*bound = s;
	}
	return 0;
}

void engine_forget_served(struct engine *e, const struct channel *channel)
{
	for (struct served **at = &e->served; *at; at = &(*at)->next) {
		if ((*at)->channel == channel) {
			struct served *s = *at;
			*at = s->next;
			close(s->listener);
			free(s);
			return;
		}
	}
}

void engine_serve(struct engine *e, struct conf *conf, struct served *bound)
{
	for (size_t i = 0; i < conf->nchannels; i++) {
		const struct conf_channel *channel = &conf->channels[i];
		struct channel *state = channel_find(e->channels, channel->name);
		struct served *s = bound;
		while (s && s->channel != state)
			s = s->next;
		for (unsigned t = 0; t < e->nio; t++)
			io_serve(e->io[t], s ? s->listener : -1, conf, channel, state);
		if (s)
			engine_forget_served(e, state);
	}
	for (struct served *s = e->served, *next; s; s = next) {
		next = s->next;
		if (conf_channel(conf, aff_view_of(feed_channel(s->channel->feed))))
			continue;
		for (unsigned t = 0; t < e->nio; t++)
			io_leave(e->io[t], s->channel);
		engine_forget_served(e, s->channel);
	}
	while (bound) {
		struct served *s = bound;
		bound = s->next;
		s->next = e->served;
		e->served = s;
		log_info("listener", "%s listens on %s", feed_channel(s->channel->feed), s->address);
	}
}
