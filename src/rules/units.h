/* SPDX-License-Identifier: Apache-2.0
 *
 * Units of an OBX while a program runs.
 */
#ifndef RULES_UNITS_H
#define RULES_UNITS_H

#include <afferent/unit.h>

#include "rules/step.h"

/* Converts the value (OBX-5), the unit (OBX-6) and the range (OBX-7) of an OBX into the wanted UCUM unit; all of them
 * or none. Returns 1 when the OBX is in that unit or has no number and unit that could be converted, 0 when the units
 * cannot be converted, or an error. */
int units_convert(struct run *run, unsigned segment, struct aff_view wanted);

/* false when the unit of an OBX is known to measure another quantity than the wanted one. */
bool units_agree(struct run *run, unsigned segment, struct aff_view wanted);

/* Appends a reference range as HL7 writes it in OBX-7 (`low-high`, `> low`, `< high`, also >= <=) with each number
 * replaced by what `map` makes of it. 0, what map returned, AFF_EDATATYPE for another text. */
int range_map(struct aff_buf *out, struct aff_view range,
              int (*map)(void *context, struct aff_buf *out, struct aff_view number), void *context);

#endif
