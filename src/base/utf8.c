/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8, RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

size_t utf8_length(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t need = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (!need || need > n)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return need;
}

size_t ascii_length(const char *text, size_t n)
{
	size_t i = 0;
	for (uint64_t word; i + sizeof word <= n; i += sizeof word) {
		memcpy(&word, text + i, sizeof word);
		if (word & 0x8080808080808080u)
			break;
	}
	while (i < n && (unsigned char)text[i] < 0x80)
		i++;
	return i;
}

size_t utf8_characters(struct aff_view text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += utf8_starts(text.p[i]);
	return n;
}
