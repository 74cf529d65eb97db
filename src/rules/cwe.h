/* SPDX-License-Identifier: Apache-2.0
 *
 * Coded values (HL7 data types CWE and CE): code, name and coding system, twice.
 */
#ifndef RULES_CWE_H
#define RULES_CWE_H

#include <afferent/msg.h>

/* Three components, raw. */
struct triplet {
	struct aff_view code, name, system;
};

struct cwe {
	struct triplet main;      /* components 1-3 */
	struct triplet alternate; /* components 4-6 */
	struct aff_view original; /* component 9, the text that was seen when it was coded */
};

/* Takes one repetition apart. */
void cwe_read(struct cwe *out, struct aff_view repetition, const struct aff_delims *d);

/* Append `code^name^system`: plain text, which is escaped, or raw text of the same message. */
void cwe_put_plain(struct aff_buf *out, const struct aff_delims *d, struct aff_view code, struct aff_view name,
                   struct aff_view system);
void cwe_put_raw(struct aff_buf *out, const struct aff_delims *d, const struct triplet *t);

/* Takes the component delimiters off the end. */
void cwe_trim(struct aff_buf *out, const struct aff_delims *d);

#endif
