/* SPDX-License-Identifier: Apache-2.0
 *
 * Connecting out without blocking: start, wait until the descriptor is writable, finish.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/address.h"

/* Starts connecting. Returns the descriptor (non-blocking, close on exec, tuned), or AFF_EIO, AFF_ELIMIT,
 * AFF_EREFUSED when it failed at once. */
int net_dial(const struct net_address *to, struct aff_diag *diag);

/* When the descriptor became writable: 0 connected, AFF_EAGAIN not yet, AFF_EREFUSED nobody listens there,
 * AFF_ETIMEOUT, AFF_EIO other failures; the diag says which. The descriptor stays open. */
int net_dial_finish(int fd, const struct net_address *to, struct aff_diag *diag);

#endif
