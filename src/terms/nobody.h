/* SPDX-License-Identifier: Apache-2.0
 *
 * Words in the place of an identifier or a name that mean nobody.
 */
#ifndef TERMS_NOBODY_H
#define TERMS_NOBODY_H

#include <afferent/text.h>

/* true for what senders write when they do not know, and for nothing at all. Every one of these would make one patient
 * of many people. */
bool nobody_is(struct aff_view identifier);

/* true for a name that people give to a patient who does not exist ("TEST", "ZZTEST", "DEMO"). */
bool nobody_is_test(struct aff_view name);

#endif
