/* SPDX-License-Identifier: Apache-2.0
 *
 * The open log file, as the writer sees it: prepared statements and what it knows to be stored already. Names,
 * snapshots and dictionaries are stored when the first row needs them.
 */
#ifndef JOURNAL_LOGFILE_H
#define JOURNAL_LOGFILE_H

#include "journal/block.h"
#include "journal/chain.h"
#include "journal/checkpoint.h"
#include "journal/dictionary.h"
#include "journal/journal.h"
#include "journal/keyring.h"
#include "journal/schema.h"
#include "journal/snapshot.h"

enum logfile_statement {
	LOGFILE_BEGIN,
	LOGFILE_COMMIT,
	LOGFILE_PAGES,
	LOGFILE_FIND_NAME,
	LOGFILE_ADD_NAME,
	LOGFILE_FIND_SNAPSHOT,
	LOGFILE_ADD_SNAPSHOT,
	LOGFILE_ADD_DICTIONARY,
	LOGFILE_ADD_KEY,
	LOGFILE_NAME_DICTIONARY,
	LOGFILE_ADD_MESSAGE,
	LOGFILE_ADD_OUTCOME,
	LOGFILE_SET_CURSOR,
	LOGFILE_SET_SKEW,
	LOGFILE_ADD_ACTION,
	LOGFILE_ADD_LINK,
	LOGFILE_ADD_CHECKPOINT,
	LOGFILE_SET_ATTEMPTS,
	LOGFILE_FORGET_ATTEMPTS,
	LOGFILE_STATEMENTS
};

#define LOGFILE_NAMES 256

struct logfile {
	sqlite3 *db;
	int64_t first;
	sqlite3_stmt *statement[LOGFILE_STATEMENTS];
	uint64_t rows, bytes;
	int64_t oldest;                        /* id of its first message; meaningless without rows */
	int64_t acted;  /* time of the newest action */
	int64_t skew;                          /* stored: at least id - received of every message */
	struct book *book;
	struct keyring *keyring;
	struct snapshot_list *snapshots;
	struct chain chain;
	struct block block;
	/* What is stored in this file; forgotten when a transaction is rolled back. */
	uint32_t key;
	uint32_t dictionaries[BOOK_DICTIONARIES];
	unsigned ndictionaries;
	int64_t snapshot;
	unsigned char snapshot_sha[SHA256_SIZE];
	struct logfile_name {
		int64_t id;
		enum name_kind kind;
		unsigned char n;
		char text[64];
	} names[LOGFILE_NAMES];
};

/* Takes over db, in success only. */
int logfile_attach(struct logfile *f, sqlite3 *db, int64_t first, struct book *book, struct keyring *keyring,
		   struct snapshot_list *snapshots, struct aff_diag *diag);
/* The same for a file that has just been made: its chain is not begun. */
int logfile_attach_new(struct logfile *f, sqlite3 *db, int64_t first, struct book *book, struct keyring *keyring,
		       struct snapshot_list *snapshots, struct aff_diag *diag);
/* A new file: the chain begins, or goes on where that of `from` ends, signed by `anchor`. In its first transaction. */
int logfile_begin_chain(struct logfile *f, const struct chain *from, const struct checkpoint *anchor,
                        struct aff_diag *diag);
/* A log file without a hash chain, to be closed only: there are no statements. */
void logfile_attach_old(struct logfile *f, sqlite3 *db, int64_t first);
/* Closes it; without a checkpoint when the sealer takes over, so that the writer does not wait for it. */
void logfile_close(struct logfile *f, bool checkpoint);

int logfile_begin(struct logfile *f, struct aff_diag *diag);
/* Stores the link over what was added, if anything was. */
int logfile_link(struct logfile *f, struct aff_diag *diag);
int logfile_add_checkpoint(struct logfile *f, const struct checkpoint *c, struct aff_diag *diag);
/* *records, when not NULL: how many rows were linked. */
int logfile_commit(struct logfile *f, uint64_t *records, struct aff_diag *diag);
void logfile_rollback(struct logfile *f);

int logfile_add_message(struct logfile *f, const struct journal_message *m, struct aff_diag *diag);
int logfile_add_outcome(struct logfile *f, const struct journal_outcome *o, struct aff_diag *diag);
int logfile_add_action(struct logfile *f, struct journal_action *a, struct aff_diag *diag);
/* A destination that is new starts at `start`. */
int logfile_set_cursor(struct logfile *f, struct aff_view destination, int64_t start, int64_t position,
                       struct aff_diag *diag);
/* n = 0 forgets it. */
int logfile_set_attempts(struct logfile *f, struct aff_view destination, int64_t message, int64_t n,
			 struct aff_diag *diag);
int logfile_add_snapshot(struct logfile *f, const unsigned char sha[SHA256_SIZE], struct aff_diag *diag);
int logfile_add_dictionary(struct logfile *f, uint32_t id, struct aff_diag *diag);

#endif
