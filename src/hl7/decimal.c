/* SPDX-License-Identifier: Apache-2.0
 *
 * NM: decimal numbers as text. Digits are never turned into a binary fraction.
 */
#include <afferent/number.h>

#include "hl7/type_fail.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_at(struct aff_view v, size_t from)
{
	size_t i = from;
	while (i < v.n && is_digit(v.p[i]))
		i++;
	return i - from;
}

int aff_nm_parse(struct aff_nm *out, struct aff_view text)
{
	struct aff_view v = text;
	struct aff_nm nm = {false, {"", 0}, {"", 0}, 0};
	if (v.n && (!is_digit(v.p[0]) || !is_digit(v.p[v.n - 1]))) {
		v = aff_view_trim(v);
		if (v.n != text.n)
			nm.form |= AFF_NM_BLANKS;
	}
	size_t i = 0;
	if (v.n && (v.p[0] == '+' || v.p[0] == '-')) {
		nm.negative = v.p[0] == '-';
		nm.form |= nm.negative ? 0 : AFF_NM_PLUS;
		i++;
	}
	nm.whole = aff_view(v.p + i, digits_at(v, i));
	i += nm.whole.n;
	if (i < v.n && v.p[i] == '.') {
		i++;
		nm.fraction = aff_view(v.p + i, digits_at(v, i));
		i += nm.fraction.n;
		nm.form |= (nm.whole.n ? 0 : AFF_NM_NO_WHOLE) | (nm.fraction.n ? 0 : AFF_NM_NO_FRACTION);
	}
	if (i < v.n || !(nm.whole.n + nm.fraction.n))
		return AFF_EDATATYPE;
	*out = nm;
	return 0;
}

int aff_nm_read(struct aff_nm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag)
{
	if (aff_nm_parse(out, d ? aff_primitive(text, d) : text))
		return type_fail(diag, "NM", 0, LOOKS_NM);
	return 0;
}

/* The digits that count. */
static struct aff_nm bare(const struct aff_nm *number)
{
	struct aff_nm n = *number;
	while (n.whole.n && n.whole.p[0] == '0')
		n.whole = aff_view(n.whole.p + 1, n.whole.n - 1);
	while (n.fraction.n && n.fraction.p[n.fraction.n - 1] == '0')
		n.fraction.n--;
	n.negative = n.negative && n.whole.n + n.fraction.n;
	return n;
}

static int compare_digits(struct aff_view a, struct aff_view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

int aff_nm_compare(const struct aff_nm *a, const struct aff_nm *b)
{
	struct aff_nm x = bare(a), y = bare(b);
	if (x.negative != y.negative)
		return x.negative ? -1 : 1;
	int c = x.whole.n != y.whole.n ? (x.whole.n < y.whole.n ? -1 : 1) : compare_digits(x.whole, y.whole);
	if (!c)
		c = compare_digits(x.fraction, y.fraction);
	return x.negative ? -c : c;
}

void aff_nm_put(struct aff_buf *out, const struct aff_nm *number)
{
	struct aff_view whole = number->whole;
	while (whole.n > 1 && whole.p[0] == '0')
		whole = aff_view(whole.p + 1, whole.n - 1);
	char *to = aff_buf_reserve(out, whole.n + number->fraction.n + 3);
	if (!to)
		return;
	char *p = to;
	if (number->negative)
		*p++ = '-';
	if (!whole.n)
		*p++ = '0';
	memcpy(p, whole.p, whole.n);
	p += whole.n;
	if (number->fraction.n) {
		*p++ = '.';
		memcpy(p, number->fraction.p, number->fraction.n);
		p += number->fraction.n;
	}
	out->n += (size_t)(p - to);
}

/* Appends a digit to a number that is kept negative, where the larger half of the integers lies. */
static bool append_digit(int64_t *value, int digit)
{
	return !__builtin_mul_overflow(*value, 10, value) && !__builtin_sub_overflow(*value, digit, value);
}

int aff_nm_scaled(const struct aff_nm *number, unsigned decimals, int64_t *out)
{
	struct aff_nm n = bare(number);
	int64_t value = 0;
	if (n.fraction.n > decimals)
		return AFF_EDATATYPE;
	for (size_t i = 0; i < n.whole.n; i++)
		if (!append_digit(&value, n.whole.p[i] - '0'))
			return AFF_ELIMIT;
	for (unsigned i = 0; i < decimals && (value || n.fraction.n); i++)
		if (!append_digit(&value, i < n.fraction.n ? n.fraction.p[i] - '0' : 0))
			return AFF_ELIMIT;
	if (!n.negative && __builtin_sub_overflow(0, value, &value))
		return AFF_ELIMIT;
	*out = value;
	return 0;
}
