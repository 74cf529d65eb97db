/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking values up in the tables of tables.def.
 */
#include "validate/tables.h"

#include <strings.h>

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
	enum table_fit fit = TABLE_UNKNOWN;
	for (const char *p = t->values + 1; *p; ) {
		size_t n = strcspn(p, " ");
		if (n == value.n && memcmp(p, value.p, n) == 0)
			return TABLE_FITS;
		if (n == value.n && strncasecmp(p, value.p, n) == 0)
			fit = TABLE_OTHER_CASE;
		p += n + 1;
	}
	return fit;
}
