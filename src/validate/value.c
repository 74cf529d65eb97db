/* SPDX-License-Identifier: Apache-2.0
 *
 * OBX-5 by the data type that OBX-2 names. What makes the reading unusable is an error: a number, a date or a range
 * that is none. Further parts of a value, such as the version of a code's value set, are checked as everywhere.
 */
#include <afferent/number.h>

#include "validate/fields.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_STATUS = 11 };

/* How one repetition of OBX-5 is made. */
enum shape { SHAPE_PARTS, SHAPE_NUMBERS, SHAPE_RANGE, SHAPE_STRUCTURED_NUMERIC, SHAPE_CODED };

static enum shape shape_of(struct aff_view type)
{
	switch (type_number(type)) {
	case TYPE_NAME(0, 'N', 'A'):
	case TYPE_NAME(0, 'M', 'A'):
		return SHAPE_NUMBERS;
	case TYPE_NAME(0, 'N', 'R'):
	case TYPE_NAME(0, 'D', 'R'):
		return SHAPE_RANGE;
	case TYPE_NAME('C', 'W', 'E'):
	case TYPE_NAME('C', 'N', 'E'):
	case TYPE_NAME(0, 'C', 'E'):
	case TYPE_NAME(0, 'C', 'F'):
		return SHAPE_CODED;
	case TYPE_NAME(0, 'S', 'N'):
		return SHAPE_STRUCTURED_NUMERIC;
	default:
		return SHAPE_PARTS;
	}
}

/* One finding a repetition: a waveform has thousands of components. */
static void check_numbers(struct subject *s, struct aff_view text)
{
	struct aff_array a = aff_array(text, &s->c->delims);
	struct aff_nm unused;
	int rc;
	do
		rc = aff_array_next(&a, &unused);
	while (rc > 0);
	if (rc < 0) {
		s->at.component = a.at_component;
		check_wrong(s, s->wrong, type_looks(TYPE_NM));
		s->at.component = 0;
	}
}

/* comparator^number^separator^number */
static void check_structured_numeric(struct subject *s, struct aff_view text)
{
	struct aff_sn unused;
	struct aff_diag why;
	if (aff_sn_read(&unused, text, &s->c->delims, &why)) {
		s->at.component = why.at.component;
		check_wrong(s, s->wrong, why.hint);
		s->at.component = 0;
	}
}

static void check_coded(struct subject *s, struct aff_view text)
{
	static const unsigned any_of[] = {0, 1, 3, 4, 8};
	struct aff_view part[9];
	aff_components(part, 9, text, &s->c->delims);
	for (size_t i = 0; i < sizeof any_of / sizeof any_of[0]; i++) {
		if (part[any_of[i]].n)
			return;
	}
	check_report(s->c, RULE_VALUE_EMPTY, s->at, "OBX-5 (value) of data type %s has neither code nor text", s->type);
}

static void check_one(struct subject *s, enum shape shape, struct aff_view text)
{
	if (!text.n || aff_is_null(text))
		return;
	if (shape == SHAPE_NUMBERS) {
		check_numbers(s, text);
	} else if (shape == SHAPE_STRUCTURED_NUMERIC) {
		check_structured_numeric(s, text);
	} else {
		if (shape == SHAPE_CODED)
			check_coded(s, text);
		check_repetition(s, s->type, 0, 0, text);
	}
}

/* Text needs no look, whatever it holds. */
static bool is_free(struct aff_view type)
{
	enum type t = type_of_name(type);
	return t == TYPE_ANY || t == TYPE_CODE;
}

void check_value(struct check *c, unsigned segment)
{
	struct aff_view type = aff_primitive(aff_msg_field(c->m, segment, OBX_TYPE), &c->delims);
	struct aff_view value = aff_msg_field(c->m, segment, OBX_VALUE), text;
	struct subject s = {.c = c,
	                    .at = {.segment = segment, .field = OBX_VALUE, .repetition = 1},
	                    .segment = "OBX",
	                    .name = "value",
	                    .rule = RULE_VALUE,
	                    .wrong = AFF_SEVERITY_ERROR,
	                    .wrong_part = AFF_SEVERITY_WARNING};
	if (check_is_empty(c, value))
		return;
	if (!type.n && !aff_view_is(aff_msg_field(c->m, segment, OBX_STATUS), "X"))
		check_report(c, RULE_VALUE_TYPE, (struct place){.segment = segment, .field = OBX_TYPE},
		             "OBX-2 (value type) is empty though OBX-5 has a value");
	if (is_free(type) || type.n >= sizeof s.type)
		return;
	memcpy(s.type, type.p, type.n);
	enum shape shape = shape_of(type);
	if (shape == SHAPE_RANGE)
		s.wrong_part = AFF_SEVERITY_ERROR;
	struct aff_parts repetitions = aff_parts(value, c->repetition);
	for (; aff_parts_next(&repetitions, &text); s.at.repetition++)
		check_one(&s, shape, text);
}
