/* SPDX-License-Identifier: Apache-2.0
 *
 * The vital signs profiles of R4. An Observation with one of their LOINC codes must conform: a Patient as
 * subject, a time, and a value in one of the listed units. Where a message cannot give that, the code is left
 * out instead (the MDC or vendor code stays).
 */
#include "fhir/fhir_internal.h"

static const struct vital vitals[] = {
	{"8867-4", "Heart rate", {"/min", "", ""}},
	{"9279-1", "Respiratory rate", {"/min", "", ""}},
	{"2708-6", "Oxygen saturation in Arterial blood", {"%", "", ""}},
	{"8310-5", "Body temperature", {"Cel", "[degF]", ""}},
	{"8302-2", "Body height", {"cm", "[in_i]", ""}},
	{"29463-7", "Body weight", {"kg", "g", "[lb_av]"}},
	{"9843-4", "Head Occipital-frontal circumference", {"cm", "[in_i]", ""}},
	{"39156-5", "Body mass index (BMI) [Ratio]", {"kg/m2", "", ""}},
	/* No value of their own: panel.c makes the first one, nothing makes the second. */
	{"85354-9", "Blood pressure panel with all children optional", {"", "", ""}},
	{"85353-1", "Vital signs panel", {"", "", ""}},
};

const struct vital *vital_by_loinc(struct aff_view loinc)
{
	for (size_t i = 0; loinc.n && i < sizeof vitals / sizeof vitals[0]; i++)
		if (loinc.p[0] == vitals[i].loinc[0] && aff_view_is(loinc, vitals[i].loinc))
			return &vitals[i];
	return NULL;
}

const struct vital *vital_of(const struct row *r)
{
	const struct vital *v = NULL;
	if (r->setting || r->doubtful)
		return NULL;
	if (r->term) {
		v = vital_by_loinc(aff_view_of(r->term->loinc_vital));
		if (!v)
			v = vital_by_loinc(aff_view_of(r->term->loinc));
	}
	for (unsigned i = 0; !v && i < 2; i++)
		if (aff_view_is(r->code.triple[i].system, "LN"))
			v = vital_by_loinc(r->code.triple[i].code);
	return v;
}

const struct aff_unit *vital_unit(const struct vital *v, const struct aff_unit *unit)
{
	if (!unit)
		return NULL;
	for (size_t i = 0; i < 3 && v->units[i][0]; i++)
		if (strcmp(unit->ucum, v->units[i]) == 0)
			return unit;
	const struct aff_unit *to = v->units[0][0] ? aff_unit_by_ucum(aff_view_of(v->units[0])) : NULL;
	return to && to->quantity[0] && strcmp(to->quantity, unit->quantity) == 0 ? to : NULL;
}
