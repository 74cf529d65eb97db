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

/* Errors are what makes a message or a reading unusable: no way to route or answer it, no code, a value that is not of
 * its data type, a status or time nobody can read, observations that belong to no order. What real senders often get
 * wrong without harm is a warning, and so are readings that are probably none (AFF_ESUSPECT). Segments, fields and
 * components that are not expected are no mistake. */
enum aff_check_level {
	AFF_CHECK_NONE,        /* parsed: MSH readable, MSH-9, -10, -11 and -12 there */
	AFF_CHECK_STRUCTURE,   /* + segment order, required fields, data types, tables */
	AFF_CHECK_IHE_PCD_01   /* + IHE PCD-01 device observation rules */
};

/* Appends what is wrong with m to findings, errors and warnings, each with its place. Returns the number of errors
 * found, or AFF_ENOMEM. first, when not NULL, gets the first error (for the ERR segment of an answer). */
int aff_validate(const struct aff_msg *m, enum aff_check_level level, struct aff_diag_list *findings,
                 struct aff_diag *first);

#ifdef __cplusplus
}
#endif
#endif
