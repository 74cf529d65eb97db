/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies as the journal stores them: one zstd frame with its checksum, without the dictionary's id and the content's
 * size, which are columns of the row. Level 1: it costs less than the pages it saves. What cannot be compressed grows
 * by 13 bytes.
 */
#ifndef JOURNAL_PACK_H
#define JOURNAL_PACK_H

#include <sqlite3.h>
#include <zstd.h>

#include <afferent/text.h>

#include "journal/unlock.h"

#define PACK_MAX_MESSAGE (128u << 20) /* larger lengths in a row are damage */

/* Without a dictionary; the length goes first (4 bytes, big-endian). For configuration snapshots. */
int pack_alone(struct aff_view bytes, struct aff_buf *out);
int unpack_alone(struct aff_view packed, struct aff_buf *out);

/* The reader's side: decompression with the dictionaries of the log files it reads, the last few of them kept. */
#define UNPACK_DICTIONARIES 16
struct unpacker {
	struct unlock *unlock;
	ZSTD_DCtx *context;
	struct unpack_dictionary {
		int64_t file;           /* first id of the log file; 0 = unused */
		uint32_t id;
		ZSTD_DDict *compiled;
	} cache[UNPACK_DICTIONARIES];
	unsigned next;                  /* the entry that goes next */
};
/* unlock: for dictionaries that are encrypted. */
int unpacker_init(struct unpacker *u, struct unlock *unlock);
void unpacker_free(struct unpacker *u);
/* Appends the message of `length` bytes; `body` is no longer encrypted. `db`, `file`: where the dictionary is found.
 * AFF_ECORRUPT; AFF_EKEY and others of unlock_key. */
int unpack(struct unpacker *u, sqlite3 *db, int64_t file, uint32_t dictionary, struct aff_view body, uint32_t length,
           struct aff_buf *out);

#endif
