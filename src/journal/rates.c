/* SPDX-License-Identifier: Apache-2.0
 *
 * How many messages came when: counted from the rows of the time that is asked about, by channel and interval.
 */
#include <stdlib.h>

#include "base/vector.h"
#include "journal/reader.h"
#include "journal/sql.h"

struct counted {
	size_t channel, slot;        /* the channel's name: its place in texts */
	size_t channel_n;
	uint64_t messages, bytes;
};

struct rates {
	int64_t from, width;
	size_t slots;
	struct counted *item;
	size_t n, allocated;
	struct aff_buf texts;
	struct aff_diag *diag;
};

static int take(struct rates *r, sqlite3_stmt *s)
{
	struct aff_view channel = sql_text(s, 0);
	int64_t slot = sqlite3_column_int64(s, 1);
	if (slot < 0 || (uint64_t)slot >= r->slots)
		return 0;
	if (vector_room(&r->item, &r->allocated, r->n, sizeof *r->item))
		return aff_diag_set(r->diag, AFF_ENOMEM, "out of memory");
	r->item[r->n++] = (struct counted){
		.channel = r->texts.n, .channel_n = channel.n, .slot = (size_t)slot,
		.messages = (uint64_t)sqlite3_column_int64(s, 2), .bytes = (uint64_t)sqlite3_column_int64(s, 3),
	};
	aff_buf_put_view(&r->texts, channel);
	return r->texts.error ? aff_diag_set(r->diag, r->texts.error, "too many channels") : 0;
}

/* Ids are never smaller than the time received, and larger by at most the skew. */
static int count_file(struct rates *r, const struct reader_file *f, int64_t to)
{
	sqlite3_stmt *s = NULL;
	int64_t skew = 0;
	int step = SQLITE_DONE;
	int rc = sql_integer(f->db, "SELECT value FROM meta WHERE key = 'skew'", &skew, r->diag);
	if (rc && rc != AFF_ENOTFOUND)
		return rc;
	rc = sql_prepare(f->db,
	                 "SELECT (SELECT text FROM name WHERE id = g.channel), g.slot, g.n, g.bytes FROM"
	                 " (SELECT channel, (received - ?1) / ?2 AS slot, count(*) AS n, sum(length) AS bytes"
	                 " FROM message WHERE id >= ?1 AND id < ?4 AND received >= ?1 AND received < ?3"
	                 " GROUP BY 1, 2) g", &s, r->diag);
	if (!rc) {
		sqlite3_bind_int64(s, 1, r->from);
		sqlite3_bind_int64(s, 2, r->width);
		sqlite3_bind_int64(s, 3, to);
		sqlite3_bind_int64(s, 4, to < INT64_MAX - skew ? to + skew : INT64_MAX);
	}
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = take(r, s);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "count", r->diag);
	sqlite3_finalize(s);
	return rc;
}

static int give(const struct rates *r, journal_rate_fn *fn, void *arg)
{
	int rc = 0;
	for (size_t i = 0; i < r->n && !rc; i++) {
		const struct counted *c = &r->item[i];
		struct journal_rate rate = {
			.channel = aff_view(r->texts.p ? r->texts.p + c->channel : "", c->channel_n),
			.interval = c->slot, .messages = c->messages, .bytes = c->bytes,
		};
		rc = fn(arg, &rate);
	}
	return rc;
}

int journal_read_rates(struct journal_reader *reader, int64_t from_us, int64_t width_us, size_t intervals,
                       journal_rate_fn *fn, void *arg, struct aff_diag *diag)
{
	struct rates r = {.from = from_us, .width = width_us, .slots = intervals, .diag = diag};
	if (from_us < 0 || width_us <= 0 || intervals == 0 || (INT64_MAX - from_us) / width_us < (int64_t)intervals)
		return aff_diag_set(diag, AFF_EARGUMENT, "no such time");
	aff_buf_init(&r.texts, 1u << 24);
	int rc = reader_refresh(reader, diag);
	for (size_t i = rc ? 0 : folder_position(&reader->list, from_us); !rc && i < reader->list.n; i++) {
		struct reader_file *f;
		rc = reader_file(reader, i, &f, diag);
		if (!rc)
			rc = count_file(&r, f, from_us + width_us * (int64_t)intervals);
		else if (rc == READER_GONE)
			rc = 0;
	}
	if (!rc)
		rc = give(&r, fn, arg);
	free(r.item);
	aff_buf_free(&r.texts);
	return rc < 0 ? rc : 0;
}
