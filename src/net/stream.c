/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain streams: a descriptor. MSG_NOSIGNAL because a peer that is gone is an error code here, not a signal.
 */
#include "net/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

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
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
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
	return !(recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EINTR));
}
