/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict numbers.
 */
#include "base/number.h"

int number_u64(struct aff_view text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	if (!text.n)
		return AFF_EDATATYPE;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';
		if (digit > 9)
			return AFF_EDATATYPE;
		if (value > (UINT64_MAX - digit) / 10)
			return AFF_ELIMIT;
		value = value * 10 + digit;
	}
	if (value > max)
		return AFF_ELIMIT;
	*out = value;
	return 0;
}

/* A decimal number taken apart: sign, digits before the point without leading zeros, those after it without trailing
 * ones. */
struct decimal {
	bool negative;
	struct aff_view whole, fraction;
};

static bool split(struct aff_view text, struct decimal *d)
{
	struct aff_view v = aff_view_trim(text);
	d->negative = false;
	if (v.n && (v.p[0] == '+' || v.p[0] == '-')) {
		d->negative = v.p[0] == '-';
		v.p++;
		v.n--;
	}
	size_t i = 0;
	while (i < v.n && v.p[i] >= '0' && v.p[i] <= '9')
		i++;
	d->whole = aff_view(v.p, i);
	d->fraction = aff_view("", 0);
	if (i < v.n) {
		if (v.p[i] != '.')
			return false;
		size_t from = ++i;
		while (i < v.n && v.p[i] >= '0' && v.p[i] <= '9')
			i++;
		if (i < v.n)
			return false;
		d->fraction = aff_view(v.p + from, i - from);
	}
	if (!d->whole.n && !d->fraction.n)
		return false;
	while (d->whole.n && d->whole.p[0] == '0') {
		d->whole.p++;
		d->whole.n--;
	}
	while (d->fraction.n && d->fraction.p[d->fraction.n - 1] == '0')
		d->fraction.n--;
	if (!d->whole.n && !d->fraction.n)
		d->negative = false;
	return true;
}

bool number_is_decimal(struct aff_view text)
{
	struct decimal d;
	return split(text, &d);
}

static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
	if (a->whole.n != b->whole.n)
		return a->whole.n < b->whole.n ? -1 : 1;
	int c = a->whole.n ? memcmp(a->whole.p, b->whole.p, a->whole.n) : 0;
	if (c)
		return c;
	size_t n = a->fraction.n < b->fraction.n ? a->fraction.n : b->fraction.n;
	c = n ? memcmp(a->fraction.p, b->fraction.p, n) : 0;
	if (c)
		return c;
	return a->fraction.n == b->fraction.n ? 0 : a->fraction.n < b->fraction.n ? -1 : 1;
}

int number_compare(struct aff_view a, struct aff_view b)
{
	struct decimal x, y;
	if (!split(a, &x) || !split(b, &y))
		return 0;
	if (x.negative != y.negative)
		return x.negative ? -1 : 1;
	int c = compare_magnitude(&x, &y);
	return x.negative ? -c : c;
}

struct suffix {
	const char *text;
	uint64_t factor;
};

static int with_suffix(struct aff_view text, const struct suffix *suffixes, size_t n, uint64_t *out)
{
	size_t digits = 0;
	uint64_t value;
	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	int rc = number_u64(aff_view(text.p, digits), UINT64_MAX, &value);
	if (rc)
		return rc == AFF_ELIMIT ? rc : AFF_ESYNTAX;
	struct aff_view unit = aff_view_trim(aff_view(text.p + digits, text.n - digits));
	for (size_t i = 0; i < n; i++) {
		if (aff_view_is(unit, suffixes[i].text)) {
			if (value > (uint64_t)INT64_MAX / suffixes[i].factor)
				return AFF_ELIMIT;
			*out = value * suffixes[i].factor;
			return 0;
		}
	}
	return AFF_ESYNTAX;
}

int number_duration_ms(struct aff_view text, int64_t *out)
{
	static const struct suffix units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	uint64_t value;
	int rc = with_suffix(text, units, sizeof units / sizeof units[0], &value);
	if (!rc)
		*out = (int64_t)value;
	return rc;
}

int number_bytes(struct aff_view text, uint64_t *out)
{
	static const struct suffix units[] = {{"", 1}, {"B", 1}, {"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000},
	                                      {"KiB", 1024}, {"MiB", 1u << 20}, {"GiB", 1u << 30}};
	return with_suffix(text, units, sizeof units / sizeof units[0], out);
}
