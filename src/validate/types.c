/* SPDX-License-Identifier: Apache-2.0
 *
 * Data types. Tolerant where devices are known to be harmlessly untidy: blanks around numbers, .5 and 5.
 */
#include "validate/types.h"

#include <afferent/dtm.h>
#include <afferent/number.h>

bool type_fits(enum type type, struct aff_view text)
{
	struct aff_dtm t;
	uint32_t number;
	switch (type) {
	case TYPE_NM:
		return aff_is_number(text);
	case TYPE_SI:
		return aff_si_read(&number, text, NULL, NULL) == 0;
	case TYPE_DT:
		return aff_dt_read(&t, text, NULL, NULL) == 0 && !t.blanks;
	case TYPE_TM:
		return aff_tm_read(&t, text, NULL, NULL) == 0 && !t.blanks;
	case TYPE_DTM:
		return aff_dtm_read(&t, text, NULL, NULL) == 0 && !t.blanks;
	case TYPE_ANY:
		break;
	}
	return true;
}

const char *type_looks(enum type type)
{
	switch (type) {
	case TYPE_NM:
		return "a decimal number such as 37.5, with a point, without blanks, units or exponent";
	case TYPE_SI:
		return "a whole number: 1, 2, 3";
	case TYPE_DT:
		return "a date, YYYYMMDD";
	case TYPE_TM:
		return "a time, HHMM[SS[.S]][+ZZZZ]";
	case TYPE_DTM:
		return "a date and time, YYYYMMDDHHMMSS[.S][+ZZZZ], that the calendar knows";
	case TYPE_ANY:
		break;
	}
	return "text";
}
