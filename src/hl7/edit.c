/* SPDX-License-Identifier: Apache-2.0
 *
 * An overlay over a parsed message. Until the first change it has no list of its own and reads go to the message; then
 * each entry is a segment of the message or a text in the arena. Texts are never moved, so views stay valid until the
 * next message.
 */
#include <afferent/edit.h>

#include <stdlib.h>

#include "hl7/arena.h"
#include "hl7/edit_write.h"
#include "hl7/group.h"
#include "hl7/index.h"
#include "hl7/near.h"
#include "hl7/splice.h"

struct entry {
	struct aff_view text;
	unsigned origin; /* the segment of the message that it is, unchanged; else AFF_NONE */
	bool inserted;
};

/* Where the fields of one changed text begin: the text that was read last, as the same segment is mostly read again. */
enum { FIELDS_KNOWN = 32 };
struct fields {
	const char *text;                  /* NULL: none. Texts stay where they are until the next message. */
	unsigned count;
	uint32_t start[FIELDS_KNOWN + 1];  /* of the text behind each separator, from the first one; then its end + 1 */
};

struct aff_edit {
	const struct aff_msg *m;
	struct arena arena;
	struct entry *entries;
	size_t max_entries;
	unsigned count;
	bool changed;
	struct fields *fields;
	struct aff_groups *groups; /* of the message as it was changed; none: not known */
	struct {
		bool set, changed;
		struct entry *entries;
		size_t max_entries;
		unsigned count;
	} mark;
};

static const struct aff_view nothing = {"", 0};

int aff_edit_new(struct aff_edit **out, size_t max)
{
	struct aff_edit *e = calloc(1, sizeof *e);
	struct fields *fields = calloc(1, sizeof *fields);
	if (!e || !fields || aff_groups_new(&e->groups)) {
		free(e);
		free(fields);
		return AFF_ENOMEM;
	}
	e->fields = fields;
	arena_init(&e->arena, max);
	*out = e;
	return 0;
}

void aff_edit_free(struct aff_edit *e)
{
	if (!e)
		return;
	arena_free(&e->arena);
	free(e->entries);
	free(e->fields);
	free(e->mark.entries);
	aff_groups_free(e->groups);
	free(e);
}

int aff_edit_begin(struct aff_edit *e, const struct aff_msg *m)
{
	arena_reset(&e->arena);
	e->fields->text = NULL;
	e->m = m;
	e->count = m->error ? 0 : m->count;
	e->changed = false;
	e->mark.set = false;
	group_forget(e->groups);
	return m->error;
}

const struct aff_msg *aff_edit_message(const struct aff_edit *e)
{
	return e->m;
}

struct aff_delims aff_edit_delims(const struct aff_edit *e)
{
	return e->m->delims;
}

bool aff_edit_changed(const struct aff_edit *e)
{
	return e->changed;
}

unsigned aff_edit_segments(const struct aff_edit *e)
{
	return e->count;
}

struct aff_view aff_edit_segment(const struct aff_edit *e, unsigned segment)
{
	if (segment >= e->count)
		return nothing;
	return e->changed ? e->entries[segment].text : aff_msg_segment(e->m, segment);
}

bool aff_edit_is(const struct aff_edit *e, unsigned segment, const char *id)
{
	struct aff_view v = aff_edit_segment(e, segment);
	return strnlen(id, 4) == 3 && v.n >= 3 && memcmp(v.p, id, 3) == 0 && (v.n == 3 || v.p[3] == e->m->delims.field);
}

unsigned aff_edit_find(const struct aff_edit *e, const char *id, unsigned from)
{
	if (!e->changed)
		return e->count ? aff_msg_find(e->m, id, from) : AFF_NONE;
	for (unsigned i = from; i < e->count; i++) {
		if (aff_edit_is(e, i, id))
			return i;
	}
	return AFF_NONE;
}

unsigned aff_edit_nth(const struct aff_edit *e, const char *id, unsigned nth)
{
	if (!nth)
		return AFF_NONE;
	unsigned at = aff_edit_find(e, id, 0);
	while (at != AFF_NONE && --nth)
		at = aff_edit_find(e, id, at + 1);
	return at;
}

/* The segment of the message that still stands at this place; AFF_NONE when it is a text of our own. */
static unsigned origin_of(const struct aff_edit *e, unsigned segment)
{
	if (segment >= e->count)
		return AFF_NONE;
	return e->changed ? e->entries[segment].origin : segment;
}

static bool is_header(const struct aff_edit *e, struct aff_view segment)
{
	return index_is_header_text(segment, e->m->delims.field);
}

static void find_fields(struct fields *f, struct aff_view text, char separator)
{
	size_t i = 0;
	f->text = text.p;
	f->count = 0;
	for (; text.n - i >= 8 && f->count < FIELDS_KNOWN; i += 8)
		for (uint64_t mask = near_mask(text.p + i, separator); mask && f->count < FIELDS_KNOWN;
		     mask = near_rest(mask))
			f->start[f->count++] = (uint32_t)(i + near_first(mask) + 1);
	for (; i < text.n && f->count < FIELDS_KNOWN; i++)
		if (text.p[i] == separator)
			f->start[f->count++] = (uint32_t)i + 1;
	f->start[f->count] = (uint32_t)text.n + 1;
}

/* A field of a changed text; false: it is one of those that are not kept. */
static bool known_field(const struct aff_edit *e, struct aff_view text, unsigned field, struct aff_view *out)
{
	struct fields *f = e->fields;
	if (f->text != text.p)
		find_fields(f, text, e->m->delims.field);
	if (field > f->count || field >= FIELDS_KNOWN)
		return false;
	*out = aff_view(text.p + f->start[field - 1], f->start[field] - f->start[field - 1] - 1);
	return true;
}

struct aff_view aff_edit_field(const struct aff_edit *e, unsigned segment, unsigned field)
{
	unsigned origin = origin_of(e, segment);
	if (origin != AFF_NONE)
		return aff_msg_field(e->m, origin, field);
	struct aff_view text = aff_edit_segment(e, segment);
	struct splice s;
	if (!text.n || !field)
		return nothing;
	bool header = is_header(e, text);
	if (field == 1 && header)
		return aff_view(text.p + 3, text.n > 3);
	struct aff_view found;
	if (known_field(e, text, header ? field - 1 : field, &found))
		return found;
	if (splice_find(&s, text, &e->m->delims, field, 0, 0, 0) || splice_missing(&s))
		return nothing;
	return aff_view(text.p + s.from, s.to - s.from);
}

struct aff_view aff_edit_get(const struct aff_edit *e, unsigned segment, unsigned field, unsigned repetition,
                             unsigned component, unsigned subcomponent)
{
	unsigned origin = origin_of(e, segment);
	if (origin != AFF_NONE)
		return aff_msg_get(e->m, origin, field, repetition, component, subcomponent);
	struct aff_view v = aff_edit_field(e, segment, field);
	if (field <= 2 && is_header(e, aff_edit_segment(e, segment)))
		return repetition > 1 || component > 1 || subcomponent > 1 ? nothing : v;
	return aff_cut(v, &e->m->delims, repetition, component, subcomponent);
}

static uint32_t id_of(const void *arg, unsigned n)
{
	const struct aff_edit *e = arg;
	struct aff_view v = aff_edit_segment(e, n);
	return v.n >= 3 && (v.n == 3 || v.p[3] == e->m->delims.field) ? index_pack_id(v.p) : 0;
}

int aff_edit_groups(const struct aff_edit *e, const struct aff_groups **out)
{
	if (!e->changed)
		return aff_msg_groups(e->m, out);
	struct group_source from = {.segments = e->count, .of = id_of, .arg = e};
	int rc = 0;
	if (!aff_groups_count(e->groups)) {
		from.structure = group_structure(aff_edit_field(e, 0, 9), aff_edit_field(e, 0, 12), &e->m->delims);
		rc = group_match(e->groups, &from, NULL);
	}
	*out = rc ? NULL : e->groups;
	return rc;
}

/* The segment that a path with groups means. */
static unsigned find_in_group(const struct aff_edit *e, const struct aff_path *path, unsigned current)
{
	const struct aff_groups *groups;
	unsigned group = aff_edit_groups(e, &groups) ? AFF_NONE : group_of_path(groups, path, current);
	if (group == AFF_NONE)
		return AFF_NONE;
	const struct aff_group *in = aff_groups_at(groups, group);
	unsigned nth = path->occurrence ? path->occurrence : 1, at = in->first;
	if (!path->occurrence && current >= in->first && current <= in->last && aff_edit_is(e, current, path->segment))
		return current;
	for (; (at = aff_edit_find(e, path->segment, at)) != AFF_NONE && at <= in->last; at++) {
		if (--nth == 0)
			return at;
	}
	return AFF_NONE;
}

unsigned aff_edit_path_segment(const struct aff_edit *e, const struct aff_path *path, unsigned current)
{
	if (path->group_count)
		return find_in_group(e, path, current);
	if (path->occurrence)
		return aff_edit_nth(e, path->segment, path->occurrence);
	if (current != AFF_NONE && aff_edit_is(e, current, path->segment))
		return current;
	unsigned first = aff_edit_find(e, path->segment, 0);
	if (first == AFF_NONE || current >= e->count)
		return first;
	struct group_source from = {.segments = e->count, .of = id_of, .arg = e};
	return group_own_patient(&from, index_pack_id(path->segment), first, current);
}

struct aff_view aff_edit_path(const struct aff_edit *e, const struct aff_path *path, unsigned current)
{
	unsigned segment = aff_edit_path_segment(e, path, current);
	if (!path->field)
		return aff_edit_segment(e, segment);
	return aff_edit_get(e, segment, path->field, path->repetition, path->component, path->subcomponent);
}

static int grow(struct entry **entries, size_t *max_entries, size_t count)
{
	if (*max_entries >= count)
		return 0;
	size_t want = *max_entries ? *max_entries : 64;
	while (want < count)
		want *= 2;
	struct entry *p = realloc(*entries, want * sizeof *p);
	if (!p)
		return AFF_ENOMEM;
	*entries = p;
	*max_entries = want;
	return 0;
}

static int grow_entries(struct aff_edit *e, size_t count)
{
	return grow(&e->entries, &e->max_entries, count);
}

/* ---- a mark: texts are never moved or changed, so the list of them is all there is to keep ---- */

int aff_edit_mark(struct aff_edit *e)
{
	if (e->changed && grow(&e->mark.entries, &e->mark.max_entries, e->count))
		return AFF_ENOMEM;
	if (e->changed && e->count)
		memcpy(e->mark.entries, e->entries, e->count * sizeof *e->entries);
	e->mark.set = true;
	e->mark.changed = e->changed;
	e->mark.count = e->count;
	return 0;
}

void aff_edit_undo(struct aff_edit *e)
{
	if (!e->mark.set)
		return;
#ifdef AFF_MUTANT_80 /* what a step did before it failed stays */
	return;
#endif
	/* The list has room: it never shrinks, and it held as much when the mark was set. */
	if (e->mark.changed && e->mark.count)
		memcpy(e->entries, e->mark.entries, e->mark.count * sizeof *e->entries);
	e->changed = e->mark.changed;
	e->count = e->mark.count;
	group_forget(e->groups);
}

/* ---- changing ---- */

/* Makes the list of entries before the first change. */
static int start_changing(struct aff_edit *e)
{
	if (e->changed)
		return 0;
	int error = grow_entries(e, e->count);
	if (error)
		return error;
	for (unsigned i = 0; i < e->count; i++)
		e->entries[i] = (struct entry){aff_msg_segment(e->m, i), i, false};
	group_forget(e->groups);
	e->changed = true;
	return 0;
}

/* A line feed is data in a message whose segments end with CR, but in the MSH it would decide how they all end. */
static bool has_terminator(const struct aff_edit *e, unsigned segment, struct aff_view raw)
{
	bool lf_ends = segment == 0 || e->m->terminator != AFF_TERMINATOR_CR;
	const char *end = raw.p + raw.n;
	return near_find(raw.p, end, '\r') || (lf_ends && near_find(raw.p, end, '\n'));
}

/* The place of a whole field of the text that is known; never of a header's, which are numbered otherwise. */
static bool known_place(const struct aff_edit *e, struct aff_view text, unsigned field, bool part, struct splice *s)
{
	struct aff_view found;
	if (part || e->fields->text != text.p || is_header(e, text) || !known_field(e, text, field, &found))
		return false;
	memset(s, 0, sizeof *s);
	s->from = (size_t)(found.p - text.p);
	s->to = s->from + found.n;
	return true;
}

/* A field of the text that is known was changed: the ones behind it begin elsewhere in the new text. */
static void move_fields(struct fields *f, struct aff_view old, unsigned field, struct aff_view text)
{
	if (f->text != old.p)
		return;
	f->text = text.p;
	for (unsigned i = field; i <= f->count; i++)
		f->start[i] = (uint32_t)(f->start[i] + text.n - old.n);
}

int aff_edit_set(struct aff_edit *e, unsigned segment, unsigned field, unsigned repetition, unsigned component,
                 unsigned subcomponent, struct aff_view raw)
{
	struct aff_view old = aff_edit_segment(e, segment);
	const struct aff_limits *limits = &e->m->limits;
	if (!raw.n)
		raw = nothing;
	if (segment >= e->count || !old.n || !field || (field <= 2 && is_header(e, old)) ||
	    has_terminator(e, segment, raw) || near_find(raw.p, raw.p + raw.n, e->m->delims.field))
		return AFF_EARGUMENT;
	if (field > limits->fields || repetition > limits->repetitions || component > limits->fields ||
	    subcomponent > limits->fields)
		return AFF_ELIMIT;
	struct splice s;
	int error = 0;
	if (!known_place(e, old, field, repetition || component, &s))
		error = splice_find(&s, old, &e->m->delims, field, repetition, component, subcomponent);
	if (error)
		return error;
	size_t missing = splice_missing(&s);
	if (missing ? raw.n == 0 : aff_view_equal(raw, aff_view(old.p + s.from, s.to - s.from)))
		return 0;
	char *to;
	size_t n = old.n - (s.to - s.from) + missing + raw.n;
	error = start_changing(e);
	if (!error)
		error = arena_take(&e->arena, n, &to);
	if (error)
		return error;
	splice_write(&s, old, raw, to);
	if (!s.missing[0].count)
		move_fields(e->fields, old, is_header(e, old) ? field - 1 : field, aff_view(to, n));
	if (segment == 0) /* it may say another type or version now */
		group_forget(e->groups);
	e->entries[segment].text = aff_view(to, n);
	e->entries[segment].origin = AFF_NONE;
	return 0;
}

int aff_edit_set_path(struct aff_edit *e, const struct aff_path *path, unsigned current, struct aff_view raw)
{
	unsigned segment = aff_edit_path_segment(e, path, current);
	if (segment == AFF_NONE)
		return AFF_ENOTFOUND;
	return aff_edit_set(e, segment, path->field, path->repetition, path->component, path->subcomponent, raw);
}

int aff_edit_delete(struct aff_edit *e, unsigned segment)
{
	if (segment == 0 || segment >= e->count)
		return AFF_EARGUMENT;
	int error = start_changing(e);
	if (error)
		return error;
	e->count--;
	group_forget(e->groups);
	memmove(e->entries + segment, e->entries + segment + 1, (e->count - segment) * sizeof *e->entries);
	return 0;
}

int aff_edit_move(struct aff_edit *e, unsigned segment, unsigned to)
{
	if (!segment || !to || segment >= e->count || to >= e->count)
		return AFF_EARGUMENT;
	int error = segment == to ? 0 : start_changing(e);
	if (error || segment == to)
		return error;
	struct entry moved = e->entries[segment];
	if (to < segment)
		memmove(e->entries + to + 1, e->entries + to, (segment - to) * sizeof *e->entries);
	else
		memmove(e->entries + segment, e->entries + segment + 1, (to - segment) * sizeof *e->entries);
	e->entries[to] = moved;
	group_forget(e->groups);
	return 0;
}

int aff_edit_insert(struct aff_edit *e, unsigned segment, struct aff_view raw)
{
	bool is_segment = raw.n >= 3 && index_is_id(raw.p, 3) && (raw.n == 3 || raw.p[3] == e->m->delims.field);
	if (segment == 0 || segment > e->count || !is_segment || memcmp(raw.p, "MSH", 3) == 0 ||
	    has_terminator(e, segment, raw))
		return AFF_EARGUMENT;
	if (e->count >= e->m->limits.segments)
		return AFF_ELIMIT;
	char *to;
	int error = start_changing(e);
	if (!error)
		error = grow_entries(e, (size_t)e->count + 1);
	if (!error)
		error = arena_take(&e->arena, raw.n, &to);
	if (error)
		return error;
	memcpy(to, raw.p, raw.n);
	memmove(e->entries + segment + 1, e->entries + segment, (e->count - segment) * sizeof *e->entries);
	e->entries[segment] = (struct entry){aff_view(to, raw.n), AFF_NONE, true};
	e->count++;
	group_forget(e->groups);
	return 0;
}

void edit_write(const struct aff_edit *e, struct aff_buf *out, edit_put_fn *put, void *arg)
{
	const struct aff_msg *m = e->m;
	struct aff_view terminator = index_terminator(m->terminator);
	struct aff_view tail = {m->bytes.p + m->body_end, m->bytes.n - m->body_end};
	aff_buf_put(out, m->bytes.p, m->segments[0].start);
	for (unsigned i = 0; i < e->count; i++) {
		if (i)
			aff_buf_put_view(out, terminator);
		put(arg, out, e->entries[i].text, e->entries[i].origin);
	}
	if (!tail.n && e->entries[e->count - 1].inserted)
		tail = terminator;
	aff_buf_put_view(out, tail);
}

static void put_as_it_is(void *arg, struct aff_buf *out, struct aff_view text, unsigned origin)
{
	(void)arg;
	(void)origin;
	aff_buf_put_view(out, text);
}

void aff_edit_write(const struct aff_edit *e, struct aff_buf *out)
{
	if (e->changed)
		edit_write(e, out, put_as_it_is, NULL);
	else
		aff_buf_put_view(out, e->m->bytes);
}
