/* SPDX-License-Identifier: Apache-2.0
 *
 * Patient, visit and notes of the IHE device transactions (IHE DEV TF-2 B.4 to B.6, C.3, C.7, C.8). A message without a
 * patient is taken and told of: readings of an unknown patient are still readings.
 */
#include "validate/pcd.h"

static void check_identifiers(struct pcd *p, unsigned segment)
{
	for (unsigned i = 1; i <= aff_msg_repetitions(p->c->m, segment, 3); i++) {
		struct place at = {.segment = segment, .field = 3, .repetition = i, .component = 1};
		bool id = aff_msg_get(p->c->m, segment, 3, i, 1, 0).n != 0;
		bool any = !check_is_empty(p->c, aff_msg_get(p->c->m, segment, 3, i, 0, 0));
		if (any && !id)
			check_report(p->c, RULE_PCD_PATIENT_ID, at, "PID-3.1 (patient's id number) is empty");
		at.component = 4;
		if (id && !aff_msg_get(p->c->m, segment, 3, i, 4, 0).n)
			check_report(p->c, RULE_PCD_PATIENT_AUTHORITY, at,
			             "PID-3.4 (who gave the patient's id) is empty");
		at.component = 5;
		if (id && !aff_msg_get(p->c->m, segment, 3, i, 5, 0).n)
			check_report(p->c, RULE_PCD_PATIENT_ID_TYPE, at, "PID-3.5 (type of the patient's id) is empty");
	}
}

static void check_names(struct pcd *p, unsigned segment)
{
	for (unsigned i = 1; i <= aff_msg_repetitions(p->c->m, segment, 5); i++) {
		struct place at = {.segment = segment, .field = 5, .repetition = i, .component = 7};
		struct aff_view whole = aff_msg_get(p->c->m, segment, 5, i, 0, 0);
		if (!check_is_empty(p->c, whole) && !aff_is_null(whole) &&
		    !aff_msg_get(p->c->m, segment, 5, i, 7, 0).n)
			check_report(p->c, RULE_PCD_NAME_TYPE, at, "PID-5.7 (type of the patient's name) is empty");
	}
}

void pcd_check_pid(struct pcd *p, unsigned segment)
{
	static const struct {
		unsigned field, most;
	} repeats[] = {{3, 6}, {5, 6}, {13, 2}};
	struct aff_view unknown = aff_msg_field(p->c->m, segment, 31);
	struct aff_dtm born;
	p->patient = segment;
	check_identifiers(p, segment);
	check_names(p, segment);
	for (size_t i = 0; i < sizeof repeats / sizeof repeats[0]; i++) {
		if (aff_msg_repetitions(p->c->m, segment, repeats[i].field) > repeats[i].most)
			check_report(p->c, RULE_PCD_PATIENT_REPEATS, pcd_at(segment, repeats[i].field),
			             "PID-%u has more than %u repetitions", repeats[i].field, repeats[i].most);
	}
	if (pcd_has(p, segment, 19))
		check_report(p->c, RULE_PCD_SSN, pcd_at(segment, 19), "PID-19 (social security number) is filled");
	struct aff_view birth = pcd_get(p, segment, 7, 1);
	if (birth.n > 8 && aff_dtm_parse(&born, birth) == 0 && !born.has_zone)
		check_report(p->c, RULE_PCD_ZONE, pcd_at(segment, 7), "PID-7 (time of birth) has no time zone");
	if (unknown.n && !pcd_is_one_of(unknown, " Y N "))
		check_report(p->c, RULE_PCD_IDENTITY, pcd_at(segment, 31),
		             "PID-31 (identity unknown) is neither Y nor N");
	if (aff_view_is(unknown, "Y"))
		return;
	if (!pcd_has(p, segment, 3))
		check_report(p->c, RULE_PCD_PATIENT, pcd_at(segment, 3),
		             "PID-3 (patient identifiers) is empty, and PID-31 does not say that nobody knows them");
	if (!pcd_has(p, segment, 5))
		check_report(p->c, RULE_PCD_NAME, pcd_at(segment, 5),
		             "PID-5 (patient name) is empty, and PID-31 does not say that nobody knows it");
}

void pcd_check_pv1(struct pcd *p, unsigned segment)
{
	struct aff_view indicator = aff_msg_field(p->c->m, segment, 51);
	p->visit = segment;
	if (!pcd_has(p, segment, 3))
		check_report(p->c, RULE_PCD_LOCATION, pcd_at(segment, 3), "PV1-3 (patient location) is empty");
	else if (pcd_get(p, segment, 3, 6).n &&
	         (pcd_get(p, segment, 3, 1).n || pcd_get(p, segment, 3, 2).n || pcd_get(p, segment, 3, 3).n))
		check_report(p->c, RULE_PCD_LOCATION_TYPE, pcd_part(segment, 3, 6),
		             "PV1-3.6 (type of location) is filled beside point of care, room or bed");
	if (indicator.n && !pcd_is_one_of(indicator, " V A "))
		check_report(p->c, RULE_PCD_VISIT, pcd_at(segment, 51), "PV1-51 (visit indicator) is neither V nor A");
}

/* An alert needs a patient or a place. */
void pcd_check_patient(struct pcd *p)
{
	bool known = p->patient != AFF_NONE && pcd_has(p, p->patient, 3);
	bool placed = p->visit != AFF_NONE && pcd_has(p, p->visit, 3);
	if (p->kind == PCD_ALERT && !known && !placed)
		check_report(p->c, RULE_PCD_04_LOCATION, (struct place){.segment = 0},
		             "the alert names neither a patient (PID-3) nor a place (PV1-3)");
}

void pcd_check_nte(struct pcd *p, unsigned segment)
{
	static const char *const owners[] = {"OBR", "OBX", "NTE", "PRT"};
	if (!(p->kind & (PCD_OBSERVATION | PCD_EVENT)))
		return;
	bool right = false;
	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
		right |= aff_msg_is(p->c->m, segment - 1, owners[i]) != 0;
	if (!right || p->request == AFF_NONE)
		check_report(p->c, RULE_PCD_NOTE_PLACE, (struct place){.segment = segment},
		             "this NTE follows neither OBR nor OBX");
	else if (aff_msg_is(p->c->m, segment - 1, "NTE"))
		check_report(p->c, RULE_PCD_NOTE_SECOND, (struct place){.segment = segment},
		             "a second NTE follows the same segment");
}
