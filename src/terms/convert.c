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

enum { MOST_DIGITS = 30, MOST_DECIMALS = 30, SMALL_DIGITS = 18 };

static wide magnitude(wide a)
{
	return a < 0 ? -a : a;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static struct fraction reduced(struct fraction f)
{
	wide a = magnitude(f.num), b = f.den;
	if (b == 1)
		return f;
	if (a <= UINT64_MAX && b <= UINT64_MAX) { /* nearly always, and many times faster */
		uint64_t divisor = common_divisor((uint64_t)a, (uint64_t)b);
		if (divisor <= 1)
			return f;
		wide num = (wide)((uint64_t)a / divisor);
		return (struct fraction){f.num < 0 ? -num : num, (wide)((uint64_t)b / divisor)};
	}
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

static bool is_small(wide a)
{
	return a < INT64_MAX / 2 && a > -(INT64_MAX / 2);
}

/* The same, not reduced where there is room enough without. */
static bool times_quickly(struct fraction *out, struct fraction a, struct fraction b)
{
	int64_t num, den;
	if (!is_small(a.num) || !is_small(b.num) || !is_small(a.den) || !is_small(b.den) ||
	    __builtin_mul_overflow((int64_t)a.num, (int64_t)b.num, &num) ||
	    __builtin_mul_overflow((int64_t)a.den, (int64_t)b.den, &den))
		return times(out, a, b);
	*out = (struct fraction){num, den};
	return true;
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
	static const uint64_t small[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	const unsigned last = sizeof small / sizeof small[0] - 1;
	*out = small[n < last ? n : last];
	for (n -= n < last ? n : last; n; n--)
		if (__builtin_mul_overflow(*out, 10, out))
			return false;
	return true;
}

/* Appends digits to num; *significant counts those from the first that is not 0. */
static bool append_digits(wide *num, unsigned *significant, struct aff_view digits)
{
	if (digits.n + *significant < SMALL_DIGITS) {
		uint64_t small = (uint64_t)*num;
		for (size_t i = 0; i < digits.n; i++)
			small = small * 10 + (uint64_t)(digits.p[i] - '0');
		*num = (wide)small;
		*significant += small ? (unsigned)digits.n : 0;
		return true;
	}
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
	if (scaled <= UINT64_MAX && value.den <= UINT64_MAX)
		scaled = (wide)((uint64_t)scaled / (uint64_t)value.den);
	else
		scaled /= value.den;
	if (scaled && value.num < 0)
		aff_buf_put_char(out, '-');
	unsigned n = 0;
	while (scaled > UINT64_MAX) {
		digits[n++] = (char)('0' + (int)(scaled % 10));
		scaled /= 10;
	}
	for (uint64_t rest = (uint64_t)scaled; rest || n <= decimals; rest /= 10)
		digits[n++] = (char)('0' + rest % 10);
	while (n) {
		aff_buf_put_char(out, digits[--n]);
		if (n == decimals && n)
			aff_buf_put_char(out, '.');
	}
	return true;
}

/* result = value * size + shift */
struct ratio {
	const char *factors[2], *offsets[2]; /* what it was made of: texts of the constant tables */
	struct fraction size, shift;
};

static bool is_ratio_of(const struct ratio *r, const struct aff_unit *from, const struct aff_unit *to)
{
	return r->factors[0] == from->factor && r->factors[1] == to->factor && r->offsets[0] == from->offset &&
	       r->offsets[1] == to->offset;
}

static bool make_ratio(struct ratio *r, const struct aff_unit *from, const struct aff_unit *to)
{
	struct fraction f1, o1, f2, o2;
	r->factors[0] = NULL;
	if (!read_factor(&f1, from->factor) || !read_factor(&o1, from->offset) || !read_factor(&f2, to->factor) ||
	    !read_factor(&o2, to->offset))
		return false;
	o2.num = -o2.num;
	if (!times(&r->size, f1, inverse(f2)) || !plus(&r->shift, o1, o2) || !times(&r->shift, r->shift, inverse(f2)))
		return false;
	*r = (struct ratio){{from->factor, to->factor}, {from->offset, to->offset}, r->size, r->shift};
	return true;
}

/* The readings of a message are mostly converted between the same two units. */
static bool convert(struct aff_buf *out, struct aff_view number, const struct aff_unit *from, const struct aff_unit *to)
{
	static _Thread_local struct ratio ratio;
	struct fraction value, place;
	unsigned written, decimals;
	wide last;
	if (!read_decimal(&value, &written, number) || !power_of_ten(&last, written) ||
	    (!is_ratio_of(&ratio, from, to) && !make_ratio(&ratio, from, to)))
		return false;
	if (!times_quickly(&place, ratio.size, (struct fraction){1, last}) || !decimals_for(place, &decimals) ||
	    !times_quickly(&value, value, ratio.size))
		return false;
	if (ratio.shift.num && !plus(&value, reduced(value), ratio.shift))
		return false;
	return put_rounded(out, value, decimals) || put_rounded(out, reduced(value), decimals);
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
