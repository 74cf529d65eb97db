/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies that retention has removed: their digests are there, and an action says how many of this log file's went and
 * how many stayed. Actions stand in later log files, so they are looked for when the first body is missing, and once
 * more when none fits: the engine may have gone on.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "journal/carry.h"
#include "journal/folder.h"
#include "journal/sql.h"
#include "journal/verify_internal.h"

#define REMOVALS_MAX ((size_t)64 << 20)

static int take_actions(struct verify *v, int64_t first)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = folder_path(path, sizeof path, v->folder, first, "", v->diag);
	if (!rc)
		rc = schema_open(&db, path, NULL, v->diag);
	if (!rc)
		rc = sql_prepare(db, "SELECT detail FROM action WHERE kind = '" CARRY_BODIES_KIND "'", &s, v->diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		aff_buf_put_view(&v->removals, sql_text(s, 0));
		aff_buf_put_char(&v->removals, '\n');
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return rc == AFF_ENOMEM || v->removals.error ? AFF_ENOMEM : 0; /* what cannot be read vouches for nothing */
}

static int load(struct verify *v)
{
	struct file_list list = {0};
	if (!v->removals.max)
		aff_buf_init(&v->removals, REMOVALS_MAX);
	aff_buf_clear(&v->removals);
	aff_buf_put_char(&v->removals, '\n');
	int rc = folder_list(v->folder, &list, v->diag);
	for (size_t i = 0; i < list.n && !rc; i++)
		rc = take_actions(v, list.first[i]);
	folder_list_free(&list);
	return rc == AFF_ENOMEM ? aff_diag_set(v->diag, rc, "too many actions of retention") : rc;
}

static bool is_there(const struct verify *v, const char *line)
{
	return v->removals.n && memmem(v->removals.p, v->removals.n, line, strlen(line));
}

int verify_bodies(struct verify *v)
{
	char line[CARRY_DETAIL + 2], detail[CARRY_DETAIL];
	v->stripped = false;
	if (!v->bodies_missing)
		return 0;
	snprintf(detail, sizeof detail, CARRY_BODIES_DETAIL, v->file_id, v->bodies_missing, v->bodies_there);
	snprintf(line, sizeof line, "\n%s\n", detail);
	v->stripped = is_there(v, line);
	if (v->stripped)
		return 0;
	int rc = load(v);
	v->stripped = !rc && is_there(v, line);
#ifdef AFF_MUTANT_45 /* whoever takes bodies away is believed */
	v->stripped = true;
#endif
	if (!rc && !v->stripped)
		verify_tell(v, "message", v->missing_id,
			    "its body was removed (%" PRIu64 " of this log file were) and no action says so",
			    v->bodies_missing);
	return rc;
}
