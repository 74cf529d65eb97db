/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: commands with and without a body, who asks, and requests that are none.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/control.h"
#include "base/digest.h"
#include "run_suite.h"

static char folder[64], path[96];
static struct control *control;
static struct aff_diag diag;
static unsigned asked;

/* "<command> <uid> <length of the body> <its hash>" */
static void on_request(void *arg, const struct control_request *r, struct aff_buf *out)
{
	(void)arg;
	asked++;
	aff_buf_printf(out, "%.*s %u %zu %llx", (int)r->command.n, r->command.p, r->uid, r->body.n,
		       (unsigned long long)(r->body.n ? hash64(r->body) : 0));
}

static void setup(void)
{
	snprintf(folder, sizeof folder, "/tmp/afferent-control-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/sock", folder);
	asked = 0;
	ck_assert_int_eq(control_open(&control, path, on_request, NULL, &diag), 0);
}

static void teardown(void)
{
	control_close(control);
	rmdir(folder);
}

static void expect(const char *command, struct aff_view body)
{
	char wanted[128];
	struct aff_buf out;
	aff_buf_init(&out, 1 << 20);
	ck_assert_int_eq(control_send(path, command, body, &out, &diag), 0);
	snprintf(wanted, sizeof wanted, "%s %u %zu %llx\n", command, (unsigned)geteuid(), body.n,
		 (unsigned long long)(body.n ? hash64(body) : 0));
	ck_assert_msg(aff_view_is(aff_buf_view(&out), wanted), "%.*s", (int)out.n, out.p);
	aff_buf_free(&out);
}

START_TEST(a_command_comes_with_its_body_and_who_asks)
{
	struct aff_buf body;
	expect("status", aff_view("", 0));
	expect("record", aff_view("\0\n\xff", 3));
	aff_buf_init(&body, CONTROL_BODY_MAX);
	while (body.n < CONTROL_BODY_MAX)
		aff_buf_put_char(&body, (char)(body.n * 31));
	expect("record", aff_buf_view(&body));
	aff_buf_free(&body);
}
END_TEST

/* Nobody but the engine's user gets through to it. */
START_TEST(the_socket_is_its_owners)
{
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

static bool is_refused(void)
{
	struct aff_buf out;
	aff_buf_init(&out, 1 << 20);
	bool refused = !control_ask(path, "status", &out, &diag) &&
		       aff_view_is(aff_buf_view(&out), "{\"error\":\"permission denied\"}\n");
	aff_buf_free(&out);
	return refused;
}

/* Whatever the file's mode has become, the kernel's word on who asks counts. */
START_TEST(somebody_else_is_refused)
{
	int status = 0;
	if (geteuid() != 0)
		return; /* nobody else to be */
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chmod(path, 0666), 0);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		_exit(setuid(65534) || !is_refused());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

/* Sends text, closes its side, and counts what comes back. */
static size_t send_raw(struct aff_view text)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char answer[256];
	size_t n = 0;
	ssize_t got;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(a.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(write(fd, text.p, text.n), (ssize_t)text.n);
	shutdown(fd, SHUT_WR);
	while ((got = read(fd, answer, sizeof answer)) > 0)
		n += (size_t)got;
	close(fd);
	return n;
}

START_TEST(what_is_no_request_gets_no_answer)
{
	char line[400];
	static const char *const wrong[] = {
		"status", "\n", "record 5\nabc", "record 3\nabcd", "record 16777217\n", "record x\n", "record -1\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(send_raw(aff_view_of(wrong[i])) == 0, "%s", wrong[i]);
	memset(line, 'a', sizeof line);
	ck_assert_uint_eq(send_raw(aff_view(line, sizeof line)), 0);
	ck_assert_uint_eq(asked, 0);
	expect("status", aff_view("", 0));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("admin: control socket");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_command_comes_with_its_body_and_who_asks);
	tcase_add_test(t, the_socket_is_its_owners);
	tcase_add_test(t, somebody_else_is_refused);
	tcase_add_test(t, what_is_no_request_gets_no_answer);
	suite_add_tcase(s, t);
	return run_suite(s);
}
