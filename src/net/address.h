/* SPDX-License-Identifier: Apache-2.0
 *
 * Numeric socket addresses, IPv4 and IPv6, to and from text. Names are never resolved: a resolver can block for
 * seconds, and who a medical device talks to should not depend on one.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <sys/socket.h>

#include <afferent/text.h>

struct net_address {
	struct sockaddr_storage storage;
	socklen_t size;
};

/* Room for "[ipv6]:port" and its NUL. */
#define NET_ADDRESS_TEXT_SIZE 64

/* host is "127.0.0.1", "::1" or "[::1]". AFF_EARGUMENT: it is not a numeric address. */
int net_address_make(struct net_address *out, const char *host, uint16_t port, struct aff_diag *diag);
/* "127.0.0.1:2575" or "[::1]:2575". AFF_EARGUMENT. */
int net_address_parse(struct net_address *out, struct aff_view text, struct aff_diag *diag);
/* Writes the text that net_address_parse reads into buf, shortened to fit; returns buf. */
const char *net_address_format(const struct net_address *a, char *buf, size_t size);

uint16_t net_address_port(const struct net_address *a);
bool net_address_is_loopback(const struct net_address *a);
/* Same host, whatever the port. */
bool net_address_same_host(const struct net_address *a, const struct net_address *b);

#endif
