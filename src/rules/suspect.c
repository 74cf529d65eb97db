/* SPDX-License-Identifier: Apache-2.0
 *
 * SUSPECT: readings that are probably none of this patient. A value that is taken away leaves its row, with the reason:
 * who reads it sees that the device said something.
 */
#include "rules/step.h"
#include "terms/flag.h"
#include "terms/reading.h"

enum { OBX_TYPE = 2, OBX_CODE = 3, OBX_VALUE = 5, OBX_UNITS = 6, OBX_FLAGS = 8, OBX_STATUS = 11, OBX_METHOD = 17 };

static const struct {
	const char *rule;
	unsigned kind;
} kinds[] = {
	{"sense-sentinel", READING_MARKER}, {"sense-limits", READING_IMPOSSIBLE},   {"sense-code", READING_CODE},
	{"sense-unit", READING_UNIT},       {"sense-unit-code", READING_UNIT_CODE}, {"sense-flag", READING_FLAG},
	{"sense-demo", READING_TEST},       {"sense-calibration", READING_CALIBRATION},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

unsigned aff_suspect_kind(struct aff_view rule)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (aff_view_is(rule, kinds[i].rule))
			return kinds[i].kind;
	}
	return 0;
}

const char *aff_suspect_rule(size_t i)
{
	return i < KINDS ? kinds[i].rule : NULL;
}

static unsigned wanted_kinds(const struct step *step)
{
	unsigned all = 0;
	for (size_t i = 0; i < KINDS; i++)
		all |= kinds[i].kind;
	return step->suspects ? step->suspects : all;
}

static void add_flag(struct run *run, struct aff_view flag)
{
	if (run->text.n)
		aff_buf_put_char(&run->text, run->delims.repetition);
	aff_buf_put_view(&run->text, flag);
}

/* OBX-8 of a row without its value into run->text. */
static void write_reason(struct run *run, struct aff_view flags, unsigned faults)
{
	struct aff_parts repetitions = aff_parts(flags, run->delims.repetition);
	struct aff_view text;
	bool told = false;
	aff_buf_clear(&run->text);
	while (aff_parts_next(&repetitions, &text)) {
		enum flag flag = flag_of(aff_view_trim(aff_cut(text, &run->delims, 1, 1, 0)));
		if (flag != FLAG_OTHER && run->delims.repetition)
			add_flag(run, text);
		told |= flag == FLAG_NO_VALUE && run->delims.repetition;
	}
	if (!told)
		add_flag(run, aff_view_of(faults & READING_MARKER ? "NAV" : "INV"));
}

static int drop_value(struct run *run, unsigned segment, struct aff_view flags, unsigned faults)
{
	struct aff_view status = aff_edit_field(run->e, segment, OBX_STATUS);
	bool taken_back = aff_view_is(status, "D") || aff_view_is(status, "W");
	write_reason(run, flags, faults);
	if (run->text.error)
		return run->text.error;
	int rc = aff_edit_set(run->e, segment, OBX_FLAGS, 0, 0, 0, aff_buf_view(&run->text));
	rc = rc ? rc : aff_edit_set(run->e, segment, OBX_VALUE, 0, 0, 0, aff_view("", 0));
	return rc || taken_back ? rc : aff_edit_set(run->e, segment, OBX_STATUS, 0, 0, 0, aff_view_of("X"));
}

static int add_question(struct run *run, unsigned segment, struct aff_view flags)
{
	struct aff_parts repetitions = aff_parts(flags, run->delims.repetition);
	struct aff_view text;
	while (aff_parts_next(&repetitions, &text)) {
		if (aff_view_is(aff_cut(text, &run->delims, 1, 1, 0), "QUES"))
			return STEP_DONE;
	}
	aff_buf_clear(&run->text);
	if (run->delims.repetition)
		aff_buf_put_view(&run->text, flags);
	add_flag(run, aff_view_of("QUES"));
	return run->text.error ? run->text.error
	                       : aff_edit_set(run->e, segment, OBX_FLAGS, 0, 0, 0, aff_buf_view(&run->text));
}

int run_suspect_reading(struct run *run, unsigned segment, enum aff_suspect how, unsigned faults)
{
	struct aff_view flags = aff_edit_field(run->e, segment, OBX_FLAGS);
	run->result->suspect++;
	switch (how) {
	case AFF_SUSPECT_DROP_VALUE:
		return drop_value(run, segment, flags, faults);
	case AFF_SUSPECT_DROP_SEGMENT:
		return run_delete(run, segment);
	case AFF_SUSPECT_FLAG:
		return add_question(run, segment, flags);
	}
	return AFF_EARGUMENT;
}

static int run_suspect(struct run *run, unsigned segment)
{
	const struct reading_fields f = {.type = aff_edit_get(run->e, segment, OBX_TYPE, 1, 1, 0),
	                                 .code = aff_edit_field(run->e, segment, OBX_CODE),
	                                 .value = aff_edit_field(run->e, segment, OBX_VALUE),
	                                 .unit = aff_edit_field(run->e, segment, OBX_UNITS),
	                                 .flags = aff_edit_field(run->e, segment, OBX_FLAGS),
	                                 .method = aff_edit_field(run->e, segment, OBX_METHOD)};
	unsigned faults = reading_judge(&f, &run->delims) & wanted_kinds(run->step);
	return faults ? run_suspect_reading(run, segment, run->step->suspect, faults) : STEP_DONE;
}

static int check_suspect(const struct aff_step *asked, struct aff_diag *diag)
{
	return step_check_obx(asked, diag, "only OBX segments are readings");
}

const struct step_kind step_suspect = {
	.name = "suspect", .guards = true, .check = check_suspect, .run = run_suspect, .everywhere = "OBX"
};
