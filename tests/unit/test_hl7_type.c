/* SPDX-License-Identifier: Apache-2.0
 *
 * Composite data types, and the parts that they are read from.
 */
#include "hl7_test.h"

#include <afferent/build.h>
#include <afferent/type.h>

static const struct aff_delims *const d = &aff_delims_default;

START_TEST(walks_over_parts)
{
	struct aff_parts p = aff_parts(aff_view_of("a^^b^"), '^');
	struct aff_view part;
	static const char *const expected[] = {"a", "", "b", ""};
	for (size_t i = 0; i < 4; i++) {
		ck_assert(aff_parts_next(&p, &part));
		ck_view(part, expected[i]);
	}
	ck_assert(!aff_parts_next(&p, &part));
	p = aff_parts(aff_view_of(""), '^');
	ck_assert(!aff_parts_next(&p, &part));
	p = aff_parts(aff_view("a\0b", 3), 0);
	ck_assert(aff_parts_next(&p, &part));
	ck_assert_uint_eq(part.n, 3);
	ck_assert(!aff_parts_next(&p, &part));
}
END_TEST

START_TEST(components_of_the_first_repetition)
{
	struct aff_view part[3];
	ck_assert_uint_eq(aff_components(part, 3, aff_view_of("a^b~c^d^e"), d), 2);
	ck_view(part[0], "a");
	ck_view(part[1], "b");
	ck_view(part[2], "");
	ck_assert_uint_eq(aff_components(part, 3, aff_view_of("a^b&c^d^e^f"), d), 3);
	ck_view(part[1], "b&c");
	ck_view(part[2], "d");
	ck_assert_uint_eq(aff_components(part, 3, aff_view_of(""), d), 0);
	ck_assert_ptr_nonnull(part[2].p);
	ck_assert_uint_eq(aff_components(part, 3, aff_view_of("a^"), d), 2);
	struct aff_delims bare = {'|', 0, 0, 0, 0, 0};
	ck_assert_uint_eq(aff_components(part, 3, aff_view("a\0b^c", 5), &bare), 1);
	ck_assert_uint_eq(part[0].n, 5);
}
END_TEST

START_TEST(primitives_and_values)
{
	ck_view(aff_primitive(aff_view_of("a&b^c~d"), d), "a");
	ck_view(aff_primitive(aff_view_of("a"), d), "a");
	ck_view(aff_primitive(aff_view_of("^c"), d), "");
	struct aff_delims bare = {'|', 0, 0, 0, 0, 0};
	ck_assert_uint_eq(aff_primitive(aff_view("a\0^", 3), &bare).n, 3);
	ck_assert(!aff_is_valued(aff_view_of(""), d));
	ck_assert(!aff_is_valued(aff_view_of("^~&^^"), d));
	ck_assert(aff_is_valued(aff_view_of("\"\""), d));
	ck_assert(aff_is_valued(aff_view_of("^ "), d));
	ck_assert(aff_is_valued(aff_view("\0", 1), &bare));
}
END_TEST

START_TEST(coded)
{
	struct aff_cwe c;
	aff_cwe_read(&c, aff_view_of("1^2^3^4^5^6^7^8^9^10^11^12^13^14^15^16^17^18^19^20^21^22^23~x"), d);
	const struct {
		struct aff_view view;
		const char *text;
	} expected[] = {
		{c.coding[0].code, "1"}, {c.coding[0].text, "2"}, {c.coding[0].system, "3"}, {c.coding[0].version, "7"},
		{c.coding[0].system_oid, "14"},
		{c.coding[0].value_set_oid, "15"}, {c.coding[0].value_set_version, "16"},
		{c.coding[1].code, "4"}, {c.coding[1].text, "5"}, {c.coding[1].system, "6"}, {c.coding[1].version, "8"},
		{c.coding[1].system_oid, "17"},
		{c.coding[1].value_set_oid, "18"}, {c.coding[1].value_set_version, "19"},
		{c.coding[2].code, "10"}, {c.coding[2].text, "11"}, {c.coding[2].system, "12"},
		{c.coding[2].version, "13"},
		{c.coding[2].system_oid, "20"},
		{c.coding[2].value_set_oid, "21"}, {c.coding[2].value_set_version, "22"},
		{c.original, "9"},
	};
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
		ck_view(expected[i].view, expected[i].text);
	/* An ID, IS or ST that became a CWE. */
	aff_cwe_read(&c, aff_view_of("M"), d);
	ck_view(c.coding[0].code, "M");
	ck_view(c.coding[2].value_set_version, "");
	aff_cwe_read(&c, aff_view_of("\"\""), d);
	ck_assert(aff_is_null(c.coding[0].code));
	/* Escapes stay until somebody asks. */
	aff_cwe_read(&c, aff_view_of("150456^O\\T\\2\\S\\x^MDC"), d);
	ck_view(c.coding[0].text, "O\\T\\2\\S\\x");
	struct aff_buf scratch;
	aff_buf_init(&scratch, 100);
	ck_view(aff_text(&scratch, c.coding[0].text, d), "O&2^x");
	ck_view(aff_text(&scratch, c.coding[0].system, d), "MDC");
	aff_buf_free(&scratch);
}
END_TEST

START_TEST(of_the_header)
{
	struct aff_message_type t;
	struct aff_processing p;
	struct aff_version_id v;
	aff_message_type_read(&t, aff_view_of("ORU^R01^ORU_R01"), d);
	ck_view(t.code, "ORU");
	ck_view(t.event, "R01");
	ck_view(t.structure, "ORU_R01");
	aff_message_type_read(&t, aff_view_of("ACK"), d);
	ck_view(t.event, "");
	aff_processing_read(&p, aff_view_of("P^T"), d);
	ck_view(p.id, "P");
	ck_view(p.mode, "T");
	aff_version_id_read(&v, aff_view_of("2.5^DEU&Germany&HL70399^2.3&Version"), d);
	ck_view(v.id, "2.5");
	ck_view(v.country, "DEU");
	ck_view(v.international_version, "2.3");
}
END_TEST

START_TEST(designators_and_identifiers)
{
	struct aff_hd hd;
	struct aff_ei ei;
	struct aff_cx cx;
	aff_hd_read(&hd, aff_view_of("ICU^1.2.3^ISO"), d);
	ck_view(hd.space, "ICU");
	ck_view(hd.universal, "1.2.3");
	ck_view(hd.type, "ISO");
	aff_ei_read(&ei, aff_view_of("77^MON^0011223344556677^EUI-64"), d);
	ck_view(ei.id, "77");
	ck_view(ei.authority.space, "MON");
	ck_view(ei.authority.universal, "0011223344556677");
	ck_view(ei.authority.type, "EUI-64");
	aff_cx_read(&cx, aff_view_of("12345^4^M10^HOSP&1.2.840&ISO^MR^WEST&W&DNS^20200101^20300101~99"), d);
	ck_view(cx.id, "12345");
	ck_view(cx.check_digit, "4");
	ck_view(cx.check_scheme, "M10");
	ck_view(cx.authority.space, "HOSP");
	ck_view(cx.authority.universal, "1.2.840");
	ck_view(cx.authority.type, "ISO");
	ck_view(cx.type, "MR");
	ck_view(cx.facility.space, "WEST");
	ck_view(cx.facility.universal, "W");
	ck_view(cx.facility.type, "DNS");
	ck_view(cx.effective, "20200101");
	ck_view(cx.expires, "20300101");
	/* A CK or ST of an older version; an authority that is a name only. */
	aff_cx_read(&cx, aff_view_of("12345^^^HOSP"), d);
	ck_view(cx.authority.space, "HOSP");
	ck_view(cx.authority.type, "");
	aff_cx_read(&cx, aff_view_of("12345"), d);
	ck_view(cx.id, "12345");
	ck_view(cx.authority.space, "");
	/* An authority in its authority is no part of it: deeper delimiters do not exist. */
	struct aff_delims below = aff_delims_below(d);
	aff_hd_read(&hd, aff_view_of("a&b~c^d"), &below);
	ck_view(hd.space, "a");
	ck_view(hd.universal, "b~c^d");
}
END_TEST

START_TEST(places)
{
	struct aff_pl old, new;
	aff_pl_read(&old, aff_view_of("ICU^12^B^HOSP&1.2&ISO^A^C^MAIN^3^by the door^77&X&1.9&ISO^AA&2.2&ISO"), d);
	aff_pl_read(&new, aff_view_of("ICU&1.5&ISO^12&1.6&ISO^B^HOSP&1.2&ISO^A^C^MAIN&1.7&ISO^3&1.8&ISO"), d);
	ck_view(old.point_of_care.space, "ICU");
	ck_view(new.point_of_care.space, "ICU");
	ck_view(new.point_of_care.universal, "1.5");
	ck_view(old.room.space, "12");
	ck_view(new.room.type, "ISO");
	ck_view(new.bed.space, "B");
	ck_view(old.facility.universal, "1.2");
	ck_view(old.status, "A");
	ck_view(old.type, "C");
	ck_view(new.building.universal, "1.7");
	ck_view(new.floor.space, "3");
	ck_view(old.description, "by the door");
	ck_view(old.comprehensive.id, "77");
	ck_view(old.comprehensive.authority.universal, "1.9");
	ck_view(old.authority.space, "AA");
}
END_TEST

START_TEST(people)
{
	struct aff_xpn xpn;
	struct aff_xcn xcn;
	aff_xpn_read(&xpn, aff_view_of("Berg&van den&Berg^Anna^Maria Luise^JR^DR^MD^L^A"), d);
	ck_view(xpn.family, "Berg");
	ck_view(xpn.given, "Anna");
	ck_view(xpn.further, "Maria Luise");
	ck_view(xpn.suffix, "JR");
	ck_view(xpn.prefix, "DR");
	ck_view(xpn.degree, "MD");
	ck_view(xpn.type, "L");
	ck_view(xpn.representation, "A");
	aff_xpn_read(&xpn, aff_view_of("Berg"), d);
	ck_view(xpn.family, "Berg");
	ck_view(xpn.type, "");
	aff_xcn_read(&xcn, aff_view_of("N17^Berg&van^Anna^M^JR^DR^RN^T^HOSP&1.2&ISO^L^4^M10^EI^WEST&9&DNS^P"), d);
	ck_view(xcn.id, "N17");
	ck_view(xcn.name.family, "Berg");
	ck_view(xcn.name.given, "Anna");
	ck_view(xcn.name.degree, "RN");
	ck_view(xcn.name.type, "L");
	ck_view(xcn.name.representation, "P");
	ck_view(xcn.authority.universal, "1.2");
	ck_view(xcn.id_type, "EI");
	ck_view(xcn.facility.space, "WEST");
}
END_TEST

START_TEST(ways_to_reach_them)
{
	struct aff_xtn t;
	struct aff_xad a;
	aff_xtn_read(&t, aff_view_of("(1)2^WPN^PH^a@b^49^30^123^4^ask^x^y^+4930123"), d);
	ck_view(t.number, "(1)2");
	ck_view(t.use, "WPN");
	ck_view(t.equipment, "PH");
	ck_view(t.address, "a@b");
	ck_view(t.country, "49");
	ck_view(t.area, "30");
	ck_view(t.local, "123");
	ck_view(t.extension, "4");
	ck_view(t.any_text, "ask");
	ck_view(t.unformatted, "+4930123");
	aff_xad_read(&a, aff_view_of("Road 1&Road&1^c/o^Town^ST^12345^DEU^H"), d);
	ck_view(a.street, "Road 1");
	ck_view(a.other, "c/o");
	ck_view(a.city, "Town");
	ck_view(a.state, "ST");
	ck_view(a.postal_code, "12345");
	ck_view(a.country, "DEU");
	ck_view(a.type, "H");
}
END_TEST

START_TEST(documents)
{
	struct aff_ed ed;
	struct aff_rp rp;
	struct aff_og og;
	aff_ed_read(&ed, aff_view_of("APP&1.2&ISO^AP^PDF^Base64^JVBERi0="), d);
	ck_view(ed.source.universal, "1.2");
	ck_view(ed.type, "AP");
	ck_view(ed.subtype, "PDF");
	ck_view(ed.encoding, "Base64");
	ck_view(ed.data, "JVBERi0=");
	aff_rp_read(&rp, aff_view_of("file 1^APP&1.2&ISO^IM^JPEG"), d);
	ck_view(rp.pointer, "file 1");
	ck_view(rp.application.space, "APP");
	ck_view(rp.type, "IM");
	ck_view(rp.subtype, "JPEG");
	aff_og_read(&og, aff_view_of("1.2.1.5"), d);
	ck_view(og.original, "1.2.1.5");
	aff_og_read(&og, aff_view_of("^2^3^x"), d);
	ck_view(og.original, "");
	ck_view(og.group, "2");
	ck_view(og.sequence, "3");
	ck_view(og.identifier, "x");
}
END_TEST

START_TEST(error_locations)
{
	struct aff_location at;
	struct aff_diag diag;
	char text[48];
	ck_assert_int_eq(aff_erl_read(&at, aff_view_of("OBX^3^5^2^1^4"), d, NULL), 0);
	ck_assert_str_eq(aff_location_format(&at, text, sizeof text), "OBX[3]-5[2].1.4");
	ck_assert_int_eq(aff_erl_read(&at, aff_view_of("PID"), d, NULL), 0);
	ck_assert_uint_eq(at.field, 0);
	ck_assert_int_eq(aff_erl_read(&at, aff_view_of("PID^1^x"), d, &diag), AFF_EDATATYPE);
	ck_assert_uint_eq(diag.at.component, 3);
	ck_assert_int_eq(aff_erl_read(&at, aff_view_of("PIDX^1"), d, &diag), AFF_EDATATYPE);
	ck_assert_uint_eq(diag.at.component, 1);
	ck_assert_str_eq(at.segment, "PID");
}
END_TEST

/* What a reader gives does not change with delimiters at the end. */
START_TEST(trailing_delimiters)
{
	struct aff_cx a, b;
	struct aff_cwe c, e;
	aff_cx_read(&a, aff_view_of("1^^^H&2&ISO^MR"), d);
	aff_cx_read(&b, aff_view_of("1^^^H&2&ISO&&^MR&^^^^~~"), d);
	ck_view(b.authority.type, "ISO");
	ck_assert(aff_view_equal(a.id, b.id) && aff_view_equal(a.authority.type, b.authority.type));
	aff_cwe_read(&c, aff_view_of("1^2"), d);
	aff_cwe_read(&e, aff_view_of("1^2^^^^^^"), d);
	ck_assert(aff_view_equal(c.coding[0].text, e.coding[0].text));
	ck_assert(aff_view_equal(c.original, e.original));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		walks_over_parts, components_of_the_first_repetition, primitives_and_values, coded, of_the_header,
		designators_and_identifiers, places, people, ways_to_reach_them, documents, error_locations,
		trailing_delimiters,
	};
	return RUN_TESTS("hl7_type", tests);
}
