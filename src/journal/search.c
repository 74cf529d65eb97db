/* SPDX-License-Identifier: Apache-2.0
 *
 * Search, newest log file first (or oldest first). The open file is scanned, sealed ones have indices; both by the
 * same SQL.
 */
#include "journal/search.h"

#include <stdlib.h>

#include "journal/codes.h"
#include "journal/sql.h"

#define DEFAULT_LIMIT 100
#define SQL_MAX       65536

struct search {
	struct journal_reader *reader;
	struct journal_query query;
	struct id_range range;       /* what is still to be looked at */
	struct id_ranges ranges;     /* of the log file at hand */
	struct search_ids ids;       /* in the log file at hand */
	uint64_t left;               /* rows still wanted */
	struct status status;
	journal_row_fn *fn;
	void *arg;
	struct aff_diag *diag;
};

enum parameter {
	LOW = 1, HIGH, LIMIT, FROM, TO, CHANNEL, TYPE, PEER, VERDICT, ERROR, IDS
};

/* ---- the condition ---- */

/* Of the clear text of an id (variant 0), or of its digest with a data key. */
static int id_parameter(size_t variant, size_t which)
{
	return IDS + (int)(variant * JOURNAL_IDS + which);
}

static void put_ids(struct aff_buf *sql, const struct journal_query *q, size_t from, size_t to)
{
	const struct {
		bool wanted;
		const char *column;
	} ids[JOURNAL_IDS] = {{q->control_id.n != 0, "control_id"},
			      {q->patient.n != 0, "patient"},
			      {q->device.n != 0, "device"}};
	for (size_t i = 0; i < JOURNAL_IDS; i++) {
		if (!ids[i].wanted)
			continue;
		aff_buf_printf(sql, " AND m.%s IN (", ids[i].column);
		for (size_t v = from; v < to; v++)
			aff_buf_printf(sql, "%s?%d", v > from ? ", " : "", id_parameter(v, i));
		aff_buf_put_char(sql, ')');
	}
}

/* The condition, with the ids as variants [from, to) have them. */
static void put_where(struct aff_buf *sql, const struct journal_query *q, size_t from, size_t to)
{
	const struct {
		bool wanted;
		const char *column, *operator;
		enum parameter parameter;
	} conditions[] = {
		{q->from_us != 0, "received", ">=", FROM},
		{q->to_us != 0, "received", "<", TO},
		{q->channel.n != 0, "channel", "=", CHANNEL},
		{q->type.n != 0, "type", "=", TYPE},
		{q->verdict != 0, "verdict", "=", VERDICT},
		{q->error != 0, "error", "=", ERROR},
	};
	aff_buf_printf(sql, " WHERE m.id > ?%d AND m.id < ?%d", LOW, HIGH);
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
		if (conditions[i].wanted)
			aff_buf_printf(sql, " AND m.%s %s ?%d", conditions[i].column, conditions[i].operator,
			               (int)conditions[i].parameter);
	}
	if (q->peer.n) /* without a port it stands for all of its connections */
		aff_buf_printf(sql, " AND (m.peer = ?%d OR substr(m.peer, 1, length(?%d) + 1) = ?%d || ':')", PEER,
		               PEER, PEER);
	put_ids(sql, q, from, to);
}

void search_put_select(struct aff_buf *sql, const char *select, const struct journal_query *q, size_t keys,
		       bool sealed)
{
	bool by_id = q->control_id.n || q->patient.n || q->device.n;
	size_t variants = keys + 1, selects = by_id && sealed ? variants : 1;
	for (size_t i = 0; i < selects; i++) {
		aff_buf_printf(sql, "%s%s", i ? " UNION ALL " : "", select);
		put_where(sql, q, i, selects > 1 ? i + 1 : variants);
	}
	aff_buf_printf(sql, " ORDER BY %s%s LIMIT ?%d", selects > 1 ? "1" : "m.id", q->oldest_first ? "" : " DESC",
		       LIMIT);
}

/* ---- encrypted ids ---- */

static int hash_ids(struct decrypter *d, const struct journal_query *q,
		    unsigned char hashed[JOURNAL_IDS][JOURNAL_HASHED_SIZE])
{
	const struct aff_view ids[JOURNAL_IDS] = {q->control_id, q->patient, q->device};
	int rc = 0;
	for (size_t i = 0; i < JOURNAL_IDS && !rc; i++) {
		if (ids[i].n)
			rc = decrypter_digest(d, (enum journal_id)i, ids[i], hashed[i]);
	}
	return rc;
}

static int take_key(struct search_ids *ids, struct journal_reader *r, const struct reader_file *f, int64_t id,
		    const struct journal_query *q, struct aff_diag *diag)
{
	struct decrypter *d;
	if (ids->keys == SEARCH_KEYS)
		return aff_diag_set(diag, AFF_ELIMIT, "%s has more than %d data keys", sql_file_name(f->db),
				    SEARCH_KEYS);
	if (id <= 0 || id > UINT32_MAX)
		return aff_diag_set(diag, AFF_ECORRUPT, "%s: a data key was changed", sql_file_name(f->db));
	int rc = unlock_key(&r->unlock, f->db, f->first, (uint32_t)id, &d, diag);
	if (!rc && hash_ids(d, q, ids->hashed[ids->keys]))
		rc = aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (rc)
		return rc;
	const char *hashed = (const char *)ids->hashed[ids->keys++];
	ids->as[ids->keys] = (struct block_ids){
		aff_view(hashed, q->control_id.n ? JOURNAL_HASHED_SIZE : 0),
		aff_view(hashed + JOURNAL_HASHED_SIZE, q->patient.n ? JOURNAL_HASHED_SIZE : 0),
		aff_view(hashed + (size_t)2 * JOURNAL_HASHED_SIZE, q->device.n ? JOURNAL_HASHED_SIZE : 0)};
	return 0;
}

int search_find_ids(struct search_ids *ids, struct journal_reader *r, const struct reader_file *f,
		    const struct journal_query *q, struct aff_diag *diag)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	ids->keys = 0;
	ids->as[0] = (struct block_ids){q->control_id, q->patient, q->device};
	if (!q->control_id.n && !q->patient.n && !q->device.n)
		return 0;
	int rc = sql_prepare(f->db, "SELECT id FROM datakey ORDER BY id", &s, diag);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = take_key(ids, r, f, sqlite3_column_int64(s, 0), q, diag);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "read the data keys", diag);
	sqlite3_finalize(s);
	return rc;
}

static void bind_ids(sqlite3_stmt *s, const struct journal_query *q, const struct search_ids *ids)
{
	const struct aff_view clear[JOURNAL_IDS] = {q->control_id, q->patient, q->device};
	for (size_t i = 0; i < JOURNAL_IDS; i++) {
		if (!clear[i].n)
			continue;
		sql_bind_text(s, id_parameter(0, i), clear[i]);
		for (size_t k = 0; k < ids->keys; k++)
			sql_bind_blob(s, id_parameter(k + 1, i), ids->hashed[k][i], JOURNAL_HASHED_SIZE);
	}
}

/* Binding a parameter that the statement does not have is refused by SQLite, and right so. */
int search_bind(sqlite3_stmt *s, const struct reader_file *f, const struct journal_query *q,
		const struct search_ids *ids, struct id_range range, int64_t limit, struct aff_diag *diag)
{
	int64_t channel = 0, type = 0;
	int rc = q->channel.n ? reader_name(f, NAME_CHANNEL, q->channel, &channel, diag) : 0;
	if (!rc && q->type.n)
		rc = reader_name(f, NAME_TYPE, q->type, &type, diag);
	if (rc)
		return rc;
	sqlite3_bind_int64(s, LOW, range.low);
	sqlite3_bind_int64(s, HIGH, range.high);
	sqlite3_bind_int64(s, LIMIT, limit);
	sqlite3_bind_int64(s, FROM, q->from_us);
	sqlite3_bind_int64(s, TO, q->to_us);
	sqlite3_bind_int64(s, CHANNEL, channel);
	sqlite3_bind_int64(s, TYPE, type);
	bind_ids(s, q, ids);
	sql_bind_text(s, PEER, q->peer);
	sqlite3_bind_int(s, VERDICT, (int)q->verdict);
	sqlite3_bind_int(s, ERROR, q->error);
	return 0;
}

/* ---- one log file ---- */

static int prepare(const struct search *q, const struct reader_file *f, const char *select, sqlite3_stmt **out)
{
	struct aff_buf sql;
	aff_buf_init(&sql, SQL_MAX);
	search_put_select(&sql, select, &q->query, q->ids.keys, f->sealed);
	aff_buf_put_char(&sql, '\0');
	int rc =
		sql.error ? aff_diag_set(q->diag, sql.error, "out of memory") : sql_prepare(f->db, sql.p, out, q->diag);
	aff_buf_free(&sql);
	return rc;
}

/* What is left to look at in one log file. Ids are never smaller than the time received, and larger by at most the
 * skew. */
static int range_in(const struct search *q, const struct reader_file *f, struct id_range *out)
{
	int64_t skew = 0;
	int rc = sql_integer(f->db, "SELECT value FROM meta WHERE key = 'skew'", &skew, q->diag);
	if (rc && rc != AFF_ENOTFOUND)
		return rc;
	*out = q->range;
	if (q->query.from_us > out->low)
		out->low = q->query.from_us - 1;
	if (q->query.to_us && q->query.to_us < INT64_MAX - skew && q->query.to_us + skew < out->high)
		out->high = q->query.to_us + skew;
	return 0;
}

/* All that has been looked at lies beyond id. */
static void advance(struct search *q, struct id_range *range, int64_t id)
{
	if (q->query.oldest_first)
		range->low = q->range.low = id;
	else
		range->high = q->range.high = id;
}

static bool needs_raw(const struct search *q)
{
	return q->query.raw || q->query.test;
}

static const char *row_select(const struct search *q)
{
	return needs_raw(q) ? "SELECT " READER_COLUMNS READER_BODY READER_FROM
	                    : "SELECT " READER_COLUMNS READER_NO_BODY READER_FROM;
}

static int give_wanted(void *arg, const struct journal_row *row)
{
	struct search *q = arg;
	int rc = q->query.test ? q->query.test(q->query.arg, row) : 1;
	if (rc <= 0)
		return rc;
	q->left--;
	rc = q->fn(q->arg, row);
	return rc ? rc : q->left == 0;
}

static int give(struct search *q, struct reader_file *f, const struct journal_message *m)
{
	return reader_give(q->reader, f, m, needs_raw(q), give_wanted, q, q->diag);
}

static void report(const struct search *q, const struct id_range *range)
{
	if (q->query.progress)
		q->query.progress(q->query.arg, q->query.oldest_first ? range->low : range->high);
}

/* The rows of one range as they come. Returns 1 when enough was found. */
static int search_range(struct search *q, struct reader_file *f, sqlite3_stmt *s, struct id_range range)
{
	struct reader_page *page = &q->reader->page;
	int64_t limit = q->left < READER_PAGE_ROWS && !q->query.test ? (int64_t)q->left : READER_PAGE_ROWS;
	int rc = 0;
	bool more = true;
	while (!rc && more) {
		rc = search_bind(s, f, &q->query, &q->ids, range, limit, q->diag);
		if (!rc)
			rc = reader_fill(q->reader, s, q->diag);
		more = page->full || (!rc && page->n == (size_t)limit);
		for (size_t i = 0; !rc && i < page->n; i++) {
			advance(q, &range, page->row[i].id);
			rc = give(q, f, &page->row[i]);
		}
		report(q, &range);
	}
	return rc;
}

static struct id_range range_at(const struct search *q, size_t k)
{
	return q->ranges.item[q->query.oldest_first ? k : q->ranges.n - 1 - k];
}

/* Without a status. */
static int search_rows(struct search *q, struct reader_file *f)
{
	sqlite3_stmt *s = NULL;
	int rc = prepare(q, f, row_select(q), &s);
	for (size_t k = 0; k < q->ranges.n && !rc; k++)
		rc = search_range(q, f, s, range_at(q, k));
	sqlite3_finalize(s);
	return rc;
}

static int give_by_id(struct search *q, size_t file, int64_t id)
{
	struct reader_file *f;
	sqlite3_stmt *s = NULL;
	int rc = reader_file(q->reader, file, &f, q->diag);
	if (rc == READER_GONE)
		return 0;
	if (!rc)
		rc = sql_prepare(f->db,
		                 needs_raw(q) ? "SELECT " READER_COLUMNS READER_BODY READER_FROM "WHERE m.id = ?1"
		                              : "SELECT " READER_COLUMNS READER_NO_BODY READER_FROM "WHERE m.id = ?1",
		                 &s, q->diag);
	if (!rc) {
		sqlite3_bind_int64(s, 1, id);
		rc = reader_fill(q->reader, s, q->diag);
	}
	sqlite3_finalize(s);
	return rc || q->reader->page.n == 0 ? rc : give(q, f, &q->reader->page.row[0]);
}

/* Where a search by status stands in the ranges of a log file. */
struct place {
	size_t k;
	struct id_range range;       /* what is left of the k-th one */
};

static void go_on(const struct search *q, struct place *p)
{
	p->k++;
	if (p->k < q->ranges.n)
		p->range = range_at(q, p->k);
}

/* The connection may be closed while outcomes are read in other log files, so the statement lives only as long as the
 * candidates are taken. */
static int take_window(struct search *q, size_t file, struct place *p)
{
	struct reader_file *f;
	struct status *status = &q->status;
	sqlite3_stmt *s = NULL;
	status->n = 0;
	int rc = reader_file(q->reader, file, &f, q->diag);
	if (rc == READER_GONE) {
		p->k = q->ranges.n;
		return 0;
	}
	if (!rc)
		rc = prepare(q, f, "SELECT m.id, m.channel FROM message m", &s);
	while (!rc && p->k < q->ranges.n && status->n < status->window) {
		rc = search_bind(s, f, &q->query, &q->ids, p->range, (int64_t)(status->window - status->n), q->diag);
		if (!rc)
			rc = status_take(status, f, s, q->diag);
		if (!rc && status->n < status->window)
			go_on(q, p);
	}
	sqlite3_finalize(s);
	return rc;
}

/* One window of candidates. */
static int search_window(struct search *q, size_t file, struct place *p)
{
	int rc = take_window(q, file, p);
	bool more = !rc && p->k < q->ranges.n;
	if (!rc)
		rc = status_resolve(&q->status, file, q->diag);
	for (size_t i = 0; !rc && i < q->status.n; i++) {
		const struct candidate *c = &q->status.candidate[i];
		struct id_range looked_at;
		advance(q, more ? &p->range : &looked_at, c->id);
		if (status_matches(&q->status, c))
			rc = give_by_id(q, file, c->id);
	}
	report(q, &q->range);
	return rc;
}

static int search_windows(struct search *q, size_t file)
{
	struct place p = {0, {0, 0}};
	int rc = status_narrow(&q->status, file, &q->ranges, q->diag);
	if (q->ranges.n)
		p.range = range_at(q, 0);
	while (!rc && p.k < q->ranges.n)
		rc = search_window(q, file, &p);
	if (rc)
		return rc;
	/* What was left out counts as looked at. */
	const struct file_list *list = &q->reader->list;
	if (!q->query.oldest_first)
		q->range.high = list->first[file];
	else if (file + 1 < list->n)
		q->range.low = list->first[file + 1] - 1;
	report(q, &q->range);
	return 0;
}

/* Where in a log file it is worth to look. */
static int find_ranges(struct search *q, const struct reader_file *f)
{
	struct id_range range;
	int rc = range_in(q, f, &range);
	q->ranges.n = 0;
	if (rc || range.low >= range.high - 1)
		return rc;
	rc = search_find_ids(&q->ids, q->reader, f, &q->query, q->diag);
	if (rc)
		return rc;
	if (!f->sealed)
		return block_find(f->db, q->ids.as, q->ids.keys + 1, range, &q->ranges, q->diag);
	/* An index on ids leaves less than one on codes. */
	bool by_code = q->query.code.n && !q->query.control_id.n && !q->query.patient.n && !q->query.device.n;
	return by_code ? codes_find(f->db, &q->reader->unlock, f->first, q->query.code, range, &q->ranges, q->diag)
		       : id_ranges_add(&q->ranges, range, q->diag);
}

static int search_file(struct search *q, size_t file)
{
	struct reader_file *f;
	int rc = reader_file(q->reader, file, &f, q->diag);
	if (rc)
		return rc == READER_GONE ? 0 : rc;
	rc = find_ranges(q, f);
	if (!rc)
		rc = q->query.status ? search_windows(q, file) : search_rows(q, f);
	return rc == AFF_ENOTFOUND ? 0 : rc;
}

/* ---- all of them ---- */

static bool may_hold(const struct search *q, size_t i)
{
	const struct file_list *list = &q->reader->list;
	return list->first[i] < q->range.high && (i + 1 == list->n || list->first[i + 1] - 1 > q->range.low);
}

static int search_files(struct search *q)
{
	int rc = 0;
	size_t n = q->reader->list.n;
	for (size_t k = 0; k < n && !rc; k++) {
		size_t i = q->query.oldest_first ? k : n - 1 - k;
		if (may_hold(q, i))
			rc = search_file(q, i);
	}
	return rc;
}

static int search_with_status(struct search *q)
{
	const struct journal_query query = q->query;
	if (query.channel.n == 0 && query.destination.n)
		q->query.channel = reader_channel_of(query.destination);
	int rc = status_init(&q->status, q->reader, &q->query, q->diag);
	if (rc)
		return rc < 0 ? rc : AFF_EIO;
	if (status_settled(&q->status) > q->range.low)
		q->range.low = status_settled(&q->status);
	if (query.status == JOURNAL_PENDING && query.verdict != 0 && query.verdict != JOURNAL_ACCEPTED)
		q->range.high = 0; /* nothing else is ever pending */
	else if (query.status == JOURNAL_PENDING)
		q->query.verdict = JOURNAL_ACCEPTED;
	rc = search_files(q);
	status_free(&q->status);
	return rc;
}

int journal_search(struct journal_reader *r, const struct journal_query *query, journal_row_fn *fn, void *arg,
                   struct aff_diag *diag)
{
	struct search q = {.reader = r, .query = *query, .fn = fn, .arg = arg, .diag = diag};
	q.left = query->limit ? query->limit : DEFAULT_LIMIT;
	q.range = (struct id_range){0, INT64_MAX};
	if (query->before_id && query->oldest_first)
		q.range.low = query->before_id;
	else if (query->before_id)
		q.range.high = query->before_id;
	int rc = reader_refresh(r, diag);
	if (!rc)
		rc = query->status ? search_with_status(&q) : search_files(&q);
	free(q.ranges.item);
	return rc < 0 ? rc : 0;
}
