/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of one table, each to the first link whose newest id is not below the row's. A row that does not fit its
 * own mark can be named; a row that was changed together with its mark shows in the hash of its link.
 */
#include "journal/sql.h"
#include "journal/verify_internal.h"

#define WRONG "was changed: it does not match its mark"

/* A column of another type reads the same, but is not found any more. */
static bool is_text(sqlite3_stmt *s, int column, struct aff_view *out)
{
	int type = sqlite3_column_type(s, column);
	*out = sql_text(s, column);
	return type == SQLITE_NULL || (type == SQLITE_TEXT && out->n);
}

static bool is_blob(sqlite3_stmt *s, int column, struct aff_view *out)
{
	int type = sqlite3_column_type(s, column);
	*out = sql_blob(s, column);
	return type == SQLITE_NULL || (type == SQLITE_BLOB && out->n);
}

static bool is_integer(sqlite3_stmt *s, int column, int64_t *out)
{
	*out = sqlite3_column_int64(s, column);
	return sqlite3_column_type(s, column) == SQLITE_INTEGER;
}

static bool in_range(int64_t value, int64_t least, int64_t most)
{
	return value >= least && value <= most;
}

static bool name_text(struct verify *v, enum name_kind kind, int64_t id, struct aff_view *out, int *rc)
{
	const struct referred *r = verify_name(v, kind, id, rc);
	*out = r ? aff_view(v->names.text.p + r->offset, r->n) : aff_view("", 0);
	return r != NULL;
}

static bool snapshot_sha(struct verify *v, int64_t id, unsigned char out[SHA256_SIZE], int *rc)
{
	const struct referred *r = verify_snapshot(v, id, rc);
	if (r)
		memcpy(out, r->digest, SHA256_SIZE);
	return r != NULL;
}

/* The columns of the ids: texts, or keyed digests of them. */
static bool ids(sqlite3_stmt *s, struct journal_message *m)
{
	struct aff_view *const clear[JOURNAL_IDS] = {&m->control_id, &m->patient, &m->device};
	bool ok = true;
	for (int i = 0; ok && i < JOURNAL_IDS; i++)
		ok = m->key ? is_blob(s, 7 + i, &m->hashed[i]) : is_text(s, 7 + i, clear[i]);
	return ok;
}

static const char *digest_message(struct verify *v, sqlite3_stmt *s, unsigned char out[SHA256_SIZE], int *rc)
{
	static const unsigned char none[SHA256_SIZE];
	const unsigned char *dictionary_sha = none;
	struct journal_message m = {0};
	struct aff_view body_sha;
	int64_t channel, type, verdict, error, snapshot, length, dictionary, key;
	bool ok = is_integer(s, 1, &m.received_us) && is_integer(s, 2, &channel) && is_text(s, 3, &m.peer) &&
		  is_integer(s, 4, &type) && is_integer(s, 5, &verdict) && is_integer(s, 6, &error) &&
		  is_integer(s, 10, &snapshot) && is_integer(s, 11, &length) && is_integer(s, 12, &dictionary) &&
		  is_blob(s, 13, &m.body) && is_integer(s, 15, &key) && is_blob(s, 16, &m.ids) &&
		  is_blob(s, 17, &body_sha) && in_range(key, 0, UINT32_MAX) &&
		  (m.body.n ? body_sha.n == 0 : body_sha.n == SHA256_SIZE) && in_range(verdict, 0, INT32_MAX) &&
		  in_range(error, INT32_MIN, INT32_MAX) && in_range(length, 0, UINT32_MAX) &&
		  in_range(dictionary, 0, UINT32_MAX);
	if (!ok)
		return "was changed: a column is damaged";
	m.verdict = (enum journal_verdict)verdict;
	m.error = (int)error;
	m.length = (uint32_t)length;
	m.dictionary = (uint32_t)dictionary;
	m.key = (uint32_t)key;
	if (!ids(s, &m))
		return "was changed: a column is damaged";
	if (key && !verify_key(v, key, rc))
		return "was changed: its data key is missing";
	memcpy(m.body_sha, body_sha.p, body_sha.n);
	m.type = aff_view("", 0);
	if (dictionary && m.body.n) {
		const struct referred *r = verify_dictionary(v, dictionary, rc);
		if (!r)
			return "was changed: its dictionary is missing";
		dictionary_sha = r->digest;
	}
	if (!snapshot_sha(v, snapshot, m.snapshot, rc))
		return "was changed: its configuration is missing";
	/* The channel last: loading the type's name may move the text of all names. */
	if (type && !name_text(v, NAME_TYPE, type, &m.type, rc))
		return "was changed: the name of its type is missing";
	if (!name_text(v, NAME_CHANNEL, channel, &m.channel, rc))
		return "was changed: the name of its channel is missing";
	if (type && !name_text(v, NAME_TYPE, type, &m.type, rc))
		return "was changed: the name of its type is missing";
	if (m.body.n)
		v->bodies_there++;
	else if (v->bodies_missing++ == 0)
		v->missing_id = sqlite3_column_int64(s, 0);
	v->judged = record_judged(&m);
	record_message(v->record, v->format, &m, dictionary_sha, out);
	return NULL;
}

static const char *digest_outcome(struct verify *v, sqlite3_stmt *s, unsigned char out[SHA256_SIZE], int *rc)
{
	struct journal_outcome o = {0};
	struct aff_view sent;
	int64_t destination, kind, tries, snapshot, sent_length, instead;
	bool ok = is_integer(s, 1, &o.message) && is_integer(s, 2, &destination) && is_integer(s, 3, &kind) &&
		  is_integer(s, 4, &o.at_us) && is_integer(s, 5, &tries) && is_integer(s, 6, &snapshot) &&
		  is_blob(s, 7, &sent) && is_integer(s, 8, &sent_length) && is_text(s, 9, &o.detail) &&
		  is_integer(s, 11, &instead) && is_integer(s, 12, &o.action_us) && in_range(instead, 0, INT32_MAX) &&
		  (sent.n == 0 || sent.n == SHA256_SIZE) && in_range(kind, 0, INT32_MAX) &&
		  in_range(tries, 0, UINT32_MAX) && in_range(sent_length, 0, UINT32_MAX);
	if (!ok)
		return "was changed: a column is damaged";
	o.kind = (enum journal_outcome_kind)kind;
	o.tries = (unsigned)tries;
	o.instead = (enum journal_outcome_kind)instead;
	o.sent_length = (uint32_t)sent_length;
	memcpy(o.sent, sent.p, sent.n);
	if (!snapshot_sha(v, snapshot, o.snapshot, rc))
		return "was changed: its configuration is missing";
	if (!name_text(v, NAME_DESTINATION, destination, &o.destination, rc))
		return "was changed: the name of its destination is missing";
	record_outcome(v->record, v->format, &o, out);
	return NULL;
}

static const char *digest_action(struct verify *v, sqlite3_stmt *s, unsigned char out[SHA256_SIZE], int *rc)
{
	struct journal_action a = {0};
	*rc = 0;
	if (!is_integer(s, 1, &a.at_us) || !is_text(s, 2, &a.kind) || !is_text(s, 3, &a.who) ||
	    !is_text(s, 4, &a.detail))
		return "was changed: a column is damaged";
	record_action(v->record, &a, out);
	return NULL;
}

struct table {
	const char *sql;
	int mark;
	const char *(*digest)(struct verify *v, sqlite3_stmt *s, unsigned char out[SHA256_SIZE], int *rc);
};

static const struct table tables[LINK_TABLES] = {
	[LINK_MESSAGE] = {"SELECT id, received, channel, peer, type, verdict, error, control_id, patient, device,"
			  " snapshot, length, dictionary, body, mark, key, ids, body_sha"
			  " FROM message WHERE id > ?1 AND id <= ?2 ORDER BY id",
			  14, digest_message},
	[LINK_OUTCOME] = {"SELECT id, message, destination, kind, at, tries, snapshot, sent, sent_length, detail, mark,"
			  " instead, action"
			  " FROM outcome WHERE id > ?1 AND id <= ?2 ORDER BY id",
			  10, digest_outcome},
	[LINK_ACTION] = {"SELECT id, at, kind, who, detail, mark FROM action WHERE id > ?1 AND id <= ?2 ORDER BY id", 5,
			 digest_action},
};

static void blame(struct verify_link *l, enum link_table t, int64_t id, const char *what)
{
	if (!l->bad[t].what)
		l->bad[t] = (struct verify_bad){what, id};
}

/* One row of link l, which takes it into what the link's hash is over. */
static int take_row(struct verify *v, enum link_table t, struct verify_link *l, sqlite3_stmt *s)
{
	unsigned char digest[SHA256_SIZE] = {0};
	int64_t id = sqlite3_column_int64(s, 0), mark;
	int rc = 0;
	v->judged = 0;
	const char *what = tables[t].digest(v, s, digest, &rc);
	if (rc)
		return rc;
	if (!what && (!is_integer(s, tables[t].mark, &mark) || mark != record_mark(id, v->judged, digest)))
		what = WRONG;
	if (!what && t == LINK_ACTION)
		what = verify_key_action(v, l->link.number, sql_text(s, 2), sql_text(s, 4), &rc);
	if (rc)
		return rc;
	if (t != LINK_MESSAGE && id != v->last[t] + 1)
		blame(l, t, v->last[t] + 1, "is missing");
	if (what)
		blame(l, t, id, what);
	if (l->found[t]++ == 0)
		hasher_begin(v->rows);
	link_add_row(v->rows, id, v->judged, digest);
	v->last[t] = id;
	v->result->rows[t]++;
	return 0;
}

static void end_link(struct verify *v, enum link_table t, struct verify_link *l)
{
	if (l->found[t])
		hasher_end(v->rows, l->link.rows[t].digest);
	if (t != LINK_MESSAGE && v->last[t] < l->link.rows[t].last)
		blame(l, t, v->last[t] + 1, "is missing");
	v->last[t] = l->link.rows[t].last;
}

int verify_rows(struct verify *v, enum link_table t)
{
	sqlite3_stmt *s = NULL;
	size_t i = 0;
	int step = SQLITE_DONE;
	int rc = v->nlinks ? sql_prepare(v->db, tables[t].sql, &s, v->diag) : 0;
	if (rc || !s)
		return rc;
	bool first = v->last[t] == 0 && v->links[0].link.number == v->file_first;
	sqlite3_bind_int64(s, 1, first ? INT64_MIN : v->last[t]);
	sqlite3_bind_int64(s, 2, v->links[v->nlinks - 1].link.rows[t].last);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(s, 0);
		while (i + 1 < v->nlinks && id > v->links[i].link.rows[t].last)
			end_link(v, t, &v->links[i++]);
		rc = take_row(v, t, &v->links[i], s);
	}
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(v->db, step, "read", v->diag);
	for (; !rc && i < v->nlinks; i++)
		end_link(v, t, &v->links[i]);
	sqlite3_finalize(s);
	return rc;
}
