/* SPDX-License-Identifier: Apache-2.0
 *
 * Character sets: nothing is converted here, so what does not fit is left out by the caller.
 */
#include "rules/charset.h"

#include <strings.h>

enum { MSH_CHARSET = 18 };

static bool is_ascii(struct aff_view text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

bool charset_can_write(const struct aff_edit *e, struct aff_view text)
{
	static const char *const names[] = {"UNICODE UTF-8", "UTF-8", "UTF8"};
	if (is_ascii(text))
		return true;
	struct aff_view charset = aff_edit_get(e, 0, MSH_CHARSET, 1, 1, 0);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (charset.n == strlen(names[i]) && strncasecmp(charset.p, names[i], charset.n) == 0)
			return true;
	}
	return false;
}
