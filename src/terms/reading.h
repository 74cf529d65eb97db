/* SPDX-License-Identifier: Apache-2.0
 *
 * One OBX, judged: is it a reading of this patient, under the code and unit that it says?
 */
#ifndef TERMS_READING_H
#define TERMS_READING_H

#include "terms/limit.h"
#include "terms/units.h"

/* What can be wrong; a reading may have several. */
enum {
	READING_MARKER = 1,       /* a number or word by which devices mark that there is none */
	READING_IMPOSSIBLE = 2,   /* beyond what a human being can have */
	READING_CODE = 4,         /* OBX-3: number and name belong to different codes */
	READING_UNIT_CODE = 8,    /* OBX-6: number and name, or the two codings, are different units */
	READING_UNIT = 16,        /* no reading of this code can be in this unit */
	READING_FLAG = 32,        /* a value beside a flag that says that there is none */
	READING_TEST = 64,        /* OBX-8: demonstration, test */
	READING_CALIBRATION = 128, /* OBX-8: the sensor is being calibrated */
	READING_NAME = 256        /* OBX-3: the name is not the one of the number; one of the two is not known */
};

/* Raw fields of an OBX. */
struct reading_fields {
	struct aff_view type, code, value, unit, flags, method; /* 2, 3, 5, 6, 8, 17 */
};

/* What code and unit mean. */
struct reading {
	const struct aff_term *term;   /* NULL: not an MDC code, not known, or in doubt */
	const struct aff_unit *unit;   /* NULL: there is none, not known, or in doubt */
	const struct limit *limit;     /* NULL: none, or not to be held against this value */
	unsigned faults;               /* READING_CODE or _NAME, READING_UNIT_CODE, READING_UNIT */
	bool mdc;                      /* a coding of OBX-3 says that it is MDC */
	bool partial;                  /* the MDC number lacks its partition */
};

/* Facets of an alert with numbers that the IHE framework itself prints wrong, beside the right names. */
bool reading_is_misprint(struct aff_view code, struct aff_view name);

void reading_read(struct reading *out, const struct reading_fields *f, const struct aff_delims *d);

/* What is wrong with one repetition of OBX-5, an NM or an SN. */
unsigned reading_judge_value(const struct reading *r, struct aff_view type, struct aff_view repetition,
                             const struct aff_delims *d);

/* All faults of a reading, of every repetition. A row without a value has none. */
unsigned reading_judge(const struct reading_fields *f, const struct aff_delims *d);

#endif
