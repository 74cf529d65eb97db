/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of the newest log file: what a crash or a disk that lost its power could have damaged.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "journal/verify_internal.h"

static void keep_first(void *arg, const struct verify_finding *finding)
{
	struct verify_finding *first = arg;
	if (!first->table)
		*first = *finding;
}

int journal_verify_tail(sqlite3 *db, const char *file, struct aff_diag *diag)
{
	struct verify_finding first = {.table = NULL};
	const struct verify_options options = {.finding = keep_first, .arg = &first};
	struct verify_result result;
	struct aff_diag own = {0};
	struct verify *v = calloc(1, sizeof *v);
	if (!v)
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	int rc = verify_init(v, &options, &result, diag ? diag : &own);
	if (!rc) {
		snprintf(v->file, sizeof v->file, "%s", file);
		v->db = db;
		v->format = FORMAT;
		rc = verify_file_tail(v);
	}
	verify_free(v);
	if (!rc && first.table)
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s: %s %" PRId64 " %s", file, first.table, first.id, first.what);
	return rc;
}
