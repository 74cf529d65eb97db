/* SPDX-License-Identifier: Apache-2.0
 *
 * A newest log file that is damaged gets another name, under which nothing reads or removes it: damaged-<first id>.db.
 * The next one goes on with the cursors and the hash chain as far as they can be read, from it or else from the file
 * before. What was in it and was not delivered is not delivered: that is for a person to look at, and the action
 * "quarantine" and an error in the log say so.
 */
#ifndef JOURNAL_QUARANTINE_H
#define JOURNAL_QUARANTINE_H

#include "journal/internal.h"

/* The newest damaged file if it is newer than `newest`, else 0. */
int quarantine_find(const char *folder, int64_t newest, int64_t *damaged, struct aff_diag *diag);
/* Sets the newest log file aside, whatever of it is open, and goes on. why: what is wrong with it. */
int quarantine_newest(struct journal *j, const struct file_list *list, const struct aff_diag *why,
                      struct aff_diag *diag);
/* Goes on behind a file that was set aside. list: the log files that there are, the damaged one perhaps among them. */
int quarantine_go_on(struct journal *j, int64_t damaged, const struct file_list *list, struct aff_diag *diag);

#endif
