/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP output against a scripted server. What it shares with FHIR is tested there.
 */
#include "out_peer.h"
#include "run_suite.h"

#define MESSAGE "MSH|^~\\&|A|B|C|D|20260101||ORU^R01|M1|P|2.6\rOBX|1\r"
#define ACK(code, id) "MSH|^~\\&|C|D|A|B|20260101||ACK^R01^ACK|X1|P|2.6\rMSA|" code "|" id "\r"

static struct peer peer;

static void set_up(void)
{
	peer_start(&peer, 2, PEER_PATIENCE_MS);
	ck_assert_int_eq(output_http_new(&peer.output, &peer.dest, peer_on_done, &peer), 0);
}

static void tear_down(void)
{
	peer_end(&peer);
}

static void post(unsigned lane)
{
	const struct output_message m = {.bytes = aff_view_of(MESSAGE), .control_id = aff_view_of("M1"), .id = 1};
	peer.output->ops->send(peer.output, lane, &m);
}

START_TEST(a_message_is_posted_and_the_connection_kept)
{
	post(0);
	peer_accept(&peer);
	struct aff_view request = peer_receive(&peer, "OBX|1\r");
	ck_assert(peer_has(request, "POST /fhir HTTP/1.1\r\n"));
	ck_assert(peer_has(request, "Content-Type: application/hl7-v2\r\n"));
	ck_assert(!peer_has(request, "Expect:"));
	peer_answer(&peer, "200 OK\r\nContent-Type: application/hl7-v2", ACK("AA", "M1"));
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "HTTP 200, AA");
	post(0);
	peer_receive(&peer, "OBX|1\r"); /* on the same connection */
	peer_answer(&peer, "200 OK", ACK("CA", "M1"));
	peer_expect(&peer, 2, OUTPUT_DELIVERED, "HTTP 200, CA");
}
END_TEST

static const struct {
	const char *head, *body;
	enum output_result result;
	const char *detail;
	enum output_result alone; /* with answer: status */
	const char *alone_detail;
} answers[] = {
#define SAME(result, detail) result, detail, result, detail
	{"200 OK", ACK("AE", "M1") "ERR||OBX^1|102|E\r", SAME(OUTPUT_PERMANENT, "HTTP 200, AE 102")},
	{"200 OK", ACK("CE", "M1"), SAME(OUTPUT_PERMANENT, "HTTP 200, CE")},
	{"200 OK", ACK("AR", "M1"), SAME(OUTPUT_TRANSIENT, "HTTP 200, AR")},
	{"500 Oops", ACK("AE", "M1"), SAME(OUTPUT_PERMANENT, "HTTP 500, AE")},
	{"500 Oops", ACK("AA", "M1"), SAME(OUTPUT_TRANSIENT, "HTTP 500, AA")},
	{"400 Bad", ACK("AA", "M1"), SAME(OUTPUT_PERMANENT, "HTTP 400, AA")},
	{"400 Bad", ACK("AR", "M1"), SAME(OUTPUT_TRANSIENT, "HTTP 400, AR")},
	{"400 Bad", "no", SAME(OUTPUT_PERMANENT, "HTTP 400")},
	{"200 OK", ACK("AA", "M2"), SAME(OUTPUT_TRANSIENT, "HTTP 200, answer to another message")},
	{"200 OK", ACK("AE", "M2"), SAME(OUTPUT_TRANSIENT, "HTTP 200, answer to another message")},
	{"200 OK", ACK("XX", "M1"), SAME(OUTPUT_TRANSIENT, "HTTP 200, answer without a known MSA-1")},
	{"200 OK", "MSHgarbage", SAME(OUTPUT_TRANSIENT, "HTTP 200, garbled answer")},
	{"302 Found\r\nLocation: /x", "", SAME(OUTPUT_TRANSIENT, "HTTP 302")},
	{"204 No Content", "", OUTPUT_TRANSIENT, "HTTP 204, but no HL7 answer", OUTPUT_DELIVERED, "HTTP 204"},
	{"200 OK\r\nContent-Type: text/html", "<html>log in</html>", OUTPUT_TRANSIENT, "HTTP 200, but no HL7 answer",
	 OUTPUT_DELIVERED, "HTTP 200"},
};
#define ANSWERS ((int)(sizeof answers / sizeof *answers))

START_TEST(status_and_acknowledgement_count)
{
	post(1);
	peer_accept(&peer);
	peer_receive(&peer, "OBX|1\r");
	peer_answer(&peer, answers[_i].head, answers[_i].body);
	peer_expect(&peer, 1, answers[_i].result, answers[_i].detail);
	ck_assert_uint_eq(peer.lane, 1);
}
END_TEST

START_TEST(the_status_alone_may_be_enough)
{
	peer_end(&peer);
	peer_start(&peer, 1, PEER_PATIENCE_MS);
	peer.dest.status_alone = peer.dest.utf8 = true;
	ck_assert_int_eq(output_http_new(&peer.output, &peer.dest, peer_on_done, &peer), 0);
	post(0);
	peer_accept(&peer);
	ck_assert(peer_has(peer_receive(&peer, "OBX|1\r"), "Content-Type: application/hl7-v2; charset=UTF-8\r\n"));
	peer_answer(&peer, answers[_i].head, answers[_i].body);
	peer_expect(&peer, 1, answers[_i].alone, answers[_i].alone_detail);
}
END_TEST

START_TEST(an_acknowledgement_that_is_cut_is_none)
{
	post(0);
	peer_accept(&peer);
	peer_receive(&peer, "OBX|1\r");
	peer_say(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" ACK("AA", "M1"));
	peer_hang_up(&peer);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "connection closed before the answer");
}
END_TEST

START_TEST(a_message_without_an_id_cannot_be_answered)
{
	const struct output_message m = {.bytes = aff_view_of(MESSAGE), .control_id = aff_view("", 0), .id = 1};
	peer.output->ops->send(peer.output, 0, &m);
	peer_expect(&peer, 1, OUTPUT_PERMANENT, "MSH-10 is empty: no answer could be matched");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("out_http");
	TCase *t = tcase_create("http");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_message_is_posted_and_the_connection_kept);
	tcase_add_loop_test(t, status_and_acknowledgement_count, 0, ANSWERS);
	tcase_add_loop_test(t, the_status_alone_may_be_enough, 0, ANSWERS);
	tcase_add_test(t, an_acknowledgement_that_is_cut_is_none);
	tcase_add_test(t, a_message_without_an_id_cannot_be_answered);
	peer_add(s, t);
	return run_suite(s);
}
