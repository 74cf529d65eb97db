/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups of a journal, while an engine writes it or not, and their way back.
 *
 * A backup is a folder of log files like the journal's own, which every command reads and verifies; the newest of them
 * ends with a transaction that was committed after the backup began. A file "afferent-backup" beside them tells what it
 * is, and keeps an engine from going on with it. Log files are written under unfinished names and get their names all
 * together at the end: what was broken off shows the backup before, whole, and is taken up again by the next run. A log
 * file that is there already is not copied again; one that retention took from the journal goes from the backup too.
 */
#ifndef JOURNAL_BACKUP_H
#define JOURNAL_BACKUP_H

#include "journal/link.h"

typedef void backup_progress_fn(void *arg, uint64_t done_bytes, uint64_t total_bytes);

struct backup_options {
	bool link;                   /* sealed log files become hard links */
	backup_progress_fn *progress; /* may be NULL */
	void *arg;
};

struct backup_result {
	unsigned files, copied;      /* log files of the backup; of them, new or changed since the one before */
	unsigned linked, removed;    /* of these, linked; taken from it, as retention took them from the journal */
	uint64_t bytes;              /* that were copied */
	unsigned char journal[JOURNAL_ID_SIZE];
	int64_t taken_us;            /* when its end was read */
	int64_t link, signed_link;   /* its last link and the last one that is signed; 0: none */
};

/* AFF_ENOTFOUND: there is no journal; AFF_EBUSY: another process backs up to this folder; AFF_EARGUMENT: the folder
 * holds a journal, or a backup of another one; AFF_EFULL, AFF_EIO, AFF_ECORRUPT. */
int journal_backup(const char *folder, const char *to, const struct backup_options *options, struct backup_result *out,
		   struct aff_diag *diag);

/* Copies a backup to a folder that has no journal. The engine that starts on it records the action "restore" by `who`.
 * AFF_EARGUMENT: `from` holds no finished backup, or `to` holds a journal; AFF_EBUSY: an engine uses it. */
int journal_restore(const char *from, const char *to, const char *who, const struct backup_options *options,
		    struct backup_result *out, struct aff_diag *diag);

#endif
