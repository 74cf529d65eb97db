/* SPDX-License-Identifier: Apache-2.0
 *
 * Checking a message: structure (segments, required fields, data types, tables) and, on top, the IHE PCD-01 rules.
 */
#ifndef AFFERENT_VALIDATE_H
#define AFFERENT_VALIDATE_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

enum aff_check_level {
	AFF_CHECK_NONE,        /* parsed: MSH readable, MSH-9, -10, -11 and -12 there */
	AFF_CHECK_STRUCTURE,   /* + segment order, required fields, data types, tables */
	AFF_CHECK_IHE_PCD_01   /* + IHE PCD-01 device observation rules */
};

/* Appends what is wrong with m to findings, errors and warnings, each with its place. Returns the number of errors found,
 * or AFF_ENOMEM. first, when not NULL, gets the first error (for the ERR segment of an answer). */
int aff_validate(const struct aff_msg *m, enum aff_check_level level, struct aff_diag_list *findings, struct aff_diag *first);

#ifdef __cplusplus
}
#endif
#endif
