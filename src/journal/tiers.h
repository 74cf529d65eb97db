/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sealed log files may lose the bodies of their messages, and how: metadata, outcomes and the hash chain stay.
 * The sealer's thread looks and rewrites; in between the writer commits the action that vouches for it,
 * "remove-bodies". Oldest first, one at a time; never one that holds a message some destination's cursor has not
 * passed. The bodies of messages that are dead letters then are kept as long as their log file is.
 */
#ifndef JOURNAL_TIERS_H
#define JOURNAL_TIERS_H

#include "journal/retention.h"

struct tiers {
	int64_t keep_us;             /* bodies; 0: as long as their log files */
	int64_t done;                /* log files up to this one have no bodies any more, or cannot lose them */
	int64_t again_us;            /* monotonic: not before, because it failed */
	struct tiers_file {
		int64_t first;       /* 0: none */
		char detail[CARRY_DETAIL]; /* of its action; recorded: it was committed */
		bool recorded;
		int64_t *kept;
		size_t nkept;
	} file;
};

void tiers_init(struct tiers *t, const struct journal_options *o);
void tiers_free(struct tiers *t);

/* Looks once. With *out->through > 0 the bodies of this file may go as soon as this action is committed; with
 * *now they may go at once, as it was committed before. *unfinished > 0: this file is sealed, but keeps its write-ahead
 * log: the sealer is to finish it. */
int tiers_look(struct tiers *t, struct retention *r, struct carry *out, bool *now, int64_t *unfinished,
	       struct aff_diag *diag);
/* Removes the bodies of the file that tiers_look has found. look: not 0 breaks it off. */
int tiers_remove(struct tiers *t, struct retention *r, int (*look)(void *arg), void *arg, struct aff_diag *diag);

#endif
