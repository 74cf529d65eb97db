/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of the IHE device transactions (IHE Devices TF 2), what they share. check_pcd walks over the message once:
 * MSH, each segment by its usage table, each segment by its own rules, and at the end of each OBR its rows together.
 */
#ifndef VALIDATE_PCD_H
#define VALIDATE_PCD_H

#include <afferent/nomenclature.h>

#include "validate/check.h"
#include "validate/types.h"

/* Above the transactions' own numbers. */
#define PCD_ARC "1.3.6.1.4.1.19376.1.6."

/* Messages of the transactions; also bits of a set, and columns of pcd_usage.def. */
enum pcd_kind {
	PCD_OBSERVATION = 1 << 0,
	PCD_ORDER = 1 << 1,
	PCD_ORDER_ANSWER = 1 << 2,
	PCD_ALERT = 1 << 3,
	PCD_STATUS = 1 << 4,
	PCD_EVENT = 1 << 5,
	PCD_ACK = 1 << 6
};
enum { PCD_KINDS = 7 };

struct pcd_message {
	enum pcd_kind kind;
	enum aff_ihe ihe;
	const char *name;
	const char *type, *trigger, *structure; /* MSH-9; trigger NULL: any */
	const char *oid;                        /* MSH-21.3 behind PCD_ARC; NULL: none */
	const char *accept, *application;       /* MSH-15, -16; NULL: not fixed */
	unsigned version;                       /* MSH-12 that it is written for, as 260 */
};

/* NULL: not of these transactions. */
const struct pcd_message *pcd_message_of(const struct aff_msg *m);
const struct pcd_message *pcd_message_by_oid(struct aff_view oid);

#endif
