/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of a device that are not what they seem: numbers that mean that there is none, tenths, and what cannot be
 * true. A number that should have been scaled and was not is a wrong reading: it never goes on.
 */
#include "rules/row_value.h"

#include <afferent/number.h>

#include "rules/units.h"
#include "terms/marker.h"
#include "terms/reading.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_UNITS = 6, OBX_RANGE = 7 };

static struct aff_view field_of(struct run *run, unsigned segment, unsigned field)
{
	struct aff_view v = aff_edit_field(run->e, segment, field);
	return aff_is_null(v) ? aff_view("", 0) : v;
}

static bool is_type(struct run *run, unsigned segment, const char *type)
{
	return aff_view_is(aff_edit_get(run->e, segment, OBX_TYPE, 1, 1, 0), type);
}

/* ---- sentinels ---- */

static bool is_listed(struct aff_view sentinels, struct aff_view text)
{
	struct aff_parts list = aff_parts(sentinels, '\n');
	struct aff_view item;
	struct aff_nm value, sentinel;
	bool number = aff_nm_parse(&value, text) == 0;
	while (aff_parts_next(&list, &item)) {
		if (aff_view_equal(item, text))
			return true;
		if (number && !aff_nm_parse(&sentinel, item) && aff_nm_compare(&value, &sentinel) == 0)
			return true;
	}
	return false;
}

/* A number that marks a missing reading says so as it was sent; scaled it would be a number like others. */
static bool is_marker(struct aff_view text)
{
	struct aff_nm number;
	return aff_nm_parse(&number, text) == 0 && marker_is(&number);
}

static bool has_sentinel(struct run *run, unsigned segment, const struct aff_table_row *row)
{
#ifdef AFF_MUTANT_50 /* what means that there is no value is a value */
	return false;
#endif
	struct aff_parts values = aff_parts(field_of(run, segment, OBX_VALUE), run->delims.repetition);
	unsigned component = is_type(run, segment, "SN") ? 2 : 1;
	struct aff_view value;
	while (aff_parts_next(&values, &value)) {
		struct aff_view raw = aff_cut(value, &run->delims, 1, component, 0);
		struct aff_view text = aff_view_trim(charset_read(&run->charset, &run->key, raw));
		if (text.n && (is_listed(row->sentinels, text) || (row->scale.n && is_marker(text))))
			return true;
	}
	return false;
}

/* ---- scale ---- */

static bool has_digit(struct aff_view text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] >= '0' && text.p[i] <= '9')
			return true;
	return false;
}

static bool is_scalable(struct run *run, unsigned segment)
{
	struct aff_view type = aff_edit_get(run->e, segment, OBX_TYPE, 1, 1, 0);
	return !type.n || aff_view_is(type, "NM") || aff_view_is(type, "ST") || aff_view_is(type, "TX");
}

/* Appends the scaled repetitions to run->text. AFF_EDATATYPE: one of them cannot be scaled, and is not without digits.
 */
static int scale_values(struct run *run, unsigned segment, struct aff_view field, struct aff_view scale)
{
	struct aff_parts values = aff_parts(field, run->delims.repetition);
	struct aff_view value;
	bool first = true;
	while (aff_parts_next(&values, &value)) {
		if (!first)
			aff_buf_put_char(&run->text, run->delims.repetition);
		first = false;
		if (!has_digit(value))
			aff_buf_put_view(&run->text, value);
		else if (!is_scalable(run, segment) || decimal_times(&run->text, value, scale))
			return AFF_EDATATYPE;
	}
	return 0;
}

static int scale_number(void *context, struct aff_buf *out, struct aff_view number)
{
	const struct aff_view *scale = context;
	return decimal_times(out, number, *scale);
}

static int scale_range(struct run *run, struct aff_view range, struct aff_view scale)
{
	if (has_digit(range))
		return range_map(&run->text, range, scale_number, &scale);
	aff_buf_put_view(&run->text, range);
	return 0;
}

/* 1: value and range are scaled; 0: they cannot be, and stand as they came; or an error. */
static int scale_reading(struct run *run, unsigned segment, struct aff_view scale)
{
	struct aff_view value = field_of(run, segment, OBX_VALUE), range = field_of(run, segment, OBX_RANGE);
	aff_buf_clear(&run->text);
	bool good = !scale_values(run, segment, value, scale);
	size_t range_at = run->text.n;
	good = good && !scale_range(run, range, scale);
	if (run->text.error || !good)
		return run->text.error;
	const char *p = run->text.p;
	int rc = value.n ? aff_edit_set(run->e, segment, OBX_VALUE, 0, 0, 0, aff_view(p, range_at)) : 0;
#ifndef AFF_MUTANT_54 /* the limits stay those of another number */
	if (!rc && range.n)
		rc = aff_edit_set(run->e, segment, OBX_RANGE, 0, 0, 0, aff_view(p + range_at, run->text.n - range_at));
#endif
	return rc ? rc : 1;
}

/* Without the value; its range too where that would have to be scaled. */
static int take_away(struct run *run, unsigned segment, const struct aff_table_row *row, unsigned fault)
{
	int rc = run_suspect_reading(run, segment, AFF_SUSPECT_DROP_VALUE, fault);
	int scaled = rc || !row->scale.n ? 1 : scale_reading(run, segment, row->scale);
	if (scaled == 0)
		rc = aff_edit_set(run->e, segment, OBX_RANGE, 0, 0, 0, aff_view("", 0));
	return scaled < 0 ? scaled : rc;
}

/* ---- what can be true ---- */

static bool is_beyond(struct aff_view bound, const struct aff_nm *value, const struct aff_unit *unit,
                      const struct aff_unit *own, bool above)
{
	struct aff_nm end;
	int order;
	if (!bound.n || aff_nm_parse(&end, bound))
		return false;
	if (!unit)
		order = aff_nm_compare(value, &end);
	else if (!unit_compare(&order, value, unit, &end, own))
		return true; /* so many digits were not measured */
	return above ? order > 0 : order < 0;
}

static bool same_quantity(const struct aff_unit *a, const struct aff_unit *b)
{
	return a == b || (a->ucum[0] && strcmp(a->ucum, b->ucum) == 0) ||
	       (a->quantity[0] && strcmp(a->quantity, b->quantity) == 0);
}

static bool is_implausible(struct run *run, unsigned segment, const struct aff_table_row *row)
{
	struct aff_parts values = aff_parts(field_of(run, segment, OBX_VALUE), run->delims.repetition);
	struct aff_view units = field_of(run, segment, OBX_UNITS), value;
	unsigned component = is_type(run, segment, "SN") ? 2 : 1;
	struct aff_nm number;
	const struct aff_unit *unit = NULL, *own = row->unit_known;
#ifdef AFF_MUTANT_52 /* everything is plausible */
	return false;
#endif
	if (own && units.n) {
		unit = charset_unit(&run->charset, &run->key, units);
		if (!unit || !same_quantity(unit, own))
			return false; /* told as a value that cannot be converted */
	}
	while (aff_parts_next(&values, &value)) {
		if (aff_nm_parse(&number, aff_cut(value, &run->delims, 1, component, 0)))
			continue;
		if (is_beyond(row->low, &number, unit, own, false) || is_beyond(row->high, &number, unit, own, true))
			return true;
	}
	return false;
}

int row_value(struct run *run, unsigned segment, const struct aff_table_row *row)
{
	if ((row->sentinels.n || row->scale.n) && has_sentinel(run, segment, row))
		return take_away(run, segment, row, READING_MARKER);
	if (row->scale.n) {
		int scaled = scale_reading(run, segment, row->scale);
#ifdef AFF_MUTANT_51 /* what cannot be scaled goes on as it came */
		scaled = 1;
#endif
		if (scaled <= 0)
			return scaled ? scaled : take_away(run, segment, row, READING_IMPOSSIBLE);
	}
	if ((row->low.n || row->high.n) && is_implausible(run, segment, row)) {
		int rc = run_suspect_reading(run, segment, run->step->implausible, READING_IMPOSSIBLE);
		if (rc || run->step->implausible != AFF_SUSPECT_FLAG)
			return rc;
	}
	if (!row->unit.n)
		return STEP_DONE;
	int rc = units_convert(run, segment, row->unit);
	if (rc == 0)
		run_keep_unmapped(run, AFF_UNMAPPED_VALUE, segment);
	return rc < 0 ? rc : STEP_DONE;
}
