/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the hash chain in the open log file: the last link that was committed and what the next one will be over.
 * A transaction that is rolled back leaves no trace here.
 */
#ifndef JOURNAL_CHAIN_H
#define JOURNAL_CHAIN_H

#include <sqlite3.h>

#include "journal/link.h"

struct chain {
	unsigned char journal[JOURNAL_ID_SIZE]; /* which journal this is; random */
	struct hasher *record, *rows[LINK_TABLES];
	unsigned char hash[SHA256_SIZE];        /* of link `number`, committed */
	int64_t number;
	int64_t last[LINK_TABLES];              /* the newest ids that a committed link covers */
	struct link next;                       /* being made; its others are in the buffer */
	struct aff_buf others;
	bool linked;                            /* next is complete and stored, not yet committed */
};

/* 0 or AFF_ENOMEM. */
int chain_init(struct chain *c);
void chain_free(struct chain *c);
/* Where the chain of this log file ends: its last link, else what it goes on from. AFF_ECORRUPT. */
int chain_load(struct chain *c, sqlite3 *db, struct aff_diag *diag);
/* A file that is being made goes on where another one ends (NULL: a new journal begins). */
int chain_go_on(struct chain *c, const struct chain *from);

void chain_add(struct chain *c, enum link_table t, int64_t id, int64_t judged,
               const unsigned char digest[SHA256_SIZE]);
int chain_add_other(struct chain *c, enum link_other kind, int64_t id, const unsigned char digest[SHA256_SIZE]);
/* Whether there is anything to link. */
bool chain_is_open(const struct chain *c);
/* The records that the next link is over; what stands in the link itself counts as one. */
uint64_t chain_records(const struct chain *c);
/* Completes the next link: it is to be stored. */
const struct link *chain_link(struct chain *c, int64_t at_us);
/* The last link's number and hash, the one not yet committed included. */
int64_t chain_end(const struct chain *c, const unsigned char **hash);
/* The transaction was committed, or rolled back. Returns the records that were linked. */
uint64_t chain_committed(struct chain *c);
void chain_forget(struct chain *c);

#endif
