/* SPDX-License-Identifier: Apache-2.0
 *
 * The yardstick: the least that a server can do that acknowledges only what is on disk. It finds frames, appends them
 * to one file, calls fdatasync and answers AA. No parsing, no index, no compression, no delivery. What the engine
 * reaches is read as a share of this figure, taken on the same disk in the same minutes.
 *
 *	commit --file FILE [--port N]
 *
 * One thread reads and answers sockets, one commits; a commit takes everything that came in during the one before.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/file.h"
#include "util.h"

/* Messages on their way to the disk: their bytes and the answers they will get. */
struct answer {
	int fd;
	char id[BENCH_ID];
};
struct batch {
	struct aff_buf bytes, answers; /* answers: struct answer after struct answer */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static struct batch filling;     /* io thread puts, committer takes; under the lock */
static struct aff_buf done;      /* answers whose messages are durable; under the lock */
static int wake;                 /* eventfd: done has something */

static void *commit_loop(void *arg)
{
	const int fd = *(const int *)arg;
	struct batch mine = {.bytes = {.max = SIZE_MAX / 2}, .answers = {.max = SIZE_MAX / 2}};
	for (;;) {
		pthread_mutex_lock(&lock);
		while (filling.answers.n == 0)
			pthread_cond_wait(&filled, &lock);
		struct batch empty = mine;
		mine = filling;
		filling = empty;
		pthread_mutex_unlock(&lock);
		if (file_write_all(fd, mine.bytes.p, mine.bytes.n) != 0 || fdatasync(fd) != 0)
			bench_die("fdatasync");
		pthread_mutex_lock(&lock);
		aff_buf_put(&done, mine.answers.p, mine.answers.n);
		pthread_mutex_unlock(&lock);
		eventfd_write(wake, 1);
		aff_buf_clear(&mine.bytes);
		aff_buf_clear(&mine.answers);
	}
	return NULL;
}

static void send_answers(struct aff_buf *mine)
{
	eventfd_t value;
	eventfd_read(wake, &value);
	pthread_mutex_lock(&lock);
	struct aff_buf empty = *mine;
	*mine = done;
	done = empty;
	pthread_mutex_unlock(&lock);
	for (size_t at = 0; at < mine->n; at += sizeof(struct answer)) {
		struct answer a;
		char text[256];
		memcpy(&a, mine->p + at, sizeof a);
		int n = snprintf(text, sizeof text,
		                 "\x0bMSH|^~\\&|EHR|HOSP|BED|WARD|20260101000000||ACK^R01^ACK|1|P|2.6\r"
		                 "MSA|AA|%.*s\r\x1c\r", BENCH_ID, a.id);
		send(a.fd, text, (size_t)n, MSG_NOSIGNAL); /* a peer that has left meanwhile misses its answer */
	}
	aff_buf_clear(mine);
}

/* MSH-10 of a message whose MSH-1 is "|": enough for what load sends. */
static void on_frame(struct bench_connection *c, struct aff_view frame)
{
	struct answer a = {.fd = c->stream.fd};
	const char *p = frame.p, *end = frame.p + frame.n;
	for (int field = 1; field < 10 && p; field++) {
		p = memchr(p, '|', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p || end - p < BENCH_ID)
		return;
	memcpy(a.id, p, BENCH_ID);
	pthread_mutex_lock(&lock);
	aff_buf_put_view(&filling.bytes, frame);
	aff_buf_put(&filling.answers, (const char *)&a, sizeof a);
	pthread_cond_signal(&filled);
	pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
	const char *path = bench_text(argc, argv, "file", NULL);
	int log = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600) : -1;
	if (log < 0)
		bench_die("--file");
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	aff_buf_init(&filling.bytes, SIZE_MAX / 2);
	aff_buf_init(&filling.answers, SIZE_MAX / 2);
	aff_buf_init(&done, SIZE_MAX / 2);
	struct aff_buf sending;
	aff_buf_init(&sending, SIZE_MAX / 2);
	pthread_t committer;
	if (epoll < 0 || wake < 0 || pthread_create(&committer, NULL, commit_loop, &log) != 0)
		bench_die("commit");
	int listener = bench_listen((uint16_t)bench_number(argc, argv, "port", 0));
	struct epoll_event l = {.events = EPOLLIN, .data.ptr = &listener}, w = {.events = EPOLLIN, .data.ptr = &wake};
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &l);
	epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &w);
	for (;;) { /* until SIGTERM */
		struct epoll_event events[256];
		int n = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < n; i++) {
			void *who = events[i].data.ptr;
			if (who == &wake)
				send_answers(&sending);
			else if (who == &listener)
				bench_accept(epoll, listener);
			else if (!bench_receive(who, on_frame))
				bench_close(who);
		}
	}
}
