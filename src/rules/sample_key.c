/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/sample_key.h"

#include "terms/nobody.h"
#include "terms/reading.h"

struct sample_walk sample_walk_begin(const struct aff_edit *e)
{
	struct sample_walk w = {.e = e, .delims = aff_edit_delims(e), .sender = aff_edit_field(e, 0, 3)};
	return w;
}

bool sample_walk_segment(struct sample_walk *w, unsigned segment)
{
	if (aff_edit_is(w->e, segment, "PID")) {
		w->patient = aff_edit_get(w->e, segment, 3, 1, 1, 0);
		w->authority = aff_edit_get(w->e, segment, 3, 1, 4, 0);
		w->place = w->device = aff_view("", 0);
	} else if (aff_edit_is(w->e, segment, "PV1")) {
		w->place = aff_edit_field(w->e, segment, 3);
	} else if (aff_edit_is(w->e, segment, "OBR")) {
		w->device = aff_view("", 0);
	} else if (aff_edit_is(w->e, segment, "OBX")) {
		struct aff_view device = aff_edit_field(w->e, segment, OBX_DEVICE);
		if (device.n)
			w->device = device;
		return aff_edit_field(w->e, segment, OBX_VALUE).n > 0;
	}
	return false;
}

/* CR stands in no field, so different parts never run together to the same key. */
static void put_part(struct aff_buf *key, struct aff_view part)
{
	aff_buf_put_view(key, part);
	aff_buf_put_char(key, '\r');
}

static bool is_numeric(const struct aff_edit *e, unsigned row)
{
	struct aff_view type = aff_edit_get(e, row, OBX_TYPE, 1, 1, 0);
	return aff_view_is(type, "NM") || aff_view_is(type, "SN");
}

struct aff_view sample_key(struct aff_buf *key, unsigned by, enum sample_key_kind kind, const struct sample_walk *w,
			   unsigned row)
{
	aff_buf_clear(key);
	if (by & SAMPLE_BY_PATIENT) {
		put_part(key, w->patient);
		put_part(key, w->authority);
		put_part(key, w->place);
	}
	if (by & SAMPLE_BY_DEVICE)
		put_part(key, w->device.n ? w->device : w->sender);
	if (by & SAMPLE_BY_CODE) {
		bool numeric = is_numeric(w->e, row), state = kind == SAMPLE_KEY_STATE || kind == SAMPLE_KEY_OTHER;
		put_part(key, aff_edit_get(w->e, row, OBX_CODE, 1, 1, 0));
		put_part(key, aff_edit_get(w->e, row, OBX_CODE, 1, 3, 0));
		put_part(key, aff_edit_field(w->e, row, OBX_SUB));
		if (state && !numeric)
			put_part(key, aff_edit_field(w->e, row, OBX_VALUE));
		if (kind == SAMPLE_KEY_OTHER && numeric)
			put_part(key, aff_edit_field(w->e, row, OBX_STATUS));
		if (kind == SAMPLE_KEY_NUMBER) {
			put_part(key, aff_edit_field(w->e, row, OBX_UNITS));
			put_part(key, aff_view_of("number"));
		}
	}
	return aff_buf_view(key);
}

/* Results that stand as they are: a corrected one speaks of an earlier one, and others are none. */
static bool stands(struct aff_view status)
{
	static const char *const good[] = {"", "R", "F", "P", "S"};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		if (aff_view_is(status, good[i]))
			return true;
	return false;
}

static bool is_measured(const struct sample_walk *w, struct aff_view method)
{
	struct aff_parts repetitions = aff_parts(method, w->delims.repetition);
	struct aff_view text;
	while (method.n && aff_parts_next(&repetitions, &text)) {
		struct aff_view m = aff_view_trim(aff_cut(text, &w->delims, 1, 1, 0));
		if (aff_view_is(m, "ASET") || aff_view_is(m, "MSET"))
			return false;
	}
	return true;
}

bool sample_number(struct decimal *out, unsigned by, const struct sample_walk *w, unsigned row)
{
	const struct aff_edit *e = w->e;
	const struct reading_fields f = {.type = aff_edit_get(e, row, OBX_TYPE, 1, 1, 0),
	                                 .code = aff_edit_field(e, row, OBX_CODE),
	                                 .value = aff_edit_field(e, row, OBX_VALUE),
	                                 .unit = aff_edit_field(e, row, OBX_UNITS),
	                                 .flags = aff_edit_field(e, row, OBX_FLAGS),
	                                 .method = aff_edit_field(e, row, OBX_METHOD)};
	struct aff_nm number;
	if (!aff_view_is(f.type, "NM") || aff_nm_parse(&number, f.value) || !decimal_of(out, &number))
		return false;
	bool known = (w->patient.n && !nobody_is(w->patient)) || w->place.n;
	if ((!known && !(by & SAMPLE_BY_DEVICE)) || !stands(aff_view_trim(aff_edit_field(e, row, OBX_STATUS))) ||
	    !is_measured(w, f.method))
		return false;
	return (reading_judge(&f, &w->delims) & ~(unsigned)READING_NAME) == 0;
}
