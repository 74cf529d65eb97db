/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a mapping table: rows from YAML and rows from a .csv become the same texts with their places, and are checked
 * and added in one way.
 */
#ifndef CONF_TABLE_H
#define CONF_TABLE_H

#include "conf/reader.h"

/* The code that arrives, then the keys of a row in their order. */
enum {
	COLUMN_FROM,
	COLUMNS = KEY_ROW_source - KEY_ROW_from_system + 2
};
#define COLUMN(name) ((unsigned)(KEY_ROW_##name - KEY_ROW_from_system) + 1)

static inline const struct key *column_key(unsigned column) /* not of COLUMN_FROM */
{
	return &conf_keys[(unsigned)KEY_ROW_from_system + column - 1];
}

static inline const char *column_name(unsigned column)
{
	return column == COLUMN_FROM ? "from" : column_key(column)->name;
}

/* Lists have one item a line. */
struct row_text {
	struct aff_view text[COLUMNS];
	struct place at[COLUMNS];
};

struct table_reader {
	struct reader *r;
	struct aff_table *table;
	bool both_ways;
	struct aff_buf lists;    /* where the lists of a row are put together */
	const char *rows_file;   /* where the rows stand */
};

/* Checks a row and adds it; what is wrong is reported in the current file. */
void table_add_row(struct table_reader *t, const struct row_text *row);

/* What can be told only when all rows are there. */
void table_finish(struct table_reader *t);

/* All rows of a .csv file. */
void table_read_csv(struct table_reader *t, struct aff_view bytes);

#endif
