/* SPDX-License-Identifier: Apache-2.0
 *
 * The ports of an io thread: for each channel the listening socket and the snapshot that new messages come under.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/in/io_internal.h"
#include "net/listen.h"
#include "sys/clock.h"
#include "sys/log.h"

void port_free(struct io *io, struct port *p)
{
	struct port **at = &io->ports;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	port_dial_end(io, p);
	conf_unref(p->of.conf);
	free(p);
}

static int watch(struct io *io, struct port *p)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.u64 = io_tag(IO_TAG_PORT, p->number)};
	return epoll_ctl(io->epoll, EPOLL_CTL_ADD, p->listener, &ev);
}

/* A connection that cannot be accepted stays in the queue, and epoll would tell so without end. */
static void rest(struct io *io, struct port *p)
{
	epoll_ctl(io->epoll, EPOLL_CTL_DEL, p->listener, NULL);
	p->resting = true;
}

void port_rouse_all(struct io *io)
{
	for (struct port *p = io->ports; p; p = p->next) {
		if (p->resting && p->listener >= 0)
			p->resting = watch(io, p) != 0;
	}
}

static void accept_all(struct io *io, struct port *p)
{
	static _Atomic int64_t told; /* once a minute for all listeners */
	struct net_address peer;
	int fd = AFF_EAGAIN;
	while (p->listener >= 0 && (fd = net_accept(p->listener, &peer)) >= 0) {
		if (atomic_load(&p->of.channel->connections) < (int64_t)p->of.settings->source.max_connections) {
			connection_add(io, p, fd, &peer);
			continue;
		}
		count(&p->of.channel->connections_refused, 1);
		int64_t now = clock_mono_us(), last = atomic_load(&told);
		if ((!last || now - last > 60000000) && atomic_compare_exchange_strong(&told, &last, now))
			log_warn(
				"listener",
				"%s: all %u connections are in use; one more was refused (source.mllp.max_connections)",
				p->of.settings->name, p->of.settings->source.max_connections);
		close(fd);
	}
	if (fd == AFF_ELIMIT)
		rest(io, p);
}

void port_accept(struct io *io, uint32_t number)
{
	struct port *p = io->ports;
	while (p && p->number != number)
		p = p->next;
	if (p)
		accept_all(io, p);
}

static void close_listener(struct io *io, struct port *p)
{
	if (p->listener >= 0)
		epoll_ctl(io->epoll, EPOLL_CTL_DEL, p->listener, NULL);
	p->listener = -1; /* the engine closes it, when all io threads have let it go */
}

static struct port *port_of(const struct io *io, const struct channel *channel)
{
	for (struct port *p = io->ports; p; p = p->next) {
		if (p->of.channel == channel && !p->leaving)
			return p;
	}
	return NULL;
}

static void leave(struct io *io, struct port *p)
{
	p->leaving = true;
	close_listener(io, p);
	port_dial_end(io, p);
	if (!p->connections) {
		port_free(io, p);
		return;
	}
	for (uint32_t i = 0; i < io->nslots; i++) {
		struct connection *c = io->slots[i];
		if (!c || c->port != p)
			continue;
		bool last = p->connections == 1;
		connection_end(io, c);
		if (last)
			break; /* the port may be gone with its last connection */
	}
}

void port_leave(struct io *io, struct channel *channel)
{
	struct port *p = port_of(io, channel);
	if (p)
		leave(io, p);
}

void port_serve(struct io *io, const struct io_request *r)
{
	struct port *p = port_of(io, r->channel);
	bool fresh = !p;
	if (fresh) {
		p = calloc(1, sizeof *p);
		if (!p)
			return;
		p->number = io->next_port++;
		p->listener = r->fd;
		p->dialing = -1;
		p->of.channel = r->channel;
		p->next = io->ports;
		io->ports = p;
	}
	intake_use(&p->of, r->conf, r->settings);
	if (fresh && p->listener < 0)
		port_dial_begin(p);
	else if (fresh)
		p->resting = watch(io, p) != 0;
}

void port_close_all(struct io *io)
{
	for (struct port *p = io->ports; p; p = p->next) {
		close_listener(io, p);
		port_dial_end(io, p);
	}
}
