/* SPDX-License-Identifier: Apache-2.0
 *
 * Character sets between the journal and a destination: what goes out byte for byte, what is converted.
 */
#include <check.h>

#include "engine/pipeline.h"
#include "run_suite.h"

static struct conf *conf;
static struct pipeline *p;

static void setup(void)
{
	ck_assert_int_eq(pipeline_new(&p), 0);
}

static void teardown(void)
{
	pipeline_free(p);
	conf_unref(conf);
}

/* A channel with this charset map, these steps and three destinations: mllp, utf8, fhir. */
static void load(const char *charset, const char *steps)
{
	struct aff_buf text;
	char root[] = "", a[] = "afferent.yaml", c[] = "channels/c.yaml", t[] = "mappings/t.yaml";
	struct aff_diag_list findings;
	aff_buf_init(&text, 65536);
	aff_buf_printf(&text, "channel: c\nsource: {mllp: {listen: \"127.0.0.1:2575\", charset: {%s}}}\n%s"
	               "destinations:\n"
	               "  - {name: mllp, mllp: {to: \"127.0.0.1:6661\"}}\n"
	               "  - {name: utf8, file: {to: x.hl7}, charset: UNICODE UTF-8}\n"
	               "  - {name: fhir, fhir: {to: \"http://127.0.0.1:8080/fhir\"}}\n"
	               "  - {name: parts, mllp: {to: \"127.0.0.1:6662\"}, split: patient}\n"
	               "  - {name: parts8, file: {to: y.hl7}, charset: UNICODE UTF-8, split: patient}\n"
	               "  - {name: bundles, fhir: {to: \"http://127.0.0.1:8080/r4\"}, split: order}\n", charset, steps);
	struct conf_file items[] = {
		{a, aff_view_of("journal: j\n")},
		{c, aff_buf_view(&text)},
		{t, aff_view_of("mapping: t\nrows:\n  \"1\": {code: \"2\", name: Größe 温度}\n"
		                "  \"3\": {code: \"4\", name: Größe}\n")},
	};
	struct conf_files files = {.root = root, .items = items, .count = 3};
	aff_diag_list_init(&findings, 10);
	ck_assert_int_eq(conf_load(&conf, &files, &findings), 0);
	aff_diag_list_free(&findings);
	aff_buf_free(&text);
}

#define MESSAGE(msh18, pid5, code)                                                                            \
	"MSH|^~\\&|MON||||20250115||ORU^R01^ORU_R01|A1|P|2.6|||AL|||" msh18 "\rPID|||1||" pid5 "\rOBR|1\r"    \
	"OBX|1|NM|" code "||5\r"

static struct pipeline_result run(unsigned dest, struct aff_view message)
{
	struct pipeline_result r;
	ck_assert_int_eq(pipeline_run(p, &conf->channels[0], &conf->channels[0].dests[dest], message, &r), 0);
	return r;
}

static void expect(unsigned dest, const char *message, const char *wanted)
{
	struct pipeline_result r = run(dest, aff_view_of(message));
	ck_assert_msg(r.verdict == PIPELINE_SEND, "%s", r.detail);
	ck_assert_msg(memmem(r.bytes.p, r.bytes.n, wanted, strlen(wanted)) != NULL, "%.*s", (int)r.bytes.n, r.bytes.p);
}

enum { MLLP, UTF8, FHIR, PARTS, PARTS_UTF8, BUNDLES };

#define BIG5_NAME "\xb3\x5c^\xa5\x5c\xb4\x7c" /* 許^功揉: second bytes are \ and | */

START_TEST(untouched_messages_go_out_byte_for_byte)
{
	static const char *const messages[] = {
		MESSAGE("BIG-5", BIG5_NAME, "1"), MESSAGE("8859/1", "M\xfcller", "1"), MESSAGE("", "M\xfcller", "1"),
		MESSAGE("8859/1", "M\xc3\xbcller", "1"), MESSAGE("~ISO IR87", "\x1b$B;3|D\x1b(B", "1"),
	};
	load("", "");
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		struct pipeline_result r = run(MLLP, aff_view_of(messages[i]));
		ck_assert_int_eq(r.verdict, PIPELINE_SEND);
		ck_assert(aff_view_equal(r.bytes, aff_view_of(messages[i])));
		ck_assert(aff_view_is(r.control_id, "A1"));
	}
}
END_TEST

/* The answer names MSH-10 as it goes out, also where a name in the MSH holds the field separator. */
START_TEST(control_ids_behind_field_separators)
{
	static const char message[] = "MSH|^~\\&|M|\xa8\x7c|||20260101||ORU^R01^ORU_R01|A1|P|2.6||||||BIG-5\r"
				      "PID|||1||" BIG5_NAME "\r";
	load("", "");
	struct pipeline_result r = run(MLLP, aff_view_of(message));
	ck_assert_int_eq(r.verdict, PIPELINE_SEND);
	ck_assert(aff_view_equal(r.bytes, aff_view_of(message)));
	ck_assert(aff_view_is(r.control_id, "A1"));
}
END_TEST

START_TEST(fhir_has_the_text)
{
	load("", "");
	expect(FHIR, MESSAGE("BIG-5", BIG5_NAME, "1"), "\"family\":\"許\",\"given\":[\"功揉\"]");
	expect(FHIR, MESSAGE("8859/5", "\xb8\xd2\xd0\xdd", "1"), "\"family\":\"Иван\"");
	expect(FHIR, MESSAGE("8859/1", "M\xc3\xbcller", "1"), "\"family\":\"Müller\"");
}
END_TEST

START_TEST(the_listener_knows_better)
{
	load("assume: windows-1252", "");
	expect(FHIR, MESSAGE("", "M\xfcller\x96", "1"), "\"family\":\"Müller–\"");
	expect(FHIR, MESSAGE("", "M\xc3\xbcller", "1"), "\"family\":\"Müller\"");
	expect(FHIR, MESSAGE("8859/5", "\xb8", "1"), "\"family\":\"И\"");
	conf_unref(conf);
	load("override: BIG-5", "");
	expect(FHIR, MESSAGE("8859/1", BIG5_NAME, "1"), "\"given\":[\"功揉\"]");
	conf_unref(conf);
	load("utf8: declared", "");
	expect(FHIR, MESSAGE("8859/1", "M\xc3\xbcller", "1"), "\"family\":\"MÃ¼ller\"");
}
END_TEST

START_TEST(translated_text_is_in_the_set_of_the_message)
{
	load("", "transform: [{translate: OBX-3, with: t}]\n");
	expect(MLLP, MESSAGE("UTF-8", "x", "1"), "|2^Größe 温度^^1|");
	expect(MLLP, MESSAGE("8859/1", "M\xfcller", "3"), "|4^Gr\xf6\xdf" "e^^3|");
	expect(FHIR, MESSAGE("8859/1", "Muller", "3"), "Größe");
	/* a name that the set does not have is left out */
	expect(MLLP, MESSAGE("8859/1", "M\xfcller", "1"), "|2^^^1|");
	/* what was not touched keeps its bytes */
	expect(MLLP, MESSAGE("BIG-5", BIG5_NAME, "1"), "PID|||1||" BIG5_NAME "\r");
	conf_unref(conf);
	load("", "transform: [{set: {OBX-3.2: 溫度}}]\n");
	expect(MLLP, MESSAGE("BIG-5", BIG5_NAME, "1"), "|1^\xb7\xc5\xab\xd7|");
	expect(FHIR, MESSAGE("BIG-5", BIG5_NAME, "1"), "溫度");
	/* a text that is asked for is not dropped silently */
	struct pipeline_result r = run(MLLP, aff_view_of(MESSAGE("8859/1", "M\xfcller", "1")));
	ck_assert_int_eq(r.verdict, PIPELINE_DEAD);
	ck_assert_ptr_nonnull(strstr(r.detail, "character set"));
}
END_TEST

START_TEST(conditions_compare_text)
{
	load("", "transform: [{drop: message, when: PID-5.1 = Müller}]\n");
	ck_assert_int_eq(run(MLLP, aff_view_of(MESSAGE("8859/1", "M\xfcller", "1"))).verdict, PIPELINE_FILTERED);
	ck_assert_int_eq(run(MLLP, aff_view_of(MESSAGE("UTF-8", "M\xc3\xbcller", "1"))).verdict, PIPELINE_FILTERED);
	ck_assert_int_eq(run(MLLP, aff_view_of(MESSAGE("8859/1", "M\\XFC\\ller", "1"))).verdict, PIPELINE_FILTERED);
	ck_assert_int_eq(run(MLLP, aff_view_of(MESSAGE("8859/5", "M\xfcller", "1"))).verdict, PIPELINE_SEND);
}
END_TEST

START_TEST(whole_messages_become_utf8)
{
	load("", "");
	expect(UTF8, MESSAGE("8859/1", "M\xfcller \\XE4\\ \\T\\", "1"), "|||UNICODE UTF-8\rPID|||1||Müller ä \\T\\\r");
	expect(UTF8, MESSAGE("BIG-5", BIG5_NAME, "1"), "|||UNICODE UTF-8\rPID|||1||許^功揉\r");
	expect(UTF8, MESSAGE("8859/1~8859/5||2.3", "\xfc\\C2D4C\\\xd0", "1"), "|||UNICODE UTF-8||\rPID|||1||üа\r");
	/* a letter that cannot be read holds no reading back */
	expect(UTF8, MESSAGE("UTF-8", "M\xfcller", "1"), "PID|||1||M�ller\r");
	conf_unref(conf);
	load("", "transform: [{translate: OBX-3, with: t}]\n");
	expect(UTF8, MESSAGE("8859/1", "M\xfcller", "3"), "|4^Größe^^3|");
}
END_TEST

START_TEST(msh18_says_what_the_text_is_in)
{
	load("", "transform: [{set: {MSH-18: 8859/5}}, {set: {OBX-3.2: Рост}}]\n");
	expect(MLLP, MESSAGE("8859/1", "\xb8", "1"), "|||8859/5\rPID|||1||\xb8\rOBR|1\rOBX|1|NM|1^\xc0\xde\xe1\xe2|");
	expect(FHIR, MESSAGE("8859/1", "\xb8", "1"), "\"family\":\"И\"");
}
END_TEST

START_TEST(what_cannot_be_written_is_not_sent)
{
	/* the step touches a segment whose bytes could not be read */
	load("", "transform: [{set: {PID-8: F}}]\n");
	struct pipeline_result r = run(MLLP, aff_view_of(MESSAGE("GB 18030-2000", "\xff\xd2\xbb", "1")));
	ck_assert_int_eq(r.verdict, PIPELINE_DEAD);
	r = run(MLLP, aff_view_of(MESSAGE("UNICODE UTF-16", "x", "1")));
	ck_assert_int_eq(r.verdict, PIPELINE_DEAD);
	ck_assert_ptr_nonnull(strstr(r.detail, "UTF-16"));
}
END_TEST

static void count_done(void *arg, const struct aff_rules_event *event)
{
	*(unsigned *)arg += event->kind == AFF_RULES_DONE;
}

START_TEST(an_observer_is_told_until_it_is_taken_away)
{
	unsigned done = 0;
	const struct aff_rules_watch watch = {count_done, &done};
	load("", "transform:\n  - {translate: OBX-3, with: t}\n");
	pipeline_watch(p, &watch);
	expect(MLLP, MESSAGE("", "A", "3"), "|4^");
	ck_assert_uint_eq(done, 1);
	pipeline_watch(p, NULL);
	expect(MLLP, MESSAGE("", "A", "3"), "|4^");
	ck_assert_uint_eq(done, 1);
}
END_TEST

#define ODD MESSAGE("8859/1", "A", "1") /* 温度 is not in 8859/1 */

START_TEST(a_step_that_fails_is_a_dead_letter_or_skipped)
{
	load("", "transform:\n  - {set: {PID-8: F, MSH-5: 温度}}\n  - {set: {MSH-6: W}}\n");
	struct pipeline_result r = run(MLLP, aff_view_of(ODD));
	ck_assert_int_eq(r.verdict, PIPELINE_DEAD);
	ck_assert_str_eq(r.detail, "line 4: the text cannot be written in the message's character set");
	conf_unref(conf);
	load("", "on_error: skip-step\n"
	     "transform:\n  - {set: {PID-8: F, MSH-5: 温度}}\n  - {set: {MSH-6: W}}\n");
	r = run(MLLP, aff_view_of(ODD));
	ck_assert_int_eq(r.verdict, PIPELINE_SEND);
	ck_assert_uint_eq(r.skipped, 1);
	ck_assert_uint_eq(r.skipped_line, 5);
	ck_assert_str_eq(r.skipped_why, "the text cannot be written in the message's character set");
	ck_assert(memmem(r.bytes.p, r.bytes.n, "|MON|||W|", 9) != NULL);
	ck_assert(memmem(r.bytes.p, r.bytes.n, "||F", 3) == NULL);
}
END_TEST

/* Parts lie in the bytes one behind the other, in the set of the message or in UTF-8. What would have to be taken apart
 * in a set whose characters hold delimiters is not sent. */
START_TEST(a_message_in_parts)
{
#define SECOND "PID|||2||X\rOBR|1\rOBX|1|NM|1||6\r"
	load("", "");
	struct pipeline_result r = run(PARTS, aff_view_of(MESSAGE("8859/1", "M\xfcller", "1") SECOND));
	ck_assert_int_eq(r.verdict, PIPELINE_SEND);
	ck_assert_uint_eq(r.nparts, 2);
	ck_assert(r.parts[0].bytes.p == r.bytes.p && r.parts[1].bytes.p == r.bytes.p + r.parts[0].bytes.n);
	ck_assert_uint_eq(r.bytes.n, r.parts[0].bytes.n + r.parts[1].bytes.n);
	ck_assert(memmem(r.parts[0].bytes.p, r.parts[0].bytes.n, "M\xfcller", 6) != NULL);
	ck_assert(aff_view_is(r.control_id, "A1-1") && aff_view_is(r.parts[1].control_id, "A1-2"));
	r = run(PARTS, aff_view_of(MESSAGE("8859/1", "M\xfcller", "1")));
	ck_assert_uint_eq(r.nparts, 0);
	ck_assert(aff_view_is(r.control_id, "A1"));
	r = run(PARTS_UTF8, aff_view_of(MESSAGE("BIG-5", BIG5_NAME, "1") SECOND));
	ck_assert_int_eq(r.verdict, PIPELINE_SEND);
	ck_assert_uint_eq(r.nparts, 2);
	ck_assert(memmem(r.parts[0].bytes.p, r.parts[0].bytes.n, "許^功揉", 10) != NULL);
	r = run(PARTS, aff_view_of(MESSAGE("BIG-5", BIG5_NAME, "1") SECOND));
	ck_assert_int_eq(r.verdict, PIPELINE_DEAD);
	ck_assert_ptr_nonnull(strstr(r.detail, "split"));
	r = run(PARTS, aff_view_of(MESSAGE("BIG-5", BIG5_NAME, "1")));
	ck_assert_int_eq(r.verdict, PIPELINE_SEND);
}
END_TEST

/* A bundle a line; an order without observations gives none, unless there is no other. */
START_TEST(bundles_of_parts)
{
	load("", "");
	struct pipeline_result r =
		run(BUNDLES, aff_view_of(MESSAGE("BIG-5", BIG5_NAME, "1") "OBR|2\rOBR|3\rOBX|1|NM|1||6\rOBR|4\r"));
	ck_assert_msg(r.verdict == PIPELINE_SEND, "%s", r.detail);
	ck_assert_uint_eq(r.nparts, 2);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(r.parts[i].bytes.p[0] == '{' && r.parts[i].bytes.p[r.parts[i].bytes.n - 1] == '}');
		ck_assert(memmem(r.parts[i].bytes.p, r.parts[i].bytes.n, "許", 3) != NULL);
	}
	ck_assert(r.parts[0].bytes.p[r.parts[0].bytes.n] == '\n');
	ck_assert(aff_view_is(r.parts[1].control_id, "A1-3"));
	r = run(BUNDLES, aff_view_of("MSH|^~\\&|MON||||20250115||ORU^R01|A1|P|2.6\rPID|||1\rOBR|1\rOBR|2\r"));
	ck_assert_int_eq(r.verdict, PIPELINE_DEAD);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine pipeline");
	TCase *all = tcase_create("charset");
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, untouched_messages_go_out_byte_for_byte);
	tcase_add_test(all, control_ids_behind_field_separators);
	tcase_add_test(all, fhir_has_the_text);
	tcase_add_test(all, the_listener_knows_better);
	tcase_add_test(all, translated_text_is_in_the_set_of_the_message);
	tcase_add_test(all, conditions_compare_text);
	tcase_add_test(all, whole_messages_become_utf8);
	tcase_add_test(all, msh18_says_what_the_text_is_in);
	tcase_add_test(all, what_cannot_be_written_is_not_sent);
	tcase_add_test(all, an_observer_is_told_until_it_is_taken_away);
	tcase_add_test(all, a_step_that_fails_is_a_dead_letter_or_skipped);
	tcase_add_test(all, a_message_in_parts);
	tcase_add_test(all, bundles_of_parts);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
