/* SPDX-License-Identifier: Apache-2.0
 *
 * OBX-4: the place of a row in the tree of MDS, VMD, channel and metric (IHE DEV TF-2 B.8.1 to B.8.5, appendix A).
 */
#include <stdlib.h>

#include "base/number.h"
#include "base/vector.h"
#include "validate/pcd.h"

bool pcd_place_read(struct aff_view text, struct pcd_place *out)
{
	struct aff_parts numbers = aff_parts(text, '.');
	struct aff_view part;
	uint64_t value;
	unsigned levels = 0;
	memset(out, 0, sizeof *out);
	while (aff_parts_next(&numbers, &part)) {
		if (number_u64(part, UINT32_MAX, &value))
			return false;
		if (levels < PCD_LEVELS)
			out->n[levels] = (uint32_t)value;
		levels++;
	}
	out->levels = levels;
	return true;
}

/* ---- rows and devices; the first ones lie in the object itself ---- */

static void *grown(void *items, const void *space, size_t *capacity, size_t count, size_t size)
{
	void *moved = items == space ? NULL : items;
	size_t before = items == space ? 0 : *capacity;
	while (before <= count) {
		if (vector_room(&moved, &before, before, size))
			return NULL;
	}
	if (items == space)
		memcpy(moved, space, count * size);
	*capacity = before;
	return moved;
}

void pcd_row_add(struct pcd *p, const struct pcd_row *row)
{
	if (p->row_count == p->row_capacity) {
		void *rows = grown(p->rows, p->row_space, &p->row_capacity, p->row_count, sizeof *row);
		if (!rows) {
			p->c->failed = AFF_ENOMEM;
			return;
		}
		p->rows = rows;
	}
	p->rows[p->row_count++] = *row;
}

static void device_add(struct pcd *p, const struct pcd_place *place)
{
	if (p->device_count == p->device_capacity) {
		void *devices =
			grown(p->devices, p->device_space, &p->device_capacity, p->device_count, sizeof *place);
		if (!devices) {
			p->c->failed = AFF_ENOMEM;
			return;
		}
		p->devices = devices;
	}
	p->devices[p->device_count++] = *place;
}

/* A row of the device at the first `depth` numbers of the place was there. The last one is looked at first: its
 * metrics follow it. */
static bool knows_device(const struct pcd *p, const struct pcd_place *place, unsigned depth)
{
	for (size_t i = p->device_count; i-- > 0;) {
		const uint32_t *n = p->devices[i].n;
		if (memcmp(n, place->n, depth * sizeof *n) == 0 && (depth > 1 || !n[1]) && (depth > 2 || !n[2]))
			return true;
	}
	return false;
}

const struct pcd_row *pcd_row_find(const struct pcd *p, uint32_t number, const char *name)
{
	for (size_t i = 0; i < p->row_count; i++) {
		if (pcd_means(&p->rows[i].coding, number, name))
			return &p->rows[i];
	}
	return NULL;
}

/* ---- what a row's place says about the row ---- */

/* The level of a device's place: 1 MDS, 2 VMD, 3 channel. */
static unsigned level_of(const struct pcd_place *place)
{
	return place->n[2] ? 3 : place->n[1] ? 2 : 1;
}

/* Terms of devices come in fours: the device, its MDS, VMD and channel. Provisional numbers do not keep to it. */
static bool is_device_code(const struct aff_term *t)
{
	return t && t->emit && strcmp(t->kind, "device") == 0 && t->code >> 16 == 1;
}

static void check_code_of_place(struct pcd *p, const struct pcd_row *row)
{
	static const char *const levels[] = {"device", "MDS", "VMD", "channel"};
	const struct aff_term *t = row->coding.term;
	if (!t || row->place.levels != 4)
		return;
	if (row->is_device && is_device_code(t) && t->code % 4 && t->code % 4 != level_of(&row->place))
		check_report(p->c, RULE_PCD_PLACE_CODE, pcd_at(row->segment, 4),
		             "OBX-4 is the place of %s %s, OBX-3 is the code of %s %s",
		             level_of(&row->place) == 1 ? "an" : "a", levels[level_of(&row->place)],
		             t->code % 4 == 1 ? "an" : "a", levels[t->code % 4]);
	else if (row->is_device && (strcmp(t->kind, "numeric") == 0 || strcmp(t->kind, "waveform") == 0))
		check_report(p->c, RULE_PCD_PLACE_CODE, pcd_at(row->segment, 4),
		             "OBX-4 is the place of an MDS, VMD or channel, OBX-3 is the code of a reading");
	else if (!row->is_device && is_device_code(t))
		check_report(p->c, RULE_PCD_PLACE_CODE, pcd_at(row->segment, 4),
		             "OBX-4 is the place of a reading, OBX-3 is the code of a device");
}

static void check_parents(struct pcd *p, const struct pcd_row *row)
{
	const struct pcd_place *at = &row->place;
	if (at->levels < 4 || !at->n[0] || (row->is_device && level_of(at) == 1))
		return;
	if (!knows_device(p, at, 1)) {
		if (!p->told_mds)
			check_report(p->c, RULE_PCD_PLACE_MDS, pcd_at(row->segment, 4),
			             "no row of its MDS stands before this row");
		p->told_mds = true;
		return;
	}
	bool anonymous = (at->n[1] && !(row->is_device && level_of(at) == 2) && !knows_device(p, at, 2)) ||
	                 (at->n[2] && !row->is_device && !knows_device(p, at, 3));
	if (anonymous && !p->told_anonymous) {
		check_report(p->c, RULE_PCD_PLACE_ANONYMOUS, pcd_at(row->segment, 4),
		             "no row of its VMD or channel stands before this row");
		p->told_anonymous = true;
	}
}

void pcd_check_tree(struct pcd *p, const struct pcd_row *row)
{
	check_code_of_place(p, row);
	/* Old alerts put facets at places of their own; orders have no tree. */
	if (p->kind & (PCD_OBSERVATION | PCD_EVENT))
		check_parents(p, row);
	if (row->is_device)
		device_add(p, &row->place);
}

/* ---- every OBX of an OBR has an OBX-4 of its own ---- */

static int compare_places(const struct pcd_place *a, const struct pcd_place *b)
{
	for (unsigned i = 0; i < PCD_LEVELS; i++) {
		if (a->n[i] != b->n[i])
			return a->n[i] < b->n[i] ? -1 : 1;
	}
	return a->levels < b->levels ? -1 : a->levels > b->levels;
}

static int by_place(const void *a, const void *b)
{
	const struct pcd_row *x = a, *y = b;
	int order = compare_places(&x->place, &y->place);
	return order ? order : x->segment < y->segment ? -1 : x->segment > y->segment;
}

void pcd_check_places(struct pcd *p)
{
	bool sorted = true;
	for (size_t i = 1; i < p->row_count && sorted; i++)
		sorted = compare_places(&p->rows[i - 1].place, &p->rows[i].place) < 0;
	if (sorted)
		return;
	qsort(p->rows, p->row_count, sizeof *p->rows, by_place);
	for (size_t i = 1; i < p->row_count; i++) {
		const struct pcd_place *place = &p->rows[i].place;
		if (place->levels >= 4 && place->levels <= PCD_LEVELS &&
		    compare_places(&p->rows[i - 1].place, place) == 0)
			check_report(p->c, RULE_PCD_PLACE_REPEATED, pcd_at(p->rows[i].segment, 4),
			             "OBX-4 (place in the device) stands twice under one OBR");
	}
}
