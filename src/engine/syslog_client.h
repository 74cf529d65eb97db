/* SPDX-License-Identifier: Apache-2.0
 *
 * Sends messages to one syslog server over TLS, in a thread of its own. While the server cannot be reached they wait,
 * so many at most: then the oldest are dropped. Syslog knows no answers. A message that was written to a connection
 * which breaks afterwards may or may not have arrived: the newest one of these is sent again.
 */
#ifndef ENGINE_SYSLOG_CLIENT_H
#define ENGINE_SYSLOG_CLIENT_H

#include "net/address.h"
#include "net/tls.h"

struct syslog_client;

struct syslog_options {
	const char *to;             /* "10.1.2.3:6514" */
	const char *name;           /* whom its certificate must be for (NULL: the address) */
	struct net_tls_options tls; /* its files are read again for each connection */
};

struct syslog_status {
	const char *to;  /* lives as long as the client */
	bool down;       /* the last attempt failed */
	char why[520];   /* of that */
	int64_t sent_us; /* when the newest was sent; 0: none yet */
	uint64_t sent, waiting, dropped;
};

/* AFF_ENOTFOUND, AFF_EARGUMENT: the options cannot work; with a diag. */
int syslog_client_start(struct syslog_client **out, const struct syslog_options *options, struct aff_diag *diag);
/* Sends what waits, if that can be done within a second, and ends. */
void syslog_client_stop(struct syslog_client *c);

/* Hands a message over; never blocks. id: a constant string. Thread-safe, as is the next one. */
void syslog_client_put(struct syslog_client *c, const char *id, struct aff_view text);
void syslog_client_status(struct syslog_client *c, struct syslog_status *out);

#endif
