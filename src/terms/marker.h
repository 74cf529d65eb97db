/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are no measurements.
 */
#ifndef TERMS_MARKER_H
#define TERMS_MARKER_H

#include <afferent/number.h>

/* true for a number by which devices say that there is no reading (-999, 8388607 and their kin). */
bool marker_is(const struct aff_nm *number);

/* The same for numbers that mark it only where a reading cannot be negative (-1, -100). */
bool marker_is_negative(const struct aff_nm *number);

/* true for a text in the place of a number that says so ("NaN", "---", "***"). */
bool marker_is_text(struct aff_view text);

#endif
