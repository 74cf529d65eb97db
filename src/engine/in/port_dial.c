/* SPDX-License-Identifier: Apache-2.0
 *
 * Ports that connect by themselves, to devices that listen: one connection each, made again whenever it is lost. The
 * engine sends nothing on it but answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/in/io_internal.h"
#include "net/dial.h"
#include "sys/backoff.h"
#include "sys/clock.h"

#define DIAL_US 10000000 /* for a connection to be made */
#define ENDED_MAX 16     /* connections with nothing but answers due */

/* Tries again after a while. */
static void put_off(struct port *p, const char *why)
{
	const struct conf_retry *retry = &p->of.settings->source.retry;
	p->failures++;
	p->dial_at_us = clock_mono_us() + backoff_us(&p->random, retry->first_ms, retry->most_ms, p->failures);
	channel_down(p->of.channel, why);
}

/* The descriptor of the try that is on its way, no longer watched. */
static int take_descriptor(struct io *io, struct port *p)
{
	int fd = p->dialing;
	p->dialing = -1;
	epoll_ctl(io->epoll, EPOLL_CTL_DEL, fd, NULL);
	return fd;
}

static void dial(struct io *io, struct port *p)
{
	struct aff_diag diag = {0};
	struct epoll_event ev = {.events = EPOLLOUT, .data.u64 = io_tag(IO_TAG_DIAL, p->number)};
	p->dial_at_us = 0;
	int fd = net_dial(&p->to, &diag);
	if (fd < 0) {
		put_off(p, diag.text);
		return;
	}
	p->dialing = fd;
	p->dial_end_us = clock_mono_us() + DIAL_US;
	if (epoll_ctl(io->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		close(fd);
		p->dialing = -1;
		put_off(p, "out of memory");
	}
}

void port_dial_begin(struct port *p)
{
	const struct conf_address *at = &p->of.settings->source.address;
	p->dials = !net_address_make(&p->to, at->host, at->port, NULL);
	p->random = (uint64_t)clock_wall_us() | 1;
	p->dial_at_us = 1; /* at once */
}

void port_dial_end(struct io *io, struct port *p)
{
	if (p->dialing >= 0)
		close(take_descriptor(io, p));
	p->dial_at_us = 0;
}

void port_dial_ready(struct io *io, uint32_t number)
{
	struct aff_diag diag = {0};
	char text[NET_ADDRESS_TEXT_SIZE], what[NET_ADDRESS_TEXT_SIZE + 16];
	struct port *p = io->ports;
	while (p && p->number != number)
		p = p->next;
	if (!p || p->dialing < 0)
		return;
	int rc = net_dial_finish(p->dialing, &p->to, &diag);
	if (rc == AFF_EAGAIN)
		return;
	int fd = take_descriptor(io, p);
	if (rc) {
		close(fd);
		put_off(p, diag.text);
		return;
	}
	snprintf(what, sizeof what, "connected to %s", net_address_format(&p->to, text, sizeof text));
	p->up_us = clock_mono_us();
	p->worked = false;
	channel_up(p->of.channel, what);
	connection_add(io, p, fd, &p->to);
}

void port_dial_lost(struct port *p, const char *why)
{
	int64_t most_us = p->of.settings->source.retry.most_ms * 1000;
	if (p->worked || clock_mono_us() - p->up_us > most_us)
		p->failures = 0;
	put_off(p, why);
}

/* May it connect? One connection is read from at a time. */
static bool is_free(const struct port *p)
{
	return p->dialing < 0 && p->connections == p->ended && p->ended < ENDED_MAX;
}

int64_t port_dial_due(struct io *io, int64_t now_us)
{
	int64_t next = INT64_MAX;
	for (struct port *p = io->ports; p && !io->draining; p = p->next) {
		if (!p->dials || p->leaving)
			continue;
		if (p->dialing >= 0 && now_us >= p->dial_end_us) {
			close(take_descriptor(io, p));
			put_off(p, "no answer when connecting");
		}
		if (is_free(p) && p->dial_at_us && now_us >= p->dial_at_us)
			dial(io, p);
		int64_t at = p->dialing >= 0 ? p->dial_end_us : p->dial_at_us && is_free(p) ? p->dial_at_us : INT64_MAX;
		if (at < next)
			next = at;
	}
	return next;
}
