/* SPDX-License-Identifier: Apache-2.0
 *
 * Text of a message to UTF-8. A text begins in the message's own set; switches hold until the text ends. Bytes of \X..\
 * sequences that follow each other are put together first: a character of several bytes may come in several of them.
 */
#include "hl7/charset_internal.h"

#include "hl7/index.h"
#include "hl7/sequence.h"

#include <afferent/escape.h>

static void begin_text(struct aff_charset *c)
{
	c->lower = SET_ASCII;
	c->upper = SET_NONE;
	aff_buf_clear(&c->hex);
}

static void apply_switch(struct aff_charset *c, const struct set_switch *s)
{
	if (is_upper_switch(s))
		c->upper = s->set;
	else
		c->lower = s->set;
}

/* Bytes of `set` as far as nothing else was switched to. */
static unsigned put_bytes(struct aff_charset *c, struct aff_buf *out, enum set set, struct aff_view bytes)
{
	unsigned replaced = 0;
	if (c->lower == SET_ASCII && c->upper == SET_NONE)
		return convert_to_utf8(c, set, out, bytes);
	for (size_t i = 0, end; i < bytes.n; i = end) {
		bool high = (unsigned char)bytes.p[i] >= 0x80;
		for (end = i + 1; end < bytes.n && ((unsigned char)bytes.p[end] >= 0x80) == high;)
			end++;
		enum set from = high ? (c->upper == SET_NONE ? set : c->upper) : c->lower;
		replaced += convert_to_utf8(c, from, out, aff_view(bytes.p + i, end - i));
	}
	return replaced;
}

/* The same where ISO 2022 escapes are obeyed; one that is not known stays as it is. */
static unsigned put_switching(struct aff_charset *c, struct aff_buf *out, enum set set, struct aff_view bytes)
{
	unsigned replaced = 0;
	size_t from = 0, i = 0;
	while (i < bytes.n) {
		const struct set_switch *s = NULL;
		if (bytes.p[i] == ESC)
			s = charset_switch_at(aff_view(bytes.p + i + 1, bytes.n - i - 1));
		if (!s) {
			i++;
			continue;
		}
		replaced += put_bytes(c, out, set, aff_view(bytes.p + from, i - from));
		apply_switch(c, s);
		from = i += 1 + strlen(s->bytes);
	}
	return replaced + put_bytes(c, out, set, aff_view(bytes.p + from, i - from));
}

static unsigned flush_hex(struct aff_charset *c, struct aff_buf *out)
{
	unsigned replaced = c->hex.n ? put_bytes(c, out, c->wire, aff_buf_view(&c->hex)) : 0;
	out->error = out->error ? out->error : c->hex.error;
	aff_buf_clear(&c->hex);
	return replaced;
}

static unsigned put_literal(struct aff_charset *c, struct aff_buf *out, struct aff_view text)
{
	if (!text.n)
		return 0;
	unsigned replaced = flush_hex(c, out);
	if (c->method == METHOD_ISO2022 && !c->converted)
		return replaced + put_switching(c, out, c->text, text);
	return replaced + put_bytes(c, out, c->text, text);
}

static unsigned collect_hex(struct aff_charset *c, struct aff_buf *out, struct aff_view digits, char escape)
{
	unsigned replaced = 0;
	for (size_t i = 0; i < digits.n / 2; i++) {
		unsigned char byte = sequence_byte(digits, i);
		if (sequence_is_control(byte)) {
			replaced += flush_hex(c, out);
			sequence_put_hex(out, byte, escape);
		} else {
			aff_buf_put_char(&c->hex, (char)byte);
		}
	}
	return replaced;
}

/* The switch that \C..\ or \M..\ asks for; NULL when it is not known. */
static const struct set_switch *switch_of(struct aff_view digits)
{
	char bytes[CHAR_MOST];
	if (digits.n > 2 * sizeof bytes)
		return NULL;
	for (size_t i = 0; i < digits.n / 2; i++)
		bytes[i] = (char)sequence_byte(digits, i);
	const struct set_switch *s = charset_switch_at(aff_view(bytes, digits.n / 2));
	return s && strlen(s->bytes) == digits.n / 2 ? s : NULL;
}

/* One sequence, `inner` without its escape characters. */
static unsigned put_sequence(struct aff_charset *c, struct aff_buf *out, struct aff_view inner,
			     const struct aff_delims *d)
{
	struct sequence s = sequence_read(inner, d);
	const struct set_switch *to = s.kind == SEQUENCE_SWITCH ? switch_of(s.digits) : NULL;
	if (s.kind == SEQUENCE_BYTES)
		return collect_hex(c, out, s.digits, d->escape);
	if (s.kind == SEQUENCE_KEEP || (s.kind == SEQUENCE_SWITCH && !to))
		return put_literal(c, out, aff_view(inner.p - 1, inner.n + 2));
	unsigned replaced = flush_hex(c, out);
	if (to)
		apply_switch(c, to);
	for (; s.kind == SEQUENCE_REPEAT && s.count; s.count--)
		aff_buf_put_char(out, s.c);
	return replaced;
}

unsigned aff_charset_decode(struct aff_charset *c, struct aff_buf *out, struct aff_view raw,
			    const struct aff_delims *d)
{
	const char *p = raw.p, *end = raw.p + raw.n, *open;
	unsigned replaced = 0;
	charset_settle(c);
	begin_text(c);
	while (d->escape && p < end && (open = memchr(p, d->escape, (size_t)(end - p))) != NULL) {
		const char *close = memchr(open + 1, d->escape, (size_t)(end - open) - 1);
		if (!close)
			break;
		replaced += put_literal(c, out, aff_view(p, (size_t)(open - p)));
		replaced += put_sequence(c, out, aff_view(open + 1, (size_t)(close - open) - 1), d);
		p = close + 1;
	}
	replaced += put_literal(c, out, aff_view(p, (size_t)(end - p)));
	return replaced + flush_hex(c, out);
}

struct aff_view aff_charset_text(struct aff_charset *c, struct aff_buf *scratch, struct aff_view raw,
				 const struct aff_delims *d, unsigned *replaced)
{
	charset_settle(c);
	if (c->plain && aff_is_plain(raw, d))
		return raw;
	aff_buf_clear(scratch);
	unsigned n = aff_charset_decode(c, scratch, raw, d);
	if (replaced)
		*replaced += n;
	return aff_buf_view(scratch);
}

/* ---- raw text and whole messages ---- */

/* Switches end with their segment. */
unsigned decode_message(struct aff_charset *c, struct aff_buf *out, struct aff_view bytes, char terminator)
{
	unsigned replaced = 0;
	bool switching = c->method == METHOD_ISO2022;
	while (bytes.n) {
		const char *end = memchr(bytes.p, terminator, bytes.n);
		size_t n = end ? (size_t)(end - bytes.p) + 1 : bytes.n;
		begin_text(c);
		replaced += switching ? put_switching(c, out, c->wire, aff_view(bytes.p, n))
				      : put_bytes(c, out, c->wire, aff_view(bytes.p, n));
		bytes = aff_view(bytes.p + n, bytes.n - n);
	}
	return replaced;
}

/* A \X..\ sequence in a message that becomes UTF-8: its characters where it is text above ASCII, else as it is. */
static void rewrite_hex(struct aff_charset *c, struct aff_buf *out, struct aff_view sequence, struct aff_view digits,
			const struct aff_delims *d)
{
	bool high = c->lower != SET_ASCII;
	aff_buf_clear(&c->piece);
	for (size_t i = 0; i < digits.n / 2; i++) {
		aff_buf_put_char(&c->piece, (char)sequence_byte(digits, i));
		high = high || sequence_byte(digits, i) >= 0x80;
	}
	aff_buf_clear(&c->hex);
	unsigned replaced = put_bytes(c, &c->hex, c->wire, aff_buf_view(&c->piece));
	out->error = out->error ? out->error : c->piece.error ? c->piece.error : c->hex.error;
	if (!high || replaced)
		aff_buf_put_view(out, sequence);
	else
		aff_escape(out, aff_buf_view(&c->hex), d);
	aff_buf_clear(&c->hex);
}

/* One text without delimiters, its escapes kept. */
static unsigned rewrite_text(struct aff_charset *c, struct aff_buf *out, struct aff_view raw,
			     const struct aff_delims *d)
{
	const char *p = raw.p, *end = raw.p + raw.n, *open;
	unsigned replaced = 0;
	begin_text(c);
	while (d->escape && p < end && (open = memchr(p, d->escape, (size_t)(end - p))) != NULL) {
		const char *close = memchr(open + 1, d->escape, (size_t)(end - open) - 1);
		if (!close)
			break;
		replaced += put_literal(c, out, aff_view(p, (size_t)(open - p)));
		struct sequence s = sequence_read(aff_view(open + 1, (size_t)(close - open) - 1), d);
		const struct set_switch *to = s.kind == SEQUENCE_SWITCH ? switch_of(s.digits) : NULL;
		struct aff_view whole = {open, (size_t)(close - open) + 1};
		if (s.kind == SEQUENCE_BYTES)
			rewrite_hex(c, out, whole, s.digits, d);
		else if (to)
			apply_switch(c, to);
		else
			replaced += convert_to_utf8(c, c->text, out, whole);
		p = close + 1;
	}
	return replaced + put_literal(c, out, aff_view(p, (size_t)(end - p)));
}

unsigned aff_charset_field(struct aff_charset *c, struct aff_buf *out, struct aff_view raw,
			   const struct aff_delims *d)
{
	const char ends[] = {d->field, d->component, d->repetition, d->subcomponent, '\r', '\n'};
	unsigned replaced = 0;
	size_t from = 0;
	charset_settle(c);
	for (size_t i = 0; i <= raw.n; i++) {
		if (i < raw.n && (!raw.p[i] || !memchr(ends, raw.p[i], sizeof ends)))
			continue;
		replaced += rewrite_text(c, out, aff_view(raw.p + from, i - from), d);
		if (i < raw.n)
			aff_buf_put_char(out, raw.p[i]);
		from = i + 1;
	}
	return replaced;
}

int aff_charset_to_utf8(struct aff_charset *c, const struct aff_msg *m, struct aff_buf *out)
{
	return aff_charset_field(c, out, m->bytes, &m->delims) || c->damage ? AFF_ECHARSET : 0;
}
