/* SPDX-License-Identifier: Apache-2.0
 *
 * The value of an OBX and what says whether to believe it: OBX-5, -7, -8 and -11 together (IHE DEV TF-2 B.8.5).
 */
#include "validate/pcd.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_RANGE = 7, OBX_FLAGS = 8, OBX_STATUS = 11 };

/* Alarm limits: 90-160, <500, >10. Limits below zero have their sign: -5-10. */
static bool is_range(struct aff_view text)
{
	size_t start = text.n && (text.p[0] == '<' || text.p[0] == '>');
	if (start) {
		start += text.n > 1 && text.p[1] == '=';
		return aff_is_number(aff_view(text.p + start, text.n - start));
	}
	for (size_t i = 1; i + 1 < text.n; i++) {
		if (text.p[i] == '-' && aff_is_number(aff_view(text.p, i)) &&
		    aff_is_number(aff_view(text.p + i + 1, text.n - i - 1)))
			return true;
	}
	return false;
}

static void check_range(struct pcd *p, const struct pcd_row *row)
{
	struct aff_view range = aff_msg_field(p->c->m, row->segment, OBX_RANGE);
	struct aff_view type = aff_msg_field(p->c->m, row->segment, OBX_TYPE);
	if (range.n && !row->is_device && pcd_is_one_of(type, " NM SN ") && !aff_is_null(range) && !is_range(range))
		check_report(p->c, RULE_PCD_RANGE, pcd_at(row->segment, OBX_RANGE),
		             "OBX-7 (alarm limits) is not written like 90-160, <500 or >10");
}

/* One repetition of OBX-8. */
static void check_flag(struct pcd *p, const struct pcd_row *row, unsigned repetition, bool value, bool x)
{
	struct place at = {.segment = row->segment, .field = OBX_FLAGS, .repetition = repetition};
	struct aff_view flag = aff_msg_get(p->c->m, row->segment, OBX_FLAGS, repetition, 1, 0);
	if (value && pcd_is_one_of(flag, " NI NA NAV OFF MSK OTH NAN PINF NINF "))
		check_report(p->c, RULE_PCD_FLAG_VALUE, at, "OBX-8 says that there is no value, and OBX-5 has one");
	else if (!x && pcd_is_one_of(flag, " INV NAV BUSY "))
		check_report(p->c, RULE_PCD_FLAG_STATUS, at,
		             "OBX-8 says that the value is not valid, and OBX-11 is not X");
	else if (aff_view_is(flag, "VAL"))
		check_report(p->c, RULE_PCD_FLAG_VALIDATED, at,
		             "OBX-8 is VAL; the sources differ on how a validated value is marked");
	else if (pcd_is_one_of(flag, " PN PL PM PH SP ST SA "))
		check_report(p->c, RULE_PCD_FLAG_ALERT, at,
		             "OBX-8 holds the priority or type of an alert, which rows of their own say now");
	else if (p->kind == PCD_EVENT && flag.n && !aff_view_is(flag, "N"))
		check_report(p->c, RULE_PCD_10_FLAG, at,
		             "OBX-8 is neither empty nor N in an event that asks for nothing");
}

/* A value is not there for a reason that the row gives. */
static bool is_absent(const struct pcd *p, const struct pcd_row *row)
{
	for (unsigned i = 1; i <= aff_msg_repetitions(p->c->m, row->segment, OBX_FLAGS); i++) {
		struct aff_view flag = aff_msg_get(p->c->m, row->segment, OBX_FLAGS, i, 1, 0);
		if (pcd_is_one_of(flag, " NI NA NAV OFF MSK OTH NAN PINF NINF INV BUSY "))
			return true;
	}
	return false;
}

void pcd_check_value(struct pcd *p, const struct pcd_row *row)
{
	struct aff_view status = aff_msg_field(p->c->m, row->segment, OBX_STATUS);
	bool value = pcd_has(p, row->segment, OBX_VALUE), x = aff_view_is(status, "X");
	if (status.n && !pcd_is_one_of(status, " C D F P R S U W X "))
		check_report(p->c, RULE_PCD_STATUS, pcd_at(row->segment, OBX_STATUS),
		             "OBX-11 (status) is not one of C, D, F, P, R, S, U, W, X");
	check_range(p, row);
	for (unsigned i = 1; i <= aff_msg_repetitions(p->c->m, row->segment, OBX_FLAGS); i++)
		check_flag(p, row, i, value, x);
	if (row->is_device)
		return;
	if (value && x)
		check_report(p->c, RULE_PCD_STATUS_X, pcd_at(row->segment, OBX_STATUS),
		             "OBX-11 (status) is X, no result, and OBX-5 has a value");
	/* What facets of an alert hold, its own rules say. A row that is deleted or wrong needs no value. */
	bool facet = p->kind == PCD_ALERT && row->place.levels > 4;
	if (!value && !facet && !pcd_is_one_of(status, " X D W ") && !is_absent(p, row))
		check_report(p->c, RULE_PCD_VALUE, pcd_at(row->segment, OBX_VALUE),
		             "OBX-5 (value) is empty though OBX-11 does not say that there is none");
}
