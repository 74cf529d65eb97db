/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS over a stream (OpenSSL, whose home this is for connections): 1.2 or 1.3, ECDHE and AEAD only, no renegotiation,
 * no compression, no 0-RTT. The peer's certificate and its name are always verified.
 *
 * Everything is non-blocking: AFF_EAGAIN means wait for net_tls_wants() and call again. The process must ignore
 * SIGPIPE.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "net/stream.h"

/* What a side of connections is set up with. Thread-safe. */
struct net_tls;

struct net_tls_options {
	const char *ca_file;   /* PEM: who may have issued the peer's certificate (NULL: whom the system trusts) */
	const char *cert_file; /* PEM: our own certificate and its chain (NULL: none) */
	const char *key_file;  /* PEM, for nobody else to read: its key */
};

/* The side that connects. AFF_ENOTFOUND, AFF_EARGUMENT: a file is missing or cannot be used, with what to do in diag;
 * AFF_ENOMEM. */
int net_tls_client(struct net_tls **out, const struct net_tls_options *options, struct aff_diag *diag);
/* Streams that were started go on. */
void net_tls_free(struct net_tls *t);

/* From here on the connected stream is encrypted. name: whom the peer's certificate must be for, a host name or a
 * numeric address. Nothing may be read or written before net_tls_handshake returned 0. AFF_ENOMEM, AFF_EARGUMENT. */
int net_tls_start(struct net_stream *s, struct net_tls *t, const char *name, struct aff_diag *diag);
/* 0; AFF_EAGAIN; AFF_EREFUSED: the peer's certificate was not accepted; AFF_ECLOSED, AFF_EIO; with a diag. */
int net_tls_handshake(struct net_stream *s, struct aff_diag *diag);

/* After AFF_EAGAIN: POLLIN or POLLOUT. */
short net_tls_wants(const struct net_stream *s);
/* Why the last call failed, for people; "" when there is nothing to say. */
const char *net_tls_reason(const struct net_stream *s);

/* For net/stream.c. *n: bytes read, written. Errors as of net_stream_read. */
int net_tls_read(struct net_tls_session *t, char *to, size_t most, size_t *n);
int net_tls_write(struct net_tls_session *t, struct aff_view bytes, size_t *n);
bool net_tls_is_quiet(struct net_tls_session *t);
/* Says good-bye, if that does not block. */
void net_tls_end(struct net_tls_session *t);

#endif
