/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing coded values.
 */
#include "rules/cwe.h"

int cwe_put_plain(struct charset_use *charset, struct aff_buf *out, struct aff_view code, struct aff_view name,
                  struct aff_view system)
{
	int rc = charset_write(charset, out, code);
	aff_buf_put_char(out, charset->delims.component);
	(void)charset_write(charset, out, name);
	aff_buf_put_char(out, charset->delims.component);
	return rc ? rc : charset_write(charset, out, system);
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
