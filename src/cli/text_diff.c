/* SPDX-License-Identifier: Apache-2.0
 *
 * The shortest edit between two lists of lines, after E. W. Myers, "An O(ND) difference algorithm and its variations",
 * 1986: for each number of edits d, how far one gets on each diagonal. Its memory grows with the square of d, so past
 * EDITS_MAX what lies between the first and the last difference is one change.
 */
#include "cli/text_diff.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/vector.h"

#define LINES_MAX 1000000
#define EDITS_MAX 1000
#define AROUND    3

struct line {
	struct aff_view text; /* with its end */
	uint64_t hash;
	bool changed;         /* only this side has it */
};
struct lines {
	struct line *items;
	size_t count, capacity;
};

static int split(struct lines *l, struct aff_view text)
{
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end + 1 - text.p) : text.n;
		if (l->count == LINES_MAX)
			return AFF_ELIMIT;
		if (vector_room(&l->items, &l->capacity, l->count, sizeof *l->items))
			return AFF_ENOMEM;
		struct aff_view line = aff_view(text.p, n);
		l->items[l->count++] = (struct line){line, hash64(line), false};
		text = aff_view(text.p + n, text.n - n);
	}
	return 0;
}

static bool same(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && aff_view_equal(a->text, b->text);
}

/* ---- the edit ---- */

/* The part of both lists between what is the same at both ends. */
struct middle {
	struct line *a, *b;
	int n, m;
	int *reached;         /* of d edits from d * d on, for the diagonals -d to d */
};

static int *diagonals(const struct middle *w, int d)
{
	return w->reached + (size_t)d * (size_t)d + d;
}

/* Did the best way to diagonal k with d edits come from the diagonal above, by a line of b? */
static bool is_insertion(const int *before, int d, int k)
{
	return k == -d || (k != d && before[k - 1] < before[k + 1]);
}

/* How many edits it takes; -1: more than EDITS_MAX. */
static int count_edits(const struct middle *w)
{
	for (int d = 0; d <= EDITS_MAX && d <= w->n + w->m; d++) {
		int *now = diagonals(w, d);
		const int *before = d ? diagonals(w, d - 1) : NULL;
		for (int k = -d; k <= d; k += 2) {
			int x = !d ? 0 : is_insertion(before, d, k) ? before[k + 1] : before[k - 1] + 1;
			while (x < w->n && x - k < w->m && same(&w->a[x], &w->b[x - k]))
				x++;
			now[k] = x;
			if (x >= w->n && x - k >= w->m)
				return d;
		}
	}
	return -1;
}

/* Goes the way back from both ends and marks the lines of each edit. */
static void mark(const struct middle *w, int edits)
{
	int x = w->n, y = w->m;
	for (int d = edits; d > 0; d--) {
		const int *before = diagonals(w, d - 1);
		int k = x - y;
		bool insertion = is_insertion(before, d, k);
		int from = insertion ? k + 1 : k - 1;
		x = before[from];
		y = x - from;
		if (insertion)
			w->b[y].changed = true;
		else
			w->a[x].changed = true;
	}
}

static void mark_all(const struct middle *w)
{
	for (int i = 0; i < w->n; i++)
		w->a[i].changed = true;
	for (int i = 0; i < w->m; i++)
		w->b[i].changed = true;
}

static int find_changes(struct lines *a, struct lines *b)
{
	size_t from = 0, na = a->count, nb = b->count;
	while (from < na && from < nb && same(&a->items[from], &b->items[from]))
		from++;
	while (na > from && nb > from && same(&a->items[na - 1], &b->items[nb - 1])) {
		na--;
		nb--;
	}
	if (na == from && nb == from)
		return 0;
	struct middle w = {a->items + from, b->items + from, (int)(na - from), (int)(nb - from), NULL};
	size_t most = na + nb - 2 * from < EDITS_MAX ? na + nb - 2 * from : EDITS_MAX;
	w.reached = malloc((most + 1) * (most + 1) * sizeof *w.reached);
	if (!w.reached)
		return AFF_ENOMEM;
	int edits = count_edits(&w);
	if (edits < 0)
		mark_all(&w);
	else
		mark(&w, edits);
	free(w.reached);
	return 0;
}

/* ---- writing ---- */

static void put_line(struct aff_buf *out, char sign, const struct line *l)
{
	aff_buf_put_char(out, sign);
	aff_buf_put_view(out, l->text);
	if (l->text.p[l->text.n - 1] != '\n')
		aff_buf_put_text(out, "\n\\ No newline at end of file\n");
}

static void put_range(struct aff_buf *out, char sign, size_t from, size_t n)
{
	aff_buf_printf(out, "%c%zu", sign, n ? from + 1 : from);
	if (n != 1)
		aff_buf_printf(out, ",%zu", n);
}

/* A place in both lists. */
struct at {
	size_t i, j;
};

static bool is_end(const struct lines *a, const struct lines *b, struct at at)
{
	return at.i == a->count && at.j == b->count;
}

static bool is_change(const struct lines *a, const struct lines *b, struct at at)
{
	return (at.i < a->count && a->items[at.i].changed) || (at.j < b->count && b->items[at.j].changed);
}

/* One line on: of one list where it is changed there, else of both. */
static struct at step(const struct lines *a, const struct lines *b, struct at at, struct aff_buf *out)
{
	if (at.i < a->count && a->items[at.i].changed) {
		if (out)
			put_line(out, '-', &a->items[at.i]);
		at.i++;
	} else if (at.j < b->count && b->items[at.j].changed) {
		if (out)
			put_line(out, '+', &b->items[at.j]);
		at.j++;
	} else {
		if (out)
			put_line(out, ' ', &a->items[at.i]);
		at.i++;
		at.j++;
	}
	return at;
}

/* Where the hunk that a change begins ends: behind the lines around its last change. */
static struct at hunk_end(const struct lines *a, const struct lines *b, struct at at)
{
	struct at end = at;
	for (size_t quiet = 0; !is_end(a, b, at) && quiet <= 2 * AROUND;) {
		bool change = is_change(a, b, at);
		at = step(a, b, at, NULL);
		quiet = change ? 0 : quiet + 1;
		if (change || quiet <= AROUND)
			end = at;
	}
	return end;
}

static void put_hunks(struct aff_buf *out, const struct lines *a, const struct lines *b)
{
	struct at at = {0, 0};
	size_t quiet = 0; /* lines that are the same, right before `at` and behind the last hunk */
	while (!is_end(a, b, at)) {
		if (!is_change(a, b, at)) {
			at = step(a, b, at, NULL);
			quiet++;
			continue;
		}
		size_t around = quiet < AROUND ? quiet : AROUND;
		struct at from = {at.i - around, at.j - around}, end = hunk_end(a, b, at);
		aff_buf_put_text(out, "@@ ");
		put_range(out, '-', from.i, end.i - from.i);
		aff_buf_put_char(out, ' ');
		put_range(out, '+', from.j, end.j - from.j);
		aff_buf_put_text(out, " @@\n");
		for (at = from; at.i != end.i || at.j != end.j;)
			at = step(a, b, at, out);
		quiet = 0;
	}
}

int text_diff(struct aff_buf *out, const char *before_name, struct aff_view before, const char *after_name,
	      struct aff_view after)
{
	struct lines a = {.count = 0}, b = {.count = 0};
	int rc = split(&a, before);
	rc = rc ? rc : split(&b, after);
	rc = rc ? rc : find_changes(&a, &b);
	if (!rc && !aff_view_equal(before, after)) {
		aff_buf_printf(out, "--- %s\n+++ %s\n", before_name, after_name);
		put_hunks(out, &a, &b);
	}
	free(a.items);
	free(b.items);
	return rc;
}
