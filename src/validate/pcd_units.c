/* SPDX-License-Identifier: Apache-2.0
 *
 * OBX-6: a number has a unit, the unit is one of MDC or UCUM, and it measures what the code means (IHE DEV TF-2 B.8).
 */
#include <afferent/unit.h>

#include "validate/pcd.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_UNITS = 6 };

/* One of the two codings in OBX-6 by itself; NULL when it is not known. */
static const struct aff_unit *unit_at(struct aff_view whole, const struct aff_delims *d, unsigned component)
{
	struct aff_view code = aff_cut(whole, d, 1, component, 0), system = aff_cut(whole, d, 1, component + 2, 0);
	if (!aff_view_is(system, "MDC"))
		return aff_view_is(system, "UCUM") ? aff_unit_by_ucum(code) : NULL;
	const struct aff_unit *u = aff_unit_by_mdc(code);
	return u ? u : aff_unit_by_refid(aff_cut(whole, d, 1, component + 1, 0));
}

/* Number and name of an MDC unit that are those of two units. */
static bool is_torn(struct aff_view whole, const struct aff_delims *d, unsigned component)
{
	if (!aff_view_is(aff_cut(whole, d, 1, component + 2, 0), "MDC"))
		return false;
	const struct aff_unit *by_number = aff_unit_by_mdc(aff_cut(whole, d, 1, component, 0));
	const struct aff_unit *by_name = aff_unit_by_refid(aff_cut(whole, d, 1, component + 1, 0));
	return by_number && by_name && by_number != by_name;
}

static void check_unknown(struct pcd *p, struct place at, struct aff_view whole)
{
	const struct aff_delims *d = &p->c->delims;
	bool two = unit_at(whole, d, 1) && unit_at(whole, d, 4);
	if (is_torn(whole, d, 1) || is_torn(whole, d, 4) || two)
		check_report(p->c, RULE_PCD_UNIT_NAME, at, "OBX-6 (units): its parts mean different units");
	else
		check_report(p->c, RULE_PCD_UNIT_UNKNOWN, at, "OBX-6 (units) is not known here");
}

/* Doses are ordered and given in many quantities. Where the table lacks the name of a number, the sender may mean
 * something else. */
static bool has_one_quantity(const struct aff_term *t)
{
	return t && t->refid[0] && t->ucum[0] && !strstr(t->refid, "DOSE") && !strstr(t->refid, "DRUG");
}

static void check_quantity(struct pcd *p, const struct pcd_row *row, const struct aff_unit *unit)
{
	const struct aff_term *t = row->coding.term;
	const struct aff_unit *usual = has_one_quantity(t) ? aff_unit_by_ucum(aff_view_of(t->ucum)) : NULL;
	if (usual && usual->quantity[0] && unit->quantity[0] && strcmp(usual->quantity, unit->quantity) != 0)
		check_report(p->c, RULE_PCD_UNIT_QUANTITY, pcd_at(row->segment, OBX_UNITS),
		             "OBX-6 (units) does not measure what OBX-3 means: %s, not %s", unit->quantity,
		             usual->quantity);
}

void pcd_check_units(struct pcd *p, const struct pcd_row *row)
{
	struct aff_view type = aff_msg_field(p->c->m, row->segment, OBX_TYPE);
	struct aff_view whole = aff_msg_get(p->c->m, row->segment, OBX_UNITS, 1, 0, 0);
	struct place at = pcd_at(row->segment, OBX_UNITS);
	bool numeric = pcd_is_one_of(type, " NM SN NA ");
	if (check_is_empty(p->c, whole)) {
		if (numeric && pcd_has(p, row->segment, OBX_VALUE))
			check_report(p->c, RULE_PCD_UNITS, at, "OBX-6 (units) is empty though OBX-5 is a number");
		return;
	}
	bool coded = pcd_is_one_of(pcd_get(p, row->segment, OBX_UNITS, 3), " MDC UCUM ") ||
	             pcd_is_one_of(pcd_get(p, row->segment, OBX_UNITS, 6), " MDC UCUM ");
	if (!coded)
		check_report(p->c, RULE_PCD_UNIT_SYSTEM, pcd_part(row->segment, OBX_UNITS, 3),
		             "OBX-6 (units) is coded neither in MDC nor in UCUM");
	const struct aff_unit *unit = aff_unit_of_cwe(whole, &p->c->delims);
	if (unit)
		check_quantity(p, row, unit);
	else if (coded)
		check_unknown(p, at, whole);
}
