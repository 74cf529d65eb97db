/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking values up in the tables of tables.def.
 */
#include "validate/tables.h"

static const struct hl7_table tables[] = {
#define TABLE(number, name, values) {number, name, values},
#include "validate/tables.def"
#undef TABLE
};

const struct hl7_table *hl7_table(unsigned number)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		if (tables[i].number == number)
			return &tables[i];
	}
	return NULL;
}

enum table_fit hl7_table_fit(const struct hl7_table *t, struct aff_view value)
{
	char between_blanks[16] = " ";
	if (value.n > sizeof between_blanks - 3 || memchr(value.p, ' ', value.n) || memchr(value.p, '\0', value.n))
		return TABLE_UNKNOWN;
	memcpy(between_blanks + 1, value.p, value.n);
	between_blanks[value.n + 1] = ' ';
	if (strstr(t->values, between_blanks))
		return TABLE_FITS;
	return strcasestr(t->values, between_blanks) ? TABLE_OTHER_CASE : TABLE_UNKNOWN;
}
