/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of units beyond the public header.
 */
#ifndef TERMS_UNITS_H
#define TERMS_UNITS_H

#include <afferent/msg.h>
#include <afferent/nomenclature.h>
#include <afferent/number.h>
#include <afferent/unit.h>

/* As aff_unit_of_cwe. *conflict: it is no unit because number and name, or two codings, are known to mean different
 * ones. */
const struct aff_unit *unit_read(struct aff_view cwe, const struct aff_delims *d, bool *conflict);

/* Compares a number in `unit` with another in `other`, exactly: *order is <0, 0, >0. false: the units are not
 * of one quantity, or the numbers have too many digits. */
bool unit_compare(int *order, const struct aff_nm *number, const struct aff_unit *unit, const struct aff_nm *bound,
                  const struct aff_unit *other);

/* false when no reading of the term can be in this unit: a temperature in mm[Hg]. True where that is not known.
 * Quantities that stand for each other at the bedside (a share of a gas and its partial pressure, all ways to say how
 * fast a drug flows) suit. */
bool unit_suits(const struct aff_unit *unit, const struct aff_term *term);

/* Appends a decimal number times another one, exactly. The product has the decimals that say what was written: 375 by
 * 0.1 is 37.5, 370 by 0.1 is 37.0, 1.55 by 10 is 15.5. 0, AFF_EDATATYPE (not a number), AFF_ELIMIT (too many digits).
 */
int decimal_times(struct aff_buf *out, struct aff_view number, struct aff_view factor);

#endif
