/* SPDX-License-Identifier: Apache-2.0
 *
 * Syslog messages as RFC 5424 wants them, in the frames of RFC 5425.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/syslog.h"
#include "run_suite.h"

#define AT_US 1795167000123456 /* 2026-11-20T09:30:00.123456Z */

static struct aff_buf out;

static struct syslog_message message(const char *text)
{
	return (struct syslog_message){.facility = SYSLOG_AUDIT,
				       .severity = SYSLOG_NOTICE,
				       .at_us = AT_US,
				       .host = aff_view_of("icu-1"),
				       .application = aff_view_of("afferent"),
				       .process = aff_view_of("4711"),
				       .id = aff_view_of("checkpoint"),
				       .text = aff_view_of(text)};
}

/* The frame without its length, which must be right. */
static const char *put(const struct syslog_message *m)
{
	unsigned long length;
	int digits;
	aff_buf_clear(&out);
	ck_assert_int_eq(syslog_put(&out, m), 0);
	aff_buf_put_char(&out, '\0');
	ck_assert_int_eq(sscanf(out.p, "%lu %n", &length, &digits), 1);
	ck_assert_uint_eq(length, out.n - 1 - (size_t)digits);
	return out.p + digits;
}

static void setup(void)
{
	aff_buf_init(&out, 4096);
}

static void teardown(void)
{
	aff_buf_free(&out);
}

START_TEST(a_message_in_its_frame)
{
	struct syslog_message m = message("what it says");
	ck_assert_str_eq(put(&m), "<109>1 2026-11-20T09:30:00.123456Z icu-1 afferent 4711 checkpoint - what it says");
	m.facility = SYSLOG_SECURITY;
	m.severity = SYSLOG_WARNING;
	m.at_us = 0;
	ck_assert_str_eq(put(&m), "<84>1 1970-01-01T00:00:00.000000Z icu-1 afferent 4711 checkpoint - what it says");
	/* The length is that of the message in octets, the text's own included. */
	m = message("\xc3\xa9");
	put(&m);
	ck_assert_int_eq(strncmp(out.p, "70 <", 4), 0);
}
END_TEST

START_TEST(a_header_has_printable_words_only)
{
	struct syslog_message m = message("x");
	char host[400], wanted[400];
	m.host = aff_view_of("");
	m.process = aff_view_of(" \t\n");
	m.id = aff_view_of("a b\n<1>1 c\x80");
	ck_assert_str_eq(put(&m), "<109>1 2026-11-20T09:30:00.123456Z - afferent - ab<1>1c - x");
	memset(host, 'h', sizeof host);
	m.host = aff_view(host, sizeof host);
	m.application = m.id = m.process = m.host;
	snprintf(wanted, sizeof wanted, " %.255s %.48s %.128s %.32s - x", "", "", "", "");
	const char *got = put(&m) + strlen("<109>1 2026-11-20T09:30:00.123456Z");
	ck_assert_uint_eq(strlen(got), strlen(wanted) + 255 + 48 + 128 + 32);
	m.at_us = -1;
	ck_assert_int_eq(strncmp(put(&m), "<109>1 - hhh", 12), 0);
}
END_TEST

START_TEST(frames_follow_each_other_and_a_full_buffer_is_an_error)
{
	struct syslog_message m = message("one");
	struct aff_buf small;
	aff_buf_clear(&out);
	ck_assert_int_eq(syslog_put(&out, &m), 0);
	size_t n = out.n;
	ck_assert_int_eq(syslog_put(&out, &m), 0);
	ck_assert_uint_eq(out.n, 2 * n);
	ck_assert_mem_eq(out.p, out.p + n, n);
	aff_buf_init(&small, 20);
	ck_assert_int_eq(syslog_put(&small, &m), AFF_ELIMIT);
	aff_buf_free(&small);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net: syslog");
	TCase *c = tcase_create("message");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_message_in_its_frame);
	tcase_add_test(c, a_header_has_printable_words_only);
	tcase_add_test(c, frames_follow_each_other_and_a_full_buffer_is_an_error);
	suite_add_tcase(suite, c);
	return run_suite(suite);
}
