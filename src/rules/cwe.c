/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing coded values.
 */
#include "rules/cwe.h"

#include <afferent/escape.h>

void cwe_put_plain(struct aff_buf *out, const struct aff_delims *d, struct aff_view code, struct aff_view name,
                   struct aff_view system)
{
	aff_escape(out, code, d);
	aff_buf_put_char(out, d->component);
	aff_escape(out, name, d);
	aff_buf_put_char(out, d->component);
	aff_escape(out, system, d);
}

void cwe_put_raw(struct aff_buf *out, const struct aff_delims *d, const struct aff_coding *t)
{
	aff_buf_put_view(out, t->code);
	aff_buf_put_char(out, d->component);
	aff_buf_put_view(out, t->text);
	aff_buf_put_char(out, d->component);
	aff_buf_put_view(out, t->system);
}

void cwe_trim(struct aff_buf *out, const struct aff_delims *d)
{
	while (out->n && out->p[out->n - 1] == d->component)
		out->n--;
}
