/* SPDX-License-Identifier: Apache-2.0
 *
 * The delimiters of a message, read from its MSH-1 and MSH-2.
 */
#ifndef HL7_DELIMS_H
#define HL7_DELIMS_H

#include <afferent/msg.h>

/* Reads the delimiters from a message that starts with "MSH" at msh.p[0]; msh ends with its segment. AFF_EDELIMITER: if
 * out->field is not 0 the fields of the MSH can be read all the same, with the usual delimiters for the rest. */
int delims_read(struct aff_delims *out, struct aff_view msh, unsigned lenient, struct aff_diag *diag);

#endif
