/* SPDX-License-Identifier: Apache-2.0
 *
 * OBR of the IHE device transactions (IHE DEV TF-2 B.7).
 */
#include "base/number.h"
#include "validate/pcd.h"

static void check_number(struct pcd *p, unsigned segment)
{
	uint64_t number;
	struct aff_view text = aff_msg_field(p->c->m, segment, 1);
	if (text.n && (number_u64(text, UINT32_MAX, &number) || number != p->requests))
		check_report(p->c, RULE_PCD_REQUEST_NUMBER, pcd_at(segment, 1),
		             "OBR-1 (set id) is not %u, the number of this OBR in the message", p->requests);
}

static void check_orders(struct pcd *p, unsigned segment)
{
	pcd_check_ei(p, RULE_PCD_PLACER, segment, 2);
	pcd_check_ei(p, RULE_PCD_AUTHORITY, segment, 3);
	pcd_check_eui(p, segment, 2, 1, 3, 4);
	pcd_check_eui(p, segment, 3, 1, 3, 4);
	if (pcd_get(p, segment, 3, 1).n > 20)
		check_report(p->c, RULE_PCD_FILLER_LENGTH, pcd_part(segment, 3, 1),
		             "OBR-3.1 (filler order number) is longer than 20 characters");
	/* Some senders give no number to requests of their own: empty is told by the usage table. */
	struct aff_view filler = aff_msg_field(p->c->m, segment, 3);
	for (unsigned i = 0; filler.n && (i = aff_msg_find(p->c->m, "OBR", i)) < segment; i++) {
		if (aff_view_equal(filler, aff_msg_field(p->c->m, i, 3))) {
			check_report(p->c, RULE_PCD_FILLER_REPEATED, pcd_at(segment, 3),
			             "OBR-3 (filler order number) stands in an OBR before");
			return;
		}
	}
}

static void check_service(struct pcd *p, unsigned segment)
{
	struct pcd_coding service = pcd_coding_of(p, segment, 4);
	bool alarm = pcd_means(&service, 196616, "MDC_EVT_ALARM");
	if (service.conflict)
		pcd_report_conflict(p, RULE_PCD_SERVICE_NAME, RULE_PCD_CODE_SYNONYM, segment, 4, &service);
	if (p->kind == PCD_ALERT && aff_view_is(pcd_get(p, segment, 4, 1), "ALARM"))
		check_report(p->c, RULE_PCD_04_SERVICE_OLD, pcd_part(segment, 4, 1),
		             "OBR-4 (service) is ALARM^ALARM, as before the code 196616 was given");
	else if (p->kind == PCD_ALERT && p->requests == 1 && !alarm && pcd_has(p, segment, 4))
		check_report(p->c, RULE_PCD_04_SERVICE, pcd_at(segment, 4),
		             "OBR-4 (service) of the alert is not 196616^MDC_EVT_ALARM^MDC");
	else if (p->kind == PCD_ALERT && p->requests > 1 && alarm)
		check_report(p->c, RULE_PCD_04_ONE, (struct place){.segment = segment},
		             "a second alert stands in this message");
	if (p->kind == PCD_OBSERVATION && pcd_has(p, segment, 4) && !pcd_get(p, segment, 4, 3).n &&
	    !pcd_get(p, segment, 4, 6).n && !aff_view_is(pcd_get(p, segment, 4, 1), "999999"))
		check_report(p->c, RULE_PCD_SERVICE_SYSTEM, pcd_part(segment, 4, 3),
		             "OBR-4.3 (coding system of the service) is empty");
}

static void check_times(struct pcd *p, unsigned segment)
{
	p->has_from = pcd_time(p, segment, 7, "observation date and time", &p->from);
	p->has_to = pcd_time(p, segment, 8, "observation end date and time", &p->to);
	if (p->has_to && !p->has_from && !pcd_has(p, segment, 7))
		check_report(p->c, RULE_PCD_INTERVAL_START, pcd_at(segment, 7),
		             "OBR-8 (end) is filled, OBR-7 (start) is empty");
	if (p->has_from && p->has_to && p->from.has_zone == p->to.has_zone && pcd_time_compare(&p->to, &p->from) <= 0)
		check_report(p->c, RULE_PCD_INTERVAL, pcd_at(segment, 8), "OBR-8 (end) is not after OBR-7 (start)");
}

void pcd_check_obr(struct pcd *p, unsigned segment)
{
	p->request = segment;
	p->requests++;
	p->has_from = p->has_to = p->told_time = false;
	check_number(p, segment);
	check_orders(p, segment);
	check_service(p, segment);
	check_times(p, segment);
}
