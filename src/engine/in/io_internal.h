/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of an io thread share: io.c (the loop and what the engine asks for), port.c (what is listened for),
 * port_dial.c (what is connected to), connection.c (bytes in, answers out), frame.c (from a frame to messages).
 * Everything here belongs to the io thread alone, but for the mailbox, the budget and the fields under `lock`.
 */
#ifndef ENGINE_IO_INTERNAL_H
#define ENGINE_IO_INTERNAL_H

#include <afferent/mllp.h>

#include "engine/in/intake.h"
#include "engine/in/io.h"
#include "net/address.h"
#include "net/stream.h"

/* One channel under its newest snapshot, as this thread serves it. */
struct port {
	struct port *next;
	uint32_t number;             /* names the port in epoll events */
	int listener;                /* shared with the other io threads; -1 once closed */
	struct intake_channel of;
	unsigned connections;
	unsigned ended;              /* of these, nothing more is read from: answers are due (only where it dials) */
	bool leaving;                /* freed with its last connection */
	bool resting;                /* not watched: there are no descriptors for new connections */
	bool dials;                  /* connects by itself; the rest is for such a port */
	struct net_address to;
	int dialing;                 /* a connection on its way; -1: none */
	int64_t dial_at_us;          /* when the next try is due (monotonic); 0: none is */
	int64_t dial_end_us;         /* when the one on its way has taken too long */
	int64_t up_us;               /* since when there is a connection */
	bool worked;                 /* a message came on it */
	unsigned failures;           /* in a row */
	uint64_t random;
};

/* One accepted connection. */
struct connection {
	uint32_t slot, generation;
	struct net_stream stream;
	struct port *port;
	struct aff_mllp framer;
	struct aff_buf in;           /* an unfinished frame; empty between messages */
	struct aff_buf out;          /* answers that the socket did not take yet */
	struct aff_buf group;        /* answers to the messages of one frame, until they are complete */
	bool group_begun;            /* there are some, and others to come */
	bool group_answered;         /* one of the messages gets an answer */
	char group_field;            /* in a batch of them: its field separator; 0 = in none */
	uint64_t group_answers;      /* in that batch so far */
	size_t inflight;             /* bytes of envelopes not yet answered */
	unsigned unanswered;
	unsigned waiting;            /* of these, journaled and waiting for what becomes of them */
	uint32_t interest;           /* what epoll watches */
	bool ended;                  /* nothing more is read: the peer closed, or we are going to */
	bool given_up;               /* counted in the port's `ended` */
	const char *why;             /* it ends, where that can be told; NULL */
	int64_t active_us;           /* monotonic: when bytes last came or went */
	int64_t frame_us;            /* since when a frame is unfinished, 0 = none */
	char peer[NET_ADDRESS_TEXT_SIZE];
};

struct io_request {
	enum { IO_SERVE, IO_LEAVE, IO_DRAIN, IO_STOP } kind;
	int fd;
	struct conf *conf;
	const struct conf_channel *settings;
	struct channel *channel;
	bool done;
};

struct io {
	pthread_t thread;
	int epoll;
	struct intake in;
	struct aff_buf scratch;        /* what one read brought */
	struct port *ports;
	uint32_t next_port, next_generation;
	struct connection **slots;     /* NULL: free */
	uint32_t nslots;
	unsigned unanswered;
	bool starved;                  /* the budget is used up: connections are not read */
	bool full;                     /* so is the disk: connections under `on_full: stall` are not read */
	bool draining, stop;
	int64_t swept_us;
	pthread_mutex_t lock;          /* for the next two */
	struct io_request *request;
	bool quiet;                    /* draining, and nothing is unanswered */
	pthread_cond_t served;         /* one of them changed */
};

/* epoll's data: the high half is a connection's generation, or one of these. */
#define IO_TAG_DIAL    0xfffffffdu
#define IO_TAG_PORT    0xfffffffeu
#define IO_TAG_MAILBOX 0xffffffffu

static inline uint64_t io_tag(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

/* ---- connection.c ---- */

/* Takes over fd; closes it when there is no memory. */
void connection_add(struct io *io, struct port *p, int fd, const struct net_address *peer);
/* NULL when it is gone. */
struct connection *connection_at(const struct io *io, uint32_t slot, uint32_t generation);
/* Reads and takes messages, or writes answers, as epoll says; closes it when it is over. */
void connection_ready(struct io *io, struct connection *c, uint32_t events);
/* Sends what the writer gave back to the connection it came from, if it is still there. Drops the reference. */
void connection_answer(struct io *io, struct envelope *e);
/* Reads no more from it; closes it when everything is answered. */
void connection_end(struct io *io, struct connection *c);
void connection_close(struct io *io, struct connection *c);
/* Tells epoll what is wanted now. */
void connection_watch(struct io *io, struct connection *c);
/* Closes those that were silent, or slow with a frame, for too long. */
void connection_sweep(struct io *io, int64_t now_us);

/* ---- frame.c ---- */

/* Makes envelopes of the message or messages of a frame, for the writer. */
void frame_take(struct io *io, struct connection *c, struct aff_view frame);
/* The same for bytes that are no whole frame: journaled as rejected with this error. */
void frame_take_broken(struct io *io, struct connection *c, struct aff_view bytes, int error);
/* The answer to one of several messages of a frame; returns what is to be sent, empty until the last one is there.
 * Valid until the next call for this connection. */
struct aff_view frame_join_answers(struct connection *c, const struct envelope *e, struct aff_view answer);

/* ---- port.c ---- */

void port_serve(struct io *io, const struct io_request *r);
void port_leave(struct io *io, struct channel *channel);
/* Accepts what waits at the port with this number. */
void port_accept(struct io *io, uint32_t number);
/* Watches again the ports that rest for want of descriptors. */
void port_rouse_all(struct io *io);
/* Stops listening everywhere. */
void port_close_all(struct io *io);
void port_free(struct io *io, struct port *p);

/* ---- port_dial.c ---- */

/* Makes it a port that connects, as its settings say. */
void port_dial_begin(struct port *p);
/* Connects no more. */
void port_dial_end(struct io *io, struct port *p);
/* What the port with this number waited for is there, or failed. */
void port_dial_ready(struct io *io, uint32_t number);
/* Its connection is gone. */
void port_dial_lost(struct port *p, const char *why);
/* Begins what is due; returns when the next thing is, INT64_MAX: nothing is. */
int64_t port_dial_due(struct io *io, int64_t now_us);

#endif
