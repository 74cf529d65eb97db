/* SPDX-License-Identifier: Apache-2.0
 *
 * The file "afferent-backup" in a folder that holds one, or that one is being restored to: a few lines of text, written
 * anew as a whole.
 */
#ifndef JOURNAL_BACKUP_MARK_H
#define JOURNAL_BACKUP_MARK_H

#include "journal/backup.h"

enum backup_state {
	BACKUP_NONE,       /* there is no such file */
	BACKUP_BEGUN,      /* the first backup to this folder is not complete */
	BACKUP_FINISHING,  /* complete, but files still have their unfinished names */
	BACKUP_COMPLETE,
	BACKUP_RESTORING   /* the folder is to become a journal */
};

struct backup_mark {
	enum backup_state state;
	int64_t removed;             /* log files up to this first id do not belong to it */
	struct backup_result is;     /* journal, taken_us, link, signed_link */
};

/* No such file is BACKUP_NONE. AFF_ECORRUPT: it is not one of ours. */
int backup_mark_read(struct backup_mark *m, const char *folder, struct aff_diag *diag);
int backup_mark_write(const struct backup_mark *m, const char *folder, struct aff_diag *diag);
int backup_mark_remove(const char *folder, struct aff_diag *diag);

/* Gives all log files their names and takes away those that do not belong to it, durably; *removed counts the latter,
 * may be NULL. */
int backup_mark_finish(const struct backup_mark *m, const char *folder, unsigned *removed, struct aff_diag *diag);

/* Beside a journal that was restored: whoever opens it records that and removes the note. AFF_ENOTFOUND: there is none
 * (diag untouched). */
int backup_note_write(const char *folder, const char *who, const struct backup_mark *of, struct aff_diag *diag);
int backup_note_read(const char *folder, struct aff_buf *who, struct aff_buf *detail, struct aff_diag *diag);
int backup_note_remove(const char *folder, struct aff_diag *diag);

#endif
