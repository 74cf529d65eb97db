/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets and the connections that come in through them: non-blocking, close on exec.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/address.h"

/* Opens a listening socket. shared: SO_REUSEPORT, so that several threads may each have a socket of their own on one
 * address. Returns the descriptor; AFF_EBUSY (the address is in use), AFF_EARGUMENT (this machine does not have it,
 * or the port is privileged), AFF_EIO, each with what to do in diag. */
int net_listen(const struct net_address *at, bool shared, struct aff_diag *diag);

/* The address it is bound to: with port 0 asked for, the one the system chose. */
int net_listen_address(int listener, struct net_address *out);

/* The next connection that waits, tuned like a dialled one. Returns its descriptor; AFF_EAGAIN: none; AFF_ELIMIT: out
 * of descriptors or memory, pause accepting; AFF_EIO: the listener is broken. */
int net_accept(int listener, struct net_address *peer);

#endif
