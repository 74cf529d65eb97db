/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversion between units with exact fractions of 128-bit integers: result = (value * f1 + o1 - o2) / f2,
 * rounded once, at the end. What does not fit is AFF_ELIMIT, never a wrong digit.
 */
#include <afferent/number.h>
#include <afferent/unit.h>

#include "terms/units.h"

__extension__ typedef __int128 wide;

/* den > 0, no common divisor. */
struct fraction {
	wide num, den;
};

enum { MOST_DIGITS = 30, MOST_DECIMALS = 30 };

static wide magnitude(wide a)
{
	return a < 0 ? -a : a;
}

static struct fraction reduced(struct fraction f)
{
	wide a = magnitude(f.num), b = f.den;
	while (b) {
		wide rest = a % b;
		a = b;
		b = rest;
	}
	return a > 1 ? (struct fraction){f.num / a, f.den / a} : f;
}

static bool times(struct fraction *out, struct fraction a, struct fraction b)
{
	/* Crosswise first: keeps the products small. */
	struct fraction x = reduced((struct fraction){a.num, b.den}), y = reduced((struct fraction){b.num, a.den});
	return !__builtin_mul_overflow(x.num, y.num, &out->num) && !__builtin_mul_overflow(x.den, y.den, &out->den);
}

static bool plus(struct fraction *out, struct fraction a, struct fraction b)
{
	wide x, y, sum, den;
	if (__builtin_mul_overflow(a.num, b.den, &x) || __builtin_mul_overflow(b.num, a.den, &y) ||
	    __builtin_add_overflow(x, y, &sum) || __builtin_mul_overflow(a.den, b.den, &den))
		return false;
	*out = reduced((struct fraction){sum, den});
	return true;
}

static struct fraction inverse(struct fraction f)
{
	return f.num < 0 ? (struct fraction){-f.den, -f.num} : (struct fraction){f.den, f.num};
}

static bool power_of_ten(wide *out, unsigned n)
{
	*out = 1;
	while (n--)
		if (__builtin_mul_overflow(*out, 10, out))
			return false;
	return true;
}

/* Appends digits to num; *significant counts those from the first that is not 0. */
static bool append_digits(wide *num, unsigned *significant, struct aff_view digits)
{
	for (size_t i = 0; i < digits.n; i++) {
		if ((*num || digits.p[i] != '0') && ++*significant > MOST_DIGITS)
			return false;
		*num = *num * 10 + (digits.p[i] - '0');
	}
	return true;
}

static bool of_number(struct fraction *out, const struct aff_nm *number)
{
	wide num = 0;
	unsigned significant = 0;
	if (number->fraction.n > MOST_DECIMALS || !append_digits(&num, &significant, number->whole) ||
	    !append_digits(&num, &significant, number->fraction))
		return false;
	out->num = number->negative ? -num : num;
	return power_of_ten(&out->den, (unsigned)number->fraction.n);
}

/* A decimal number; *decimals = digits after its point. */
static bool read_decimal(struct fraction *out, unsigned *decimals, struct aff_view text)
{
	struct aff_nm number;
	if (aff_nm_parse(&number, text) || !of_number(out, &number))
		return false;
	*decimals = (unsigned)number.fraction.n;
	return true;
}

/* The tables' own numbers: a decimal or a fraction of two. */
static bool read_factor(struct fraction *out, const char *text)
{
	const char *slash = strchr(text, '/');
	struct fraction over;
	unsigned unused;
	if (!slash)
		return read_decimal(out, &unused, aff_view_of(text));
	return read_decimal(out, &unused, aff_view(text, (size_t)(slash - text))) &&
	       read_decimal(&over, &unused, aff_view_of(slash + 1)) && times(out, *out, inverse(over));
}

/* The fewest decimals whose rounding error, half a last place, is at most `place`. */
static bool decimals_for(struct fraction place, unsigned *decimals)
{
	wide left;
	if (__builtin_mul_overflow(magnitude(place.num), 2, &left))
		return false;
	for (*decimals = 0; left < place.den; ++*decimals)
		if (*decimals == MOST_DECIMALS || __builtin_mul_overflow(left, 10, &left))
			return false;
	return true;
}

static bool put_rounded(struct aff_buf *out, struct fraction value, unsigned decimals)
{
	char digits[MOST_DIGITS + MOST_DECIMALS];
	wide scale, scaled, num = magnitude(value.num);
	if (!power_of_ten(&scale, decimals) || __builtin_mul_overflow(num, scale, &scaled) ||
	    __builtin_add_overflow(scaled, value.den / 2, &scaled))
		return false;
	/* With an odd denominator value.den / 2 lies below the half, which then is no possible remainder: still
	 * exact. */
	scaled /= value.den;
	if (scaled && value.num < 0)
		aff_buf_put_char(out, '-');
	unsigned n = 0;
	while (scaled || n <= decimals) {
		digits[n++] = (char)('0' + (int)(scaled % 10));
		scaled /= 10;
	}
	while (n) {
		aff_buf_put_char(out, digits[--n]);
		if (n == decimals && n)
			aff_buf_put_char(out, '.');
	}
	return true;
}

static bool convert(struct aff_buf *out, struct aff_view number, const struct aff_unit *from, const struct aff_unit *to)
{
	struct fraction value, f1, o1, f2, o2, size, place;
	unsigned written, decimals;
	wide last;
	if (!read_decimal(&value, &written, number) || !read_factor(&f1, from->factor) ||
	    !read_factor(&o1, from->offset) || !read_factor(&f2, to->factor) || !read_factor(&o2, to->offset) ||
	    !power_of_ten(&last, written))
		return false;
	o2.num = -o2.num;
	return times(&size, f1, inverse(f2)) && times(&place, size, (struct fraction){1, last}) &&
	       decimals_for(place, &decimals) && times(&value, value, f1) && plus(&value, value, o1) &&
	       plus(&value, value, o2) && times(&value, value, inverse(f2)) && put_rounded(out, value, decimals);
}

int aff_unit_convert(struct aff_buf *out, struct aff_view number, const struct aff_unit *from,
		     const struct aff_unit *to)
{
	if (!aff_is_number(number))
		return AFF_EDATATYPE;
	bool same = from == to || (from->ucum[0] && strcmp(from->ucum, to->ucum) == 0);
	if (!same && (!from->quantity[0] || strcmp(from->quantity, to->quantity) != 0))
		return AFF_EARGUMENT;
	if (same || (strcmp(from->factor, to->factor) == 0 && strcmp(from->offset, to->offset) == 0)) {
		aff_buf_put_view(out, aff_view_trim(number));
		return 0;
	}
	return convert(out, number, from, to) ? 0 : AFF_ELIMIT;
}

/* The number in the canonical unit of its quantity. */
static bool canonical(struct fraction *out, const struct aff_nm *number, const struct aff_unit *unit)
{
	struct fraction factor, offset;
	return of_number(out, number) && read_factor(&factor, unit->factor) && read_factor(&offset, unit->offset) &&
	       times(out, *out, factor) && plus(out, *out, offset);
}

bool unit_compare(int *order, const struct aff_nm *number, const struct aff_unit *unit, const struct aff_nm *bound,
                  const struct aff_unit *other)
{
	struct fraction a, b;
	bool same = unit == other || (unit->ucum[0] && strcmp(unit->ucum, other->ucum) == 0);
	if (!same && (!unit->quantity[0] || strcmp(unit->quantity, other->quantity) != 0))
		return false;
	if (same || (strcmp(unit->factor, other->factor) == 0 && strcmp(unit->offset, other->offset) == 0)) {
		*order = aff_nm_compare(number, bound);
		return true;
	}
	if (!canonical(&a, number, unit) || !canonical(&b, bound, other))
		return false;
	b.num = -b.num;
	if (!plus(&a, a, b))
		return false;
	*order = a.num < 0 ? -1 : a.num > 0;
	return true;
}

/* How many powers of ten a number holds: 2 for 500, -1 for 0.5 and 0.50. */
static int tens_of(const struct aff_nm *number)
{
	size_t zeros = 0, n = number->fraction.n;
	while (n && number->fraction.p[n - 1] == '0')
		n--;
	while (!n && zeros < number->whole.n && number->whole.p[number->whole.n - 1 - zeros] == '0')
		zeros++;
	return n ? -(int)n : (int)zeros;
}

int decimal_times(struct aff_buf *out, struct aff_view number, struct aff_view factor)
{
	struct aff_nm a, b;
	struct fraction value, by;
	if (aff_nm_parse(&a, number) || aff_nm_parse(&b, factor))
		return AFF_EDATATYPE;
	if (!of_number(&value, &a) || !of_number(&by, &b) || !times(&value, value, by))
		return AFF_ELIMIT;
	int decimals = (int)a.fraction.n - tens_of(&b);
	return put_rounded(out, value, decimals > 0 ? (unsigned)decimals : 0) ? 0 : AFF_ELIMIT;
}
