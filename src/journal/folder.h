/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's folder: which log files are in it, what they are called, whether it can be trusted to keep them.
 */
#ifndef JOURNAL_FOLDER_H
#define JOURNAL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <afferent/diag.h>

#define FOLDER_MAX_FILES 100000

/* The first ids of the log files, oldest first. */
struct file_list {
	int64_t *first;
	size_t n, allocated;
};

/* Reads the folder anew. AFF_ENOTFOUND when it is not there; no log files is an empty list. */
int folder_list(const char *folder, struct file_list *list, struct aff_diag *diag);
/* AFF_ENOMEM, AFF_ELIMIT. */
int folder_list_add(struct file_list *list, int64_t first);
void folder_list_free(struct file_list *list);
/* The position of the log file that holds (or would hold) an id: the last with first <= id, 0 when all are newer. */
size_t folder_position(const struct file_list *list, int64_t id);

/* "<folder>/log-<first>.db" followed by suffix. AFF_ELIMIT when it does not fit. */
int folder_path(char *out, size_t size, const char *folder, int64_t first, const char *suffix, struct aff_diag *diag);
/* Bytes of a log file and its write-ahead log, 0 when it is not there. */
uint64_t folder_size(const char *folder, int64_t first);
/* Unlinks the log files whose first id is at most `through`, with all that belongs to them. */
int folder_remove_through(const char *folder, int64_t through, struct aff_diag *diag);
/* Gives the log files that are whole but have an unfinished name, ".new", their own. */
int folder_name_finished(const char *folder, struct aff_diag *diag);
/* Removes what a crash left of a log file that was never finished. */
int folder_remove_unfinished(const char *folder, struct aff_diag *diag);

/* Takes the folder's lock, which the process that writes holds. AFF_EBUSY: another process has it. */
int folder_lock(const char *folder, int *descriptor, struct aff_diag *diag);

/* SQLite's locks and its shared memory do not work over a network. */
/* The name of a network file system, or of one that may be: "NFS"; NULL for others. */
const char *folder_remote_name(uint64_t file_system_magic);
/* AFF_EARGUMENT when the folder is on such a file system. */
int folder_check_local(const char *folder, struct aff_diag *diag);

#endif
