/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP server, with a raw socket as its client, on one thread: the server polls with the client's descriptor as the
 * other one.
 */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_server.h"
#include "net/dial.h"
#include "run_suite.h"

static struct http_server *server;
static struct net_address at;
static int client;
static char seen[256];        /* what the function was asked */
static struct http_reply set; /* what it is to answer */
static uint64_t ticket;       /* of the last request */
static char peer[64];
static char answer[1 << 16];
static size_t nanswer;

static void on_request(void *arg, const struct http_request *r, struct http_reply *reply)
{
	(void)arg;
	snprintf(seen, sizeof seen, "%d %s ?%s %s [%.*s]", (int)r->method, r->path, r->query, r->content_type,
		 (int)r->body.n, r->body.p);
	ticket = r->ticket;
	snprintf(peer, sizeof peer, "%s", r->peer);
	reply->status = set.status ? set.status : 200;
	reply->content_type = set.content_type;
	reply->retry_after_s = set.retry_after_s;
	reply->delay_ms = set.delay_ms;
	aff_buf_put_text(reply->body, "done");
}

static void dial(void)
{
	client = net_dial(&at, NULL);
	ck_assert_int_ge(client, 0);
}

static void set_up(void)
{
	const struct http_limits limits = {
		.body = 1000, .headers = 2000, .idle_s = 60, .connections = 3, .request_s = 1, .delayed = 1};
	ck_assert_int_eq(net_address_make(&at, "127.0.0.1", 0, NULL), 0);
	ck_assert_int_eq(http_open(&server, &at, &limits, on_request, NULL, NULL), 0);
	ck_assert_int_eq(http_address(server, &at), 0);
	memset(&set, 0, sizeof set);
	seen[0] = '\0';
	dial();
}

static void tear_down(void)
{
	close(client);
	http_close(server);
}

static void ask(const char *text)
{
	struct pollfd writable = {.fd = client, .events = POLLOUT};
	ck_assert_int_eq(poll(&writable, 1, 5000), 1);
	ck_assert_int_eq(send(client, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Serves until the client has something to read that ends so, or was closed. */
static void expect(const char *end)
{
	nanswer = 0;
	for (;;) {
		struct pollfd readable = {.fd = client, .events = POLLIN};
		while (poll(&readable, 1, 0) == 0)
			http_poll(server, client, 5000);
		ssize_t n = recv(client, answer + nanswer, sizeof answer - 1 - nanswer, 0);
		nanswer += n > 0 ? (size_t)n : 0;
		answer[nanswer] = '\0';
		if (n <= 0 || (nanswer >= strlen(end) && !strcmp(answer + nanswer - strlen(end), end)))
			return;
	}
}

START_TEST(a_request_is_handed_on_and_answered)
{
	set.status = 201;
	set.content_type = "application/fhir+json";
	set.retry_after_s = 7;
	ask("POST /a%20b/c?x=1&y=%20 HTTP/1.1\r\nHost: x\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello");
	expect("done");
	ck_assert_str_eq(seen, "2 /a b/c ?x=1&y=%20 text/x [hello]");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 201 "), answer);
	ck_assert_ptr_nonnull(strstr(answer, "Content-Type: application/fhir+json\r\n"));
	ck_assert_ptr_nonnull(strstr(answer, "Retry-After: 7\r\n"));
	ck_assert_ptr_nonnull(strstr(answer, "Content-Length: 4\r\n"));
	ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n"); /* on the same connection */
	expect("done");
	ck_assert_str_eq(seen, "0 / ?  []");
}
END_TEST

START_TEST(a_request_in_pieces)
{
	const char *text = "PUT /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
	for (const char *p = text; *p; p++) {
		char one[2] = {*p, '\0'};
		ask(one);
		http_poll(server, -1, 0);
	}
	expect("done");
	ck_assert_str_eq(seen, "3 /p ?  [abc]");
}
END_TEST

START_TEST(what_is_too_large_is_refused)
{
	ask("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
	expect("</HTML>\n");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 413 "), answer);
	ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(headers_without_end_are_refused)
{
	char block[1024];
	memset(block, 'h', sizeof block - 1);
	block[sizeof block - 1] = '\0';
	ask("GET / HTTP/1.1\r\nX: ");
	for (int i = 0; i < 4; i++)
		ask(block);
	expect("</HTML>\n");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 400 "), answer);
	ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(garbage_is_refused)
{
	ask("\x0bMSH|^~\\&|\r\x1c\r\n\r\n");
	expect("</HTML>\n");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1."), answer);
	ck_assert_ptr_nonnull(strstr(answer, " 400 "));
	ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(a_delayed_reply_comes_later)
{
	set.delay_ms = 30;
	ask("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!seen[0])
		http_poll(server, -1, 5000);
	struct pollfd readable = {.fd = client, .events = POLLIN};
	ck_assert_int_eq(poll(&readable, 1, 0), 0);
	ck_assert(http_is_busy(server));
	expect("done");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 200 "), answer);
	ck_assert(!http_is_busy(server));
}
END_TEST

START_TEST(only_so_many_replies_wait)
{
	int first = client;
	set.delay_ms = -1;
	ask("GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!seen[0])
		http_poll(server, -1, 5000);
	dial();
	ask("GET /full HTTP/1.1\r\nHost: x\r\n\r\n");
	expect("done");
	struct pollfd readable = {.fd = first, .events = POLLIN};
	ck_assert_int_eq(poll(&readable, 1, 0), 0);
	close(first);
}
END_TEST

START_TEST(a_client_that_hangs_up_while_its_reply_waits)
{
	set.delay_ms = 20;
	ask("GET /gone HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!seen[0])
		http_poll(server, -1, 5000);
	close(client);
	for (int i = 0; i < 10; i++)
		http_poll(server, -1, 10); /* its time comes while nobody is there */
	set.delay_ms = 0;
	dial();
	ask("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
	expect("done");
}
END_TEST

START_TEST(a_request_is_answered_later)
{
	struct aff_buf body;
	const struct http_reply reply = {.status = 202, .content_type = "text/x", .body = &body};
	aff_buf_init(&body, 100);
	aff_buf_put_text(&body, "at last");
	set.delay_ms = -1;
	set.status = 500;
	for (int i = 0; i < 3; i++) { /* on one connection */
		seen[0] = '\0';
		ask("POST /m HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nm");
		while (!seen[0])
			http_poll(server, -1, 5000);
		http_answer(server, ticket + (UINT64_C(1) << 32), &reply); /* nobody's */
		http_answer(server, ticket, &reply);
		http_answer(server, ticket, &reply); /* once is enough */
		expect("at last");
		ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 202 "), answer);
		ck_assert_ptr_nonnull(strstr(answer, "Content-Type: text/x\r\n"));
		ck_assert_ptr_null(strstr(answer, "done"));
	}
	aff_buf_free(&body);
}
END_TEST

START_TEST(waiting_for_an_answer_is_not_idle)
{
	const struct http_limits limits = {
		.body = 1000, .headers = 2000, .idle_s = 1, .connections = 3, .request_s = 1, .delayed = 1};
	const struct http_reply reply = {.status = 204};
	http_set_limits(server, &limits);
	set.delay_ms = -1;
	ask("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
	for (int i = 0; i < 4; i++)
		http_poll(server, -1, 1000);
	ck_assert_str_ne(seen, "");
	http_answer(server, ticket, &reply);
	expect("\r\n\r\n");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 204 "), answer);
	expect("it is closed when it is idle");
	ck_assert_uint_eq(nanswer, 0);
}
END_TEST

START_TEST(too_much_in_chunks_is_refused)
{
	char chunk[300];
	memset(chunk, 'c', sizeof chunk);
	snprintf(chunk + 256, sizeof chunk - 256, "\r\n");
	ask("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 4; i++) {
		ask("100\r\n");
		ask(chunk);
	}
	expect("</HTML>\n");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 413 "), answer);
	ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(requests_in_one_packet_are_answered_in_turn)
{
	ask("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
	    "Connection: close\r\n\r\n");
	expect("closed behind the second");
	ck_assert_ptr_nonnull(strstr(answer, "done"));
	ck_assert_ptr_nonnull(strstr(strstr(answer, "done") + 4, "done"));
	ck_assert_ptr_nonnull(strstr(seen, "/2"));
}
END_TEST

START_TEST(a_client_that_hangs_up_before_it_is_answered)
{
	const struct http_reply reply = {.status = 200};
	set.delay_ms = -1;
	ask("GET /gone HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!seen[0])
		http_poll(server, -1, 5000);
	close(client);
	http_poll(server, -1, 10);
	http_answer(server, ticket, &reply);
	http_answer(server, ticket, &reply);
	dial();
	set.delay_ms = 0;
	ask("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
	expect("done");
}
END_TEST

static bool is_closed(int fd)
{
	char byte;
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	return poll(&readable, 1, 0) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

START_TEST(a_request_has_so_long_however_it_trickles)
{
	ask("POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
	for (int i = 0; i < 600 && !is_closed(client); i++) {
		(void)!send(client, "x", 1, MSG_NOSIGNAL);
		http_poll(server, -1, 10);
	}
	ck_assert_str_eq(seen, "");
	int slow = client;
	dial(); /* a silent one has longer */
	for (int i = 0; i < 3; i++)
		http_poll(server, -1, 1000);
	ask("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
	expect("done");
	close(slow);
}
END_TEST

START_TEST(more_connections_wait_for_a_free_one)
{
	int held[3] = {client};
	for (int i = 1; i < 3; i++) {
		dial();
		held[i] = client;
	}
	for (int i = 0; i < 3; i++) {
		client = held[i];
		ask("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
		expect("done");
	}
	ck_assert_uint_eq(http_connections(server), 3);
	dial();
	seen[0] = '\0';
	ask("GET /fourth HTTP/1.1\r\nHost: x\r\n\r\n");
	for (int i = 0; i < 20; i++)
		http_poll(server, -1, 10);
	ck_assert_str_eq(seen, "");
	ck_assert_uint_eq(http_connections(server), 3);
	close(held[1]);
	expect("done");
	ck_assert_ptr_nonnull(strstr(seen, "/fourth"));
	ck_assert_uint_eq(http_connections(server), 3);
	close(held[0]);
	close(held[2]);
}
END_TEST

START_TEST(at_the_end_only_answers_are_awaited)
{
	const struct http_reply reply = {.status = 204};
	int idle = client;
	ask("GET /idle HTTP/1.1\r\nHost: x\r\n\r\n");
	expect("done");
	dial();
	set.delay_ms = -1;
	seen[0] = '\0';
	ask("GET /waits HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!seen[0])
		http_poll(server, -1, 5000);
	http_end(server);
	http_end(server);
	while (!is_closed(idle))
		http_poll(server, -1, 10);
	http_answer(server, ticket, &reply);
	expect("nothing ends so: it is closed");
	ck_assert_ptr_eq(strstr(answer, "HTTP/1.1 204 "), answer);
	ck_assert_ptr_nonnull(strstr(answer, "Connection: close\r\n"));
	ck_assert_uint_eq(http_connections(server), 0);
	close(idle);
}
END_TEST

START_TEST(the_peer_is_told)
{
	ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	expect("done");
	struct net_address own = {.size = sizeof own.storage};
	char text[64];
	getsockname(client, (struct sockaddr *)(void *)&own.storage, &own.size);
	ck_assert_str_eq(peer, net_address_format(&own, text, sizeof text));
}
END_TEST

START_TEST(a_port_in_use_is_explained)
{
	const struct http_limits limits = {.body = 1, .headers = 1, .idle_s = 1};
	struct http_server *second = NULL;
	struct aff_diag diag = {0};
	ck_assert_int_eq(http_open(&second, &at, &limits, on_request, NULL, &diag), AFF_EBUSY);
	ck_assert_ptr_null(second);
	ck_assert(diag.hint[0]);
}
END_TEST

START_TEST(the_other_descriptor_ends_the_wait)
{
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	http_poll(server, ends[0], -1);
	http_poll(server, ends[0], -1); /* it is still readable */
	http_poll(server, -1, 1);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net_http");
	TCase *t = tcase_create("http");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_request_is_handed_on_and_answered);
	tcase_add_test(t, a_request_in_pieces);
	tcase_add_test(t, what_is_too_large_is_refused);
	tcase_add_test(t, headers_without_end_are_refused);
	tcase_add_test(t, garbage_is_refused);
	tcase_add_test(t, a_delayed_reply_comes_later);
	tcase_add_test(t, only_so_many_replies_wait);
	tcase_add_test(t, a_client_that_hangs_up_while_its_reply_waits);
	tcase_add_test(t, a_request_is_answered_later);
	tcase_add_test(t, waiting_for_an_answer_is_not_idle);
	tcase_add_test(t, too_much_in_chunks_is_refused);
	tcase_add_test(t, requests_in_one_packet_are_answered_in_turn);
	tcase_add_test(t, a_client_that_hangs_up_before_it_is_answered);
	tcase_add_test(t, a_request_has_so_long_however_it_trickles);
	tcase_add_test(t, more_connections_wait_for_a_free_one);
	tcase_add_test(t, at_the_end_only_answers_are_awaited);
	tcase_add_test(t, the_peer_is_told);
	tcase_add_test(t, a_port_in_use_is_explained);
	tcase_add_test(t, the_other_descriptor_ends_the_wait);
	suite_add_tcase(s, t);
	return run_suite(s);
}
