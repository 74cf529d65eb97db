/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers against limits. -1 and its kin mark missing readings of quantities that cannot be negative; a base excess or
 * a pressure in a vein of -1 is a reading.
 */
#include "terms/limit.h"

#include <string.h>

#include "terms/marker.h"
#include "terms/name_index.h"
#include "terms/units.h"
#include "limits.inc"

const struct limit *limit_of_term(const struct aff_term *term)
{
	size_t low = 0, high = sizeof limits / sizeof limits[0];
	while (term && low < high) {
		size_t middle = low + (high - low) / 2;
		if (limits[middle].code == term->code)
			return &limits[middle];
		if (limits[middle].code > term->code)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct limit *limit_of_loinc(struct aff_view loinc)
{
	int row = name_index_find(limits_by_loinc, sizeof limits_by_loinc / sizeof limits_by_loinc[0], loinc);
	return row < 0 ? NULL : &limits[row];
}

enum side { BELOW = -1, ABOVE = 1 };

/* true when the number lies on this side of the bound. One of so many digits that it cannot be compared was not
 * measured. */
static bool is_beyond(const struct aff_nm *number, const struct aff_unit *unit, enum side side, const char *bound,
                      const struct aff_unit *own)
{
	struct aff_nm end;
	int order;
	if (aff_nm_parse(&end, aff_view_of(bound)))
		return false; /* there is none */
	return !unit_compare(&order, number, unit, &end, own) || (side == BELOW ? order < 0 : order > 0);
}

static bool is_negative(const struct aff_nm *number)
{
	static const struct aff_nm zero = {.whole = {"0", 1}, .fraction = {"", 0}};
	return number->negative && aff_nm_compare(number, &zero) < 0;
}

/* What came in less what went out: a litre less is no rare balance, and its code is not one that has limits. */
static bool may_be_balance(const struct limit *limit, const struct aff_unit *unit, const struct aff_nm *number)
{
	static const struct aff_nm thousand = {.negative = true, .whole = {"1000", 4}, .fraction = {"", 0}};
	return !limit && unit && aff_nm_compare(number, &thousand) == 0 &&
	       (strncmp(unit->quantity, "volume", 6) == 0 || strcmp(unit->quantity, "mass") == 0);
}

enum verdict limit_judge(const struct limit *limit, const struct aff_unit *unit, const struct aff_nm *number)
{
	if (marker_is(number) && !may_be_balance(limit, unit, number))
		return VERDICT_MARKER;
	if (!limit)
		return VERDICT_SOUND;
	if (limit->low[0] && limit->low[0] != '-' && is_negative(number)) {
		bool scale = strcmp(limit->unit, "Cel") == 0; /* has negative numbers elsewhere */
		return !scale && marker_is_negative(number) ? VERDICT_MARKER : VERDICT_IMPOSSIBLE;
	}
	const struct aff_unit *own = unit ? aff_unit_by_ucum(aff_view_of(limit->unit)) : NULL;
	if (!own || strcmp(own->quantity, unit->quantity) != 0 || (!own->quantity[0] && own != unit))
		return VERDICT_SOUND; /* of another quantity: told elsewhere */
	return is_beyond(number, unit, BELOW, limit->low, own) || is_beyond(number, unit, ABOVE, limit->high, own)
	               ? VERDICT_IMPOSSIBLE
	               : VERDICT_SOUND;
}
