/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping tables: a code of one coding system to a code of another, with unit, LOINC and name beside it, and what is
 * known of the values that arrive with it. Built by one thread, then read by any number of them.
 */
#ifndef AFFERENT_TABLE_H
#define AFFERENT_TABLE_H

#include <afferent/unit.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_table;

/* What a row asks for beside its code. */
enum aff_table_asks { AFF_ASKS_NAME = 1, AFF_ASKS_SYSTEM = 2, AFF_ASKS_UNIT = 4, AFF_ASKS_WITHIN = 8 };

/* One row. Every view is empty where the table says nothing. */
struct aff_table_row {
	/* What must have arrived for the row to be meant. */
	struct aff_view from;        /* the code; with `*` at its end all codes that begin so, `*` alone: any */
	struct aff_view from_name;   /* its name */
	unsigned asks;               /* set by the table: enum aff_table_asks, or'ed */
	struct aff_view from_system; /* its coding system, said and equal; else the table's from_system counts */
	struct aff_view from_unit;   /* the unit beside it: as it is written, or another spelling of the same unit */
	struct aff_view within;      /* the code of an OBX that contains it (OBX-4): its channel, module, device */
	/* What it becomes. */
	struct aff_view code;        /* the code; empty: the code that arrives is known, and has no counterpart */
	struct aff_view name;        /* its name (REFID for MDC) */
	struct aff_view loinc;       /* LOINC beside it */
	struct aff_view loinc_name;
	struct aff_view unit;        /* UCUM: the unit in which the value is wanted */
	struct aff_view category;    /* of FHIR's observation-category: vital-signs; for programs that read the table */
	struct aff_view scale;       /* a decimal number above 0: the value that arrives is multiplied by it */
	struct aff_view low, high;   /* decimal numbers: a value beyond them is implausible */
	struct aff_view sentinels;   /* one a line: what arrives instead of a value where there is none, -1 or --- */
	struct aff_view source;      /* who says so, for people */
	bool preferred;              /* of the rows with one `code` the one for the way back */
	unsigned line, column;       /* where the row stands, for messages */
	/* Set by the table: from_unit and unit where they are known, else NULL. */
	const struct aff_unit *from_unit_known, *unit_known;
};

/* from_system, to_system: HL7 coding system ids (MDC, LN, 99PHILIPS), may be empty: then any system matches.
 * Returns 0, AFF_ENOMEM. */
int aff_table_new(struct aff_table **out, const char *name, struct aff_view from_system, struct aff_view to_system);
void aff_table_free(struct aff_table *t);

/* Adds a row; its texts are copied. AFF_ETABLE when a row for the same code under the same conditions stands there
 * already (existing_line tells where), AFF_EARGUMENT when `from` is empty or has a `*` elsewhere than at its end, or
 * when scale, low or high are no numbers; AFF_ELIMIT past 500,000 rows or 64 of one code; AFF_ENOMEM. */
int aff_table_add(struct aff_table *t, const struct aff_table_row *row, unsigned *existing_line);

/* What is wrong with two rows of a table. */
enum aff_table_fault {
	AFF_TABLE_CONFLICT,  /* both can be meant by what arrives, and neither asks for more than the other */
	AFF_TABLE_AMBIGUOUS, /* both become one code: it is not known which is the way back */
	AFF_TABLE_PREFERRED  /* the same, and both are preferred */
};

/* To be called once, behind the last row: tells the faults, at most 100 of them. both_ways: the table will be asked by
 * aff_table_back too. Returns 0, AFF_ETABLE when there are faults, AFF_ENOMEM. */
int aff_table_finish(struct aff_table *t, bool both_ways,
                     void (*tell)(void *context, enum aff_table_fault fault, const struct aff_table_row *row,
                                  const struct aff_table_row *other),
                     void *context);

const char *aff_table_name(const struct aff_table *t);
struct aff_view aff_table_from_system(const struct aff_table *t);
struct aff_view aff_table_to_system(const struct aff_table *t);
size_t aff_table_rows(const struct aff_table *t);
const struct aff_table_row *aff_table_at(const struct aff_table *t, size_t i);

/* A row whose `from` is exactly this text, whatever else it asks for; NULL when there is none. */
const struct aff_table_row *aff_table_find(const struct aff_table *t, struct aff_view code);

/* What a `fit` answers to whether what arrived is a row's: its from_system, from_name, from_unit and within; the code
 * was compared already. AFF_FIT_NO: something else than the system differs; AFF_FIT_FOREIGN: it is the code of another
 * system; from AFF_FIT_YES on: it fits, the more the nearer `within` is. */
enum { AFF_FIT_FOREIGN = -1, AFF_FIT_NO = 0, AFF_FIT_YES = 1 };

/* The row that is meant by a code: of those with just this code, else those with the longest beginning of it, the one
 * that fits with the most conditions, then the one whose `within` is nearest. NULL when there is none or when that does
 * not decide. *other is set where rows were there but did not fit: such a code is never taken by a row for a shorter
 * beginning, it is known and something else is meant. */
const struct aff_table_row *aff_table_match(const struct aff_table *t, struct aff_view code,
                                            int (*fit)(void *context, const struct aff_table_row *row), void *context,
                                            bool *other);

/* The row that becomes this code, for the way back. NULL when there is none but rows that scale or end in *,
 * or the table is not for both ways. */
const struct aff_table_row *aff_table_back(const struct aff_table *t, struct aff_view code);
bool aff_table_both_ways(const struct aff_table *t);

/* Whether some row asks for a unit or a container: such rows are meant for readings (OBX) alone. */
bool aff_table_asks_reading(const struct aff_table *t);
/* Whether this is the code of a container that some row asks for. */
bool aff_table_is_container(const struct aff_table *t, struct aff_view code);

#ifdef __cplusplus
}
#endif
#endif
