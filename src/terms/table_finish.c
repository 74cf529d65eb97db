/* SPDX-License-Identifier: Apache-2.0
 *
 * What a table is checked for when all of its rows are there: rows of one code that can be meant at the same time, and,
 * for tables that are used in both directions, rows that become the same code.
 */
#include "terms/table_index.h"

enum { MOST_FAULTS = 100 };

struct finish {
	struct aff_table *t;
	fault_fn *tell;
	void *context;
	unsigned faults;
};

static void fault(struct finish *f, enum aff_table_fault what, const struct table_row *row,
                  const struct table_row *other)
{
	if (f->faults++ < MOST_FAULTS && f->tell)
		f->tell(f->context, what, &row->row, &other->row);
}

/* ---- conflicts ---- */

/* Whether one reading can be meant by both: what both ask for is the same. Of two containers one is nearer, which
 * decides. */
static bool can_meet(const struct table_row *a, const struct table_row *b)
{
	unsigned both = a->row.asks & b->row.asks;
	return (!(both & AFF_ASKS_SYSTEM) || aff_view_equal(a->row.from_system, b->row.from_system)) &&
	       (!(both & AFF_ASKS_NAME) || aff_view_equal(a->row.from_name, b->row.from_name)) &&
	       (!(both & AFF_ASKS_UNIT) || table_same_unit(&a->row, &b->row)) &&
	       (!(both & AFF_ASKS_WITHIN) || aff_view_equal(a->row.within, b->row.within));
}

/* Whether a third row is meant wherever both are. */
static bool is_settled(const struct aff_table *t, uint32_t first, const struct table_row *a, const struct table_row *b)
{
	for (uint32_t n = first; n; n = t->rows[n - 1].next) {
		const struct table_row *c = &t->rows[n - 1];
		if (c->row.asks == (a->row.asks | b->row.asks) && can_meet(a, c) && can_meet(b, c))
			return true;
	}
	return false;
}

static void check_pair(struct finish *f, uint32_t first, const struct table_row *a, const struct table_row *b)
{
	if (a->conditions != b->conditions || a->row.asks == b->row.asks)
		return;
	if (!can_meet(a, b) || is_settled(f->t, first, a, b))
		return;
	bool later = a->row.line > b->row.line;
	fault(f, AFF_TABLE_CONFLICT, later ? a : b, later ? b : a);
}

static void check_rows(struct finish *f, const struct table_index *index)
{
	const struct aff_table *t = f->t;
	for (size_t i = 0; index->slots && i <= index->mask; i++) {
		uint32_t first = index->slots[i].row;
		for (uint32_t a = first; a && f->faults < MOST_FAULTS; a = t->rows[a - 1].next)
			for (uint32_t b = t->rows[a - 1].next; b; b = t->rows[b - 1].next)
				check_pair(f, first, &t->rows[a - 1], &t->rows[b - 1]);
	}
}

/* ---- the way back ---- */

static bool same_way(const struct aff_table_row *a, const struct aff_table_row *b)
{
	return aff_view_equal(a->from, b->from) && aff_view_equal(a->from_system, b->from_system) &&
	       aff_view_equal(a->from_name, b->from_name);
}

static int add_back(struct finish *f, uint32_t n)
{
	const struct table_row *row = &f->t->rows[n - 1];
	uint32_t *place = index_place(f->t, &f->t->back, KEY_BACK, row->row.code);
	if (!place)
		return AFF_ENOMEM;
	const struct table_row *there = *place ? &f->t->rows[*place - 1] : NULL;
	if (!there)
		*place = n;
	else if (row->row.preferred)
		fault(f, AFF_TABLE_PREFERRED, row, there);
	else if (!there->row.preferred && !same_way(&row->row, &there->row))
		fault(f, AFF_TABLE_AMBIGUOUS, row, there);
	return 0;
}

/* On the way back the code alone changes: under the code of tenths a value would be read as a tenth of it. */
static bool leads_back(const struct aff_table_row *row)
{
	return row->code.n && !row->scale.n && row->from.p[row->from.n - 1] != '*';
}

/* Preferred rows first, so that they have taken the place when the others come. */
static int make_back(struct finish *f)
{
	for (unsigned preferred = 2; preferred--;) {
		for (uint32_t n = 1; n <= f->t->count; n++) {
			const struct aff_table_row *row = &f->t->rows[n - 1].row;
			if (!leads_back(row) || row->preferred != (preferred == 1))
				continue;
			int rc = add_back(f, n);
			if (rc)
				return rc;
		}
	}
	f->t->both_ways = true;
	return 0;
}

int aff_table_finish(struct aff_table *t, bool both_ways, fault_fn *tell, void *context)
{
	struct finish f = {t, tell, context, 0};
	check_rows(&f, &t->exact);
	check_rows(&f, &t->prefixes);
	int rc = both_ways ? make_back(&f) : 0;
	return rc ? rc : f.faults ? AFF_ETABLE : 0;
}
