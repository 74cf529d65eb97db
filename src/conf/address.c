/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses and URLs of listeners and destinations.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "conf/reader.h"

/* Splits "127.0.0.1:2575" or "[::1]:2575" at the colon before the port. */
static bool split(struct aff_view v, struct aff_view *host, struct aff_view *port)
{
	size_t colon = v.n;
	while (colon && v.p[colon - 1] != ':')
		colon--;
	if (!colon)
		return false;
	*port = aff_view(v.p + colon, v.n - colon);
	*host = aff_view(v.p, colon - 1);
	bool bracketed = host->n > 2 && host->p[0] == '[' && host->p[host->n - 1] == ']';
	if (bracketed)
		*host = aff_view(host->p + 1, host->n - 2);
	return bracketed || !memchr(host->p, ':', host->n);
}

/* Writes the host in its one usual spelling. */
static bool numeric(struct aff_view host, char out[64])
{
	unsigned char bytes[16];
	char text[64];
	if (host.n >= sizeof text)
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(family, text, bytes) == 1 && inet_ntop(family, bytes, out, 64);
}

bool get_address(struct reader *r, const struct fields *f, enum key_id key, struct conf_address *out)
{
	const struct node *n = f->value[key];
	struct aff_view host, port;
	uint64_t number;
	char word[SHOWN_SIZE];
	if (!n)
		return false;
	if (!split(n->text, &host, &port)) {
		report_error(&r->report, n->at, "write 127.0.0.1:2575 or [::1]:2575", "'%s' is no address with a port",
		             shown(word, n->text));
		return false;
	}
	int rc = number_u64(port, 65535, &number);
	if (rc == AFF_EDATATYPE) {
		report_error(&r->report, n->at, "write 127.0.0.1:2575 or [::1]:2575", "'%s' is no address with a port",
		             shown(word, n->text));
		return false;
	}
	if (rc || !number) {
		report_error(&r->report, node_place(n, (size_t)(port.p - n->text.p)), NULL,
		             "the port must be in 1..65535");
		return false;
	}
	if (!numeric(host, out->host)) {
		const char *hint = aff_view_is(host, "localhost") ? "write 127.0.0.1" : "names are not looked up";
		report_error(&r->report, n->at, hint, "'%s' is no numeric address", shown(word, host));
		return false;
	}
	out->port = (uint16_t)number;
	return true;
}

bool address_is_loopback(const struct conf_address *a)
{
	return !strncmp(a->host, "127.", 4) || !strcmp(a->host, "::1");
}

bool address_is_any(const struct conf_address *a)
{
	return !strcmp(a->host, "0.0.0.0") || !strcmp(a->host, "::");
}

bool is_uri_character(char c)
{
	return c > ' ' && c < 0x7f && !strchr("<>\"\\^`{|}", c);
}

static bool starts_with(struct aff_view v, const char *text)
{
	size_t n = strlen(text);
	return v.n > n && !memcmp(v.p, text, n);
}

/* What is wrong with a URL; NULL when nothing is. *at: where. */
static const char *url_fault(struct aff_view url, size_t *at)
{
	size_t scheme = starts_with(url, "http://") ? 7 : starts_with(url, "https://") ? 8 : 0;
	*at = 0;
	if (!scheme)
		return "a URL starts with http:// or https:// and a host";
	for (size_t i = 0; i < url.n; i++) {
		*at = i;
		if (!is_uri_character(url.p[i]))
			return "this character cannot stand in a URL";
		if (url.p[i] == '?' || url.p[i] == '#')
			return "a base URL has no query and no fragment";
	}
	const char *slash = memchr(url.p + scheme, '/', url.n - scheme);
	struct aff_view place = aff_view(url.p + scheme, slash ? (size_t)(slash - url.p) - scheme : url.n - scheme);
	*at = scheme;
	if (memchr(place.p, '@', place.n))
		return "user and password must not stand in the URL";
	const char *bracket = place.n && place.p[0] == '[' ? memchr(place.p, ']', place.n) : NULL;
	size_t skip = bracket ? (size_t)(bracket - place.p) : 0;
	const char *colon = memchr(place.p + skip, ':', place.n - skip);
	size_t host = colon ? (size_t)(colon - place.p) : place.n;
	uint64_t port;
	if (!host)
		return "the host is missing";
	if (!colon)
		return NULL;
	*at = scheme + host + 1;
	if (number_u64(aff_view(colon + 1, place.n - host - 1), 65535, &port) || !port)
		return "the port must be in 1..65535";
	return NULL;
}

char *get_url(struct reader *r, const struct fields *f, enum key_id key)
{
	const struct node *n = f->value[key];
	size_t at;
	if (!n)
		return NULL;
	const char *fault = url_fault(n->text, &at);
	if (fault) {
		report_error(&r->report, node_place(n, at), "write it as http://127.0.0.1:8080/fhir", "%s", fault);
		return NULL;
	}
	struct aff_view url = n->text;
	while (url.p[url.n - 1] == '/')
		url.n--;
	return keep_text(r, url);
}

void add_endpoint(struct reader *r, struct endpoints *e, const struct conf_address *address, struct place at)
{
	struct endpoint *items = realloc(e->items, (e->count + 1) * sizeof *items);
	if (!items) {
		r->report.error = AFF_ENOMEM;
		return;
	}
	e->items = items;
	items[e->count++] = (struct endpoint){*address, r->report.file, at};
}

void add_url_endpoint(struct reader *r, const char *url, const struct node *n)
{
	struct conf_address to;
	struct aff_view host, port;
	uint64_t number;
	if (!url || !n)
		return;
	bool tls = !strncmp(url, "https://", 8);
	const char *place = url + (tls ? 8 : 7);
	struct aff_view whole = aff_view(place, strcspn(place, "/"));
	bool with_port = split(whole, &host, &port);
	if (!with_port) {
		host = whole;
		port = aff_view_of(tls ? "443" : "80");
		if (host.n > 2 && host.p[0] == '[')
			host = aff_view(host.p + 1, host.n - 2);
	}
	if (aff_view_is(host, "localhost"))
		host = aff_view_of("127.0.0.1");
	if (number_u64(port, 65535, &number) || !numeric(host, to.host))
		return; /* a name: what it stands for is not known here */
	to.port = (uint16_t)number;
	add_endpoint(r, &r->receivers, &to, n->at);
}

/* Whether what is sent to `to` arrives at the listener `on`. */
static bool reaches(const struct conf_address *to, const struct conf_address *on)
{
	return to->port == on->port && (!strcmp(to->host, on->host) || (address_is_any(on) && address_is_loopback(to)));
}

static bool collide(const struct conf_address *a, const struct conf_address *b)
{
	return a->port == b->port && (!strcmp(a->host, b->host) || address_is_any(a) || address_is_any(b));
}

static void check_listener(struct reader *r, size_t i)
{
	const struct endpoint *on = &r->listeners.items[i];
	for (size_t k = 0; k < i; k++) {
		const struct endpoint *other = &r->listeners.items[k];
		r->report.file = on->file;
		if (!collide(&on->address, &other->address))
			continue;
		report_error(&r->report, on->at, "give one of them another port", "%s line %u listens on %s:%u too",
		             other->file, other->at.line, other->address.host, other->address.port);
		break;
	}
	for (size_t k = 0; k < r->receivers.count; k++) {
		const struct endpoint *to = &r->receivers.items[k];
		r->report.file = to->file;
		if (reaches(&to->address, &on->address))
			report_error(&r->report, to->at, "send to the receiver's port",
			             "a loop: this is the engine's own listener, %s line %u", on->file, on->at.line);
	}
	for (size_t k = 0; k < r->dialed.count; k++) {
		const struct endpoint *to = &r->dialed.items[k];
		r->report.file = to->file;
		if (reaches(&to->address, &on->address))
			report_error(&r->report, to->at, "connect to the device's port",
			             "this is the engine's own listener, %s line %u, which sends nothing", on->file,
			             on->at.line);
	}
}

void check_endpoints(struct reader *r)
{
	for (size_t i = 0; i < r->listeners.count; i++)
		check_listener(r, i);
	for (size_t i = 0; i < r->dialed.count; i++) {
		const struct endpoint *to = &r->dialed.items[i];
		for (size_t k = 0; k < i; k++) {
			const struct endpoint *other = &r->dialed.items[k];
			r->report.file = to->file;
			if (to->address.port == other->address.port && !strcmp(to->address.host, other->address.host))
				report_warning(&r->report, to->at, "one channel with several destinations is enough",
				               "%s line %u connects to this device too: what it sends may come twice",
				               other->file, other->at.line);
		}
	}
}
