/* SPDX-License-Identifier: Apache-2.0
 *
 * Data types whose form can be checked: HL7 v2 chapter 2A.
 */
#ifndef VALIDATE_TYPES_H
#define VALIDATE_TYPES_H

#include <afferent/msg.h>

enum type { TYPE_ANY, TYPE_NM, TYPE_SI, TYPE_DT, TYPE_TM, TYPE_DTM };

bool type_fits(enum type type, struct aff_view text);
/* What a value of the type looks like, for people. */
const char *type_looks(enum type type);

#endif
