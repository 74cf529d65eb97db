/* SPDX-License-Identifier: Apache-2.0
 *
 * What one step changed. The texts of an edit never move, so a segment that kept its text is the same one; what lies
 * between two such segments was changed, inserted or deleted.
 */
#include "base/vector.h"
#include "cli/explain.h"

struct aff_view explain_keep(struct explain *x, struct aff_view text)
{
	char *to;
	int rc = text.n ? arena_take(&x->texts, text.n, &to) : 0;
	if (rc || !text.n) {
		x->error = rc ? rc : x->error;
		return aff_view("", 0);
	}
	memcpy(to, text.p, text.n);
	return aff_view(to, text.n);
}

struct aff_view explain_keep_raw(struct explain *x, struct aff_view raw)
{
	if (!x->charset)
		return explain_keep(x, raw);
	aff_buf_clear(&x->scratch);
	aff_charset_field(x->charset, &x->scratch, raw, &x->delims);
	x->error = x->scratch.error ? x->scratch.error : x->error;
	return explain_keep(x, aff_buf_view(&x->scratch));
}

void explain_remember(struct explain *x, const struct aff_edit *e)
{
	x->nsegments = 0;
	for (unsigned i = 0; i < aff_edit_segments(e); i++) {
		if (vector_room(&x->segments, &x->segments_room, x->nsegments, sizeof *x->segments)) {
			x->error = AFF_ENOMEM;
			return;
		}
		x->segments[x->nsegments++] = aff_edit_segment(e, i);
	}
}

static bool is_same(struct aff_view a, struct aff_view b)
{
	return a.p == b.p && a.n == b.n;
}

static struct explain_place place_of(struct aff_view segment, unsigned occurrence)
{
	struct explain_place at = {.occurrence = occurrence};
	memcpy(at.id, segment.p, segment.n < 3 ? segment.n : 3);
	return at;
}

/* The number of the segment at i among those of its id before the step. */
static unsigned occurrence_before(const struct explain *x, size_t i)
{
	unsigned n = 1;
	for (size_t k = 0; k < i; k++)
		n += x->segments[k].n >= 3 && x->segments[i].n >= 3 && !memcmp(x->segments[k].p, x->segments[i].p, 3);
	return n;
}

static unsigned occurrence_after(const struct aff_edit *e, unsigned i)
{
	struct aff_view segment = aff_edit_segment(e, i);
	unsigned n = 1;
	for (unsigned k = 0; k < i; k++) {
		struct aff_view other = aff_edit_segment(e, k);
		n += other.n >= 3 && segment.n >= 3 && !memcmp(other.p, segment.p, 3);
	}
	return n;
}

static void add(struct explain *x, struct explain_change change)
{
	if (vector_room(&x->changes, &x->changes_room, x->nchanges, sizeof *x->changes))
		x->error = AFF_ENOMEM;
	else
		x->changes[x->nchanges++] = change;
}

static void add_deleted(struct explain *x, size_t i)
{
	struct aff_view before = x->segments[i];
	add(x, (struct explain_change){.at = place_of(before, occurrence_before(x, i)), .deleted = true,
	                               .before = explain_keep_raw(x, before), .after = {"", 0}});
}

static void add_inserted(struct explain *x, const struct aff_edit *e, unsigned i)
{
	struct aff_view after = aff_edit_segment(e, i);
	add(x, (struct explain_change){.at = place_of(after, occurrence_after(e, i)), .inserted = true,
	                               .before = {"", 0}, .after = explain_keep_raw(x, after)});
}

static void add_changed(struct explain *x, const struct aff_edit *e, size_t i, unsigned k)
{
	struct aff_view before = x->segments[i];
	add(x, (struct explain_change){.at = place_of(before, occurrence_before(x, i)),
	                               .before = explain_keep_raw(x, before),
	                               .after = explain_keep_raw(x, aff_edit_segment(e, k))});
}

/* Whether the segment at i is still there, at k or behind. */
static bool stays(const struct explain *x, const struct aff_edit *e, size_t i, unsigned k)
{
	while (k < aff_edit_segments(e) && !is_same(x->segments[i], aff_edit_segment(e, k)))
		k++;
	return k < aff_edit_segments(e);
}

static bool is_new(const struct explain *x, const struct aff_edit *e, size_t i, unsigned k)
{
	while (i < x->nsegments && !is_same(x->segments[i], aff_edit_segment(e, k)))
		i++;
	return i == x->nsegments;
}

static bool same_id(const struct explain *x, const struct aff_edit *e, size_t i, unsigned k)
{
	struct aff_view a = x->segments[i], b = aff_edit_segment(e, k);
	return a.n >= 3 && b.n >= 3 && memcmp(a.p, b.p, 3) == 0;
}

void explain_compare(struct explain *x, const struct aff_edit *e)
{
	size_t i = 0, n = x->nsegments;
	unsigned k = 0, m = aff_edit_segments(e);
	while (i < n || k < m) {
		if (i < n && k < m && is_same(x->segments[i], aff_edit_segment(e, k))) {
			i++;
			k++;
			continue;
		}
		bool gone = i < n && !stays(x, e, i, k), made = k < m && is_new(x, e, i, k);
		if (gone && made && same_id(x, e, i, k))
			add_changed(x, e, i++, k++);
		else if (gone)
			add_deleted(x, i++);
		else if (made || i == n)
			add_inserted(x, e, k++);
		else
			add_deleted(x, i++); /* it moved: it is there again further down */
	}
	explain_remember(x, e);
}

/* ---- fields ---- */

/* Cuts the next field off. */
static struct aff_view cut(struct aff_view *rest, char separator, bool *more)
{
	const char *end = memchr(rest->p, separator, rest->n);
	struct aff_view field = aff_view(rest->p, end ? (size_t)(end - rest->p) : rest->n);
	*more = end != NULL;
	*rest = end ? aff_view(end + 1, rest->n - field.n - 1) : aff_view("", 0);
	return field;
}

bool explain_next_field(const struct explain_change *c, char separator, unsigned *field, struct aff_view *before,
                        struct aff_view *after)
{
	struct aff_view a = c->before, b = c->after;
	bool more_a = true, more_b = true;
	/* MSH-1 is the separator itself: what is behind the first one is MSH-2. */
	unsigned number = strcmp(c->at.id, "MSH") == 0 ? 1 : 0;
	cut(&a, separator, &more_a);
	cut(&b, separator, &more_b);
	while (more_a || more_b) {
		*before = more_a ? cut(&a, separator, &more_a) : aff_view("", 0);
		*after = more_b ? cut(&b, separator, &more_b) : aff_view("", 0);
		if (++number > *field && !aff_view_equal(*before, *after)) {
			*field = number;
			return true;
		}
	}
	return false;
}
