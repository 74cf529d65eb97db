/* SPDX-License-Identifier: Apache-2.0
 *
 * OBX-5 by the data type that OBX-2 names.
 */
#include <afferent/number.h>

#include "validate/check.h"
#include "validate/types.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_STATUS = 11 };

/* How one repetition of OBX-5 is made. */
enum shape { SHAPE_PRIMITIVE, SHAPE_ALL_COMPONENTS, SHAPE_STRUCTURED_NUMERIC, SHAPE_CODED };

struct value_type {
	const char *name;
	enum shape shape;
	enum type type;
};

static const struct value_type value_types[] = {
	{"NM", SHAPE_PRIMITIVE, TYPE_NM},
	{"SI", SHAPE_PRIMITIVE, TYPE_SI},
	{"DT", SHAPE_PRIMITIVE, TYPE_DT},
	{"TM", SHAPE_PRIMITIVE, TYPE_TM},
	{"DTM", SHAPE_PRIMITIVE, TYPE_DTM},
	{"TS", SHAPE_PRIMITIVE, TYPE_DTM},
	{"NA", SHAPE_ALL_COMPONENTS, TYPE_NM},
	{"MA", SHAPE_ALL_COMPONENTS, TYPE_NM},
	{"NR", SHAPE_ALL_COMPONENTS, TYPE_NM},
	{"DR", SHAPE_ALL_COMPONENTS, TYPE_DTM},
	{"SN", SHAPE_STRUCTURED_NUMERIC, TYPE_NM},
	{"CWE", SHAPE_CODED, TYPE_ANY},
	{"CE", SHAPE_CODED, TYPE_ANY},
	{"CNE", SHAPE_CODED, TYPE_ANY},
	{"CF", SHAPE_CODED, TYPE_ANY},
};

static void report_type(struct check *c, struct place at, const char *value_type, const char *hint)
{
	check_report_as(c, RULE_VALUE, AFF_SEVERITY_ERROR, at, hint, "OBX-5 (value) does not fit data type %s of OBX-2",
	                value_type);
}

static void check_primitive(struct check *c, const struct value_type *t, struct place at, struct aff_view text)
{
	struct aff_view first = aff_cut(text, &c->delims, 1, 1, 0);
	if (first.n && !type_fits(t->type, first))
		report_type(c, at, t->name, type_looks(t->type));
}

static void check_all_components(struct check *c, const struct value_type *t, struct place at, struct aff_view text)
{
	struct aff_parts components = aff_parts(text, c->delims.component);
	struct aff_view part;
	for (at.component = 1; aff_parts_next(&components, &part); at.component++) {
		if (part.n && !type_fits(t->type, part)) {
			report_type(c, at, t->name, type_looks(t->type));
			return; /* one finding a repetition: a waveform has thousands of components */
		}
	}
}

static void check_structured_numeric(struct check *c, const struct value_type *t, struct place at, struct aff_view text)
{
	struct aff_sn unused;
	struct aff_diag why;
	if (aff_sn_read(&unused, text, &c->delims, &why)) {
		at.component = why.at.component;
		report_type(c, at, t->name, why.hint);
	}
}

static void check_coded(struct check *c, const struct value_type *t, struct place at, struct aff_view text)
{
	static const unsigned any_of[] = {1, 2, 4, 5, 9};
	for (size_t i = 0; i < sizeof any_of / sizeof any_of[0]; i++) {
		if (aff_cut(text, &c->delims, 1, any_of[i], 0).n)
			return;
	}
	check_report(c, RULE_VALUE_EMPTY, at, "OBX-5 (value) of data type %s has neither code nor text", t->name);
}

static void check_repetition(struct check *c, const struct value_type *t, struct place at, struct aff_view text)
{
	if (!text.n || aff_is_null(text))
		return;
	switch (t->shape) {
	case SHAPE_PRIMITIVE:
		check_primitive(c, t, at, text);
		break;
	case SHAPE_ALL_COMPONENTS:
		check_all_components(c, t, at, text);
		break;
	case SHAPE_STRUCTURED_NUMERIC:
		check_structured_numeric(c, t, at, text);
		break;
	case SHAPE_CODED:
		check_coded(c, t, at, text);
		break;
	}
}

static const struct value_type *value_type_of(struct aff_view name)
{
	for (size_t i = 0; i < sizeof value_types / sizeof value_types[0]; i++) {
		if (aff_view_is(name, value_types[i].name))
			return &value_types[i];
	}
	return NULL;
}

void check_value(struct check *c, unsigned segment)
{
	struct aff_view type = aff_msg_get(c->m, segment, OBX_TYPE, 1, 1, 0);
	struct aff_view value = aff_msg_field(c->m, segment, OBX_VALUE);
	struct place at = {.segment = segment, .field = OBX_VALUE, .repetition = 1};
	if (check_is_empty(c, value))
		return;
	if (!type.n && !aff_view_is(aff_msg_field(c->m, segment, OBX_STATUS), "X"))
		check_report(c, RULE_VALUE_TYPE, (struct place){.segment = segment, .field = OBX_TYPE},
		             "OBX-2 (value type) is empty though OBX-5 has a value");
	const struct value_type *t = value_type_of(type);
	if (!t)
		return;
	struct aff_parts repetitions = aff_parts(value, c->delims.repetition);
	struct aff_view text;
	for (; aff_parts_next(&repetitions, &text); at.repetition++)
		check_repetition(c, t, at, text);
}
