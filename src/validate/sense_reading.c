/* SPDX-License-Identifier: Apache-2.0
 *
 * One OBX: can this number, under this code, in this unit and with these flags be a reading?
 */
#include "terms/flag.h"
#include "terms/reading.h"
#include "validate/sense.h"

enum { OBX_TYPE = 2, OBX_CODE = 3, OBX_VALUE = 5, OBX_UNITS = 6, OBX_FLAGS = 8, OBX_STATUS = 11, OBX_METHOD = 17 };

static void check_code(struct check *c, unsigned segment, const struct reading *r)
{
	struct place at = {.segment = segment, .field = OBX_CODE};
	if (r->partial)
		check_report(c, RULE_PARTITION, at,
		             "OBX-3 (observation identifier) has a number without its partition");
	if (r->faults & READING_CODE)
		check_report(c, RULE_CODE, at, "OBX-3 (observation identifier): number and name are different codes");
	if (r->faults & READING_NAME)
		check_report_as(c, RULE_CODE, AFF_SEVERITY_WARNING, at, NULL,
		                "OBX-3 (observation identifier): the name is not the one of this number");
}

static void check_unit(struct check *c, unsigned segment, const struct reading *r)
{
	struct place at = {.segment = segment, .field = OBX_UNITS};
	if (r->faults & READING_UNIT_CODE)
		check_report(c, RULE_UNIT_CODE, at, "OBX-6 (units) names two different units");
	else if (r->faults & READING_UNIT)
		check_report(c, RULE_UNIT, at, "OBX-6 (units) is no unit of what OBX-3 names");
	else if (!r->unit && r->mdc && !check_is_empty(c, aff_msg_field(c->m, segment, OBX_UNITS)))
		check_report(c, RULE_UNIT_UNKNOWN, at, "OBX-6 (units) is not known");
}

static void check_numbers(struct check *c, unsigned segment, const struct reading_fields *f, const struct reading *r)
{
	struct aff_parts repetitions = aff_parts(f->value, c->delims.repetition);
	struct place at = {.segment = segment, .field = OBX_VALUE, .repetition = 1};
	unsigned part = aff_view_is(f->type, "SN") ? 2 : 1;
	struct aff_view text;
	for (; aff_parts_next(&repetitions, &text); at.repetition++) {
		/* Words in the place of numbers are told by the check of types, where that is done. */
		if (c->checks->level >= AFF_CHECK_TYPES && !aff_is_number(aff_cut(text, &c->delims, 1, part, 0)))
			continue;
		switch (reading_judge_value(r, f->type, text, &c->delims)) {
		case READING_MARKER:
			check_report(c, RULE_SENTINEL, at,
			             "OBX-5 (value) is one by which devices mark that there is no reading");
			break;
		case READING_IMPOSSIBLE:
			check_report(c, RULE_LIMITS, at,
			             "OBX-5 (value) is not one that a human being can have in this unit");
			break;
		default:
			break;
		}
	}
}

static void check_flags(struct check *c, unsigned segment)
{
	struct aff_parts repetitions = aff_parts(aff_msg_field(c->m, segment, OBX_FLAGS), c->delims.repetition);
	struct place at = {.segment = segment, .field = OBX_FLAGS, .repetition = 1};
	struct aff_view text;
	for (; aff_parts_next(&repetitions, &text); at.repetition++) {
		switch (flag_of(aff_view_trim(aff_cut(text, &c->delims, 1, 1, 0)))) {
		case FLAG_NO_VALUE:
			check_report(c, RULE_FLAG, at, "OBX-8 says that there is no value, and OBX-5 has one");
			break;
		case FLAG_TEST:
			check_report(c, RULE_DEMO, at, "OBX-8 says that the device is in demonstration or test mode");
			break;
		case FLAG_CALIBRATION:
			check_report(c, RULE_CALIBRATION, at, "OBX-8 says that the sensor is being calibrated");
			break;
		case FLAG_STATE:
		case FLAG_OTHER:
			break;
		}
	}
}

void sense_reading(struct check *c, unsigned segment)
{
	const struct reading_fields f = {.type = aff_msg_get(c->m, segment, OBX_TYPE, 1, 1, 0),
	                                 .code = aff_msg_field(c->m, segment, OBX_CODE),
	                                 .value = aff_msg_field(c->m, segment, OBX_VALUE),
	                                 .unit = aff_msg_field(c->m, segment, OBX_UNITS),
	                                 .flags = aff_msg_field(c->m, segment, OBX_FLAGS),
	                                 .method = aff_msg_field(c->m, segment, OBX_METHOD)};
	struct reading r;
	if (check_is_empty(c, f.value) || aff_is_null(f.value))
		return;
	reading_read(&r, &f, &c->delims);
	check_code(c, segment, &r);
	check_flags(c, segment);
	if (sense_is_numeric(c, segment)) {
		check_unit(c, segment, &r);
		check_numbers(c, segment, &f, &r);
	}
}
