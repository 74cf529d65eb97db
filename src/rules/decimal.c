/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/decimal.h"

#define LIMIT INT64_C(1000000000000000000)

bool decimal_of(struct decimal *out, const struct aff_nm *number)
{
	int64_t num;
	if (number->fraction.n > DECIMAL_DIGITS || aff_nm_scaled(number, (unsigned)number->fraction.n, &num) ||
	    num >= LIMIT || num <= -LIMIT)
		return false;
	*out = (struct decimal){num, (unsigned char)number->fraction.n};
	return true;
}

/* n at most 18: what is less than 10^18 becomes less than 10^36. */
static decimal_wide shifted(decimal_wide num, unsigned n)
{
	while (n--)
		num *= 10;
	return num;
}

static decimal_wide magnitude(decimal_wide a)
{
	return a < 0 ? -a : a;
}

/* a - b, with *decimals. */
static decimal_wide difference(struct decimal a, struct decimal b, unsigned *decimals)
{
	*decimals = a.decimals > b.decimals ? a.decimals : b.decimals;
	return shifted(a.num, *decimals - a.decimals) - shifted(b.num, *decimals - b.decimals);
}

int decimal_compare(struct decimal a, struct decimal b)
{
	unsigned decimals;
	decimal_wide d = difference(a, b, &decimals);
	return d < 0 ? -1 : d > 0;
}

/* x * 10^n, or false. */
static bool times_ten(decimal_wide *x, unsigned n)
{
	while (n--)
		if (__builtin_mul_overflow(*x, 10, x))
			return false;
	return true;
}

/* What does not fit is a large difference in any case. */
bool decimal_differs(struct decimal a, struct decimal b, struct decimal band, bool share)
{
	unsigned decimals;
	decimal_wide left = magnitude(difference(b, a, &decimals)), right = band.num;
	if (share) {
		/* |b - a| * 100 > band * |a|; a has its own decimals. */
		right *= magnitude(a.num);
		return !times_ten(&left, 2u + a.decimals + band.decimals) || !times_ten(&right, decimals) ||
		       left > right;
	}
	return !times_ten(&left, band.decimals) || !times_ten(&right, decimals) || left > right;
}

bool decimal_add(struct decimal_sum *sum, struct decimal d)
{
	struct decimal_sum s = *sum;
	if (s.decimals < d.decimals) {
		if (!times_ten(&s.num, d.decimals - s.decimals))
			return false;
		s.decimals = d.decimals;
	}
	if (__builtin_add_overflow(s.num, shifted(d.num, s.decimals - d.decimals), &s.num))
		return false;
	*sum = s;
	return true;
}

static void put_scaled(struct aff_buf *out, decimal_wide num, unsigned decimals)
{
	char digits[48];
	unsigned n = 0;
	if (num < 0)
		aff_buf_put_char(out, '-');
	for (num = magnitude(num); num || n <= decimals; num /= 10)
		digits[n++] = (char)('0' + (int)(num % 10));
	while (n) {
		aff_buf_put_char(out, digits[--n]);
		if (n == decimals && n)
			aff_buf_put_char(out, '.');
	}
}

void decimal_put(struct aff_buf *out, struct decimal d)
{
	put_scaled(out, d.num, d.decimals);
}

bool decimal_put_mean(struct aff_buf *out, const struct decimal_sum *sum, uint64_t n)
{
	decimal_wide num = magnitude(sum->num);
	unsigned decimals = sum->decimals;
	if (num % n) {
		decimals++;
		if (!times_ten(&num, 1))
			return false;
	}
	decimal_wide rest = num % n;
	num = num / n + (rest >= (decimal_wide)n - rest);
	put_scaled(out, sum->num < 0 ? -num : num, decimals);
	return true;
}
