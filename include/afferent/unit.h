/* SPDX-License-Identifier: Apache-2.0
 *
 * Units of measure: MDC_DIM codes (ISO/IEEE 11073-10101 partition 4), UCUM, the spellings vendors use, and
 * exact decimal conversion. The tables are constant; everything is thread-safe.
 */
#ifndef AFFERENT_UNIT_H
#define AFFERENT_UNIT_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_unit {
	unsigned mdc;              /* 266016, 0 where there is none */
	const char *refid;         /* MDC_DIM_MMHG, "" */
	const char *ucum;          /* mm[Hg]; "" when there is no UCUM unit */
	const char *symbol;        /* for people: mmHg */
	const char *quantity;      /* pressure; units of one quantity convert */
	const char *factor;        /* decimal, or a fraction (5/9): canonical = value * factor + offset */
	const char *offset;
};

/* By MDC code as text ("266016"), MDC REFID, UCUM code or vendor spelling ("mmHg"). NULL when it is not known. */
const struct aff_unit *aff_unit_by_mdc(struct aff_view code);
const struct aff_unit *aff_unit_by_refid(struct aff_view refid);
const struct aff_unit *aff_unit_by_ucum(struct aff_view ucum);
const struct aff_unit *aff_unit_by_alias(struct aff_view spelling);

/* The unit an OBX-6 means (CWE parts 1-3 and 4-6, any system of MDC, UCUM, or a bare vendor spelling). NULL:
 * not known, or number and name, or the two codings, mean different units. */
struct aff_delims;
const struct aff_unit *aff_unit_of_cwe(struct aff_view cwe, const struct aff_delims *d);

/* Converts a decimal number as text into another unit of the same quantity and appends it, never through binary
 * floating point. The result has the fewest decimals for which rounding (half away from zero) moves the value
 * by no more than one unit of the last place that was written: 98.6 [degF] is 37.0 Cel, 16.0 kPa 120 mm[Hg],
 * 120 mm[Hg] 16.0 kPa. Between units of one size (bpm, /min) the text stays as it is, without blanks around it.
 * Returns 0, AFF_EDATATYPE (not a number), AFF_EARGUMENT (the units are of different quantities), AFF_ELIMIT
 * (too many digits). */
int aff_unit_convert(struct aff_buf *out, struct aff_view number, const struct aff_unit *from,
                     const struct aff_unit *to);

#ifdef __cplusplus
}
#endif
#endif
