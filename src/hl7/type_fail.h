/* SPDX-License-Identifier: Apache-2.0
 *
 * How the readers of data types say what is wrong: the type and the part, never the value.
 */
#ifndef HL7_TYPE_FAIL_H
#define HL7_TYPE_FAIL_H

#include <afferent/diag.h>

/* component 0: the whole text. `looks` is how a right value looks. Returns AFF_EDATATYPE. */
static inline int type_fail(struct aff_diag *diag, const char *type, unsigned component, const char *looks)
{
	aff_diag_set(diag, AFF_EDATATYPE, "a value does not fit data type %s", type);
	aff_diag_hint(diag, "%s", looks);
	if (diag)
		diag->at.component = component;
	return AFF_EDATATYPE;
}

#define LOOKS_NM "a decimal number such as 37.5, with a point, without blanks, units or exponent"
#define LOOKS_SI "a whole number: 1, 2, 3"
#define LOOKS_DT "a date, YYYYMMDD"
#define LOOKS_TM "a time, HHMM[SS[.S]][+ZZZZ]"
#define LOOKS_DTM "a date and time, YYYYMMDDHHMMSS[.S][+ZZZZ], that the calendar knows"

#endif
