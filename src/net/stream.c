/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain streams are a descriptor; encrypted ones go through net/tls.c. MSG_NOSIGNAL because a peer that is gone is an
 * error code here, not a signal.
 */
#include "net/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"

static int error_of(int number)
{
	switch (number) {
	case EAGAIN:
		return AFF_EAGAIN;
	case ECONNRESET:
	case EPIPE:
	case ETIMEDOUT:
	case ENOTCONN:
		return AFF_ECLOSED;
	default:
		return AFF_EIO;
	}
}

void net_stream_close(struct net_stream *s)
{
	if (s->tls)
		net_tls_end(s->tls);
	if (s->fd >= 0)
		close(s->fd);
	net_stream_init(s, -1);
}

static int read_tls(struct net_stream *s, struct aff_buf *in, char *to, size_t most)
{
	size_t n;
	int rc = net_tls_read(s->tls, to, most, &n);
	in->n += n;
	return rc;
}

int net_stream_read(struct net_stream *s, struct aff_buf *in, size_t most)
{
	size_t room = in->max - in->n;
	if (most > room)
		most = room;
	if (!most)
		return AFF_ELIMIT;
	char *to = aff_buf_reserve(in, most);
	if (!to)
		return in->error;
	if (s->tls)
		return read_tls(s, in, to, most);
	for (;;) {
		ssize_t n = recv(s->fd, to, most, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_of(errno);
		in->n += (size_t)n;
		return n ? 0 : AFF_ECLOSED;
	}
}

int net_stream_write(struct net_stream *s, struct aff_view bytes, size_t *written)
{
	*written = 0;
	if (s->tls)
		return net_tls_write(s->tls, bytes, written);
	for (;;) {
		ssize_t n = send(s->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_of(errno);
		*written = (size_t)n;
		return 0;
	}
}

bool net_stream_is_stale(const struct net_stream *s)
{
	char byte;
	if (s->tls)
		return !net_tls_is_quiet(s->tls);
	return !(recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR));
}
