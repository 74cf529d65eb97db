/* SPDX-License-Identifier: Apache-2.0
 *
 * Escape sequences in both directions. Decoding is a single pass; what it does not understand it copies.
 */
#include <afferent/escape.h>

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

static void put_hex(struct aff_buf *out, unsigned char byte, char escape)
{
	char text[5] = {escape, 'X', hex_digits[byte >> 4], hex_digits[byte & 15], escape};
	aff_buf_put(out, text, sizeof text);
}

/* The bytes of \X..\; control characters stay escaped and are counted. */
static unsigned put_hex_bytes(struct aff_buf *out, struct aff_view digits, char escape)
{
	unsigned kept = 0;
	for (size_t i = 0; i < digits.n; i += 2) {
		unsigned byte = (unsigned)hex_value(digits.p[i]) << 4 | (unsigned)hex_value(digits.p[i + 1]);
		bool control = (byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
		if (control)
			put_hex(out, (unsigned char)byte, escape);
		else
			aff_buf_put_char(out, (char)byte);
		kept += control;
	}
	return kept;
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

/* Text formatting, HL7 v2 section 2.6.5. Returns false when it is not understood. */
static bool put_format(struct aff_buf *out, struct aff_view v)
{
	static const char layout[][3] = {"fi", "nf", "in", "ti", "ce"};
	if (v.n < 3)
		return false;
	if (v.n == 3 && has_command(v, "br")) {
		aff_buf_put_char(out, '\n');
		return true;
	}
	if (has_command(v, "sp") || has_command(v, "sk")) {
		char c = has_command(v, "sp") ? '\n' : ' ';
		unsigned count = repeat_of(aff_view(v.p + 3, v.n - 3));
		for (unsigned i = 0; i < count; i++)
			aff_buf_put_char(out, c);
		return count > 0;
	}
	for (size_t i = 0; i < sizeof layout / sizeof layout[0]; i++) {
		if (has_command(v, layout[i]))
			return true;
	}
	return false;
}

/* One sequence, without its escape characters. Returns how much of it was kept. */
static unsigned put_sequence(struct aff_buf *out, struct aff_view v, const struct aff_delims *d)
{
	if (v.n == 1) {
		char c = delimiter_of(v.p[0], d);
		if (c) {
			aff_buf_put_char(out, c);
			return 0;
		}
		if (memchr("HhNn", v.p[0], 4))
			return 0;
	}
	if (v.n > 1 && (v.p[0] == 'X' || v.p[0] == 'x') && is_hex_pairs(aff_view(v.p + 1, v.n - 1)))
		return put_hex_bytes(out, aff_view(v.p + 1, v.n - 1), d->escape);
	if (v.n && v.p[0] == '.' && put_format(out, v))
		return 0;
	aff_buf_put(out, v.p - 1, v.n + 2);
	return 1;
}

unsigned aff_unescape(struct aff_buf *out, struct aff_view text, const struct aff_delims *d)
{
	const char *p = text.p, *end = text.p + text.n, *open;
	unsigned kept = 0;
	while (d->escape && (open = memchr(p, d->escape, (size_t)(end - p))) != NULL) {
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

void aff_escape(struct aff_buf *out, struct aff_view plain, const struct aff_delims *d)
{
	const char in_use[] = {d->field, d->component, d->repetition, d->subcomponent, d->escape, d->truncation};
	static const char letters[] = "FSRTEP";
	size_t from = 0;
	for (size_t i = 0; i < plain.n; i++) {
		char c = plain.p[i];
		bool control = (unsigned char)c < ' ' && c != '\t';
		const char *at = c ? memchr(in_use, c, sizeof in_use) : NULL;
		if (!at && !control)
			continue;
		aff_buf_put(out, plain.p + from, i - from);
		from = i + 1;
		if (!d->escape) {
			aff_buf_put_char(out, ' ');
		} else if (at) {
			char sequence[3] = {d->escape, letters[at - in_use], d->escape};
			aff_buf_put(out, sequence, sizeof sequence);
		} else {
			put_hex(out, (unsigned char)c, d->escape);
		}
	}
	aff_buf_put(out, plain.p + from, plain.n - from);
}
