/* SPDX-License-Identifier: Apache-2.0
 *
 * Data types by name, and their forms.
 */
#include "validate/types.h"

#include <afferent/dtm.h>
#include <afferent/number.h>

static enum type type_of_number(uint32_t number)
{
	switch (number) {
	case 0:
	case TYPE_NAME(0, 'S', 'T'):
	case TYPE_NAME(0, 'T', 'X'):
	case TYPE_NAME(0, 'F', 'T'):
	case TYPE_NAME(0, 'I', 'S'):
	case TYPE_NAME(0, 'T', 'N'):
	case TYPE_NAME('S', 'N', 'M'):
	case TYPE_NAME('G', 'T', 'S'):
		return TYPE_ANY;
	case TYPE_NAME(0, 'I', 'D'):
		return TYPE_CODE;
	case TYPE_NAME(0, 'N', 'M'):
		return TYPE_NM;
	case TYPE_NAME(0, 'S', 'I'):
		return TYPE_SI;
	case TYPE_NAME(0, 'D', 'T'):
		return TYPE_DT;
	case TYPE_NAME(0, 'T', 'M'):
		return TYPE_TM;
	case TYPE_NAME(0, 'T', 'S'):
	case TYPE_NAME('D', 'T', 'M'):
		return TYPE_DTM;
	default:
		return TYPE_COMPOSITE;
	}
}

uint32_t type_number(struct aff_view name)
{
	uint32_t number = 0;
	if (name.n > 3)
		return UINT32_MAX;
	for (size_t i = 0; i < name.n; i++) {
		if (!name.p[i])
			return UINT32_MAX;
		number = number << 8 | (unsigned char)name.p[i];
	}
	return number;
}

enum type type_of_text(const char *name)
{
	uint32_t number = 0;
	for (size_t i = 0; name[i]; i++) {
		if (i == 3)
			return strcmp(name, "Varies") == 0 ? TYPE_ANY : TYPE_COMPOSITE;
		number = number << 8 | (unsigned char)name[i];
	}
	return type_of_number(number);
}

enum type type_of_name(struct aff_view name)
{
	return type_of_number(type_number(name));
}

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
	case TYPE_CODE:
	case TYPE_COMPOSITE:
		break;
	}
	return true;
}

const char *type_looks(enum type type)
{
	switch (type) {
	case TYPE_NM:
		return "write a decimal number such as 37.5, with a point, without blanks, units or exponent";
	case TYPE_SI:
		return "write a whole number: 1, 2, 3";
	case TYPE_DT:
		return "write a date, YYYYMMDD";
	case TYPE_TM:
		return "write a time, HHMM[SS[.S]][+ZZZZ]";
	case TYPE_DTM:
		return "write a date and time, YYYYMMDDHHMMSS[.S][+ZZZZ], that the calendar knows";
	case TYPE_ANY:
	case TYPE_CODE:
	case TYPE_COMPOSITE:
		break;
	}
	return "write text";
}
