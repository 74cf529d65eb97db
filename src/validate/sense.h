/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the checks of sense.
 */
#ifndef VALIDATE_SENSE_H
#define VALIDATE_SENSE_H

#include "validate/check.h"

void sense_reading(struct check *c, unsigned segment); /* an OBX: number, unit, code, flags, status */
void sense_rows(struct check *c);                      /* rows that say the same thing twice; rows all alike */
void sense_times(struct check *c);
void sense_patients(struct check *c);

/* true for OBX-2 = NM or SN. */
bool sense_is_numeric(const struct check *c, unsigned segment);

#endif
