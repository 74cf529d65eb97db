/* SPDX-License-Identifier: Apache-2.0
 *
 * Socket addresses to and from text.
 */
#include <check.h>
#include <stdlib.h>

#include "net/address.h"
#include "run_suite.h"

static const struct {
	const char *text, *again; /* again NULL: refused */
} cases[] = {
	{"127.0.0.1:2575", "127.0.0.1:2575"},
	{"0.0.0.0:0", "0.0.0.0:0"},
	{"[::1]:65535", "[::1]:65535"},
	{"[2001:DB8::0:1]:80", "[2001:db8::1]:80"},
	{"[::ffff:10.0.0.7]:80", "10.0.0.7:80"}, /* one peer, one spelling */
	{"127.0.0.1", NULL},
	{"127.0.0.1:", NULL},
	{"127.0.0.1:65536", NULL},
	{"127.0.0.1:-1", NULL},
	{"127.0.0.1:80x", NULL},
	{"127.0.0.1: 80", NULL},
	{"127.1:80", NULL},
	{"::1:80", NULL}, /* the address ::1:80, or port 80 of ::1? */
	{"[::1:80", NULL},
	{"ehr.example:80", NULL},
	{":80", NULL},
	{"[]:80", NULL},
	{"", NULL},
};

START_TEST(addresses_are_read_and_written)
{
	struct net_address a;
	struct aff_diag diag = {0};
	char text[NET_ADDRESS_TEXT_SIZE];
	int rc = net_address_parse(&a, aff_view_of(cases[_i].text), &diag);
	if (cases[_i].again) {
		ck_assert_int_eq(rc, 0);
		ck_assert_str_eq(net_address_format(&a, text, sizeof text), cases[_i].again);
		ck_assert_int_eq(diag.code, 0);
	} else {
		ck_assert_int_eq(rc, AFF_EARGUMENT);
		ck_assert_int_eq(diag.code, AFF_EARGUMENT);
		ck_assert(diag.hint[0]);
	}
}
END_TEST

START_TEST(hosts_are_compared_without_ports)
{
	struct net_address a, b, c, d;
	ck_assert_int_eq(net_address_make(&a, "127.0.0.1", 1, NULL), 0);
	ck_assert_int_eq(net_address_make(&b, "::ffff:127.0.0.1", 2, NULL), 0);
	ck_assert_int_eq(net_address_make(&c, "[::1]", 1, NULL), 0);
	ck_assert_int_eq(net_address_make(&d, "10.0.0.1", 1, NULL), 0);
	ck_assert(net_address_same_host(&a, &b));
	ck_assert(!net_address_same_host(&a, &c));
	ck_assert(!net_address_same_host(&a, &d));
	ck_assert(net_address_is_loopback(&a) && net_address_is_loopback(&c) && !net_address_is_loopback(&d));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net_address");
	TCase *t = tcase_create("address");
	tcase_add_loop_test(t, addresses_are_read_and_written, 0, (int)(sizeof cases / sizeof *cases));
	tcase_add_test(t, hosts_are_compared_without_ports);
	suite_add_tcase(s, t);
	return run_suite(s);
}
