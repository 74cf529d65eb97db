/* SPDX-License-Identifier: Apache-2.0
 *
 * Escape sequences in both directions. Decoding is a single pass; what it does not understand it copies.
 */
#include <afferent/escape.h>

#include "hl7/near.h"
#include "hl7/sequence.h"

/* \.sp and \.sk make that many characters at most out of one sequence. */
#define REPEAT_MAX 99

static const char hex_digits[] = "0123456789ABCDEF";

/* The delimiter a one-letter sequence stands for; 0 when there is none or it is not in use. */
static char delimiter_of(char letter, const struct aff_delims *d)
{
	switch (letter) {
	case 'F': case 'f': return d->field;
	case 'S': case 's': return d->component;
	case 'R': case 'r': return d->repetition;
	case 'T': case 't': return d->subcomponent;
	case 'E': case 'e': return d->escape;
	case 'P': case 'p': return d->truncation;
	default: return 0;
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_hex_pairs(struct aff_view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (hex_value(v.p[i]) < 0)
			return false;
	}
	return v.n >= 2 && v.n % 2 == 0;
}

unsigned char sequence_byte(struct aff_view digits, size_t i)
{
	return (unsigned char)(hex_value(digits.p[2 * i]) << 4 | hex_value(digits.p[2 * i + 1]));
}

bool sequence_is_control(unsigned char byte)
{
	return (byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
}

void sequence_put_hex(struct aff_buf *out, unsigned char byte, char escape)
{
	char text[5] = {escape, 'X', hex_digits[byte >> 4], hex_digits[byte & 15], escape};
	aff_buf_put(out, text, sizeof text);
}

char sequence_letter(char c, const struct aff_delims *d)
{
	const char in_use[] = {d->field, d->component, d->repetition, d->subcomponent, d->escape, d->truncation};
	const char *at = c ? memchr(in_use, c, sizeof in_use) : NULL;
	return at ? "FSRTEP"[at - in_use] : 0;
}

/* The count of ".sp3", ".sp 3" or ".sp+3"; 1 when nothing is said, 0 when it is no number or too large. */
static unsigned repeat_of(struct aff_view v)
{
	v = aff_view_trim(v);
	if (v.n && v.p[0] == '+')
		v = aff_view(v.p + 1, v.n - 1);
	else if (!v.n)
		return 1;
	unsigned value = 0;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return 0;
		value = value * 10 + (unsigned)(v.p[i] - '0');
		if (value > REPEAT_MAX)
			return 0;
	}
	return value;
}

static bool has_command(struct aff_view v, const char *name)
{
	for (size_t i = 0; i < 2; i++) {
		char c = v.p[i + 1];
		if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != name[i])
			return false;
	}
	return true;
}

/* Text formatting, HL7 v2 section 2.6.5. */
static struct sequence read_format(struct aff_view v)
{
	static const char layout[][3] = {"fi", "nf", "in", "ti", "ce"};
	struct sequence s = {.kind = SEQUENCE_KEEP};
	if (v.n < 3)
		return s;
	if (v.n == 3 && has_command(v, "br"))
		return (struct sequence){.kind = SEQUENCE_REPEAT, .c = '\n', .count = 1};
	if (has_command(v, "sp") || has_command(v, "sk")) {
		s.c = has_command(v, "sp") ? '\n' : ' ';
		s.count = repeat_of(aff_view(v.p + 3, v.n - 3));
		s.kind = s.count ? SEQUENCE_REPEAT : SEQUENCE_KEEP;
		return s;
	}
	for (size_t i = 0; i < sizeof layout / sizeof layout[0]; i++) {
		if (has_command(v, layout[i]))
			s.kind = SEQUENCE_REPEAT;
	}
	return s;
}

struct sequence sequence_read(struct aff_view v, const struct aff_delims *d)
{
	struct sequence s = {.kind = SEQUENCE_KEEP};
	if (v.n == 1) {
		s.c = delimiter_of(v.p[0], d);
		s.count = s.c != 0;
		s.kind = s.c || memchr("HhNn", v.p[0], 4) ? SEQUENCE_REPEAT : SEQUENCE_KEEP;
		return s;
	}
	if (v.n && v.p[0] == '.')
		return read_format(v);
	s.digits = v.n ? aff_view(v.p + 1, v.n - 1) : v;
	if (v.n && memchr("XxCcMm", v.p[0], 6) && is_hex_pairs(s.digits))
		s.kind = memchr("Xx", v.p[0], 2) ? SEQUENCE_BYTES : SEQUENCE_SWITCH;
	return s;
}

/* The bytes of \X..\; control characters stay escaped and are counted. */
static unsigned put_hex_bytes(struct aff_buf *out, struct aff_view digits, char escape)
{
	unsigned kept = 0;
	for (size_t i = 0; i < digits.n / 2; i++) {
		unsigned char byte = sequence_byte(digits, i);
		bool control = sequence_is_control(byte);
		if (control)
			sequence_put_hex(out, byte, escape);
		else
			aff_buf_put_char(out, (char)byte);
		kept += control;
	}
	return kept;
}

/* One sequence, without its escape characters. Returns how much of it was kept. */
static unsigned put_sequence(struct aff_buf *out, struct aff_view v, const struct aff_delims *d)
{
	struct sequence s = sequence_read(v, d);
	switch (s.kind) {
	case SEQUENCE_REPEAT:
		while (s.count--)
			aff_buf_put_char(out, s.c);
		return 0;
	case SEQUENCE_BYTES:
		return put_hex_bytes(out, s.digits, d->escape);
	case SEQUENCE_KEEP:
	case SEQUENCE_SWITCH:
		break;
	}
	aff_buf_put(out, v.p - 1, v.n + 2);
	return 1;
}

unsigned aff_unescape(struct aff_buf *out, struct aff_view text, const struct aff_delims *d)
{
	const char *p = text.p, *end = text.p + text.n, *open;
	unsigned kept = 0;
	while (d->escape && p < end && (open = memchr(p, d->escape, (size_t)(end - p))) != NULL) {
		const char *close = memchr(open + 1, d->escape, (size_t)(end - open) - 1);
		aff_buf_put(out, p, (size_t)(open - p));
		p = open;
		if (!close) {
			kept++;
			break;
		}
		kept += put_sequence(out, aff_view(open + 1, (size_t)(close - open) - 1), d);
		p = close + 1;
	}
	aff_buf_put(out, p, (size_t)(end - p));
	return kept;
}

/* Neither a delimiter nor a control character: most characters. */
static bool is_ordinary(char c, const struct aff_delims *d)
{
	return (unsigned char)c >= ' ' && c != d->field && c != d->component && c != d->repetition &&
	       c != d->subcomponent && c != d->escape && c != d->truncation;
}

/* Eight of them; false where that is not certain. */
static bool are_ordinary(const char *p, const struct aff_delims *d)
{
	const uint64_t blanks = 0x2020202020202020u, high = 0x8080808080808080u;
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return !((word - blanks) & ~word & high) &&
	       !(near_mask(p, d->field) | near_mask(p, d->component) | near_mask(p, d->repetition) |
	         near_mask(p, d->subcomponent) | near_mask(p, d->escape) | near_mask(p, d->truncation));
}

void aff_escape(struct aff_buf *out, struct aff_view plain, const struct aff_delims *d)
{
	size_t from = 0;
	for (size_t i = 0; i < plain.n; i++) {
		while (plain.n - i >= 8 && are_ordinary(plain.p + i, d))
			i += 8;
		if (i == plain.n)
			break;
		if (is_ordinary(plain.p[i], d))
			continue;
		char c = plain.p[i], letter = sequence_letter(c, d);
		bool control = (unsigned char)c < ' ' && c != '\t';
		if (!letter && !control)
			continue;
		aff_buf_put(out, plain.p + from, i - from);
		from = i + 1;
		if (!d->escape) {
			aff_buf_put_char(out, ' ');
		} else if (letter) {
			char sequence[3] = {d->escape, letter, d->escape};
			aff_buf_put(out, sequence, sizeof sequence);
		} else {
			sequence_put_hex(out, (unsigned char)c, d->escape);
		}
	}
	aff_buf_put(out, plain.p + from, plain.n - from);
}
