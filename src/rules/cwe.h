/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing coded values (HL7 data types CWE and CE): code, name and coding system.
 */
#ifndef RULES_CWE_H
#define RULES_CWE_H

#include <afferent/coded.h>

#include "rules/charset.h"

/* Append `code^name^system`: plain text or raw text of the same message. A name that the message's character set does
 * not have is left out, the code says it all; AFF_ECHARSET for such a code or system. */
int cwe_put_plain(struct charset_use *charset, struct aff_buf *out, struct aff_view code, struct aff_view name,
                  struct aff_view system);
void cwe_put_raw(struct aff_buf *out, const struct aff_delims *d, const struct aff_coding *t);

/* Takes the component delimiters off the end. */
void cwe_trim(struct aff_buf *out, const struct aff_delims *d);

#endif
