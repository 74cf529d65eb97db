/* SPDX-License-Identifier: Apache-2.0
 *
 * Coded values.
 */
#include "rules/cwe.h"

#include <afferent/escape.h>

struct triplet cwe_triplet(struct aff_view repetition, const struct aff_delims *d, unsigned first)
{
	struct triplet t = {aff_cut(repetition, d, 1, first, 0), aff_cut(repetition, d, 1, first + 1, 0),
	                    aff_cut(repetition, d, 1, first + 2, 0)};
	return t;
}

void cwe_put_plain(struct aff_buf *out, const struct aff_delims *d, struct aff_view code, struct aff_view name,
                   struct aff_view system)
{
	aff_escape(out, code, d);
	aff_buf_put_char(out, d->component);
	aff_escape(out, name, d);
	aff_buf_put_char(out, d->component);
	aff_escape(out, system, d);
}

void cwe_put_raw(struct aff_buf *out, const struct aff_delims *d, const struct triplet *t)
{
	aff_buf_put_view(out, t->code);
	aff_buf_put_char(out, d->component);
	aff_buf_put_view(out, t->name);
	aff_buf_put_char(out, d->component);
	aff_buf_put_view(out, t->system);
}

void cwe_trim(struct aff_buf *out, const struct aff_delims *d)
{
	while (out->n && out->p[out->n - 1] == d->component)
		out->n--;
}
