/* SPDX-License-Identifier: Apache-2.0
 *
 * Connecting out without blocking.
 */
#include "net/dial.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "net/tune.h"

static int explain(struct aff_diag *diag, int number, const struct net_address *to)
{
	char text[NET_ADDRESS_TEXT_SIZE];
	net_address_format(to, text, sizeof text);
	switch (number) {
	case ECONNREFUSED:
		aff_diag_set(diag, AFF_EREFUSED, "connection refused by %s", text);
		aff_diag_hint(diag, "nobody listens on that port: is the receiver running?");
		return AFF_EREFUSED;
	case ETIMEDOUT:
		return aff_diag_set(diag, AFF_ETIMEOUT, "no answer from %s", text);
	case EMFILE:
	case ENFILE:
		aff_diag_set(diag, AFF_ELIMIT, "cannot connect to %s: no file descriptors left", text);
		aff_diag_hint(diag, "raise the limit: ulimit -n");
		return AFF_ELIMIT;
	default:
		return aff_diag_set(diag, AFF_EIO, "cannot connect to %s: %s", text, strerror(number));
	}
}

int net_dial(const struct net_address *to, struct aff_diag *diag)
{
	int fd = socket(to->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return explain(diag, errno, to);
	net_tune(fd);
	if (!connect(fd, (const struct sockaddr *)(const void *)&to->storage, to->size) || errno == EINPROGRESS)
		return fd;
	int number = errno;
	close(fd);
	return explain(diag, number, to);
}

int net_dial_finish(int fd, const struct net_address *to, struct aff_diag *diag)
{
	int number = 0;
	socklen_t size = sizeof number;
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	/* Before the connection is made SO_ERROR is 0 as well: only a writable descriptor tells that it is over. */
	if (poll(&ready, 1, 0) <= 0)
		return AFF_EAGAIN;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size))
		number = errno;
	return number ? explain(diag, number, to) : 0;
}
