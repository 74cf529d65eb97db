/* SPDX-License-Identifier: Apache-2.0
 *
 * What a channel takes by the header of a message.
 */
#include <check.h>
#include <stdio.h>

#include "conf/conf.h"
#include "engine/in/accept.h"
#include "run_suite.h"

/* The configuration of a channel with these lines of `accept`. */
static struct conf *channel_with(const char *accept)
{
	char text[1000];
	int n = snprintf(text, sizeof text,
	                 "channel: a\nsource: {mllp: {listen: \"127.0.0.1:2575\"}}\naccept:\n%s"
	                 "destinations: [{name: x, file: {to: x.hl7}}]\n",
	                 accept);
	char root[] = "", name[] = "channels/a.yaml";
	struct conf_file file = {name, aff_view(text, (size_t)n)};
	struct conf_files files = {.root = root, .items = &file, .count = 1};
	struct aff_diag_list findings;
	struct conf *conf = NULL;
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_load(&conf, &files, &findings), 0);
	aff_diag_list_free(&findings);
	return conf;
}

/* What becomes of a message with these fields from MSH-3 to MSH-12; *field: where it is refused. */
static int judged(const struct conf *conf, const char *separators, const char *sender, const char *version,
                  unsigned *field)
{
	char text[1000];
	struct aff_msg *m;
	struct aff_diag diag = {0};
	int n = snprintf(text, sizeof text, "MSH|%s|%s|||20260101120000||ORU%cR01|1|P|%s\r", separators, sender,
	                 separators[0], version);
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_msg_parse(m, text, (size_t)n, 0, NULL), 0);
	int rc = accept_header(m, &conf->channels[0].accept, &diag);
	ck_assert_int_eq(diag.code, rc);
	*field = diag.at.field;
	aff_msg_free(m);
	return rc;
}

static void expect(const struct conf *conf, const char *sender, const char *version, int rc, unsigned field)
{
	unsigned at;
	ck_assert_msg(judged(conf, "^~\\&", sender, version, &at) == rc && at == field, "%s %s: refused at %u", sender,
	              version, at);
}

START_TEST(versions)
{
	struct conf *conf = channel_with("  versions: [2.5, 2.6]\n");
	expect(conf, "A|B", "2.5", 0, 0);
	expect(conf, "A|B", "2.6^DEU", 0, 0);
	expect(conf, "A|B", "2.5.1", AFF_EHL7VERSION, 12);
	expect(conf, "A|B", "2.", AFF_EHL7VERSION, 12);
	expect(conf, "A|B", "", AFF_EHL7VERSION, 12);
	expect(conf, "A|B", "9", AFF_EHL7VERSION, 12);
	conf_unref(conf);
	conf = channel_with("  messages: [ORU^R01]\n");
	expect(conf, "A|B", "", 0, 0);
	expect(conf, "|", "2.1", 0, 0);
	conf_unref(conf);
}
END_TEST

START_TEST(senders)
{
	struct conf *conf = channel_with("  senders: [PHILIPS|ICU, PHILIPS|CCU, DRAEGER, \"AT_*|W*D\"]\n");
	expect(conf, "PHILIPS|ICU", "2.6", 0, 0);
	expect(conf, "PHILIPS^1.2.3^ISO|CCU^4^L", "2.6", 0, 0);
	expect(conf, "PHILIPS|", "2.6", AFF_ESENDER, 4);
	expect(conf, "PHILIPS|ICU2", "2.6", AFF_ESENDER, 4);
	expect(conf, "philips|ICU", "2.6", AFF_ESENDER, 3);
	expect(conf, "XPHILIPS|ICU", "2.6", AFF_ESENDER, 3);
	expect(conf, "|ICU", "2.6", AFF_ESENDER, 3);
	expect(conf, "|", "2.6", AFF_ESENDER, 3);
	expect(conf, "DRAEGER|anywhere", "2.6", 0, 0);
	expect(conf, "DRAEGER|", "2.6", 0, 0);
	expect(conf, "AT_|WD", "2.6", 0, 0);
	expect(conf, "AT_Gateway|WARDWARD", "2.6", 0, 0);
	expect(conf, "AT_Gateway|WARDS", "2.6", AFF_ESENDER, 4);
	conf_unref(conf);
}
END_TEST

START_TEST(components)
{
	struct conf *conf = channel_with("  senders: [\"*^00A0*^EUI-64|*\"]\n");
	unsigned field;
	expect(conf, "GATEWAY^00A0FF^EUI-64|X", "2.6", 0, 0);
	expect(conf, "GATEWAY^00A1FF^EUI-64|X", "2.6", AFF_ESENDER, 3);
	expect(conf, "GATEWAY^00A0FF|X", "2.6", AFF_ESENDER, 3);
	expect(conf, "^00A0^EUI-64|", "2.6", 0, 0);
	/* whatever separates components in the message */
	ck_assert_int_eq(judged(conf, "!~\\&", "GATEWAY!00A0FF!EUI-64|X", "2.6", &field), 0);
	ck_assert_int_eq(judged(conf, "!~\\&", "GATEWAY^00A0FF^EUI-64|X", "2.6", &field), AFF_ESENDER);
	conf_unref(conf);
}
END_TEST

/* Many stars over a long text: no time is lost in trying all ways. */
START_TEST(many_stars)
{
	char sender[900];
	struct conf *conf = channel_with("  senders: [\"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\"]\n");
	memset(sender, 'a', 880);
	memcpy(sender + 880, "|X", 3);
	expect(conf, sender, "2.6", AFF_ESENDER, 3);
	memcpy(sender + 880, "b|X", 4);
	expect(conf, sender, "2.6", 0, 0);
	conf_unref(conf);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine accept");
	TCase *tc = tcase_create("header");
	tcase_add_test(tc, versions);
	tcase_add_test(tc, senders);
	tcase_add_test(tc, components);
	tcase_add_test(tc, many_stars);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
