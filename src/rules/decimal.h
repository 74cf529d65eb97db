/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimal numbers of up to 18 digits, and exact statistics of them: sums in 128 bits, divided once, at the end.
 */
#ifndef RULES_DECIMAL_H
#define RULES_DECIMAL_H

#include <afferent/number.h>

__extension__ typedef __int128 decimal_wide;

struct decimal {
	int64_t num;             /* less than 10^18 */
	unsigned char decimals;  /* 0 to 18: 3720 with 2 is 37.20 */
};

enum { DECIMAL_DIGITS = 18 };

/* false: too many digits. */
bool decimal_of(struct decimal *out, const struct aff_nm *number);
/* <0, 0, >0. */
int decimal_compare(struct decimal a, struct decimal b);
/* Does b differ from a by more than `band`; with `share` by more than that many per cent of a? */
bool decimal_differs(struct decimal a, struct decimal b, struct decimal band, bool share);

/* A sum with all the decimals of its parts. Starts as zeros. */
struct decimal_sum {
	decimal_wide num;
	unsigned decimals;
};
/* false: it does not fit; the sum is as it was. */
bool decimal_add(struct decimal_sum *sum, struct decimal d);

void decimal_put(struct aff_buf *out, struct decimal d);
/* Appends sum / n with the decimals of the sum, and one more if it needs it; rounded half away from zero. n > 0. false:
 * it does not fit. */
bool decimal_put_mean(struct aff_buf *out, const struct decimal_sum *sum, uint64_t n);

#endif
