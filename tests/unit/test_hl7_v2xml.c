/* SPDX-License-Identifier: Apache-2.0
 *
 * v2.xml: what is written, what is read, and that nothing is lost on the way there and back.
 */
#include "hl7_test.h"

#include <afferent/parts.h>
#include <afferent/v2xml.h>
#include <ftw.h>

#define HEADER "MSH|^~\\&|MON|ICU|EHR|HOSP|20250115103000+0000||ORU^R01^ORU_R01|A1|P|2.6\r"
#define MSH_XML \
	"<MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2><MSH.3><HD.1>MON</HD.1></MSH.3><MSH.4><HD.1>ICU</HD.1></MSH.4>" \
	"<MSH.5><HD.1>EHR</HD.1></MSH.5><MSH.6><HD.1>HOSP</HD.1></MSH.6><MSH.7>20250115103000+0000</MSH.7>" \
	"<MSH.9><MSG.1>ORU</MSG.1><MSG.2>R01</MSG.2><MSG.3>ORU_R01</MSG.3></MSH.9><MSH.10>A1</MSH.10>" \
	"<MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.6</VID.1></MSH.12></MSH>"

static struct aff_msg *message;
static struct aff_groups *groups;
static struct aff_buf xml, er7;
static struct aff_diag diag;

static void setup(void)
{
	ck_assert_int_eq(aff_msg_new(&message, NULL), 0);
	ck_assert_int_eq(aff_groups_new(&groups), 0);
	aff_buf_init(&xml, 64 << 20);
	aff_buf_init(&er7, 64 << 20);
	diag = (struct aff_diag){0};
}

static void teardown(void)
{
	aff_msg_free(message);
	aff_groups_free(groups);
	aff_buf_free(&xml);
	aff_buf_free(&er7);
}

static int write_xml(struct aff_view text, bool with_groups)
{
	ck_assert_int_eq(aff_msg_parse(message, text.p, text.n, AFF_LENIENT_ALL, NULL), 0);
	ck_assert_int_eq(aff_groups_match(groups, message, NULL), 0);
	aff_buf_clear(&xml);
	return aff_v2xml_write(&xml, message, with_groups ? groups : NULL, &diag);
}

static int read_xml(struct aff_view document)
{
	char *exact = exact_copy(document.p, document.n);
	aff_buf_clear(&er7);
	int rc = aff_v2xml_read(&er7, aff_view(exact, document.n), &diag);
	free(exact);
	return rc;
}

static void expect_body(const char *segments, const char *elements)
{
	static char text[4096], expected[8192];
	snprintf(text, sizeof text, HEADER "%s", segments);
	ck_assert_int_eq(write_xml(aff_view_of(text), false), 0);
	snprintf(expected, sizeof expected,
	         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ORU_R01 xmlns=\"urn:hl7-org:v2xml\">" MSH_XML
	         "%s</ORU_R01>\n", elements);
	ck_view(aff_buf_view(&xml), expected);
	ck_assert_int_eq(read_xml(aff_buf_view(&xml)), 0);
	ck_view(aff_buf_view(&er7), text);
}

START_TEST(elements)
{
	expect_body("PID|||4711^^^HOSP&1.2&ISO~12||Muster&von^Erika||19810111|F\r",
	            "<PID><PID.3><CX.1>4711</CX.1>"
	            "<CX.4><HD.1>HOSP</HD.1><HD.2>1.2</HD.2><HD.3>ISO</HD.3></CX.4></PID.3>"
	            "<PID.3><CX.1>12</CX.1></PID.3><PID.5><XPN.1><FN.1>Muster</FN.1><FN.2>von</FN.2></XPN.1>"
	            "<XPN.2>Erika</XPN.2></PID.5><PID.7>19810111</PID.7><PID.8>F</PID.8></PID>");
	expect_body("PV1\r", "<PV1></PV1>");
}
END_TEST

START_TEST(values_by_their_type)
{
	expect_body("OBX|1|NM|1||37.20\r",
	            "<OBX><OBX.1>1</OBX.1><OBX.2>NM</OBX.2><OBX.3><CWE.1>1</CWE.1></OBX.3><OBX.5>37.20</OBX.5></OBX>");
	expect_body("OBX|1|SN|||>^5\r", "<OBX><OBX.1>1</OBX.1><OBX.2>SN</OBX.2><OBX.5><SN.1>&gt;</SN.1><SN.2>5</SN.2>"
	                                "</OBX.5></OBX>");
	expect_body("OBX|1||||a^b&c\r", "<OBX><OBX.1>1</OBX.1><OBX.5><UNKNOWN.1>a</UNKNOWN.1><UNKNOWN.2><UNKNOWN.1>b"
	                                "</UNKNOWN.1><UNKNOWN.2>c</UNKNOWN.2></UNKNOWN.2></OBX.5></OBX>");
	expect_body("OBX|1|ST|||a^b\r",
	            "<OBX><OBX.1>1</OBX.1><OBX.2>ST</OBX.2><OBX.5><ST.1>a</ST.1><ST.2>b</ST.2></OBX.5></OBX>");
	expect_body("ZPV|x|y^z\r", "<ZPV><ZPV.1>x</ZPV.1>"
	                           "<ZPV.2><UNKNOWN.1>y</UNKNOWN.1><UNKNOWN.2>z</UNKNOWN.2></ZPV.2></ZPV>");
}
END_TEST

START_TEST(places_are_kept)
{
	expect_body("PID|||~12~~13\r", "<PID><PID.3/><PID.3><CX.1>12</CX.1></PID.3>"
	                               "<PID.3/><PID.3><CX.1>13</CX.1></PID.3></PID>");
	expect_body("PID|||^^^&2&\"\"\r",
	            "<PID><PID.3><CX.4><HD.2>2</HD.2><HD.3>&quot;&quot;</HD.3></CX.4></PID.3></PID>");
}
END_TEST

START_TEST(escapes_and_entities)
{
	expect_body("NTE|1||a \\T\\ b < c > \"d\" \\F\\\\E\\ \xc3\xa4\t.\r",
	            "<NTE><NTE.1>1</NTE.1><NTE.3>a &amp; b &lt; c &gt; &quot;d&quot; |\\ \xc3\xa4&#9;.</NTE.3></NTE>");
	expect_body("NTE|1||\\.br\\\\H\\x\\N\\\\X0D0A\\\\\\\\f\\\\ZA\"<\\\r",
	            "<NTE><NTE.1>1</NTE.1><NTE.3><escape V=\".br\"/><escape V=\"H\"/>x<escape V=\"N\"/>"
	            "<escape V=\"X0D0A\"/><escape V=\"\"/><escape V=\"f\"/><escape V=\"ZA&quot;&lt;\"/></NTE.3></NTE>");
	expect_body("NTE|1||C:\\dir\\a \\\r",
	            "<NTE><NTE.1>1</NTE.1><NTE.3>C:<escape V=\"dir\"/>a <escape/></NTE.3></NTE>");
	expect_body("NTE|1|| \r", "<NTE><NTE.1>1</NTE.1><NTE.3> </NTE.3></NTE>");
}
END_TEST

START_TEST(control_characters_become_sequences)
{
	ck_assert_int_eq(write_xml(aff_view_of(HEADER "NTE|1||a\nb\x01\r"), false), 0);
	ck_assert_int_eq(read_xml(aff_buf_view(&xml)), 0);
	ck_view(aff_buf_view(&er7), HEADER "NTE|1||a\\X0A\\b\\X01\\\r");
}
END_TEST

START_TEST(what_cannot_be_written)
{
	ck_assert_int_eq(write_xml(aff_view_of(HEADER "NTE|1||M\xfcller\r"), false), AFF_ECHARSET);
	ck_assert_int_eq(write_xml(aff_view_of(HEADER "NTE|1||\xef\xbf\xbf\r"), false), AFF_ECHARSET);
	ck_assert_int_eq(write_xml(aff_view_of(HEADER "NTE|1||\x1b$B4!\x1b(B\r"), false), AFF_ECHARSET);
	ck_assert_int_eq(write_xml(aff_view_of(HEADER "pid|1\r"), false), AFF_ESEGMENTID);
	ck_assert_int_eq(write_xml(aff_view_of(HEADER HEADER), false), AFF_ESEGMENTID);
	ck_assert_int_eq(write_xml(aff_view_of("MSH\x01^~\\&\x01" "A\r"), false), AFF_EDELIMITER);
	ck_assert_int_eq(write_xml(aff_view_of("MSH|^~\x02&|A\r"), false), AFF_EDELIMITER);
	struct aff_buf tight;
	aff_buf_init(&tight, 100);
	ck_assert_int_eq(aff_msg_parse(message, HEADER, strlen(HEADER), 0, NULL), 0);
	ck_assert_int_eq(aff_v2xml_write(&tight, message, NULL, &diag), AFF_ELIMIT);
	aff_buf_free(&tight);
}
END_TEST

START_TEST(groups_of_the_structure)
{
	static const char *const expected[] = {
		"</MSH><ORU_R01.PATIENT_RESULT><ORU_R01.PATIENT><PID>",
		"</PID></ORU_R01.PATIENT><ORU_R01.ORDER_OBSERVATION><OBR>",
		"</OBR><ORU_R01.OBSERVATION><OBX>",
		"</OBX><NTE>",
		"</NTE></ORU_R01.OBSERVATION></ORU_R01.ORDER_OBSERVATION><ORU_R01.ORDER_OBSERVATION><OBR>",
		"</OBR></ORU_R01.ORDER_OBSERVATION></ORU_R01.PATIENT_RESULT></ORU_R01>\n",
	};
	const char *text = HEADER "PID|||1\rOBR|1\rOBX|1|ST|1||a\rNTE|1\rOBR|2\r";
	ck_assert_int_eq(write_xml(aff_view_of(text), true), 0);
	const char *at = xml.p;
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		const char *found = memmem(at, (size_t)(xml.p + xml.n - at), expected[i], strlen(expected[i]));
		ck_assert_msg(found, "%s is not in %.*s", expected[i], (int)xml.n, xml.p);
		at = found;
	}
	ck_assert_int_eq(read_xml(aff_buf_view(&xml)), 0);
	ck_view(aff_buf_view(&er7), text);
}
END_TEST

START_TEST(what_people_write)
{
	/* Line breaks and indentation between tags, CDATA, entities, comments, a prefix, no MSH.1. */
	static const char document[] =
		"<?xml version='1.0'?>\n<!-- by hand -->\n<h:ACK xmlns:h='urn:hl7-org:v2xml'>\n  <h:MSH>\n"
		"    <h:MSH.9>\n      <h:MSG.1>ACK</h:MSG.1>\n    </h:MSH.9>\n"
		"    <h:MSH.10><![CDATA[a|&b]]></h:MSH.10>\n"
		"    <h:MSH.11>\n    </h:MSH.11>\n    <h:MSH.12>2.6&#x41;</h:MSH.12>\n  </h:MSH>\n  <h:MSA><h:MSA.1/>"
		"<h:MSA.2> 7 </h:MSA.2></h:MSA>\n</h:ACK>\n";
	ck_assert_int_eq(read_xml(aff_view_of(document)), 0);
	ck_view(aff_buf_view(&er7), "MSH|^~\\&|||||||ACK|a\\F\\\\T\\b||2.6A\rMSA|| 7 \r");
	/* No MSH.1 but an MSH.2. */
	ck_assert_int_eq(read_xml(aff_view_of("<ACK><MSH><MSH.2>^~\\&amp;</MSH.2><MSH.3>A</MSH.3></MSH></ACK>")), 0);
	ck_view(aff_buf_view(&er7), "MSH|^~\\&|A\r");
}
END_TEST

START_TEST(own_delimiters)
{
	const char *text = "MSH$%!/*$A%1.2%ISO\rPID$$$1%%%H*2~!2$$x/F/y\r";
	ck_assert_int_eq(write_xml(aff_view_of(text), false), 0);
	ck_assert_int_eq(read_xml(aff_buf_view(&xml)), 0);
	ck_view(aff_buf_view(&er7), text);
	ck_assert_int_eq(write_xml(aff_view_of("MSH|^~\\\\&|A\r"), false), 0);
	ck_assert_int_eq(read_xml(aff_buf_view(&xml)), 0);
	ck_view(aff_buf_view(&er7), "MSH|^~\\&|A\r");
	text = "MSH|^~\\&#|A\rNTE|1||Room #5 \\P\\ cut#\r";
	ck_assert_int_eq(write_xml(aff_view_of(text), false), 0);
	ck_assert_int_eq(read_xml(aff_buf_view(&xml)), 0);
	ck_view(aff_buf_view(&er7), text);
}
END_TEST

#define ROOT(inner) "<ACK>" inner "</ACK>"
#define MSH(inner)  "<ACK><MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>" inner "</MSH></ACK>"

START_TEST(what_is_no_v2xml)
{
	static const char *const bad[] = {
		"", "MSH|", "<ACK>", "<ACK></MSH>", ROOT(""), ROOT("<PID><PID.3>1</PID.3></PID>"), ROOT("<lower/>"),
		ROOT("<MSH><PID.3>1</PID.3></MSH>"), ROOT("<MSH><MSH>1</MSH></MSH>"), MSH("<MSH.x>1</MSH.x>"),
		MSH("<MSH.0>1</MSH.0>"), MSH("<MSH.70000>1</MSH.70000>"), MSH("<MSH.4>1</MSH.4><MSH.3>1</MSH.3>"),
		MSH("<MSH.3><HD.2>1</HD.2><HD.1>1</HD.1></MSH.3>"), MSH("<MSH.3>x<HD.1>1</HD.1></MSH.3>"),
		MSH("<MSH.3><HD.1>1</HD.1>x</MSH.3>"), MSH("x"), MSH("<MSH.3><a.1><b.1><c.1/></b.1></a.1></MSH.3>"),
		MSH("<MSH.3><escape V='\\'/></MSH.3>"), MSH("<MSH.3><escape V='a|b'/></MSH.3>"),
		MSH("<MSH.3><escape V='a&#13;PID|b'/></MSH.3>"), MSH("<MSH.3><escape>x</escape></MSH.3>"),
		MSH("<escape/>"),
		ROOT("<MSH><MSH.1>|^</MSH.1><MSH.2>~\\&amp;</MSH.2></MSH>"),
		ROOT("<MSH><MSH.1>||</MSH.1><MSH.2>^</MSH.2></MSH>"), ROOT("<MSH><MSH.1>A</MSH.1></MSH>"),
		ROOT("<MSH><MSH.1>|</MSH.1><MSH.2>^^</MSH.2></MSH>"),
		ROOT("<MSH><MSH.1>|</MSH.1><MSH.2>^|PID</MSH.2></MSH>"),
		ROOT("<MSH><MSH.1>|</MSH.1><MSH.2>^</MSH.2><MSH.3>1</MSH.3><MSH.3>2</MSH.3></MSH>"),
		ROOT("<MSH><MSH.10>1</MSH.10></MSH><MSH/>"), ROOT("<MSH><MSH.10>1</MSH.10></MSH><BHS/>"),
		MSH("<MSH.10>&unknown;</MSH.10>"),
		"<!DOCTYPE ACK [<!ENTITY a 'b'>]>" MSH("<MSH.10>&a;</MSH.10>"),
		"<!DOCTYPE ACK SYSTEM 'file:///etc/passwd'>" MSH("<MSH.10>1</MSH.10>"),
	};
	diag = (struct aff_diag){0};
	int rc = read_xml(aff_view_of(bad[_i]));
	ck_assert_msg(rc == AFF_ESYNTAX, "%s: %d: %.*s", bad[_i], rc, (int)er7.n, er7.p);
	ck_assert_int_eq(diag.code, AFF_ESYNTAX);
	ck_assert(diag.text[0]);
}
END_TEST

START_TEST(no_value_in_an_error)
{
	static const char *const bad[] = {MSH("<MSH.10>SECRET</MSH.11>"), MSH("<MSH.10>&SECRET;</MSH.10>"),
	                                  MSH("<MSH.3>SECRET<HD.1/></MSH.3>")};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_int_eq(read_xml(aff_view_of(bad[i])), AFF_ESYNTAX);
		ck_assert_msg(!strstr(diag.text, "SECRET") && !strstr(diag.hint, "SECRET"), "%s", diag.text);
	}
}
END_TEST

/* ---- there and back ---- */

static void put_trimmed(struct aff_buf *out, size_t from, char delimiter)
{
	while (delimiter && out->n > from && out->p[out->n - 1] == delimiter)
		out->n--;
}

/* A text that has no delimiters in it: controls as sequences, as the XML gives them back. */
static void put_leaf(struct aff_buf *out, struct aff_view v, const struct aff_delims *d)
{
	for (size_t i = 0; i < v.n; i++) {
		if ((unsigned char)v.p[i] >= ' ' || v.p[i] == '\t')
			aff_buf_put_char(out, v.p[i]);
		else if (d->escape)
			aff_buf_printf(out, "%cX%02X%c", d->escape, (unsigned)(unsigned char)v.p[i], d->escape);
		else
			aff_buf_put_char(out, ' ');
	}
}

static void put_repetition(struct aff_buf *out, struct aff_view v, const struct aff_delims *d)
{
	struct aff_parts components = aff_parts(v, d->component);
	struct aff_view component, sub;
	size_t start = out->n;
	while (aff_parts_next(&components, &component)) {
		struct aff_parts subs = aff_parts(component, d->subcomponent);
		size_t from = out->n;
		while (aff_parts_next(&subs, &sub)) {
			put_leaf(out, sub, d);
			if (subs.more)
				aff_buf_put_char(out, d->subcomponent);
		}
		put_trimmed(out, from, d->subcomponent);
		if (components.more)
			aff_buf_put_char(out, d->component);
	}
	put_trimmed(out, start, d->component);
}

/* The message with CR, without delimiters at the end of anything. */
static void normalise(struct aff_buf *out, const struct aff_msg *m)
{
	struct aff_delims d = aff_msg_delims(m);
	for (unsigned i = 0; i < aff_msg_segments(m); i++) {
		size_t start = out->n;
		aff_buf_put_view(out, aff_msg_id(m, i));
		for (unsigned f = 1; f <= aff_msg_fields(m, i); f++) {
			struct aff_view v = aff_msg_field(m, i, f), repetition;
			if (i == 0 && f <= 2) {
				aff_buf_put_view(out, v);
				continue;
			}
			struct aff_parts repetitions = aff_parts(v, d.repetition);
			aff_buf_put_char(out, d.field);
			size_t from = out->n;
			while (aff_parts_next(&repetitions, &repetition)) {
				put_repetition(out, repetition, &d);
				if (repetitions.more)
					aff_buf_put_char(out, d.repetition);
			}
			put_trimmed(out, from, d.repetition);
		}
		if (i || out->n - start > 8)
			put_trimmed(out, start, d.field);
		aff_buf_put_char(out, '\r');
	}
}

static unsigned round_trips, not_utf8;

static void there_and_back(const char *path, struct aff_view text)
{
	struct aff_buf wanted, again;
	int rc = aff_msg_parse(message, text.p, text.n, AFF_LENIENT_BLANK | AFF_LENIENT_BOM, NULL);
	if (rc)
		return;
	ck_assert_int_eq(aff_groups_match(groups, message, NULL), 0);
	aff_buf_clear(&xml);
	rc = aff_v2xml_write(&xml, message, groups, &diag);
	not_utf8 += rc == AFF_ECHARSET;
	ck_assert_msg(rc == 0 || rc == AFF_ECHARSET || rc == AFF_ESEGMENTID, "%s: %s", path, diag.text);
	if (rc)
		return;
	aff_buf_init(&wanted, 64 << 20);
	aff_buf_init(&again, 64 << 20);
	normalise(&wanted, message);
	rc = read_xml(aff_buf_view(&xml));
	ck_assert_msg(rc == 0, "%s: %s", path, diag.text);
	ck_assert_msg(aff_view_equal(aff_buf_view(&er7), aff_buf_view(&wanted)), "%s\n%.*s\n%.*s", path, (int)er7.n,
	              er7.p, (int)wanted.n, wanted.p);
	/* and once more: the same document */
	ck_assert_int_eq(aff_msg_parse(message, er7.p, er7.n, 0, NULL), 0);
	ck_assert_int_eq(aff_groups_match(groups, message, NULL), 0);
	ck_assert_int_eq(aff_v2xml_write(&again, message, groups, &diag), 0);
	ck_assert_msg(aff_view_equal(aff_buf_view(&again), aff_buf_view(&xml)), "%s: another document", path);
	aff_buf_free(&wanted);
	aff_buf_free(&again);
	round_trips++;
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	static char bytes[1 << 20];
	(void)info;
	(void)where;
	FILE *f = kind == FTW_F ? fopen(path, "rb") : NULL;
	if (!f)
		return 0;
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	there_and_back(path, aff_view(bytes, n));
	return 0;
}

START_TEST(messages_survive)
{
	round_trips = 0;
	ck_assert_int_eq(nftw("tests/cases/fhir", visit, 16, FTW_PHYS), 0);
	ck_assert_uint_gt(round_trips, 20);
	if (nftw("../shared/corpus/messages", visit, 16, FTW_PHYS))
		puts("skipped: the folder of collected messages is not there");
	printf("%u messages there and back, %u are not UTF-8\n", round_trips, not_utf8);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		elements, values_by_their_type, places_are_kept, escapes_and_entities,
		control_characters_become_sequences, what_cannot_be_written, groups_of_the_structure,
		what_people_write, own_delimiters, no_value_in_an_error,
		messages_survive,
	};
	Suite *s = suite_create("hl7_v2xml");
	TCase *c = tcase_create("v2xml");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(c, tests[i]);
	tcase_add_loop_test(c, what_is_no_v2xml, 0, 34);
	suite_add_tcase(s, c);
	return run_suite(s);
}
