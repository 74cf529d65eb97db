/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping tables: a code of one coding system to a code of another, with unit, LOINC and name beside it. Built
 * once, then read by any number of threads.
 */
#ifndef AFFERENT_TABLE_H
#define AFFERENT_TABLE_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_table;

/* One row. Every view is empty where the table says nothing. */
struct aff_table_row {
	struct aff_view from;        /* the code that arrives */
	struct aff_view from_name;   /* its name, where the row wants it to match too */
	struct aff_view code;        /* the code it becomes */
	struct aff_view name;        /* its name (REFID for MDC) */
	struct aff_view loinc;       /* LOINC beside it */
	struct aff_view loinc_name;
	struct aff_view unit;        /* UCUM: the unit in which the value is wanted */
	unsigned line;               /* where the row stands, for messages */
};

/* from_system, to_system: HL7 coding system ids (MDC, LN, 99PHILIPS), may be empty: then any system matches.
 * Returns 0, AFF_ENOMEM. */
int aff_table_new(struct aff_table **out, const char *name, struct aff_view from_system, struct aff_view to_system);
void aff_table_free(struct aff_table *t);

/* Adds a row; its texts are copied. AFF_ETABLE when `from` stands there already (existing_line tells where),
 * AFF_EARGUMENT when it is empty, AFF_ELIMIT past 4 million rows, AFF_ENOMEM. */
int aff_table_add(struct aff_table *t, const struct aff_table_row *row, unsigned *existing_line);

const char *aff_table_name(const struct aff_table *t);
struct aff_view aff_table_from_system(const struct aff_table *t);
struct aff_view aff_table_to_system(const struct aff_table *t);
size_t aff_table_rows(const struct aff_table *t);
const struct aff_table_row *aff_table_at(const struct aff_table *t, size_t i);

/* The row for a code, NULL when there is none. */
const struct aff_table_row *aff_table_find(const struct aff_table *t, struct aff_view code);

#ifdef __cplusplus
}
#endif
#endif
