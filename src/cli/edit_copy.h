/* SPDX-License-Identifier: Apache-2.0
 *
 * A message in the hands of the user's editor. It holds patient data: the copy lies in a folder of its own that nobody
 * else can read, and is removed with everything the editor left beside it.
 */
#ifndef CLI_EDIT_COPY_H
#define CLI_EDIT_COPY_H

#include <afferent/text.h>

#define EDIT_MAX (15u << 20)

/* Lets $VISUAL, $EDITOR or vi change a copy, one segment a line. 0 or COMMAND_FAILED, told on standard error. */
int edit_by_hand(struct aff_view message, struct aff_buf *out);
/* Reads the changed message from a file. */
int edit_from_file(const char *path, struct aff_buf *out);

#endif
