/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay_source.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/actions.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"

#define PAGE_BYTES (64u << 20)

struct source_page {
	struct source_item items[SOURCE_ROWS];
	size_t at[SOURCE_ROWS], length[SOURCE_ROWS]; /* in bytes */
	size_t count;
	struct aff_buf bytes;
};

static int failed(int rc, const struct aff_diag *diag)
{
	return diag->code ? command_error_diag(diag) : command_error("%s", aff_error_text(rc));
}

int source_open(struct source *s)
{
	s->page = calloc(1, sizeof *s->page);
	if (!s->page)
		return command_error("out of memory");
	aff_buf_init(&s->page->bytes, 2 * PAGE_BYTES);
	return 0;
}

void source_close(struct source *s)
{
	journal_reader_close(s->reader);
	if (s->page)
		aff_buf_free(&s->page->bytes);
	free(s->page);
}

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int source_choose(struct source *s, char **argv, int n)
{
	if (n > SOURCE_IDS_MAX)
		return command_error("more than %d message ids; use --since and --until", SOURCE_IDS_MAX);
	for (int i = 0; i < n; i++)
		if (journal_command_id(argv[i], &s->ids[i]))
			return COMMAND_FAILED;
	if (n)
		qsort(s->ids, (size_t)n, sizeof s->ids[0], compare_ids);
	for (int i = 0; i < n; i++)
		if (s->nids == 0 || s->ids[s->nids - 1] != s->ids[i])
			s->ids[s->nids++] = s->ids[i];
	return 0;
}

/* ---- counting ---- */

struct counting {
	const struct source *source;
	uint64_t n;
	int64_t first, last;
};

static int count_row(void *arg, const struct journal_row *row)
{
	struct counting *c = arg;
	if (row->message.id > c->source->last)
		return 1;
	c->last = row->message.id;
	if (!c->n++)
		c->first = c->last;
	return 0;
}

int source_count(struct source *s, uint64_t *n, int64_t *first, int64_t *last)
{
	struct aff_diag diag = {0};
	struct counting c = {.source = s};
	for (size_t i = 0; i < s->nids; i++) {
		const struct journal_row row = {.message.id = s->ids[i]};
		if (s->ids[i] > s->query.before_id)
			count_row(&c, &row);
	}
	struct journal_query q = s->query;
	q.raw = false;
	int rc = s->nids ? 0 : journal_search(s->reader, &q, count_row, &c, &diag);
	*n = c.n;
	*first = c.first;
	*last = c.last;
	return rc < 0 ? failed(rc, &diag) : 0;
}

/* ---- taking ---- */

static int keep_row(void *arg, const struct journal_row *row)
{
	struct source *s = arg;
	struct source_page *p = s->page;
	if (row->message.id <= s->last && row->body_removed_us) {
		if (s->nids || !s->passed)
			journal_command_removed(row->message.id, row->body_removed_us);
		if (!s->nids && !s->passed)
			command_note("it is left out, and so is every other one without a body");
		s->passed = row->message.id;
		s->left_out++;
		return 0;
	}
	if (row->message.id > s->last || p->count == SOURCE_ROWS || (p->count && p->bytes.n + row->raw.n > PAGE_BYTES))
		return 1;
	p->items[p->count] = (struct source_item){.id = row->message.id};
	p->at[p->count] = p->bytes.n;
	p->length[p->count] = row->raw.n;
	aff_buf_put_view(&p->bytes, row->raw);
	p->count++;
	return p->bytes.error;
}

/* An id is easily mistyped: what came for one channel goes to no other one's receivers. */
static int keep_chosen(void *arg, const struct journal_row *row)
{
	struct source *s = arg;
	const struct aff_view channel = row->message.channel;
	if (!aff_view_equal(channel, s->query.channel)) {
		command_error("message %" PRId64 " came for channel %.*s, not %.*s: it is left out", row->message.id,
			      (int)channel.n, channel.p, (int)s->query.channel.n, s->query.channel.p);
		s->left_out++;
		return 0;
	}
	if (row->message.verdict == JOURNAL_ACCEPTED)
		return keep_row(s, row);
	command_error("message %" PRId64 " was not accepted: it goes to no destination", row->message.id);
	s->left_out++;
	return 0;
}

static int take_fate(void *arg, size_t i, const struct journal_outcome *fate)
{
	const struct source *s = arg;
	struct source_item *item = &s->page->items[i];
	if (fate->kind == JOURNAL_DELIVERED && aff_view_is(fate->destination, s->delivered_to))
		item->copy = actions_copy(fate->detail);
	if (!aff_view_is(fate->destination, s->destination))
		return 0;
#ifdef AFF_MUTANT_13 /* a replay sends what the engine is about to send */
	if ((int)fate->kind == JOURNAL_PENDING)
		return 0;
#endif
	if ((int)fate->kind == JOURNAL_PENDING)
		item->pending = true;
	else
		item->before = fate->kind;
	return 0;
}

static int take_raw(void *arg, const struct journal_row *row)
{
	struct aff_buf *bytes = arg;
	aff_buf_put_view(bytes, row->raw);
	return bytes->error;
}

/* What a dead letter was mended to is what goes out again. */
static int take_copies(struct source *s, struct aff_diag *diag)
{
	struct source_page *p = s->page;
	int rc = 0;
	for (size_t i = 0; i < p->count && rc >= 0; i++) {
		if (!p->items[i].copy)
			continue;
		p->at[i] = p->bytes.n;
		rc = journal_get(s->reader, p->items[i].copy, take_raw, &p->bytes, diag);
		p->length[i] = p->bytes.n - p->at[i];
	}
	return rc;
}

static int find_fates(struct source *s, struct aff_diag *diag)
{
	struct journal_message m[SOURCE_ROWS];
	struct source_page *p = s->page;
	memset(m, 0, sizeof m);
	for (size_t i = 0; i < p->count; i++) {
		m[i].id = p->items[i].id;
		m[i].channel = s->query.channel;
		m[i].verdict = JOURNAL_ACCEPTED;
	}
	int rc = journal_get_fates(s->reader, m, p->count, take_fate, s, diag);
	if (rc >= 0)
		rc = take_copies(s, diag);
	for (size_t i = 0; i < p->count; i++)
		p->items[i].raw = aff_view(p->bytes.p + p->at[i], p->length[i]);
	return rc;
}

static void leave_out(struct source *s, const struct source_item *item, const char *why)
{
	s->left_out++;
	command_error("message %" PRId64 " %s: it is left out", item->id, why);
}

/* Whether a message of the page is sent. One of a query that ceased to be dead since it was found is no matter. */
static bool is_fit(struct source *s, const struct source_item *item)
{
	if (s->only && item->before != s->only) {
		if (s->nids)
			leave_out(s, item, "is no dead letter of the destination");
		return false;
	}
	if (!item->copy || item->raw.n)
		return true;
	leave_out(s, item, "was delivered as an edited copy, whose body retention has removed");
	return false;
}

static void keep_fit(struct source *s)
{
	struct source_page *p = s->page;
	size_t n = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (is_fit(s, &p->items[i]))
			p->items[n++] = p->items[i];
	}
	p->count = n;
}

/* One page, empty at the end. */
static int next_page(struct source *s, bool *end, struct aff_diag *diag)
{
	struct source_page *p = s->page;
	int rc = 0;
	p->count = 0;
	aff_buf_clear(&p->bytes);
	if (s->nids) {
		while (rc >= 0 && p->count < SOURCE_ROWS && p->bytes.n < PAGE_BYTES && s->next_id < s->nids) {
			int64_t id = s->ids[s->next_id++];
			rc = id > s->query.before_id ? journal_get(s->reader, id, keep_chosen, s, diag) : 0;
		}
		*end = s->next_id == s->nids;
	} else {
		int64_t passed = s->passed;
		rc = journal_search(s->reader, &s->query, keep_row, s, diag);
		*end = p->count == 0 && s->passed == passed;
	}
	if (p->count && !s->nids)
		s->query.before_id = p->items[p->count - 1].id;
	else if (!s->nids && s->passed > s->query.before_id)
		s->query.before_id = s->passed;
	return rc;
}

int source_next(struct source *s, const struct source_item **items, size_t *n)
{
	struct aff_diag diag = {0};
	bool end = false;
	int rc;
	do {
		rc = next_page(s, &end, &diag);
		if (rc >= 0)
			rc = find_fates(s, &diag);
		if (rc >= 0)
			keep_fit(s);
	} while (rc >= 0 && !end && !s->page->count);
	*items = s->page->items;
	*n = s->page->count;
	return rc < 0 ? failed(rc, &diag) : 0;
}
