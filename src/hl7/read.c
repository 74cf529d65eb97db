/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the parts of a parsed message, and of any field's text.
 */
#include <afferent/msg.h>

#include "hl7/index.h"
#include "hl7/near.h"

static const struct aff_view nothing = {"", 0};

struct aff_view aff_msg_bytes(const struct aff_msg *m)
{
	return m->bytes;
}

struct aff_delims aff_msg_delims(const struct aff_msg *m)
{
	return m->delims;
}

enum aff_terminator aff_msg_terminator(const struct aff_msg *m)
{
	return m->terminator;
}

unsigned aff_msg_segments(const struct aff_msg *m)
{
	return m->count;
}

/* The packed id, or 0 when the text is no three characters and so no segment's id. */
static uint32_t pack(const char *id)
{
	return id[0] && id[1] && id[2] && !id[3] ? index_pack_id(id) : 0;
}

unsigned aff_msg_find(const struct aff_msg *m, const char *id, unsigned from)
{
	uint32_t wanted = pack(id);
	for (unsigned i = from; wanted && i < m->count; i++) {
		if (m->segments[i].id == wanted)
			return i;
	}
	return AFF_NONE;
}

unsigned aff_msg_nth(const struct aff_msg *m, const char *id, unsigned nth)
{
	uint32_t wanted = pack(id);
	if (!wanted || !nth)
		return AFF_NONE;
	/* The one that is n occurrences on is n segments on at least. */
	for (unsigned i = nth - 1; i < m->count;) {
		const struct segment *s = &m->segments[i];
		if (s->id == wanted && s->occurrence == nth)
			return i;
		i += s->id == wanted ? nth - s->occurrence : 1;
	}
	return AFF_NONE;
}

unsigned aff_msg_occurrence(const struct aff_msg *m, unsigned segment)
{
	return segment < m->count ? m->segments[segment].occurrence : 0;
}

struct aff_view aff_msg_id(const struct aff_msg *m, unsigned segment)
{
	if (segment >= m->count)
		return nothing;
	const struct segment *s = &m->segments[segment];
	return aff_view(m->bytes.p + s->start, m->cuts[s->first] - s->start);
}

struct aff_view aff_msg_segment(const struct aff_msg *m, unsigned segment)
{
	if (segment >= m->count)
		return nothing;
	const struct segment *s = &m->segments[segment];
	return aff_view(m->bytes.p + s->start, s->end - s->start);
}

unsigned aff_msg_fields(const struct aff_msg *m, unsigned segment)
{
	if (segment >= m->count)
		return 0;
	const struct segment *s = &m->segments[segment];
	return s->fields + (index_is_header(s->id) && s->fields ? 1 : 0);
}

int aff_msg_is(const struct aff_msg *m, unsigned segment, const char *id)
{
	uint32_t wanted = pack(id);
	return wanted && segment < m->count && m->segments[segment].id == wanted;
}

struct aff_view aff_msg_field(const struct aff_msg *m, unsigned segment, unsigned field)
{
	return segment < m->count && field ? index_field(m, &m->segments[segment], field) : nothing;
}

static bool is_unsplit(const struct segment *s, unsigned field)
{
	return field <= 2 && index_is_header(s->id);
}

unsigned aff_msg_repetitions(const struct aff_msg *m, unsigned segment, unsigned field)
{
	struct aff_view v = aff_msg_field(m, segment, field);
	if (v.n && is_unsplit(&m->segments[segment], field))
		return 1;
	return aff_count(v, m->delims.repetition);
}

struct aff_view aff_msg_get(const struct aff_msg *m, unsigned segment, unsigned field, unsigned repetition,
                            unsigned component, unsigned subcomponent)
{
	if (segment >= m->count || !field)
		return nothing;
	const struct segment *s = &m->segments[segment];
	struct aff_view v = index_field(m, s, field);
	if (is_unsplit(s, field))
		return repetition > 1 || component > 1 || subcomponent > 1 ? nothing : v;
	return aff_cut(v, &m->delims, repetition, component, subcomponent);
}

/* Part `number` (from 1) of text split at the delimiter; with no delimiter in use the text is its only part. */
static struct aff_view part(struct aff_view text, char delimiter, unsigned number)
{
	if (!text.n)
		return text.p && number == 1 ? text : nothing;
	const char *p = text.p, *end = text.p + text.n, *next = delimiter ? near_find(p, end, delimiter) : NULL;
	while (--number) {
		if (!next)
			return nothing;
		p = next + 1;
		next = near_find(p, end, delimiter);
	}
	return aff_view(p, (size_t)((next ? next : end) - p));
}

struct aff_view aff_cut(struct aff_view field, const struct aff_delims *d, unsigned repetition, unsigned component,
                        unsigned subcomponent)
{
	struct aff_view v = part(field, d->repetition, repetition ? repetition : 1);
	if (component)
		v = part(v, d->component, component);
	if (component && subcomponent)
		v = part(v, d->subcomponent, subcomponent);
	return v;
}

unsigned aff_count(struct aff_view text, char delimiter)
{
	if (!text.n)
		return 0;
	unsigned count = 1;
	const char *p = text.p, *end = text.p + text.n;
	while (delimiter && (p = memchr(p, delimiter, (size_t)(end - p))) != NULL) {
		count++;
		p++;
	}
	return count;
}
