/* SPDX-License-Identifier: Apache-2.0
 *
 * The MLLP output against a scripted peer.
 */
#include "out_peer.h"
#include "run_suite.h"

#define VT "\x0b"
#define END "\x1c\r"
#define MESSAGE(id) "MSH|^~\\&|A|B|C|D|20250115103000+0000||ORU^R01^ORU_R01|" id "|P|2.6\rPID|||1\r"
#define ANSWER(code, id) VT "MSH|^~\\&|C|D|A|B|20250115103001+0000||ACK^R01^ACK|9|P|2.6\rMSA|" code "|" id "\r" END
#define ERR(condition) "ERR||PID^1^5|" condition "^x^HL70357|E\r"

static struct peer peer;

static void set_up_with(unsigned lanes, int64_t timeout_ms)
{
	peer_start(&peer, lanes, timeout_ms);
	ck_assert_int_eq(output_mllp_new(&peer.output, &peer.dest, peer_on_done, &peer), 0);
}

static void set_up(void)
{
	set_up_with(2, PEER_PATIENCE_MS);
}

static void set_up_impatient(void)
{
	set_up_with(2, 50);
}

static void tear_down(void)
{
	peer_end(&peer);
}

static void send_message(unsigned lane, const char *message, const char *id)
{
	const struct output_message m = {.bytes = aff_view_of(message), .control_id = aff_view_of(id), .id = 1};
	peer.output->ops->send(peer.output, lane, &m);
}

static void take_message(const char *framed)
{
	ck_assert(aff_view_is(peer_receive(&peer, END), framed));
}

static void deliver_first(void)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	peer_say(&peer, ANSWER("AA", "M1"));
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "AA");
}

static void expect_new_connection(void)
{
	peer_expect_closed(&peer);
	send_message(0, MESSAGE("M2"), "M2");
	peer_accept(&peer);
	take_message(VT MESSAGE("M2") END);
}

START_TEST(a_connection_is_kept)
{
	deliver_first();
	send_message(0, MESSAGE("M2"), "M2");
	take_message(VT MESSAGE("M2") END);
	peer_say(&peer, ANSWER("CA", "M2"));
	peer_expect(&peer, 2, OUTPUT_DELIVERED, "CA");
}
END_TEST

static const struct {
	const char *answer;
	enum output_result result;
	const char *detail;
} codes[] = {
	{ANSWER("AE", "M1"), OUTPUT_PERMANENT, "AE"},
	{ANSWER("CE", "M1"), OUTPUT_PERMANENT, "CE"},
	{ANSWER("AR", "M1"), OUTPUT_TRANSIENT, "AR"},
	{ANSWER("CR", "M1"), OUTPUT_TRANSIENT, "CR"},
	{VT "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.6\rMSA|AE|M1|Doe^Jane\r" ERR("101") END, OUTPUT_PERMANENT, "AE 101"},
	{VT "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.6\nMSA|AA|M1\n" END, OUTPUT_DELIVERED, "AA"},
};

START_TEST(an_answer_is_classified_and_the_connection_kept)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	peer_say(&peer, codes[_i].answer);
	peer_expect(&peer, 1, codes[_i].result, codes[_i].detail);
	send_message(0, MESSAGE("M2"), "M2");
	take_message(VT MESSAGE("M2") END);
}
END_TEST

static const struct {
	const char *answer, *detail;
} bad[] = {
	{ANSWER("AA", "M0"), "answer to another message"},
	{ANSWER("AA", "M11"), "answer to another message"},
	{ANSWER("AA", ""), "answer to another message"},
	{ANSWER("XX", "M1"), "answer without a known MSA-1"},
	{VT "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.6\r" END, "answer without a known MSA-1"},
	{VT "OK" END, "garbled answer"},
	{VT END, "garbled answer"},
	{VT "MSH|^~\\&|C|D" VT "MSH|", "garbled answer"},
};

START_TEST(an_answer_that_proves_nothing_costs_the_connection)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	peer_say(&peer, bad[_i].answer);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, bad[_i].detail);
	expect_new_connection();
}
END_TEST

START_TEST(a_late_answer_is_never_credited_to_another_message)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "no answer in time");
	/* The old connection is closed, so that its answer has no way left; the next message is not answered by it
	 * either. */
	int late = peer.fd;
	peer.fd = -1;
	send_message(0, MESSAGE("M2"), "M2");
	peer_accept(&peer);
	take_message(VT MESSAGE("M2") END);
	(void)send(late, ANSWER("AA", "M2"), strlen(ANSWER("AA", "M2")), MSG_NOSIGNAL);
	peer_expect(&peer, 2, OUTPUT_TRANSIENT, "no answer in time");
	close(late);
}
END_TEST

START_TEST(an_answer_too_many_costs_the_connection)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	peer_say(&peer, ANSWER("AA", "M1") ANSWER("AA", "M2"));
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "AA");
	expect_new_connection();
	peer_say(&peer, ANSWER("AE", "M2"));
	peer_expect(&peer, 2, OUTPUT_PERMANENT, "AE");
}
END_TEST

START_TEST(bytes_on_an_idle_connection_cost_it)
{
	deliver_first();
	peer_say(&peer, ANSWER("AA", "M2"));
	peer_wait(&peer, peer.fd); /* until the output has closed it */
	send_message(0, MESSAGE("M2"), "M2");
	peer_accept(&peer);
	take_message(VT MESSAGE("M2") END);
	ck_assert_uint_eq(peer.done, 1);
}
END_TEST

START_TEST(a_connection_closed_while_idle_is_noticed_before_sending)
{
	deliver_first();
	if (_i)
		peer_reset(&peer);
	else
		peer_hang_up(&peer);
	/* No poll in between: the output learns of it when it is about to send. */
	send_message(0, MESSAGE("M2"), "M2");
	peer_accept(&peer);
	take_message(VT MESSAGE("M2") END);
	peer_say(&peer, ANSWER("AA", "M2"));
	peer_expect(&peer, 2, OUTPUT_DELIVERED, "AA");
}
END_TEST

START_TEST(a_hang_up_after_the_message)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	if (_i == 0)
		peer_hang_up(&peer);
	else if (_i == 1)
		peer_reset(&peer);
	else
		peer_say(&peer, VT "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.6\rMSA|AA|M1\r");
	peer_hang_up(&peer);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "connection closed before the answer");
}
END_TEST

START_TEST(an_answer_in_pieces)
{
	const char *answer = VT "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.6\rMSA|AA|M1\r" END;
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	peer_say(&peer, "\r\n"); /* blank lines between frames are nothing */
	for (const char *p = answer; *p; p++) {
		ck_assert_uint_eq(peer.done, 0);
		peer_write(&peer, p, 1);
		peer.output->ops->poll(peer.output, -1, 100);
	}
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "AA");
}
END_TEST

START_TEST(a_slow_drip_is_given_up)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	peer_say(&peer, VT "MSH|");
	while (peer.done == 0) {
		(void)send(peer.fd, "x", 1, MSG_NOSIGNAL);
		peer.output->ops->poll(peer.output, -1, 10);
	}
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "no answer in time");
}
END_TEST

static void say_junk(size_t size)
{
	static char block[65536];
	memset(block, 'x', sizeof block);
	for (size_t sent = 0; sent < size && peer.done == 0;) {
		ssize_t n = send(peer.fd, block, sizeof block, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
		peer.output->ops->poll(peer.output, -1, 1);
	}
}

START_TEST(an_answer_without_end_is_cut)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	if (_i)
		peer_say(&peer, VT);
	say_junk(4 << 20);
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "garbled answer");
}
END_TEST

/* Several megabytes do not fit into the socket: the output has to go on when the peer reads. */
START_TEST(a_large_message_is_sent_in_pieces)
{
	const size_t size = 8 << 20;
	struct aff_buf message;
	aff_buf_init(&message, size + 64);
	aff_buf_put_text(&message, "MSH|^~\\&|");
	memset(aff_buf_reserve(&message, size), 'x', size);
	message.n += size;
	const struct output_message m = {.bytes = aff_buf_view(&message), .control_id = aff_view_of("M1"), .id = 1};
	peer.output->ops->send(peer.output, 0, &m);
	peer_accept(&peer);
	struct aff_view got = peer_receive(&peer, END);
	ck_assert_uint_eq(got.n, message.n + 3);
	ck_assert_int_eq(memcmp(got.p + 1, message.p, message.n), 0);
	peer_say(&peer, ANSWER("AA", "M1"));
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "AA");
	aff_buf_free(&message);
}
END_TEST

START_TEST(a_refusal_may_come_early_but_no_acceptance)
{
	const size_t size = 16 << 20;
	struct aff_buf message;
	aff_buf_init(&message, size);
	memset(aff_buf_reserve(&message, size), 'x', size);
	message.n += size;
	const struct output_message m = {.bytes = aff_buf_view(&message), .control_id = aff_view_of("M1"), .id = 1};
	peer.output->ops->send(peer.output, 0, &m);
	peer_accept(&peer);
	peer_wait(&peer, peer.fd);
	peer_say(&peer, _i ? ANSWER("AE", "M1") : ANSWER("AA", "M1"));
	if (_i)
		peer_expect(&peer, 1, OUTPUT_PERMANENT, "AE");
	else
		peer_expect(&peer, 1, OUTPUT_TRANSIENT, "accepted before the end of the message");
	aff_buf_free(&message);
}
END_TEST

START_TEST(nobody_listens)
{
	close(peer.listener);
	peer.listener = -1;
	send_message(0, MESSAGE("M1"), "M1");
	peer_expect(&peer, 1, OUTPUT_TRANSIENT, "connection refused");
	peer_listen(&peer);
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
}
END_TEST

START_TEST(a_message_without_control_id_is_not_sent)
{
	send_message(0, MESSAGE(""), "");
	peer_expect(&peer, 1, OUTPUT_PERMANENT, "MSH-10 is empty: no answer could be matched");
	struct pollfd asked = {.fd = peer.listener, .events = POLLIN};
	ck_assert_int_eq(poll(&asked, 1, 0), 0);
}
END_TEST

START_TEST(lanes_have_connections_of_their_own)
{
	send_message(0, MESSAGE("M1"), "M1");
	peer_accept(&peer);
	take_message(VT MESSAGE("M1") END);
	int first = peer.fd;
	peer.fd = -1;
	send_message(1, MESSAGE("M2"), "M2");
	peer_accept(&peer);
	take_message(VT MESSAGE("M2") END);
	peer_say(&peer, ANSWER("AA", "M2"));
	peer_expect(&peer, 1, OUTPUT_DELIVERED, "AA");
	ck_assert_uint_eq(peer.lane, 1);
	peer_hang_up(&peer);
	peer.fd = first;
	peer_say(&peer, ANSWER("AE", "M1"));
	peer_expect(&peer, 2, OUTPUT_PERMANENT, "AE");
	ck_assert_uint_eq(peer.lane, 0);
}
END_TEST

START_TEST(the_wake_descriptor_ends_the_wait)
{
	int first[2], second[2];
	ck_assert(pipe(first) == 0 && pipe(second) == 0);
	ck_assert_int_eq(write(first[1], "x", 1), 1);
	ck_assert_int_eq(write(second[1], "x", 1), 1);
	peer.output->ops->poll(peer.output, first[0], -1);
	peer.output->ops->poll(peer.output, second[0], -1);
	peer.output->ops->poll(peer.output, -1, 1);
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
	}
}
END_TEST

START_TEST(an_address_must_be_numeric)
{
	struct conf_dest dest = {.lanes = 1, .to = {.host = "ehr", .port = 1}};
	struct output *none = NULL;
	ck_assert_int_eq(output_mllp_new(&none, &dest, peer_on_done, &peer), AFF_EARGUMENT);
	ck_assert_ptr_null(none);
}
END_TEST

#define COUNT(a) ((int)(sizeof a / sizeof *a))

int main(void)
{
	Suite *s = suite_create("out_mllp");
	TCase *t = tcase_create("mllp"), *impatient = tcase_create("time-outs");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_connection_is_kept);
	tcase_add_loop_test(t, an_answer_is_classified_and_the_connection_kept, 0, COUNT(codes));
	tcase_add_loop_test(t, an_answer_that_proves_nothing_costs_the_connection, 0, COUNT(bad));
	tcase_add_test(t, an_answer_too_many_costs_the_connection);
	tcase_add_test(t, bytes_on_an_idle_connection_cost_it);
	tcase_add_loop_test(t, a_connection_closed_while_idle_is_noticed_before_sending, 0, 2);
	tcase_add_loop_test(t, a_hang_up_after_the_message, 0, 3);
	tcase_add_test(t, an_answer_in_pieces);
	tcase_add_loop_test(t, an_answer_without_end_is_cut, 0, 2);
	tcase_add_test(t, a_large_message_is_sent_in_pieces);
	tcase_add_loop_test(t, a_refusal_may_come_early_but_no_acceptance, 0, 2);
	tcase_add_test(t, nobody_listens);
	tcase_add_test(t, a_message_without_control_id_is_not_sent);
	tcase_add_test(t, lanes_have_connections_of_their_own);
	tcase_add_test(t, the_wake_descriptor_ends_the_wait);
	tcase_add_test(t, an_address_must_be_numeric);
	tcase_add_checked_fixture(impatient, set_up_impatient, tear_down);
	tcase_add_test(impatient, a_late_answer_is_never_credited_to_another_message);
	tcase_add_test(impatient, a_slow_drip_is_given_up);
	peer_add(s, t);
	peer_add(s, impatient);
	return run_suite(s);
}
