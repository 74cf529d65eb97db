/* SPDX-License-Identifier: Apache-2.0
 *
 * The codes that a message can be found by: code and name of each OBX-3, of the identifier and of the alternate one
 * (components 1, 2, 4 and 5), as UTF-8 text without escapes.
 */
#ifndef ENGINE_CODES_H
#define ENGINE_CODES_H

#include <afferent/charset.h>

#include "journal/journal.h"

/* Gives them to fn until it returns something other than 0, which is then returned; a code may come again. m as set
 * parsed it. AFF_ENOMEM. */
int codes_each(const struct aff_msg *m, struct aff_charset *set, struct aff_buf *scratch, journal_code_fn *fn,
               void *arg);

/* What the journal makes its index of codes with. A message that cannot be parsed has none. One thread at a time. */
int codes_coder_new(struct journal_coder *out);
void codes_coder_free(struct journal_coder *c);

#endif
