/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sealed log files may go, and their going. The sealer's thread looks and unlinks; in between the writer commits
 * what the file has counted (carry.h). Oldest first, one at a time; never the open file, never one that holds a message
 * some destination's cursor has not passed.
 */
#ifndef JOURNAL_RETENTION_H
#define JOURNAL_RETENTION_H

#include "journal/carry.h"
#include "journal/journal.h"

struct retention {
	const char *folder;
	int64_t keep_us;             /* 0: for ever */
	uint64_t keep_bytes;         /* 0: no limit */
	int64_t (*now_us)(void);
	int64_t wall_us, mono_us;    /* both clocks when the journal was opened */
	struct journal_retention state;
	bool told;                   /* that something is held */
};

void retention_init(struct retention *r, const char *folder, const struct journal_options *o);
bool retention_is_wanted(const struct retention *r);

/* The wall clock, which cannot leap ahead. */
int64_t retention_now(const struct retention *r);

/* Looks once. With *out->through > 0 this file may go as soon as these sums are committed. AFF_ECORRUPT and the like:
 * the oldest file cannot be read; it stays. */
int retention_look(struct retention *r, struct carry *out, struct aff_diag *diag);
/* Unlinks it, after the commit. */
int retention_remove(struct retention *r, int64_t through, struct aff_diag *diag);

#endif
