/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening sockets. SO_REUSEADDR lets a restarted engine have its port back while old connections are still in
 * TIME_WAIT; on Linux it does not let two live listeners share one.
 */
#include "net/listen.h"

#include <errno.h>
#include <unistd.h>

#include "net/tune.h"

#define BACKLOG 1024

static int explain(struct aff_diag *diag, int number, const struct net_address *at)
{
	char text[NET_ADDRESS_TEXT_SIZE];
	net_address_format(at, text, sizeof text);
	switch (number) {
	case EADDRINUSE:
		aff_diag_set(diag, AFF_EBUSY, "cannot listen on %s: another program listens there", text);
		aff_diag_hint(diag, "choose another port, or stop the other one: ss -ltnp 'sport = :%u'",
			      (unsigned)net_address_port(at));
		return AFF_EBUSY;
	case EADDRNOTAVAIL:
		aff_diag_set(diag, AFF_EARGUMENT, "cannot listen on %s: this machine does not have that address", text);
		aff_diag_hint(diag, "ip address shows the ones it has");
		return AFF_EARGUMENT;
	case EACCES:
		aff_diag_set(diag, AFF_EARGUMENT, "cannot listen on %s: not permitted", text);
		aff_diag_hint(diag, "ports below 1024 need CAP_NET_BIND_SERVICE; 2575 is the usual one for MLLP");
		return AFF_EARGUMENT;
	default:
		return aff_diag_set(diag, AFF_EIO, "cannot listen on %s: %s", text, strerror(number));
	}
}

int net_listen(const struct net_address *at, bool shared, struct aff_diag *diag)
{
	const int on = 1;
	int family = at->storage.ss_family;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return explain(diag, errno, at);
	bool failed = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
		      (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on)) ||
		      bind(fd, (const struct sockaddr *)(const void *)&at->storage, at->size) || listen(fd, BACKLOG);
	if (!failed)
		return fd;
	int number = errno;
	close(fd);
	return explain(diag, number, at);
}

int net_listen_address(int listener, struct net_address *out)
{
	memset(out, 0, sizeof *out);
	out->size = sizeof out->storage;
	return getsockname(listener, (struct sockaddr *)(void *)&out->storage, &out->size) ? AFF_EIO : 0;
}

int net_accept(int listener, struct net_address *peer)
{
	for (;;) {
		memset(peer, 0, sizeof *peer);
		peer->size = sizeof peer->storage;
		int fd = accept4(listener, (struct sockaddr *)(void *)&peer->storage, &peer->size,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			net_tune(fd);
			return fd;
		}
		switch (errno) {
		case EINTR:
		case ECONNABORTED: /* gone before it was taken, and the network errors that Linux hands on here: */
		case EPROTO:
		case ENETDOWN:
		case ENETUNREACH:
		case EHOSTDOWN:
		case EHOSTUNREACH:
		case ENONET:
			continue;
		case EAGAIN:
			return AFF_EAGAIN;
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			return AFF_ELIMIT;
		default:
			return AFF_EIO;
		}
	}
}
