/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of reading that its several questions share: the list of log files, read-only connections to them, and
 * rows read a page at a time. No callback runs while a statement is open, so that a slow one does not hold the
 * writer's WAL.
 */
#ifndef JOURNAL_READER_H
#define JOURNAL_READER_H

#include <limits.h>
#include <sys/types.h>

#include "journal/folder.h"
#include "journal/journal.h"
#include "journal/pack.h"
#include "journal/schema.h"
#include "journal/unlock.h"

#define READER_CONNECTIONS 8
#define READER_PAGE_ROWS   256
#define READER_PAGE_BYTES  (1u << 20)
#define READER_GONE        1     /* the log file was removed since the folder was read: go on without it */

struct reader_file {
	int64_t first;
	sqlite3 *db;                 /* NULL: unused */
	bool sealed;
	int64_t bodies_removed_us;   /* 0: they were not */
	ino_t inode;                 /* another one: it was written anew */
	uint64_t used;               /* when: for choosing the one to close */
};

struct reader_page {
	struct aff_buf bytes;
	struct journal_message row[READER_PAGE_ROWS];
	size_t n;
	bool full;                   /* there may be more rows */
};

struct journal_reader {
	char folder[PATH_MAX];
	struct file_list list;
	struct reader_file file[READER_CONNECTIONS];
	uint64_t clock;
	struct unlock unlock;
	struct unpacker unpacker;
	struct reader_page page;
	struct aff_buf raw, ids, body; /* of the row that is given: as received, and decrypted */
};

/* Reads the folder anew; every question starts with it. AFF_ENOTFOUND: no log files. */
int reader_refresh(struct journal_reader *r, struct aff_diag *diag);
/* The i-th log file of the list, opened; valid until the next call. READER_GONE. */
int reader_file(struct journal_reader *r, size_t i, struct reader_file **out, struct aff_diag *diag);
bool reader_is_newest(const struct journal_reader *r, const struct reader_file *f);
/* The id of a name in this log file: 0, or AFF_ENOTFOUND. */
int reader_name(const struct reader_file *f, enum name_kind kind, struct aff_view text, int64_t *id,
                struct aff_diag *diag);
/* The same, as a column of SQL would want it: 0 when there is none. */
int reader_name_or_0(const struct reader_file *f, enum name_kind kind, struct aff_view text, int64_t *id,
                     struct aff_diag *diag);

/* What a row statement selects from, with m for the message; READER_BODY or READER_NO_BODY is its last column. */
#define READER_COLUMNS                                                                                                 \
	"m.id, m.received, c.text, m.peer, t.text, m.control_id, m.patient, m.device, m.verdict, m.error, s.sha256,"   \
	" m.length, m.dictionary, m.key, m.ids, m.body_sha, "
#define READER_BODY    "m.body"
#define READER_NO_BODY "NULL"
#define READER_FROM                                                                                                    \
	" FROM message m LEFT JOIN name c ON c.id = m.channel LEFT JOIN name t ON t.id = m.type"                       \
	" LEFT JOIN snapshot s ON s.id = m.snapshot "

/* Steps a bound row statement until the page is full, and resets it. AFF_ECORRUPT names file and id. */
int reader_fill(struct journal_reader *r, sqlite3_stmt *s, struct aff_diag *diag);
/* Gives one row of the page to fn, unpacked when `raw`. */
int reader_give(struct journal_reader *r, struct reader_file *f, const struct journal_message *m, bool raw,
                journal_row_fn *fn, void *arg, struct aff_diag *diag);

/* "icu-monitors" of "icu-monitors/ehr". */
struct aff_view reader_channel_of(struct aff_view destination);

/* The destinations' cursors, from the newest log file. */
struct reader_cursor {
	char destination[128];
	int64_t start, position;
};
struct reader_cursors {
	struct reader_cursor *item;
	size_t n;
};
int reader_cursors(const struct reader_file *newest, struct reader_cursors *out, struct aff_diag *diag);

#endif
