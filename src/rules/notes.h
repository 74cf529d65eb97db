/* SPDX-License-Identifier: Apache-2.0
 *
 * Deleting a segment together with what is said about it.
 */
#ifndef RULES_NOTES_H
#define RULES_NOTES_H

#include <afferent/edit.h>

/* Deletes a segment and, when it is an OBX, OBR, ORC, PID or SPM, the NTE and PRT segments behind it: they would be
 * read as belonging to the row above. Returns 0, or what aff_edit_delete returns. */
int delete_with_notes(struct aff_edit *e, unsigned segment);

#endif
