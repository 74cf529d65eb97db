/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates and times.
 */
#include "hl7_test.h"

#include <afferent/build.h>
#include <afferent/dtm.h>

static struct aff_dtm good(const char *text)
{
	struct aff_dtm t;
	char *exact = exact_copy(text, strlen(text));
	int error = aff_dtm_parse(&t, aff_view(exact, strlen(text)));
	ck_assert_msg(error == 0, "%s", text);
	free(exact);
	return t;
}

START_TEST(every_precision)
{
	static const char *const texts[] = {"2024",       "202402",       "20240229",
	                                    "2024022923", "202402292359", "20240229235958"};
	for (unsigned i = 0; i < 6; i++) {
		char zoned[32];
		struct aff_dtm t = good(texts[i]);
		ck_assert_int_eq((int)t.precision, (int)(AFF_DTM_YEAR + i));
		ck_assert(!t.has_zone);
		snprintf(zoned, sizeof zoned, "%s-0530", texts[i]);
		t = good(zoned);
		ck_assert_int_eq((int)t.precision, (int)(AFF_DTM_YEAR + i));
		ck_assert(t.has_zone);
		ck_assert_int_eq(t.zone_minutes, -330);
	}
	struct aff_dtm t = good("20240229235958.0125+1400");
	ck_assert_int_eq(t.precision, AFF_DTM_FRACTION);
	ck_assert_int_eq(t.year * 10000 + t.month * 100 + t.day, 20240229);
	ck_assert_int_eq(t.hour * 10000 + t.minute * 100 + t.second, 235958);
	ck_assert_int_eq(t.fraction, 125);
	ck_assert_int_eq(t.fraction_digits, 4);
	ck_assert_int_eq(t.zone_minutes, 840);
	t = good("20240101000000.5");
	ck_assert_int_eq(t.fraction, 5000);
	ck_assert_int_eq(t.fraction_digits, 1);
	t = good("2024");
	ck_assert_int_eq(t.month * 10 + t.day, 11);
}
END_TEST

START_TEST(zones_and_leap_seconds)
{
	ck_assert(good("20240101-0000").zone_unknown);
	ck_assert(!good("20240101+0000").zone_unknown);
	ck_assert_int_eq(good("20240101-1200").zone_minutes, -720);
	ck_assert_int_eq(good("20161231235960+0000").second, 59);
	ck_assert(good("20161231235960+0000").leap_second);
	ck_assert(!good("20161231235959+0000").leap_second);
}
END_TEST

START_TEST(what_is_no_date)
{
	static const char *const bad[] = {
		"", "2", "202", "0000", "20241", "202400", "202413", "20240100", "20240132", "20240230",
		"20230229", "19000229", "20240431", "2024010", "2024010124", "20240101236", "202401012360",
		"20240101235961", "20240101235959.",
		"20240101235959.12345", "20240101.5", "2024 ", " 2024", "2024-01-01", "20240101+", "20240101+01",
		"20240101+0160", "20240101+1401", "20240101+1500", "20240101-1201", "20240101+01000", "20240101Z",
		"2024010110:30", "00000000",
		"20240101103000123", "20240101103000 +0100", "2024010a", "\"\""};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct aff_dtm t = {.year = 7};
		char *exact = exact_copy(bad[i], strlen(bad[i]));
		ck_assert_msg(aff_dtm_parse(&t, aff_view(exact, strlen(bad[i]))) == AFF_EDATATYPE, "%s", bad[i]);
		ck_assert_int_eq(t.year, 7);
		free(exact);
	}
	good("20000229");
}
END_TEST

static int64_t micros(const char *text, int zone)
{
	struct aff_dtm t = good(text);
	return aff_dtm_micros(&t, zone);
}

START_TEST(instants)
{
	ck_assert_int_eq(micros("1970", 0), 0);
	ck_assert_int_eq(micros("19700101000001.0001+0000", 60), 1000100);
	ck_assert_int_eq(micros("197001010100", 60), 0);
	ck_assert_int_eq(micros("19691231190000-0500", 0), 0);
	ck_assert_int_eq(micros("20250115103000+0000", 0), 1736937000000000);
	ck_assert_int_eq(micros("20240229", 0), 1709164800000000);
	ck_assert_int_eq(micros("0001", 0), -62135596800000000);
	ck_assert_int_eq(micros("99991231235959", 0), 253402300799000000);
}
END_TEST

START_TEST(instants_as_text)
{
	char text[AFF_DTM_SIZE];
	aff_dtm_now_text(text, 1736937000123999);
	ck_assert_str_eq(text, "20250115103000.123+0000");
	aff_dtm_now_text(text, -1);
	ck_assert_str_eq(text, "19691231235959.999+0000");
	aff_dtm_now_text(text, INT64_MAX);
	ck_assert_str_eq(text, "99991231235959.999+0000");
	aff_dtm_now_text(text, INT64_MIN);
	ck_assert_str_eq(text, "00010101000000.000+0000");
	/* Every day of 400 years comes back as the day it was. */
	for (int64_t day = -60000; day < 86097; day++) {
		aff_dtm_now_text(text, day * 86400000000);
		ck_assert_int_eq(micros(text, 0), day * 86400000000);
	}
}
END_TEST

static void expect_fhir(const char *text, const int *zone, const char *fhir, int assumed)
{
	struct aff_dtm t = good(text);
	struct aff_buf b;
	aff_buf_init(&b, 64);
	ck_assert_int_eq(aff_dtm_put_fhir(&b, &t, zone), assumed);
	ck_view(aff_buf_view(&b), fhir);
	aff_buf_free(&b);
}

START_TEST(fhir)
{
	const int berlin = 60, utc = 0, newfoundland = -210;
	expect_fhir("2024", NULL, "2024", 0);
	expect_fhir("202402", &berlin, "2024-02", 0);
	expect_fhir("20240229+0100", NULL, "2024-02-29", 0);
	expect_fhir("2024022910", NULL, "2024-02-29", 1);
	expect_fhir("2024022910", &berlin, "2024-02-29T10:00:00+01:00", 1);
	expect_fhir("202402291030", &newfoundland, "2024-02-29T10:30:00-03:30", 1);
	expect_fhir("20240229103059.0500", &utc, "2024-02-29T10:30:59.0500Z", 1);
	expect_fhir("20240229103059.5-0800", &utc, "2024-02-29T10:30:59.5-08:00", 0);
	expect_fhir("20240229103059-0000", &berlin, "2024-02-29T10:30:59Z", 0);
	expect_fhir("20240229103059+0000", NULL, "2024-02-29T10:30:59Z", 0);
}
END_TEST

static const struct aff_delims *const d = &aff_delims_default;

START_TEST(out_of_fields)
{
	static const char *const texts[] = {"20240229103000+0100", "20240229103000+0100^S", "20240229103000+0100&x",
	                                    "20240229103000+0100~2025", " 20240229103000+0100 "};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct aff_dtm t;
		ck_assert_msg(aff_dtm_read(&t, aff_view_of(texts[i]), d, NULL) == 0, "%s", texts[i]);
		ck_assert_int_eq(t.zone_minutes, 60);
		ck_assert_int_eq(t.precision, AFF_DTM_SECOND);
		ck_assert_int_eq(t.blanks, texts[i][0] == ' ');
	}
	/* Whether a degree of precision is written or not, what is written counts. */
	struct aff_dtm t;
	ck_assert_int_eq(aff_dtm_read(&t, aff_view_of("20240229103000^D"), d, NULL), 0);
	ck_assert_int_eq(t.precision, AFF_DTM_SECOND);
}
END_TEST

START_TEST(zeros_are_no_date)
{
	struct aff_diag diag = {0};
	struct aff_dtm t = {.year = 7};
	ck_assert_int_eq(aff_dtm_read(&t, aff_view_of("00000000"), d, &diag), AFF_EDATATYPE);
	ck_assert_ptr_nonnull(strstr(diag.hint, "zeros"));
	ck_assert_int_eq(aff_dt_read(&t, aff_view_of("00000000"), d, &diag), AFF_EDATATYPE);
	ck_assert_ptr_nonnull(strstr(diag.hint, "zeros"));
	ck_assert_int_eq(aff_dtm_read(&t, aff_view_of("20241301"), d, &diag), AFF_EDATATYPE);
	ck_assert_ptr_null(strstr(diag.hint, "zeros"));
	ck_assert_int_eq(t.year, 7);
}
END_TEST

START_TEST(dates_alone)
{
	struct aff_dtm t;
	ck_assert_int_eq(aff_dt_read(&t, aff_view_of("20240229"), d, NULL), 0);
	ck_assert_int_eq(t.precision, AFF_DTM_DAY);
	ck_assert_int_eq(aff_dt_read(&t, aff_view_of("2024"), NULL, NULL), 0);
	ck_assert_int_eq(aff_dt_read(&t, aff_view_of("2024022910"), d, NULL), AFF_EDATATYPE);
	ck_assert_int_eq(aff_dt_read(&t, aff_view_of("20240229+0100"), d, NULL), AFF_EDATATYPE);
}
END_TEST

START_TEST(times_alone)
{
	struct aff_dtm t;
	ck_assert_int_eq(aff_tm_read(&t, aff_view_of("235960.25-0330"), d, NULL), 0);
	ck_assert_int_eq(t.year + t.month + t.day, 0);
	ck_assert_int_eq(t.hour * 10000 + t.minute * 100 + t.second, 235959);
	ck_assert(t.leap_second);
	ck_assert_int_eq(t.fraction, 2500);
	ck_assert_int_eq(t.zone_minutes, -210);
	ck_assert_int_eq(aff_tm_read(&t, aff_view_of("0815"), d, NULL), 0);
	ck_assert_int_eq(t.precision, AFF_DTM_MINUTE);
	ck_assert_int_eq(aff_tm_read(&t, aff_view_of(" 08 "), NULL, NULL), 0);
	ck_assert_int_eq(t.precision, AFF_DTM_HOUR);
	ck_assert(t.blanks);
	static const char *const bad[] = {"", "\"\"", "24", "0860", "8", "081", "+0100", "08:15", "20240229081500+0100",
	                                  "081500.12345", "0815000000000000000000000000000000000000000000"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(aff_tm_read(&t, aff_view_of(bad[i]), d, NULL) == AFF_EDATATYPE, "%s", bad[i]);
}
END_TEST

START_TEST(ranges)
{
	struct aff_dr r;
	struct aff_diag diag;
	ck_assert_int_eq(aff_dr_read(&r, aff_view_of("20240101&D^20240201"), d, NULL), 0);
	ck_assert(r.has_start && r.has_end);
	ck_assert_int_eq(r.start.month + r.end.month, 3);
	ck_assert_int_eq(aff_dr_read(&r, aff_view_of("20240101"), d, NULL), 0);
	ck_assert(r.has_start && !r.has_end);
	ck_assert_int_eq(aff_dr_read(&r, aff_view_of("\"\"^20240201"), d, NULL), 0);
	ck_assert(!r.has_start && r.has_end);
	ck_assert_int_eq(aff_dr_read(&r, aff_view_of("20240101^tomorrow"), d, &diag), AFF_EDATATYPE);
	ck_assert_uint_eq(diag.at.component, 2);
}
END_TEST

START_TEST(zone_of_the_message)
{
	int minutes = 1;
	struct aff_msg *m = parsed("MSH|^~\\&|A|B|C|D|20240229103000-0330^S||ORU^R01|1|P|2.6\r");
	ck_assert(aff_dtm_message_zone(m, &minutes));
	ck_assert_int_eq(minutes, -210);
	aff_msg_free(m);
	static const char *const without[] = {"MSH|^~\\&|A|B|C|D|20240229103000||ORU^R01|1|P|2.6\r", "MSH|^~\\&|A\r",
	                                      "MSH|^~\\&|A|B|C|D|soon+0100||ORU^R01|1|P|2.6\r"};
	for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
		m = parsed(without[i]);
		ck_assert(!aff_dtm_message_zone(m, &minutes));
		ck_assert_int_eq(minutes, -210);
		aff_msg_free(m);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_precision, zones_and_leap_seconds, what_is_no_date,   instants,
	                              instants_as_text, fhir,                  out_of_fields,     zeros_are_no_date,
	                              dates_alone,      times_alone,           ranges,            zone_of_the_message};
	return RUN_TESTS("hl7_dtm", tests);
}
