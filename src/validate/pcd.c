/* SPDX-License-Identifier: Apache-2.0
 *
 * The IHE device transactions: which one a message is, and the walk over its segments. What each check asks is the
 * catalogue's to say (catalog_ihe.def, pcd_usage.def). Errors are what makes a message or a reading unusable; what real
 * senders often leave out is a warning; where the sources differ, or real senders are known to do otherwise without
 * harm, the finding is for information.
 */
#include "validate/pcd.h"

#include <stdlib.h>

/* The rows of the OBR that was, looked at together. */
static void end_request(struct pcd *p)
{
	if (p->kind == PCD_ALERT && p->requests == 1)
		pcd_check_alert(p);
	if (p->kind == PCD_EVENT && p->requests == 1)
		pcd_check_event(p);
	if (p->kind & PCD_REPORTS)
		pcd_check_places(p); /* sorts the rows: last */
	p->row_count = 0;
}

static void check_segment(struct pcd *p, unsigned i)
{
	const struct aff_msg *m = p->c->m;
	pcd_check_usage(p, i);
	if (aff_msg_is(m, i, "OBX")) {
		pcd_check_obx(p, i);
	} else if (aff_msg_is(m, i, "PID")) {
		pcd_check_pid(p, i);
	} else if (aff_msg_is(m, i, "PV1")) {
		pcd_check_pv1(p, i);
	} else if (aff_msg_is(m, i, "NTE")) {
		pcd_check_nte(p, i);
	} else if (aff_msg_is(m, i, "PRT")) {
		pcd_check_prt(p, i);
	} else if (aff_msg_is(m, i, "OBR") && p->kind & (PCD_REPORTS | PCD_STATUS)) {
		end_request(p);
		pcd_check_obr(p, i);
	}
}

static void run(struct pcd *p)
{
	pcd_check_msh(p);
	pcd_check_segments(p);
	for (unsigned i = 0; i < aff_msg_segments(p->c->m); i++)
		check_segment(p, i);
	if (p->kind == PCD_ORDER)
		pcd_check_order(p);
	end_request(p);
	if (p->kind == PCD_STATUS)
		pcd_check_status(p);
	if (p->kind & (PCD_ACK | PCD_ORDER_ANSWER))
		pcd_check_ack(p);
	pcd_check_patient(p);
}

const struct pcd_message *check_pcd_message(const struct check *c)
{
	const struct pcd_message *message = c->checks->ihe ? pcd_message_of(c->m) : NULL;
	bool wanted = message && (c->checks->ihe == AFF_IHE_AUTO || !message->ihe || message->ihe == c->checks->ihe);
	return wanted ? message : NULL;
}

void check_pcd(struct check *c)
{
	struct pcd p = {.c = c,
	                .message = c->pcd,
	                .patient = AFF_NONE,
	                .visit = AFF_NONE,
	                .request = AFF_NONE,
	                .row_capacity = PCD_ROWS,
	                .device_capacity = PCD_DEVICES};
	if (!c->pcd) {
		/* An empty MSH-9 is told by check_header. */
		if (!check_is_empty(c, aff_msg_get(c->m, 0, 9, 1, 1, 0)))
			check_report(c, RULE_PCD_TYPE, pcd_at(0, 9), "MSH-9 (message type) is not of %s",
			             c->checks->ihe == AFF_IHE_AUTO ? "an IHE PCD transaction"
			                                            : aff_ihe_name(c->checks->ihe));
		return;
	}
	p.kind = p.message->kind;
	p.rows = p.row_space;
	p.devices = p.device_space;
	run(&p);
	if (p.rows != p.row_space)
		free(p.rows);
	if (p.devices != p.device_space)
		free(p.devices);
}
