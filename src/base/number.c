/* SPDX-License-Identifier: Apache-2.0
 *
 * Strict whole numbers. Decimals are in hl7/decimal.c.
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

int number_rate_an_hour(struct aff_view text, uint64_t *out)
{
	static const struct suffix units[] = {{"/s", 3600}, {"/min", 60}, {"/h", 1}};
	return with_suffix(text, units, sizeof units / sizeof units[0], out);
}

int number_bytes(struct aff_view text, uint64_t *out)
{
	static const struct suffix units[] = {
		{"", 1}, {"B", 1},
		{"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {"TB", 1000000000000},
		{"KiB", 1024}, {"MiB", 1u << 20}, {"GiB", 1u << 30}, {"TiB", UINT64_C(1) << 40},
	};
	return with_suffix(text, units, sizeof units / sizeof units[0], out);
}
