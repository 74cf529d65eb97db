/* SPDX-License-Identifier: Apache-2.0
 *
 * Which message of which IHE transaction this is: MSH-9 decides, and MSH-21.3 where MSH-9 leaves it open, because wrong
 * object identifiers are common (IHE DEV TF-2 B.1).
 */
#include "validate/pcd.h"

static const struct pcd_message messages[PCD_KINDS] = {
	{PCD_OBSERVATION, AFF_IHE_PCD_01, "PCD-01", "ORU", "R01", "ORU_R01", "1.1.1", "AL", "NE", 260},
	{PCD_ORDER, AFF_IHE_PCD_03, "PCD-03", "RGV", "O15", "RGV_O15", "1.3.1", "AL", "AL", 281},
	{PCD_ORDER_ANSWER, AFF_IHE_PCD_03, "PCD-03", "RRG", "O16", "RRG_O16", "1.3.2", "AL", "NE", 281},
	{PCD_ALERT, AFF_IHE_PCD_04, "PCD-04", "ORU", "R40", "ORU_R40", "1.4.1", "AL", NULL, 260},
	{PCD_STATUS, AFF_IHE_PCD_05, "PCD-05", "ORA", "R41", "ORA_R41", "1.5.1", "AL", "NE", 260},
	{PCD_EVENT, AFF_IHE_PCD_10, "PCD-10", "ORU", "R42", "ORU_R01", "4.10", "AL", "NE", 260},
	{PCD_ACK, AFF_IHE_NONE, "IHE PCD", "ACK", NULL, "ACK", NULL, NULL, NULL, 0},
};

static const char *const names[AFF_IHE_COUNT] = {
	[AFF_IHE_AUTO] = "ihe-pcd",      [AFF_IHE_PCD_01] = "ihe-pcd-01", [AFF_IHE_PCD_03] = "ihe-pcd-03",
	[AFF_IHE_PCD_04] = "ihe-pcd-04", [AFF_IHE_PCD_05] = "ihe-pcd-05", [AFF_IHE_PCD_10] = "ihe-pcd-10",
};

const char *aff_ihe_name(enum aff_ihe ihe)
{
	return (unsigned)ihe < AFF_IHE_COUNT ? names[ihe] : NULL;
}

enum aff_ihe aff_ihe_find(const char *name)
{
	for (unsigned i = AFF_IHE_AUTO; i < AFF_IHE_COUNT; i++) {
		if (strcmp(names[i], name) == 0)
			return (enum aff_ihe)i;
	}
	return AFF_IHE_NONE;
}

const struct pcd_message *pcd_message_by_oid(struct aff_view oid)
{
	const size_t arc = sizeof PCD_ARC - 1;
	for (size_t i = 0; oid.n > arc && memcmp(oid.p, PCD_ARC, arc) == 0 && i < PCD_KINDS; i++) {
		if (messages[i].oid && aff_view_is(aff_view(oid.p + arc, oid.n - arc), messages[i].oid))
			return &messages[i];
	}
	return NULL;
}

static const struct pcd_message *by_profile(const struct aff_msg *m)
{
	const struct pcd_message *found = NULL;
	for (unsigned i = 1; i <= aff_msg_repetitions(m, 0, 21) && !found; i++)
		found = pcd_message_by_oid(aff_msg_get(m, 0, 21, i, 3, 0));
	return found;
}

const struct pcd_message *pcd_message_of(const struct aff_msg *m)
{
	struct aff_view type = aff_msg_get(m, 0, 9, 1, 1, 0), trigger = aff_msg_get(m, 0, 9, 1, 2, 0);
	for (size_t i = 0; i < PCD_KINDS; i++) {
		if (aff_view_is(type, messages[i].type) &&
		    (!messages[i].trigger || aff_view_is(trigger, messages[i].trigger)))
			return &messages[i];
	}
	if (!aff_view_is(type, "ORU"))
		return NULL;
	/* Printed in IHE DEV TF-2 B.1; elsewhere ORA. */
	return aff_view_is(trigger, "R41") ? &messages[4] : trigger.n ? NULL : by_profile(m);
}
