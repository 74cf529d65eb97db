/* SPDX-License-Identifier: Apache-2.0
 *
 * One log file: its links some hundred at a time, the rows they are over table by table, then the hashes. After a
 * link that does not fit the walk goes on from what is stored, so that one change is one finding.
 */
#include <inttypes.h>
#include <stdio.h>

#include "journal/sql.h"
#include "journal/verify_internal.h"

static bool take_number(sqlite3_stmt *s, int column, int64_t least, int64_t *out)
{
	*out = sqlite3_column_int64(s, column);
	bool ok = sqlite3_column_type(s, column) == SQLITE_INTEGER && *out >= least;
	if (*out < least)
		*out = least;
	return ok;
}

static int take_link(struct verify *v, sqlite3_stmt *s)
{
	struct verify_link *l = &v->links[v->nlinks];
	const struct link *before = v->nlinks ? &v->links[v->nlinks - 1].link : NULL;
	struct aff_view others = sql_blob(s, 8), hash = sql_blob(s, 9);
	int64_t count;
	*l = (struct verify_link){.link.number = sqlite3_column_int64(s, 0), .others = v->others_text.n};
	l->damaged = !take_number(s, 1, INT64_MIN, &l->link.at_us);
	for (int t = 0; t < LINK_TABLES; t++) {
		int64_t least = before ? before->rows[t].last : v->last[t];
		l->damaged |= !take_number(s, 2 + 2 * t, 0, &count);
		l->damaged |= !take_number(s, 3 + 2 * t, least, &l->link.rows[t].last);
		l->link.rows[t].n = (uint64_t)count;
	}
	l->others_n = others.n;
	aff_buf_put_view(&v->others_text, others);
	l->damaged |= sqlite3_column_type(s, 9) != SQLITE_BLOB || hash.n != SHA256_SIZE;
	if (hash.n == SHA256_SIZE)
		memcpy(l->stored, hash.p, SHA256_SIZE);
	v->nlinks++;
	if (v->others_text.error)
		aff_diag_set(v->diag, v->others_text.error, "too much in the links of %s", v->file);
	return v->others_text.error;
}

/* The next links, behind the last one that was walked. */
static int collect(struct verify *v, int64_t behind)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	v->nlinks = 0;
	aff_buf_clear(&v->others_text);
	int rc = sql_prepare(v->db,
	                     "SELECT id, at, messages, message, outcomes, outcome, actions, action, others, hash"
	                     " FROM link WHERE id > ?1 ORDER BY id LIMIT ?2",
	                     &s, v->diag);
	if (rc)
		return rc;
	sqlite3_bind_int64(s, 1, behind);
	sqlite3_bind_int(s, 2, VERIFY_LINKS);
	while (!rc && v->nlinks < VERIFY_LINKS && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = take_link(v, s);
	if (!rc && step != SQLITE_ROW && step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	sqlite3_finalize(s);
	return rc;
}

/* Whether something about the link's rows was told. */
static bool tell_rows(struct verify *v, const struct verify_link *l, int64_t newest_before[LINK_TABLES])
{
	bool told = false;
	for (size_t t = 0; t < LINK_TABLES; t++) {
		const struct link_rows *r = &l->link.rows[t];
		const char *table = link_table_text((enum link_table)t);
		if (l->bad[t].what)
			verify_tell(v, table, l->bad[t].id, "%s", l->bad[t].what);
		else if (l->found[t] != r->n)
			verify_tell(v, table, newest_before[t],
			            "behind this one up to %" PRId64 " there were %" PRIu64 " rows, there are %" PRIu64,
			            r->last, r->n, l->found[t]);
		else
			continue;
		told = true;
	}
	return told;
}

static int walk_link(struct verify *v, struct verify_link *l, int64_t newest_before[LINK_TABLES])
{
	unsigned char hash[SHA256_SIZE];
	uint64_t findings = v->result->findings;
	struct aff_view others = aff_view(v->others_text.p ? v->others_text.p + l->others : "", l->others_n);
	int rc;
	if (l->link.number != v->number + 1)
		verify_tell(v, "link", v->number + 1, "is missing, up to %" PRId64, l->link.number - 1);
	tell_rows(v, l, newest_before);
	if (!verify_take_others(v, others, &rc))
		l->damaged = true;
	if (rc)
		return rc;
	l->link.others = others;
	link_hash(v->record, v->hash, &l->link, hash);
	bool same = !l->damaged && memcmp(hash, l->stored, SHA256_SIZE) == 0;
	if (!same && findings == v->result->findings)
		verify_tell(v, "link", l->link.number, "%s",
		            l->damaged ? "was changed: a column is damaged"
		                       : "was changed, or a row and its mark: it is not over what is stored");
	memcpy(v->hash, l->stored, SHA256_SIZE);
	v->number = l->link.number;
	v->file_last = l->link.number;
	v->result->links++;
	v->result->last_link = l->link.number;
	v->result->last_at_us = l->link.at_us;
	if (!v->result->first_link) {
		v->result->first_link = l->link.number;
		v->result->first_at_us = l->link.at_us;
	}
	verify_exported_link(v, l->link.number, l->stored);
	for (size_t t = 0; t < LINK_TABLES; t++)
		newest_before[t] = l->link.rows[t].last;
	return 0;
}

static void report_progress(struct verify *v, int64_t newest_link)
{
	const struct verify_result *r = v->result;
	uint64_t records = 0, position = v->before;
	if (!v->options->progress)
		return;
	for (size_t t = 0; t < LINK_TABLES; t++)
		records += r->rows[t];
	if (newest_link > v->file_first)
		position += (uint64_t)((double)v->size * (double)(v->number - v->file_first) /
		                       (double)(newest_link - v->file_first));
	v->options->progress(v->options->arg, records, position, v->total);
}

static int walk(struct verify *v, int64_t newest_link)
{
	int rc = collect(v, v->file_last);
	while (!rc && v->nlinks) {
		int64_t newest_before[LINK_TABLES];
		memcpy(newest_before, v->last, sizeof newest_before);
		for (size_t t = 0; !rc && t < LINK_TABLES; t++)
			rc = verify_rows(v, (enum link_table)t);
		for (size_t i = 0; !rc && i < v->nlinks; i++)
			rc = walk_link(v, &v->links[i], newest_before);
		report_progress(v, newest_link);
		if (!rc)
			rc = collect(v, v->file_last);
	}
	return rc;
}

/* Rows that were added behind the last link. */
static int check_tail(struct verify *v)
{
	for (size_t t = 0; t < LINK_TABLES; t++) {
		const char *table = link_table_text((enum link_table)t);
		char sql[80];
		int64_t newest;
		snprintf(sql, sizeof sql, "SELECT max(id) FROM %s", table);
		int rc = sql_integer(v->db, sql, &newest, v->diag);
		if (rc && rc != AFF_ENOTFOUND)
			return rc;
		if (!rc && newest > v->last[t])
			verify_tell(v, table, newest, "was added: no link is over it");
	}
	return 0;
}

/* What the first link of the file follows. */
static int begin(struct verify *v)
{
	struct checkpoint anchor;
	bool anchored = false;
	int64_t first;
	int rc = sql_integer(v->db, "SELECT min(id) FROM link", &first, v->diag);
	if (rc == AFF_ENOTFOUND)
		first = 0;
	else if (rc)
		return rc;
	v->file_first = first;
	rc = verify_anchor(v, &anchor, &anchored);
	if (rc)
		return rc;
	if (!first && anchored) /* nothing was stored in it yet */
		first = anchor.link + 1;
	else if (!first)
		first = v->begun ? v->number + 1 : 1;
	v->file_first = first;
	v->file_last = first - 1;
	if (v->begun && first == v->number + 1)
		return 0;
	if (v->begun && first > v->number + 1)
		verify_tell(v, "link", v->number + 1, "up to %" PRId64 ": a log file before this one is missing",
		            first - 1);
	else if (v->begun)
		verify_tell(v, "link", first, "is there for the second time");
	if (anchored)
		memcpy(v->hash, anchor.hash, SHA256_SIZE);
	else if (first == 1)
		link_genesis(v->journal, v->hash);
	else
		verify_tell(v, "checkpoint", first - 1, "is missing: nothing vouches for where this log file begins");
	v->number = first - 1;
	return 0;
}

static int check_journal(struct verify *v)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(v->db, "SELECT value FROM meta WHERE key = 'journal'", &s, v->diag);
	if (rc)
		return rc;
	int step = sqlite3_step(s);
	struct aff_view id = step == SQLITE_ROW ? sql_blob(s, 0) : aff_view("", 0);
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	else if (id.n != JOURNAL_ID_SIZE || (v->has_journal && memcmp(id.p, v->journal, JOURNAL_ID_SIZE) != 0))
		verify_tell(v, "meta", 0, "it does not belong to this journal");
	else
		memcpy(v->journal, id.p, JOURNAL_ID_SIZE);
	v->has_journal = true;
	sqlite3_finalize(s);
	return rc;
}

/* What only a state of the file at one moment can show: the writer may go on meanwhile. */
static int finish(struct verify *v)
{
	int64_t newest = 0;
	int rc = sql_exec(v->db, "BEGIN", v->diag);
	if (!rc) {
		rc = sql_integer(v->db, "SELECT max(id) FROM link", &newest, v->diag);
		rc = rc == AFF_ENOTFOUND ? 0 : rc;
	}
	if (!rc)
		rc = walk(v, newest);
	if (!rc)
		rc = check_tail(v);
	if (!rc)
		rc = verify_bodies(v);
	if (!rc)
		rc = verify_check_others(v);
	if (!rc)
		rc = verify_checkpoints(v);
	sqlite3_exec(v->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

/* The link that the newest checkpoint signs, 0: none in this file is signed. */
static int find_signed(struct verify *v, int64_t *link)
{
	int rc = sql_integer(v->db, "SELECT id FROM link WHERE id = (SELECT max(link) FROM checkpoint)", link, v->diag);
	if (rc == AFF_ENOTFOUND)
		*link = 0;
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

/* Takes one stored link as given. */
static int start_behind(struct verify *v, int64_t link)
{
	int rc = collect(v, link - 1);
	if (rc)
		return rc;
	const struct verify_link *l = &v->links[0];
	if (v->nlinks == 0 || l->damaged || l->link.number != link)
		return aff_diag_set(v->diag, AFF_ECORRUPT, "%s: link %" PRId64 " is damaged", v->file, link);
	memcpy(v->hash, l->stored, SHA256_SIZE);
	v->number = v->file_last = link;
	for (size_t t = 0; t < LINK_TABLES; t++)
		v->last[t] = l->link.rows[t].last;
	return 0;
}

int verify_file_tail(struct verify *v)
{
	int64_t newest = 0, link = 0;
	memset(v->last, 0, sizeof v->last);
	int rc = check_journal(v);
	if (!rc)
		rc = find_signed(v, &link);
	if (!rc)
		rc = link ? start_behind(v, link) : begin(v);
	if (!rc) {
		rc = sql_integer(v->db, "SELECT max(id) FROM link", &newest, v->diag);
		rc = rc == AFF_ENOTFOUND ? 0 : rc;
	}
	if (!rc)
		rc = walk(v, newest);
	return rc ? rc : check_tail(v);
}

int verify_file(struct verify *v)
{
	int64_t newest = 0;
	memset(v->last, 0, sizeof v->last);
	int rc = check_journal(v);
	if (!rc)
		rc = verify_file_keys(v);
	if (!rc)
		rc = begin(v);
	if (!rc) {
		rc = sql_integer(v->db, "SELECT max(id) FROM link", &newest, v->diag);
		rc = rc == AFF_ENOTFOUND ? 0 : rc;
	}
	if (!rc)
		rc = walk(v, newest);
	if (!rc)
		rc = finish(v);
	v->begun = true;
	return rc;
}
