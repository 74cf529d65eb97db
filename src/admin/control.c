/* SPDX-License-Identifier: Apache-2.0
 *
 * Thread: control.
 * Owns    the listening UNIX socket and the one connection it serves at a time.
 * Wakes   by a connection or by its stop event.
 * Blocks  on its socket for two seconds at most, and for as long as a command takes.
 */
#include "admin/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"
#include "sys/file.h"

#define COMMAND_MAX 256
#define ANSWER_MAX (16u << 20)
#define PEER_MS 2000

struct control {
	int listener, stop;
	pthread_t thread;
	control_fn *fn;
	void *arg;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

static int address_of(struct sockaddr_un *a, const char *path, struct aff_diag *diag)
{
	memset(a, 0, sizeof *a);
	a->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof a->sun_path) {
		aff_diag_set(diag, AFF_EARGUMENT, "the control socket's path is longer than %zu bytes",
			     sizeof a->sun_path - 1);
		aff_diag_hint(diag, "set `control` in afferent.yaml to a shorter one");
		return AFF_EARGUMENT;
	}
	memcpy(a->sun_path, path, strlen(path));
	return 0;
}

static void limit_waiting(int fd)
{
	struct timeval t = {.tv_sec = PEER_MS / 1000};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

/* The line without its end; what came behind it is left at *rest. Empty: there is none. */
static struct aff_view read_line(int fd, char line[COMMAND_MAX], struct aff_view *rest)
{
	size_t n = 0;
	while (n < COMMAND_MAX && !memchr(line, '\n', n)) {
		ssize_t got = read(fd, line + n, COMMAND_MAX - n);
		if (got <= 0)
			return aff_view("", 0);
		n += (size_t)got;
	}
	const char *end = memchr(line, '\n', n);
	if (!end)
		return aff_view("", 0);
	*rest = aff_view(end + 1, n - (size_t)(end + 1 - line));
	return aff_view(line, (size_t)(end - line));
}

static int read_body(int fd, struct aff_view rest, uint64_t length, struct aff_buf *body)
{
	char *to = aff_buf_reserve(body, length);
	if (!to || rest.n > length)
		return AFF_ELIMIT;
	aff_buf_put_view(body, rest);
	while (body->n < length) {
		ssize_t got = read(fd, to + body->n, length - body->n);
		if (got <= 0)
			return AFF_ECLOSED;
		body->n += (size_t)got;
	}
	return 0;
}

static bool is_allowed(int fd, struct control_request *request)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	request->uid = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid();
}

static void answer(const struct control *c, int fd, struct control_request *request, struct aff_buf *body)
{
	struct aff_buf out;
	aff_buf_init(&out, ANSWER_MAX);
	request->body = aff_buf_view(body);
	if (is_allowed(fd, request))
		c->fn(c->arg, request, &out);
	else
		aff_buf_put_text(&out, "{\"error\":\"permission denied\"}");
	aff_buf_put_char(&out, '\n');
	if (!out.error)
		file_write_all(fd, out.p, out.n);
	aff_buf_free(&out);
}

static void serve(const struct control *c, int fd)
{
	char line[COMMAND_MAX];
	struct control_request request;
	struct aff_view rest = aff_view("", 0);
	struct aff_buf body;
	uint64_t length = 0;
	limit_waiting(fd);
	request.command = read_line(fd, line, &rest);
	if (!request.command.n)
		return;
	const char *space = memchr(line, ' ', request.command.n);
	if (space) {
		struct aff_view number = aff_view(space + 1, request.command.n - (size_t)(space + 1 - line));
		if (number_u64(number, CONTROL_BODY_MAX, &length))
			return;
		request.command.n = (size_t)(space - line);
	}
	aff_buf_init(&body, CONTROL_BODY_MAX);
	if (!length || !read_body(fd, rest, length, &body))
		answer(c, fd, &request, &body);
	aff_buf_free(&body);
}

static void *control_main(void *arg)
{
	struct control *c = arg;
	for (;;) {
		struct pollfd fds[] = {{.fd = c->listener, .events = POLLIN}, {.fd = c->stop, .events = POLLIN}};
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			return NULL;
		int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			poll(&fds[1], 1, 100); /* it may be for want of descriptors: not without end */
			continue;
		}
		serve(c, fd);
		close(fd);
	}
}

static int connect_to(const char *path, struct aff_diag *diag)
{
	struct sockaddr_un a;
	int rc = address_of(&a, path, diag);
	if (rc)
		return rc;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return aff_diag_set(diag, AFF_EIO, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (const struct sockaddr *)&a, sizeof a)) {
		aff_diag_set(diag, AFF_ENOTFOUND, "no engine answers at %s: %s", path, strerror(errno));
		aff_diag_hint(diag, "start it with afferent run, or name its socket with --socket");
		close(fd);
		return AFF_ENOTFOUND;
	}
	return fd;
}

int control_open(struct control **out, const char *path, control_fn *fn, void *arg, struct aff_diag *diag)
{
	struct sockaddr_un a;
	int rc = address_of(&a, path, diag), other = rc ? -1 : connect_to(path, NULL);
	if (other >= 0) {
		close(other);
		return aff_diag_set(diag, AFF_EBUSY, "another engine answers at %s", path);
	}
	struct control *c = rc ? NULL : calloc(1, sizeof *c);
	if (!c)
		return rc ? rc : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	c->fn = fn;
	c->arg = arg;
	memcpy(c->path, a.sun_path, sizeof c->path);
	unlink(path);
	c->stop = eventfd(0, EFD_CLOEXEC);
	c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(0177);
	bool bound = c->listener >= 0 && !bind(c->listener, (const struct sockaddr *)&a, sizeof a) &&
		     !listen(c->listener, 16);
	umask(mask);
	if (!bound || c->stop < 0 || pthread_create(&c->thread, NULL, control_main, c)) {
		rc = aff_diag_set(diag, AFF_EIO, "cannot open the control socket %s: %s", path, strerror(errno));
		aff_diag_hint(diag, "name one in a folder that the engine may write to: `control` of afferent.yaml");
		close(c->listener);
		close(c->stop);
		free(c);
		return rc;
	}
	pthread_setname_np(c->thread, "control");
	*out = c;
	return 0;
}

void control_close(struct control *c)
{
	static const uint64_t one = 1;
	if (!c)
		return;
	ssize_t n = write(c->stop, &one, sizeof one);
	(void)n;
	pthread_join(c->thread, NULL);
	unlink(c->path);
	close(c->listener);
	close(c->stop);
	free(c);
}

int control_send(const char *path, const char *command, struct aff_view body, struct aff_buf *out,
		 struct aff_diag *diag)
{
	char line[COMMAND_MAX];
	int n = body.n ? snprintf(line, sizeof line, "%s %zu\n", command, body.n)
		       : snprintf(line, sizeof line, "%s\n", command);
	int fd = connect_to(path, diag);
	if (fd < 0)
		return fd;
	int rc = n > 0 && (size_t)n < sizeof line ? file_write_all(fd, line, (size_t)n) : AFF_ELIMIT;
	if (!rc && body.n)
		rc = file_write_all(fd, body.p, body.n);
	while (!rc) {
		char *to = aff_buf_reserve(out, 65536);
		ssize_t got = to ? read(fd, to, 65536) : 0;
		if (got < 0)
			rc = AFF_EIO;
		if (got <= 0)
			break;
		out->n += (size_t)got;
	}
	close(fd);
	if (!rc && (out->error || !out->n))
		rc = out->error ? out->error : AFF_ECLOSED;
	return rc ? aff_diag_set(diag, rc, "the engine at %s did not answer: %s", path, aff_error_text(rc)) : 0;
}

int control_ask(const char *path, const char *command, struct aff_buf *out, struct aff_diag *diag)
{
	return control_send(path, command, aff_view("", 0), out, diag);
}
