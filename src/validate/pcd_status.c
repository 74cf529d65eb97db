/* SPDX-License-Identifier: Apache-2.0
 *
 * Recipients of alerts, and PCD-05: what became of an alert (IHE DEV TF-2 3.5, B.10).
 */
#include "validate/pcd.h"

static const char statuses[] =
	" RECEIVED UNDELIVERABLE DELIVERED READ CALLBACKSTART CALLBACKEND ACCEPTED ACCEPTEDPOSITIVE "
	"ACCEPTEDNOTRELEVANT ACCEPTEDFALSE REJECTED CANCELLED COMPLETED ACTIONURI ";

static void check_status(struct pcd *p, unsigned segment)
{
	struct aff_view reason = pcd_get(p, segment, 3, 1), status = pcd_get(p, segment, 3, 2);
	struct aff_view system = pcd_get(p, segment, 3, 3);
	if (!pcd_is_one_of(status, statuses))
		check_report(p->c, RULE_PCD_05_STATUS, pcd_part(segment, 3, 2),
		             "PRT-3.2 is no status of an alert's dissemination");
	if (!aff_view_is(reason, "RESPONSE"))
		check_report(p->c, RULE_PCD_05_RESPONSE, pcd_part(segment, 3, 1), "PRT-3.1 is not RESPONSE");
	if (!aff_view_is(system, "IHE_PCD_ACM"))
		check_report(p->c, RULE_PCD_05_SYSTEM, pcd_part(segment, 3, 3), "PRT-3.3 is not IHE_PCD_ACM");
	if (pcd_has(p, segment, 4) && !aff_view_is(pcd_get(p, segment, 4, 1), "AAP"))
		check_report(p->c, RULE_PCD_05_PROVIDER, pcd_part(segment, 4, 1),
		             "PRT-4 is not AAP, the provider who acknowledges");
}

void pcd_check_prt(struct pcd *p, unsigned segment)
{
	struct aff_dtm t;
	if (!(p->kind & (PCD_ALERT | PCD_STATUS)))
		return;
	if (!aff_view_is(aff_msg_field(p->c->m, segment, 2), "AD"))
		check_report(p->c, RULE_PCD_ACTION, pcd_at(segment, 2), "PRT-2 (action code) is not AD");
	pcd_time(p, segment, 11, "begin of the participation", &t);
	if (p->kind == PCD_ALERT && !pcd_has(p, segment, 5) && !pcd_has(p, segment, 15))
		check_report(p->c, RULE_PCD_04_RECIPIENT, pcd_at(segment, 5),
		             "neither PRT-5 (person) nor PRT-15 (telecommunication address) says who is told");
	if (p->kind == PCD_STATUS)
		check_status(p, segment);
}

void pcd_check_status(struct pcd *p)
{
	unsigned msa = aff_msg_find(p->c->m, "MSA", 0);
	bool message = msa != AFF_NONE && pcd_has(p, msa, 2);
	bool alert = p->request != AFF_NONE && !check_is_empty(p->c, aff_msg_get(p->c->m, p->request, 29, 1, 2, 0));
	if (p->request == AFF_NONE)
		return; /* told as a missing segment */
	if (!alert)
		check_report_as(p->c, RULE_PCD_05_ALERT, message ? AFF_SEVERITY_WARNING : AFF_SEVERITY_ERROR,
		                pcd_part(p->request, 29, 2), NULL,
		                message ? "OBR-29.2 does not name the alert, only MSA-2 the message that brought it"
		                        : "neither OBR-29.2 nor MSA-2 names the alert that this is about");
}
