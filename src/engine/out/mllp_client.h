/* SPDX-License-Identifier: Apache-2.0
 *
 * The sending side of MLLP: a number of lanes, each with a connection of its own and at most one message in flight.
 * The MLLP output is made of it, and so are the commands that send.
 *
 * A lane connects when it has something to send and keeps its connection. A message is answered only by an answer
 * that names its control id; a connection whose answer did not come in time, or was not understood, is closed: what
 * arrives later on it can then never be taken for the answer to another message.
 */
#ifndef ENGINE_MLLP_CLIENT_H
#define ENGINE_MLLP_CLIENT_H

#include <afferent/ack.h>

#include "net/address.h"

struct mllp_reply {
	int rc;                 /* 0: answered. Else what happened instead:
	                          *   AFF_EREFUSED nobody listens, AFF_ETIMEOUT, AFF_ECLOSED hung up before the answer,
	                          *   AFF_EFRAME the answer is garbled or not for this message, AFF_ETOOLONG the
	                          *   message is, AFF_EIO, AFF_ELIMIT, AFF_ENOMEM */
	bool connected;         /* there was a connection: the peer may have the message */
	enum aff_ack_code code; /* answered: AFF_AA ... AFF_CR */
	int condition;          /* ERR-3 as a number, or 0 */
	const char *why;        /* not answered: what happened, a constant string */
};

/* Called from inside send or poll when a lane's message has its reply; the lane is free again. */
typedef void mllp_client_fn(void *arg, unsigned lane, const struct mllp_reply *reply);

struct mllp_client;
/* timeout_ms is from send to answer, connecting included. */
int mllp_client_new(struct mllp_client **out, unsigned lanes, int64_t timeout_ms, mllp_client_fn *fn, void *arg);
/* Messages in flight are abandoned. */
void mllp_client_free(struct mllp_client *c);
/* Where a lane connects to; before its first send. */
void mllp_client_address(struct mllp_client *c, unsigned lane, const struct net_address *to);
/* Starts one message on a free lane; control_id (MSH-10) stays valid until the reply. With an empty one any answer
 * counts. */
void mllp_client_send(struct mllp_client *c, unsigned lane, struct aff_view message, struct aff_view control_id);
/* Waits up to timeout_ms (-1: for ever) for something to happen or for wake_fd (-1: none) to become readable. */
void mllp_client_poll(struct mllp_client *c, int wake_fd, int timeout_ms);

#endif
