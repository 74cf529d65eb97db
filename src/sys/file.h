/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that must survive: whole reads with a cap, durable appends, locks, directories.
 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

#include <afferent/text.h>

/* What an errno of a call about files means: AFF_EFULL, AFF_ENOTFOUND, AFF_EPERMISSION, AFF_EBUSY (it is there
 * already), AFF_EARGUMENT (its name), else AFF_EIO. */
int file_error(int number);
/* Appends the whole file to out. AFF_ENOTFOUND, AFF_EPERMISSION, AFF_EIO, AFF_ELIMIT (larger than out may hold), with a
 * diag that names it. */
int file_read(const char *path, struct aff_buf *out, struct aff_diag *diag);
/* Makes a directory (and its parents) with mode 0700 if it is not there. */
int file_make_dir(const char *path, struct aff_diag *diag);
/* fsync of a directory, after files were made or unlinked in it. */
int file_sync_dir(const char *path);
/* Takes the lock file `path` for this process until it ends or the descriptor is closed. Returns the descriptor
 * (close on exec), AFF_EBUSY when another process has it, AFF_EPERMISSION or AFF_EIO. */
int file_lock(const char *path, struct aff_diag *diag);
/* Writes all n bytes or fails: 0, AFF_EIO, AFF_EFULL. */
int file_write_all(int fd, const void *bytes, size_t n);
/* Writes path anew by a temporary file and rename, durably. */
int file_replace(const char *path, struct aff_view bytes, struct aff_diag *diag);

#endif
