/* SPDX-License-Identifier: Apache-2.0
 *
 * What removed log files have counted, so that totals and ledgers stay what they were. The open file's meta table holds
 * the sums, under keys "carried:<what>" and "carried:<what>:<destination>", and under "removed" the first id of the
 * newest log file that was removed. Sums and mark change in one transaction, before the file is unlinked: a file up to
 * the mark counts no more, whether it is still there or not.
 */
#ifndef JOURNAL_CARRY_H
#define JOURNAL_CARRY_H

#include <inttypes.h>
#include <sqlite3.h>

#include "journal/journal.h"

#define CARRY_KEY    160
#define CARRY_DETAIL 160
/* First id of the log file, how many bodies go, how many stay. */
#define CARRY_BODIES_KIND   "remove-bodies"
#define CARRY_BODIES_DETAIL "log-%016" PRId64 ".db: %" PRIu64 " bodies removed, %" PRIu64 " kept"

struct carry {
	int64_t through;             /* the log file that this is about */
	bool bodies;                 /* only its bodies go; else all of it, and these are its sums */
	const char *action;          /* to be recorded, "remove-file" */
	char detail[CARRY_DETAIL];
	struct carry_sum {
		char key[CARRY_KEY];
		size_t of;           /* where in it the destination's name begins, 0 = it has none */
		int64_t n;
	} *sum;
	size_t n;
};

/* The sums of one log file that goes; what goes of one that stays. AFF_ENOMEM. */
int carry_make(struct carry *c, int64_t first, const struct journal_stats *file);
void carry_make_bodies(struct carry *c, int64_t first, const char *detail);
void carry_free(struct carry *c);

/* Adds the sums to those of an open log file, and sets the mark; within its transaction. */
int carry_write(const struct carry *c, sqlite3 *to, struct aff_diag *diag);
/* All sums and the mark, into a log file that has none. */
int carry_copy(sqlite3 *from, sqlite3 *to, struct aff_diag *diag);

/* Forgets a destination: its cursor and its sums. AFF_ENOTFOUND: it has no cursor. Within a transaction. */
int carry_forget(sqlite3 *db, struct aff_view destination, struct aff_diag *diag);

/* The first id of the newest log file that was removed, 0 = none was. */
int carry_mark(sqlite3 *db, int64_t *mark, struct aff_diag *diag);
/* Adds the sums to the totals, and to the ledgers that are there. */
int carry_read(sqlite3 *db, struct journal_stats *to, struct aff_diag *diag);

#endif
