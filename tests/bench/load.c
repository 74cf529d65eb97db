/* SPDX-License-Identifier: Apache-2.0
 *
 * An MLLP load generator: one thread, one message in flight a connection, every MSH-10 new, every answer checked.
 *
 *	load --port N --connections N --seconds N [--warm-ms N] [--rate N] [--first N] --message FILE
 *
 * Without --rate the loop is closed: a connection sends when its answer has come. With --rate it is open: messages are
 * due at fixed times and latency counts from when a message was due, so a server that stalls cannot hide it by slowing
 * the sender.
 * Prints "measuring" when it is warm, one JSON object at the end. Exits with 1 when an answer was wrong or missing.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define MAX_CONNECTIONS 4096
#define ANSWER_SIZE 4096

struct connection {
	int fd;
	bool busy, open;
	uint64_t due; /* when its message was sent or should have been */
	size_t sent;  /* bytes of it */
	size_t got;   /* bytes of the answer */
	struct bench_message message;
	char answer[ANSWER_SIZE];
};

struct load {
	struct connection *connections;
	unsigned count, open;
	unsigned idle[MAX_CONNECTIONS], idle_head, idle_count; /* a ring: all connections get their turn */
	int epoll;
	uint64_t next_number, next_due, gap;
	uint64_t measure_from, end;
	bool measuring;
	uint64_t sent, acked, refused, wrong, lost;
	struct bench_latency latency;
};

static void make_idle(struct load *l, struct connection *c)
{
	c->busy = false;
	l->idle[(l->idle_head + l->idle_count++) % MAX_CONNECTIONS] = (unsigned)(c - l->connections);
}

static void lose(struct load *l, struct connection *c)
{
	close(c->fd);
	c->open = false;
	l->open--;
	l->lost++;
}

static void watch(struct load *l, struct connection *c, uint32_t events, int operation)
{
	struct epoll_event e = {.events = events, .data.ptr = c};
	if (epoll_ctl(l->epoll, operation, c->fd, &e) != 0)
		bench_die("epoll_ctl");
}

/* Sends what is left of the connection's message. */
static void push(struct load *l, struct connection *c)
{
	const struct aff_buf *m = &c->message.framed;
	ssize_t n = send(c->fd, m->p + c->sent, m->n - c->sent, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		lose(l, c);
		return;
	}
	bool was_partial = c->sent > 0;
	c->sent += n > 0 ? (size_t)n : 0;
	if (c->sent < m->n)
		watch(l, c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
	else if (was_partial)
		watch(l, c, EPOLLIN, EPOLL_CTL_MOD);
}

static void start_message(struct load *l, uint64_t due)
{
	struct connection *c = &l->connections[l->idle[l->idle_head]];
	l->idle_head = (l->idle_head + 1) % MAX_CONNECTIONS;
	l->idle_count--;
	if (!c->open)
		return;
	bench_message_number(&c->message, l->next_number++);
	c->busy = true;
	c->due = due;
	c->sent = c->got = 0;
	l->sent++;
	push(l, c);
}

static void check_answer(struct load *l, struct connection *c, uint64_t now)
{
	static const char msa[] = "\rMSA|";
	struct aff_view id = bench_message_id(&c->message);
	const char *found = memmem(c->answer, c->got, msa, sizeof msa - 1);
	const char *end = c->answer + c->got;
	if (!found || found + sizeof msa + 2 + id.n > end) {
		l->wrong++;
		return;
	}
	const char *code = found + sizeof msa - 1;
	if (memcmp(code + 3, id.p, id.n) != 0)
		l->wrong++;
	else if (code[1] != 'A')
		l->refused++;
	else if (now >= l->measure_from) {
		l->acked++;
		bench_latency_add(&l->latency, now - c->due);
	}
}

static void receive(struct load *l, struct connection *c)
{
	ssize_t n = recv(c->fd, c->answer + c->got, sizeof c->answer - c->got, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || !c->busy) {
		lose(l, c);
		return;
	}
	c->got += (size_t)n;
	if (c->got < 2 || memcmp(c->answer + c->got - 2, "\x1c\r", 2) != 0) {
		if (c->got == sizeof c->answer)
			lose(l, c);
		return;
	}
	check_answer(l, c, bench_now_ns());
	make_idle(l, c);
}

/* Starts what is due; returns how long to wait for events, in ns. */
static uint64_t start_due(struct load *l)
{
	uint64_t now = bench_now_ns();
	while (l->idle_count > 0 && now < l->end && (!l->gap || l->next_due <= now)) {
		start_message(l, l->gap ? l->next_due : now);
		l->next_due += l->gap;
	}
	uint64_t until = l->gap && l->idle_count > 0 && l->next_due < l->end ? l->next_due : l->end;
	now = bench_now_ns();
	return until > now ? until - now : 0;
}

static void tell_when_warm(struct load *l, uint64_t now)
{
	if (l->measuring || now < l->measure_from)
		return;
	l->measuring = true;
	puts("measuring");
	fflush(stdout);
}

static void run(struct load *l)
{
	while (l->open > 0) {
		uint64_t wait = start_due(l), now = bench_now_ns();
		tell_when_warm(l, now);
		if (now >= l->end)
			break;
		struct epoll_event events[256];
		struct timespec t = {.tv_sec = (time_t)(wait / 1000000000u), .tv_nsec = (long)(wait % 1000000000u)};
		int n = epoll_pwait2(l->epoll, events, 256, &t, NULL);
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;
			if (c->open && (events[i].events & EPOLLOUT))
				push(l, c);
			if (c->open && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
				receive(l, c);
		}
	}
}

static void open_connections(struct load *l, uint16_t port, struct aff_view message)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->connections = calloc(l->count, sizeof *l->connections);
	if (l->epoll < 0 || !l->connections)
		bench_die("connections");
	for (unsigned i = 0; i < l->count; i++) {
		struct connection *c = &l->connections[i];
		c->fd = bench_dial(port);
		c->open = true;
		bench_message_init(&c->message, message);
		bench_message_patient(&c->message, i);
		watch(l, c, EPOLLIN, EPOLL_CTL_ADD);
		make_idle(l, c);
	}
	l->open = l->count;
}

static void report(const struct load *l, double seconds)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {{"connections", l->count},
		      {"sent", l->sent},
		      {"acked", l->acked},
		      {"refused", l->refused},
		      {"wrong", l->wrong},
		      {"lost", l->lost},
		      {"bytes", l->connections[0].message.framed.n - 3}};
	static const struct {
		const char *name;
		double q;
	} quantiles[] = {{"p50_ms", 0.5}, {"p90_ms", 0.9}, {"p99_ms", 0.99}, {"p999_ms", 0.999}, {"max_ms", 1}};
	printf("{\"seconds\": %.3f, \"rate\": %.1f", seconds, (double)l->acked / seconds);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		printf(", \"%s\": %llu", counts[i].name, (unsigned long long)counts[i].n);
	for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
		printf(", \"%s\": %.3f", quantiles[i].name, bench_latency_ms(&l->latency, quantiles[i].q));
	printf("}\n");
}

int main(int argc, char **argv)
{
	struct load l = {.count = (unsigned)bench_number(argc, argv, "connections", 1)};
	uint64_t rate = bench_number(argc, argv, "rate", 0), seconds = bench_number(argc, argv, "seconds", 5);
	uint64_t warm = bench_number(argc, argv, "warm-ms", 0) * 1000000u;
	const char *path = bench_text(argc, argv, "message", NULL);
	if (!path || l.count < 1 || l.count > MAX_CONNECTIONS || seconds < 1) {
		fprintf(stderr, "usage: load --port N --connections N --seconds N [--warm-ms N] [--rate N] [--first N] "
				"--message FILE\n");
		return 2;
	}
	struct aff_buf message;
	bench_read_message(path, &message);
	open_connections(&l, (uint16_t)bench_number(argc, argv, "port", 2575), aff_buf_view(&message));
	l.next_number = bench_number(argc, argv, "first", (uint64_t)time(NULL) * 1000000000u);
	l.gap = rate ? 1000000000u / rate : 0;
	l.next_due = bench_now_ns();
	l.measure_from = l.next_due + warm;
	l.end = l.measure_from + seconds * 1000000000u;
	run(&l);
	double measured = (double)(bench_now_ns() - l.measure_from) / 1e9;
	bench_latency_sort(&l.latency);
	report(&l, measured);
	return l.wrong || l.refused || l.lost ? 1 : 0;
}
