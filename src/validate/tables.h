/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 tables with fixed values.
 */
#ifndef VALIDATE_TABLES_H
#define VALIDATE_TABLES_H

#include <afferent/text.h>

struct hl7_table {
	unsigned number;
	const char *name;
	const char *values; /* each between blanks */
};

/* NULL when the table is not one that is checked. */
const struct hl7_table *hl7_table(unsigned number);

enum table_fit { TABLE_FITS, TABLE_OTHER_CASE, TABLE_UNKNOWN };
enum table_fit hl7_table_fit(const struct hl7_table *t, struct aff_view value);

#endif
