/* SPDX-License-Identifier: Apache-2.0
 *
 * Date and time. The calendar is the proleptic Gregorian one.
 */
#include <afferent/dtm.h>

#include <stdio.h>

#include "hl7/calendar.h"

#define ZONE_MIN (-12 * 60)
#define ZONE_MAX (14 * 60)
#define SECONDS_A_DAY 86400

struct reader {
	const char *p;
	size_t n;
};

static bool has_digits(const struct reader *r, size_t count)
{
	if (r->n < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (r->p[i] < '0' || r->p[i] > '9')
			return false;
	}
	return true;
}

/* The next `count` digits, which must be there, as a number from low to high. */
static bool take(struct reader *r, size_t count, int low, int high, int *out)
{
	if (!has_digits(r, count))
		return false;
	int value = 0;
	for (size_t i = 0; i < count; i++)
		value = value * 10 + (r->p[i] - '0');
	r->p += count;
	r->n -= count;
	*out = value;
	return value >= low && value <= high;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static bool at_part(const struct reader *r)
{
	return r->n && r->p[0] != '+' && r->p[0] != '-';
}

/* ".1" to ".1234" */
static bool take_fraction(struct reader *r, struct aff_dtm *t)
{
	int scale = 10000;
	for (r->p++, r->n--; has_digits(r, 1) && t->fraction_digits < 4; r->p++, r->n--) {
		scale /= 10;
		t->fraction += (r->p[0] - '0') * scale;
		t->fraction_digits++;
	}
	t->precision = AFF_DTM_FRACTION;
	return t->fraction_digits > 0;
}

static bool take_parts(struct reader *r, struct aff_dtm *t)
{
	const struct {
		int *to;
		int low, high;
	} parts[] = {{&t->month, 1, 12}, {&t->day, 1, 31}, {&t->hour, 0, 23}, {&t->minute, 0, 59}, {&t->second, 0, 60}};
	if (!take(r, 4, 1, 9999, &t->year))
		return false;
	t->precision = AFF_DTM_YEAR;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && at_part(r); i++) {
		if (!take(r, 2, parts[i].low, parts[i].high, parts[i].to))
			return false;
		t->precision++;
	}
	if (t->day > days_in_month(t->year, t->month))
		return false;
	if (t->second == 60) {
		t->leap_second = true;
		t->second = 59;
	}
	return t->precision != AFF_DTM_SECOND || !r->n || r->p[0] != '.' || take_fraction(r, t);
}

static bool take_zone(struct reader *r, struct aff_dtm *t)
{
	if (!r->n)
		return true;
	char sign = r->p[0];
	int hours, minutes;
	if (sign != '+' && sign != '-')
		return false;
	r->p++;
	r->n--;
	if (!take(r, 2, 0, 14, &hours) || !take(r, 2, 0, 59, &minutes) || r->n)
		return false;
	minutes += hours * 60;
	t->has_zone = true;
	t->zone_unknown = sign == '-' && minutes == 0;
	t->zone_minutes = sign == '-' ? -minutes : minutes;
	return t->zone_minutes >= ZONE_MIN && t->zone_minutes <= ZONE_MAX;
}

int aff_dtm_parse(struct aff_dtm *out, struct aff_view text)
{
	struct aff_dtm t = {.month = 1, .day = 1};
	struct reader r = {text.p, text.n};
	if (!take_parts(&r, &t) || !take_zone(&r, &t))
		return AFF_EDATATYPE;
	*out = t;
	return 0;
}

int64_t aff_dtm_micros(const struct aff_dtm *t, int default_zone_minutes)
{
	int zone = t->has_zone ? t->zone_minutes : default_zone_minutes;
	int64_t seconds = calendar_days(t->year, t->month, t->day) * SECONDS_A_DAY;
	seconds += t->hour * 3600 + (t->minute - zone) * 60 + t->second;
	return seconds * 1000000 + t->fraction * 100;
}

static char *put_digits(char *to, unsigned value, size_t n)
{
	for (size_t i = n; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + n;
}

void aff_dtm_now_text(char out[AFF_DTM_SIZE], int64_t micros)
{
	const int64_t first = calendar_days(1, 1, 1) * SECONDS_A_DAY * 1000000;
	const int64_t last = calendar_days(10000, 1, 1) * SECONDS_A_DAY * 1000000 - 1;
	micros = micros < first ? first : micros > last ? last : micros;
	int64_t ms = micros / 1000 - (micros % 1000 < 0);
	int64_t days = ms / (SECONDS_A_DAY * 1000) - (ms % (SECONDS_A_DAY * 1000) < 0);
	unsigned of_day = (unsigned)(ms - days * SECONDS_A_DAY * 1000), s = of_day / 1000;
	int year, month, day;
	calendar_date(days, &year, &month, &day);
	out = put_digits(out, (unsigned)year, 4);
	out = put_digits(out, (unsigned)month, 2);
	out = put_digits(out, (unsigned)day, 2);
	out = put_digits(out, s / 3600 * 10000 + s / 60 % 60 * 100 + s % 60, 6);
	*out++ = '.';
	out = put_digits(out, of_day % 1000, 3);
	memcpy(out, "+0000", sizeof "+0000");
}

static void put_zone(struct aff_buf *out, int minutes)
{
	int size = minutes < 0 ? -minutes : minutes;
	if (minutes)
		aff_buf_printf(out, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
	else
		aff_buf_put_char(out, 'Z');
}

int aff_dtm_put_fhir(struct aff_buf *out, const struct aff_dtm *t, const int *default_zone_minutes)
{
	bool timed = t->precision >= AFF_DTM_HOUR;
	aff_buf_printf(out, "%04d", t->year);
	if (t->precision >= AFF_DTM_MONTH)
		aff_buf_printf(out, "-%02d", t->month);
	if (t->precision >= AFF_DTM_DAY)
		aff_buf_printf(out, "-%02d", t->day);
	if (!timed)
		return 0;
	if (!t->has_zone && !default_zone_minutes)
		return 1;
	aff_buf_printf(out, "T%02d:%02d:%02d", t->hour, t->minute, t->second);
	if (t->fraction_digits) {
		char digits[16];
		snprintf(digits, sizeof digits, "%04d", t->fraction);
		aff_buf_put_char(out, '.');
		aff_buf_put(out, digits, (size_t)t->fraction_digits);
	}
	put_zone(out, t->has_zone ? t->zone_minutes : *default_zone_minutes);
	return !t->has_zone;
}
