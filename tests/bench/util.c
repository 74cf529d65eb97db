/* SPDX-License-Identifier: Apache-2.0
 *
 * See util.h. Bench programs have nobody to report errors to but a terminal, so they exit on the first one.
 */
#include "util.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include <afferent/error.h>
#include <afferent/msg.h>

#include "base/number.h"
#include "net/dial.h"
#include "net/listen.h"
#include "sys/file.h"

uint64_t bench_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void bench_die(const char *text)
{
	perror(text);
	exit(2);
}

const char *bench_text(int argc, char **argv, const char *name, const char *otherwise)
{
	for (int i = 1; i + 1 < argc; i += 2)
		if (strncmp(argv[i], "--", 2) == 0 && strcmp(argv[i] + 2, name) == 0)
			return argv[i + 1];
	return otherwise;
}

uint64_t bench_number(int argc, char **argv, const char *name, uint64_t otherwise)
{
	const char *text = bench_text(argc, argv, name, NULL);
	uint64_t number = otherwise;
	if (text && number_u64(aff_view_of(text), UINT64_MAX, &number) != 0) {
		fprintf(stderr, "--%s: not a number: %s\n", name, text);
		exit(2);
	}
	return number;
}

void bench_read_message(const char *path, struct aff_buf *out)
{
	aff_buf_init(out, 1 << 20);
	if (file_read(path, out, NULL) != 0)
		bench_die(path);
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '\n')
			out->p[i] = '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void parse(struct aff_msg **m, struct aff_view message)
{
	if (aff_msg_new(m, NULL) != 0 || aff_msg_parse(*m, message.p, message.n, 0, NULL) != 0)
		bench_die("the message cannot be parsed");
}

/* The last digit of the first 14 characters of a field; a time's zone stays. */
static void add_spot(struct bench_message *m, struct aff_view field)
{
	size_t n = field.n < 14 ? field.n : 14;
	while (n && !is_digit(field.p[n - 1]))
		n--;
	if (n && m->nspots < BENCH_SPOTS)
		m->spots[m->nspots++] = (size_t)(field.p + n - 1 - m->framed.p);
}

static void find_spots(struct bench_message *m)
{
	struct aff_msg *parsed;
	parse(&parsed, aff_view(m->framed.p + 1, m->framed.n - 3));
	m->nspots = 0;
	for (unsigned s = aff_msg_find(parsed, "OBX", 1); s != AFF_NONE; s = aff_msg_find(parsed, "OBX", s + 1)) {
		if (aff_view_is(aff_msg_field(parsed, s, 2), "NM"))
			add_spot(m, aff_msg_field(parsed, s, 5));
		add_spot(m, aff_msg_field(parsed, s, 14));
	}
	aff_msg_free(parsed);
}

void bench_message_init(struct bench_message *m, struct aff_view message)
{
	struct aff_msg *parsed;
	parse(&parsed, message);
	struct aff_view id = aff_msg_field(parsed, 0, 10);
	size_t before = (size_t)(id.p - message.p);
	struct aff_buf with_id;
	aff_buf_init(&with_id, message.n + BENCH_ID);
	aff_buf_put(&with_id, message.p, before);
	aff_buf_put(&with_id, "00000000000000000000", BENCH_ID);
	aff_buf_put(&with_id, id.p + id.n, message.n - before - id.n);
	aff_buf_init(&m->framed, with_id.max + 3);
	aff_mllp_put(&m->framed, aff_buf_view(&with_id));
	if (m->framed.error || with_id.error)
		bench_die("the message does not fit");
	m->id_at = before + 1;
	find_spots(m);
	aff_buf_free(&with_id);
	aff_msg_free(parsed);
}

static void put_digits(char *to, size_t n, uint64_t number)
{
	for (size_t i = n; i-- > 0; number /= 10)
		to[i] = (char)('0' + number % 10);
}

void bench_message_number(struct bench_message *m, uint64_t number)
{
	uint64_t random = number;
	put_digits(m->framed.p + m->id_at, BENCH_ID, number);
	for (size_t i = 0; i < m->nspots; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		m->framed.p[m->spots[i]] = (char)('0' + (random >> 33) % 10);
	}
}

void bench_message_patient(struct bench_message *m, unsigned patient)
{
	struct aff_msg *parsed;
	parse(&parsed, aff_view(m->framed.p + 1, m->framed.n - 3));
	unsigned pid = aff_msg_find(parsed, "PID", 1);
	struct aff_view id = pid == AFF_NONE ? aff_view("", 0) : aff_msg_get(parsed, pid, 3, 1, 1, 0);
	if (id.n)
		put_digits(m->framed.p + (id.p - m->framed.p), id.n, patient);
	aff_msg_free(parsed);
}

struct aff_view bench_message_id(const struct bench_message *m)
{
	return aff_view(m->framed.p + m->id_at, BENCH_ID);
}

void bench_latency_add(struct bench_latency *l, uint64_t ns)
{
	if (l->n == l->capacity) {
		l->capacity = l->capacity ? l->capacity * 2 : 1 << 16;
		l->us = realloc(l->us, l->capacity * sizeof *l->us);
		if (!l->us)
			bench_die("latencies");
	}
	uint64_t us = ns / 1000;
	l->us[l->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

void bench_latency_sort(struct bench_latency *l)
{
	if (l->n)
		qsort(l->us, l->n, sizeof *l->us, compare);
}

double bench_latency_ms(const struct bench_latency *l, double q)
{
	if (!l->n)
		return 0;
	return l->us[(size_t)(q * (double)(l->n - 1) + 0.5)] / 1000.0;
}

static void loopback(struct net_address *a, uint16_t port)
{
	if (net_address_make(a, "127.0.0.1", port, NULL) != 0)
		bench_die("127.0.0.1");
}

int bench_listen(uint16_t port)
{
	struct net_address a;
	loopback(&a, port);
	int fd = net_listen(&a, false, NULL);
	if (fd < 0 || net_listen_address(fd, &a) != 0)
		bench_die("listen");
	printf("listening %u\n", net_address_port(&a));
	fflush(stdout);
	return fd;
}

int bench_dial(uint16_t port)
{
	struct net_address a;
	loopback(&a, port);
	int fd = net_dial(&a, NULL);
	if (fd < 0)
		bench_die("connect");
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	while (poll(&p, 1, 5000) < 0 && errno == EINTR)
		;
	if (net_dial_finish(fd, &a, NULL) != 0)
		bench_die("connect");
	return fd;
}

void bench_accept(int epoll, int listener)
{
	struct net_address peer;
	int fd = net_accept(listener, &peer);
	if (fd == AFF_EAGAIN)
		return;
	struct bench_connection *c = calloc(1, sizeof *c);
	if (fd < 0 || !c)
		bench_die("accept");
	net_stream_init(&c->stream, fd);
	aff_mllp_init(&c->framer, 1 << 24, 1 << 16);
	aff_buf_init(&c->in, 1 << 25);
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
		bench_die("epoll_ctl");
}

bool bench_receive(struct bench_connection *c, void (*on_frame)(struct bench_connection *c, struct aff_view frame))
{
	int rc = net_stream_read(&c->stream, &c->in, 65536);
	if (rc != 0)
		return rc == AFF_EAGAIN;
	size_t done = 0, consumed;
	struct aff_view frame;
	while ((rc = aff_mllp_next(&c->framer, c->in.p + done, c->in.n - done, &frame, &consumed)) == 1) {
		on_frame(c, frame);
		done += consumed;
	}
	done += consumed;
	memmove(c->in.p, c->in.p + done, c->in.n - done);
	c->in.n -= done;
	return rc == 0;
}

void bench_close(struct bench_connection *c)
{
	net_stream_close(&c->stream);
	aff_buf_free(&c->in);
	free(c);
}
