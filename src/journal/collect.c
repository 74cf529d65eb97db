/* SPDX-License-Identifier: Apache-2.0
 *
 * See collect.h.
 */
#include "journal/collect.h"

#include <stdlib.h>

#include "base/vector.h"
#include "journal/sql.h"

#define DETAILS_MAX (64u << 20)

static int collect_row(struct collected *c, sqlite3_stmt *s, struct aff_diag *diag)
{
	struct aff_view destination = sql_text(s, 1), sha = sql_blob(s, 5), sent = sql_blob(s, 6),
			detail = sql_text(s, 8);
	int kind = sqlite3_column_int(s, 2);
	if (destination.n == 0 || sha.n != SHA256_SIZE || (sent.n && sent.n != SHA256_SIZE) ||
	    kind < JOURNAL_DELIVERED || kind > JOURNAL_DISCARDED || kind == JOURNAL_PENDING)
		return aff_diag_set(diag, AFF_ECORRUPT, "%s: an outcome of message %lld is damaged",
		                    sql_file_name(sqlite3_db_handle(s)), (long long)sqlite3_column_int64(s, 0));
	if (vector_room(&c->item, &c->allocated, c->n, sizeof *c->item))
		return aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	struct item *i = &c->item[c->n];
	*i = (struct item){
		.outcome =
			{
			.message = sqlite3_column_int64(s, 0),
			.destination = {.n = destination.n},
			.kind = (enum journal_outcome_kind)kind,
			.at_us = sqlite3_column_int64(s, 3),
			.tries = (unsigned)sqlite3_column_int64(s, 4),
			.sent_length = (uint32_t)sqlite3_column_int64(s, 7),
			.detail = {.n = detail.n},
				.instead = (enum journal_outcome_kind)sqlite3_column_int(s, 9),
				.action_us = sqlite3_column_int64(s, 10),
		},
		.destination = c->texts.n,
		.detail = c->texts.n + destination.n,
		.order = c->n,
	};
	memcpy(i->outcome.snapshot, sha.p, SHA256_SIZE);
	memcpy(i->outcome.sent, sent.p, sent.n);
	aff_buf_put_view(&c->texts, destination);
	aff_buf_put_view(&c->texts, detail);
	if (c->texts.error)
		return aff_diag_set(diag, c->texts.error, "too many outcomes");
	c->n++;
	return 0;
}

int collect(struct collected *c, sqlite3_stmt *s, struct aff_diag *diag)
{
	int rc = 0, step = SQLITE_DONE;
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW)
		rc = collect_row(c, s, diag);
	if (!rc && step != SQLITE_DONE)
		rc = sql_error(sqlite3_db_handle(s), step, "read the outcomes", diag);
	sqlite3_reset(s);
	return rc;
}

int collected_give(struct collected *c, const struct item *i, journal_outcome_fn *fn, void *arg)
{
	struct journal_outcome o = i->outcome;
	const char *texts = c->texts.p ? c->texts.p : "";
	o.destination.p = texts + i->destination;
	o.detail.p = texts + i->detail;
	return fn(arg, &o);
}

void collected_init(struct collected *c)
{
	*c = (struct collected){0};
	aff_buf_init(&c->texts, DETAILS_MAX);
}

void collected_free(struct collected *c)
{
	free(c->item);
	aff_buf_free(&c->texts);
}
