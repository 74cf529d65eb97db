/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/chain.h"

#include <unistd.h>

#include "journal/sql.h"

#define OTHERS_MAX (64u << 10)

int chain_init(struct chain *c)
{
	*c = (struct chain){.record = hasher_new()};
	aff_buf_init(&c->others, OTHERS_MAX);
	bool ok = c->record != NULL;
	for (size_t t = 0; t < LINK_TABLES; t++) {
		c->rows[t] = hasher_new();
		ok = ok && c->rows[t];
	}
	if (!ok)
		chain_free(c);
	return ok ? 0 : AFF_ENOMEM;
}

void chain_free(struct chain *c)
{
	hasher_free(c->record);
	for (size_t t = 0; t < LINK_TABLES; t++)
		hasher_free(c->rows[t]);
	aff_buf_free(&c->others);
	*c = (struct chain){0};
}

/* The row "number, hash" of a statement, if it has one. */
static int load_end(struct chain *c, sqlite3 *db, const char *sql, bool *found, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, sql, &s, diag);
	if (rc)
		return rc;
	int step = sqlite3_step(s);
	*found = step == SQLITE_ROW;
	if (*found && sql_blob(s, 1).n == SHA256_SIZE) {
		c->number = sqlite3_column_int64(s, 0);
		memcpy(c->hash, sql_blob(s, 1).p, SHA256_SIZE);
		for (int t = 0; t < LINK_TABLES && sqlite3_column_count(s) > 2; t++)
			c->last[t] = sqlite3_column_int64(s, 2 + t);
	} else if (*found) {
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s: the end of the hash chain is damaged", sql_file_name(db));
	} else if (step != SQLITE_DONE) {
		rc = sql_error(db, step, "read the hash chain", diag);
	}
	sqlite3_finalize(s);
	return rc;
}

static int load_journal(struct chain *c, sqlite3 *db, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = sql_prepare(db, "SELECT value FROM meta WHERE key = 'journal'", &s, diag);
	if (rc)
		return rc;
	if (sqlite3_step(s) == SQLITE_ROW && sql_blob(s, 0).n == JOURNAL_ID_SIZE)
		memcpy(c->journal, sql_blob(s, 0).p, JOURNAL_ID_SIZE);
	else
		rc = aff_diag_set(diag, AFF_ECORRUPT, "%s does not tell its journal", sql_file_name(db));
	sqlite3_finalize(s);
	return rc;
}

int chain_load(struct chain *c, sqlite3 *db, struct aff_diag *diag)
{
	bool found = false;
	int rc = load_journal(c, db, diag);
	if (!rc)
		rc = load_end(c, db,
		              "SELECT id, hash, message, outcome, action FROM link ORDER BY id DESC LIMIT 1", &found,
		              diag);
	if (!rc && !found)
		rc = load_end(c, db, "SELECT link, hash FROM checkpoint ORDER BY link DESC LIMIT 1", &found, diag);
	if (!rc && !found)
		link_genesis(c->journal, c->hash);
	chain_forget(c);
	return rc;
}

int chain_go_on(struct chain *c, const struct chain *from)
{
	if (from) {
		memcpy(c->journal, from->journal, sizeof c->journal);
		memcpy(c->hash, from->hash, sizeof c->hash);
		c->number = from->number;
	} else {
		if (getentropy(c->journal, sizeof c->journal))
			return AFF_EIO;
		link_genesis(c->journal, c->hash);
	}
	chain_forget(c);
	return 0;
}

void chain_add(struct chain *c, enum link_table t, int64_t id, int64_t judged,
               const unsigned char digest[SHA256_SIZE])
{
	struct link_rows *r = &c->next.rows[t];
	if (r->n++ == 0)
		hasher_begin(c->rows[t]);
	link_add_row(c->rows[t], id, judged, digest);
	r->last = id;
}

int chain_add_other(struct chain *c, enum link_other kind, int64_t id, const unsigned char digest[SHA256_SIZE])
{
	aff_buf_put_char(&c->others, (char)kind);
	for (int shift = 56; shift >= 0; shift -= 8)
		aff_buf_put_char(&c->others, (char)(unsigned char)((uint64_t)id >> shift & 0xff));
	aff_buf_put(&c->others, digest, SHA256_SIZE);
	return c->others.error;
}

uint64_t chain_records(const struct chain *c)
{
	uint64_t n = c->others.n > 0;
	for (size_t t = 0; t < LINK_TABLES; t++)
		n += c->next.rows[t].n;
	return n;
}

bool chain_is_open(const struct chain *c)
{
	return !c->linked && chain_records(c);
}

const struct link *chain_link(struct chain *c, int64_t at_us)
{
	struct link *l = &c->next;
	l->number = c->number + 1;
	l->at_us = at_us;
	l->others = aff_buf_view(&c->others);
	for (size_t t = 0; t < LINK_TABLES; t++) {
		if (l->rows[t].n)
			hasher_end(c->rows[t], l->rows[t].digest);
	}
	link_hash(c->record, c->hash, l, l->hash);
	c->linked = true;
	return l;
}

int64_t chain_end(const struct chain *c, const unsigned char **hash)
{
	*hash = c->linked ? c->next.hash : c->hash;
	return c->linked ? c->next.number : c->number;
}

uint64_t chain_committed(struct chain *c)
{
	uint64_t records = c->linked ? chain_records(c) : 0;
	if (c->linked) {
		memcpy(c->hash, c->next.hash, SHA256_SIZE);
		c->number = c->next.number;
		for (size_t t = 0; t < LINK_TABLES; t++)
			c->last[t] = c->next.rows[t].last;
	}
	chain_forget(c);
	return records;
}

void chain_forget(struct chain *c)
{
	c->next = (struct link){0};
	for (size_t t = 0; t < LINK_TABLES; t++)
		c->next.rows[t].last = c->last[t];
	aff_buf_clear(&c->others);
	c->linked = false;
}
