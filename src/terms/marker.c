/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers by which devices say that there is no reading: what was seen in messages, the ends of the ranges of integers
 * that firmware keeps its readings in, and the special values of the floating-point numbers of ISO/IEEE 11073 that were
 * read as integers.
 */
#include "terms/marker.h"

#include <strings.h>

/* In hundredths. */
static bool is_one_of(const struct aff_nm *number, const int64_t *markers, size_t n)
{
	int64_t value;
	if (aff_nm_scaled(number, 2, &value))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (value == markers[i])
			return true;
	}
	return false;
}

bool marker_is(const struct aff_nm *number)
{
	static const int64_t markers[] = {
		-9990,      -9999,      -99900,     -99990,      -100000,     -999900,     -3276800,
		3276700,    6553500,    838860600,  838860700,   838860800,   -838860600,  -838860700,
		-838860800, 1677721500, INT32_MAX * 100LL, -INT32_MAX * 100LL, INT32_MIN * 100LL, UINT32_MAX * 100LL,
	};
	return is_one_of(number, markers, sizeof markers / sizeof markers[0]);
}

bool marker_is_negative(const struct aff_nm *number)
{
	static const int64_t markers[] = {-100, -900, -1000, -9900, -10000, -12700, -12800, -25500};
	return is_one_of(number, markers, sizeof markers / sizeof markers[0]);
}

bool marker_is_text(struct aff_view text)
{
	static const char *const words[] = {"nan", "inf", "-inf", "+inf", "n/a", "null", "none", "invalid", "nil"};
	struct aff_view v = aff_view_trim(text);
	bool signs = v.n > 0;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (v.n == strlen(words[i]) && strncasecmp(v.p, words[i], v.n) == 0)
			return true;
	}
	for (size_t i = 0; i < v.n && signs; i++)
		signs = strchr("-*?_.", v.p[i]) != NULL && v.p[i];
	return signs;
}
