/* SPDX-License-Identifier: Apache-2.0
 *
 * What the hash chain is made of. Each row that is stored has a digest over everything it says (names and
 * configurations by what they are, not by their number in the log file). Each transaction that stores rows is one link:
 * its hash is over the hash of the link before, its number and time, and id and digest of every row it stored. Writer
 * and verifier compute with the functions of this file.
 */
#ifndef JOURNAL_LINK_H
#define JOURNAL_LINK_H

#include "journal/journal.h"

#define JOURNAL_ID_SIZE 16

enum link_table { LINK_MESSAGE, LINK_OUTCOME, LINK_ACTION, LINK_TABLES };
/* "message", "outcome", "action". */
const char *link_table_text(enum link_table t);

/* What is stored seldom stands in the link itself: one byte of kind, 8 of id, the digest. */
enum link_other { LINK_SNAPSHOT = 'S', LINK_DICTIONARY = 'D' };
#define LINK_OTHER_SIZE (1 + 8 + SHA256_SIZE)

struct link {
	int64_t number, at_us;
	struct link_rows {
		uint64_t n;                      /* rows this link stored */
		int64_t last;                    /* the newest id of the table in this log file, this link's included */
		unsigned char digest[SHA256_SIZE]; /* over id and digest of each; nothing when n is 0 */
	} rows[LINK_TABLES];
	struct aff_view others;
	unsigned char hash[SHA256_SIZE];
};

/* What link 1 follows. */
void link_genesis(const unsigned char journal[JOURNAL_ID_SIZE], unsigned char out[SHA256_SIZE]);
void link_hash(struct hasher *h, const unsigned char before[SHA256_SIZE], const struct link *l,
               unsigned char out[SHA256_SIZE]);
/* Adds one row to what rows[].digest is over. judged: record_judged of a message, else 0. */
void link_add_row(struct hasher *h, int64_t id, int64_t judged, const unsigned char digest[SHA256_SIZE]);

/* Digests of rows, all but their ids, and but for what the writer may still decide of a message: verdict and error. The
 * digest of a message is over that of its body, so that the rest can be verified without the body. format: enum of
 * schema.h; earlier ones are only verified.
 * dictionary: its digest, for earlier ones. */
void record_message(struct hasher *h, int format, const struct journal_message *m, const unsigned char *dictionary,
                    unsigned char out[SHA256_SIZE]);
void record_outcome(struct hasher *h, int format, const struct journal_outcome *o, unsigned char out[SHA256_SIZE]);
void record_action(struct hasher *h, const struct journal_action *a, unsigned char out[SHA256_SIZE]);
void record_dictionary(struct hasher *h, int format, int64_t key, struct aff_view body, unsigned char out[SHA256_SIZE]);
void record_snapshot(struct hasher *h, const unsigned char sha[SHA256_SIZE], struct aff_view body,
                     unsigned char out[SHA256_SIZE]);
/* What stands in the column of an id. */
struct aff_view record_id(const struct journal_message *m, enum journal_id which);
/* Verdict and error of a message as one number. */
int64_t record_judged(const struct journal_message *m);
/* What a row keeps of its digest, so that a damaged row can be named: it proves nothing. */
int64_t record_mark(int64_t id, int64_t judged, const unsigned char digest[SHA256_SIZE]);

#endif
