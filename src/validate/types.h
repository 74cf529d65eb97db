/* SPDX-License-Identifier: Apache-2.0
 *
 * Data types as the validator sees them: HL7 v2 chapter 2A.
 */
#ifndef VALIDATE_TYPES_H
#define VALIDATE_TYPES_H

#include <afferent/msg.h>

enum type {
	TYPE_ANY,      /* text, or nothing is known: any form is right */
	TYPE_CODE,     /* of an HL7 table, ID */
	TYPE_NM, TYPE_SI, TYPE_DT, TYPE_TM, TYPE_DTM,
	TYPE_COMPOSITE /* it has components, if it is known at all */
};

/* The name of a data type of up to three letters as a number; unused letters come first and are 0. */
#define TYPE_NAME(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))
/* UINT32_MAX: the name has more letters. */
uint32_t type_number(struct aff_view name);

/* The type of that name. TS is DTM: its second component has not counted since 2.3. */
enum type type_of_name(struct aff_view name);
enum type type_of_text(const char *name);

/* true when the text has the form of the type; for types without a form of their own always. Tolerant where devices are
 * known to be harmlessly untidy: blanks around numbers, .5 and 5. */
bool type_fits(enum type type, struct aff_view text);
/* What a value of the type looks like, for people. */
const char *type_looks(enum type type);

#endif
