/* SPDX-License-Identifier: Apache-2.0
 *
 * Building messages. Separators are written only when something follows them, so that no segment ends with empty
 * fields.
 */
#include <afferent/build.h>

#include <afferent/escape.h>

const struct aff_delims aff_delims_default = {'|', '^', '~', '\\', '&', 0};

void aff_build_begin(struct aff_build *b, struct aff_buf *out, const struct aff_delims *delims)
{
	aff_build_header(b, out, "MSH", delims);
}

void aff_build_header(struct aff_build *b, struct aff_buf *out, const char *id, const struct aff_delims *delims)
{
	memset(b, 0, sizeof *b);
	b->out = out;
	b->delims = delims ? *delims : aff_delims_default;
	const struct aff_delims *d = &b->delims;
	const char encoding[] = {d->component, d->repetition, d->escape, d->subcomponent, d->truncation, 0};
	aff_buf_put_text(out, id);
	aff_buf_put_char(out, d->field);
	aff_buf_put_text(out, encoding);
}

/* A delimiter of 0 is not in use: then nothing can divide these parts. */
static void put_pending(struct aff_buf *out, char delimiter, unsigned *count)
{
	if (*count && !delimiter && !out->error)
		out->error = AFF_EDELIMITER;
	for (; *count && !out->error; --*count)
		aff_buf_put_char(out, delimiter);
}

static void open_field(struct aff_build *b)
{
	aff_build_field_end(b);
	b->pending_fields++;
}

void aff_build_segment(struct aff_build *b, const char *id)
{
	aff_build_end(b);
	aff_buf_put_text(b->out, id);
}

void aff_build_field(struct aff_build *b, struct aff_view plain)
{
	open_field(b);
	if (plain.n) {
		put_pending(b->out, b->delims.field, &b->pending_fields);
		aff_escape(b->out, plain, &b->delims);
	}
}

void aff_build_raw(struct aff_build *b, struct aff_view raw)
{
	open_field(b);
	if (raw.n) {
		put_pending(b->out, b->delims.field, &b->pending_fields);
		aff_buf_put_view(b->out, raw);
	}
}

void aff_build_skip(struct aff_build *b, unsigned n)
{
	aff_build_field_end(b);
	b->pending_fields += n;
}

/* Writes text behind all separators that wait for it. */
static void put_part(struct aff_build *b, struct aff_view plain)
{
	if (!plain.n)
		return;
	put_pending(b->out, b->delims.field, &b->pending_fields);
	put_pending(b->out, b->delims.repetition, &b->pending_repetitions);
	put_pending(b->out, b->delims.component, &b->pending_components);
	put_pending(b->out, b->delims.subcomponent, &b->pending_subcomponents);
	aff_escape(b->out, plain, &b->delims);
}

void aff_build_component(struct aff_build *b, struct aff_view plain)
{
	if (!b->in_field)
		open_field(b);
	else if (b->in_repetition)
		b->pending_components++;
	b->in_field = b->in_repetition = true;
	b->pending_subcomponents = 0;
	put_part(b, plain);
}

void aff_build_subcomponent(struct aff_build *b, struct aff_view plain)
{
	b->pending_subcomponents++;
	put_part(b, plain);
}

void aff_build_repetition(struct aff_build *b)
{
	b->pending_repetitions++;
	b->pending_components = b->pending_subcomponents = 0;
	b->in_repetition = false;
}

void aff_build_field_end(struct aff_build *b)
{
	b->in_field = b->in_repetition = false;
	b->pending_repetitions = b->pending_components = b->pending_subcomponents = 0;
}

void aff_build_end(struct aff_build *b)
{
	aff_build_field_end(b);
	b->pending_fields = 0;
	aff_buf_put_char(b->out, '\r');
}
