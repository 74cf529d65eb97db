/* SPDX-License-Identifier: Apache-2.0
 *
 * A sealed log file written once more beside itself, row for row and with what is derived made anew, that then takes
 * the old one's place in one step: whoever reads the old one goes on reading it, and a crash leaves one whole file or
 * the other. The open log file is never touched.
 */
#ifndef JOURNAL_REWRITE_H
#define JOURNAL_REWRITE_H

#include <limits.h>
#include <sqlite3.h>

#include <afferent/text.h>

#include "journal/journal.h"

struct rewrite {
	const char *folder;
	char path[PATH_MAX], unfinished[PATH_MAX];
	int (*look)(void *arg);      /* called now and then; not 0: break it off (AFF_EAGAIN) */
	void *arg;
	int steps;                   /* of SQLite between two looks (0: 20,000) */
	bool strip;                  /* leave out the bodies, and the dictionaries that nobody needs then, but for: */
	const int64_t *kept;         /* the ids of these messages, in order */
	size_t nkept;
	int64_t at_us;               /* when, for people */
	const struct journal_coder *coder; /* makes the index of codes anew; NULL: it is copied */
	struct aff_diag *diag;
};

/* One at a time in a folder: 0 and a descriptor to close; AFF_EBUSY. */
int rewrite_lock(const char *folder, int *lock, struct aff_diag *diag);
/* r->folder, look, arg and the like are set. AFF_EBUSY: it is not sealed, or not finished; AFF_ENOTFOUND: it was
 * removed meanwhile, and stays so; AFF_ECORRUPT, AFF_EFULL, AFF_EIO, AFF_EAGAIN: the file stays as it is. */
int rewrite_file(struct rewrite *r, int64_t first);

#endif
