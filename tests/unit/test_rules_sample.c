/* SPDX-License-Identifier: Apache-2.0
 *
 * Sampling: which readings of a window stay, by which key, and what happens when memory is used up.
 */
#include "rules/sample.h"

#include "rules_fixture.h"

#define PATIENT_A "PID|||1^^^HOSP||A\n"
#define PATIENT_B "PID|||2^^^HOSP||B\n"
#define OBR       "OBR|1|||1\n"
#define MDS       "OBX|1||69965^MDS^MDC|1.0.0.0|||||||X|||||||DEV1\n"
#define HR(value) "OBX|2|NM|147842^HR^MDC|1.1.1.1|" value "\n"
#define SPO2(v)   "OBX|3|NM|150456^SpO2^MDC|1.1.1.2|" v "\n"

enum { SECOND = 1000000 };

static const struct sample_spec by_all = {
	.every_ms = 60000, .by = SAMPLE_BY_PATIENT | SAMPLE_BY_DEVICE | SAMPLE_BY_CODE, .keep = SAMPLE_FIRST};

static struct sample *sampler(struct sample_spec spec, enum sample_keep keep, size_t max_keys)
{
	struct sample *s = NULL;
	spec.keep = keep;
	ck_assert_int_eq(sample_new(&s, &spec, max_keys), 0);
	return s;
}

/* Passes one message on at `seconds` and compares what is left behind its MSH; NULL: nothing is left. */
static void first(struct sample *s, int seconds, uint64_t index, const char *segments, const char *wanted)
{
	struct fixture f;
	char text[2048];
	bool left = false;
	snprintf(text, sizeof text, "%s%s", MSH, segments);
	fixture_open(&f, text);
	ck_assert_int_eq(sample_first(s, (int64_t)seconds * SECOND, index, f.edit, &left), 0);
	ck_assert_int_eq(left, wanted != NULL);
	if (wanted)
		ck_assert_str_eq(fixture_text(&f) + strlen(MSH), wanted);
	fixture_close(&f);
}

struct last_case {
	const char *segments;
	const char *wanted;         /* NULL: nothing is left */
	uint64_t superseded_by;
};

/* Runs a whole window of messages numbered from 1. */
static void last(struct sample *s, const struct last_case *cases, size_t n)
{
	struct fixture f[8];
	char text[2048];
	ck_assert_uint_le(n, 8);
	sample_window_begin(s);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof text, "%s%s", MSH, cases[i].segments);
		fixture_open(&f[i], text);
		sample_window_add(s, i + 1, f[i].edit);
	}
	for (size_t i = 0; i < n; i++) {
		bool left = false;
		uint64_t by = 99;
		ck_assert_int_eq(sample_window_prune(s, i + 1, f[i].edit, &left, &by), 0);
		ck_assert_int_eq(left, cases[i].wanted != NULL);
		ck_assert_uint_eq(by, cases[i].superseded_by);
		if (cases[i].wanted)
			ck_assert_str_eq(fixture_text(&f[i]) + strlen(MSH), cases[i].wanted);
		fixture_close(&f[i]);
	}
}

START_TEST(first_of_each_window)
{
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 120, 1, PATIENT_A OBR MDS HR("80"), PATIENT_A OBR MDS HR("80"));
	first(s, 121, 2, PATIENT_A OBR MDS HR("81"), NULL);
	first(s, 179, 3, PATIENT_A OBR MDS HR("82") SPO2("98"), PATIENT_A OBR MDS SPO2("98"));
	first(s, 180, 4, PATIENT_A OBR MDS HR("83"), PATIENT_A OBR MDS HR("83"));
	first(s, 239, 5, PATIENT_A OBR MDS HR("84"), NULL);
	sample_free(s);
}
END_TEST

START_TEST(the_same_message_again_passes_again)
{
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 0, 7, PATIENT_A OBR HR("80"), PATIENT_A OBR HR("80"));
	first(s, 0, 7, PATIENT_A OBR HR("80"), PATIENT_A OBR HR("80"));
	first(s, 1, 8, PATIENT_A OBR HR("80"), NULL);
	sample_free(s);
}
END_TEST

START_TEST(keys_are_patient_device_and_code)
{
	static const char other_device[] = PATIENT_A OBR "OBX|1||69965^MDS^MDC|1.0.0.0|||||||X|||||||DEV2\n" HR("80");
	static const char other_place[] = PATIENT_A OBR MDS "OBX|2|NM|147842^HR^MDC|1.2.1.1|80\n";
	static const char other_system[] = PATIENT_A OBR MDS "OBX|2|NM|147842^HR^L|1.1.1.1|80\n";
	static const char other_name[] = PATIENT_A OBR MDS "OBX|2|NM|147842^Herzfrequenz^MDC|1.1.1.1|80\n";
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR MDS HR("80"), PATIENT_A OBR MDS HR("80"));
	first(s, 1, 2, PATIENT_B OBR MDS HR("80"), PATIENT_B OBR MDS HR("80"));
	first(s, 1, 3, other_device, other_device);
	first(s, 1, 4, other_place, other_place);
	first(s, 1, 5, other_system, other_system);
	first(s, 1, 6, other_name, NULL);
	first(s, 1, 7, PATIENT_A OBR HR("80"), PATIENT_A OBR HR("80")); /* no OBX-18: the device is MSH-3 */
	first(s, 1, 8, PATIENT_A OBR MDS "OBR|2|||1\n" HR("80"), NULL); /* OBX-18 does not reach the next OBR */
	sample_free(s);
}
END_TEST

/* A gateway that names neither patients nor devices: the beds tell them apart. */
START_TEST(unnamed_patients_of_two_beds_are_two)
{
	static const char bed1[] = "PID|||\nPV1||I|ICU^1^1\n" OBR HR("80");
	static const char bed2[] = "PID|||\nPV1||I|ICU^1^2\n" OBR HR("120");
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 0, 1, bed1, bed1);
	first(s, 1, 2, bed2, bed2);
	first(s, 2, 3, bed1, NULL);
	sample_free(s);
}
END_TEST

#define STATE(v)  "OBX|4|ST|68481^PHASE^MDC|1.1.1.3|" v "\n"

START_TEST(states_that_change_all_pass)
{
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR STATE("start"), PATIENT_A OBR STATE("start"));
	first(s, 1, 2, PATIENT_A OBR STATE("start") HR("80"), PATIENT_A OBR HR("80"));
	first(s, 2, 3, PATIENT_A OBR STATE("end") HR("81"), PATIENT_A OBR STATE("end"));
	sample_free(s);
	const struct last_case cases[] = {
		{PATIENT_A OBR STATE("start") HR("80"), PATIENT_A OBR STATE("start"), 2},
		{PATIENT_A OBR STATE("end") HR("81"), PATIENT_A OBR STATE("end") HR("81"), 0},
	};
	s = sampler(by_all, SAMPLE_LAST, 0);
	last(s, cases, 2);
	sample_free(s);
}
END_TEST

START_TEST(alerts_and_events_are_not_sampled)
{
	static const char *const triggers[] = {"R40", "R42"};
	static const char body[] = PATIENT_A OBR HR("80");
	for (size_t i = 0; i < 2; i++) {
		struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
		for (uint64_t index = 1; index <= 2; index++) {
			struct fixture f;
			char text[512];
			bool left = false;
			snprintf(text, sizeof text, "MSH|^~\\&|A||||1||ORU^%s|1|P|2.6\n%s", triggers[i], body);
			fixture_open(&f, text);
			ck_assert_int_eq(sample_first(s, 0, index, f.edit, &left), 0);
			ck_assert(left);
			ck_assert_str_eq(fixture_text(&f), text);
			fixture_close(&f);
		}
		sample_free(s);
	}
}
END_TEST

START_TEST(fewer_parts_make_wider_keys)
{
	struct sample *s = sampler((struct sample_spec){.every_ms = 60000, .by = SAMPLE_BY_CODE}, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR HR("80"), PATIENT_A OBR HR("80"));
	first(s, 1, 2, PATIENT_B OBR HR("80") SPO2("98"), PATIENT_B OBR SPO2("98"));
	sample_free(s);
	s = sampler((struct sample_spec){.every_ms = 60000, .by = SAMPLE_BY_PATIENT}, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR HR("80") SPO2("98"), PATIENT_A OBR HR("80") SPO2("98"));
	first(s, 1, 2, PATIENT_A OBR "OBX|9|NM|1|9|9\n", NULL);
	first(s, 1, 3, PATIENT_B OBR HR("80"), PATIENT_B OBR HR("80"));
	sample_free(s);
}
END_TEST

START_TEST(several_patients_in_one_message)
{
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR HR("80"), PATIENT_A OBR HR("80"));
	first(s, 1, 2, PATIENT_A OBR HR("81") PATIENT_B OBR HR("70"), PATIENT_A OBR PATIENT_B OBR HR("70"));
	sample_free(s);
}
END_TEST

START_TEST(comments_go_with_their_reading)
{
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR HR("80"), PATIENT_A OBR HR("80"));
	first(s, 1, 2, PATIENT_A OBR SPO2("98") "NTE|1\n" HR("81") "NTE|1||artefact\n" "OBX|9|NM|1|9|9\n",
	      PATIENT_A OBR SPO2("98") "NTE|1\n" "OBX|9|NM|1|9|9\n");
	sample_free(s);
}
END_TEST

START_TEST(messages_without_readings_pass)
{
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR MDS, PATIENT_A OBR MDS);
	first(s, 1, 2, PATIENT_A OBR MDS, PATIENT_A OBR MDS);
	first(s, 1, 3, "EVN|A08\n", "EVN|A08\n");
	sample_free(s);
}
END_TEST

START_TEST(last_of_a_window)
{
	static const struct last_case window[] = {
		{PATIENT_A OBR MDS HR("80") SPO2("97"), NULL, 4},
		{PATIENT_B OBR MDS HR("60"), PATIENT_B OBR MDS HR("60"), 0},
		{PATIENT_A OBR MDS HR("81") SPO2("98"), PATIENT_A OBR MDS SPO2("98"), 4},
		{PATIENT_A OBR MDS HR("82"), PATIENT_A OBR MDS HR("82"), 0},
		{PATIENT_A OBR MDS, PATIENT_A OBR MDS, 0},
	};
	static const struct last_case next[] = {{PATIENT_A OBR MDS SPO2("99"), PATIENT_A OBR MDS SPO2("99"), 0}};
	struct sample *s = sampler(by_all, SAMPLE_LAST, 0);
	last(s, window, 5);
	last(s, next, 1);
	last(s, window, 5);
	ck_assert_uint_eq(sample_passed_over_cap(s), 0);
	sample_free(s);
}
END_TEST

START_TEST(past_the_cap_readings_pass_and_are_counted)
{
	static const struct last_case window[] = {
		{PATIENT_A OBR HR("80") SPO2("97"), PATIENT_A OBR SPO2("97"), 2},
		{PATIENT_A OBR HR("81") SPO2("98"), PATIENT_A OBR HR("81") SPO2("98"), 0},
	};
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 1);
	first(s, 0, 1, PATIENT_A OBR HR("80"), PATIENT_A OBR HR("80"));
	first(s, 1, 2, PATIENT_A OBR HR("81") SPO2("98"), PATIENT_A OBR SPO2("98"));
	first(s, 2, 3, PATIENT_A OBR HR("81") SPO2("98"), PATIENT_A OBR SPO2("98"));
	ck_assert_uint_eq(sample_passed_over_cap(s), 2);
	first(s, 60, 4, PATIENT_A OBR SPO2("98"), PATIENT_A OBR SPO2("98"));
	ck_assert_uint_eq(sample_passed_over_cap(s), 2);
	sample_free(s);
	s = sampler(by_all, SAMPLE_LAST, 1);
	last(s, window, 2);
	ck_assert_uint_eq(sample_passed_over_cap(s), 2);
	sample_free(s);
}
END_TEST

START_TEST(many_keys)
{
	struct sample *s = sampler(by_all, SAMPLE_FIRST, 0);
	char text[256];
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(text, sizeof text, "PID|||%u^^^HOSP\nOBR|1\nOBX|1|NM|1^a^MDC|1.1.1.1|5\n", i);
			first(s, 10, round * 5000 + i + 1, text, round ? NULL : text);
		}
	}
	ck_assert_uint_eq(sample_passed_over_cap(s), 0);
	sample_free(s);
}
END_TEST

#define UNIT "/min^^UCUM"
#define NM(v, unit, flags, status, rest)                                                                               \
	"OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|" v "|" unit "|40-120|" flags "|||" status rest "\n"
#define BEAT(v)   NM(v, UNIT, "H", "R", "")
#define MEAN_IN(v, unit, n)                                                                                            \
	NM(v, unit, "", "R", "||||||ACALC^auto-calculation^MDC^mean^mean of " n " readings in 1 min^99AFFERENT")
#define MEAN(v, n) MEAN_IN(v, UNIT, n)

START_TEST(a_mean_stands_in_the_last_message)
{
	static const struct last_case window[] = {
		{PATIENT_A OBR MDS BEAT("78"), NULL, 4},
		{PATIENT_B OBR MDS BEAT("120"), PATIENT_B OBR MDS BEAT("120"), 0}, /* alone: it is that reading */
		{PATIENT_A OBR MDS BEAT("80") SPO2("97"), PATIENT_A OBR MDS SPO2("97"), 4},
		{PATIENT_A OBR MDS BEAT("81") "NTE|1||artefact\n", PATIENT_A OBR MDS MEAN("79.7", "3"), 0},
	};
	struct sample *s = sampler(by_all, SAMPLE_MEAN, 0);
	last(s, window, 4);
	last(s, window, 4); /* the same window again gives the same */
	ck_assert_uint_eq(sample_passed_over_cap(s), 0);
	sample_free(s);
}
END_TEST

START_TEST(a_median_is_the_middle)
{
#define MEDIAN(v, n)                                                                                                   \
	NM(v, UNIT, "", "R", "||||||ACALC^auto-calculation^MDC^median^median of " n " readings in 1 min^99AFFERENT")
	static const struct last_case odd[] = {
		{PATIENT_A OBR BEAT("78"), NULL, 3},
		{PATIENT_A OBR BEAT("300"), NULL, 3},
		{PATIENT_A OBR BEAT("80"), PATIENT_A OBR MEDIAN("80", "3"), 0},
	};
	static const struct last_case even[] = {
		{PATIENT_A OBR BEAT("78"), NULL, 4},
		{PATIENT_A OBR BEAT("10"), NULL, 4},
		{PATIENT_A OBR BEAT("90"), NULL, 4},
		{PATIENT_A OBR BEAT("79"), PATIENT_A OBR MEDIAN("78.5", "4"), 0},
	};
	struct sample *s = sampler(by_all, SAMPLE_MEDIAN, 0);
	last(s, odd, 3);
	last(s, even, 4);
	sample_free(s);
}
END_TEST

START_TEST(a_range_is_structured)
{
#define RANGE(low, high, n)                                                                                            \
	"OBX|2|SN|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|^" low "^-^" high "|" UNIT "|40-120||||R|||||"                 \
	"|ACALC^auto-calculation^MDC^min-max^lowest and highest of " n " in 1 min^99AFFERENT\n"
	static const struct last_case window[] = {
		{PATIENT_A OBR BEAT("78.0"), NULL, 3},
		{PATIENT_A OBR BEAT("40"), NULL, 3},
		{PATIENT_A OBR BEAT("77"), PATIENT_A OBR RANGE("40", "78.0", "3 readings"), 0},
		{PATIENT_B OBR BEAT("60"), PATIENT_B OBR RANGE("60", "60", "1 reading"), 0},
	};
	struct sample *s = sampler(by_all, SAMPLE_MIN_MAX, 0);
	last(s, window, 4);
	sample_free(s);
}
END_TEST

/* Each of these goes out as it would with `keep: last`, and is in no mean. */
START_TEST(what_is_no_good_reading_enters_no_mean)
{
	static const char *const others[] = {
		NM("-32768", UNIT, "", "R", ""),              /* marks that there is none */
		NM("8388607", UNIT, "", "R", ""),
		NM("999", UNIT, "", "R", ""),                 /* beyond what a heart does */
		NM("80", UNIT, "", "X", ""),
		NM("80", UNIT, "", "C", ""),
		NM("80", UNIT, "", "D", ""),
		NM("80", UNIT, "", "W", ""),
		NM("80", UNIT, "INV", "R", ""),
		NM("80", UNIT, "TEST", "R", ""),
		NM("80", UNIT, "CAL", "R", ""),
		NM("80", "mm[Hg]^^UCUM", "", "R", ""),        /* no unit of a heart rate */
		NM("80", UNIT, "", "R", "||||||ASET^auto-setting^MDC"),
		NM("80~81", UNIT, "", "R", ""),
		NM("eighty", UNIT, "", "R", ""),
		NM("1234567890123456789", UNIT, "", "R", ""), /* too many digits */
		"OBX|2|SN|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|>^80|" UNIT "|||||R\n",
	};
	char texts[2][1024];
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		const struct last_case window[] = {
			{PATIENT_A OBR BEAT("78"), NULL, 3},
			{texts[0], texts[0], 0},
			{PATIENT_A OBR BEAT("80"), PATIENT_A OBR MEAN("79", "2"), 0},
		};
		struct sample *s = sampler(by_all, SAMPLE_MEAN, 0);
		snprintf(texts[0], sizeof texts[0], PATIENT_A OBR "%s", others[i]);
		last(s, window, 3);
		sample_free(s);
	}
}
END_TEST

START_TEST(units_are_kept_apart)
{
	static const struct last_case window[] = {
		{PATIENT_A OBR NM("78", UNIT, "", "R", ""), NULL, 3},
		{PATIENT_A OBR NM("1.2", "Hz^^UCUM", "", "R", ""), NULL, 4},
		{PATIENT_A OBR NM("80", UNIT, "", "R", ""), PATIENT_A OBR MEAN("79", "2"), 0},
		{PATIENT_A OBR NM("1.4", "Hz^^UCUM", "", "R", ""),
	         PATIENT_A OBR NM("1.3", "Hz^^UCUM", "", "R",
	                          "||||||ACALC^auto-calculation^MDC^mean^mean of 2 readings in 1 min^99AFFERENT"),
	         0},
	};
	struct sample *s = sampler(by_all, SAMPLE_MEAN, 0);
	last(s, window, 4);
	sample_free(s);
}
END_TEST

/* Of several in the last message the last row stands for all; the id of an instance is that of one reading. */
START_TEST(several_rows_of_one_message)
{
	static const struct last_case window[] = {
		{PATIENT_A OBR BEAT("70"), NULL, 2},
		{PATIENT_A OBR BEAT("80") "NTE|1||a\n" SPO2("97") BEAT("90"),
	         PATIENT_A OBR SPO2("97") MEAN("80", "3"), 0},
	};
	static const struct last_case instance[] = {
		{PATIENT_A OBR BEAT("70"), NULL, 2},
		{PATIENT_A OBR NM("80", UNIT, "H", "R", "||||||AMEAS||||ID7"),
	         PATIENT_A OBR NM("75", UNIT, "", "R",
	                          "||||||ACALC^auto-calculation^MDC^mean^mean of 2 readings in 1 min^99AFFERENT||||"),
	         0},
	};
	struct sample *s = sampler(by_all, SAMPLE_MEAN, 0);
	last(s, window, 2);
	last(s, instance, 2);
	sample_free(s);
}
END_TEST

/* Two patients of whom nothing is known must not come to one mean. */
START_TEST(nobody_has_no_mean)
{
#define NOBODY "PID|||UNKNOWN^^^HOSP\n"
	static const struct last_case window[] = {
		{NOBODY OBR BEAT("70"), NULL, 2},
		{NOBODY OBR BEAT("80"), NOBODY OBR BEAT("80"), 0},
	};
	struct sample_spec spec = by_all;
	spec.by = SAMPLE_BY_PATIENT | SAMPLE_BY_CODE;
	struct sample *s = sampler(spec, SAMPLE_MEAN, 0);
	last(s, window, 2);
	sample_free(s);
}
END_TEST

START_TEST(statistics_past_the_cap_pass)
{
	static const struct last_case window[] = {
		{PATIENT_A OBR BEAT("78"), NULL, 2},
		{PATIENT_A OBR BEAT("80"), PATIENT_A OBR MEAN("79", "2"), 0},
		{PATIENT_B OBR BEAT("60"), PATIENT_B OBR BEAT("60"), 0},
		{PATIENT_B OBR BEAT("61"), PATIENT_B OBR BEAT("61"), 0},
	};
	struct sample *s = sampler(by_all, SAMPLE_MEAN, 1);
	last(s, window, 4);
	ck_assert_uint_eq(sample_passed_over_cap(s), 2);
	sample_free(s);
}
END_TEST

/* ---- changes ---- */

static struct sample_band bands[] = {{.code = (char[]){"147842"}, .width = {2, 0}},
                                     {.code = (char[]){"150456"}, .width = {1, 0}, .share = true}};

static struct sample *changes(size_t n)
{
	struct sample_spec spec = by_all;
	spec.bands = bands;
	spec.nbands = n;
	return sampler(spec, SAMPLE_FIRST, 0);
}

START_TEST(changes_beyond_the_band_go_out)
{
	struct sample *s = changes(2);
	first(s, 0, 1, PATIENT_A OBR BEAT("78"), PATIENT_A OBR BEAT("78"));
	first(s, 1, 2, PATIENT_A OBR BEAT("80"), NULL);
	first(s, 2, 3, PATIENT_A OBR BEAT("81"), PATIENT_A OBR BEAT("81"));
	first(s, 3, 4, PATIENT_A OBR BEAT("79"), NULL); /* 2 from 81, which was sent last */
	first(s, 4, 5, PATIENT_A OBR BEAT("78.9"), PATIENT_A OBR BEAT("78.9"));
	first(s, 4, 5, PATIENT_A OBR BEAT("78.9"), PATIENT_A OBR BEAT("78.9")); /* the same message again */
	first(s, 5, 6, PATIENT_B OBR BEAT("79"), PATIENT_B OBR BEAT("79"));
	first(s, 6, 7, PATIENT_A OBR SPO2("100"), PATIENT_A OBR SPO2("100"));
	first(s, 7, 8, PATIENT_A OBR SPO2("99"), NULL);
	first(s, 8, 9, PATIENT_A OBR SPO2("98.9"), PATIENT_A OBR SPO2("98.9"));
	first(s, 60, 10, PATIENT_A OBR BEAT("79"), PATIENT_A OBR BEAT("79")); /* another window */
	sample_free(s);
}
END_TEST

START_TEST(what_becomes_no_reading_is_a_change)
{
	static const char gone[] = PATIENT_A OBR NM("-32768", UNIT, "", "R", "");
	static const char back[] = PATIENT_A OBR NM("78", UNIT, "", "X", "");
	struct sample *s = changes(1);
	first(s, 0, 1, PATIENT_A OBR BEAT("78"), PATIENT_A OBR BEAT("78"));
	first(s, 1, 2, gone, gone);
	first(s, 2, 3, gone, NULL);
	first(s, 3, 4, PATIENT_A OBR BEAT("78"), PATIENT_A OBR BEAT("78"));
	first(s, 4, 5, back, back);
	first(s, 5, 6, PATIENT_A OBR NM("78", "Hz", "", "R", ""), PATIENT_A OBR NM("78", "Hz", "", "R", ""));
	sample_free(s);
}
END_TEST

/* Codes without a band: the first only; states of such codes as ever. With one for all others states go out whenever
 * they change, back to an earlier one too. */
START_TEST(codes_without_a_band)
{
	struct sample *s = changes(1);
	first(s, 0, 1, PATIENT_A OBR SPO2("90"), PATIENT_A OBR SPO2("90"));
	first(s, 1, 2, PATIENT_A OBR SPO2("50"), NULL);
	sample_free(s);
	struct sample_band all[] = {{.width = {0, 0}}};
	struct sample_spec spec = by_all;
	spec.bands = all;
	spec.nbands = 1;
	s = sampler(spec, SAMPLE_FIRST, 0);
	first(s, 0, 1, PATIENT_A OBR STATE("on"), PATIENT_A OBR STATE("on"));
	first(s, 1, 2, PATIENT_A OBR STATE("on"), NULL);
	first(s, 2, 3, PATIENT_A OBR STATE("off"), PATIENT_A OBR STATE("off"));
	first(s, 3, 4, PATIENT_A OBR STATE("on"), PATIENT_A OBR STATE("on"));
	first(s, 4, 5, PATIENT_A OBR SPO2("90"), PATIENT_A OBR SPO2("90"));
	first(s, 5, 6, PATIENT_A OBR SPO2("90.0"), NULL);
	first(s, 6, 7, PATIENT_A OBR SPO2("90.1"), PATIENT_A OBR SPO2("90.1"));
	sample_free(s);
}
END_TEST

START_TEST(windows_are_counted_from_1970)
{
	struct sample *s = sampler(by_all, SAMPLE_LAST, 0);
	ck_assert_int_eq(sample_window(s, 0), 0);
	ck_assert_int_eq(sample_window(s, 60 * SECOND - 1), 0);
	ck_assert_int_eq(sample_window(s, 60 * SECOND), 1);
	ck_assert_int_eq(sample_window(s, -1), -1);
	ck_assert_int_eq(sample_window_end_us(s, 61 * SECOND), 120LL * SECOND);
	sample_free(s);
}
END_TEST

START_TEST(nothing_to_sample_by_is_refused)
{
	struct sample *s = NULL;
	ck_assert_int_eq(sample_new(&s, &(struct sample_spec){.every_ms = 0, .by = SAMPLE_BY_CODE}, 0), AFF_EARGUMENT);
	ck_assert_int_eq(sample_new(&s, &(struct sample_spec){.every_ms = 1}, 0), AFF_EARGUMENT);
	ck_assert_ptr_null(s);
	sample_free(s);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		first_of_each_window,
		the_same_message_again_passes_again,
		keys_are_patient_device_and_code,
		unnamed_patients_of_two_beds_are_two,
		states_that_change_all_pass,
		alerts_and_events_are_not_sampled,
		fewer_parts_make_wider_keys,
		several_patients_in_one_message,
		comments_go_with_their_reading,
		messages_without_readings_pass,
		last_of_a_window,
		past_the_cap_readings_pass_and_are_counted,
		many_keys,
		a_mean_stands_in_the_last_message,
		a_median_is_the_middle,
		a_range_is_structured,
		what_is_no_good_reading_enters_no_mean,
		units_are_kept_apart,
		several_rows_of_one_message,
		nobody_has_no_mean,
		statistics_past_the_cap_pass,
		changes_beyond_the_band_go_out,
		what_becomes_no_reading_is_a_change,
		codes_without_a_band,
		windows_are_counted_from_1970,
		nothing_to_sample_by_is_refused,
	};
	return RUN_TESTS("rules_sample", tests);
}
