/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates and times out of fields and components.
 */
#include <afferent/dtm.h>

#include "hl7/type_fail.h"

static struct aff_view value_of(struct aff_view text, const struct aff_delims *d)
{
	return d ? aff_primitive(text, d) : text;
}

static int parse(struct aff_dtm *out, struct aff_view value)
{
	struct aff_view bare = aff_view_trim(value);
	int rc = aff_dtm_parse(out, bare);
	if (!rc)
		out->blanks = bare.n < value.n;
	return rc;
}

static bool is_zeros(struct aff_view v)
{
	size_t i = 0;
	v = aff_view_trim(v);
	while (i < v.n && v.p[i] == '0')
		i++;
	return v.n && i == v.n;
}

static int fail(struct aff_diag *diag, const char *type, struct aff_view value, const char *looks)
{
	return type_fail(diag, type, 0, is_zeros(value) ? "zeros are no date: leave out what is not known" : looks);
}

int aff_dtm_read(struct aff_dtm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	struct aff_view value = value_of(text, d);
	return parse(out, value) ? fail(diag, "DTM", value, LOOKS_DTM) : 0;
}

int aff_dt_read(struct aff_dtm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	struct aff_view value = value_of(text, d);
	struct aff_dtm t;
	if (parse(&t, value) || t.precision > AFF_DTM_DAY || t.has_zone)
		return fail(diag, "DT", value, LOOKS_DT);
	*out = t;
	return 0;
}

/* A time is a date-time without its date: any day in front of it makes it one. */
int aff_tm_read(struct aff_dtm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	char joined[32] = "20000101";
	const size_t day = 8;
	struct aff_view written = value_of(text, d), value = aff_view_trim(written);
	struct aff_dtm t;
	if (!value.n || value.n > sizeof joined - day)
		return type_fail(diag, "TM", 0, LOOKS_TM);
	memcpy(joined + day, value.p, value.n);
	if (aff_dtm_parse(&t, aff_view(joined, day + value.n)) || t.precision < AFF_DTM_HOUR)
		return type_fail(diag, "TM", 0, LOOKS_TM);
	t.year = t.month = t.day = 0;
	t.blanks = value.n < written.n;
	*out = t;
	return 0;
}

static bool read_optional(struct aff_dtm *out, bool *has, struct aff_view text, const struct aff_delims *d)
{
	struct aff_delims below = aff_delims_below(d);
	struct aff_view value = value_of(text, &below);
	*has = value.n && !aff_is_null(value);
	return !*has || parse(out, value) == 0;
}

int aff_dr_read(struct aff_dr *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	struct aff_view part[2];
	struct aff_dr dr;
	memset(&dr, 0, sizeof dr);
	aff_components(part, 2, text, d);
	if (!read_optional(&dr.start, &dr.has_start, part[0], d))
		return type_fail(diag, "DR", 1, LOOKS_DTM);
	if (!read_optional(&dr.end, &dr.has_end, part[1], d))
		return type_fail(diag, "DR", 2, LOOKS_DTM);
	*out = dr;
	return 0;
}

bool aff_dtm_message_zone(const struct aff_msg *m, int *minutes)
{
	struct aff_delims d = aff_msg_delims(m);
	struct aff_dtm sent;
	if (aff_dtm_read(&sent, aff_msg_field(m, 0, 7), &d, NULL) || !sent.has_zone)
		return false;
	*minutes = sent.zone_minutes;
	return true;
}
