/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a search: the condition on the rows of one log file, and which of them have the wanted outcome.
 */
#ifndef JOURNAL_SEARCH_H
#define JOURNAL_SEARCH_H

#include "journal/block.h"
#include "journal/reader.h"

/* The ids of a query as the rows of one log file have them: clear, or as digests with one of its data keys. */
#define SEARCH_KEYS 64
struct search_ids {
	size_t keys;
	unsigned char hashed[SEARCH_KEYS][JOURNAL_IDS][JOURNAL_HASHED_SIZE];
	struct block_ids as[SEARCH_KEYS + 1]; /* the clear ones first */
};
/* Of a query that asks for no id: the clear ones alone. AFF_EKEY and others of unlock_key; AFF_ELIMIT: there are too
 * many keys. */
int search_find_ids(struct search_ids *ids, struct journal_reader *r, const struct reader_file *f,
		    const struct journal_query *q, struct aff_diag *diag);

/* Appends "SELECT ... WHERE ... ORDER BY ... LIMIT ..." for a query's columns; select has all before WHERE, the id of
 * the message first. keys: of the log file. An index gives the rows with one id in order: of a sealed file, each data
 * key has a SELECT of its own. */
void search_put_select(struct aff_buf *sql, const char *select, const struct journal_query *q, size_t keys,
		       bool sealed);
/* Binds what search_put_select left open. AFF_ENOTFOUND: the log file has no such row (a name in the query is not in
 * it). */
int search_bind(sqlite3_stmt *s, const struct reader_file *f, const struct journal_query *q,
		const struct search_ids *ids, struct id_range range, int64_t limit, struct aff_diag *diag);

/* ---- outcomes ---- */

/* A message that may have the wanted status. */
struct candidate {
	int64_t id;
	uint32_t wanted; /* pending: how many destinations must have an outcome for it not to be pending */
	uint32_t seen;   /* destinations at which an outcome was found, less those at which it is so no more */
};

struct status {
	struct journal_reader *reader;
	const struct journal_query *query;
	struct reader_cursors cursors;  /* of the destinations in question */
	struct candidate *candidate;
	size_t n, window;
	struct outcome_bounds {
		bool known;
		int64_t low, high;      /* messages that wanted outcomes of a log file are about */
		int64_t n;              /* how many outcomes, as the totals have it */
	} *bounds;                      /* one for each log file of the list */
	struct {
		int64_t low, high, expected;
		int64_t *id;
		size_t n, allocated;
	} few;                          /* messages with wanted outcomes, when they are few */
};

int status_init(struct status *s, struct journal_reader *r, const struct journal_query *q, struct aff_diag *diag);
void status_free(struct status *s);
/* Messages with ids up to this one are not pending anywhere; 0 when another status is asked for. */
int64_t status_settled(const struct status *s);
/* Leaves, of the ranges in log file i, where messages may have the wanted outcome; not for pending ones. */
int status_narrow(struct status *s, size_t i, struct id_ranges *ranges, struct aff_diag *diag);
/* Adds candidates, up to a window of them, from a bound statement that gives id and channel. */
int status_take(struct status *s, const struct reader_file *f, sqlite3_stmt *statement, struct aff_diag *diag);
/* Finds the candidates' outcomes in their own log file i and in later ones. */
int status_resolve(struct status *s, size_t i, struct aff_diag *diag);
bool status_matches(const struct status *s, const struct candidate *c);

#endif
