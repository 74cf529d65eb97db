/* SPDX-License-Identifier: Apache-2.0
 *
 * Between UTF-8 and the message.
 */
#include "rules/charset.h"

#include <afferent/escape.h>

#include "base/utf8.h"

static bool is_ascii(struct aff_view text)
{
	return ascii_length(text.p, text.n) == text.n;
}

static struct aff_charset *charset_of(struct charset_use *u, struct aff_buf *out)
{
	struct aff_charset *c = aff_charset_of(u->m);
	if (c || u->own)
		return c ? c : u->own;
	if (aff_charset_new(&u->own))
		out->error = AFF_ENOMEM;
	else
		(void)aff_charset_begin(u->own, u->m, NULL, NULL); /* a set that cannot be is taken for ASCII */
	return u->own;
}

struct aff_view charset_read(struct charset_use *u, struct aff_buf *scratch, struct aff_view raw)
{
	if (is_ascii(raw) && aff_is_plain(raw, &u->delims) && !memchr(raw.p, 0x1b, raw.n))
		return raw;
	aff_buf_clear(scratch);
	struct aff_charset *c = charset_of(u, scratch);
	return c ? aff_charset_text(c, scratch, raw, &u->delims, NULL) : aff_view("", 0);
}

struct aff_view charset_read_raw(struct charset_use *u, struct aff_buf *scratch, struct aff_view raw)
{
	if (is_ascii(raw) && !memchr(raw.p, 0x1b, raw.n))
		return raw;
	aff_buf_clear(scratch);
	struct aff_charset *c = charset_of(u, scratch);
	if (c)
		aff_charset_field(c, scratch, raw, &u->delims);
	return aff_buf_view(scratch);
}

static bool is_utf8(struct aff_view text)
{
	size_t n = 1;
	for (size_t i = 0; i < text.n && n; i += n)
		n = utf8_length(text.p + i, text.n - i);
	return n != 0;
}

bool charset_takes_raw(struct charset_use *u, struct aff_buf *scratch, struct aff_view text)
{
	if (is_ascii(text))
		return true;
	aff_buf_clear(scratch);
	struct aff_charset *c = charset_of(u, scratch);
	return c && (aff_charset_is_plain(c) || aff_charset_is_converted(c)) && is_utf8(text);
}

const struct aff_unit *charset_unit(struct charset_use *u, struct aff_buf *scratch, struct aff_view cwe)
{
	for (size_t i = 0; i < CHARSET_UNITS; i++)
		if (u->units[i].n == cwe.n && cwe.n && memcmp(u->units[i].cwe, cwe.p, cwe.n) == 0)
			return u->units[i].unit;
	if (is_ascii(cwe)) {
		const struct aff_unit *unit = aff_unit_of_cwe(cwe, &u->delims);
		struct charset_known_unit *place = &u->units[u->next_unit];
		if (cwe.n <= CHARSET_UNIT_MAX) {
			memcpy(place->cwe, cwe.p, cwe.n);
			place->n = cwe.n;
			place->unit = unit;
			u->next_unit = (u->next_unit + 1) % CHARSET_UNITS;
		}
		return unit;
	}
	aff_buf_clear(scratch);
	struct aff_charset *c = charset_of(u, scratch);
	/* Where nothing says what the bytes are, the table of units still knows usual ones. */
	bool good = c && !aff_charset_field(c, scratch, cwe, &u->delims) && !scratch->error;
	return aff_unit_of_cwe(good ? aff_buf_view(scratch) : cwe, &u->delims);
}

void charset_relabel(struct charset_use *u, struct aff_buf *scratch, struct aff_view msh18)
{
	struct aff_charset *c = charset_of(u, scratch);
	if (c)
		aff_charset_relabel(c, msh18);
}

int charset_write(struct charset_use *u, struct aff_buf *out, struct aff_view text)
{
	if (is_ascii(text)) {
		aff_escape(out, text, &u->delims);
		return 0;
	}
	struct aff_charset *c = charset_of(u, out);
	return c ? aff_charset_encode(c, out, text, &u->delims) : 0;
}
