/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones: rules, files, and the C library's own answers for the same instants.
 */
#include <afferent/zone.h>
#include <time.h>
#include <unistd.h>

#include "hl7/calendar.h"
#include "hl7/zone_rule.h"
#include "sys/file.h"

#include "hl7_test.h"

enum { HOUR = 3600 };

static int64_t at(int year, int month, int day, int hour, int minute)
{
	return calendar_days(year, month, day) * 24 * HOUR + hour * HOUR + minute * 60;
}

static struct zone_rule rule(const char *text)
{
	struct zone_rule r;
	ck_assert_msg(zone_rule_read(&r, aff_view_of(text)), "%s", text);
	return r;
}

START_TEST(rules_are_followed)
{
	struct zone_rule r = rule("CET-1CEST,M3.5.0,M10.5.0/3");
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 3, 29, 0, 59)), HOUR);
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 3, 29, 1, 0)), 2 * HOUR);
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 10, 25, 0, 59)), 2 * HOUR);
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 10, 25, 1, 0)), HOUR);
	r = rule("AEST-10AEDT,M10.1.0,M4.1.0/3"); /* south of the equator */
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 1, 1, 0, 0)), 11 * HOUR);
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 7, 1, 0, 0)), 10 * HOUR);
	r = rule("<+0330>-3:30");
	ck_assert_int_eq(zone_rule_at(&r, 0), 3 * HOUR + 1800);
	r = rule("IST-1GMT0,M10.5.0,M3.5.0/1"); /* Dublin's standard time is that of summer */
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 7, 1, 0, 0)), HOUR);
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 1, 1, 0, 0)), 0);
	r = rule("EST5EDT,M3.2.0,M11.1.0");
	ck_assert_int_eq(zone_rule_at(&r, at(2026, 7, 1, 0, 0)), -4 * HOUR);
	static const char *const wrong[] = {"C", "CET", "CET-1CEST", "CET-1CEST,J60,J300", "CET-1CEST,M13.1.0,M1.1.0",
	                                    "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "<+03-3",
	                                    "CET-999"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(!zone_rule_read(&r, aff_view_of(wrong[i])), "%s", wrong[i]);
}
END_TEST

START_TEST(fixed_offsets)
{
	struct aff_zone *z = NULL, *copy = NULL;
	ck_assert_int_eq(aff_zone_fixed(&z, -210), 0);
	ck_assert_int_eq(aff_zone_copy(&copy, z), 0);
	aff_zone_free(z);
	ck_assert_int_eq(aff_zone_at(copy, 0), -210 * 60);
	ck_assert_int_eq(aff_zone_at_local(copy, at(2026, 10, 25, 2, 30)), -210 * 60);
	aff_zone_free(copy);
}
END_TEST

/* One file with both blocks: CET, a change to +2 h at 1000, and a rule behind. */
static size_t make_file(char out[256], const char *footer)
{
	static const char head[20] = "TZif2";
	size_t n = 0;
	for (int version = 1; version <= 2; version++) {
		memcpy(out + n, head, 20);
		memset(out + n + 20, 0, 24);
		out[n + 20 + 15] = version == 2;     /* changes */
		out[n + 20 + 19] = version == 2 ? 2 : 1;
		n += 44;
		if (version == 2) {
			static const char data[] = {0, 0, 0, 0, 0, 0, 3, (char)0xe8, 1};
			memcpy(out + n, data, sizeof data);
			n += sizeof data;
		}
		static const char kinds[] = {0, 0, 0x0e, 0x10, 0, 0, 0, 0, 0x1c, 0x20, 1, 0};
		memcpy(out + n, kinds, version == 2 ? 12 : 6);
		n += version == 2 ? 12 : 6;
	}
	size_t length = strlen(footer);
	memcpy(out + n, footer, length);
	return n + length;
}

START_TEST(files_are_read_and_damage_is_noticed)
{
	char bytes[256];
	struct aff_zone *z = NULL;
	struct aff_diag diag = {0};
	size_t n = make_file(bytes, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	ck_assert_int_eq(aff_zone_read(&z, aff_view(bytes, n), &diag), 0);
	ck_assert_int_eq(aff_zone_at(z, 999), HOUR);
	ck_assert_int_eq(aff_zone_at(z, at(2026, 7, 1, 0, 0)), 2 * HOUR);
	ck_assert_int_eq(aff_zone_at(z, at(2026, 1, 1, 0, 0)), HOUR);
	aff_zone_free(z);
	n = make_file(bytes, "\n\n"); /* no rule: the last change counts for ever */
	ck_assert_int_eq(aff_zone_read(&z, aff_view(bytes, n), &diag), 0);
	ck_assert_int_eq(aff_zone_at(z, at(2026, 1, 1, 0, 0)), 2 * HOUR);
	aff_zone_free(z);
	for (size_t cut = 0; cut < n; cut++) {
		char *exact = exact_copy(bytes, cut);
		ck_assert_int_eq(aff_zone_read(&z, aff_view(exact, cut), NULL), AFF_ESYNTAX);
		free(exact);
	}
	for (size_t i = 0; i < n; i++) { /* no byte makes it read beyond its end */
		char *exact = exact_copy(bytes, n);
		exact[i] = (char)(exact[i] ^ 0xff);
		if (aff_zone_read(&z, aff_view(exact, n), NULL) == 0)
			aff_zone_free(z);
		free(exact);
	}
	n = make_file(bytes, "\nCET-1CEST,J60,J300\n");
	ck_assert_int_eq(aff_zone_read(&z, aff_view(bytes, n), &diag), AFF_ESYNTAX);
}
END_TEST

static const char *const names[] = {"Europe/Berlin",    "Europe/London",  "America/New_York", "America/St_Johns",
                                    "Australia/Sydney", "Asia/Kolkata",   "Asia/Tehran",      "Pacific/Chatham",
                                    "Africa/Casablanca", "America/Sao_Paulo", "Etc/UTC",      "Asia/Kathmandu",
                                    "America/Santiago",  "Africa/Cairo",      "Antarctica/Troll"};

/* Every 5 hours and some minutes from 1990 to 2060. */
START_TEST(the_c_library_says_the_same)
{
	char path[128], variable[128];
	struct aff_zone *z = NULL;
	struct aff_buf bytes;
	aff_buf_init(&bytes, 1 << 16);
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", names[_i]);
	if (access(path, R_OK) != 0) {
		fprintf(stderr, "skipped: %s is not there\n", path);
		return;
	}
	ck_assert_int_eq(file_read(path, &bytes, NULL), 0);
	ck_assert_int_eq(aff_zone_read(&z, aff_buf_view(&bytes), NULL), 0);
	snprintf(variable, sizeof variable, ":%s", names[_i]);
	ck_assert_int_eq(setenv("TZ", variable, 1), 0);
	tzset();
	for (int64_t t = at(1990, 1, 1, 0, 0); t < at(2060, 1, 1, 0, 0); t += 5 * HOUR + 7 * 60) {
		struct tm parts;
		time_t then = (time_t)t;
		localtime_r(&then, &parts);
		ck_assert_msg(aff_zone_at(z, t) == parts.tm_gmtoff, "%s at %lld: %d, not %ld", names[_i], (long long)t,
		              aff_zone_at(z, t), parts.tm_gmtoff);
		/* what the clocks show leads back, but where an hour comes twice */
		int local = aff_zone_at_local(z, t + parts.tm_gmtoff);
		ck_assert(local == parts.tm_gmtoff || aff_zone_at(z, t + parts.tm_gmtoff - local) == local);
	}
	aff_zone_free(z);
	aff_buf_free(&bytes);
}
END_TEST

START_TEST(hours_that_come_twice_or_never)
{
	struct aff_zone *z = NULL;
	char bytes[256];
	size_t n = make_file(bytes, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
	ck_assert_int_eq(aff_zone_read(&z, aff_view(bytes, n), NULL), 0);
	ck_assert_int_eq(aff_zone_at_local(z, at(2026, 10, 25, 1, 59)), 2 * HOUR);
	ck_assert_int_eq(aff_zone_at_local(z, at(2026, 10, 25, 2, 30)), 2 * HOUR); /* the first of both */
	ck_assert_int_eq(aff_zone_at_local(z, at(2026, 10, 25, 3, 0)), HOUR);
	ck_assert_int_eq(aff_zone_at_local(z, at(2026, 3, 29, 1, 59)), HOUR);
	ck_assert_int_eq(aff_zone_at_local(z, at(2026, 3, 29, 2, 30)), HOUR); /* never shown */
	ck_assert_int_eq(aff_zone_at_local(z, at(2026, 3, 29, 3, 0)), 2 * HOUR);
	aff_zone_free(z);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hl7 zone");
	TCase *tc = tcase_create("zone");
	tcase_add_test(tc, rules_are_followed);
	tcase_add_test(tc, fixed_offsets);
	tcase_add_test(tc, files_are_read_and_damage_is_noticed);
	tcase_add_test(tc, hours_that_come_twice_or_never);
	tcase_add_loop_test(tc, the_c_library_says_the_same, 0, (int)(sizeof names / sizeof names[0]));
	suite_add_tcase(s, tc);
	return run_suite(s);
}
