/* SPDX-License-Identifier: Apache-2.0
 *
 * Times of readings against that of their message, and of the message against the clock. A time is a span: a day has
 * 24 hours, and a time whose zone nobody states can be anywhere on earth. Only what is wrong wherever it is, is told.
 */
#include <afferent/dtm.h>

#include "validate/sense.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum { FUTURE_MINUTES = 5, PAST_DAYS = 1, ZONE_WEST = -12, ZONE_EAST = 14 };

struct span {
	bool there;
	bool floating;          /* without a zone: first and last are local times */
	int64_t first, last;    /* microseconds since 1970 */
};

static int64_t length_of(enum aff_dtm_precision precision)
{
	switch (precision) {
	case AFF_DTM_YEAR:
		return 366 * DAY;
	case AFF_DTM_MONTH:
		return 31 * DAY;
	case AFF_DTM_DAY:
		return DAY;
	case AFF_DTM_HOUR:
		return HOUR;
	case AFF_DTM_MINUTE:
		return MINUTE;
	default:
		return SECOND;
	}
}

static struct span span_of(struct aff_view text, const int *zone)
{
	struct aff_dtm t;
	struct span s = {.there = false};
	if (!text.n || aff_dtm_parse(&t, text))
		return s;
	s.there = true;
	s.floating = !t.has_zone && !zone;
	s.first = aff_dtm_micros(&t, zone ? *zone : 0);
	s.last = s.first + length_of(t.precision) - 1;
	return s;
}

/* The span on the clock of the world. */
static struct span anywhere(struct span s)
{
	if (!s.floating)
		return s;
	return (struct span){s.there, false, s.first - ZONE_EAST * HOUR, s.last - ZONE_WEST * HOUR};
}

/* How far a lies before b at least; negative: not for sure. Two times without a zone have the same one. */
static int64_t before(struct span a, struct span b)
{
	if (a.floating != b.floating) {
		a = anywhere(a);
		b = anywhere(b);
	}
	return b.first - a.last;
}

struct times {
	struct check *c;
	struct span message, now;
	const int *zone;       /* of times without one; NULL: not known */
	int zone_of_message;
	int64_t future, past;
	bool device;           /* readings of a device, which are sent when they are made */
};

static void check_time(const struct times *t, unsigned segment, unsigned field, const char *name, bool reading)
{
	struct place at = {.segment = segment, .field = field};
	struct span s = span_of(aff_msg_get(t->c->m, segment, field, 1, 1, 0), t->zone);
	struct span reference = t->message.there ? t->message : t->now;
	const char *what = t->message.there ? "MSH-7" : "the clock";
	if (!s.there || !reference.there)
		return;
	if (before(reference, s) > t->future)
		check_report(t->c, RULE_FUTURE, at, "%s is later than %s", name, what);
	else if (reading && t->device && before(s, reference) > t->past)
		check_report(t->c, RULE_OLD, at, "%s is long before %s", name, what);
}

static void check_message(const struct times *t)
{
	struct place at = {.segment = 0, .field = 7};
	struct span message = anywhere(t->message);
	if (!message.there || !t->now.there)
		return;
	if (before(t->now, message) > t->future)
		check_report(t->c, RULE_FUTURE, at, "MSH-7 (time of the message) is later than the clock");
	else if (t->device && before(message, t->now) > t->past)
		check_report(t->c, RULE_OLD, at, "MSH-7 (time of the message) is long past");
}

static bool is_mdc(const struct check *c, unsigned obx)
{
	return aff_view_is(aff_msg_get(c->m, obx, 3, 1, 3, 0), "MDC") ||
	       aff_view_is(aff_msg_get(c->m, obx, 3, 1, 6, 0), "MDC");
}

void sense_times(struct check *c)
{
	unsigned obx = aff_msg_find(c->m, "OBX", 1);
	struct times t = {.c = c,
	                  .zone = c->checks->zone,
	                  .future = c->checks->future_us ? c->checks->future_us : FUTURE_MINUTES * MINUTE,
	                  .past = c->checks->past_us ? c->checks->past_us : PAST_DAYS * DAY,
	                  .device = obx != AFF_NONE && is_mdc(c, obx)};
	struct aff_view made = aff_msg_get(c->m, 0, 7, 1, 1, 0);
	struct aff_dtm dtm;
	/* HL7 v2 section 2.14.9.7: the zone of MSH-7 is that of all times without one. */
	if (made.n && aff_dtm_parse(&dtm, made) == 0 && dtm.has_zone) {
		t.zone_of_message = dtm.zone_minutes;
		t.zone = &t.zone_of_message;
	}
	t.message = span_of(made, t.zone);
	if (c->checks->now_us)
		t.now = (struct span){true, false, c->checks->now_us, c->checks->now_us};
	check_message(&t);
	for (unsigned i = 1; i < aff_msg_segments(c->m); i++) {
		if (aff_msg_is(c->m, i, "OBR")) {
			check_time(&t, i, 7, "OBR-7 (time of the observation)", true);
			check_time(&t, i, 8, "OBR-8 (end of the observation)", false);
		} else if (aff_msg_is(c->m, i, "OBX")) {
			check_time(&t, i, 14, "OBX-14 (time of the observation)", true);
		}
	}
}
