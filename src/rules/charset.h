/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and symbols of tables are UTF-8; a message may be written in another character set.
 */
#ifndef RULES_CHARSET_H
#define RULES_CHARSET_H

#include <afferent/edit.h>

/* true when text can stand in the message as it is: it is ASCII, or MSH-18 says that the message is UTF-8. */
bool charset_can_write(const struct aff_edit *e, struct aff_view text);

#endif
