/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a mapping table: rows, and hashes from a text to the rows that have it.
 */
#ifndef TERMS_TABLE_INDEX_H
#define TERMS_TABLE_INDEX_H

#include <afferent/table.h>

/* What a look-up reads of a row lies in one line of the cache: in a large table each line is waited for. */
struct table_row {
	_Alignas(64) uint32_t next; /* the next row of the same key, one that asks for less or as much; 0: none */
	uint32_t conditions;        /* how many the row has */
	char start[16];             /* the beginning of `from`, with zeros behind it */
	struct aff_table_row row;
};

/* 0 in `row` is a free slot, otherwise the number of the row plus 1; `tag` is the upper half of the hash. */
struct slot {
	uint32_t row, tag;
};

/* What of a row an index is over. */
enum index_key { KEY_EXACT, KEY_PREFIX, KEY_BACK, KEY_WITHIN };

/* Open addressing; at most half of the slots are in use. All zero: empty. */
struct table_index {
	struct slot *slots;
	size_t mask, used;
};

_Static_assert(offsetof(struct table_row, row.asks) + sizeof(unsigned) <= 64, "what a look-up reads is one line");

enum { PREFIX_MOST = 250 };

typedef int fit_fn(void *context, const struct aff_table_row *row);
typedef void fault_fn(void *context, enum aff_table_fault fault, const struct aff_table_row *row,
                      const struct aff_table_row *other);

struct table_chunk;
struct aff_table {
	struct table_chunk *chunks;
	struct table_row *rows;
	size_t count, capacity;
	struct table_index exact, prefixes, back, within;
	uint64_t lengths[PREFIX_MOST / 64 + 1]; /* of the prefixes: a bit for each */
	unsigned longest;                       /* the longest of them */
	bool any;                               /* there are prefixes */
	unsigned asks;                          /* what some row asks for */
	bool both_ways;
	struct aff_view name, from_system, to_system;
};

struct aff_view index_text(const struct table_row *row, enum index_key key);

/* The first 16 bytes of a text, with zeros behind it. */
void index_start(char start[16], struct aff_view text);

/* The first row with this text, as a number plus 1; 0: none. */
uint32_t index_find(const struct aff_table *t, const struct table_index *index, enum index_key key,
                    struct aff_view text);

/* The place where the number of the first row with this text stands, made when there is none; NULL: no memory. */
uint32_t *index_place(const struct aff_table *t, struct table_index *index, enum index_key key, struct aff_view text);

/* Whether two rows ask for the same unit, or for none. */
bool table_same_unit(const struct aff_table_row *a, const struct aff_table_row *b);

#endif
