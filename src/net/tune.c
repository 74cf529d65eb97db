/* SPDX-License-Identifier: Apache-2.0
 *
 * Connection settings. TCP_USER_TIMEOUT covers unacknowledged data and unanswered keep-alive probes alike.
 */
#include "net/tune.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define USER_TIMEOUT_MS 30000
#define PROBE_AFTER_S 15
#define PROBE_EVERY_S 5
#define PROBES 3

static void set(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

void net_tune(int fd)
{
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EVERY_S);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
}

unsigned long net_raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	return (unsigned long)(setrlimit(RLIMIT_NOFILE, &limit) ? before : limit.rlim_max);
}
