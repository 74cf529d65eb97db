/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening, dialling and the bytes between, over loopback.
 */
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/dial.h"
#include "net/listen.h"
#include "net/stream.h"
#include "run_suite.h"

static struct net_address any_port(const char *host)
{
	struct net_address a;
	ck_assert_int_eq(net_address_make(&a, host, 0, NULL), 0);
	return a;
}

static int listen_somewhere(struct net_address *at)
{
	struct net_address any = any_port("127.0.0.1");
	int fd = net_listen(&any, false, NULL);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(net_listen_address(fd, at), 0);
	ck_assert_uint_ne(net_address_port(at), 0);
	return fd;
}

static void wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	ck_assert_int_eq(poll(&p, 1, 5000), 1);
}

static void connect_pair(struct net_stream *ours, struct net_stream *theirs)
{
	struct net_address at, peer;
	int listener = listen_somewhere(&at), fd = net_dial(&at, NULL);
	ck_assert_int_ge(fd, 0);
	wait_for(listener, POLLIN);
	int taken = net_accept(listener, &peer);
	ck_assert_int_ge(taken, 0);
	ck_assert(net_address_is_loopback(&peer));
	wait_for(fd, POLLOUT);
	ck_assert_int_eq(net_dial_finish(fd, &at, NULL), 0);
	ck_assert_int_eq(net_accept(listener, &peer), AFF_EAGAIN);
	close(listener);
	net_stream_init(ours, fd);
	net_stream_init(theirs, taken);
}

START_TEST(bytes_go_both_ways_and_the_end_is_seen)
{
	struct net_stream ours, theirs;
	struct aff_buf in;
	size_t n;
	connect_pair(&ours, &theirs);
	aff_buf_init(&in, 8);
	ck_assert_int_eq(net_stream_read(&theirs, &in, 100), AFF_EAGAIN);
	ck_assert(!net_stream_is_stale(&ours));
	ck_assert_int_eq(net_stream_write(&ours, aff_view_of("0123456789"), &n), 0);
	ck_assert_uint_eq(n, 10);
	wait_for(theirs.fd, POLLIN);
	ck_assert_int_eq(net_stream_read(&theirs, &in, 3), 0);
	ck_assert_int_eq(net_stream_read(&theirs, &in, 100), 0);
	ck_assert(aff_view_is(aff_buf_view(&in), "01234567"));
	ck_assert_int_eq(net_stream_read(&theirs, &in, 100), AFF_ELIMIT);
	aff_buf_clear(&in);
	ck_assert_int_eq(net_stream_read(&theirs, &in, 100), 0);
	net_stream_close(&theirs);
	ck_assert_int_eq(theirs.fd, -1);
	wait_for(ours.fd, POLLIN);
	ck_assert(net_stream_is_stale(&ours));
	ck_assert_int_eq(net_stream_read(&ours, &in, 100), AFF_ECLOSED);
	net_stream_close(&ours);
	aff_buf_free(&in);
}
END_TEST

START_TEST(an_unexpected_byte_makes_a_connection_stale)
{
	struct net_stream ours, theirs;
	size_t n;
	connect_pair(&ours, &theirs);
	ck_assert_int_eq(net_stream_write(&theirs, aff_view_of("x"), &n), 0);
	wait_for(ours.fd, POLLIN);
	ck_assert(net_stream_is_stale(&ours));
	net_stream_close(&ours);
	net_stream_close(&theirs);
}
END_TEST

START_TEST(a_port_in_use_is_explained)
{
	struct net_address at;
	struct aff_diag diag = {0};
	int first = listen_somewhere(&at);
	ck_assert_int_eq(net_listen(&at, false, &diag), AFF_EBUSY);
	ck_assert_ptr_nonnull(strstr(diag.text, "another program"));
	ck_assert(diag.hint[0]);
	close(first);
	int again = net_listen(&at, false, NULL);
	ck_assert_int_ge(again, 0);
	close(again);
}
END_TEST

START_TEST(threads_may_share_a_port)
{
	struct net_address at, any = any_port("127.0.0.1");
	int first = net_listen(&any, true, NULL);
	ck_assert_int_ge(first, 0);
	ck_assert_int_eq(net_listen_address(first, &at), 0);
	int second = net_listen(&at, true, NULL);
	ck_assert_int_ge(second, 0);
	close(first);
	close(second);
}
END_TEST

START_TEST(an_address_of_another_machine_is_explained)
{
	struct net_address at;
	struct aff_diag diag = {0};
	ck_assert_int_eq(net_address_make(&at, "192.0.2.1", 0, NULL), 0);
	ck_assert_int_eq(net_listen(&at, false, &diag), AFF_EARGUMENT);
	ck_assert_ptr_nonnull(strstr(diag.text, "192.0.2.1"));
}
END_TEST

START_TEST(a_refused_connection_is_explained)
{
	struct net_address at;
	struct aff_diag diag = {0};
	close(listen_somewhere(&at));
	int fd = net_dial(&at, &diag), rc = fd;
	if (fd >= 0) {
		wait_for(fd, POLLOUT);
		rc = net_dial_finish(fd, &at, &diag);
		close(fd);
	}
	ck_assert_int_eq(rc, AFF_EREFUSED);
	ck_assert_ptr_nonnull(strstr(diag.text, "refused"));
}
END_TEST

START_TEST(writing_to_a_closed_peer_is_an_error_code)
{
	struct net_stream ours, theirs;
	size_t n;
	int rc = 0;
	connect_pair(&ours, &theirs);
	net_stream_close(&theirs);
	wait_for(ours.fd, POLLIN);
	for (int i = 0; i < 1000 && (rc == 0 || rc == AFF_EAGAIN); i++)
		rc = net_stream_write(&ours, aff_view_of("x"), &n);
	ck_assert_int_eq(rc, AFF_ECLOSED);
	net_stream_close(&ours);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net_connection");
	TCase *t = tcase_create("connection");
	tcase_add_test(t, bytes_go_both_ways_and_the_end_is_seen);
	tcase_add_test(t, an_unexpected_byte_makes_a_connection_stale);
	tcase_add_test(t, a_port_in_use_is_explained);
	tcase_add_test(t, threads_may_share_a_port);
	tcase_add_test(t, an_address_of_another_machine_is_explained);
	tcase_add_test(t, a_refused_connection_is_explained);
	tcase_add_test(t, writing_to_a_closed_peer_is_an_error_code);
	suite_add_tcase(s, t);
	return run_suite(s);
}
