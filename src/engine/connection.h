/* SPDX-License-Identifier: Apache-2.0
 *
 * One accepted connection, as its io thread sees it.
 */
#ifndef ENGINE_CONNECTION_H
#define ENGINE_CONNECTION_H

#include <afferent/mllp.h>

#include "engine/channel.h"
#include "net/address.h"
#include "net/stream.h"

/* What an io thread serves: one channel under its newest snapshot. */
struct port {
	struct port *next;
	uint32_t number;             /* names the port in epoll events */
	int listener;                /* shared with the other io threads; -1 once closed */
	struct conf *conf;           /* a reference */
	const struct conf_channel *settings;
	struct channel *channel;
	unsigned connections;
	bool leaving;                /* freed with its last connection */
};

struct connection {
	uint32_t slot, generation;
	struct net_stream stream;
	struct port *port;
	struct aff_mllp framer;
	struct aff_buf in;           /* an unfinished frame; empty between messages */
	struct aff_buf out;          /* answers that the socket did not take yet */
	size_t inflight;             /* bytes of envelopes not yet answered */
	unsigned unanswered;
	uint32_t interest;           /* what epoll watches */
	bool ended;                  /* nothing more is read: the peer closed, or we are going to */
	int64_t active_us;           /* monotonic: when bytes last came or went */
	int64_t frame_us;            /* since when a frame is unfinished, 0 = none */
	char peer[NET_ADDRESS_TEXT_SIZE];
};

#define CONNECTION_OUT_MAX (1u << 20)      /* answers that a peer does not read */
#define CONNECTION_INFLIGHT_MAX (4u << 20) /* messages of one connection on their way */

/* May more be read from it now? */
static inline bool connection_may_read(const struct connection *c)
{
	return !c->ended && c->inflight < CONNECTION_INFLIGHT_MAX && c->out.n < CONNECTION_OUT_MAX / 2;
}

/* Is there nothing left to do for it? */
static inline bool connection_is_over(const struct connection *c)
{
	return c->ended && !c->unanswered && !c->out.n;
}

#endif
