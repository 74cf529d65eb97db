/* SPDX-License-Identifier: Apache-2.0
 *
 * The index of codes of a sealed log file: for each code the blocks of 256 messages that have it, as runs, and the id
 * that each block ends with. What the codes of a message are, the caller of the journal knows (struct journal_coder).
 * Like the other indices it follows from the rows and is not in the hash chain. In a log file with data keys, codes are
 * stored as digests with the oldest of them.
 */
#ifndef JOURNAL_CODES_H
#define JOURNAL_CODES_H

#include <sqlite3.h>

#include "journal/block.h"
#include "journal/journal.h"
#include "journal/unlock.h"

/* Collected in memory, which is bounded: a file with more than CODES_MAX codes, or longer lists, gets no index. */
#define CODES_MAX      65536
#define CODES_BYTES    (16u << 20)
#define CODES_MAX_TEXT 200 /* longer ones are not in the index */

struct codes;
struct codes_how {
	const struct journal_coder *coder;
	const char *secret;          /* the file of the master keys, for messages that are encrypted */
	int (*stop)(void *arg);      /* asked now and then; may be NULL */
	void *arg;
};
/* Reads all messages of a log file whose first id is `first`. *out is NULL when it gets no index: it has too many
 * codes, or a master key is not there. AFF_EAGAIN: stop said so. */
int codes_collect(struct codes **out, sqlite3 *db, int64_t first, const struct codes_how *how, struct aff_diag *diag);
/* Stores them instead of what is stored; NULL: nothing. Within a transaction. */
int codes_store(struct codes *c, sqlite3 *db, struct aff_diag *diag);
void codes_free(struct codes *c);

/* Where messages with this code are, at least, in the log file `file`: all of the range when it has no such index, or
 * its master key is not there. */
int codes_find(sqlite3 *db, struct unlock *u, int64_t file, struct aff_view code, struct id_range within,
               struct id_ranges *out, struct aff_diag *diag);

#endif
