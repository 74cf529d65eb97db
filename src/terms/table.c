/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping tables: rows in one array, their texts in one arena of chunks (so that views stay where they are), and a
 * hash over them. Rows of one code hang together, those that ask for most first. Rows for the beginning of a code have
 * a hash of their own, which is asked for each length that occurs: without such rows they cost nothing.
 */
#include <afferent/number.h>
#include <afferent/table.h>

#include <stdlib.h>

#include "terms/table_index.h"

enum { CHUNK = 64 * 1024, MOST_ROWS = 500 * 1000, MOST_OF_ONE = 64 };

struct table_chunk {
	struct table_chunk *next;
	size_t used, size;
	char bytes[];
};

static char *arena_take(struct aff_table *t, size_t n)
{
	if (!t->chunks || n > t->chunks->size - t->chunks->used) {
		size_t size = n > CHUNK ? n : CHUNK;
		struct table_chunk *c = malloc(sizeof *c + size);
		if (!c)
			return NULL;
		c->next = t->chunks;
		c->used = 0;
		c->size = size;
		t->chunks = c;
	}
	char *p = t->chunks->bytes + t->chunks->used;
	t->chunks->used += n;
	return p;
}

/* Copies `from`, with a NUL behind it that is not counted; or takes what the row before it has, when that is the same.
 */
static bool keep(struct aff_table *t, struct aff_view *to, struct aff_view from, const struct aff_view *before)
{
	if (!from.n || (before && aff_view_equal(from, *before))) {
		*to = from.n ? *before : aff_view("", 0);
		return true;
	}
	char *p = arena_take(t, from.n + 1);
	if (!p)
		return false;
	memcpy(p, from.p, from.n);
	p[from.n] = '\0';
	*to = aff_view(p, from.n);
	return true;
}

int aff_table_new(struct aff_table **out, const char *name, struct aff_view from_system, struct aff_view to_system)
{
	struct aff_table *t = calloc(1, sizeof *t);
	if (!t)
		return AFF_ENOMEM;
	if (!keep(t, &t->name, aff_view_of(name), NULL) || !keep(t, &t->from_system, from_system, NULL) ||
	    !keep(t, &t->to_system, to_system, NULL)) {
		aff_table_free(t);
		return AFF_ENOMEM;
	}
	*out = t;
	return 0;
}

void aff_table_free(struct aff_table *t)
{
	if (!t)
		return;
	while (t->chunks) {
		struct table_chunk *next = t->chunks->next;
		free(t->chunks);
		t->chunks = next;
	}
	free(t->exact.slots);
	free(t->prefixes.slots);
	free(t->back.slots);
	free(t->within.slots);
	free(t->rows);
	free(t);
}

/* ---- adding ---- */

static const struct aff_unit *unit_of_text(struct aff_view text)
{
	const struct aff_unit *unit = text.n ? aff_unit_by_alias(text) : NULL;
	unit = unit || !text.n ? unit : aff_unit_by_ucum(text);
	unit = unit || !text.n ? unit : aff_unit_by_refid(text);
	return unit || !text.n ? unit : aff_unit_by_mdc(text);
}

static bool copy_row(struct aff_table *t, struct aff_table_row *to, const struct aff_table_row *from)
{
	static const size_t views[] = {
		offsetof(struct aff_table_row, from),       offsetof(struct aff_table_row, from_system),
		offsetof(struct aff_table_row, from_name),  offsetof(struct aff_table_row, from_unit),
		offsetof(struct aff_table_row, within),     offsetof(struct aff_table_row, code),
		offsetof(struct aff_table_row, name),       offsetof(struct aff_table_row, loinc),
		offsetof(struct aff_table_row, loinc_name), offsetof(struct aff_table_row, unit),
		offsetof(struct aff_table_row, category),   offsetof(struct aff_table_row, scale),
		offsetof(struct aff_table_row, low),        offsetof(struct aff_table_row, high),
		offsetof(struct aff_table_row, sentinels),  offsetof(struct aff_table_row, source),
	};
	const char *before = t->count ? (const char *)&t->rows[t->count - 1].row : NULL;
	*to = *from;
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
		struct aff_view *view = (struct aff_view *)(void *)((char *)to + views[i]);
		if (!keep(t, view, *view, before ? (const struct aff_view *)(const void *)(before + views[i]) : NULL))
			return false;
	}
	to->from_unit_known = unit_of_text(from->from_unit);
	to->unit_known = from->unit.n ? aff_unit_by_ucum(from->unit) : NULL;
	return true;
}

static bool is_bound(struct aff_view text)
{
	return !text.n || aff_is_number(text);
}

static bool is_scale(struct aff_view text)
{
	struct aff_nm number, zero;
	return !text.n || (!aff_nm_parse(&number, text) && !aff_nm_parse(&zero, aff_view("0", 1)) &&
			   aff_nm_compare(&number, &zero) > 0);
}

static bool is_pattern(struct aff_view from)
{
	return from.n && from.p[from.n - 1] == '*';
}

static bool is_usable(const struct aff_table_row *row)
{
	const char *star = row->from.n ? memchr(row->from.p, '*', row->from.n) : NULL;
	bool whole = !star || (star == row->from.p + row->from.n - 1 && row->from.n <= PREFIX_MOST);
	return row->from.n && whole && is_scale(row->scale) && is_bound(row->low) &&
	       is_bound(row->high);
}

static unsigned asks_of(const struct aff_table_row *row)
{
	return (row->from_system.n ? AFF_ASKS_SYSTEM : 0u) | (row->from_name.n ? AFF_ASKS_NAME : 0u) |
	       (row->from_unit.n ? AFF_ASKS_UNIT : 0u) | (row->within.n ? AFF_ASKS_WITHIN : 0u);
}

static bool same_conditions(const struct table_row *a, const struct table_row *b)
{
	return a->row.asks == b->row.asks && aff_view_equal(a->row.from_system, b->row.from_system) &&
	       aff_view_equal(a->row.from_name, b->row.from_name) && table_same_unit(&a->row, &b->row) &&
	       aff_view_equal(a->row.within, b->row.within);
}

/* Hangs row number `n`, plus 1, among those of its key: behind those that ask for more. */
static int hang(struct aff_table *t, uint32_t *place, uint32_t n, unsigned *existing_line)
{
	struct table_row *row = &t->rows[n - 1];
	uint32_t *to = NULL;
	unsigned count = 0;
	for (uint32_t *at = place;; at = &t->rows[*at - 1].next, count++) {
		if (!to && (!*at || t->rows[*at - 1].conditions < row->conditions))
			to = at;
		if (!*at)
			break;
		if (same_conditions(&t->rows[*at - 1], row)) {
			if (existing_line)
				*existing_line = t->rows[*at - 1].row.line;
			return AFF_ETABLE;
		}
	}
	if (count == MOST_OF_ONE)
		return AFF_ELIMIT;
	row->next = *to;
	*to = n;
	return 0;
}

/* vector_room does not align. */
static bool grow_rows(struct aff_table *t)
{
	size_t capacity = t->capacity ? 2 * t->capacity : 16;
	struct table_row *rows = aligned_alloc(_Alignof(struct table_row), capacity * sizeof *rows);
	if (!rows)
		return false;
	if (t->count)
		memcpy(rows, t->rows, t->count * sizeof *rows);
	free(t->rows);
	t->rows = rows;
	t->capacity = capacity;
	return true;
}

static int note_container(struct aff_table *t, uint32_t n)
{
	struct aff_view within = t->rows[n - 1].row.within;
	uint32_t *place = within.n ? index_place(t, &t->within, KEY_WITHIN, within) : NULL;
	if (within.n && !place)
		return AFF_ENOMEM;
	if (place && !*place)
		*place = n;
	return 0;
}

int aff_table_add(struct aff_table *t, const struct aff_table_row *row, unsigned *existing_line)
{
	bool pattern = is_pattern(row->from);
	if (!is_usable(row))
		return AFF_EARGUMENT;
	if (t->count == MOST_ROWS)
		return AFF_ELIMIT;
	if (t->count == t->capacity && !grow_rows(t))
		return AFF_ENOMEM;
	struct table_row *copy = &t->rows[t->count];
	if (!copy_row(t, &copy->row, row))
		return AFF_ENOMEM;
	copy->next = 0;
	index_start(copy->start, row->from);
	copy->row.asks = asks_of(row);
	copy->conditions = (uint32_t)__builtin_popcount(copy->row.asks);
	struct table_index *index = pattern ? &t->prefixes : &t->exact;
	enum index_key key = pattern ? KEY_PREFIX : KEY_EXACT;
	struct aff_view text = index_text(copy, key);
	uint32_t *place = index_place(t, index, key, text);
	if (!place)
		return AFF_ENOMEM;
	int rc = hang(t, place, (uint32_t)t->count + 1, existing_line);
	rc = rc ? rc : note_container(t, (uint32_t)t->count + 1);
	if (rc)
		return rc;
	if (pattern) {
		t->lengths[text.n / 64] |= UINT64_C(1) << (text.n % 64);
		t->longest = text.n > t->longest ? (unsigned)text.n : t->longest;
		t->any = true;
	}
	t->asks |= copy->row.asks;
	t->count++;
	return 0;
}

/* ---- asking ---- */

const char *aff_table_name(const struct aff_table *t)
{
	return t->name.p;
}

struct aff_view aff_table_from_system(const struct aff_table *t)
{
	return t->from_system;
}

struct aff_view aff_table_to_system(const struct aff_table *t)
{
	return t->to_system;
}

size_t aff_table_rows(const struct aff_table *t)
{
	return t->count;
}

const struct aff_table_row *aff_table_at(const struct aff_table *t, size_t i)
{
	return i < t->count ? &t->rows[i].row : NULL;
}

const struct aff_table_row *aff_table_find(const struct aff_table *t, struct aff_view code)
{
	bool pattern = is_pattern(code);
	uint32_t n = pattern ? index_find(t, &t->prefixes, KEY_PREFIX, aff_view(code.p, code.n - 1))
			     : index_find(t, &t->exact, KEY_EXACT, code);
	return n ? &t->rows[n - 1].row : NULL;
}

/* The best of the rows that hang together from number `n`, plus 1. */
static const struct aff_table_row *best_of(const struct aff_table *t, uint32_t n, fit_fn *fit, void *context,
                                           bool *other)
{
	const struct table_row *best = NULL;
	int best_fit = AFF_FIT_NO;
	bool tie = false;
	for (; n; n = t->rows[n - 1].next) {
		const struct table_row *row = &t->rows[n - 1];
		if (best && row->conditions < best->conditions)
			break;
		int how = fit(context, &row->row);
		*other |= how == AFF_FIT_NO;
		if (how < AFF_FIT_YES)
			continue;
		tie = best && how == best_fit;
		if (how > best_fit) {
			best = row;
			best_fit = how;
		}
	}
	*other = tie || (!best && *other);
	return best && !tie ? &best->row : NULL;
}

const struct aff_table_row *aff_table_match(const struct aff_table *t, struct aff_view code, fit_fn *fit,
                                            void *context, bool *other)
{
	*other = false;
	const struct aff_table_row *row =
		best_of(t, index_find(t, &t->exact, KEY_EXACT, code), fit, context, other);
#ifdef AFF_MUTANT_53 /* a code under another name is one of the rest */
	*other = false;
#endif
	size_t n = code.n < t->longest ? code.n : t->longest;
	for (bool more = t->any && code.n; more && !row && !*other; n--) {
		if (t->lengths[n / 64] & UINT64_C(1) << (n % 64))
			row = best_of(t, index_find(t, &t->prefixes, KEY_PREFIX, aff_view(code.p, n)), fit, context,
			              other);
		more = n > 0;
	}
	return row;
}

const struct aff_table_row *aff_table_back(const struct aff_table *t, struct aff_view code)
{
	uint32_t n = code.n ? index_find(t, &t->back, KEY_BACK, code) : 0;
	return n ? &t->rows[n - 1].row : NULL;
}

bool aff_table_both_ways(const struct aff_table *t)
{
	return t->both_ways;
}

bool aff_table_is_container(const struct aff_table *t, struct aff_view code)
{
	return code.n && index_find(t, &t->within, KEY_WITHIN, code);
}

bool aff_table_asks_reading(const struct aff_table *t)
{
	return (t->asks & (AFF_ASKS_UNIT | AFF_ASKS_WITHIN)) != 0;
}
