/* SPDX-License-Identifier: Apache-2.0
 *
 * OBX of the IHE device transactions, field by field (IHE DEV TF-2 B.8).
 */
#include "base/number.h"
#include "validate/pcd.h"

enum { OBX_TYPE = 2, OBX_CODE = 3, OBX_SUB = 4, OBX_VALUE = 5, OBX_RANGE = 7, OBX_FLAGS = 8, OBX_STATUS = 11 };
enum { OBX_TIME = 14, OBX_OBSERVER = 16, OBX_METHOD = 17, OBX_DEVICE = 18, OBX_ANALYSED = 19, OBX_SITE = 20 };

/* 1, 2, 3 over the message, or anew for each OBR. Told once: one mistake shifts all that follow. */
static void check_number(struct pcd *p, unsigned segment)
{
	uint64_t number;
	struct aff_view text = aff_msg_field(p->c->m, segment, 1);
	if (!text.n)
		return;
	bool readable = number_u64(text, UINT32_MAX, &number) == 0;
	bool first = p->request == AFF_NONE ? p->set_id == 0 : p->row_count == 0;
	if (readable && (number == (uint64_t)p->set_id + 1 || (first && number == 1))) {
		p->set_id = (unsigned)number;
		return;
	}
	if (!p->set_id_told)
		check_report(p->c, RULE_PCD_ROW_NUMBER, pcd_at(segment, 1),
		             "OBX-1 (set id) does not count on from the OBX before");
	p->set_id_told = true;
	if (readable)
		p->set_id = (unsigned)number;
}

static void check_type(struct pcd *p, const struct pcd_row *row)
{
	struct aff_view type = aff_msg_field(p->c->m, row->segment, OBX_TYPE);
	bool value = pcd_has(p, row->segment, OBX_VALUE);
	if (row->is_device && type.n && !value)
		check_report(p->c, RULE_PCD_TYPE_DEVICE, pcd_at(row->segment, OBX_TYPE),
		             "OBX-2 (value type) is filled in the row of a device");
	else if (type.n && !pcd_is_one_of(type, " CNE CWE CF DR DTM ED FT NA NM PN SN ST TM XCN XPN "))
		check_report(p->c, RULE_PCD_TYPES, pcd_at(row->segment, OBX_TYPE),
		             "OBX-2 (value type) is not one of those that IHE allows");
	/* With a value, the rule of HL7 says it. */
	bool told = value && p->c->checks->level >= AFF_CHECK_TYPES;
	if (!type.n && !row->is_device && !told &&
	    !aff_view_is(aff_msg_field(p->c->m, row->segment, OBX_STATUS), "X"))
		check_report(p->c, RULE_PCD_TYPE_EMPTY, pcd_at(row->segment, OBX_TYPE),
		             "OBX-2 (value type) is empty though OBX-11 is not X");
}

static void check_code(struct pcd *p, const struct pcd_row *row)
{
	const struct pcd_coding *k = &row->coding;
	struct place at = pcd_part(row->segment, OBX_CODE, k->component);
	/* The rules of alerts tell of old and misprinted codes of facets. */
	if (!pcd_has(p, row->segment, OBX_CODE) || (p->kind == PCD_ALERT && pcd_is_old_facet(p, row->segment)))
		return;
	if (!k->is_mdc) {
		at.component = 3;
		check_report(p->c, RULE_PCD_CODE, at, "OBX-3 (observation identifier) is not coded in MDC");
	} else if (k->conflict) {
		pcd_report_conflict(p, RULE_PCD_CODE_NAME, RULE_PCD_CODE_SYNONYM, row->segment, OBX_CODE, k);
	} else if (!k->number && k->name.n) {
		check_report(p->c, RULE_PCD_CODE_PRIVATE, at, "OBX-3 has no MDC number, only a name");
	} else if (!k->number) {
		check_report(p->c, RULE_PCD_CODE_NUMBER, at, "OBX-3 has neither an MDC number nor a name");
	} else if (k->number < 65536) {
		check_report(p->c, RULE_PCD_CODE_CONTEXT, at, "OBX-3: the MDC number has no partition");
	} else if (!k->term && k->number >> 16 != 3) {
		check_report(p->c, RULE_PCD_CODE_UNKNOWN, at, "OBX-3: the MDC number is not known here");
	} else if (k->term && k->term->emit != k->term->code) {
		check_report(p->c, RULE_PCD_CODE_OLD, at, "OBX-3: the MDC number is provisional or was replaced");
	}
}

static void check_place(struct pcd *p, const struct pcd_row *row, bool readable)
{
	struct aff_view sub = aff_msg_field(p->c->m, row->segment, OBX_SUB);
	struct place at = pcd_at(row->segment, OBX_SUB);
	if (!sub.n)
		return;
	if (!readable)
		check_report(p->c, RULE_PCD_PLACE, at,
		             "OBX-4 (place in the device) is not made of numbers with points between");
	else if (row->place.levels < 4 || row->place.levels > PCD_LEVELS)
		check_report(p->c, RULE_PCD_PLACE_LEVELS, at,
		             "OBX-4 (place in the device) is not made of four to six numbers");
	if (sub.n > 20)
		check_report(p->c, RULE_PCD_PLACE_LENGTH, at,
		             "OBX-4 (place in the device) is longer than 20 characters");
}

static void check_device_row(struct pcd *p, const struct pcd_row *row)
{
	struct aff_view status = aff_msg_field(p->c->m, row->segment, OBX_STATUS);
	if (!row->is_device)
		return;
	if (pcd_has(p, row->segment, OBX_VALUE))
		check_report(p->c, RULE_PCD_DEVICE_VALUE, pcd_at(row->segment, OBX_VALUE),
		             "OBX-5 has a value in the row of a device");
	if (status.n && !aff_view_is(status, "X") && !pcd_has(p, row->segment, OBX_RANGE))
		check_report(p->c, RULE_PCD_DEVICE_STATUS, pcd_at(row->segment, OBX_STATUS),
		             "OBX-11 (status) is not X in the row of a device");
}

/* ---- what stands behind the value ---- */

static void check_time(struct pcd *p, const struct pcd_row *row)
{
	struct aff_dtm t;
	struct aff_view analysed = aff_msg_field(p->c->m, row->segment, OBX_ANALYSED);
	if (analysed.n && !aff_view_equal(analysed, aff_msg_field(p->c->m, row->segment, OBX_TIME)))
		check_report(p->c, RULE_PCD_ANALYSED, pcd_at(row->segment, OBX_ANALYSED),
		             "OBX-19 (time of the analysis) is not the same as OBX-14");
	if (!pcd_time(p, row->segment, OBX_TIME, "date and time of the observation", &t)) {
		bool reading = !row->is_device && pcd_has(p, row->segment, OBX_VALUE);
		if (reading && p->request != AFF_NONE && !pcd_has(p, p->request, 7) &&
		    !pcd_has(p, row->segment, OBX_TIME) && !p->told_time) {
			check_report(p->c, RULE_PCD_NO_TIME, pcd_at(p->request, 7),
			             "OBR-7 is empty, and a reading below it has no time of its own");
			p->told_time = true;
		}
		return;
	}
	if (row->is_device) /* its rows inherit it */
		p->told_time = true;
	if (p->has_to && pcd_time_compare(&t, &p->to) > 0)
		check_report(p->c, RULE_PCD_TIME_AFTER, pcd_at(row->segment, OBX_TIME),
		             "OBX-14 (time of the observation) is after OBR-8, the end of the interval");
	else if (p->has_to && p->has_from && pcd_time_compare(&t, &p->from) < 0)
		check_report(p->c, RULE_PCD_TIME_BEFORE, pcd_at(row->segment, OBX_TIME),
		             "OBX-14 (time of the observation) is before OBR-7, the start of the interval");
}

static void check_method(struct pcd *p, const struct pcd_row *row)
{
	static const char words[] = " AMEAS MMEAS ASET MSET ACALC MCALC UNSPEC AUSRFS INVRFS 69123 69124 ";
	for (unsigned i = 1; i <= aff_msg_repetitions(p->c->m, row->segment, OBX_METHOD); i++) {
		struct aff_view code = aff_msg_get(p->c->m, row->segment, OBX_METHOD, i, 1, 0);
		if (code.n && !pcd_is_one_of(code, words))
			check_report(p->c, RULE_PCD_METHOD,
			             (struct place){
			                     .segment = row->segment, .field = OBX_METHOD, .repetition = i},
			             "OBX-17 (observation method) is not one of those that IHE names");
	}
	if (pcd_has(p, row->segment, OBX_OBSERVER) && !pcd_get(p, row->segment, OBX_OBSERVER, 1).n)
		check_report(p->c, RULE_PCD_OBSERVER, pcd_part(row->segment, OBX_OBSERVER, 1),
		             "OBX-16.1 (id of the responsible observer) is empty");
}

static void check_device_id(struct pcd *p, const struct pcd_row *row)
{
	for (unsigned i = 1; i <= aff_msg_repetitions(p->c->m, row->segment, OBX_DEVICE); i++) {
		struct place at = {.segment = row->segment, .field = OBX_DEVICE, .repetition = i, .component = 2};
		struct aff_view part[5];
		for (unsigned k = 1; k < 5; k++)
			part[k] = aff_msg_get(p->c->m, row->segment, OBX_DEVICE, i, k, 0);
		if (part[1].n && !part[2].n && !(part[3].n && part[4].n))
			check_report(p->c, RULE_PCD_DEVICE_ID, at,
			             "OBX-18 (device) does not say in which namespace its id is unique");
		pcd_check_eui(p, row->segment, OBX_DEVICE, i, 3, 4);
	}
}

/* MDC partition 7, SNOMED CT or HL7 table 0163. */
static void check_site(struct pcd *p, const struct pcd_row *row)
{
	struct pcd_coding site = pcd_coding_of(p, row->segment, OBX_SITE);
	struct aff_view system = pcd_get(p, row->segment, OBX_SITE, 3);
	bool body = site.is_mdc ? !site.number || site.number >> 16 == 7 || site.number < 65536
	                        : !system.n || pcd_is_one_of(system, " SCT SNM SNM3 HL70163 ");
	if (pcd_has(p, row->segment, OBX_SITE) && !body)
		check_report(p->c, RULE_PCD_SITE, pcd_at(row->segment, OBX_SITE),
		             "OBX-20 (site) is no body site of MDC, SNOMED CT or HL7 table 0163");
}

void pcd_check_obx(struct pcd *p, unsigned segment)
{
	struct pcd_row row = {.segment = segment, .coding = pcd_coding_of(p, segment, OBX_CODE)};
	bool readable = pcd_place_read(aff_msg_field(p->c->m, segment, OBX_SUB), &row.place);
	if (!readable)
		row.place.levels = 0;
	row.is_device = row.place.levels == 4 && !row.place.n[3];
	if (p->kind & PCD_REPORTS) {
		check_number(p, segment);
		check_type(p, &row);
		check_code(p, &row);
		check_place(p, &row, readable);
		check_device_row(p, &row);
		pcd_check_value(p, &row);
		check_time(p, &row);
		check_method(p, &row);
		check_site(p, &row);
		pcd_check_tree(p, &row);
	}
	if (p->kind & (PCD_REPORTS | PCD_ORDER)) {
		check_device_id(p, &row);
		pcd_check_units(p, &row);
	}
	pcd_row_add(p, &row);
}
