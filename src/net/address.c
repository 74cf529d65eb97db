/* SPDX-License-Identifier: Apache-2.0
 *
 * Numeric socket addresses. IPv4 addresses that arrive mapped into IPv6 are turned back into IPv4 where they are
 * made, so that one peer has one spelling.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/number.h"

#define HOST_SIZE 64

static const struct sockaddr_in *as_v4(const struct net_address *a)
{
	return (const struct sockaddr_in *)(const void *)&a->storage;
}

static const struct sockaddr_in6 *as_v6(const struct net_address *a)
{
	return (const struct sockaddr_in6 *)(const void *)&a->storage;
}

static void make_v4(struct net_address *out, struct in_addr host, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = host};
	memset(out, 0, sizeof *out);
	memcpy(&out->storage, &v4, sizeof v4);
	out->size = sizeof v4;
}

static void make_v6(struct net_address *out, const struct in6_addr *host, uint16_t port)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = *host};
	memset(out, 0, sizeof *out);
	memcpy(&out->storage, &v6, sizeof v6);
	out->size = sizeof v6;
}

static int make(struct net_address *out, struct aff_view host, uint16_t port)
{
	char text[HOST_SIZE];
	struct in_addr v4;
	struct in6_addr v6;
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = aff_view(host.p + 1, host.n - 2);
	if (host.n == 0 || host.n >= sizeof text || memchr(host.p, '\0', host.n))
		return AFF_EARGUMENT;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1) {
		make_v4(out, v4, port);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return AFF_EARGUMENT;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		memcpy(&v4, &v6.s6_addr[12], sizeof v4);
		make_v4(out, v4, port);
	} else {
		make_v6(out, &v6, port);
	}
	return 0;
}

int net_address_make(struct net_address *out, const char *host, uint16_t port, struct aff_diag *diag)
{
	if (!make(out, aff_view_of(host), port))
		return 0;
	aff_diag_set(diag, AFF_EARGUMENT, "'%s' is not a numeric address", host);
	aff_diag_hint(diag, "write it like 127.0.0.1 or ::1; names are not looked up");
	return AFF_EARGUMENT;
}

int net_address_parse(struct net_address *out, struct aff_view text, struct aff_diag *diag)
{
	size_t colon = text.n; /* behind it; 0: there is none */
	uint64_t port = 0;
	bool good = false;
	while (colon && text.p[colon - 1] != ':')
		colon--;
	if (colon) {
		struct aff_view host = aff_view(text.p, colon - 1);
		struct aff_view digits = aff_view(text.p + colon, text.n - colon);
		/* A bare IPv6 address has colons of its own: without brackets its end and the port's start cannot be
		 * told apart. */
		bool bare_v6 = memchr(host.p, ':', host.n) && host.p[0] != '[';
		good = !bare_v6 && !number_u64(digits, UINT16_MAX, &port) && !make(out, host, (uint16_t)port);
	}
	if (good)
		return 0;
	aff_diag_set(diag, AFF_EARGUMENT, "'%.*s' is not an address with a port", (int)(text.n < 80 ? text.n : 80),
		     text.p);
	aff_diag_hint(diag, "write it like 127.0.0.1:2575 or [::1]:2575; names are not looked up");
	return AFF_EARGUMENT;
}

const char *net_address_format(const struct net_address *a, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";
	if (a->storage.ss_family == AF_INET) {
		inet_ntop(AF_INET, &as_v4(a)->sin_addr, host, sizeof host);
		snprintf(buf, size, "%s:%u", host, (unsigned)net_address_port(a));
	} else if (a->storage.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &as_v6(a)->sin6_addr, host, sizeof host);
		snprintf(buf, size, "[%s]:%u", host, (unsigned)net_address_port(a));
	} else {
		snprintf(buf, size, "?");
	}
	return buf;
}

uint16_t net_address_port(const struct net_address *a)
{
	return a->storage.ss_family == AF_INET6 ? ntohs(as_v6(a)->sin6_port) : ntohs(as_v4(a)->sin_port);
}

bool net_address_is_loopback(const struct net_address *a)
{
	if (a->storage.ss_family == AF_INET)
		return ntohl(as_v4(a)->sin_addr.s_addr) >> 24 == 127;
	return a->storage.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&as_v6(a)->sin6_addr);
}

bool net_address_same_host(const struct net_address *a, const struct net_address *b)
{
	if (a->storage.ss_family != b->storage.ss_family)
		return false;
	if (a->storage.ss_family == AF_INET)
		return as_v4(a)->sin_addr.s_addr == as_v4(b)->sin_addr.s_addr;
	return memcmp(&as_v6(a)->sin6_addr, &as_v6(b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}
