/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading profiles in XML: what is refused, where mistakes are said to stand, and that all of them are said at once.
 */
#include <afferent/profile.h>

#include "hl7_test.h"
#include "profile/profile.h"
#include "base/xml_read.h"
#include "sys/file.h"

#define ROOT "<HL7v2xConformanceProfile>\n"
#define END_ROOT "</HL7v2xConformanceProfile>\n"
#define MESSAGE "<HL7v2xStaticDef MsgType=\"ORU\" EventType=\"R01\">\n"
#define END_MESSAGE "</HL7v2xStaticDef>\n"
#define MSH "<Segment Name=\"MSH\" Usage=\"R\" Min=\"1\" Max=\"1\"/>\n"

enum { TEXT_MAX = 4096 };

/* Reads text and writes what is found, one line each. Returns what the reader returned. */
static int findings_of(struct aff_view text, char *out, size_t size)
{
	static const char *const severities[] = {"error", "warning", "info"};
	struct aff_diag_list found;
	struct aff_profile *p = NULL;
	size_t n = 0;
	aff_diag_list_init(&found, 50);
	int rc = aff_profile_read_xml(&p, "p.xml", text, &found);
	ck_assert_int_eq(p == NULL, rc != 0);
	ck_assert_int_eq(rc, found.errors ? AFF_ECONFIG : 0);
	out[0] = '\0';
	for (size_t i = 0; i < found.count && n < size; i++) {
		const struct aff_diag *d = &found.items[i];
		n += (size_t)snprintf(out + n, size - n, "%u:%u %s: %s%s%s\n", d->line, d->column,
		                      severities[d->severity], d->text, d->hint[0] ? "; " : "", d->hint);
	}
	aff_profile_free(p);
	aff_diag_list_free(&found);
	return rc;
}

static void expect(const char *text, const char *expected)
{
	char found[TEXT_MAX];
	findings_of(aff_view_of(text), found, sizeof found);
	ck_assert_str_eq(found, expected);
}

START_TEST(a_document_type_is_refused)
{
	expect("<?xml version=\"1.0\"?>\n"
	       "<!DOCTYPE HL7v2xConformanceProfile SYSTEM \"file:///etc/passwd\">\n" ROOT END_ROOT,
	       "2:1 error: a document type declaration is not allowed; leave the line with <!DOCTYPE out\n");
}
END_TEST

START_TEST(entities_never_blow_up)
{
	expect("<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
	       "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>\n" ROOT "<MetaData Name=\"&c;\"/>" END_ROOT,
	       "1:1 error: a document type declaration is not allowed; leave the line with <!DOCTYPE out\n");
	char found[TEXT_MAX];
	ck_assert_int_eq(findings_of(aff_view_of(ROOT "<MetaData Name=\"&c;\"/>" END_ROOT), found, sizeof found),
	                 AFF_ECONFIG);
	ck_assert_ptr_nonnull(strstr(found, "not XML: Entity 'c' not defined"));
}
END_TEST

START_TEST(an_external_entity_is_never_fetched)
{
	char found[TEXT_MAX];
	const char *text =
		"<!DOCTYPE a [<!ENTITY x SYSTEM \"tests/cases/validate/fields.case\">]>\n" ROOT "&x;" END_ROOT;
	ck_assert_int_eq(findings_of(aff_view_of(text), found, sizeof found), AFF_ECONFIG);
	ck_assert_ptr_nonnull(strstr(found, "document type"));
	ck_assert_ptr_null(strstr(found, "MSH"));
}
END_TEST

START_TEST(nesting_is_bounded)
{
	char text[TEXT_MAX] = ROOT MESSAGE MSH, found[TEXT_MAX];
	for (unsigned i = 0; i < XML_MAX_DEPTH; i++)
		strncat(text, "<SegGroup Usage=\"O\">", sizeof text - strlen(text) - 1);
	findings_of(aff_view_of(text), found, sizeof found);
	ck_assert_ptr_nonnull(strstr(found, "elements are nested deeper than 32 levels"));
}
END_TEST

START_TEST(a_message_has_a_bounded_number_of_segments)
{
	struct aff_buf text;
	char *found = malloc(1 << 16);
	aff_buf_init(&text, 1 << 20);
	aff_buf_put_text(&text, ROOT MESSAGE);
	for (unsigned i = 0; i < PROFILE_MAX_NODES; i++)
		aff_buf_put_text(&text, MSH);
	aff_buf_put_text(&text, END_MESSAGE END_ROOT);
	ck_assert_int_eq(findings_of(aff_buf_view(&text), found, 1 << 16), AFF_ECONFIG);
	ck_assert_ptr_nonnull(strstr(found, "the profile is too large"));
	aff_buf_free(&text);
	free(found);
}
END_TEST

START_TEST(all_mistakes_are_told_with_their_places)
{
	expect("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" ROOT "  " MESSAGE "    " MSH
	       "    <Segment Name='PID' Usage='RQ' Min='2'\n"
	       "             Max='1'>\n"
	       "      <!-- \xc3\xa4 --><Field Name='a' Usage=\"r\" Min='x' Max='y' Length='ten' Datatype='2x'/>\n"
	       "      <Field Name='b'/>\n"
	       "      <Feild Name='c' Usage='R'/>\n"
	       "      <Field Name='d' Usge='R' Usage='R' Max='0'/>\n"
	       "      <SegGroup Usage='R'/>\n"
	       "      <Field Name='e' Usage='R' Min='0' Max='1' Lenght='3'/>\n"
	       "      <Toolkit><Anything/></Toolkit>\n"
	       "    </Segment>\n"
	       "    <Segment Name='pid' Usage='O'/>\n"
	       "  " END_MESSAGE
	       "  <HL7v2xStaticDef MsgType='OBSERVATION'><Segment Name='PID' Usage='O'/></HL7v2xStaticDef>\n"
	       "  <HL7v2xStaticDef MsgType='ADT' EventType='A01'/>\n" END_ROOT,
	       "5:32 error: Usage cannot be 'RQ'; write one of R, RE, C, CE, X, O, B, W\n"
	       "5:41 error: Min is more than Max\n"
	       "7:40 error: Usage cannot be 'r'; write one of R, RE, C, CE, X, O, B, W\n"
	       "7:48 error: Min cannot be 'x'; write a whole number\n"
	       "7:56 error: Max cannot be 'y'; write a whole number, or *\n"
	       "7:67 error: Length cannot be 'ten'; write a whole number, or 1..20\n"
	       "7:82 error: Datatype cannot be '2x'; write the name of a data type, such as CWE\n"
	       "8:7 error: Field has no Usage; one of R, RE, C, CE, X, O, B, W\n"
	       "9:7 error: unknown element 'Feild'; did you mean 'Field'?\n"
	       "10:47 error: Max is 0 though Usage is R\n"
	       "11:7 error: 'SegGroup' belongs in HL7v2xStaticDef or SegGroup\n"
	       "12:57 error: unknown attribute 'Lenght'; did you mean 'Length'?\n"
	       "12:38 warning: Min is 0 though Usage is R: it is taken as required; write Min=\"1\" or Usage=\"RE\"\n"
	       "13:7 warning: the element 'Toolkit' is not known and passed over\n"
	       "15:20 error: Name is not a segment id; such as Name=\"PID\"\n"
	       "17:29 error: MsgType is not a message type of three letters; such as MsgType=\"ORU\" "
	       "EventType=\"R01\"\n"
	       "17:42 error: the first segment of a message is MSH\n"
	       "18:3 error: HL7v2xStaticDef has no segments\n");
}
END_TEST

START_TEST(what_is_no_profile_says_so)
{
	expect("", "1:1 error: the file is not XML in UTF-8; save it as UTF-8\n");
	expect("profile: monitor\n", "1:1 error: the file is not XML in UTF-8; save it as UTF-8\n");
	expect("<ConformanceProfile ID=\"1\"><Messages/></ConformanceProfile>",
	       "1:1 error: unknown element 'ConformanceProfile'; a profile starts with HL7v2xConformanceProfile\n");
	expect(ROOT END_ROOT, "1:1 error: there is no HL7v2xStaticDef: the profile describes no message\n");
	expect(ROOT MESSAGE, "3:1 error: not XML: Premature end of data in tag HL7v2xStaticDef line 2\n");
	char found[TEXT_MAX];
	findings_of(aff_view("\xff\xfe<\0a\0/\0>\0", 10), found, sizeof found);
	ck_assert_ptr_nonnull(strstr(found, "not XML in UTF-8"));
	findings_of(aff_view_of("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n" ROOT
	                        "<MetaData Name=\"\xe4\"/>" END_ROOT),
	            found, sizeof found);
	ck_assert_ptr_nonnull(strstr(found, "save the file as UTF-8"));
}
END_TEST

START_TEST(the_structure_is_kept)
{
	struct aff_diag_list found;
	struct aff_profile *p;
	const char *text = ROOT
		"<MetaData Name=\"a &amp; b\"/>" MESSAGE MSH "<SegGroup Name=\"G\" Usage=\"RE\" Min=\"0\" Max=\"*\">"
		"<Segment Name=\"PID\" LongName=\"Patient\" Usage=\"C(R/X)\">"
		"<Field Name=\"one\" Usage=\"R\" Max=\"*\" Length=\"2..20\" Datatype=\"CWE_X\" Table=\"HL70001\">"
		"<Component Name=\"c\" Usage=\"X\"/><Component Name=\"d\" Usage=\"R\"><SubComponent Name=\"s\" "
		"Usage=\"R\""
		" ConstantValue=\"&lt;x&#x3e;\"/></Component></Field>"
		"<Field Name=\"two\" Usage=\"RE\" Table=\"LOCAL\" MinLength=\"1\" "
		"MaxLength=\"5\"/></Segment></SegGroup>"
		"<Segment Name=\"OBX\" Usage=\"O\" Max=\"2\"/>" END_MESSAGE END_ROOT;
	aff_diag_list_init(&found, 10);
	ck_assert_int_eq(aff_profile_read_xml(&p, "p.xml", aff_view_of(text), &found), 0);
	ck_assert_uint_eq(found.count, 2); /* one table that is not known, one usage by a condition */
	ck_assert_int_eq(found.items[0].severity, AFF_SEVERITY_INFO);
	ck_assert_int_eq(found.items[1].severity, AFF_SEVERITY_INFO);
	ck_assert_str_eq(aff_profile_name(p), "a & b");
	ck_assert_str_eq(aff_profile_source(p), "p.xml");
	ck_assert_uint_eq(p->nnodes, 5);
	ck_assert_uint_eq(p->nodes[0].end, 5);
	ck_assert_uint_eq(p->nodes[2].end, 4);
	ck_assert_uint_eq(p->nodes[3].parent, 2);
	ck_assert_uint_eq(p->nodes[4].parent, 0);
	ck_assert_uint_eq(p->nodes[2].is.max, PROFILE_MANY);
	ck_assert_int_eq(p->nodes[3].is.usage, USAGE_C);
	ck_assert_str_eq(p->nodes[3].is.name, "segment PID (Patient)");
	const struct profile_part *one = &p->parts[p->nodes[3].first_part];
	ck_assert_uint_eq(p->nodes[3].end_part - p->nodes[3].first_part, 5);
	ck_assert_uint_eq(one->end, 4);
	ck_assert_str_eq(one->is.type, "CWE");
	ck_assert_uint_eq(one->is.table, 1);
	ck_assert_uint_eq(one->is.shortest, 2);
	ck_assert_uint_eq(one->is.longest, 20);
	ck_assert_uint_eq(one->is.max, PROFILE_MANY);
	ck_assert_uint_eq(one[2].number, 2);
	ck_assert_uint_eq(one[2].end, 4);
	ck_assert_str_eq(p->values[one[3].is.first_value].p, "<x>");
	ck_assert_uint_eq(one[4].number, 2);
	ck_assert_uint_eq(one[4].is.table, 0);
	ck_assert_uint_eq(one[4].is.shortest, 1);
	ck_assert_uint_eq(one[4].is.longest, 5);
	aff_profile_free(p);
	aff_diag_list_free(&found);
}
END_TEST

START_TEST(the_shipped_profile_has_no_mistake)
{
	struct aff_buf text;
	char found[TEXT_MAX];
	aff_buf_init(&text, 1 << 20);
	ck_assert_int_eq(file_read("examples/profiles/monitor.xml", &text, NULL), 0);
	ck_assert_int_eq(findings_of(aff_buf_view(&text), found, sizeof found), 0);
	ck_assert_str_eq(found, "1:1 info: 6 elements have usage C or CE: predicates are text and not evaluated, the "
	                        "elements count as optional\n");
	aff_buf_free(&text);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_document_type_is_refused,
	                              entities_never_blow_up,
	                              an_external_entity_is_never_fetched,
	                              nesting_is_bounded,
	                              a_message_has_a_bounded_number_of_segments,
	                              all_mistakes_are_told_with_their_places,
	                              what_is_no_profile_says_so,
	                              the_structure_is_kept,
	                              the_shipped_profile_has_no_mistake};
	return RUN_TESTS("profile_xml", tests);
}
