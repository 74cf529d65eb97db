/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of one connection. Everything that reads or writes a connection goes through here, so that an encrypted one
 * differs from a plain one in this file alone.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <afferent/text.h>

struct net_tls_session;

struct net_stream {
	int fd;                      /* -1: none */
	struct net_tls_session *tls; /* NULL: plain; net_tls_start of net/tls.h makes it encrypted */
};

static inline void net_stream_init(struct net_stream *s, int fd)
{
	s->fd = fd;
	s->tls = NULL;
}
void net_stream_close(struct net_stream *s);

/* Appends what has arrived to `in`, at most `most` bytes in one call. 0: at least one byte; AFF_EAGAIN: nothing now;
 * AFF_ECLOSED: the peer closed or reset the connection; AFF_ELIMIT, AFF_ENOMEM: `in` is full; AFF_EIO. */
int net_stream_read(struct net_stream *s, struct aff_buf *in, size_t most);

/* Writes what fits; *written says how much. 0: something was written; AFF_EAGAIN, AFF_ECLOSED, AFF_EIO as above. */
int net_stream_write(struct net_stream *s, struct aff_view bytes, size_t *written);

/* true when a connection on which nothing is expected has been closed, or has received what it should not have. */
bool net_stream_is_stale(const struct net_stream *s);

#endif
