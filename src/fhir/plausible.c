/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are no measurements of a living person. They stay in the bundle as the words of a dataAbsentReason,
 * never as a value: somebody would act on it. What is merely unlikely is for the site's own limits.
 */
#include "fhir/fhir_internal.h"

#include "terms/marker.h"

/* Beyond these no vital sign goes, whoever the patient is. */
static const struct {
	const char *loinc, *ucum, *most;
} limits[] = {{"2708-6", "%", "100"}, {"8310-5", "Cel", "60"}, {"8310-5", "[degF]", "140"}, {"8310-5", "K", "333.15"}};

static bool is_below(const struct aff_nm *number, const char *limit)
{
	struct aff_nm n;
	return aff_nm_parse(&n, aff_view_of(limit)) == 0 && aff_nm_compare(number, &n) < 0;
}

static bool is_above(const struct aff_nm *number, const char *limit)
{
	struct aff_nm n;
	return aff_nm_parse(&n, aff_view_of(limit)) == 0 && aff_nm_compare(number, &n) > 0;
}

static bool is_possible(const struct vital *v, const struct aff_unit *unit, const struct aff_nm *number)
{
	if (is_below(number, "0"))
		return false;
	for (size_t i = 0; unit && i < sizeof limits / sizeof limits[0]; i++)
		if (strcmp(v->loinc, limits[i].loinc) == 0 && strcmp(unit->ucum, limits[i].ucum) == 0 &&
		    is_above(number, limits[i].most))
			return false;
	return true;
}

static const char *number_refused(const struct row *r, const struct vital *v, struct aff_view number)
{
	struct aff_nm value;
	if (aff_nm_parse(&value, number))
		return NULL;
	if (marker_is(number))
		return "unknown";
	return (v ? !is_possible(v, r->unit, &value) : is_cuff_pressure(r) && value.negative) ? "error" : NULL;
}

const char *value_refused(const struct aff_fhir *f, const struct row *r)
{
	struct aff_view type = trimmed(obx(f, r, 2)), value = obx(f, r, 5);
	const struct vital *v = vital_of(r);
	const char *refused = NULL;
	if (aff_view_is(type, "SN"))
		return number_refused(r, v, trimmed(component(f, value, 2)));
	if (!aff_view_is(type, "NM"))
		return NULL;
	while (value.n && !refused) {
		const char *end = f->d.repetition ? memchr(value.p, f->d.repetition, value.n) : NULL;
		size_t n = end ? (size_t)(end - value.p) : value.n;
		refused = number_refused(r, v, trimmed(aff_view(value.p, n)));
		value = aff_view(value.p + n + (end != NULL), value.n - n - (end != NULL));
	}
	return refused;
}
