/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/logfile.h"

#include "journal/crypt.h"
#include "journal/sql.h"
#include "sys/clock.h"

static const char *const texts[LOGFILE_STATEMENTS] = {
	[LOGFILE_BEGIN] = "BEGIN IMMEDIATE",
	[LOGFILE_COMMIT] = "COMMIT",
	[LOGFILE_PAGES] = "PRAGMA page_count",
	[LOGFILE_FIND_NAME] = "SELECT id FROM name WHERE kind = ?1 AND text = ?2",
	[LOGFILE_ADD_NAME] = "INSERT INTO name(kind, text) VALUES(?1, ?2)",
	[LOGFILE_FIND_SNAPSHOT] = "SELECT id FROM snapshot WHERE sha256 = ?1",
	[LOGFILE_ADD_SNAPSHOT] = "INSERT INTO snapshot(sha256, body) VALUES(?1, ?2)"
				 " ON CONFLICT(sha256) DO UPDATE SET body = excluded.body RETURNING id",
	[LOGFILE_ADD_DICTIONARY] = "INSERT OR IGNORE INTO dictionary(id, key, body) VALUES(?1, ?2, ?3)",
	[LOGFILE_ADD_KEY] = "INSERT OR IGNORE INTO datakey(id, master, wrapped) VALUES(?1, ?2, ?3)",
	[LOGFILE_NAME_DICTIONARY] = "INSERT OR REPLACE INTO meta(key, value) VALUES('dictionary:' || ?1, ?2)",
	[LOGFILE_ADD_MESSAGE] =
		"INSERT INTO message(id, received, channel, peer, type, verdict, error, control_id, patient,"
		" device, snapshot, length, dictionary, body, mark, key, ids)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
	[LOGFILE_ADD_OUTCOME] =
		"INSERT INTO outcome(id, message, destination, kind, at, tries, snapshot, sent, sent_length, detail,"
		" mark, instead, action) VALUES(?10, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?11, ?12, ?13)",
	[LOGFILE_SET_CURSOR] = "INSERT INTO cursor(destination, start, position) VALUES(?1, ?2, ?3)"
			       " ON CONFLICT(destination) DO UPDATE SET position = excluded.position",
	[LOGFILE_SET_SKEW] = "INSERT INTO meta(key, value) VALUES('skew', ?1)"
			     " ON CONFLICT(key) DO UPDATE SET value = max(value, excluded.value)",
	[LOGFILE_ADD_ACTION] = "INSERT INTO action(id, at, kind, who, detail, mark) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[LOGFILE_ADD_LINK] = "INSERT INTO link(id, at, messages, message, outcomes, outcome, actions, action, others,"
			     " hash) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[LOGFILE_ADD_CHECKPOINT] = "INSERT INTO checkpoint(link, at, hash, key, signature) VALUES(?1, ?2, ?3, ?4, ?5)",
	[LOGFILE_SET_ATTEMPTS] = "INSERT OR REPLACE INTO attempt(destination, message, n) VALUES(?1, ?2, ?3)",
	[LOGFILE_FORGET_ATTEMPTS] = "DELETE FROM attempt WHERE destination = ?1 AND message = ?2",
};

static int integer_or(sqlite3 *db, const char *sql, int64_t otherwise, int64_t *out, struct aff_diag *diag)
{
	int rc = sql_integer(db, sql, out, diag);
	if (rc == AFF_ENOTFOUND) {
		*out = otherwise;
		rc = 0;
	}
	return rc;
}

static void forget(struct logfile *f)
{
	f->ndictionaries = f->key = 0;
	f->snapshot = 0;
	for (size_t i = 0; i < LOGFILE_NAMES; i++)
		f->names[i].id = 0;
}

static void finalize(struct logfile *f)
{
	for (size_t i = 0; i < LOGFILE_STATEMENTS; i++)
		sqlite3_finalize(f->statement[i]);
	chain_free(&f->chain);
}

int logfile_attach_new(struct logfile *f, sqlite3 *db, int64_t first, struct book *book, struct keyring *keyring,
		       struct snapshot_list *snapshots, struct aff_diag *diag)
{
	struct logfile new = {.db = db, .first = first, .book = book, .keyring = keyring, .snapshots = snapshots,
			      .block = {.db = db}};
	int64_t rows = 0, pages = 0;
	int rc = chain_init(&new.chain);
	if (rc)
		return aff_diag_set(diag, rc, "out of memory");
	for (size_t i = 0; i < LOGFILE_STATEMENTS && !rc; i++)
		rc = sql_prepare(db, texts[i], &new.statement[i], diag);
	if (!rc)
		rc = integer_or(db, "SELECT count(*) FROM message", 0, &rows, diag);
	if (!rc)
		rc = integer_or(db, "SELECT min(id) FROM message", 0, &new.oldest, diag);
	if (!rc)
		rc = integer_or(db, "PRAGMA page_count", 0, &pages, diag);
	if (!rc)
		rc = integer_or(db, "SELECT value FROM meta WHERE key = 'skew'", 0, &new.skew, diag);
	if (!rc)
		rc = integer_or(db, "SELECT at FROM action ORDER BY id DESC LIMIT 1", 0, &new.acted, diag);
	if (rc) {
		finalize(&new);
		return rc;
	}
	new.rows = (uint64_t)rows;
	new.bytes = (uint64_t)pages * 4096;
	*f = new;
	return 0;
}

int logfile_attach(struct logfile *f, sqlite3 *db, int64_t first, struct book *book, struct keyring *keyring,
		   struct snapshot_list *snapshots, struct aff_diag *diag)
{
	int rc = logfile_attach_new(f, db, first, book, keyring, snapshots, diag);
	if (rc)
		return rc;
	rc = chain_load(&f->chain, db, diag);
	if (rc) {
		finalize(f);
		f->db = NULL;
	}
	return rc;
}

void logfile_attach_old(struct logfile *f, sqlite3 *db, int64_t first)
{
	*f = (struct logfile){.db = db, .first = first};
}

int logfile_begin_chain(struct logfile *f, const struct chain *from, const struct checkpoint *anchor,
                        struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int rc = chain_go_on(&f->chain, from);
	if (rc)
		return aff_diag_set(diag, rc, "no random bytes to name the journal with");
	rc = sql_prepare(f->db, "INSERT INTO meta(key, value) VALUES('journal', ?1)", &s, diag);
	if (!rc) {
		sql_bind_blob(s, 1, f->chain.journal, JOURNAL_ID_SIZE);
		rc = sql_run(s, "name the journal", diag);
	}
	sqlite3_finalize(s);
	return rc || !anchor ? rc : logfile_add_checkpoint(f, anchor, diag);
}

void logfile_close(struct logfile *f, bool checkpoint)
{
	finalize(f);
	if (!checkpoint)
		sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	sqlite3_close(f->db);
	f->db = NULL;
}

int logfile_begin(struct logfile *f, struct aff_diag *diag)
{
	return sql_run(f->statement[LOGFILE_BEGIN], "begin a transaction", diag);
}

int logfile_link(struct logfile *f, struct aff_diag *diag)
{
	if (!chain_is_open(&f->chain))
		return 0;
	const struct link *l = chain_link(&f->chain, clock_wall_us());
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_LINK];
	sqlite3_bind_int64(s, 1, l->number);
	sqlite3_bind_int64(s, 2, l->at_us);
	for (int t = 0; t < LINK_TABLES; t++) {
		sqlite3_bind_int64(s, 3 + 2 * t, (int64_t)l->rows[t].n);
		sqlite3_bind_int64(s, 4 + 2 * t, l->rows[t].last);
	}
	sql_bind_blob(s, 9, l->others.p, l->others.n);
	sql_bind_blob(s, 10, l->hash, SHA256_SIZE);
	return sql_run(s, "add a link", diag);
}

int logfile_add_checkpoint(struct logfile *f, const struct checkpoint *c, struct aff_diag *diag)
{
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_CHECKPOINT];
	sqlite3_bind_int64(s, 1, c->link);
	sqlite3_bind_int64(s, 2, c->at_us);
	sql_bind_blob(s, 3, c->hash, SHA256_SIZE);
	sql_bind_blob(s, 4, c->key, SIGN_KEY_SIZE);
	sql_bind_blob(s, 5, c->signature, SIGN_SIZE);
	return sql_run(s, "add a checkpoint", diag);
}

int logfile_commit(struct logfile *f, uint64_t *records, struct aff_diag *diag)
{
	int64_t pages;
	int rc = sql_integer_of(f->statement[LOGFILE_PAGES], &pages, diag);
	if (rc)
		return rc;
	rc = sql_run(f->statement[LOGFILE_COMMIT], "commit", diag);
	if (rc)
		return rc;
	f->bytes = (uint64_t)pages * 4096;
	uint64_t linked = chain_committed(&f->chain);
	if (records)
		*records = linked;
	return 0;
}

void logfile_rollback(struct logfile *f)
{
	if (!sqlite3_get_autocommit(f->db))
		sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
	forget(f);
	chain_forget(&f->chain);
	block_forget(&f->block);
	f->skew = 0; /* what is stored only grows; rows may stay too high, and the next file starts a little early */
}

static int intern(struct logfile *f, enum name_kind kind, struct aff_view text, int64_t *id, struct aff_diag *diag)
{
	struct logfile_name *known = &f->names[(hash64(text) + (unsigned)kind) % LOGFILE_NAMES];
	if (known->id && known->kind == kind && aff_view_equal(aff_view(known->text, known->n), text)) {
		*id = known->id;
		return 0;
	}
	sqlite3_stmt *s = f->statement[LOGFILE_FIND_NAME];
	sqlite3_bind_int(s, 1, (int)kind);
	sqlite3_bind_text64(s, 2, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
	int rc = sql_integer_of(s, id, diag);
	if (rc == AFF_ENOTFOUND) {
		s = f->statement[LOGFILE_ADD_NAME];
		sqlite3_bind_int(s, 1, (int)kind);
		sqlite3_bind_text64(s, 2, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
		rc = sql_run(s, "add a name", diag);
		*id = sqlite3_last_insert_rowid(f->db);
	}
	if (!rc && text.n <= sizeof known->text) {
		*known = (struct logfile_name){.id = *id, .kind = kind, .n = (unsigned char)text.n};
		memcpy(known->text, text.p, text.n);
	}
	return rc;
}

int logfile_add_snapshot(struct logfile *f, const unsigned char sha[SHA256_SIZE], struct aff_diag *diag)
{
	struct aff_view body = snapshot_find(f->snapshots, sha);
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_SNAPSHOT];
	sql_bind_blob(s, 1, sha, SHA256_SIZE);
	sql_bind_blob(s, 2, body.p, body.n);
	unsigned char digest[SHA256_SIZE];
	int64_t id;
	int rc = sql_integer_of(s, &id, diag);
	if (rc)
		return rc;
	record_snapshot(f->chain.record, sha, body, digest);
	rc = chain_add_other(&f->chain, LINK_SNAPSHOT, id, digest);
	return rc ? aff_diag_set(diag, rc, "too many configurations in one transaction") : 0;
}

static int snapshot_id(struct logfile *f, const unsigned char sha[SHA256_SIZE], int64_t *id, struct aff_diag *diag)
{
	if (f->snapshot && memcmp(f->snapshot_sha, sha, SHA256_SIZE) == 0) {
		*id = f->snapshot;
		return 0;
	}
	sqlite3_stmt *s = f->statement[LOGFILE_FIND_SNAPSHOT];
	sql_bind_blob(s, 1, sha, SHA256_SIZE);
	int rc = sql_integer_of(s, id, diag);
	if (rc == AFF_ENOTFOUND) {
		rc = logfile_add_snapshot(f, sha, diag);
		if (!rc)
			rc = sql_integer_of(s, id, diag);
	}
	if (rc)
		return rc;
	f->snapshot = *id;
	memcpy(f->snapshot_sha, sha, SHA256_SIZE);
	return 0;
}

static int add_key(struct logfile *f, uint32_t id, struct aff_diag *diag)
{
	if (id == 0 || id == f->key)
		return 0;
	struct data_key *k = keyring_find(f->keyring, id);
	if (!k)
		return aff_diag_set(diag, AFF_EARGUMENT, "the data key %u is not known", id);
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_KEY];
	sqlite3_bind_int64(s, 1, id);
	sql_bind_blob(s, 2, k->wrapped.master, sizeof k->wrapped.master);
	sql_bind_blob(s, 3, k->wrapped.bytes, sizeof k->wrapped.bytes);
	int rc = sql_run(s, "add a data key", diag);
	if (!rc) {
		f->key = id;
		k->stored = true;
	}
	return rc;
}

static int store_dictionary(struct logfile *f, uint32_t id, uint32_t key, struct aff_view body, struct aff_diag *diag)
{
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_DICTIONARY];
	unsigned char digest[SHA256_SIZE];
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int64(s, 2, key);
	sql_bind_blob(s, 3, body.p, body.n);
	int rc = sql_run(s, "add a compression dictionary", diag);
	record_dictionary(f->chain.record, FORMAT, key, body, digest);
	if (!rc && sqlite3_changes(f->db) && chain_add_other(&f->chain, LINK_DICTIONARY, id, digest))
		rc = aff_diag_set(diag, AFF_ENOMEM, "too many dictionaries in one transaction");
	return rc;
}

/* Dictionaries are made of messages. */
static int store_encrypted(struct logfile *f, uint32_t id, const struct data_key *k, struct aff_view body,
			   struct aff_diag *diag)
{
	struct encrypter e = {0};
	struct aff_buf encrypted;
	int rc = add_key(f, k->id, diag);
	if (rc)
		return rc;
	aff_buf_init(&encrypted, body.n + CRYPT_OVERHEAD);
	rc = encrypter_use(&e, k->id, k->key);
	if (!rc)
		rc = encrypter_put(&e, CRYPT_DICTIONARY, body, &encrypted);
	encrypter_free(&e);
	rc = rc ? aff_diag_set(diag, rc, "cannot encrypt a compression dictionary: %s", aff_error_text(rc))
		: store_dictionary(f, id, k->id, aff_buf_view(&encrypted), diag);
	aff_buf_free(&encrypted);
	return rc;
}

static bool has_dictionary(const struct logfile *f, uint32_t id)
{
	for (unsigned i = f->ndictionaries; i-- > 0;) {
		if (f->dictionaries[i] == id)
			return true;
	}
	return false;
}

/* For the next start: a channel's messages go on with it. */
static int name_dictionary(struct logfile *f, const struct dictionary *d, struct aff_diag *diag)
{
	if (!d->channel[0] || !book_is_current(f->book, d))
		return 0;
	sqlite3_stmt *s = f->statement[LOGFILE_NAME_DICTIONARY];
	sql_bind_text(s, 1, aff_view_of(d->channel));
	sqlite3_bind_int64(s, 2, d->id);
	return sql_run(s, "name a compression dictionary", diag);
}

int logfile_add_dictionary(struct logfile *f, uint32_t id, struct aff_diag *diag)
{
	if (id == 0 || has_dictionary(f, id))
		return 0;
	const struct dictionary *d = book_find(f->book, id);
	const struct data_key *k = atomic_load(&f->keyring->newest);
	if (!d)
		return aff_diag_set(diag, AFF_EARGUMENT, "the compression dictionary %u is not known", id);
	int rc = k ? store_encrypted(f, id, k, aff_view(d->bytes, d->n), diag)
		   : store_dictionary(f, id, 0, aff_view(d->bytes, d->n), diag);
	if (!rc)
		rc = name_dictionary(f, d, diag);
	if (!rc && f->ndictionaries < BOOK_DICTIONARIES)
		f->dictionaries[f->ndictionaries++] = id;
	return rc;
}

/* Keeps id - received bounded by a power of two in the file, so that a search by time need not look at every row. */
static int note_skew(struct logfile *f, const struct journal_message *m, struct aff_diag *diag)
{
	int64_t bound = f->skew ? f->skew : 1;
	if (m->id - m->received_us <= f->skew)
		return 0;
	while (bound < m->id - m->received_us && bound < INT64_MAX / 2)
		bound *= 2;
	sqlite3_bind_int64(f->statement[LOGFILE_SET_SKEW], 1, bound);
	int rc = sql_run(f->statement[LOGFILE_SET_SKEW], "note the clock", diag);
	if (!rc)
		f->skew = bound;
	return rc;
}

static void bind_ids(sqlite3_stmt *s, const struct journal_message *m)
{
	for (int i = 0; i < JOURNAL_IDS; i++) {
		struct aff_view id = record_id(m, (enum journal_id)i);
		if (m->key)
			sql_bind_blob(s, 8 + i, id.p, id.n);
		else
			sql_bind_text(s, 8 + i, id);
	}
}

int logfile_add_message(struct logfile *f, const struct journal_message *m, struct aff_diag *diag)
{
	int64_t channel = 0, type = 0, snapshot = 0;
	int rc = intern(f, NAME_CHANNEL, m->channel, &channel, diag);
	if (!rc && m->type.n)
		rc = intern(f, NAME_TYPE, m->type, &type, diag);
	if (!rc)
		rc = snapshot_id(f, m->snapshot, &snapshot, diag);
	if (!rc)
		rc = logfile_add_dictionary(f, m->dictionary, diag);
	if (!rc)
		rc = add_key(f, m->key, diag);
	if (!rc)
		rc = note_skew(f, m, diag);
	if (rc)
		return rc;
	unsigned char computed[SHA256_SIZE];
	int64_t judged = record_judged(m);
	const unsigned char *digest = m->digested ? m->digest : computed;
	if (!m->digested)
		record_message(f->chain.record, FORMAT, m, NULL, computed);
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_MESSAGE];
	sqlite3_bind_int64(s, 1, m->id);
	sqlite3_bind_int64(s, 2, m->received_us);
	sqlite3_bind_int64(s, 3, channel);
	sql_bind_text(s, 4, m->peer);
	sqlite3_bind_int64(s, 5, type);
	sqlite3_bind_int(s, 6, (int)m->verdict);
	sqlite3_bind_int(s, 7, m->error);
	bind_ids(s, m);
	sqlite3_bind_int64(s, 11, snapshot);
	sqlite3_bind_int64(s, 12, m->length);
	sqlite3_bind_int64(s, 13, m->dictionary);
	sql_bind_blob(s, 14, m->body.p, m->body.n);
	sqlite3_bind_int64(s, 15, record_mark(m->id, judged, digest));
	sqlite3_bind_int64(s, 16, m->key);
	sql_bind_blob(s, 17, m->ids.p, m->ids.n);
	rc = sql_run(s, "add a message", diag);
	if (rc)
		return rc;
	chain_add(&f->chain, LINK_MESSAGE, m->id, judged, digest);
	const struct block_ids ids = {record_id(m, JOURNAL_CONTROL_ID), record_id(m, JOURNAL_PATIENT),
				      record_id(m, JOURNAL_DEVICE)};
	rc = block_add(&f->block, m->id, &ids, diag);
	if (rc)
		return rc;
	if (f->rows++ == 0)
		f->oldest = m->id;
	return 0;
}

int logfile_add_outcome(struct logfile *f, const struct journal_outcome *o, struct aff_diag *diag)
{
	static const unsigned char nothing[SHA256_SIZE];
	int64_t destination = 0, snapshot = 0;
	int rc = intern(f, NAME_DESTINATION, o->destination, &destination, diag);
	if (!rc)
		rc = snapshot_id(f, o->snapshot, &snapshot, diag);
	if (rc)
		return rc;
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_OUTCOME];
	sqlite3_bind_int64(s, 1, o->message);
	sqlite3_bind_int64(s, 2, destination);
	sqlite3_bind_int(s, 3, (int)o->kind);
	sqlite3_bind_int64(s, 4, o->at_us);
	sqlite3_bind_int64(s, 5, o->tries);
	sqlite3_bind_int64(s, 6, snapshot);
	sql_bind_blob(s, 7, o->sent, memcmp(o->sent, nothing, SHA256_SIZE) ? SHA256_SIZE : 0);
	sqlite3_bind_int64(s, 8, o->sent_length);
	sql_bind_text(s, 9, o->detail);
	unsigned char digest[SHA256_SIZE];
	int64_t id = f->chain.next.rows[LINK_OUTCOME].last + 1;
	record_outcome(f->chain.record, FORMAT, o, digest);
	sqlite3_bind_int64(s, 10, id);
	sqlite3_bind_int64(s, 11, record_mark(id, 0, digest));
	sqlite3_bind_int(s, 12, (int)o->instead);
	sqlite3_bind_int64(s, 13, o->action_us);
	rc = sql_run(s, "add an outcome", diag);
	if (!rc)
		chain_add(&f->chain, LINK_OUTCOME, id, 0, digest);
	return rc;
}

int logfile_add_action(struct logfile *f, struct journal_action *a, struct aff_diag *diag)
{
	unsigned char digest[SHA256_SIZE];
	int64_t id = f->chain.next.rows[LINK_ACTION].last + 1;
	sqlite3_stmt *s = f->statement[LOGFILE_ADD_ACTION];
	if (a->at_us <= f->acted)
		a->at_us = f->acted + 1;
	f->acted = a->at_us;
	record_action(f->chain.record, a, digest);
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int64(s, 2, a->at_us);
	sql_bind_text(s, 3, a->kind);
	sql_bind_text(s, 4, a->who);
	sql_bind_text(s, 5, a->detail);
	sqlite3_bind_int64(s, 6, record_mark(id, 0, digest));
	int rc = sql_run(s, "add an action", diag);
	if (!rc)
		chain_add(&f->chain, LINK_ACTION, id, 0, digest);
	return rc;
}

int logfile_set_cursor(struct logfile *f, struct aff_view destination, int64_t start, int64_t position,
                       struct aff_diag *diag)
{
	int64_t id = 0;
	int rc = intern(f, NAME_DESTINATION, destination, &id, diag);
	if (rc)
		return rc;
	sqlite3_stmt *s = f->statement[LOGFILE_SET_CURSOR];
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int64(s, 2, start);
	sqlite3_bind_int64(s, 3, position);
	return sql_run(s, "set a cursor", diag);
}

int logfile_set_attempts(struct logfile *f, struct aff_view destination, int64_t message, int64_t n,
			 struct aff_diag *diag)
{
	int64_t id = 0;
	int rc = intern(f, NAME_DESTINATION, destination, &id, diag);
	if (rc)
		return rc;
	sqlite3_stmt *s = f->statement[n ? LOGFILE_SET_ATTEMPTS : LOGFILE_FORGET_ATTEMPTS];
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int64(s, 2, message);
	if (n)
		sqlite3_bind_int64(s, 3, n);
	return sql_run(s, "note an attempt", diag);
}
