/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that commands write for people to keep under version control: with the permissions that the user's umask
 * leaves, and never half.
 */
#ifndef CLI_TEXT_FILE_H
#define CLI_TEXT_FILE_H

#include <afferent/text.h>

/* Makes a new file; AFF_EBUSY when something of that name is there. */
int text_file_make(const char *path, struct aff_view text, struct aff_diag *diag);
/* Writes a file anew, or makes it. */
int text_file_write(const char *path, struct aff_view text, struct aff_diag *diag);
/* Makes a folder, and those above it, if they are not there. */
int text_file_folder(const char *path, struct aff_diag *diag);

#endif
