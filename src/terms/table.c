/* SPDX-License-Identifier: Apache-2.0
 *
 * Mapping tables: rows in one array, their texts in one arena of chunks (so that views stay where they are), and an
 * open-addressing hash of row numbers over them. At most half of the slots are in use.
 */
#include <afferent/table.h>

#include <stdlib.h>

#include "base/digest.h"
#include "base/vector.h"

enum { CHUNK = 64 * 1024, MOST_ROWS = 4 * 1000 * 1000 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	char bytes[];
};

/* 0 in `row` is a free slot, otherwise the number of the row plus 1; `tag` is the upper half of the hash. */
struct slot {
	uint32_t row, tag;
};

struct aff_table {
	struct chunk *chunks;
	struct slot *slots;
	size_t mask;
	struct aff_table_row *rows;
	size_t count, capacity;
	struct aff_view name, from_system, to_system;
};

static char *arena_take(struct aff_table *t, size_t n)
{
	if (!t->chunks || n > t->chunks->size - t->chunks->used) {
		size_t size = n > CHUNK ? n : CHUNK;
		struct chunk *c = malloc(sizeof *c + size);
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

/* Copies `from`, with a NUL behind it that is not counted. */
static bool keep(struct aff_table *t, struct aff_view *to, struct aff_view from)
{
	if (!from.n) {
		*to = aff_view("", 0);
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
	t->mask = 63;
	t->slots = calloc(t->mask + 1, sizeof *t->slots);
	if (!t->slots || !keep(t, &t->name, aff_view_of(name)) || !keep(t, &t->from_system, from_system) ||
	    !keep(t, &t->to_system, to_system)) {
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
		struct chunk *next = t->chunks->next;
		free(t->chunks);
		t->chunks = next;
	}
	free(t->slots);
	free(t->rows);
	free(t);
}

/* The slot that holds `code`, or the free one where it belongs. */
static struct slot *slot_of(const struct aff_table *t, struct aff_view code, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32);
	size_t i = (size_t)hash & t->mask;
	while (t->slots[i].row && (t->slots[i].tag != tag || !aff_view_equal(t->rows[t->slots[i].row - 1].from, code)))
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static int grow_slots(struct aff_table *t)
{
	size_t size = (t->mask + 1) * 2;
	struct slot *slots = calloc(size, sizeof *slots);
	if (!slots)
		return AFF_ENOMEM;
	free(t->slots);
	t->slots = slots;
	t->mask = size - 1;
	for (size_t i = 0; i < t->count; i++) {
		uint64_t hash = hash64(t->rows[i].from);
		*slot_of(t, t->rows[i].from, hash) = (struct slot){(uint32_t)(i + 1), (uint32_t)(hash >> 32)};
	}
	return 0;
}

int aff_table_add(struct aff_table *t, const struct aff_table_row *row, unsigned *existing_line)
{
	if (!row->from.n)
		return AFF_EARGUMENT;
	uint64_t hash = hash64(row->from);
	const struct slot *there = slot_of(t, row->from, hash);
	if (there->row) {
		if (existing_line)
			*existing_line = t->rows[there->row - 1].line;
		return AFF_ETABLE;
	}
	if (t->count == MOST_ROWS)
		return AFF_ELIMIT;
	if (vector_room(&t->rows, &t->capacity, t->count, sizeof *t->rows) ||
	    (2 * (t->count + 1) > t->mask + 1 && grow_slots(t)))
		return AFF_ENOMEM;
	struct aff_table_row *copy = &t->rows[t->count];
	if (!keep(t, &copy->from, row->from) || !keep(t, &copy->from_name, row->from_name) ||
	    !keep(t, &copy->code, row->code) || !keep(t, &copy->name, row->name) ||
	    !keep(t, &copy->loinc, row->loinc) || !keep(t, &copy->loinc_name, row->loinc_name) ||
	    !keep(t, &copy->unit, row->unit))
		return AFF_ENOMEM;
	copy->line = row->line;
	t->count++;
	*slot_of(t, copy->from, hash) = (struct slot){(uint32_t)t->count, (uint32_t)(hash >> 32)};
	return 0;
}

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
	return i < t->count ? &t->rows[i] : NULL;
}

const struct aff_table_row *aff_table_find(const struct aff_table *t, struct aff_view code)
{
	const struct slot *s = slot_of(t, code, hash64(code));
	return s->row ? &t->rows[s->row - 1] : NULL;
}
