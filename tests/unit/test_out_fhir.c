/* SPDX-License-Identifier: Apache-2.0
 *
 * The FHIR output against a scripted server.
 */
#include "out_peer.h"
#include "run_suite.h"

#include <fcntl.h>
#include <time.h>

#include "engine/out/fhir_answer.h"

#define BUNDLE "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[]}"

static struct peer peer;

static void set_up_with(unsigned lanes, int64_t timeout_ms)
{
	peer_start(&peer, lanes, timeout_ms);
	ck_assert_int_eq(output_fhir_new(&peer.output, &peer.dest, peer_on_done, &peer), 0);
}

static void set_up(void)
{
	set_up_with(2, PEER_PATIENCE_MS);
}

static void tear_down(void)
{
	peer_end(&peer);
}

static void post(unsigned lane)
{
	const struct output_message m = {.bytes = aff_view_of(BUNDLE), .control_id = aff_view_of("1"), .id = 1};
	peer.output->ops->send(peer.output, lane, &m);
}

static void take_request(void)
{
	peer_receive(&peer, BUNDLE);
}

START_TEST(a_bundle_is_posted_and_the_connection_kept)
{
	post(0);
	peer_accept(&peer);
	struct aff_view request = peer_receive(&peer, BUNDLE);
	ck_assert(peer_has(request, "POST /fhir HTTP/1.1\r\n"));
	ck_assert(peer_has(request, "Content-Type: application/fhir+json\r\n"));
	ck_assert(peer_has(request, "Accept: application/fhir+json\r\n"));
	ck_assert(!peer_has(request, "Expect:"));
	peer_answer(&peer, "200 OK\r\nContent-Type: application/fhir+json", "{\"resourceType\":\"Bundle\"}");
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "HTTP 200");
	post(0);
	take_request(); /* on the same connection */
	peer_answer(&peer, "201 Created", "");
	peer_expect(&peer, 2, OUTPUT_DELIVERED, "HTTP 201");
}
END_TEST

static const struct {
	const char *head;
	enum output_result result;
	const char *detail;
	int64_t pause_ms;
} statuses[] = {
	{"400 Bad Request", OUTPUT_PERMANENT, "HTTP 400", 0},
	{"401 Unauthorized", OUTPUT_TRANSIENT, "HTTP 401", 0},
	{"404 Not Found", OUTPUT_PERMANENT, "HTTP 404", 0},
	{"408 Request Timeout", OUTPUT_TRANSIENT, "HTTP 408", 0},
	{"409 Conflict", OUTPUT_PERMANENT, "HTTP 409", 0},
	{"412 Precondition Failed", OUTPUT_PERMANENT, "HTTP 412", 0},
	{"422 Unprocessable Entity", OUTPUT_PERMANENT, "HTTP 422", 0},
	{"429 Too Many Requests\r\nRetry-After: 7", OUTPUT_TRANSIENT, "HTTP 429", 7000},
	{"500 Internal Server Error", OUTPUT_TRANSIENT, "HTTP 500", 0},
	{"503 Service Unavailable", OUTPUT_TRANSIENT, "HTTP 503", 0},
	{"503 Service Unavailable\r\nRetry-After: 99999999", OUTPUT_TRANSIENT, "HTTP 503", 3600000},
	{"503 Service Unavailable\r\nRetry-After: soon", OUTPUT_TRANSIENT, "HTTP 503", 0},
};

START_TEST(a_status_is_classified)
{
	post(1);
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, statuses[_i].head, "{\"secret\":\"Doe\"}");
	peer_expect(&peer, 1, statuses[_i].result, statuses[_i].detail);
	ck_assert_int_eq(peer.last.retry_after_ms, statuses[_i].pause_ms);
	ck_assert_uint_eq(peer.lane, 1);
}
END_TEST

START_TEST(retry_after_may_be_a_date)
{
	char head[128], date[64];
	time_t then = time(NULL) + 60;
	struct tm utc;
	ck_assert_ptr_nonnull(gmtime_r(&then, &utc));
	ck_assert_uint_ne(strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc), 0);
	snprintf(head, sizeof head, "503 Service Unavailable\r\nRetry-After: %s", date);
	post(0);
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, head, "");
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "HTTP 503");
	ck_assert_int_ge(peer.last.retry_after_ms, 50000);
	ck_assert_int_le(peer.last.retry_after_ms, 60000);
}
END_TEST

START_TEST(a_redirect_is_not_followed)
{
	char head[160];
	snprintf(head, sizeof head, "307 Temporary Redirect\r\nLocation: %s/elsewhere", peer.url);
	post(0);
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, head, "");
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "HTTP 307");
	struct pollfd more = {.fd = peer.fd, .events = POLLIN};
	ck_assert_int_eq(poll(&more, 1, 0), 0);
}
END_TEST

static const struct {
	const char *entries;
	enum output_result result;
	const char *detail;
} bundles[] = {
	{"{\"response\":{\"status\":\"201 Created\",\"etag\":\"1\"}},{\"response\":{\"status\":\"200\"}}",
	 OUTPUT_DELIVERED, "HTTP 200"},
	{"{\"response\":{\"status\":\"201 Created\"}},{\"response\":{\"status\":\"422 Unprocessable Entity\"}}",
	 OUTPUT_PERMANENT, "HTTP 200, entry 422"},
	{"{\"response\":{\"status\":\"503\"}}", OUTPUT_TRANSIENT, "HTTP 200, entry 503"},
	{"{\"response\":{\"status\":\"404\"}},{\"response\":{\"status\":\"503\"}}", OUTPUT_PERMANENT,
	 "HTTP 200, entry 404"},
	{"{\"resource\":{\"status\":\"404\",\"response\":{\"status\":\"404\"}},\"response\":{\"status\":\"200\"}}",
	 OUTPUT_DELIVERED, "HTTP 200"},
	{"{\"response\":{\"outcome\":{\"status\":\"404\"},"
	 "\"location\":\"\\\"status\\\":\\\"404\\\"\",\"status\":\"200\"}}",
	 OUTPUT_DELIVERED, "HTTP 200"},
};

START_TEST(the_entries_of_an_answer_count)
{
	char body[1024];
	snprintf(body, sizeof body, "{\"entry\" : [%s], \"resourceType\":\"Bundle\"}", bundles[_i].entries);
	post(0);
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, "200 OK\r\nContent-Type: application/fhir+json;charset=utf-8", body);
	peer_expect(&peer, 1, bundles[_i].result, bundles[_i].detail);
}
END_TEST

START_TEST(broken_json_is_read_to_its_end_and_no_further)
{
	static const char *const broken[] = {
		"",
		"{",
		"\"",
		"\"\\",
		"]]]]",
		"{\"entry\":[{\"response\":{\"status\":\"",
		"{\"entry\":[{\"response\":{\"status\":\"4",
		"{\"entry\":[{\"response\":{\"status\":",
		"{\"entry\"",
		"[{\"response\":{\"status\":\"404\"}}]",
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		/* Memory of exactly this size lets the address sanitizer see a read behind it. */
		size_t n = strlen(broken[i]);
		char *copy = malloc(n + !n);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, broken[i], n);
		long status = fhir_answer_entries(aff_view(copy, n));
		ck_assert_msg(status == 200 || status == 0, "%s gives %ld", broken[i], status);
		free(copy);
	}
}
END_TEST

START_TEST(a_page_with_status_200_is_no_delivery)
{
	post(0);
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, "200 OK\r\nContent-Type: text/html", "<html>please log in</html>");
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "HTTP 200, but the answer is not JSON");
}
END_TEST

static void say_two_megabytes(const char *head)
{
	static char block[2 << 20];
	memset(block, ' ', sizeof block);
	peer_say(&peer, head);
	fcntl(peer.fd, F_SETFL, O_NONBLOCK);
	for (size_t sent = 0; sent < sizeof block && peer.done == 0;) {
		ssize_t n = send(peer.fd, block + sent, sizeof block - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
		peer.output->ops->poll(peer.output, -1, 1);
	}
}

START_TEST(an_answer_without_end_is_cut)
{
	post(0);
	peer_accept(&peer);
	take_request();
	say_two_megabytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "answer too large");
}
END_TEST

START_TEST(the_status_of_a_cut_answer_counts)
{
	post(0);
	peer_accept(&peer);
	take_request();
	say_two_megabytes("HTTP/1.1 422 No\r\n\r\n");
	peer_expect(&peer, 1, OUTPUT_PERMANENT, "HTTP 422");
}
END_TEST

START_TEST(nobody_there)
{
	close(peer.listener);
	peer.listener = -1;
	post(0);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "cannot connect");
	peer_listen(&peer);
	post(0);
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, "200 OK", "");
	peer_expect(&peer, 2, OUTPUT_DELIVERED, "HTTP 200");
}
END_TEST

START_TEST(a_hang_up_after_the_request)
{
	post(0);
	peer_accept(&peer);
	take_request();
	if (_i)
		peer_reset(&peer);
	else
		peer_hang_up(&peer);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "connection closed before the answer");
}
END_TEST

START_TEST(a_hang_up_in_the_middle_of_the_answer)
{
	post(0);
	peer_accept(&peer);
	take_request();
	peer_say(&peer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
	peer_hang_up(&peer);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "connection closed before the answer");
}
END_TEST

START_TEST(a_silent_server_is_given_up)
{
	peer_end(&peer);
	set_up_with(1, 50);
	post(0);
	peer_accept(&peer);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "no answer in time");
}
END_TEST

START_TEST(a_slow_drip_is_given_up_too)
{
	peer_end(&peer);
	set_up_with(1, 100);
	post(0);
	peer_accept(&peer);
	take_request();
	peer_say(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nContent-Type: application/json\r\n\r\n");
	while (peer.done == 0) {
		(void)send(peer.fd, " ", 1, MSG_NOSIGNAL);
		peer.output->ops->poll(peer.output, -1, 10);
	}
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "no answer in time");
}
END_TEST

START_TEST(lanes_are_in_flight_together)
{
	post(0);
	post(1);
	peer_accept(&peer);
	int first = peer.fd;
	take_request();
	peer.fd = -1;
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, "200 OK", "");
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "HTTP 200");
	close(peer.fd);
	peer.fd = first;
	peer_answer(&peer, "500 No", "");
	peer_expect(&peer, 2, OUTPUT_TRANSIENT, "HTTP 500");
}
END_TEST

START_TEST(freeing_abandons_what_is_in_flight)
{
	post(0);
	peer_accept(&peer);
	take_request();
	ck_assert_uint_eq(peer.done, 0); /* tear_down frees; a leak or a late call would be told by the sanitizer */
}
END_TEST

START_TEST(the_environments_proxy_is_not_used)
{
	peer_end(&peer);
	setenv("http_proxy", "http://127.0.0.1:1/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
	set_up();
	post(0);
	peer_accept(&peer);
	take_request();
	peer_answer(&peer, "200 OK", "");
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "HTTP 200");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("out_fhir");
	TCase *t = tcase_create("fhir");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_bundle_is_posted_and_the_connection_kept);
	tcase_add_loop_test(t, a_status_is_classified, 0, (int)(sizeof statuses / sizeof *statuses));
	tcase_add_test(t, retry_after_may_be_a_date);
	tcase_add_test(t, a_redirect_is_not_followed);
	tcase_add_loop_test(t, the_entries_of_an_answer_count, 0, (int)(sizeof bundles / sizeof *bundles));
	tcase_add_test(t, broken_json_is_read_to_its_end_and_no_further);
	tcase_add_test(t, a_page_with_status_200_is_no_delivery);
	tcase_add_test(t, an_answer_without_end_is_cut);
	tcase_add_test(t, the_status_of_a_cut_answer_counts);
	tcase_add_test(t, nobody_there);
	tcase_add_loop_test(t, a_hang_up_after_the_request, 0, 2);
	tcase_add_test(t, a_hang_up_in_the_middle_of_the_answer);
	tcase_add_test(t, a_silent_server_is_given_up);
	tcase_add_test(t, a_slow_drip_is_given_up_too);
	tcase_add_test(t, lanes_are_in_flight_together);
	tcase_add_test(t, freeing_abandons_what_is_in_flight);
	tcase_add_test(t, the_environments_proxy_is_not_used);
	peer_add(s, t);
	return run_suite(s);
}
