/* SPDX-License-Identifier: Apache-2.0
 *
 * Time for people. Local time is the TZ of the process; the arithmetic is the C library's.
 */
#include "cli/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <afferent/dtm.h>

#include "base/number.h"

/* The instant of a broken-down time without a zone, local. */
static int local_micros(const struct aff_dtm *t, int64_t *us)
{
	struct tm tm = {
		.tm_year = t->year - 1900, .tm_mon = t->month - 1, .tm_mday = t->day, .tm_hour = t->hour,
		.tm_min = t->minute, .tm_sec = t->second, .tm_isdst = -1,
	};
	time_t seconds = mktime(&tm);
	if (seconds == (time_t)-1)
		return AFF_ESYNTAX;
	*us = (int64_t)seconds * 1000000 + (int64_t)t->fraction * 100;
	return 0;
}

/* ISO 8601 becomes an HL7 DTM by leaving out what only separates: two dashes in the date, T or a blank, colons.
 * false: it is no such thing, or too long. */
static bool to_dtm(const char *text, char *out, size_t size)
{
	size_t n = 0, dashes = 0;
	bool zulu = false;
	for (const char *p = text; *p; p++) {
		if (n + 6 > size || zulu)
			return false;
		bool separates = (*p == '-' && dashes < 2 && n <= 6) || ((*p == 'T' || *p == ' ') && n == 8) ||
		                 (*p == ':' && n >= 10);
		if (separates) {
			dashes += *p == '-';
			continue;
		}
		zulu = *p == 'Z';
		if (!zulu)
			out[n++] = *p;
	}
	if (zulu) {
		memcpy(out + n, "+0000", 5);
		n += 5;
	}
	out[n] = '\0';
	return true;
}

int when_parse(const char *text, int64_t now_us, int64_t *us, struct aff_diag *diag)
{
	int64_t ms;
	char bare[48];
	struct aff_dtm t;
	if (number_duration_ms(aff_view_of(text), &ms) == 0 && ms <= now_us / 1000) {
		*us = now_us - ms * 1000;
		return 0;
	}
	if (to_dtm(text, bare, sizeof bare) && aff_dtm_parse(&t, aff_view_of(bare)) == 0) {
		if (!t.has_zone)
			return local_micros(&t, us);
		*us = aff_dtm_micros(&t, 0);
		return 0;
	}
	aff_diag_set(diag, AFF_ESYNTAX, "'%s' is no time", text);
	aff_diag_hint(diag, "write 10m (ago), 2026-11-20T09:30:00+01:00 or 20261120093000+0100");
	return AFF_ESYNTAX;
}

/* Seconds and the microseconds within them, also before 1970. */
static time_t split_micros(int64_t us, int *rest)
{
	int64_t seconds = us / 1000000, micros = us % 1000000;
	if (micros < 0) {
		micros += 1000000;
		seconds--;
	}
	*rest = (int)micros;
	return (time_t)seconds;
}

const char *when_utc(int64_t us, char buf[WHEN_SIZE])
{
	int micros;
	time_t seconds = split_micros(us, &micros);
	struct tm tm;
	if (!gmtime_r(&seconds, &tm))
		return "?";
	size_t n = strftime(buf, WHEN_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, WHEN_SIZE - n, ".%06dZ", micros);
	return buf;
}

const char *when_span(int64_t us, char buf[WHEN_SIZE])
{
	int64_t s = us / 1000000;
	if (us < 1000000)
		snprintf(buf, WHEN_SIZE, "%" PRId64 " ms", us / 1000);
	else if (s < 60)
		snprintf(buf, WHEN_SIZE, "%.1f s", (double)us / 1e6);
	else if (s < 3600)
		snprintf(buf, WHEN_SIZE, "%" PRId64 " min %02" PRId64 " s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, WHEN_SIZE, "%" PRId64 " h %02" PRId64 " min", s / 3600, s % 3600 / 60);
	else
		snprintf(buf, WHEN_SIZE, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
	return buf;
}
