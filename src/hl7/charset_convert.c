/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of one set to UTF-8 and back. The one home of iconv. A single-byte set is asked for its upper half once and is
 * a table from then on. Control characters above 0x7F (0x80 to 0x9F in ISO 8859) are no text: such bytes come from
 * senders that say 8859/1 and mean windows-1252.
 */
#include "hl7/charset_internal.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

#include "base/utf8.h"

static const iconv_t failed = (iconv_t)-1;

/* An open descriptor; `failed` when there is no such converter. */
static iconv_t descriptor(void **slot, const char *to, const char *from)
{
	if (!*slot)
		*slot = iconv_open(to, from);
	return *slot;
}

static iconv_t reader_of(struct aff_charset *c, enum set set)
{
	return descriptor(&c->from[set], "UTF-8", charset_sets[set].converter);
}

static iconv_t writer_of(struct aff_charset *c, enum set set)
{
	return descriptor(&c->to[set], charset_sets[set].converter, "UTF-8");
}

void convert_free(struct aff_charset *c)
{
	for (unsigned i = 0; i < SET_COUNT; i++) {
		if (c->from[i] && c->from[i] != failed)
			iconv_close(c->from[i]);
		if (c->to[i] && c->to[i] != failed)
			iconv_close(c->to[i]);
		free(c->half[i]);
	}
}

/* NULL: no memory, or no converter. */
static const struct upper_half *half_of(struct aff_charset *c, enum set set)
{
	iconv_t cd = reader_of(c, set);
	if (c->half[set] || cd == failed)
		return c->half[set];
	struct upper_half *half = calloc(1, sizeof *half);
	for (unsigned i = 0; half && i < 128; i++) {
		char byte = (char)(0x80 + i), *in = &byte, *out = half->utf8[i];
		size_t in_n = 1, out_n = CHAR_MOST;
		iconv(cd, NULL, NULL, NULL, NULL);
		bool good = iconv(cd, &in, &in_n, &out, &out_n) != (size_t)-1;
		bool control = half->utf8[i][0] == '\xc2' && (unsigned char)half->utf8[i][1] < 0xa0;
		half->length[i] = (unsigned char)(good && !control ? CHAR_MOST - out_n : 0);
	}
	c->half[set] = half;
	return half;
}

bool convert_is_there(struct aff_charset *c, enum set set)
{
	switch (charset_sets[set].kind) {
	case KIND_ASCII:
	case KIND_UTF8:
		return true;
	case KIND_SINGLE:
		return half_of(c, set) != NULL;
	case KIND_REFUSED:
		return false;
	default:
		return reader_of(c, set) != failed && writer_of(c, set) != failed;
	}
}

static void put_replacement(struct aff_buf *out)
{
	aff_buf_put(out, UTF8_REPLACEMENT, sizeof UTF8_REPLACEMENT - 1);
}

/* Text that should be UTF-8; in ASCII every byte above 0x7F is wrong. */
static unsigned put_checked(struct aff_buf *out, struct aff_view bytes, bool ascii)
{
	unsigned replaced = 0;
	size_t from = 0, i = 0;
	while (i < bytes.n) {
		bool high = (unsigned char)bytes.p[i] >= 0x80;
		size_t n = !high ? 1 : ascii ? 0 : utf8_length(bytes.p + i, bytes.n - i);
		if (n) {
			i += n;
			continue;
		}
		aff_buf_put(out, bytes.p + from, i - from);
		put_replacement(out);
		replaced++;
		from = ++i;
	}
	aff_buf_put(out, bytes.p + from, i - from);
	return replaced;
}

static unsigned put_single(struct aff_charset *c, enum set set, struct aff_buf *out, struct aff_view bytes)
{
	const struct upper_half *half = half_of(c, set);
	unsigned replaced = 0;
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char byte = (unsigned char)bytes.p[i];
		if (byte < 0x80) {
			aff_buf_put_char(out, (char)byte);
		} else if (half && half->length[byte - 0x80]) {
			aff_buf_put(out, half->utf8[byte - 0x80], half->length[byte - 0x80]);
		} else {
			put_replacement(out);
			replaced++;
		}
	}
	return replaced;
}

static unsigned put_several(struct aff_charset *c, enum set set, struct aff_buf *out, struct aff_view bytes)
{
	iconv_t cd = reader_of(c, set);
	char *in = (char *)(uintptr_t)bytes.p;
	size_t in_n = bytes.n;
	unsigned replaced = 0;
	if (cd == failed)
		return put_checked(out, bytes, true);
	iconv(cd, NULL, NULL, NULL, NULL);
	while (in_n) {
		size_t room = in_n < SIZE_MAX / CHAR_MOST ? in_n * CHAR_MOST : in_n, left = room;
		char *to = aff_buf_reserve(out, room);
		if (!to)
			break;
		size_t rc = iconv(cd, &in, &in_n, &to, &left);
		out->n += room - left;
		if (rc == (size_t)-1 && errno != E2BIG) {
			iconv(cd, NULL, NULL, NULL, NULL);
			put_replacement(out);
			replaced++;
			in++;
			in_n--;
		}
	}
	return replaced;
}

/* The Japanese sets in the form that EUC-JP has for them; blanks and control characters are nobody's. */
static unsigned put_japanese(struct aff_charset *c, enum set set, struct aff_buf *out, struct aff_view bytes)
{
	struct aff_buf *euc = &c->shifted;
	unsigned width = set == SET_KATAKANA ? 1 : 2, part = 0;
	aff_buf_clear(euc);
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char byte = (unsigned char)bytes.p[i] & 0x7f;
		bool graphic = byte > ' ' && byte < 0x7f;
		if (graphic && !part && set != SET_JISX0208)
			aff_buf_put_char(euc, set == SET_KATAKANA ? '\x8e' : '\x8f');
		aff_buf_put_char(euc, graphic ? (char)(byte | 0x80) : (char)byte);
		part = graphic ? (part + 1) % width : 0;
	}
	out->error = out->error ? out->error : euc->error;
	return put_several(c, SET_EUCJP, out, aff_buf_view(euc));
}

unsigned convert_to_utf8(struct aff_charset *c, enum set set, struct aff_buf *out, struct aff_view bytes)
{
	switch (charset_sets[set].kind) {
	case KIND_ASCII:
	case KIND_UTF8:
		return put_checked(out, bytes, set == SET_ASCII);
	case KIND_SINGLE:
		return put_single(c, set, out, bytes);
	case KIND_JIS:
		return put_japanese(c, set, out, bytes);
	default:
		return put_several(c, set, out, bytes);
	}
}

bool convert_is_text(struct aff_charset *c, enum set set, struct aff_view bytes)
{
	const struct upper_half *half = half_of(c, set);
	for (size_t i = 0; half && i < bytes.n; i++) {
		unsigned char byte = (unsigned char)bytes.p[i];
		if (byte >= 0x80 && !half->length[byte - 0x80])
			return false;
	}
	return half != NULL;
}

static size_t find_single(struct aff_charset *c, enum set set, struct aff_view character, char *byte)
{
	const struct upper_half *half = half_of(c, set);
	for (unsigned i = 0; half && i < 128; i++) {
		if (half->length[i] == character.n && memcmp(half->utf8[i], character.p, character.n) == 0) {
			*byte = (char)(0x80 + i);
			return 1;
		}
	}
	return 0;
}

/* One character through a converter; the length of what it became, 0 when it cannot. */
static size_t convert_one(iconv_t cd, struct aff_view from, char to[2 * CHAR_MOST])
{
	char *in = (char *)(uintptr_t)from.p, *out = to;
	size_t in_n = from.n, left = 2 * CHAR_MOST;
	if (cd == failed)
		return 0;
	iconv(cd, NULL, NULL, NULL, NULL);
	return iconv(cd, &in, &in_n, &out, &left) || in_n ? 0 : 2 * CHAR_MOST - left;
}

/* Some converters write a character as one that only looks like it: what does not come back is not in the set. */
static size_t find_several(struct aff_charset *c, enum set set, struct aff_view character, char bytes[2 * CHAR_MOST])
{
	char back[2 * CHAR_MOST];
	size_t n = convert_one(writer_of(c, set), character, bytes);
	size_t back_n = n ? convert_one(reader_of(c, set), aff_view(bytes, n), back) : 0;
	return n && aff_view_equal(character, aff_view(back, back_n)) ? n : 0;
}

/* EUC-JP's form back to the set's own, below 0x80. */
static size_t find_japanese(struct aff_charset *c, enum set set, struct aff_view character, char bytes[2 * CHAR_MOST])
{
	size_t n = find_several(c, SET_EUCJP, character, bytes), lead = set != SET_JISX0208;
	bool of_set = set == SET_JISX0208   ? n == 2 && bytes[0] != '\x8e'
		      : set == SET_JISX0212 ? n == 3 && bytes[0] == '\x8f'
					    : n == 2 && bytes[0] == '\x8e';
	if (!of_set)
		return 0;
	for (size_t i = lead; i < n; i++)
		bytes[i - lead] = (char)(bytes[i] & (set == SET_KATAKANA ? 0xff : 0x7f));
	return n - lead;
}

size_t convert_char(struct aff_charset *c, enum set set, struct aff_view character, char bytes[2 * CHAR_MOST])
{
	switch (charset_sets[set].kind) {
	case KIND_ASCII:
		return 0;
	case KIND_UTF8:
		memcpy(bytes, character.p, character.n);
		return character.n;
	case KIND_SINGLE:
		return find_single(c, set, character, bytes);
	case KIND_JIS:
		return find_japanese(c, set, character, bytes);
	default:
		return find_several(c, set, character, bytes);
	}
}
