/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 to the character set of a message: single texts, and messages that were converted before they were parsed.
 */
#include "hl7/charset_internal.h"

#include "base/utf8.h"
#include "hl7/edit_write.h"
#include "hl7/index.h"
#include "hl7/sequence.h"

struct writer {
	struct aff_charset *c;
	struct aff_buf *out;
	const struct aff_delims *d; /* what has to be escaped; NULL: nothing, the text is a whole segment */
};

/* Bytes of one character, as \X..\ when one of them would be taken for a delimiter. Behind an ISO 2022 switch of the
 * lower half every reader takes all bytes for text. */
static bool put_character(const struct writer *w, const char *bytes, size_t n)
{
	bool as_hex = false, switched = w->c->method == METHOD_ISO2022 && w->c->lower != SET_ASCII;
	for (size_t i = 0; w->d && !switched && i < n; i++)
		as_hex = as_hex || sequence_letter(bytes[i], w->d);
	if (!as_hex)
		aff_buf_put(w->out, bytes, n);
	else if (!w->d->escape)
		return false;
	for (size_t i = 0; as_hex && i < n; i++)
		sequence_put_hex(w->out, (unsigned char)bytes[i], w->d->escape);
	return true;
}

static void put_switch(const struct writer *w, const struct set_switch *s)
{
	if (w->c->method == METHOD_ISO2022) {
		aff_buf_put_char(w->out, ESC);
		aff_buf_put_text(w->out, s->bytes);
	} else {
		aff_buf_printf(w->out, "%c%c", w->d->escape, s->bytes[0] == '$' ? 'M' : 'C');
		for (const char *p = s->bytes; *p; p++)
			aff_buf_printf(w->out, "%02X", (unsigned)(unsigned char)*p);
		aff_buf_put_char(w->out, w->d->escape);
	}
	if (is_upper_switch(s))
		w->c->upper = s->set;
	else
		w->c->lower = s->set;
}

static void back_to_ascii(const struct writer *w)
{
	if (w->c->lower != SET_ASCII)
		put_switch(w, charset_switch_to(SET_ASCII));
}

/* true when the set's bytes mean it at this point of the text. */
static bool is_current(const struct aff_charset *c, enum set set, bool upper)
{
	return upper ? c->upper == set : c->lower == set;
}

/* A character that the message's own set does not have. */
static bool put_other(const struct writer *w, struct aff_view character)
{
	struct aff_charset *c = w->c;
	char bytes[2 * CHAR_MOST];
	if (c->method == METHOD_NONE || (c->method == METHOD_SEQUENCES && (!w->d || !w->d->escape)))
		return false;
	for (unsigned i = 0; i < c->nothers; i++) {
		const struct set_switch *to = charset_switch_to(c->others[i]);
		size_t n = to ? convert_char(c, c->others[i], character, bytes) : 0;
		if (!n)
			continue;
		if (!is_current(c, to->set, is_upper_switch(to)))
			put_switch(w, to);
		return put_character(w, bytes, n);
	}
	return false;
}

/* One character above ASCII in the set of what goes out. The own set's upper half must not have been switched away:
 * there is no way back to a set without a switch of its own. */
static bool put_own(const struct writer *w, struct aff_view character)
{
	struct aff_charset *c = w->c;
	char bytes[2 * CHAR_MOST];
	size_t n = convert_char(c, c->wire, character, bytes);
	const struct set_switch *back = charset_switch_to(c->wire);
	if (!n || (c->upper != SET_NONE && c->upper != c->wire && !back))
		return false;
	back_to_ascii(w);
	if (c->upper != SET_NONE && c->upper != c->wire)
		put_switch(w, back);
	return put_character(w, bytes, n);
}

static bool put_wire(const struct writer *w, struct aff_view character)
{
	return put_own(w, character) || put_other(w, character);
}

/* true when the character can be written in the message's own set, or by switches. */
static bool can_write(struct aff_charset *c, struct aff_view character)
{
	const struct writer w = {c, &c->piece, NULL};
	c->lower = SET_ASCII;
	c->upper = SET_NONE;
	aff_buf_clear(&c->piece);
	return put_wire(&w, character);
}

static void put_ascii(const struct writer *w, char ch)
{
	char letter = w->d ? sequence_letter(ch, w->d) : 0;
	bool control = w->d && (unsigned char)ch < ' ' && ch != '\t';
	back_to_ascii(w);
	if (!letter && !control) {
		aff_buf_put_char(w->out, ch);
	} else if (!w->d->escape) {
		aff_buf_put_char(w->out, ' ');
	} else if (letter) {
		char sequence[3] = {w->d->escape, letter, w->d->escape};
		aff_buf_put(w->out, sequence, sizeof sequence);
	} else {
		sequence_put_hex(w->out, (unsigned char)ch, w->d->escape);
	}
}

int aff_charset_encode(struct aff_charset *c, struct aff_buf *out, struct aff_view plain, const struct aff_delims *d)
{
	const struct writer w = {c, out, d};
	size_t start = out->n, n;
	charset_settle(c);
	c->lower = SET_ASCII;
	c->upper = SET_NONE;
	for (size_t i = 0; i < plain.n; i += n) {
		n = utf8_length(plain.p + i, plain.n - i);
		struct aff_view character = {plain.p + i, n};
		bool good = n > 0;
		if (n == 1)
			put_ascii(&w, plain.p[i]);
		else if (good && c->text == SET_UTF8 && (good = c->wire == SET_UTF8 || can_write(c, character)))
			aff_buf_put_view(out, character);
		else if (good && (good = put_wire(&w, character)))
			c->plain = false;
		if (!good) {
			out->n = out->error ? out->n : start;
			return AFF_ECHARSET;
		}
	}
	back_to_ascii(&w);
	return 0;
}

/* ---- whole messages ---- */

struct rewriter {
	struct aff_charset *c;
	struct aff_view rest;    /* of what was received, behind segment `next` - 1 */
	unsigned next;
	char terminator;         /* the last byte of one */
	int error;
};

/* Segment number `wanted` as it was received. Asked for in rising order. */
static struct aff_view received_segment(struct rewriter *r, unsigned wanted)
{
	struct aff_view segment = {"", 0};
	for (; r->next <= wanted; r->next++) {
		const char *end = memchr(r->rest.p, r->terminator, r->rest.n);
		size_t n = end ? (size_t)(end - r->rest.p) : r->rest.n;
		segment = aff_view(r->rest.p, n);
		r->rest = aff_view(r->rest.p + n + (end != NULL), r->rest.n - n - (end != NULL));
	}
	return segment;
}

/* Segments as they stand, in the set of the message; switches end with each. AFF_ECHARSET: not without loss. */
static int put_segments(struct aff_charset *c, struct aff_buf *out, struct aff_view text)
{
	const struct writer w = {c, out, NULL};
	size_t n;
	c->lower = SET_ASCII;
	c->upper = SET_NONE;
	for (size_t i = 0; i < text.n; i += n) {
		n = utf8_length(text.p + i, text.n - i);
		struct aff_view character = {text.p + i, n};
		bool lost = n == 3 && memcmp(character.p, UTF8_REPLACEMENT, 3) == 0;
		if (n == 1)
			put_ascii(&w, text.p[i]);
		else if (!n || lost || !put_wire(&w, character))
			return AFF_ECHARSET;
		if (text.p[i] == '\r')
			c->upper = SET_NONE;
	}
	back_to_ascii(&w);
	return 0;
}

int aff_charset_segments(struct aff_charset *c, struct aff_buf *out, struct aff_view text)
{
	size_t start = out->n;
	if (!c->converted) {
		aff_buf_put_view(out, text);
		return 0;
	}
	int rc = put_segments(c, out, text);
	if (rc && !out->error)
		out->n = start;
	return rc;
}

static void put_segment(void *arg, struct aff_buf *out, struct aff_view text, unsigned origin)
{
	struct rewriter *r = arg;
	if (origin != AFF_NONE) {
		struct aff_view segment = received_segment(r, origin);
		while (segment.n && segment.p[segment.n - 1] == '\r')
			segment.n--;
		aff_buf_put_view(out, segment);
		return;
	}
	int rc = put_segments(r->c, out, text);
	r->error = r->error ? r->error : rc;
}

int aff_charset_write(struct aff_charset *c, const struct aff_edit *e, struct aff_buf *out)
{
	const struct aff_msg *m = aff_edit_message(e);
	if (!c->converted) {
		aff_edit_write(e, out);
		return 0;
	}
	if (!aff_edit_changed(e)) {
		aff_buf_put_view(out, c->received);
		return 0;
	}
	size_t lead = m->segments[0].start;
	struct rewriter r = {.c = c, .rest = aff_view(c->received.p + lead, c->received.n - lead),
	                     .terminator = m->terminator == AFF_TERMINATOR_CR ? '\r' : '\n'};
	edit_write(e, out, put_segment, &r);
	return r.error;
}
