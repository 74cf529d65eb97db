/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks of the open log file: for every few thousand rows one Bloom filter of the ids in them, so that a search for a
 * rare id reads a few blocks and the newest rows instead of all. The writer adds a block in the transaction of its last
 * row; a sealed file has indices instead. Like those, blocks follow from the rows and are not in the hash chain.
 */
#ifndef JOURNAL_BLOCK_H
#define JOURNAL_BLOCK_H

#include <sqlite3.h>
#include <stdbool.h>

#include <afferent/text.h>

#define BLOCK_ROWS  4096
#define BLOCK_BYTES 16384 /* 10 bits for each of three ids a row: one in a hundred blocks is read in vain */

/* The ids that a row can be found by, as its columns have them (of an encrypted one: keyed digests); empty: none. */
struct block_ids {
	struct aff_view control_id, patient, device;
};

/* The writer's side: the block that is being filled. */
struct block {
	sqlite3 *db;
	bool loaded;                 /* has the rows that are in no block yet */
	unsigned rows;
	unsigned char bits[BLOCK_BYTES];
};
/* A row with this id was added. */
int block_add(struct block *b, int64_t id, const struct block_ids *ids, struct aff_diag *diag);
/* What was added may have been rolled back. */
void block_forget(struct block *b);

/* Ids strictly between low and high. */
struct id_range {
	int64_t low, high;
};
struct id_ranges {
	struct id_range *item;
	size_t n, allocated;
};
/* Adds a range that lies behind the others; an empty one adds nothing, neighbours become one. */
int id_ranges_add(struct id_ranges *out, struct id_range range, struct aff_diag *diag);

/* Where rows may be that have all of the ids of one of the sets, in order: all of the range when no id is asked for or
 * the file has no blocks. */
#define BLOCK_SETS 65
int block_find(sqlite3 *db, const struct block_ids *ids, size_t sets, struct id_range within, struct id_ranges *out,
               struct aff_diag *diag);

#endif
