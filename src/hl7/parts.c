/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking texts apart.
 */
#include <afferent/parts.h>

#include "hl7/near.h"

size_t aff_components(struct aff_view part[], size_t most, struct aff_view text, const struct aff_delims *d)
{
	size_t n = 0, start = 0, i = 0, written;
	const char repetition = d->repetition, component = d->component;
	for (; i < text.n && n < most; i++) {
		if (text.n - i >= 8) { /* most bytes are no delimiters */
			uint64_t mask = near_mask(text.p + i, component) | near_mask(text.p + i, repetition);
			i += mask ? near_first(mask) : 7;
			if (!mask)
				continue;
		}
		char c = text.p[i];
		if (c == repetition && c)
			break;
		if (c == component && c) {
			part[n++] = aff_view(text.p + start, i - start);
			start = i + 1;
		}
	}
	if (n < most && text.n)
		part[n++] = aff_view(text.p + start, i - start);
	written = n;
	while (n < most)
		part[n++] = aff_view("", 0);
	return written;
}

struct aff_view aff_primitive(struct aff_view text, const struct aff_delims *d)
{
	size_t n = 0;
	for (; n < text.n; n++) {
		char c = text.p[n];
		if (c && (c == d->component || c == d->subcomponent || c == d->repetition))
			break;
	}
	return aff_view(text.p, n);
}

bool aff_is_valued(struct aff_view text, const struct aff_delims *d)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (!c || (c != d->component && c != d->subcomponent && c != d->repetition))
			return true;
	}
	return false;
}
