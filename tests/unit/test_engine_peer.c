/* SPDX-License-Identifier: Apache-2.0
 *
 * Where messages came from.
 */
#include <check.h>

#include "engine/peer.h"
#include "run_suite.h"

static bool same(struct aff_view v, const char *text)
{
	return aff_view_is(v, text);
}

START_TEST(senders)
{
	ck_assert(same(peer_sender(aff_view_of("127.0.0.1:51234")), "127.0.0.1"));
	ck_assert(same(peer_sender(aff_view_of("[::1]:51234")), "[::1]"));
	ck_assert(same(peer_sender(aff_view_of("directory in: a.hl7")), "directory in"));
	ck_assert(same(peer_sender(aff_view_of("channel ward: 17")), "channel ward"));
	ck_assert(same(peer_sender(aff_view("", 0)), ""));
}
END_TEST

START_TEST(order)
{
	ck_assert(same(peer_order(aff_view_of("127.0.0.1:51234")), "127.0.0.1:51234"));
	ck_assert(same(peer_order(aff_view_of("channel ward: 17")), "channel ward"));
	ck_assert(same(peer_order(aff_view_of("channel")), "channel"));
}
END_TEST

START_TEST(channels)
{
	char buf[PEER_SIZE];
	struct aff_view channel, peer = peer_of_channel(buf, aff_view_of("ward.2"), 1767225600000000);
	int64_t id = 0;
	ck_assert(same(peer, "channel ward.2: 1767225600000000"));
	ck_assert(peer_channel(peer, &channel, &id));
	ck_assert(same(channel, "ward.2"));
	ck_assert_int_eq(id, 1767225600000000);
	static const char *const others[] = {"",           "127.0.0.1:1",    "channel ward",     "channel ward:",
	                                     "channel w: ", "channel w: 1x", "directory ward: 1", "channel : 1"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ck_assert_msg(!peer_channel(aff_view_of(others[i]), &channel, &id), "%s", others[i]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine peer");
	TCase *t = tcase_create("all");
	tcase_add_test(t, senders);
	tcase_add_test(t, order);
	tcase_add_test(t, channels);
	suite_add_tcase(s, t);
	return run_suite(s);
}
