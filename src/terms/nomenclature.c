/* SPDX-License-Identifier: Apache-2.0
 *
 * The nomenclature that is built in: constant tables made from mappings/mdc-loinc.csv, searched by halving.
 */
#include <afferent/nomenclature.h>

#include "base/number.h"
#include "terms/name_index.h"
#include "terms.inc"

static const size_t rows = sizeof terms / sizeof terms[0];

static const struct aff_term *by_number(uint64_t code)
{
	size_t low = 0, high = rows;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (terms[middle].code == code)
			return &terms[middle];
		if (terms[middle].code > code)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct aff_term *aff_term_by_code(struct aff_view code)
{
	uint64_t number;
	return number_u64(code, UINT32_MAX, &number) ? NULL : by_number(number);
}

const struct aff_term *aff_term_by_refid(struct aff_view refid)
{
	int row = name_index_find(terms_by_refid, sizeof terms_by_refid / sizeof terms_by_refid[0], refid);
	return row < 0 ? NULL : &terms[row];
}

/* A name may stand for two numbers (one of them replaced or provisional): then the spelling of the number's own
 * row counts. */
static bool belongs(const struct aff_term *term, struct aff_view name)
{
	return !term->refid[0] || aff_view_is(name, term->refid) || aff_term_by_refid(name) == term;
}

const struct aff_term *aff_term_of_coding(struct aff_view code, struct aff_view name, int *conflict)
{
	uint64_t number = 0;
	int unused;
	int *clash = conflict ? conflict : &unused;
	bool named = name.n >= 3 && memcmp(name.p, "MDC", 3) == 0;
	*clash = 0;
	if (code.n && number_u64(code, UINT32_MAX, &number))
		return NULL;
	if (number < 65536) {
		const struct aff_term *term = named ? aff_term_by_refid(name) : NULL;
		if (!term || !number || (term->code & 0xffff) == number)
			return term;
		*clash = 1;
		return NULL;
	}
	const struct aff_term *term = by_number(number);
	if (!named || (term && belongs(term, name)))
		return term;
	/* The name is that of another number, or is not the one that this number has. */
	*clash = term || aff_term_by_refid(name);
	return NULL;
}
