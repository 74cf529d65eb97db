/* SPDX-License-Identifier: Apache-2.0
 *
 * Times that get a zone, or another one.
 */
#include "sys/file.h"

#include "steps_fixture.h"

#define BERLIN "/usr/share/zoneinfo/Europe/Berlin"
#define NO_ZONE "MSH|^~\\&|MON|HOSP|EHR|HOSP|20250115103000||ORU^R01^ORU_R01|A1|P|2.6\n"

static struct aff_zone *zone(const char *text)
{
	struct aff_zone *z = NULL;
	if (!text)
		return NULL;
	if (strcmp(text, "Berlin") != 0) {
		ck_assert_int_eq(aff_zone_fixed(&z, (int)strtol(text, NULL, 10)), 0);
		return z;
	}
	struct aff_buf bytes;
	aff_buf_init(&bytes, 1 << 16);
	if (!file_read(BERLIN, &bytes, NULL))
		ck_assert_int_eq(aff_zone_read(&z, aff_buf_view(&bytes), NULL), 0);
	aff_buf_free(&bytes);
	return z;
}

/* One OBX-14 through the step. */
static void convert(const char *header, const char *assume, const char *to, const char *in, const char *out)
{
	struct aff_step s = {.kind = AFF_STEP_ZONE, .path = path("OBX-14")};
	struct aff_zone *a = zone(assume), *b = zone(to);
	struct aff_rules *r;
	struct fixture f;
	struct aff_rules_result result;
	char before[512], after[512];
	if ((assume && !a) || (to && !b)) {
		fprintf(stderr, "skipped: %s is not there\n", BERLIN);
		return;
	}
	s.assume = a;
	s.to = b;
	r = program();
	add_step(r, s, NULL, NULL);
	aff_zone_free(a);
	aff_zone_free(b);
	snprintf(before, sizeof before, "%sOBX|1|NM|a||5||||||F|||%s|x\n", header, in);
	snprintf(after, sizeof after, "%sOBX|1|NM|a||5||||||F|||%s|x\n", header, out);
	fixture_open(&f, before);
	ck_assert_int_eq(aff_rules_run(r, f.edit, &result, NULL), 0);
	ck_assert_int_eq(result.verdict, AFF_VERDICT_PASS);
	ck_assert_str_eq(fixture_text(&f), after);
	fixture_close(&f);
	aff_rules_free(r);
}

START_TEST(missing_zones_are_added)
{
	static const char *const cases[][3] = {
		{"+60", "20260115103000", "20260115103000+0100"}, {"+60", "202601151030", "202601151030+0100"},
		{"+60", "2026011510", "2026011510+0100"}, {"+60", "20260115103000.1234", "20260115103000.1234+0100"},
		{"-210", "20260115103000", "20260115103000-0330"}, {"0", "20260115103000", "20260115103000+0000"},
		{"+60", "20260115235960", "20260115235960+0100"}, {"+60", " 20260115103000 ", "20260115103000+0100"},
		{"Berlin", "20260115103000", "20260115103000+0100"},
		{"Berlin", "20260715103000", "20260715103000+0200"},
		{"Berlin", "20261025023000", "20261025023000+0200"},
		{"Berlin", "20261025030000", "20261025030000+0100"},
		{"+60", "20260115103000~20260115104000^x", "20260115103000+0100~20260115104000+0100^x"},
		/* these stay */
		{"+60", "20260115", "20260115"}, {"+60", "2026", "2026"},
		{"+60", "20260115103000+0500", "20260115103000+0500"},
		{"+60", "20260115103000-0000", "20260115103000-0000"}, {"+60", "00000000000000", "00000000000000"},
		{"+60", "yesterday", "yesterday"}, {"+60", "", ""}, {"+60", "\"\"", "\"\""},
		{"+60", "20260230103000", "20260230103000"},
		{"Berlin", "18900101103000", "18900101103000"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		convert(NO_ZONE, cases[i][0], NULL, cases[i][1], cases[i][2]);
	/* what MSH-7 says counts for the whole message */
	convert(MSH, "+60", NULL, "20260115103000", "20260115103000+0000");
	convert(MSH, NULL, "+60", "20260115103000", "20260115113000+0100");
	convert(NO_ZONE, NULL, "+60", "20260115103000", "20260115103000");
}
END_TEST

START_TEST(times_are_converted)
{
	static const char *const cases[][4] = {
		{NULL, "0", "20260115103000+0100", "20260115093000+0000"},
		{NULL, "0", "202601010030+0100", "202512312330+0000"},
		{NULL, "+345", "20240229233000.5+0000", "20240301051500.5+0545"},
		{NULL, "0", "2026011500+0100", "2026011423+0000"},
		{NULL, "0", "20260115235960+0100", "20260115225960+0000"},
		{"+60", "0", "20260115103000", "20260115093000+0000"},
		{"Berlin", "0", "20260715103000", "20260715083000+0000"},
		{"0", "Berlin", "20260715103000", "20260715123000+0200"},
		{NULL, "Berlin", "20261025003000+0000", "20261025023000+0200"},
		{NULL, "Berlin", "20261025013000+0000", "20261025023000+0100"},
		{NULL, "0", "20260115103000-0000", "20260115103000-0000"},
		{NULL, "0", "20260115103000+0000", "20260115103000+0000"},
		/* whole hours cannot tell half an hour */
		{NULL, "+330", "2026011510+0000", "2026011510+0000"}, {"+60", "+330", "2026011510", "2026011510+0100"},
		/* nothing is known of their zone */
		{NULL, "0", "20260115", "20260115"}, {NULL, "0", "20260115+0100", "20260115+0100"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		convert(NO_ZONE, cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
}
END_TEST

START_TEST(the_places_that_are_meant)
{
	struct aff_zone *z = NULL;
	ck_assert_int_eq(aff_zone_fixed(&z, 60), 0);
	struct aff_step s = {.kind = AFF_STEP_ZONE, .path = path("OBX-5"), .to = z};
	run_step(s, NULL, NULL, "OBX|1|DTM|||20260115100000+0000\nOBX|2|ST|||20260115100000+0000\nOBX|3|TS|||2026\n",
	         "OBX|1|DTM|||20260115110000+0100\nOBX|2|ST|||20260115100000+0000\nOBX|3|TS|||2026\n");
	s.path = path("PID-5.12");
	run_step(s, NULL, NULL, "PID|||||A^^^^^^^^^^^2026011510+0000~B^^^^^^^^^^^2026011511+0000\n",
	         "PID|||||A^^^^^^^^^^^2026011511+0100~B^^^^^^^^^^^2026011512+0100\n");
	s.path = path("OBX[2]-14");
	run_step(s, NULL, NULL, "OBX|1|||||||||||||2026011510+0000\nOBX|2|||||||||||||2026011510+0000\n",
	         "OBX|1|||||||||||||2026011510+0000\nOBX|2|||||||||||||2026011511+0100\n");
	s.path = path("OBX-14");
	run_step(s, "OBX", "OBX-1 = 2", "OBX|1|||||||||||||2026011510+0000\nOBX|2|||||||||||||2026011510+0000\n",
	         "OBX|1|||||||||||||2026011510+0000\nOBX|2|||||||||||||2026011511+0100\n");
	s.path = path("ZAA-3");
	run_step(s, NULL, NULL, "ZAA|||2026011510+0000\n", "ZAA|||2026011511+0100\n");
	s.path = path("OBX-3");
	refused(s, NULL);
	s.path = path("PID-3.1");
	refused(s, NULL);
	s.path = path("OBX-14");
	refused(s, "OBR");
	s.to = NULL;
	refused(s, NULL);
	aff_zone_free(z);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {missing_zones_are_added, times_are_converted, the_places_that_are_meant};
	return RUN_TESTS("rules_zone", tests);
}
