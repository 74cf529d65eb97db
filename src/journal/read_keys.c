/* SPDX-License-Identifier: Apache-2.0
 *
 * Which master keys the log files need.
 */
#include "journal/reader.h"
#include "journal/sql.h"

enum kind { CLEAR, NEWEST, OLDER, MISSING };

static enum kind kind_of(const struct secret *s, struct aff_view master)
{
	const unsigned char *id = (const unsigned char *)master.p;
	if (master.n != SECRET_ID_SIZE || !secret_has(s, id))
		return MISSING;
	return memcmp(s->key[0].id, id, SECRET_ID_SIZE) == 0 ? NEWEST : OLDER;
}

/* What is worst in a log file. */
static int look(const struct reader_file *f, const struct secret *secret, enum kind *worst, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	*worst = CLEAR;
	int rc = sql_prepare(f->db, "SELECT DISTINCT master FROM datakey", &s, diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		enum kind kind = kind_of(secret, sql_blob(s, 0));
		*worst = kind > *worst ? kind : *worst;
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "read the data keys", diag);
	sqlite3_finalize(s);
	return rc;
}

int journal_read_keys(struct journal_reader *r, struct journal_keys *out, struct aff_diag *diag)
{
	struct secret secret;
	*out = (struct journal_keys){0};
	int rc = secret_read(&secret, r->unlock.path, diag);
	if (!rc)
		rc = reader_refresh(r, diag);
	for (size_t i = 0; !rc && i < r->list.n; i++) {
		struct reader_file *f;
		enum kind kind = CLEAR;
		rc = reader_file(r, i, &f, diag);
		if (rc == READER_GONE) {
			rc = 0;
			continue;
		}
		if (!rc)
			rc = look(f, &secret, &kind, diag);
		out->files++;
		out->clear += kind == CLEAR;
		out->older += kind == OLDER;
		out->missing += kind == MISSING;
	}
	secret_wipe(&secret);
	return rc;
}
