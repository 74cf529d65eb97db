/* SPDX-License-Identifier: Apache-2.0
 *
 * See base64.h.
 */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(struct aff_buf *out, struct aff_view bytes)
{
	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t have = bytes.n - i < 3 ? bytes.n - i : 3;
		uint32_t bits = 0;
		char four[4];
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < have ? (unsigned char)bytes.p[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= have ? digits[bits >> (18 - 6 * k) & 63] : '=';
		aff_buf_put(out, four, sizeof four);
	}
}

static int value_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

bool base64_get(struct aff_view text, unsigned char *out, size_t size, size_t *n)
{
	size_t pad = 0;
	*n = 0;
	if (text.n % 4)
		return false;
	while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
		pad++;
	if (text.n / 4 * 3 - pad > size)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		size_t have = i + 4 == text.n ? 4 - pad : 4;
		uint32_t bits = 0;
		for (size_t k = 0; k < 4; k++) {
			int value = k < have ? value_of(text.p[i + k]) : 0;
			if (value < 0)
				return false;
			bits = bits << 6 | (uint32_t)value;
		}
		for (size_t k = 0; k < have - 1; k++)
			out[(*n)++] = (unsigned char)(bits >> (16 - 8 * k) & 0xff);
		if (have < 4 && bits << (8 + 8 * (have - 1)) != 0) /* bits of the last digit that are of no byte */
			return false;
	}
	return true;
}
