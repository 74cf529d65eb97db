/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding and replacing a part level by level: each level narrows the range that the level above found.
 */
#include "hl7/splice.h"

#include "hl7/index.h"
#include "hl7/near.h"

/* Narrows the range to its part `number` when split at the delimiter. */
static int narrow(struct splice *s, const char *text, unsigned level, char delimiter, unsigned number)
{
	if (number > 1 && !delimiter)
		return AFF_EDELIMITER;
	const char *p = text + s->from, *end = text + s->to, *next = NULL;
	number--;
	if (delimiter) {
		p = near_skip(p, end, delimiter, &number);
		next = near_find(p, end, delimiter);
	}
	s->from = (size_t)(p - text);
	s->to = (size_t)((next ? next : end) - text);
	s->missing[level].delimiter = delimiter;
	s->missing[level].count = number;
	return 0;
}

int splice_find(struct splice *s, struct aff_view segment, const struct aff_delims *d, unsigned field,
                unsigned repetition, unsigned component, unsigned subcomponent)
{
	memset(s, 0, sizeof *s);
	s->to = segment.n;
	bool header = index_is_header_text(segment, d->field);
	int error = narrow(s, segment.p, 0, d->field, header ? field : field + 1);
	if (!error && (repetition || component))
		error = narrow(s, segment.p, 1, d->repetition, repetition ? repetition : 1);
	if (!error && component)
		error = narrow(s, segment.p, 2, d->component, component);
	if (!error && component && subcomponent)
		error = narrow(s, segment.p, 3, d->subcomponent, subcomponent);
	return error;
}

size_t splice_missing(const struct splice *s)
{
	size_t n = 0;
	for (size_t i = 0; i < SPLICE_LEVELS; i++)
		n += s->missing[i].count;
	return n;
}

static char *put(char *to, const char *bytes, size_t n)
{
	memcpy(to, bytes, n);
	return to + n;
}

void splice_write(const struct splice *s, struct aff_view segment, struct aff_view raw, char *to)
{
	to = put(to, segment.p, s->from);
	for (size_t i = 0; i < SPLICE_LEVELS; i++) {
		memset(to, s->missing[i].delimiter, s->missing[i].count);
		to += s->missing[i].count;
	}
	to = put(to, raw.p, raw.n);
	put(to, segment.p + s->to, segment.n - s->to);
}
