/* SPDX-License-Identifier: Apache-2.0
 *
 * PCD-03, an infusion order: what a pump is to be programmed with (IHE DEV TF-2 3.3). An amount without a unit, or in
 * the wrong one, is an error: somebody would be given it.
 */
#include <afferent/unit.h>

#include "base/number.h"
#include "validate/pcd.h"

enum { ORC_CONTROL = 1, ORC_PARENT = 8 };
enum { RXG_COUNTER = 1, RXG_CODE = 4, RXG_VOLUME = 5, RXG_RATE = 15, RXG_RATE_UNIT = 16 };

/* Amounts and their units; quantities NULL: any. */
static const struct {
	unsigned amount, unit;
	const char *name, *quantities;
} amounts[] = {
	{5, 7, "volume to be infused", " volume "},
	{15, 16, "rate or dose", NULL},
	{17, 18, "drug amount", NULL},
	{23, 24, "diluent volume", " volume "},
	{32, 33, "total volume", " volume "},
};

struct order {
	struct pcd *p;
	unsigned control;       /* ORC */
	bool change, bolus;     /* XO, CH */
	unsigned gives;         /* how many RXG */
	bool timed;             /* the current RXG has a TQ1 */
	bool pca, drip;         /* and a PCA pump, a large volume pump in its RXR */
	unsigned give;          /* the current RXG */
	bool pump;
};

static const struct aff_unit *unit_of(const struct pcd *p, unsigned segment, unsigned field)
{
	return aff_unit_of_cwe(aff_msg_get(p->c->m, segment, field, 1, 0, 0), &p->c->delims);
}

static void check_amounts(struct order *o, unsigned segment)
{
	struct pcd *p = o->p;
	for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
		struct aff_view text = aff_msg_field(p->c->m, segment, amounts[i].amount);
		struct place at = pcd_at(segment, amounts[i].amount);
		if (!text.n || aff_is_null(text))
			continue;
		if (!aff_is_number(text))
			check_report(p->c, RULE_PCD_03_NUMBER, at, "RXG-%u (%s) is no decimal number",
			             amounts[i].amount, amounts[i].name);
		at.field = amounts[i].unit;
		const struct aff_unit *unit = unit_of(p, segment, at.field);
		if (!pcd_has(p, segment, at.field))
			check_report(p->c, RULE_PCD_03_UNIT, at, "RXG-%u (unit of the %s) is empty", at.field,
			             amounts[i].name);
		else if (!unit)
			check_report(p->c, RULE_PCD_03_UNIT_UNKNOWN, at,
			             "RXG-%u (unit of the %s) is not known, or means two units", at.field,
			             amounts[i].name);
		else if (amounts[i].quantities && !pcd_is_one_of(aff_view_of(unit->quantity), amounts[i].quantities))
			check_report(p->c, RULE_PCD_03_UNIT_QUANTITY, at, "RXG-%u is no unit of volume", at.field);
	}
}

/* A rate is an amount by time; a dose to be given as a whole needs a duration. */
static bool is_amount(const struct aff_unit *unit)
{
	return unit && pcd_is_one_of(aff_view_of(unit->quantity), " volume mass amount equivalents ");
}

/* What the segments behind the RXG said: its TQ1 and RXR. */
static void end_give(struct order *o)
{
	struct pcd *p = o->p;
	bool volume = o->give != AFF_NONE && pcd_has(p, o->give, RXG_VOLUME);
	bool rate = o->give != AFF_NONE && pcd_has(p, o->give, RXG_RATE);
	if (o->give == AFF_NONE)
		return;
	if (o->change && volume)
		check_report(p->c, RULE_PCD_03_CHANGE, pcd_at(o->give, RXG_VOLUME),
		             "RXG-5 (volume to be infused) is filled, and the order only changes a rate");
	if (o->drip && !volume && !o->timed && !o->change && !o->bolus)
		check_report(p->c, RULE_PCD_03_VOLUME, pcd_at(o->give, RXG_VOLUME),
		             "RXG-5 (volume to be infused) is empty, and no TQ1 says how long to infuse");
	if (!rate && !o->pca && (o->change || !o->bolus))
		check_report(p->c, RULE_PCD_03_RATE, pcd_at(o->give, RXG_RATE),
		             "RXG-15 (rate or dose) is empty, and the pump needs one");
	else if (rate && !o->bolus && !o->timed && is_amount(unit_of(p, o->give, RXG_RATE_UNIT)))
		check_report(p->c, RULE_PCD_03_DURATION, pcd_at(o->give, RXG_RATE),
		             "RXG-15 is a dose, and no TQ1 says how long it is given");
	if (o->bolus && !volume && !rate)
		check_report(p->c, RULE_PCD_03_BOLUS, pcd_at(o->give, RXG_VOLUME),
		             "the bolus has neither a volume (RXG-5) nor a dose or rate (RXG-15)");
}

static void check_give(struct order *o, unsigned segment)
{
	struct pcd *p = o->p;
	uint64_t counter;
	struct aff_view text = aff_msg_field(p->c->m, segment, RXG_COUNTER);
	end_give(o);
	o->give = segment;
	o->timed = o->pca = o->drip = false;
	o->gives++;
	if (text.n && (number_u64(text, UINT32_MAX, &counter) || counter != o->gives))
		check_report(p->c, RULE_PCD_03_COUNTER, pcd_at(segment, RXG_COUNTER),
		             "RXG-1 (counter) is not %u, the number of this RXG in the order", o->gives);
	if (pcd_has(p, segment, RXG_CODE) &&
	    (!pcd_get(p, segment, RXG_CODE, 1).n || !pcd_get(p, segment, RXG_CODE, 2).n))
		check_report(p->c, RULE_PCD_03_DRUG,
		             pcd_part(segment, RXG_CODE, pcd_get(p, segment, RXG_CODE, 1).n ? 2 : 1),
		             "RXG-4 (drug) has no code, or no name");
	check_amounts(o, segment);
}

/* TQ1-13: hours, minutes and seconds, each a repetition with its unit in subcomponents. */
static void check_timing(struct order *o, unsigned segment)
{
	struct pcd *p = o->p;
	unsigned n = aff_msg_repetitions(p->c->m, segment, 13);
	o->timed |= n > 0;
	for (unsigned i = 1; i <= n; i++) {
		struct place at = {.segment = segment, .field = 13, .repetition = i};
		struct aff_view code = aff_msg_get(p->c->m, segment, 13, i, 2, 1);
		const struct aff_unit *unit = aff_unit_by_mdc(code);
		unit = unit ? unit : aff_unit_by_ucum(code);
		if (i > 3 || !aff_is_number(aff_msg_get(p->c->m, segment, 13, i, 1, 0)) || !unit ||
		    strcmp(unit->quantity, "time") != 0)
			check_report(p->c, RULE_PCD_03_TIMING, at,
			             "TQ1-13 (duration) is not up to three numbers with a unit of time each");
	}
}

/* The code of a CWE, or its text where there is none. */
static bool is_word(const struct pcd *p, unsigned segment, unsigned field, const char *words)
{
	struct aff_view code = pcd_get(p, segment, field, 1);
	return pcd_is_one_of(code.n ? code : pcd_get(p, segment, field, 2), words);
}

static void check_route(struct order *o, unsigned segment)
{
	struct pcd *p = o->p;
	o->pca |= is_word(p, segment, 3, " PCA ");
	o->drip |= is_word(p, segment, 3, " IVP ");
	if (pcd_has(p, segment, 1) && !is_word(p, segment, 1, " IV EP SC NG GTT IT "))
		check_report(p->c, RULE_PCD_03_ROUTE, pcd_at(segment, 1), "RXR-1 (route) is not one that IHE names");
	if (pcd_has(p, segment, 3) && !is_word(p, segment, 3, " IVP PCA SYR "))
		check_report(p->c, RULE_PCD_03_DEVICE, pcd_at(segment, 3),
		             "RXR-3 (administration device) is not IVP, PCA or SYR");
	if (pcd_has(p, segment, 4) && !is_word(p, segment, 4, " IV IVPB "))
		check_report(p->c, RULE_PCD_03_METHOD, pcd_at(segment, 4),
		             "RXR-4 (administration method) is not IV or IVPB");
}

static void check_control(struct order *o, unsigned segment)
{
	struct pcd *p = o->p;
	struct aff_view control = aff_msg_field(p->c->m, segment, ORC_CONTROL);
	struct aff_dtm t;
	o->control = segment;
	o->change = aff_view_is(control, "XO");
	o->bolus = aff_view_is(control, "CH");
	if (control.n && !pcd_is_one_of(control, " RE XO CH "))
		check_report(p->c, RULE_PCD_03_CONTROL, pcd_at(segment, ORC_CONTROL),
		             "ORC-1 (order control) is not RE, XO or CH");
	if (o->bolus && !pcd_has(p, segment, ORC_PARENT))
		check_report(p->c, RULE_PCD_03_PARENT, pcd_at(segment, ORC_PARENT),
		             "ORC-8 (parent) is empty, and the order is a bolus from a running infusion");
	pcd_time(p, segment, 9, "date and time of the transaction", &t);
}

/* ---- OBX: the pump, the patient, the program ---- */

static void check_measure(struct order *o, const struct pcd_row *row, const char *units)
{
	struct pcd *p = o->p;
	const struct aff_unit *unit = unit_of(p, row->segment, 6);
	if (unit && !pcd_is_one_of(aff_view_of(unit->ucum), units))
		check_report(p->c, RULE_PCD_03_PATIENT_UNIT, pcd_at(row->segment, 6),
		             "OBX-6 (units) of a weight, height or surface is not one that IHE names");
}

static void check_row(struct order *o, const struct pcd_row *row)
{
	struct pcd *p = o->p;
	if (row->coding.conflict)
		pcd_report_conflict(p, RULE_PCD_CODE_NAME, RULE_PCD_CODE_SYNONYM, row->segment, 3, &row->coding);
	if (pcd_means(&row->coding, 69986, "MDC_DEV_PUMP_INFUS_VMD")) {
		o->pump |= pcd_has(p, row->segment, 18);
		if (pcd_has(p, row->segment, 2) || pcd_has(p, row->segment, 5) || pcd_has(p, row->segment, 6))
			check_report(p->c, RULE_PCD_03_PUMP_ROW, (struct place){.segment = row->segment},
			             "OBX-2, OBX-5 or OBX-6 is filled in the row of the pump");
	} else if (pcd_means(&row->coding, 68063, "MDC_ATTR_PT_WEIGHT")) {
		check_measure(o, row, " g kg ");
	} else if (pcd_means(&row->coding, 68060, "MDC_ATTR_PT_HEIGHT")) {
		check_measure(o, row, " cm ");
	} else if (row->coding.number == 188744) {
		check_measure(o, row, " m2 ");
	} else if (pcd_means(&row->coding, 158037, "MDC_INFUS_ORDER_STEP_TYPE")) {
		static const char *const words[] = {"loading dose", "continuous", "delay"};
		struct aff_view word = pcd_get(p, row->segment, 5, 1);
		for (size_t i = 0; i < 3; i++) {
			if (aff_view_is(word, words[i]))
				return;
		}
		check_report(p->c, RULE_PCD_03_STEP, pcd_at(row->segment, 5),
		             "OBX-5 (value) is no type of a step: loading dose, continuous or delay");
	}
}

void pcd_check_order(struct pcd *p)
{
	struct order o = {.p = p, .control = AFF_NONE, .give = AFF_NONE};
	for (unsigned i = 1; i < aff_msg_segments(p->c->m); i++) {
		if (aff_msg_is(p->c->m, i, "ORC"))
			check_control(&o, i);
		else if (aff_msg_is(p->c->m, i, "RXG"))
			check_give(&o, i);
		else if (aff_msg_is(p->c->m, i, "TQ1"))
			check_timing(&o, i);
		else if (aff_msg_is(p->c->m, i, "RXR"))
			check_route(&o, i);
	}
	end_give(&o);
	for (size_t i = 0; i < p->row_count; i++)
		check_row(&o, &p->rows[i]);
	if (!o.pump)
		check_report(p->c, RULE_PCD_03_PUMP, (struct place){.segment = 0},
		             "no OBX names the pump (69986^MDC_DEV_PUMP_INFUS_VMD with OBX-18)");
	if (o.gives > 1 && !pcd_row_find(p, 158033, "MDC_INFUS_TOTAL_NUM_STEPS") &&
	    !pcd_row_find(p, 158037, "MDC_INFUS_ORDER_STEP_TYPE"))
		check_report(p->c, RULE_PCD_03_MULTISTEP, (struct place){.segment = o.give},
		             "several RXG stand in an order that has no steps");
}
