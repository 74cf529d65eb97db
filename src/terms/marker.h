/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers that are no measurements.
 */
#ifndef TERMS_MARKER_H
#define TERMS_MARKER_H

#include <afferent/text.h>

/* true for a number by which devices say that there is no reading (-999, 8388607 and their kin). */
bool marker_is(struct aff_view number);

#endif
