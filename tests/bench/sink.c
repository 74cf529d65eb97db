/* SPDX-License-Identifier: Apache-2.0
 *
 * An MLLP receiver that answers AA to everything: the destination that keeps up. One thread.
 *
 *	sink [--port N]        prints "listening N", then "frames N" at each SIGUSR1 and at its end (SIGTERM)
 */
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <afferent/ack.h>

#include "util.h"

static struct aff_msg *parser;
static struct aff_buf answer, out;
static uint64_t frames;

static void on_frame(struct bench_connection *c, struct aff_view frame)
{
	(void)c;
	const struct aff_ack ack = {
		.code = AFF_AA, .control_id = aff_view_of("SINK"), .time = aff_view_of("20260101000000"),
	};
	aff_buf_clear(&answer);
	if (aff_msg_parse(parser, frame.p, frame.n, 0, NULL) == 0 && aff_ack_build(&answer, parser, &ack) == 0)
		aff_mllp_put(&out, aff_buf_view(&answer));
	frames++;
}

/* All answers of one read leave in one write. */
static bool serve(struct bench_connection *c)
{
	aff_buf_clear(&out);
	return bench_receive(c, on_frame) && send(c->stream.fd, out.p, out.n, MSG_NOSIGNAL) == (ssize_t)out.n;
}

static void say_frames(void)
{
	printf("frames %llu\n", (unsigned long long)frames);
	fflush(stdout);
}

/* true: time to end. */
static bool on_signal(int signals)
{
	struct signalfd_siginfo info;
	if (read(signals, &info, sizeof info) != (ssize_t)sizeof info)
		return false;
	say_frames();
	return info.ssi_signo != SIGUSR1;
}

int main(int argc, char **argv)
{
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	int signals = signalfd(-1, &mask, SFD_CLOEXEC), epoll = epoll_create1(EPOLL_CLOEXEC);
	if (signals < 0 || epoll < 0 || aff_msg_new(&parser, NULL) != 0)
		bench_die("sink");
	aff_buf_init(&answer, 1 << 16);
	aff_buf_init(&out, 1 << 24);
	int listener = bench_listen((uint16_t)bench_number(argc, argv, "port", 0));
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = &listener};
	struct epoll_event s = {.events = EPOLLIN, .data.ptr = &signals};
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
	epoll_ctl(epoll, EPOLL_CTL_ADD, signals, &s);
	for (;;) {
		struct epoll_event events[64];
		int n = epoll_wait(epoll, events, 64, -1);
		for (int i = 0; i < n; i++) {
			void *who = events[i].data.ptr;
			if (who == &signals) {
				if (on_signal(signals))
					return 0;
			} else if (who == &listener) {
				bench_accept(epoll, listener);
			} else if (!serve(who)) {
				bench_close(who);
			}
		}
	}
}
