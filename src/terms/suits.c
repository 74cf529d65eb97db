/* SPDX-License-Identifier: Apache-2.0
 *
 * Which units the readings of a term can have. The table names the usual unit of each term; other units of its quantity
 * suit, and so do quantities that are used for the same thing.
 */
#include <string.h>

#include "terms/units.h"

/* Quantities of one family stand for each other. */
static const char *family_of(const char *quantity)
{
	static const char *const families[][2] = {
		/* part of the quantity's name, family */
		{"concentration", "concentration"}, {"osmolarity", "concentration"},
		{"rate (events/time)", "rate"},     {"frequency", "rate"},
		{"flow", "flow"},                   {"dose rate", "flow"},
		{"IU rate", "flow"},                {"drop rate", "flow"},
		{"volume fraction", "share"},       {"mass fraction", "share"},
		{"fraction", "share"},              {"dimensionless", "share"},
		{"quantity", "share"},              {"volume", "volume"},
		{"dose per", "amount"},             {"IU per", "amount"},
		{"mass per area", "mass per area"}, {"mass", "amount"},
		{"amount", "amount"},               {"equivalents", "amount"},
		{"international units", "amount"},  {"energy", "energy"},
	};
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strstr(quantity, families[i][0]))
			return families[i][1];
	return quantity;
}

/* Gases are measured as a share or as a partial pressure, and leaks as a volume or a flow. */
static bool is_gas(const struct aff_term *term)
{
	static const char *const words[] = {"CO2", "O2", "N2", "CONC", "FLURANE", "FL", "HALOTH", "LEAK"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(term->refid, words[i]))
			return true;
	return !term->refid[0];
}

/* Cardiologists measure on paper: ten millimetres are a millivolt. */
static bool is_on_paper(const struct aff_term *term, const struct aff_unit *unit)
{
	return strncmp(term->refid, "MDC_ECG_AMPL", 12) == 0 && strcmp(unit->quantity, "length") == 0;
}

bool unit_suits(const struct aff_unit *unit, const struct aff_term *term)
{
	const struct aff_unit *usual = term->ucum[0] ? aff_unit_by_ucum(aff_view_of(term->ucum)) : NULL;
	if (!usual || usual == unit || !usual->quantity[0] || !unit->quantity[0])
		return true;
	if (strcmp(usual->quantity, unit->quantity) == 0 || is_on_paper(term, unit))
		return true;
	const char *a = family_of(usual->quantity), *b = family_of(unit->quantity);
	if (strcmp(a, b) == 0)
		return true;
	bool pressure = strcmp(a, "pressure") == 0 || strcmp(b, "pressure") == 0;
	bool share = strcmp(a, "share") == 0 || strcmp(b, "share") == 0;
	bool flow = strcmp(a, "flow") == 0 || strcmp(b, "flow") == 0;
	bool volume = strcmp(a, "volume") == 0 || strcmp(b, "volume") == 0;
	return ((pressure && share) || (flow && volume)) && is_gas(term);
}
