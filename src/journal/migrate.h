/* SPDX-License-Identifier: Apache-2.0
 *
 * Bringing the log files of an older version up to date: their tables get the columns that are new, their rows stay as
 * they are, and so does their part of the hash chain.
 */
#ifndef JOURNAL_MIGRATE_H
#define JOURNAL_MIGRATE_H

#include "journal/folder.h"

/* All log files of the list, oldest first; *changed counts those that were not up to date. Each is changed in a
 * transaction of its own, so that what fails half-way goes on where it stopped. To be called by who holds the lock. */
int migrate_files(const char *folder, const struct file_list *list, const char *vfs, unsigned *changed,
		  struct aff_diag *diag);

#endif
