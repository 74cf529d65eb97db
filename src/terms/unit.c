/* SPDX-License-Identifier: Apache-2.0
 *
 * Units of measure: constant tables made from units.csv and unit_aliases.csv, and what an OBX-6 means by them.
 * Never guessed: a code whose number and name disagree, or two codings that do, are no unit.
 */
#include <afferent/escape.h>
#include <afferent/parts.h>
#include <afferent/unit.h>

#include "base/number.h"
#include "terms/name_index.h"
#include "terms/units.h"
#include "units.inc"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct aff_unit *at(int row)
{
	return row < 0 ? NULL : &units[row];
}

const struct aff_unit *aff_unit_by_mdc(struct aff_view code)
{
	uint64_t number;
	if (number_u64(code, UINT32_MAX, &number))
		return NULL;
	size_t low = 0, high = COUNT(units);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (units[middle].mdc == number)
			return &units[middle];
		if (units[middle].mdc > number)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct aff_unit *aff_unit_by_refid(struct aff_view refid)
{
	return at(name_index_find(units_by_refid, COUNT(units_by_refid), refid));
}

const struct aff_unit *aff_unit_by_ucum(struct aff_view ucum)
{
	return at(name_index_find(units_by_ucum, COUNT(units_by_ucum), ucum));
}

enum { SPELLING_MOST = 64 };

const struct aff_unit *aff_unit_by_alias(struct aff_view spelling)
{
	int row = name_index_find(units_by_alias, COUNT(units_by_alias), spelling);
	if (row >= 0 || spelling.n > SPELLING_MOST / 2)
		return at(row);
	/* The degree sign and the micro sign of ISO 8859-1. */
	char utf8[SPELLING_MOST];
	size_t n = 0;
	for (size_t i = 0; i < spelling.n; i++) {
		unsigned char c = (unsigned char)spelling.p[i];
		if (c >= 0x80)
			utf8[n++] = (char)(0xc0 | c >> 6);
		utf8[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	return at(name_index_find(units_by_alias, COUNT(units_by_alias), aff_view(utf8, n)));
}

static bool starts_with_mdc(struct aff_view v)
{
	return v.n >= 4 && memcmp(v.p, "MDC_", 4) == 0;
}

/* *conflict is set where number and name are known to mean different units. */
static const struct aff_unit *of_mdc(struct aff_view code, struct aff_view name, bool *conflict)
{
	const struct aff_unit *unit = aff_unit_by_mdc(code);
	if (unit && aff_view_is(name, unit->refid))
		return unit;
	const struct aff_unit *named = aff_unit_by_refid(name);
	if (!code.n || aff_view_is(code, "0"))
		return named;
	if (!unit) {
		uint64_t term;
		/* A term without its partition, with the name that it has. */
		if (named && !number_u64(code, 65535, &term) && (named->mdc & 0xffff) == term)
			return named;
		*conflict |= named != NULL;
		return NULL;
	}
	*conflict |= named && named != unit;
	return starts_with_mdc(name) && named != unit ? NULL : unit;
}

static const struct aff_unit *of_text(struct aff_view text)
{
	const struct aff_unit *unit = text.n ? aff_unit_by_alias(text) : NULL;
	return unit || !text.n ? unit : aff_unit_by_ucum(text);
}

/* One coding: code, name and system, without escapes. */
static const struct aff_unit *of_coding(struct aff_view code, struct aff_view name, struct aff_view system,
                                        bool *conflict)
{
	if (aff_view_is(system, "MDC") || (!system.n && starts_with_mdc(name)))
		return of_mdc(code, name, conflict);
	if (aff_view_is(system, "UCUM"))
		return aff_unit_by_ucum(code);
	const struct aff_unit *unit = of_text(code);
	return unit ? unit : of_text(name);
}

static bool same_unit(const struct aff_unit *a, const struct aff_unit *b)
{
	return a == b || (a->ucum[0] && strcmp(a->ucum, b->ucum) == 0);
}

/* A component without its escapes, in `room` when it had some; empty when it does not fit there. */
static struct aff_view plain(struct aff_view text, const struct aff_delims *d, char room[SPELLING_MOST])
{
	if (aff_is_plain(text, d))
		return aff_view_trim(text);
	struct aff_buf buf = {.p = room, .allocated = SPELLING_MOST, .max = SPELLING_MOST};
	aff_unescape(&buf, text, d);
	return buf.error ? aff_view("", 0) : aff_view_trim(aff_buf_view(&buf));
}

enum { PARTS = 6 };

const struct aff_unit *unit_read(struct aff_view cwe, const struct aff_delims *d, bool *conflict)
{
	const struct aff_unit *unit[2];
	char room[PARTS][SPELLING_MOST];
	struct aff_view part[PARTS];
	aff_components(part, PARTS, cwe, d);
	for (unsigned i = 0; i < PARTS; i++)
		part[i] = plain(part[i], d, room[i]);
	*conflict = false;
	for (unsigned i = 0; i < 2; i++)
		unit[i] = of_coding(part[3 * i], part[3 * i + 1], part[3 * i + 2], conflict);
	if (unit[0] && unit[1] && !same_unit(unit[0], unit[1])) {
		*conflict = true;
		return NULL;
	}
	return unit[0] ? unit[0] : unit[1];
}

const struct aff_unit *aff_unit_of_cwe(struct aff_view cwe, const struct aff_delims *d)
{
	bool conflict;
	return unit_read(cwe, d, &conflict);
}
