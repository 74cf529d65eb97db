/* SPDX-License-Identifier: Apache-2.0
 *
 * What is another in two texts, line by line, as a unified diff.
 */
#ifndef CLI_TEXT_DIFF_H
#define CLI_TEXT_DIFF_H

#include <afferent/text.h>

/* Appends the diff with three lines around each change; nothing when the texts are the same. The names stand in its
 * head as they are. Texts that have little in common are told as one change. 0, AFF_ENOMEM, AFF_ELIMIT past a million
 * lines; errors of out stick there. */
int text_diff(struct aff_buf *out, const char *before_name, struct aff_view before, const char *after_name,
              struct aff_view after);

#endif
