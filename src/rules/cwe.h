/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing coded values (HL7 data types CWE and CE): code, name and coding system.
 */
#ifndef RULES_CWE_H
#define RULES_CWE_H

#include <afferent/coded.h>

/* Append `code^name^system`: plain text, which is escaped, or raw text of the same message. */
void cwe_put_plain(struct aff_buf *out, const struct aff_delims *d, struct aff_view code, struct aff_view name,
                   struct aff_view system);
void cwe_put_raw(struct aff_buf *out, const struct aff_delims *d, const struct aff_coding *t);

/* Takes the component delimiters off the end. */
void cwe_trim(struct aff_buf *out, const struct aff_delims *d);

#endif
