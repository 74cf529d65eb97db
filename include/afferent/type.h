/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed access: HL7 data types out of the fields of a message, without allocation and without binary floating point.
 * This header brings in all groups:
 *
 *	number.h    NM, SI, SN, NR, NA, MA
 *	dtm.h       DT, TM, DTM, TS, DR
 *	coded.h     CWE, CE, CNE, CF, MSG, PT, VID
 *	identity.h  HD, EI, CX, PL, XPN, XCN, XTN, XAD
 *	data.h      ED, RP, OG, ERL
 *	parts.h     repetitions, components and subcomponents of any text
 *
 *	struct aff_delims d = aff_msg_delims(m);
 *	struct aff_cx cx;
 *	aff_cx_read(&cx, aff_msg_field(m, pid, 3), &d);
 *	... cx.id, cx.authority.space, cx.type
 *
 * A reader looks at the first repetition of what it is given; aff_parts() walks over all of them.
 */
#ifndef AFFERENT_TYPE_H
#define AFFERENT_TYPE_H

#include <afferent/coded.h>
#include <afferent/data.h>
#include <afferent/dtm.h>
#include <afferent/escape.h>
#include <afferent/identity.h>
#include <afferent/number.h>
#include <afferent/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif
#endif
