/* SPDX-License-Identifier: Apache-2.0
 *
 * How bytes of the message become JSON strings and URIs: escapes resolved, UTF-8, nothing that FHIR forbids in
 * a string.
 */
#include "fhir/fhir_internal.h"

#include "base/json.h"
#include "base/utf8.h"

static bool is_forbidden(unsigned char c)
{
	return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

/* false when every byte can be used as it is. */
static bool needs_work(const struct aff_fhir *f, struct aff_view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		if (c < 0x20 || c == (unsigned char)f->d.escape || (c >= 0x80 && f->decodes))
			return true;
	}
	return false;
}

struct aff_view component(const struct aff_fhir *f, struct aff_view field, unsigned c)
{
	return field.n ? aff_cut(field, &f->d, 1, c, 0) : field;
}

struct aff_view text_plain(struct aff_fhir *f, struct aff_view raw)
{
	if (!needs_work(f, raw))
		return trimmed(raw);
	aff_buf_clear(&f->plain);
	aff_buf_clear(&f->utf8);
	f->result.invalid_bytes += aff_charset_decode(f->charset, &f->plain, raw, &f->d);
	for (size_t i = 0; i < f->plain.n; i++) {
		char c = f->plain.p[i];
		if (is_forbidden((unsigned char)c)) {
			aff_buf_put_text(&f->utf8, UTF8_REPLACEMENT);
			f->result.invalid_bytes++;
		} else {
			aff_buf_put_char(&f->utf8, c);
		}
	}
	if (f->plain.error || f->utf8.error)
		f->out->error = f->out->error ? f->out->error : f->plain.error ? f->plain.error : f->utf8.error;
	return trimmed(aff_buf_view(&f->utf8));
}

const struct aff_unit *text_unit(struct aff_fhir *f, struct aff_view cwe)
{
	if (f->decodes && needs_work(f, cwe)) {
		aff_buf_clear(&f->utf8);
		/* Where nothing says what the bytes are, the table of units still knows usual ones. */
		if (!aff_charset_field(f->charset, &f->utf8, cwe, &f->d) && !f->utf8.error)
			cwe = aff_buf_view(&f->utf8);
	}
	return aff_unit_of_cwe(cwe, &f->d);
}

void put_contents(struct aff_fhir *f, struct aff_view plain)
{
	f->result.invalid_bytes += (unsigned)jsonw_put_escaped(f->out, plain);
}

void put_string(struct aff_fhir *f, struct aff_view plain)
{
	PUT(f, "\"");
	put_contents(f, plain);
	PUT(f, "\"");
}

void put_member(struct aff_fhir *f, const char *name, struct aff_view raw)
{
	struct aff_view plain = text_plain(f, raw);
	if (!plain.n || aff_is_null(plain))
		return;
	PUT(f, ",\"");
	put_text(f, name);
	PUT(f, "\":");
	put_string(f, plain);
}

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~:/", c) != NULL);
}

static void encode(struct aff_buf *out, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	char code[3] = {'%', digits[c >> 4], digits[c & 15]};
	if (is_unreserved(c))
		aff_buf_put_char(out, (char)c);
	else
		aff_buf_put(out, code, 3);
}

void encode_uri(struct aff_buf *out, struct aff_view plain)
{
	for (size_t i = 0; i < plain.n; i++)
		encode(out, (unsigned char)plain.p[i]);
}

void encode_query(struct aff_buf *out, struct aff_view plain)
{
	for (size_t i = 0; i < plain.n; i++) {
		unsigned char c = (unsigned char)plain.p[i];
		if (c == '\\' || c == ',' || c == '$' || c == '|')
			encode(out, '\\');
		encode(out, c);
	}
}

bool text_is_code(struct aff_view plain)
{
	if (!plain.n || plain.p[0] == ' ' || plain.p[plain.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < plain.n; i++) {
		unsigned char c = (unsigned char)plain.p[i];
		if (c < 0x20 || (c == ' ' && plain.p[i + 1] == ' '))
			return false;
	}
	return true;
}

bool put_joined(struct aff_fhir *f, const char *lead, struct aff_view field)
{
	size_t start = f->out->n;
	unsigned lines = 0;
	put_text(f, lead);
	PUT(f, "\"");
	while (field.n) {
		const char *end = f->d.repetition ? memchr(field.p, f->d.repetition, field.n) : NULL;
		size_t n = end ? (size_t)(end - field.p) : field.n;
		struct aff_view plain = text_plain(f, aff_view(field.p, n));
		if (plain.n && lines++)
			PUT(f, "\\n");
		put_contents(f, plain);
		field = aff_view(field.p + n + (end != NULL), field.n - n - (end != NULL));
	}
	PUT(f, "\"");
	if (!lines)
		put_undo(f, start);
	return lines > 0;
}
