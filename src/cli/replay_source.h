/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages of a replay, oldest first, each with what it has come to at the destination. The journal is read page by
 * page: a long replay holds no read lock.
 */
#ifndef CLI_REPLAY_SOURCE_H
#define CLI_REPLAY_SOURCE_H

#include "journal/journal.h"

#define SOURCE_IDS_MAX 10000
#define SOURCE_ROWS 256

struct source_item {
	int64_t id;
	enum journal_outcome_kind before; /* its newest outcome, 0 = it has none */
	bool pending;                     /* the running engine deals with it */
	int64_t copy;                     /* the edited copy that it was delivered as; 0 = it was not */
	struct aff_view raw;
};

struct source {
	/* set by the caller */
	struct journal_reader *reader;
	struct journal_query
		query;            /* its channel is that of chosen messages too; before_id: the last one to leave out */
	int64_t last;             /* the last one to take; INT64_MAX: no matter */
	const char *delivered_to; /* the destination whose edited copies count */
	const char *destination;  /* as outcomes name it */
	enum journal_outcome_kind only; /* those that have come to this alone; 0 any */
	int64_t ids[SOURCE_IDS_MAX];    /* chosen ones, in order; none: those of the query */
	size_t nids;
	/* the rest: source_... */
	size_t next_id;
	int64_t passed;              /* the newest message that has no body any more; 0: none yet */
	uint64_t left_out; /* chosen ones that are not sent */
	struct source_page *page;
};

int source_open(struct source *s);
void source_close(struct source *s);
/* Takes the ids of a command line, sorts them and leaves repeated ones out. COMMAND_FAILED, told. */
int source_choose(struct source *s, char **argv, int n);
/* How many there are, the first and the last one. COMMAND_FAILED, told. */
int source_count(struct source *s, uint64_t *n, int64_t *first, int64_t *last);
/* The next ones: *items until the next call; *n = 0 at the end. COMMAND_FAILED, told. */
int source_next(struct source *s, const struct source_item **items, size_t *n);

#endif
