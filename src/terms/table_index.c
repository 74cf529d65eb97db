/* SPDX-License-Identifier: Apache-2.0
 *
 * Open-addressing hashes of row numbers.
 */
#include "terms/table_index.h"

#include <stdlib.h>

#include "base/digest.h"

struct aff_view index_text(const struct table_row *row, enum index_key key)
{
	if (key == KEY_BACK)
		return row->row.code;
	if (key == KEY_WITHIN)
		return row->row.within;
	return key == KEY_PREFIX ? aff_view(row->row.from.p, row->row.from.n - 1) : row->row.from;
}

enum { START = sizeof((struct table_row *)0)->start };

void index_start(char start[16], struct aff_view text)
{
	memset(start, 0, START);
	memcpy(start, text.p, text.n < START ? text.n : START);
}

/* What is looked for. The texts of rows lie elsewhere than the rows: where a code is short, its beginning, which lies
 * in the row, is all of it. */
struct wanted {
	struct aff_view text;
	uint64_t hash;
	char start[START];
};

static struct wanted wanted_of(struct aff_view text)
{
	struct wanted w = {.text = text, .hash = hash64(text)};
	index_start(w.start, text);
	return w;
}

static bool is_wanted(const struct table_row *row, enum index_key key, const struct wanted *w)
{
	if (key != KEY_EXACT)
		return aff_view_equal(index_text(row, key), w->text);
	return row->row.from.n == w->text.n && memcmp(row->start, w->start, START) == 0 &&
	       (w->text.n <= START || memcmp(row->row.from.p, w->text.p, w->text.n) == 0);
}

/* The slot that holds the text, or the free one where it belongs. */
static struct slot *slot_of(const struct aff_table *t, const struct table_index *index, enum index_key key,
                            const struct wanted *w)
{
	uint32_t tag = (uint32_t)(w->hash >> 32);
	size_t i = (size_t)w->hash & index->mask;
	for (const struct slot *s; (s = &index->slots[i])->row; i = (i + 1) & index->mask)
		if (s->tag == tag && is_wanted(&t->rows[s->row - 1], key, w))
			break;
	return &index->slots[i];
}

uint32_t index_find(const struct aff_table *t, const struct table_index *index, enum index_key key,
                    struct aff_view text)
{
	struct wanted w = wanted_of(text);
	return index->slots ? slot_of(t, index, key, &w)->row : 0;
}

static bool grow(const struct aff_table *t, struct table_index *index, enum index_key key)
{
	struct table_index larger = {.mask = index->slots ? index->mask * 2 + 1 : 63, .used = index->used};
	larger.slots = calloc(larger.mask + 1, sizeof *larger.slots);
	if (!larger.slots)
		return false;
	for (size_t i = 0; index->slots && i <= index->mask; i++) {
		if (!index->slots[i].row)
			continue;
		struct wanted w = wanted_of(index_text(&t->rows[index->slots[i].row - 1], key));
		*slot_of(t, &larger, key, &w) = index->slots[i];
	}
	free(index->slots);
	*index = larger;
	return true;
}

uint32_t *index_place(const struct aff_table *t, struct table_index *index, enum index_key key, struct aff_view text)
{
	if ((!index->slots || 2 * (index->used + 1) > index->mask + 1) && !grow(t, index, key))
		return NULL;
	struct wanted w = wanted_of(text);
	struct slot *s = slot_of(t, index, key, &w);
	if (!s->row) {
		s->tag = (uint32_t)(w.hash >> 32);
		index->used++;
	}
	return &s->row;
}

bool table_same_unit(const struct aff_table_row *a, const struct aff_table_row *b)
{
	const struct aff_unit *x = a->from_unit_known, *y = b->from_unit_known;
	if (!x || !y)
		return !x && !y && aff_view_equal(a->from_unit, b->from_unit);
	return x == y || (x->ucum[0] && strcmp(x->ucum, y->ucum) == 0);
}
