/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of large files that do not get in the way of others: within the kernel where it can, written out piece by
 * piece, so that the sync at the end does not hold up everything that is synced on the same disk.
 */
#ifndef SYS_COPY_H
#define SYS_COPY_H

#include <stdint.h>
#include <sys/stat.h>

#include <afferent/text.h>

/* Told after each piece; < 0 stops the copy with this error. */
typedef int copy_progress_fn(void *arg, uint64_t bytes);

/* Copies `from` to the new file `to` (mode 0600), durably, and gives it the time of change of the original: the last
 * thing that is done, so that copy_is_whole tells a copy that was broken off. AFF_ENOTFOUND: there is no original;
 * AFF_EFULL, AFF_EIO, AFF_EPERMISSION. A copy that failed is removed. */
int copy_file(const char *from, const char *to, copy_progress_fn *fn, void *arg, struct aff_diag *diag);
/* Whether `copy` has size and time of change of `original`, or is the same file. */
bool copy_is_whole(const struct stat *original, const char *copy);
/* AFF_EFULL when the folder's file system has less room than that. */
int copy_check_room(const char *folder, uint64_t bytes, struct aff_diag *diag);

/* Starts and awaits the writing of what is dirty, but neither metadata nor the disk's cache: 0 or -1, errno. */
int copy_write_out(int fd);

#define COPY_PIECE (1u << 20)

#endif
