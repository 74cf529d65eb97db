/* SPDX-License-Identifier: Apache-2.0
 *
 * Copying log files into another folder, oldest first, under unfinished names: what backup and restore share.
 */
#ifndef JOURNAL_BACKUP_COPY_H
#define JOURNAL_BACKUP_COPY_H

#include <limits.h>
#include <sqlite3.h>

#include "journal/backup.h"

struct backup_copy {
	const char *from, *to;
	const struct backup_options *options;
	struct backup_result *out;
	struct aff_diag *diag;
	uint64_t done, total;        /* bytes */
	int64_t removed;             /* what the newest log file says that retention has removed */
};

/* Whether the log files of c->from fit into c->to. */
int backup_copy_plan(struct backup_copy *c);
/* All of them, up to what was committed when the newest one was read; fills in c->out and c->removed. */
int backup_copy_all(struct backup_copy *c);
/* What the newest log file of a folder says of itself. AFF_ENOTFOUND: there is none. */
int backup_read_end(const char *folder, struct backup_result *end, int64_t *removed, struct aff_diag *diag);
/* Whether both names are of the same folder. */
bool backup_same_folder(const char *a, const char *b);

#endif
