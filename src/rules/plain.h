/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a value as a person would: without escape sequences.
 */
#ifndef RULES_PLAIN_H
#define RULES_PLAIN_H

#include <afferent/escape.h>

/* raw itself when it holds no escapes, else its text in scratch, which is overwritten; failures stick in scratch. */
static inline struct aff_view plain_text(struct aff_buf *scratch, struct aff_view raw, const struct aff_delims *d)
{
	if (aff_is_plain(raw, d))
		return raw;
	aff_buf_clear(scratch);
	aff_unescape(scratch, raw, d);
	return aff_buf_view(scratch);
}

#endif
