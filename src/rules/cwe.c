/* SPDX-License-Identifier: Apache-2.0
 *
 * Coded values.
 */
#include "rules/cwe.h"

#include <afferent/escape.h>

/* Cuts the next component off `rest`; empty when there is none. */
static struct aff_view next_component(struct aff_view *rest, char delimiter)
{
	const char *end = rest->n && delimiter ? memchr(rest->p, delimiter, rest->n) : NULL;
	struct aff_view component = end ? aff_view(rest->p, (size_t)(end - rest->p)) : *rest;
	*rest = end ? aff_view(end + 1, rest->n - component.n - 1) : aff_view("", 0);
	return component;
}

static struct triplet next_triplet(struct aff_view *rest, char delimiter)
{
	struct triplet t;
	t.code = next_component(rest, delimiter);
	t.name = next_component(rest, delimiter);
	t.system = next_component(rest, delimiter);
	return t;
}

void cwe_read(struct cwe *out, struct aff_view repetition, const struct aff_delims *d)
{
	struct aff_view rest = repetition;
	out->main = next_triplet(&rest, d->component);
	out->alternate = next_triplet(&rest, d->component);
	out->original = next_triplet(&rest, d->component).system;
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
