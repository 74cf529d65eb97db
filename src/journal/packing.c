/* SPDX-License-Identifier: Apache-2.0
 *
 * How well the newest messages are compressed: counted from their rows, by channel.
 */
#include <stdlib.h>

#include "base/vector.h"
#include "journal/reader.h"
#include "journal/sql.h"

struct counted {
	size_t channel, channel_n;   /* the name's place in texts */
	uint64_t messages, bytes, packed;
};

struct packing {
	struct counted *item;
	size_t n, allocated;
	struct aff_buf texts;
	uint64_t left;               /* messages that are still to be counted */
	struct aff_diag *diag;
};

static int take(struct packing *p, sqlite3_stmt *s)
{
	struct aff_view channel = sql_text(s, 0);
	size_t i = 0;
	while (i < p->n && !aff_view_equal(aff_view(p->texts.p + p->item[i].channel, p->item[i].channel_n), channel))
		i++;
	if (i == p->n) {
		if (vector_room(&p->item, &p->allocated, p->n, sizeof *p->item))
			return aff_diag_set(p->diag, AFF_ENOMEM, "out of memory");
		p->item[p->n++] = (struct counted){.channel = p->texts.n, .channel_n = channel.n};
		aff_buf_put_view(&p->texts, channel);
	}
	uint64_t messages = (uint64_t)sqlite3_column_int64(s, 1);
	p->item[i].messages += messages;
	p->item[i].bytes += (uint64_t)sqlite3_column_int64(s, 2);
	p->item[i].packed += (uint64_t)sqlite3_column_int64(s, 3);
	p->left -= messages < p->left ? messages : p->left;
	return p->texts.error ? aff_diag_set(p->diag, p->texts.error, "too many channels") : 0;
}

static int count_file(struct packing *p, const struct reader_file *f)
{
	sqlite3_stmt *s = NULL;
	int step = SQLITE_DONE;
	int rc = sql_prepare(f->db,
	                     "SELECT (SELECT text FROM name WHERE id = g.channel), g.n, g.bytes, g.packed FROM"
	                     " (SELECT channel, count(*) AS n, sum(length) AS bytes, sum(length(body)) AS packed FROM"
	                     " (SELECT channel, length, body FROM message WHERE body IS NOT NULL ORDER BY id DESC"
	                     " LIMIT ?1) GROUP BY channel) g", &s, p->diag);
	if (!rc)
		sqlite3_bind_int64(s, 1, (int64_t)p->left);
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = take(p, s);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(f->db, step, "count", p->diag);
	sqlite3_finalize(s);
	return rc;
}

static int give(const struct packing *p, journal_packing_fn *fn, void *arg)
{
	int rc = 0;
	for (size_t i = 0; i < p->n && !rc; i++) {
		const struct counted *c = &p->item[i];
		struct journal_packing packing = {
			.channel = aff_view(p->texts.p ? p->texts.p + c->channel : "", c->channel_n),
			.messages = c->messages, .bytes = c->bytes, .packed = c->packed,
		};
		rc = fn(arg, &packing);
	}
	return rc;
}

int journal_read_packing(struct journal_reader *r, uint64_t messages, journal_packing_fn *fn, void *arg,
                         struct aff_diag *diag)
{
	struct packing p = {.left = messages < INT64_MAX ? messages : INT64_MAX, .diag = diag};
	aff_buf_init(&p.texts, 1u << 24);
	int rc = reader_refresh(r, diag);
	for (size_t i = rc ? 0 : r->list.n; !rc && p.left && i-- > 0;) {
		struct reader_file *f;
		rc = reader_file(r, i, &f, diag);
		if (!rc)
			rc = count_file(&p, f);
		else if (rc == READER_GONE)
			rc = 0;
	}
	if (!rc)
		rc = give(&p, fn, arg);
	free(p.item);
	aff_buf_free(&p.texts);
	return rc < 0 ? rc : 0;
}
