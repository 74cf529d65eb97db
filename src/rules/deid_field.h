/* SPDX-License-Identifier: Apache-2.0
 *
 * What DEIDENTIFY does to one field.
 */
#ifndef RULES_DEID_FIELD_H
#define RULES_DEID_FIELD_H

#include "rules/step.h"

/* What is done to a field. */
enum deid_how {
	DEID_EMPTY,      /* nothing of it stays */
	DEID_KEEP,       /* as it came */
	DEID_FIRST,      /* its first component alone */
	DEID_CODE,       /* coded: codes without blanks, their names and systems; no original text */
	DEID_NAMED_CODE, /* the same where a code may have blanks: what a reading is called, its unit */
	DEID_DIGITS,     /* what is made of digits and signs */
	DEID_NUMBER,     /* one number */
	DEID_TIME,       /* a time of day */
	DEID_HASH,       /* a pseudonym for the first component, nothing else */
	DEID_PERSON_ID,  /* a pseudonym beside the authority's name and the kind of identifier (CX) */
	DEID_CONTROL_ID, /* a pseudonym that fits into MSH-10 */
	DEID_DATE,       /* moved by the patient's days */
	DEID_RANGE,      /* two dates */
	DEID_BIRTH,      /* the year, up to 89 years */
	DEID_TEXT,       /* free text: stays when the channel says so */
	DEID_VALUE       /* OBX-5, as OBX-2 says */
};

struct deid {
	int days;          /* dates move back by; 0: nobody tells, they are emptied */
	int year;          /* of the message, for the age; 0: nobody tells */
};

/* Changes the field. 0, STEP_DECIDED or an error. Overwrites run->text and run->key. */
int deid_field(struct run *run, const struct deid *d, unsigned segment, unsigned field, enum deid_how how);

/* Days, 1 to 365, for the patient with this identifier (raw). 0; AFF_EKEY or another error. Overwrites as above. */
int deid_days(struct run *run, struct aff_view id, int *days);

#endif
