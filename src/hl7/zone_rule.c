/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of POSIX time zones with the dates that all zones of today have (Mm.w.d).
 */
#include "hl7/zone_rule.h"

#include "hl7/calendar.h"

enum { HOUR = 3600, DAY = 86400, HOURS_MAX = 167 };

struct cursor {
	const char *p, *end;
};

static bool take(struct cursor *c, char wanted)
{
	bool there = c->p < c->end && *c->p == wanted;
	c->p += there;
	return there;
}

static bool take_number(struct cursor *c, int most, int *out)
{
	const char *from = c->p;
	for (*out = 0; c->p < c->end && *c->p >= '0' && *c->p <= '9' && *out <= most; c->p++)
		*out = *out * 10 + (*c->p - '0');
	return c->p > from && *out <= most;
}

/* CET or <+0330>, at least three characters. */
static bool take_name(struct cursor *c)
{
	const char *from = c->p;
	if (take(c, '<')) {
		while (c->p < c->end && *c->p != '>')
			c->p++;
		return take(c, '>');
	}
	while (c->p < c->end && ((*c->p >= 'A' && *c->p <= 'Z') || (*c->p >= 'a' && *c->p <= 'z')))
		c->p++;
	return c->p - from >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct cursor *c, int *seconds)
{
	int hours, minutes = 0, rest = 0;
	bool negative = take(c, '-');
	if (!negative)
		take(c, '+');
	if (!take_number(c, HOURS_MAX, &hours) || (take(c, ':') && !take_number(c, 59, &minutes)) ||
	    (take(c, ':') && !take_number(c, 59, &rest)))
		return false;
	*seconds = hours * HOUR + minutes * 60 + rest;
	if (negative)
		*seconds = -*seconds;
	return true;
}

static bool take_change(struct cursor *c, struct zone_change *out)
{
	out->seconds = 2 * HOUR;
	return take(c, ',') && take(c, 'M') && take_number(c, 12, &out->month) && out->month && take(c, '.') &&
	       take_number(c, 5, &out->week) && out->week && take(c, '.') && take_number(c, 6, &out->day) &&
	       (!take(c, '/') || take_time(c, &out->seconds));
}

bool zone_rule_read(struct zone_rule *out, struct aff_view text)
{
	struct cursor c = {text.p, text.p + text.n};
	struct zone_rule r = {.known = true};
	*out = (struct zone_rule){.known = false};
	if (!text.n)
		return true;
	if (!take_name(&c) || !take_time(&c, &r.standard))
		return false;
	r.standard = -r.standard; /* what is written counts westwards */
	r.changes = c.p < c.end;
	if (r.changes) {
		r.daylight = r.standard + HOUR;
		if (!take_name(&c))
			return false;
		if (c.p < c.end && *c.p != ',') {
			if (!take_time(&c, &r.daylight))
				return false;
			r.daylight = -r.daylight;
		}
		if (!take_change(&c, &r.start) || !take_change(&c, &r.end) || c.p < c.end)
			return false;
	}
	*out = r;
	return true;
}

/* The instant of a change in a year; before: seconds east of UTC that count until then. */
static int64_t instant_of(const struct zone_change *c, int year, int before)
{
	int64_t first = calendar_days(year, c->month, 1);
	int weekday = (int)((first % 7 + 7 + 4) % 7); /* 1970-01-01 was a Thursday */
	int64_t day = first + (c->day - weekday + 7) % 7 + 7 * (c->week - 1);
	int64_t next = c->month == 12 ? calendar_days(year + 1, 1, 1) : calendar_days(year, c->month + 1, 1);
	while (day >= next)
		day -= 7;
	return day * DAY + c->seconds - before;
}

int zone_rule_at(const struct zone_rule *r, int64_t utc)
{
	if (!r->changes)
		return r->standard;
	int64_t local = utc + r->standard, days = local / DAY - (local % DAY < 0);
	int year, month, day;
	calendar_date(days, &year, &month, &day);
	int64_t start = instant_of(&r->start, year, r->standard), end = instant_of(&r->end, year, r->daylight);
	/* South of the equator it is summer at both ends of a year. */
	bool summer = start < end ? utc >= start && utc < end : utc >= start || utc < end;
	return summer ? r->daylight : r->standard;
}
