/* SPDX-License-Identifier: Apache-2.0
 *
 * Data types. Tolerant where devices are known to be harmlessly untidy: blanks around numbers, .5 and 5.
 */
#include "validate/types.h"

#include <afferent/dtm.h>

#include "base/number.h"

static bool is_set_id(struct aff_view text)
{
	uint64_t value;
	return number_u64(text, UINT32_MAX, &value) == 0;
}

static bool is_date(struct aff_view text)
{
	struct aff_dtm t;
	return aff_dtm_parse(&t, text) == 0 && t.precision <= AFF_DTM_DAY && !t.has_zone;
}

/* A time is a date-time without its date: any day in front of it makes it one. */
static bool is_time(struct aff_view text)
{
	char joined[32] = "20000101";
	struct aff_dtm t;
	if (!text.n || text.n > sizeof joined - 8)
		return false;
	memcpy(joined + 8, text.p, text.n);
	return aff_dtm_parse(&t, aff_view(joined, text.n + 8)) == 0 && t.precision >= AFF_DTM_HOUR;
}

static bool is_date_time(struct aff_view text)
{
	struct aff_dtm t;
	return aff_dtm_parse(&t, text) == 0;
}

bool type_fits(enum type type, struct aff_view text)
{
	switch (type) {
	case TYPE_NM:
		return number_is_decimal(text);
	case TYPE_SI:
		return is_set_id(text);
	case TYPE_DT:
		return is_date(text);
	case TYPE_TM:
		return is_time(text);
	case TYPE_DTM:
		return is_date_time(text);
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

struct parts parts_of(struct aff_view text, char delimiter)
{
	return (struct parts){text, delimiter, text.n > 0};
}

bool parts_next(struct parts *p, struct aff_view *part)
{
	if (!p->more)
		return false;
	const char *end = p->delimiter ? memchr(p->rest.p, p->delimiter, p->rest.n) : NULL;
	if (!end) {
		*part = p->rest;
		p->more = false;
		return true;
	}
	size_t n = (size_t)(end - p->rest.p);
	*part = aff_view(p->rest.p, n);
	p->rest = aff_view(end + 1, p->rest.n - n - 1);
	return true;
}
