/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers: NM, SI, SN, NR, NA and MA (HL7 v2.5.1 chapter 2A). A number stays the decimal text that was sent: there is
 * no binary floating point anywhere, nothing is rounded and nothing overflows. No reader allocates memory.
 *
 * Readers take the text of a field or component as the message holds it, d its delimiters. They look at the first
 * repetition. Where d may be NULL the text is a primitive already. All return 0 or AFF_EDATATYPE; *out is then left as
 * it was, and diag (may be NULL) tells in at.component which part is wrong, never its value. An empty text and `""` are
 * no number: ask aff_is_valued() and aff_is_null() first where they may stand. As SN and NR they have no parts.
 */
#ifndef AFFERENT_NUMBER_H
#define AFFERENT_NUMBER_H

#include <afferent/parts.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a number was written that is accepted all the same. */
enum aff_nm_form {
	AFF_NM_BLANKS      = 1 << 0, /* blanks around it */
	AFF_NM_NO_WHOLE    = 1 << 1, /* .5 */
	AFF_NM_NO_FRACTION = 1 << 2, /* 5. */
	AFF_NM_PLUS        = 1 << 3  /* +5: the standard allows it, not everybody who reads it does */
};
/* The forms that the standard does not know. */
#define AFF_NM_UNTIDY (AFF_NM_BLANKS | AFF_NM_NO_WHOLE | AFF_NM_NO_FRACTION)

/* A decimal number, section 2.A.47: [+-]digits[.digits]. No exponent, no decimal comma, no words. */
struct aff_nm {
	bool negative;            /* a minus was written */
	struct aff_view whole;    /* digits before the point as written: leading zeros too, empty in .5 */
	struct aff_view fraction; /* digits after the point as written: trailing zeros too. Its length is the scale. */
	unsigned form;            /* enum aff_nm_form, or'ed; 0 for most */
};

/* The whole text is one number. Returns 0 or AFF_EDATATYPE. */
int aff_nm_parse(struct aff_nm *out, struct aff_view text);

static inline bool aff_is_number(struct aff_view text)
{
	struct aff_nm unused;
	return aff_nm_parse(&unused, text) == 0;
}

/* d may be NULL. */
int aff_nm_read(struct aff_nm *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* Compares exactly: <0, 0, >0. 1.0 is 1, -0 is 0. */
int aff_nm_compare(const struct aff_nm *a, const struct aff_nm *b);

/* Appends the number as JSON, FHIR and strict readers of HL7 want it: no plus, no zeros before the whole digits, a
 * digit on both sides of the point. The digits after the point stay as they were sent: 037.20 becomes 37.20. */
void aff_nm_put(struct aff_buf *out, const struct aff_nm *number);

/* The number times ten to the power of `decimals` as an integer, when it is one: 37.20 with 2 decimals is 3720.
 * Returns 0, AFF_EDATATYPE (digits that are not 0 are left over), AFF_ELIMIT (it does not fit). */
int aff_nm_scaled(const struct aff_nm *number, unsigned decimals, int64_t *out);

/* A sequence id, section 2.A.69: digits alone. The standard ends at 9999, devices do not. d may be NULL. */
int aff_si_read(uint32_t *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* A structured numeric, section 2.A.70: comparator^number^separator^number. */
enum aff_comparator {
	AFF_SN_EQUAL, /* "=" or nothing */
	AFF_SN_LESS, AFF_SN_LESS_EQUAL, AFF_SN_GREATER, AFF_SN_GREATER_EQUAL,
	AFF_SN_UNEQUAL
};
struct aff_sn {
	enum aff_comparator comparator;
	char separator; /* '-' range, '+' categorical, '/' or ':' ratio, '.' (old texts), 0 none */
	bool has_num1, has_num2;
	struct aff_nm num1, num2;
};
int aff_sn_read(struct aff_sn *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* A range of numbers, section 2.A.48: low^high. Either may be missing: open at that end. */
struct aff_nr {
	bool has_low, has_high;
	struct aff_nm low, high;
};
int aff_nr_read(struct aff_nr *out, struct aff_view text, const struct aff_delims *d, struct aff_diag *diag);

/* Numeric arrays, sections 2.A.45 (NA: a repetition is a row, its components the columns) and 2.A.40 (MA: a repetition
 * is a moment, its components the channels). A walk reads the field once, value by value; empty repetitions at its end
 * are not there.
 *
 *	struct aff_array a = aff_array(field, &d);
 *	while ((rc = aff_array_next(&a, &value)) > 0)
 *		if (rc == AFF_ARRAY_VALUE) ... value stands at a.repetition, a.component
 */
struct aff_array {
	struct aff_view rest;
	char component, repetition;
	bool more;
	unsigned at_repetition, at_component; /* of the value read last, from 1 */
	bool row_ended;                       /* the value read last was the last one of its repetition */
};
enum aff_array_step { AFF_ARRAY_END, AFF_ARRAY_VALUE, AFF_ARRAY_ABSENT };

struct aff_array aff_array(struct aff_view field, const struct aff_delims *d);

/* AFF_ARRAY_VALUE, AFF_ARRAY_ABSENT (nothing or `""` at this place), AFF_ARRAY_END, or AFF_EDATATYPE: what stands at
 * this place is no number (*out is not touched); the walk can go on behind it. */
int aff_array_next(struct aff_array *a, struct aff_nm *out);

/* Rows and columns of an array. Returns 0, or AFF_EDATATYPE when its rows are of different lengths (*columns is then
 * that of the longest). Does not look at the values. */
int aff_array_shape(struct aff_view field, const struct aff_delims *d, unsigned *rows, unsigned *columns);

#ifdef __cplusplus
}
#endif
#endif
