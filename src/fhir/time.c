/* SPDX-License-Identifier: Apache-2.0
 *
 * When: OBX-14, else that of the nearest row above (compound, channel, VMD, MDS), else OBR-7 (with OBR-8 for a
 * series of values), else MSH-7. A time that is
 * there but is no time is not replaced by another one.
 */
#include "fhir/fhir_internal.h"

static bool read_time(const struct aff_fhir *f, struct aff_dtm *out, struct aff_view dtm)
{
	return aff_dtm_read(out, dtm, &f->d, NULL) == 0;
}

static void put_time(struct aff_fhir *f, const struct aff_dtm *t)
{
	PUT(f, "\"");
	aff_dtm_put_fhir(f->out, t, f->zone);
	PUT(f, "\"");
}

bool put_date_time(struct aff_fhir *f, struct aff_view dtm)
{
	struct aff_dtm t;
	if (!read_time(f, &t, dtm))
		return false;
	put_time(f, &t);
	return true;
}

bool put_period_members(struct aff_fhir *f, struct aff_view start, struct aff_view end)
{
	struct aff_dtm a, b;
	bool from = read_time(f, &a, start), to = read_time(f, &b, end);
	int zone = f->zone ? *f->zone : 0;
	if ((!from && !to) || (from && to && aff_dtm_micros(&a, zone) > aff_dtm_micros(&b, zone)))
		return false;
	if (from) {
		PUT(f, "\"start\":");
		put_time(f, &a);
	}
	if (to) {
		if (from)
			PUT(f, ",");
		PUT(f, "\"end\":");
		put_time(f, &b);
	}
	return true;
}

int64_t time_between(const struct aff_fhir *f, struct aff_view start, struct aff_view end)
{
	struct aff_dtm a, b;
	int zone = f->zone ? *f->zone : 0;
	if (!read_time(f, &a, start) || !read_time(f, &b, end) || (!f->zone && a.has_zone != b.has_zone))
		return -1;
	return aff_dtm_micros(&b, zone) - aff_dtm_micros(&a, zone);
}

static bool put_effective_time(struct aff_fhir *f, struct aff_view dtm)
{
	struct aff_dtm t;
	if (!read_time(f, &t, dtm))
		return false;
	PUT(f, ",\"effectiveDateTime\":");
	put_time(f, &t);
	return true;
}

/* Of the OBR, kept for the rows that follow under the same one. */
static struct aff_view obr_time(struct aff_fhir *f, unsigned obr, bool series)
{
	if (f->effective_known && f->effective_obr == obr && f->effective_period == series)
		return aff_buf_view(&f->effective);
	struct aff_view start = obr == AFF_NONE ? aff_view("", 0) : aff_msg_field(f->m, obr, 7);
	struct aff_view end = obr == AFF_NONE ? aff_view("", 0) : aff_msg_field(f->m, obr, 8);
	struct aff_buf *out = f->out;
	aff_buf_clear(&f->effective);
	f->out = &f->effective;
	f->effective_obr = obr;
	f->effective_known = true;
	f->effective_period = series;
	if (!is_valued(start))
		put_effective_time(f, aff_msg_field(f->m, 0, 7));
	else if (series && time_between(f, start, end) > 0) {
		PUT(f, ",\"effectivePeriod\":{");
		put_period_members(f, start, end);
		PUT(f, "}");
	} else
		put_effective_time(f, start);
	f->out = out;
	return aff_buf_view(&f->effective);
}

/* Values that fill the interval of the OBR; a single value stands at its beginning (IHE Devices TF-2, B.7). */
static bool is_series(const struct aff_fhir *f, const struct row *r)
{
	struct aff_view type = obx(f, r, 2);
	return aff_view_is(type, "NA") || aff_view_is(type, "MA") ||
	       (aff_view_is(type, "NM") && is_repeated(f, obx(f, r, 5)));
}

/* OBX-14 of the nearest level above the row, under the same OBR. */
static struct aff_view time_above(const struct aff_fhir *f, const struct row *r)
{
	struct aff_view found = {"", 0};
	size_t nearest = 0;
	for (size_t i = 0; i < f->timed_count; i++) {
		const struct row *a = &f->rows[f->timed[i]];
		if (a->obr != r->obr || !place_holds(a->place, r->place))
			continue;
		if (place_length(a->place) > nearest) {
			nearest = place_length(a->place);
			found = obx(f, a, 14);
		}
	}
	return found;
}

struct aff_view effective_of(struct aff_fhir *f, const struct row *r)
{
	struct aff_view own = obx(f, r, 14);
	if (!is_valued(own) && f->timed_count)
		own = time_above(f, r);
	if (!is_valued(own))
		return obr_time(f, r->obr, is_series(f, r));
	struct aff_buf *out = f->out;
	aff_buf_clear(&f->own_time);
	f->out = &f->own_time;
	put_effective_time(f, own);
	f->out = out;
	return aff_buf_view(&f->own_time);
}

bool effective_to_day(struct aff_view effective)
{
	static const char date_time[] = ",\"effectiveDateTime\":";
	size_t n = sizeof date_time - 1;
	if (effective.n < n || memcmp(effective.p, date_time, n) != 0)
		return effective.n > 0;
	return effective.n >= n + strlen("\"2025-03-01\"");
}
