/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are no measurements of a living person. They stay in the bundle as the words of a dataAbsentReason,
 * never as a value: somebody would act on it. What is merely unlikely is for the site's own limits.
 */
#include "fhir/fhir_internal.h"

#include "base/number.h"
#include "terms/marker.h"

/* Beyond these no vital sign goes, whoever the patient is. */
static const struct {
	const char *loinc, *ucum, *most;
} limits[] = {{"2708-6", "%", "100"}, {"8310-5", "Cel", "60"}, {"8310-5", "[degF]", "140"}};

static bool is_possible(const struct vital *v, const struct aff_unit *unit, struct aff_view number)
{
	if (number_compare(number, aff_view("0", 1)) < 0)
		return false;
	for (size_t i = 0; unit && i < sizeof limits / sizeof limits[0]; i++)
		if (strcmp(v->loinc, limits[i].loinc) == 0 && strcmp(unit->ucum, limits[i].ucum) == 0 &&
		    number_compare(number, aff_view_of(limits[i].most)) > 0)
			return false;
	return true;
}

const char *value_refused(const struct aff_fhir *f, const struct row *r)
{
	if (!value_is_number(f, r))
		return NULL;
	struct aff_view number = trimmed(obx(f, r, 5));
	if (marker_is(number))
		return "unknown";
	const struct vital *v = vital_of(r);
	if (v ? !is_possible(v, r->unit, number) : is_cuff_pressure(r) && number.p[0] == '-')
		return "error";
	return NULL;
}
