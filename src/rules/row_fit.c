/* SPDX-License-Identifier: Apache-2.0
 *
 * Which row is meant: a row that asks for a coding system, a name, a unit or a container counts only when that arrived
 * too. One number under two names is never charted as the wrong one.
 */
#include "rules/row_fit.h"

enum { OBX_PLACE = 4, OBX_UNITS = 6, OBX_CODE = 3 };

/* Segments that one message may have looked at to find what contains its readings: enough for thousands of them behind
 * one OBR, and less than a second. */
enum { LOOKS_MAX = 10 * 1000 * 1000 };

struct arrival {
	struct run *run;
	unsigned segment;
	const struct aff_coding *coding;
	bool costly;
};

struct aff_view row_plain(struct run *run, struct aff_view raw)
{
	return charset_read(&run->charset, &run->key, raw);
}

/* A system that is not said may be any. */
static bool is_of(struct run *run, struct aff_view system, struct aff_view wanted)
{
	return !wanted.n || !system.n || aff_view_equal(row_plain(run, system), wanted);
}

static bool unit_fits(const struct arrival *a, const struct aff_table_row *row)
{
	struct run *run = a->run;
	if (!aff_edit_is(run->e, a->segment, "OBX"))
		return false;
	struct aff_view field = aff_edit_field(run->e, a->segment, OBX_UNITS);
	if (!row->from_unit_known)
		return aff_view_equal(row_plain(run, aff_cut(field, &run->delims, 1, 1, 0)), row->from_unit) ||
		       aff_view_equal(row_plain(run, aff_cut(field, &run->delims, 1, 2, 0)), row->from_unit);
	const struct aff_unit *unit = charset_unit(&run->charset, &run->key, field), *wanted = row->from_unit_known;
	return unit && (unit == wanted || (unit->ucum[0] && strcmp(unit->ucum, wanted->ucum) == 0));
}

/* ---- containers ---- */

/* An OBX-4 without the zeros at its end, which say that it is a device's own: 1.2.0.0 is the place 1.2. */
static struct aff_view place_of(struct aff_view field, const struct aff_delims *d)
{
	struct aff_view place = aff_view_trim(aff_cut(field, d, 1, 1, 0));
	while (place.n > 2 && memcmp(place.p + place.n - 2, ".0", 2) == 0)
		place.n -= 2;
	return place;
}

static int levels_of(struct aff_view place)
{
	int levels = 1;
	for (size_t i = 0; i < place.n; i++)
		levels += place.p[i] == '.';
	return levels;
}

static bool contains(struct aff_view outer, struct aff_view inner)
{
	return outer.n && !aff_view_is(outer, "0") && outer.n < inner.n && inner.p[outer.n] == '.' &&
	       memcmp(outer.p, inner.p, outer.n) == 0;
}

/* An earlier step, or this one, may have translated the container already: then the code that arrived is one of the
 * others. */
static bool has_code(struct run *run, unsigned segment, struct aff_view code)
{
	struct aff_cwe cwe;
	aff_cwe_read(&cwe, aff_edit_field(run->e, segment, OBX_CODE), &run->delims);
	for (size_t i = 0; i < sizeof cwe.coding / sizeof cwe.coding[0]; i++)
		if (cwe.coding[i].code.n && aff_view_equal(row_plain(run, cwe.coding[i].code), code))
			return true;
	return false;
}

/* Devices of another patient contain nothing of this one, also where the reading has no OBR. */
static bool ends_search(const struct aff_edit *e, unsigned segment)
{
#ifdef AFF_MUTANT_91
	return aff_edit_is(e, segment, "OBR");
#endif
	return aff_edit_is(e, segment, "OBR") || aff_edit_is(e, segment, "PID");
}

bool row_is_container(struct run *run, unsigned segment)
{
	struct aff_cwe cwe;
	if (!aff_edit_is(run->e, segment, "OBX"))
		return false;
	aff_cwe_read(&cwe, aff_edit_field(run->e, segment, OBX_CODE), &run->delims);
	for (size_t i = 0; i < sizeof cwe.coding / sizeof cwe.coding[0]; i++)
		if (aff_table_is_container(run->step->table, row_plain(run, cwe.coding[i].code)))
			return true;
	return false;
}

/* How near the container with this code is: the levels of its place; 0: there is none. */
static int container_level(struct arrival *a, struct aff_view code)
{
	struct run *run = a->run;
	int level = 0;
	if (!aff_edit_is(run->e, a->segment, "OBX"))
		return 0;
	struct aff_view inner = place_of(aff_edit_field(run->e, a->segment, OBX_PLACE), &run->delims);
	for (unsigned i = a->segment; inner.n && i-- && !ends_search(run->e, i);) {
		if (++run->looks > LOOKS_MAX) {
			a->costly = true;
			return 0;
		}
		if (!aff_edit_is(run->e, i, "OBX"))
			continue;
		struct aff_view outer = place_of(aff_edit_field(run->e, i, OBX_PLACE), &run->delims);
		if (contains(outer, inner) && levels_of(outer) > level && has_code(run, i, code))
			level = levels_of(outer);
	}
	return level;
}

/* ---- rows ---- */

static int fits(void *context, const struct aff_table_row *row)
{
	struct arrival *a = context;
	struct run *run = a->run;
	const struct aff_coding *coding = a->coding;
	bool of_system = row->asks & AFF_ASKS_SYSTEM
				 ? aff_view_equal(row_plain(run, coding->system), row->from_system)
				 : is_of(run, coding->system, aff_table_from_system(run->step->table));
	if (!of_system)
		return AFF_FIT_FOREIGN;
	if (row->asks & AFF_ASKS_NAME && !aff_view_equal(row_plain(run, coding->text), row->from_name))
		return AFF_FIT_NO;
	if (row->asks & AFF_ASKS_UNIT && !unit_fits(a, row))
		return AFF_FIT_NO;
	if (!(row->asks & AFF_ASKS_WITHIN))
		return AFF_FIT_YES;
	int level = container_level(a, row->within);
	return level ? AFF_FIT_YES + level : AFF_FIT_NO;
}

struct row_found row_find(struct run *run, unsigned segment, const struct aff_coding *coding)
{
	struct arrival a = {.run = run, .segment = segment, .coding = coding};
	struct row_found found = {.row = NULL};
	if (!coding->code.n)
		return found;
	/* The code outlives what `fits` reads: it has a buffer of its own. */
	struct aff_view code = charset_read(&run->charset, &run->text, coding->code);
	found.row = aff_table_match(run->step->table, code, fits, &a, &found.mismatch);
	found.costly = a.costly;
	return found;
}

struct row_found row_find_back(struct run *run, const struct aff_coding *coding)
{
	const struct aff_table *table = run->step->table;
	struct row_found found = {.row = NULL};
	if (coding->code.n && is_of(run, coding->system, aff_table_to_system(table)))
		found.row = aff_table_back(table, row_plain(run, coding->code));
	return found;
}
