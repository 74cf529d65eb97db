/* SPDX-License-Identifier: Apache-2.0
 *
 * When a message was committed: the time of the first link of the hash chain that is over it. Links know the newest
 * message at their time, which only grows, so halving finds the one.
 */
#include "journal/reader.h"
#include "journal/sql.h"

/* The first link from number `from` on: its number, 0 when there is none; and what it says. */
static int read_link(sqlite3_stmt *s, int64_t from, int64_t *number, int64_t *message, int64_t *at_us)
{
	sqlite3_bind_int64(s, 1, from);
	int step = sqlite3_step(s);
	*number = 0;
	if (step == SQLITE_ROW) {
		*number = sqlite3_column_int64(s, 0);
		*message = sqlite3_column_int64(s, 1);
		*at_us = sqlite3_column_int64(s, 2);
	}
	sqlite3_reset(s);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : step;
}

static int find(sqlite3_stmt *s, int64_t low, int64_t high, int64_t id, int64_t *at_us)
{
	int rc = 0;
	*at_us = 0;
	while (!rc && low <= high) {
		int64_t middle = low + (high - low) / 2, number, message = 0, at = 0;
		rc = read_link(s, middle, &number, &message, &at);
		if (!rc && (number == 0 || message >= id)) {
			if (number)
				*at_us = at;
			high = middle - 1;
		} else {
			low = number + 1;
		}
	}
	return rc;
}

int journal_get_commit(struct journal_reader *r, int64_t id, int64_t *at_us, struct aff_diag *diag)
{
	struct reader_file *f;
	sqlite3_stmt *s = NULL;
	int64_t low = 0, high = 0;
	int rc = reader_refresh(r, diag);
	if (!rc)
		rc = reader_file(r, folder_position(&r->list, id), &f, diag);
	if (rc)
		return rc == READER_GONE ? AFF_ENOTFOUND : rc;
	rc = sql_integer(f->db, "SELECT min(id) FROM link", &low, diag);
	if (!rc)
		rc = sql_integer(f->db, "SELECT max(id) FROM link", &high, diag);
	if (!rc)
		rc = sql_prepare(f->db, "SELECT id, message, at FROM link WHERE id >= ?1 ORDER BY id LIMIT 1", &s,
		                 diag);
	if (rc)
		return rc;
	rc = find(s, low, high, id, at_us);
	rc = rc ? sql_error(f->db, rc, "read the hash chain", diag) : *at_us ? 0 : AFF_ENOTFOUND;
	sqlite3_finalize(s);
	return rc;
}
