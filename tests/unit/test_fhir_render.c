/* SPDX-License-Identifier: Apache-2.0
 *
 * Options, counts and refusals of the FHIR renderer. What the bundles look like: test_fhir_golden.
 */
#include <afferent/fhir.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "run_suite.h"

#define MSH "MSH|^~\\&|MON|HOSP|||20250301101500||ORU^R01^ORU_R01|A1|P|2.6\r"
#define PID "PID|||4711^^^HOSP^MR\r"
#define OBR "OBR|1||77|MONITOR|||20250301101500\r"
#define HR "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|60|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R\r"

static struct aff_msg *m;
static struct aff_fhir *f;
static struct aff_buf out;
static struct aff_fhir_result result;
static struct aff_diag diag;

static void setup(void)
{
	ck_assert_int_eq(aff_msg_new(&m, NULL), 0);
	ck_assert_int_eq(aff_fhir_new(&f), 0);
	aff_buf_init(&out, 1 << 20);
	memset(&diag, 0, sizeof diag);
}

static void teardown(void)
{
	aff_buf_free(&out);
	aff_fhir_free(f);
	aff_msg_free(m);
}

static int render(const char *message, const struct aff_fhir_options *options)
{
	static const struct aff_fhir_options usual;
	ck_assert_int_eq(aff_msg_parse(m, message, strlen(message), 0, &diag), 0);
	aff_buf_clear(&out);
	return aff_fhir_render(f, &out, m, options ? options : &usual, &result, &diag);
}

static bool has(const char *text)
{
	return memmem(out.p, out.n, text, strlen(text)) != NULL;
}

START_TEST(status_of_r_is_an_option)
{
	struct aff_fhir_options final = {.r_status = "final"};
	ck_assert_int_eq(render(MSH PID OBR HR, NULL), 0);
	ck_assert(has("\"status\":\"preliminary\"") && !has("\"status\":\"final\""));
	ck_assert_int_eq(render(MSH PID OBR HR, &final), 0);
	ck_assert(has("\"status\":\"final\""));
}
END_TEST

START_TEST(a_zone_is_never_guessed)
{
	int minutes = 60;
	struct aff_fhir_options zoned = {.zone_minutes = &minutes};
	ck_assert_int_eq(render(MSH PID OBR HR, NULL), 0);
	ck_assert(has("\"effectiveDateTime\":\"2025-03-01\""));
	ck_assert_int_eq(render(MSH PID OBR HR, &zoned), 0);
	ck_assert(has("\"effectiveDateTime\":\"2025-03-01T10:15:00+01:00\""));
}
END_TEST

/* What valueTime cannot say stays text: a zone, the hour alone, a leap second. */
START_TEST(times_of_day)
{
	static const char *const times[][2] = {{"1015", "\"valueTime\":\"10:15:00\""},
					       {" 101530.05", "\"valueTime\":\"10:15:30.05\""},
					       {"1015+0100", "\"valueString\":\"1015+0100\""},
					       {"10", "\"valueString\":\"10\""},
					       {"235960", "\"valueString\":\"235960\""},
					       {"2460", "\"valueString\":\"2460\""}};
	char message[1024];
	snprintf(message, sizeof message, MSH PID OBR "OBX|1|TM|1^x^99X|1.1.1.1|%s||||||F\r", times[_i][0]);
	ck_assert_int_eq(render(message, NULL), 0);
	ck_assert_msg(has(times[_i][1]), "%.*s", (int)out.n, out.p);
}
END_TEST

START_TEST(identifiers_live_under_the_base)
{
	struct aff_fhir_options options = {.base = "https://hospital.example/id/"};
	ck_assert_int_eq(render(MSH PID OBR HR, &options), 0);
	ck_assert(has("\"system\":\"https://hospital.example/id/patient/HOSP\",\"value\":\"4711\""));
	ck_assert(has("\"ifNoneExist\":\"identifier=https://hospital.example/id/patient/HOSP%7C4711\""));
	ck_assert(has("\"system\":\"https://hospital.example/id/observation\""));
}
END_TEST

START_TEST(a_collection_requests_nothing)
{
	struct aff_fhir_options options = {.bundle = AFF_FHIR_COLLECTION};
	ck_assert_int_eq(render(MSH PID OBR HR, &options), 0);
	ck_assert(has("\"type\":\"collection\"") && !has("\"request\""));
}
END_TEST

START_TEST(test_messages_are_marked)
{
	ck_assert_int_eq(render("MSH|^~\\&|MON|HOSP|||20250301101500||ORU^R01^ORU_R01|A1|T|2.6\r" PID OBR HR, NULL), 0);
	ck_assert(has("\"code\":\"HTEST\""));
}
END_TEST

START_TEST(same_message_same_bytes)
{
	struct aff_buf first;
	aff_buf_init(&first, 1 << 20);
	ck_assert_int_eq(render(MSH PID OBR HR, NULL), 0);
	aff_buf_put_view(&first, aff_buf_view(&out));
	ck_assert_int_eq(render(MSH PID OBR HR HR, NULL), 0);
	ck_assert_int_eq(render(MSH PID OBR HR, NULL), 0);
	ck_assert(aff_view_equal(aff_buf_view(&first), aff_buf_view(&out)));
	/* How it was routed does not matter, what it says does. */
	ck_assert_int_eq(render("MSH|^~\\&|MON|HOSP|EHR|X|20250301101500||ORU^R01^ORU_R01|A1|P|2.6\r" PID OBR HR, NULL),
			 0);
	ck_assert(aff_view_equal(aff_buf_view(&first), aff_buf_view(&out)));
	ck_assert_int_eq(render("MSH|^~\\&|MON|HOSP|||20250301101500||ORU^R01^ORU_R01|A2|P|2.6\r" PID OBR HR, NULL), 0);
	ck_assert(!aff_view_equal(aff_buf_view(&first), aff_buf_view(&out)));
	aff_buf_free(&first);
}
END_TEST

static void keep_identifier(char to[64])
{
	static const char lead[] = "\"value\":\"";
	const char *code = memmem(out.p, out.n, ".147842\"", 8);
	ck_assert_ptr_nonnull(code);
	const char *start = code;
	while (memcmp(start, lead, sizeof lead - 1) != 0)
		start--;
	snprintf(to, 64, "%.*s", (int)(code - start), start);
}

/* Without a control id, another message of the same second is not the first one again. */
START_TEST(unnumbered_messages_differ)
{
	const char *head = "MSH|^~\\&|MON|HOSP|||20250301101500||ORU^R01^ORU_R01||P|2.6\r" PID OBR;
	char message[512], first[64], again[64], other[64];
	snprintf(message, sizeof message, "%s" HR, head);
	ck_assert_int_eq(render(message, NULL), 0);
	keep_identifier(first);
	ck_assert_int_eq(render(message, NULL), 0);
	keep_identifier(again);
	memcpy(strstr(message, "|60|"), "|61|", 4);
	ck_assert_int_eq(render(message, NULL), 0);
	keep_identifier(other);
	ck_assert_str_eq(first, again);
	ck_assert_str_ne(first, other);
}
END_TEST

/* A start with a zone and an end without one, and nothing that tells the zone of the end. */
START_TEST(a_sample_period_needs_both_zones)
{
	static const char samples[] =
	        "OBX|1|NA|131330^MDC_ECG_ELEC_POTL_II^MDC|1.1.1.1|1^2^3^4|266418^MDC_DIM_MILLI_VOLT^MDC|||||R\r";
	char message[512];
	snprintf(message, sizeof message, MSH PID "OBR|1||77|MONITOR|||20250301101500+0100|20250301101504+0100\r%s",
	         samples);
	ck_assert_int_eq(render(message, NULL), 0);
	ck_assert(has("\"period\":1000,"));
	snprintf(message, sizeof message, MSH PID "OBR|1||77|MONITOR|||20250301101500+0100|20250301101504\r%s",
	         samples);
	ck_assert_int_eq(render(message, NULL), 0);
	ck_assert(!has("valueSampledData") && has("1^2^3^4"));
}
END_TEST

START_TEST(no_two_observations_share_an_identifier)
{
	ck_assert_int_eq(render(MSH PID OBR HR HR HR, NULL), 0);
	ck_assert_uint_eq(result.observations, 3);
	ck_assert(has(".1.1.1.1.1.147842\"") && has(".1.1.1.1.1.147842.2\"") && has(".1.1.1.1.1.147842.3\""));
}
END_TEST

START_TEST(counts_what_was_not_understood)
{
	ck_assert_int_eq(render(MSH PID OBR HR "OBX|2|NM|X^heart^99X|1.1.1.2|1|furlong|||||F\r"
					       "OBX|3|NM|147842^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.3|1|%|||||F\r"
					       "OBX|4|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.4||/min||NAV|||X\r"
					       "OBX|5|ST|X^heart^99X|1.1.1.5|\xff||||||F\r",
				NULL),
			 0);
	ck_assert_uint_eq(result.observations, 5);
	ck_assert_uint_eq(result.unknown_codes, 3);
	ck_assert_uint_eq(result.unknown_units, 1);
	ck_assert_uint_eq(result.absent, 1);
	ck_assert_uint_eq(result.invalid_bytes, 1);
}
END_TEST

START_TEST(nobody_is_no_patient)
{
	static const char *const nobodies[] = {"PID|||\r",
					       "PID\r",
					       "PID|||Unknown^^^HOSP\r",
					       "PID|||\"\"\r",
					       "PID|||0000\r",
					       "PID|||^^^HOSP^MR||Muster^Max\r",
					       "PID|||UNKNOWN PATIENT\r",
					       "PID|||UnknownPatient7^^^HOSP\r",
					       "PID|||Unassigned\r",
					       "PID|||*\r",
					       ""};
	char message[1024];
	ck_assert_int_lt(snprintf(message, sizeof message, MSH "%s" OBR HR, nobodies[_i]), (int)sizeof message);
	ck_assert_int_eq(render(message, NULL), 0);
	ck_assert(!has("\"Patient\""));
	ck_assert(has("\"subject\":{\"extension\":"));
}
END_TEST

START_TEST(refuses_what_has_no_observations)
{
	static const char *const messages[] = {
		"MSH|^~\\&|MON|HOSP|||20250301101500||ORU^R01^ORU_R01|A1|P|2.6\r",
		"MSH|^~\\&|MON|HOSP|||20250301101500||ADT^A01^ADT_A01|A1|P|2.6\r" PID HR,
		MSH PID OBR "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X\r",
		MSH PID OBR "OBX|1|NM|1^x^99X|1|5||||||O\r",
	};
	aff_buf_clear(&out);
	ck_assert_int_eq(render(messages[_i], NULL), AFF_EMSGTYPE);
	ck_assert_uint_eq(out.n, 0);
	ck_assert_str_eq(diag.at.segment, "MSH");
	ck_assert_uint_eq(diag.at.field, 9);
}
END_TEST

START_TEST(a_full_buffer_is_an_error)
{
	struct aff_buf small;
	static const struct aff_fhir_options usual;
	const char *message = MSH PID OBR HR;
	ck_assert_int_eq(aff_msg_parse(m, message, strlen(message), 0, NULL), 0);
	aff_buf_init(&small, 700);
	ck_assert_int_eq(aff_fhir_render(f, &small, m, &usual, NULL, &diag), AFF_ELIMIT);
	aff_buf_free(&small);
}
END_TEST

START_TEST(patients_and_devices_are_capped)
{
	struct aff_buf message;
	struct aff_fhir_options usual = {0};
	aff_buf_init(&message, 1 << 20);
	aff_buf_put_text(&message, MSH);
	for (int i = 0; i <= 1000; i++)
		aff_buf_printf(&message, "PID|||P%d^^^HOSP\r" OBR HR, i);
	ck_assert_int_eq(aff_msg_parse(m, message.p, message.n, 0, NULL), 0);
	ck_assert_int_eq(aff_fhir_render(f, &out, m, &usual, NULL, &diag), AFF_ELIMIT);
	ck_assert_str_eq(diag.at.segment, "PID");
	aff_buf_free(&message);
}
END_TEST

START_TEST(indenting_keeps_strings)
{
	struct aff_buf pretty;
	aff_buf_init(&pretty, 1 << 10);
	jsonw_indent(&pretty, aff_view_of("{\"a\":[1,{}],\"b\\\"{\":\"x,y:[]\\\\\",\"c\":[]}"));
	ck_assert(aff_view_is(aff_buf_view(&pretty),
			      "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\\\"{\": \"x,y:[]\\\\\",\n  \"c\": []\n}"));
	aff_buf_free(&pretty);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("fhir/render");
	TCase *c = tcase_create("render");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, status_of_r_is_an_option);
	tcase_add_test(c, a_zone_is_never_guessed);
	tcase_add_loop_test(c, times_of_day, 0, 6);
	tcase_add_test(c, identifiers_live_under_the_base);
	tcase_add_test(c, a_collection_requests_nothing);
	tcase_add_test(c, test_messages_are_marked);
	tcase_add_test(c, same_message_same_bytes);
	tcase_add_test(c, unnumbered_messages_differ);
	tcase_add_test(c, a_sample_period_needs_both_zones);
	tcase_add_test(c, no_two_observations_share_an_identifier);
	tcase_add_test(c, counts_what_was_not_understood);
	tcase_add_loop_test(c, nobody_is_no_patient, 0, 11);
	tcase_add_loop_test(c, refuses_what_has_no_observations, 0, 4);
	tcase_add_test(c, a_full_buffer_is_an_error);
	tcase_add_test(c, patients_and_devices_are_capped);
	tcase_add_test(c, indenting_keeps_strings);
	suite_add_tcase(s, c);
	return run_suite(s);
}
