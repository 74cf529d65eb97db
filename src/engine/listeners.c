/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's sources: made ready all or none, then switched.
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

/* Whether the source of a channel stays what it is: what serves it goes on, under the new snapshot. */
static bool same_source(const struct served *s, const struct conf_source *source)
{
	if (s->kind != source->kind)
		return false;
	if (s->kind == CONF_SOURCE_DIRECTORY)
		return strcmp(s->path, source->path) == 0;
	return s->kind == CONF_SOURCE_CHANNELS || same_address(&s->asked, &source->address);
}

/* The socket of a channel that listens at this address now and will not any more: a channel that is renamed keeps its
 * port. A descriptor of its own, or -1. */
static int take_over(const struct engine *e, const struct conf *conf, const struct conf_address *at)
{
	for (const struct served *s = e->served; s && at->port; s = s->next) {
		const struct conf_channel *then = conf_channel(conf, aff_view_of(feed_channel(s->channel->feed)));
		if (s->listener >= 0 && same_address(&s->asked, at) && !(then && same_source(s, &then->source)))
			return fcntl(s->listener, F_DUPFD_CLOEXEC, 0);
	}
	return -1;
}

static int listen_at(struct engine *e, const struct conf *conf, const struct conf_address *at,
		     struct net_address *address, struct aff_diag *diag)
{
	int fd = take_over(e, conf, at);
	if (fd < 0)
		fd = net_listen(address, false, diag);
	if (fd >= 0)
		net_listen_address(fd, address);
	else if (diag)
		diag->code = AFF_EREFUSED; /* whatever the reason: it cannot listen there */
	return fd < 0 ? AFF_EREFUSED : fd;
}

static void free_served(struct served *s)
{
	source_free(s->own);
	if (s->listener >= 0)
		close(s->listener);
	free(s->path);
	free(s);
}

static int bind_one(struct engine *e, const struct conf *conf, const struct conf_channel *channel, struct served **out,
		    struct aff_diag *diag)
{
	const struct conf_source *source = &channel->source;
	struct net_address address;
	bool inside = source->kind == CONF_SOURCE_CHANNELS || source->kind == CONF_SOURCE_DIRECTORY;
	int fd = -1;
	int rc = inside ? 0 : net_address_make(&address, source->address.host, source->address.port, diag);
	if (rc)
		return rc;
	if (source->kind == CONF_SOURCE_MLLP || source->kind == CONF_SOURCE_HTTP) {
		fd = listen_at(e, conf, &source->address, &address, diag);
		if (fd < 0)
			return fd;
	}
	struct served *s = calloc(1, sizeof *s);
	if (!s) {
		if (fd >= 0)
			close(fd);
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	}
	if (!inside)
		net_address_format(&address, s->address, sizeof s->address);
	s->kind = source->kind;
	s->listener = fd;
	s->asked = source->address;
	if (source->kind == CONF_SOURCE_DIRECTORY) {
		s->path = strdup(source->path);
		rc = s->path ? 0 : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	}
	s->channel = channel_find(e->channels, channel->name);
	if (!rc && source_is_own(source->kind)) {
		const struct source_env env = {e->journal, &e->budget, IO_THREADS_MAX + e->next_source++};
		rc = source_new(&s->own, &env, channel, s->channel, fd, diag);
	}
	if (rc) {
		free_served(s);
		return rc;
	}
	*out = s;
	return 0;
}

void engine_close_bound(struct served *bound)
{
	while (bound) {
		struct served *s = bound;
		bound = s->next;
		free_served(s);
	}
}

int engine_bind_new(struct engine *e, const struct conf *conf, struct served **bound, struct aff_diag *diag)
{
	*bound = NULL;
	for (size_t i = 0; i < conf->nchannels; i++) {
		const struct conf_channel *channel = &conf->channels[i];
		struct served *now = find_served(e, channel->name), *s = NULL;
		if (now && same_source(now, &channel->source))
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

/* Takes nothing more for a channel. What serves it is freed when it has answered everything. */
static void leave(struct engine *e, struct channel *channel)
{
	for (unsigned t = 0; t < e->nio; t++)
		io_leave(e->io[t], channel);
	struct served **at = &e->served;
	while (*at && (*at)->channel != channel)
		at = &(*at)->next;
	struct served *s = *at;
	if (!s)
		return;
	*at = s->next;
	if (!s->own) {
		free_served(s);
		return;
	}
	if (s->listener >= 0)
		close(s->listener);
	s->listener = -1;
	source_end(s->own);
	s->next = e->leaving;
	e->leaving = s;
}

/* Frees those that left earlier and have answered everything. */
static void free_left(struct engine *e)
{
	for (struct served **at = &e->leaving; *at;) {
		struct served *s = *at;
		if (source_is_over(s->own, 0)) {
			*at = s->next;
			free_served(s);
		} else {
			at = &s->next;
		}
	}
}

/* fresh: how it is served from now on; NULL: as before, under the new snapshot. */
static void serve(struct engine *e, struct conf *conf, const struct conf_channel *channel, const struct served *fresh)
{
	struct channel *state = channel_find(e->channels, channel->name);
	int fd = fresh ? fresh->listener : -1;
	if (fresh) {
		leave(e, state);
		channel_forget_state(state);
	}
	if (channel->source.kind == CONF_SOURCE_CHANNELS)
		return; /* the senders of other channels serve it */
	if (source_is_own(channel->source.kind)) {
		const struct served *s = fresh ? fresh : find_served(e, channel->name);
		source_use(s->own, e->writer, conf, channel);
		return;
	}
	/* A device is connected to once, from any of the io threads, but always the same one. */
	if (channel->source.kind == CONF_SOURCE_MLLP_CLIENT) {
		io_serve(e->io[hash64(aff_view_of(channel->name)) % e->nio], fd, conf, channel, state);
		return;
	}
	for (unsigned t = 0; t < e->nio; t++)
		io_serve(e->io[t], fd, conf, channel, state);
}

static void tell(const struct served *s)
{
	if (s->kind == CONF_SOURCE_CHANNELS || s->kind == CONF_SOURCE_DIRECTORY)
		return;
	log_info("listener", "%s %s %s%s", feed_channel(s->channel->feed),
		 s->kind == CONF_SOURCE_MLLP_CLIENT ? "connects to" : "listens on", s->address,
		 s->kind == CONF_SOURCE_HTTP ? " for HTTP" : "");
}

void engine_serve(struct engine *e, struct conf *conf, struct served *bound)
{
	free_left(e);
	for (const struct served *s = bound; s; s = s->next)
		tell(s);
	for (size_t i = 0; i < conf->nchannels; i++) {
		const struct conf_channel *channel = &conf->channels[i];
		struct channel *state = channel_find(e->channels, channel->name);
		struct served *s = bound;
		while (s && s->channel != state)
			s = s->next;
		serve(e, conf, channel, s);
	}
	for (struct served *s = e->served, *next; s; s = next) {
		next = s->next;
		if (!conf_channel(conf, aff_view_of(feed_channel(s->channel->feed))))
			leave(e, s->channel);
	}
	while (bound) {
		struct served *s = bound;
		bound = s->next;
		s->next = e->served;
		e->served = s;
	}
}

void engine_drain_sources(struct engine *e, int64_t deadline_us)
{
	for (struct served *s = e->served; s; s = s->next) {
		if (s->own)
			source_end(s->own);
	}
	for (struct served *s = e->served; s; s = s->next) {
		if (s->own)
			source_is_over(s->own, deadline_us);
	}
	for (struct served *s = e->leaving; s; s = s->next)
		source_is_over(s->own, deadline_us);
}

void engine_free_served(struct engine *e)
{
	engine_close_bound(e->served);
	engine_close_bound(e->leaving);
	e->served = e->leaving = NULL;
}
