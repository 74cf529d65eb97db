/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bench programs share: the clock, message templates with a control id that changes, latencies, their command
 * lines.
 */
#ifndef BENCH_UTIL_H
#define BENCH_UTIL_H

#include <afferent/mllp.h>

#include "net/stream.h"

uint64_t bench_now_ns(void);

/* Prints "program: text: errno" and exits with 2. */
void bench_die(const char *text) __attribute__((noreturn));

/* "--name value" pairs: the value of --name as a number, or `otherwise`. Exits with 2 on anything that is no number. */
uint64_t bench_number(int argc, char **argv, const char *name, uint64_t otherwise);
/* The same as text. */
const char *bench_text(int argc, char **argv, const char *name, const char *otherwise);

/* Reads a message file; line feeds become carriage returns. Exits on failure. The caller frees out. */
void bench_read_message(const char *path, struct aff_buf *out);

/* A framed message whose MSH-10 is a number of BENCH_ID digits, written anew for each send. The last digits of its
 * readings (OBX-5 of type NM) and times (OBX-14) change with it: a message that is always the same compresses better
 * than any real one. */
#define BENCH_ID 20
#define BENCH_SPOTS 64
struct bench_message {
	struct aff_buf framed;
	size_t id_at;
	size_t spots[BENCH_SPOTS], nspots;
};
void bench_message_init(struct bench_message *m, struct aff_view message);
void bench_message_number(struct bench_message *m, uint64_t number);
/* Its patient, PID-3.1, in the digits that are there. */
void bench_message_patient(struct bench_message *m, unsigned patient);
struct aff_view bench_message_id(const struct bench_message *m);

/* Latencies in microseconds. */
struct bench_latency {
	uint32_t *us;
	size_t n, capacity;
};
void bench_latency_add(struct bench_latency *l, uint64_t ns);
/* Call once, after the last add and before the percentiles. */
void bench_latency_sort(struct bench_latency *l);
/* In milliseconds, q from 0 to 1; 0 when there are none. */
double bench_latency_ms(const struct bench_latency *l, double q);

/* A listening socket on 127.0.0.1; prints "listening PORT" on a line of its own. port 0: any. */
int bench_listen(uint16_t port);
int bench_dial(uint16_t port);

/* A connection of a server, in an epoll set. */
struct bench_connection {
	struct net_stream stream;
	struct aff_mllp framer;
	struct aff_buf in;
};
/* Accepts one from the listener and adds it to the epoll set, which hands back its address. */
void bench_accept(int epoll, int listener);
/* Reads what has arrived and calls on_frame for each message. false: the connection is over, call bench_close. */
bool bench_receive(struct bench_connection *c, void (*on_frame)(struct bench_connection *c, struct aff_view frame));
void bench_close(struct bench_connection *c);

#endif
