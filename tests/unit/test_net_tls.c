/* SPDX-License-Identifier: Apache-2.0
 *
 * What TLS is set up with: files that cannot be used are told before anything is sent. How it talks to a server is a
 * scenario (tests/scenario/syslog*.scn).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tls.h"
#include "run_suite.h"
#include "sys/file.h"

static char path[] = "/tmp/afferent-tls-XXXXXX";
static struct aff_diag diag;

static void setup(void)
{
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	unlink(path);
}

static int client(const char *ca, const char *cert, const char *key)
{
	struct net_tls_options o = {.ca_file = ca, .cert_file = cert, .key_file = key};
	struct net_tls *t = NULL;
	int rc = net_tls_client(&t, &o, &diag);
	net_tls_free(t);
	return rc;
}

START_TEST(files_that_cannot_be_used_are_told)
{
	ck_assert_int_eq(client(NULL, NULL, NULL), 0);
	ck_assert_int_eq(client("/nowhere/ca.pem", NULL, NULL), AFF_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(diag.text, "/nowhere/ca.pem"));
	ck_assert_int_eq(file_replace(path, aff_view_of("no certificate\n"), NULL), 0);
	ck_assert_int_eq(client(path, NULL, NULL), AFF_EARGUMENT);
	ck_assert_ptr_nonnull(strstr(diag.text, "holds no certificate"));
	ck_assert_int_eq(client(NULL, path, path), AFF_EARGUMENT);
	ck_assert_int_eq(client(NULL, path, "/nowhere/key.pem"), AFF_ENOTFOUND);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(client(NULL, path, path), AFF_EARGUMENT);
	ck_assert_ptr_nonnull(strstr(diag.text, "can be read by others"));
	ck_assert_ptr_nonnull(strstr(diag.hint, "chmod 600"));
}
END_TEST

START_TEST(a_name_must_fit_into_a_certificate)
{
	struct net_tls_options o = {0};
	struct net_tls *t;
	struct net_stream s;
	char name[400];
	memset(name, 'a', sizeof name);
	name[sizeof name - 1] = '\0';
	net_stream_init(&s, 0);
	ck_assert_int_eq(net_tls_client(&t, &o, &diag), 0);
	ck_assert_int_eq(net_tls_start(&s, t, name, &diag), AFF_EARGUMENT);
	ck_assert_ptr_null(s.tls);
	net_tls_free(t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net: TLS");
	TCase *c = tcase_create("options");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, files_that_cannot_be_used_are_told);
	tcase_add_test(c, a_name_must_fit_into_a_certificate);
	suite_add_tcase(suite, c);
	return run_suite(suite);
}
