/* SPDX-License-Identifier: Apache-2.0
 *
 * What a row of a mapping table knows of the values of an OBX: sentinels, scale, what is plausible, the unit.
 */
#ifndef RULES_ROW_VALUE_H
#define RULES_ROW_VALUE_H

#include "rules/step.h"

/* Does all of it, in the order that rules.h tells. Returns as a step's run. */
int row_value(struct run *run, unsigned segment, const struct aff_table_row *row);

#endif
