/* SPDX-License-Identifier: Apache-2.0
 *
 * Which readings of a message are the same one for a sample, and which are numbers that may be reckoned with.
 */
#ifndef RULES_SAMPLE_KEY_H
#define RULES_SAMPLE_KEY_H

#include "rules/decimal.h"
#include "rules/sample.h"

enum {
	OBX_TYPE = 2, OBX_CODE = 3, OBX_SUB = 4, OBX_VALUE = 5, OBX_UNITS = 6, OBX_FLAGS = 8, OBX_STATUS = 11,
	OBX_METHOD = 17, OBX_DEVICE = 18, OBX_INSTANCE = 21
};

/* What stands above the current row of a message. */
struct sample_walk {
	const struct aff_edit *e;
	struct aff_delims delims;
	struct aff_view patient, authority, place, device, sender;
};
struct sample_walk sample_walk_begin(const struct aff_edit *e);
/* Takes up what a segment says about the rows below it. Returns true when it is a reading. */
bool sample_walk_segment(struct sample_walk *w, unsigned segment);

enum sample_key_kind {
	SAMPLE_KEY_STATE,  /* what is no number is another one when its value changes */
	SAMPLE_KEY_CODE,   /* whatever its value */
	SAMPLE_KEY_NUMBER, /* of those that may be reckoned with: with its unit */
	SAMPLE_KEY_OTHER   /* the others beside them: STATE, and numbers by their status */
};
/* The key of a row, into `key`, which is overwritten; failures stick in it. */
struct aff_view sample_key(struct aff_buf *key, unsigned by, enum sample_key_kind kind, const struct sample_walk *w,
                           unsigned row);

/* A number that may be reckoned with: an NM with one value of at most 18 digits, of a patient who is told from others,
 * that is measured, not set, not taken back, and not suspect in any way that the step `suspect` knows. */
bool sample_number(struct decimal *out, unsigned by, const struct sample_walk *w, unsigned row);

#endif
