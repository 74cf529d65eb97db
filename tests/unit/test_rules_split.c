/* SPDX-License-Identifier: Apache-2.0
 *
 * Splitting: each part has what is above it, nothing is in no part, and MSH-10 tells the parts apart.
 */
#include "rules/split.h"

#include <stdio.h>

#include "hl7_test.h"

#define HEAD(id, version) "MSH|^~\\&|MON|H|EHR|H|20250115103000||ORU^R01^ORU_R01|" id "|P|" version "\n"
#define SFT "SFT|afferent|1\n"
#define PID(n, id) "PID|" n "||" id "^^^H^MR\n"
#define PV1 "PV1||I|ICU^1\n"
#define ORC "ORC|RE\n"
#define OBR(n) "OBR|" n "|||X^x^L\n"
#define NTE "NTE|1||note\n"
#define MDS "OBX|1||69965^MDS^MDC|1.0.0.0|||||||X|||||||DEV1\n"
#define VMD(n) "OBX|2||69798^VMD^MDC|1." n ".0.0|||||||X\n"
#define OBX(n, code, sub, v) "OBX|" n "|NM|" code "|" sub "|" v "||||||F\n"

static struct split *s;
static struct aff_msg *m;
static char text[8192];

static void setup(void)
{
	ck_assert_int_eq(split_new(&s), 0);
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
}

static void teardown(void)
{
	split_free(s);
	aff_msg_free(m);
}

static int split(const char *message, enum split_by by)
{
	snprintf(text, sizeof text, "%s", message);
	ck_assert_int_eq(aff_msg_parse(m, text, strlen(text), 0, NULL), 0);
	return split_message(s, m, by);
}

static void part(unsigned i, const char *wanted, const char *id)
{
	struct split_part p = split_part(s, i);
	ck_assert_msg(aff_view_is(p.bytes, wanted), "part %u is\n%.*s\nnot\n%s", i, (int)p.bytes.n, p.bytes.p, wanted);
	ck_assert_msg(aff_view_is(p.control_id, id), "%.*s", (int)p.control_id.n, p.control_id.p);
}

START_TEST(by_patient)
{
	ck_assert_int_eq(split(HEAD("A1", "2.6") SFT PID("1", "P1") PV1 OBR("1") OBX("1", "1^a", "", "5")
			       PID("2", "P2") NTE OBR("1") OBX("1", "1^a", "", "6") OBR("2") OBX("1", "2^b", "", "7"),
			       SPLIT_BY_PATIENT), 2);
	part(0, HEAD("A1-1", "2.6") SFT PID("1", "P1") PV1 OBR("1") OBX("1", "1^a", "", "5"), "A1-1");
	part(1, HEAD("A1-2", "2.6") SFT PID("1", "P2") NTE OBR("1") OBX("1", "1^a", "", "6") OBR("2")
	             OBX("1", "2^b", "", "7"), "A1-2");
	ck_assert_uint_eq(split_bytes(s).n, split_part(s, 0).bytes.n + split_part(s, 1).bytes.n);
}
END_TEST

/* What stands before the first PID is about nobody, and must not come to stand before every patient. */
START_TEST(readings_of_nobody_are_in_a_part_of_their_own)
{
	ck_assert_int_eq(split(HEAD("A1", "2.6") SFT OBX("1", "9^z", "", "1") NTE PID("1", "P1") OBR("1")
			       OBX("1", "1^a", "", "5") PID("2", "P2") OBR("1") OBX("1", "1^a", "", "6"),
			       SPLIT_BY_PATIENT), 3);
	part(0, HEAD("A1-1", "2.6") SFT OBX("1", "9^z", "", "1") NTE, "A1-1");
	part(1, HEAD("A1-2", "2.6") SFT PID("1", "P1") OBR("1") OBX("1", "1^a", "", "5"), "A1-2");
	part(2, HEAD("A1-3", "2.6") SFT PID("1", "P2") OBR("1") OBX("1", "1^a", "", "6"), "A1-3");
	/* without any patient they are what every order has above it */
	ck_assert_int_eq(split(HEAD("A1", "2.6") OBX("1", "9^z", "", "1") OBR("1") OBX("1", "1^a", "", "5"),
			       SPLIT_BY_ORDER), 1);
}
END_TEST

START_TEST(by_order)
{
	ck_assert_int_eq(split(HEAD("A1", "2.6") PID("1", "P1") PV1 ORC OBR("1") NTE OBX("1", "1^a", "", "5") NTE
			       ORC OBR("2") OBX("1", "2^b", "", "6") "SPM|1\n" OBX("1", "9^s", "", "1")
			       PID("2", "P2") PID("3", "P3") OBR("1") OBR("2"),
			       SPLIT_BY_ORDER), 5);
	part(0, HEAD("A1-1", "2.6") PID("1", "P1") PV1 ORC OBR("1") NTE OBX("1", "1^a", "", "5") NTE, "A1-1");
	part(1, HEAD("A1-2", "2.6") PID("1", "P1") PV1 ORC OBR("1") OBX("1", "2^b", "", "6") "SPM|1\n"
	             OBX("1", "9^s", "", "1"), "A1-2");
	part(2, HEAD("A1-3", "2.6") PID("1", "P2"), "A1-3"); /* who has no orders is a part too */
	part(3, HEAD("A1-4", "2.6") PID("1", "P3") OBR("1"), "A1-4");
	part(4, HEAD("A1-5", "2.6") PID("1", "P3") OBR("1"), "A1-5");
}
END_TEST

START_TEST(by_observation)
{
	ck_assert_int_eq(split(HEAD("A1", "2.6") PID("1", "P1") OBR("1") NTE MDS VMD("1")
			       OBX("3", "1^a", "1.1.1.1", "5") NTE OBX("4", "1^limits", "1.1.1.1.1", "4") VMD("2")
			       VMD("3") OBX("5", "2^b", "1.2.1.1", "6")
			       OBX("6", "3^c", "", "7") OBX("7", "3^c", "", "8") "SPM|1\n" OBX("1", "9^s", "", "1")
			       OBR("2") OBX("1", "4^d", "1.2.1.9", "9"),
			       SPLIT_BY_OBSERVATION), 4);
	/* the facet stays with its reading; VMD 3 has no reading and is in the first part */
	part(0, HEAD("A1-1", "2.6") PID("1", "P1") OBR("1") NTE
	             "OBX|1||69965^MDS^MDC|1.0.0.0|||||||X|||||||DEV1\n" "OBX|2||69798^VMD^MDC|1.1.0.0|||||||X\n"
	             OBX("3", "1^a", "1.1.1.1", "5") NTE OBX("4", "1^limits", "1.1.1.1.1", "4")
	             "OBX|5||69798^VMD^MDC|1.3.0.0|||||||X\n" "SPM|1\n" OBX("6", "9^s", "", "1"), "A1-1");
	part(1, HEAD("A1-2", "2.6") PID("1", "P1") OBR("1") NTE
	             "OBX|1||69965^MDS^MDC|1.0.0.0|||||||X|||||||DEV1\n" "OBX|2||69798^VMD^MDC|1.2.0.0|||||||X\n"
	             OBX("3", "2^b", "1.2.1.1", "6") "SPM|1\n" OBX("4", "9^s", "", "1"), "A1-2");
	part(2, HEAD("A1-3", "2.6") PID("1", "P1") OBR("1") NTE OBX("1", "3^c", "", "7") OBX("2", "3^c", "", "8")
	             "SPM|1\n" OBX("3", "9^s", "", "1"), "A1-3");
	/* rows of another order's devices are not above it */
	part(3, HEAD("A1-4", "2.6") PID("1", "P1") OBR("1") OBX("1", "4^d", "1.2.1.9", "9"), "A1-4");
}
END_TEST

START_TEST(what_is_not_taken_apart)
{
	static const char *const messages[] = {
		HEAD("A1", "2.6") PID("1", "P1") OBR("1") OBX("1", "1^a", "", "5"),
		HEAD("A1", "2.6"),
		HEAD("A1", "2.6") OBX("1", "1^a", "", "5") OBX("2", "2^b", "", "5"), /* of no order */
		"MSH|^~\\&|MON|H|EHR|H|1||ADT^A08|A1|P|2.6\n" PID("1", "P1") PID("2", "P2"),
		HEAD("A1", "2.6") PID("1", "P1") OBR("1") OBX("1", "1^a", "", "5") OBX("2", "2^b", "", "6") "DSC|7\n",
		"MSH|^~\\&|MON|H|EHR|H|1||ORU^R01|A1|P|2.6||7\n" PID("1", "P1") PID("2", "P2"),
		"MSH|^~\\&|MON|H|EHR|H|1||ORU^R40|A1|P|2.6\n" PID("1", "P1") OBR("1") OBX("1", "1^a", "1.1.1.1", "5")
			OBX("2", "2^b", "1.1.1.2", "6"),
	};
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		ck_assert_int_eq(split(messages[i], SPLIT_BY_OBSERVATION), 1);
	ck_assert_int_eq(split("MSH|^~\\&|MON|H|EHR|H|1||ORU^R40|A1|P|2.6\n" PID("1", "P1") OBR("1")
			       OBX("1", "1^a", "1.1.1.1", "5") OBX("2", "2^b", "1.1.1.2", "6") OBR("2")
			       OBX("1", "1^a", "1.1.1.1", "5"),
			       SPLIT_BY_OBSERVATION), 2);
}
END_TEST

#define TWO PID("1", "P1") PID("2", "P2")
#define N60 "123456789012345678901234567890123456789012345678901234567890"
#define N197 N60 N60 N60 "12345678901234567"

START_TEST(ids_keep_within_the_version)
{
	ck_assert_int_eq(split(HEAD("123456789012345678", "2.6") TWO, SPLIT_BY_PATIENT), 2);
	ck_assert(aff_view_is(split_part(s, 1).control_id, "123456789012345678-2"));
	ck_assert_int_eq(split(HEAD("1234567890123456789", "2.6") TWO, SPLIT_BY_PATIENT), 2);
	struct aff_view a = split_part(s, 0).control_id;
	ck_assert_uint_eq(a.n, 20);
	ck_assert(memcmp(a.p, "1234567890", 10) == 0 && memcmp(a.p + 18, "-1", 2) == 0);
	char before[21] = "";
	memcpy(before, a.p, 20);
	/* another one that begins alike gets another one; the same one the same */
	ck_assert_int_eq(split(HEAD("1234567890123456788", "2.6") TWO, SPLIT_BY_PATIENT), 2);
	ck_assert(!aff_view_is(split_part(s, 0).control_id, before));
	ck_assert_int_eq(split(HEAD("1234567890123456789", "2.6") TWO, SPLIT_BY_PATIENT), 2);
	ck_assert(aff_view_is(split_part(s, 0).control_id, before));
	ck_assert_int_eq(split(HEAD("1234567890123456789", "2.7.1") TWO, SPLIT_BY_PATIENT), 2);
	ck_assert(aff_view_is(split_part(s, 0).control_id, "1234567890123456789-1"));
	ck_assert_int_eq(split(HEAD(N197, "2.8") TWO, SPLIT_BY_PATIENT), 2);
	ck_assert_uint_eq(split_part(s, 0).control_id.n, 199);
	ck_assert_int_eq(split(HEAD(N197 "89", "2.8") TWO, SPLIT_BY_PATIENT), 2);
	ck_assert_uint_eq(split_part(s, 0).control_id.n, 199);
	ck_assert_int_eq(split(HEAD(N60, "2.3") TWO, SPLIT_BY_PATIENT), 2);
	ck_assert(aff_view_is(split_part(s, 0).control_id, N60 "-1")); /* its receiver takes long ones */
}
END_TEST

START_TEST(too_many_parts_are_refused)
{
	struct aff_buf b;
	aff_buf_init(&b, 1 << 20);
	aff_buf_put_text(&b, HEAD("A1", "2.6"));
	for (int i = 0; i < SPLIT_PARTS_MAX; i++)
		aff_buf_printf(&b, "PID|%d\n", i + 1);
	ck_assert_int_eq(aff_msg_parse(m, b.p, b.n, 0, NULL), 0);
	ck_assert_int_eq(split_message(s, m, SPLIT_BY_PATIENT), SPLIT_PARTS_MAX);
	aff_buf_put_text(&b, "PID|1001\n");
	ck_assert_int_eq(aff_msg_parse(m, b.p, b.n, 0, NULL), 0);
	ck_assert_int_eq(split_message(s, m, SPLIT_BY_PATIENT), AFF_ELIMIT);
	aff_buf_free(&b);
}
END_TEST

/* Whatever stands in whatever order: each segment is in some part, and never with another patient or order than its
 * own. */
START_TEST(nothing_is_lost_or_given_to_somebody_else)
{
	static const char *const kinds[] = {"PID", "PV1", "ORC", "OBR", "NTE", "SPM", "FT1", "ZZZ", "PRT"};
	unsigned seed = (unsigned)_i + 1, patient_of[64], order_of[64], n = 1 + (unsigned)rand_r(&seed) % 60;
	struct aff_buf b;
	bool seen[64] = {false}, open_order = false; /* an ORC waits for its OBR */
	unsigned patient = 0, order = 0;
	aff_buf_init(&b, 1 << 16);
	aff_buf_put_text(&b, HEAD("A1", "2.6"));
	for (unsigned i = 0; i < n; i++) {
		unsigned kind = (unsigned)rand_r(&seed) % 20;
		const char *id = kind < 9 ? kinds[kind] : "OBX";
		if (!strcmp(id, "PID")) {
			patient++;
			order = 0;
			open_order = false;
		} else if (!strcmp(id, "ORC") || (!strcmp(id, "OBR") && !open_order)) {
			order = i + 1;
			open_order = !strcmp(id, "ORC");
		} else if (!strcmp(id, "OBR") || !strcmp(id, "OBX")) {
			open_order = false;
		}
		patient_of[i] = patient;
		order_of[i] = order;
		if (!strcmp(id, "OBX"))
			aff_buf_printf(&b, "OBX|%u|NM|%u^x|1.%u.%u.%u|%s|||||||T%02u\n", i, i % 3, i % 4, i % 3, i % 5,
				       i % 5 ? "7" : "", i);
		else
			aff_buf_printf(&b, "%s|%u||||||||||||||||||||T%02u\n", id, i, i);
	}
	for (int by = SPLIT_BY_PATIENT; by <= SPLIT_BY_OBSERVATION; by++) {
		struct aff_msg *p;
		memset(seen, 0, sizeof seen);
		ck_assert_int_eq(aff_msg_new(&p, NULL), 0);
		ck_assert_int_eq(aff_msg_parse(m, b.p, b.n, 0, NULL), 0);
		int parts = split_message(s, m, (enum split_by)by);
		ck_assert_int_ge(parts, 1);
		for (int k = 0; parts > 1 && k < parts; k++) {
			struct aff_view bytes = split_part(s, (unsigned)k).bytes;
			unsigned of_patient = 0, of_order = 0;
			ck_assert_int_eq(aff_msg_parse(p, bytes.p, bytes.n, 0, NULL), 0);
			for (unsigned i = 1; i < aff_msg_segments(p); i++) {
				struct aff_view text_of = aff_msg_segment(p, i);
				unsigned tag = (unsigned)(text_of.p[text_of.n - 2] - '0') * 10 +
					       (unsigned)(text_of.p[text_of.n - 1] - '0');
				seen[tag] = true;
				if (patient_of[tag]) {
					ck_assert(!of_patient || of_patient == patient_of[tag]);
					of_patient = patient_of[tag];
				}
				if (order_of[tag] && by > SPLIT_BY_PATIENT) {
					ck_assert(!of_order || of_order == order_of[tag]);
					of_order = order_of[tag];
				}
			}
		}
		for (unsigned i = 0; parts > 1 && i < n; i++)
			ck_assert_msg(seen[i], "segment %u is in no part, by %d:\n%.*s", i, by, (int)b.n, b.p);
		aff_msg_free(p);
	}
	aff_buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules: split");
	TCase *t = tcase_create("split");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, by_patient);
	tcase_add_test(t, readings_of_nobody_are_in_a_part_of_their_own);
	tcase_add_test(t, by_order);
	tcase_add_test(t, by_observation);
	tcase_add_test(t, what_is_not_taken_apart);
	tcase_add_test(t, ids_keep_within_the_version);
	tcase_add_test(t, too_many_parts_are_refused);
	tcase_add_loop_test(t, nothing_is_lost_or_given_to_somebody_else, 0, 300);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
