/* SPDX-License-Identifier: Apache-2.0
 *
 * A comment must never come to stand behind another reading than the one it was made for.
 */
#include "rules/notes.h"

static bool has_own_notes(const struct aff_edit *e, unsigned segment)
{
	static const char *const ids[] = {"OBX", "OBR", "ORC", "PID", "SPM"};
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		if (aff_edit_is(e, segment, ids[i]))
			return true;
	return false;
}

int delete_with_notes(struct aff_edit *e, unsigned segment)
{
	bool noted = has_own_notes(e, segment);
	int rc = aff_edit_delete(e, segment);
	while (!rc && noted && (aff_edit_is(e, segment, "NTE") || aff_edit_is(e, segment, "PRT")))
		rc = aff_edit_delete(e, segment);
	return rc;
}
