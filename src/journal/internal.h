/* SPDX-License-Identifier: Apache-2.0
 *
 * The open journal, for the files of this folder and its tests.
 */
#ifndef JOURNAL_INTERNAL_H
#define JOURNAL_INTERNAL_H

#include <limits.h>

#include "journal/checkpoint.h"
#include "journal/dictionary.h"
#include "journal/journal.h"
#include "journal/keyring.h"
#include "journal/logfile.h"
#include "journal/reserve.h"
#include "journal/sealer.h"
#include "journal/snapshot.h"
#include "journal/vfs.h"

struct journal {
	char folder[PATH_MAX];
	uint64_t file_rows, file_bytes;
	bool daily, quarantine;
	bool leaving_damaged;        /* the file before the one to start is not for the sealer */
	int64_t (*now_us)(void);
	int lock;                    /* the lock file's descriptor */
	struct vfs vfs;
	struct book book;
	struct keyring keyring;
	struct sealer sealer;
	struct snapshot_list snapshots;
	unsigned char snapshot[SHA256_SIZE]; /* the newest one that was set; zeros: none */
	struct logfile file;
	struct signer signer;
	int64_t last;                /* the newest id given out, committed or not */
	_Atomic int64_t head;        /* the newest id committed */
	int failed;                  /* the final error, 0 = none */
	bool in_transaction;
	atomic_bool full;
	struct reserve reserve;
	bool carrying;               /* the transaction holds the sums of a log file that is to be removed */
};

/* Makes the next log file with what it starts with and makes it the open one; `old`, when it is not NULL, is where
 * the cursors come from, and is closed and handed to the sealer. AFF_EFULL: nothing has changed; other failures are
 * final. */
int journal_start_file(struct journal *j, struct logfile *old, struct aff_diag *diag);
/* journal_commit with a checkpoint. */
int journal_commit_signed(struct journal *j, struct aff_diag *diag);
/* Makes this the open log file, which takes over db, in failure too. */
int journal_attach_file(struct journal *j, sqlite3 *db, int64_t first, struct aff_diag *diag);

#endif
