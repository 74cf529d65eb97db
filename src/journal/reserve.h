/* SPDX-License-Identifier: Apache-2.0
 *
 * Space set aside for the day the disk is full: a file of blocks without content, unlinked then, so that outcomes and
 * cursors can still be committed and delivery goes on. New messages are taken again when it could be made again: that
 * is how the journal knows that there is room. Without a reserve a small file is made and unlinked for this question
 * alone.
 */
#ifndef JOURNAL_RESERVE_H
#define JOURNAL_RESERVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <afferent/diag.h>

struct reserve {
	char folder[PATH_MAX];
	uint64_t size;               /* 0: none is wanted */
	bool held;
	int64_t tried_us;            /* monotonic: the last attempt that failed for want of space */
};

/* Finds the file that an earlier run has left, or makes it, or removes it when none is wanted. AFF_EFULL is no error:
 * `held` tells. AFF_EIO. */
int reserve_open(struct reserve *r, const char *folder, uint64_t size, struct aff_diag *diag);
/* Makes it if it is not there: 0, AFF_EFULL, AFF_EIO. */
int reserve_make(struct reserve *r, struct aff_diag *diag);
/* Gives its space back: false when there was none. */
bool reserve_release(struct reserve *r);

#endif
