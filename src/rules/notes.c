/* SPDX-License-Identifier: Apache-2.0
 *
 * A comment must never come to stand behind another reading than the one it was made for.
 */
#include "rules/notes.h"

int delete_with_notes(struct aff_edit *e, unsigned segment)
{
	bool observation = aff_edit_is(e, segment, "OBX");
	int rc = aff_edit_delete(e, segment);
	while (!rc && observation && (aff_edit_is(e, segment, "NTE") || aff_edit_is(e, segment, "PRT")))
		rc = aff_edit_delete(e, segment);
	return rc;
}
