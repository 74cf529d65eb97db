/* SPDX-License-Identifier: Apache-2.0
 *
 * Which messages are dead where.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vector.h"
#include "cli/cmd_dead.h"
#include "cli/cmd_journal.h"
#include "cli/command.h"
#include "cli/config.h"

#define ROWS 256
#define DESTINATIONS 128 /* of one message */

struct finding {
	struct dead_letters *out;
	const struct dead_question *q;
	struct journal_reader *reader;
	struct journal_message row[ROWS]; /* id, channel, verdict and time of arrival count */
	char channel[ROWS][128];
	size_t n;
	struct dead_letter now[DESTINATIONS]; /* of the message at hand, by destination */
	size_t nnow;
	size_t message;
	uint64_t limit;
	bool end;
	struct aff_diag diag;
};

static bool is_wanted(const struct dead_question *q, struct aff_view destination)
{
	return !q->destination || aff_view_is(destination, q->destination) ||
	       aff_view_is(journal_command_short(destination), q->destination);
}

static int take_over(struct finding *f)
{
	for (size_t i = 0; i < f->nnow && !f->end; i++) {
		if (f->now[i].kind != f->q->kind)
			continue;
		if (f->out->n >= f->limit) {
			f->end = f->out->more = true;
			break;
		}
		if (vector_room(&f->out->item, &f->out->allocated, f->out->n, sizeof *f->out->item))
			return AFF_ENOMEM;
		f->out->item[f->out->n++] = f->now[i];
	}
	f->nnow = 0;
	return 0;
}

/* The newest outcome at each destination is what counts. */
static int take_fate(void *arg, size_t i, const struct journal_outcome *o)
{
	struct finding *f = arg;
	if (i != f->message) {
		int rc = take_over(f);
		if (rc)
			return rc;
		f->message = i;
	}
	if ((int)o->kind == JOURNAL_PENDING || !is_wanted(f->q, o->destination))
		return 0;
	size_t k = 0;
	while (k < f->nnow && !aff_view_is(o->destination, f->now[k].destination))
		k++;
	if (k == sizeof f->now / sizeof f->now[0])
		return AFF_ELIMIT;
	f->nnow += k == f->nnow;
	struct dead_letter *l = &f->now[k];
	*l = (struct dead_letter){.id = o->message, .tries = o->tries, .at_us = o->at_us, .kind = o->kind};
	l->received_us = f->row[i].received_us;
	snprintf(l->destination, sizeof l->destination, "%.*s", (int)o->destination.n, o->destination.p);
	snprintf(l->detail, sizeof l->detail, "%.*s", (int)o->detail.n, o->detail.p);
	return 0;
}

static int look(struct finding *f)
{
	f->message = 0;
	f->nnow = 0;
	int rc = journal_get_fates(f->reader, f->row, f->n, take_fate, f, &f->diag);
	if (rc >= 0)
		rc = take_over(f);
	f->n = 0;
	return rc;
}

static int take_row(void *arg, const struct journal_row *row)
{
	struct finding *f = arg;
	const struct journal_message *m = &row->message;
	if (m->channel.n >= sizeof f->channel[0])
		return AFF_ELIMIT;
	struct journal_message *kept = &f->row[f->n];
	memcpy(f->channel[f->n], m->channel.p, m->channel.n);
	*kept = (struct journal_message){.id = m->id, .received_us = m->received_us, .verdict = m->verdict};
	kept->channel = aff_view(f->channel[f->n], m->channel.n);
	return ++f->n == ROWS;
}

static int find_chosen(struct finding *f)
{
	int rc = 0;
	for (size_t i = 0; i < f->q->nids && rc >= 0; i++) {
		rc = journal_get(f->reader, f->q->ids[i], take_row, f, &f->diag);
		if (rc >= 0 && (f->n == ROWS || i + 1 == f->q->nids))
			rc = look(f);
	}
	return rc;
}

/* Page by page: the reader that searches cannot be asked meanwhile. */
static int find_by_query(struct finding *f, struct journal_query *q)
{
	int rc = 0;
	bool more = true;
	while (rc >= 0 && more && !f->end) {
		rc = journal_search(f->reader, q, take_row, f, &f->diag);
		more = f->n == ROWS;
		if (f->n)
			q->before_id = f->row[f->n - 1].id;
		if (rc >= 0)
			rc = look(f);
	}
	return rc;
}

int dead_find(struct dead_letters *out, struct journal_reader *r, const struct dead_question *q)
{
	struct journal_query built;
	struct query query = q->query;
	*out = (struct dead_letters){0};
	if (q->destination && strchr(q->destination, '/'))
		query.destination = q->destination;
	query.status = (int)q->kind;
	if (query_build(&query, &built))
		return COMMAND_FAILED;
	struct finding *f = calloc(1, sizeof *f);
	if (!f)
		return command_error("out of memory");
	f->out = out;
	f->q = q;
	f->reader = r;
	f->limit = query.limit && query.limit < DEAD_MOST ? query.limit : DEAD_MOST;
	built.limit = UINT64_MAX;
	int rc = q->nids ? find_chosen(f) : find_by_query(f, &built);
	if (rc < 0 && f->diag.code)
		command_error_diag(&f->diag);
	else if (rc < 0)
		command_error("%s", aff_error_text(rc));
	free(f);
	return rc < 0 ? COMMAND_FAILED : 0;
}

void dead_free(struct dead_letters *l)
{
	free(l->item);
	*l = (struct dead_letters){0};
}

int dead_open(struct conf **conf, struct journal_reader **reader, const char **folder, const char *config,
	      const char *journal)
{
	*reader = NULL;
	*conf = config_load(config ? config : ".");
	if (!*conf)
		return COMMAND_FAILED;
	*folder = journal ? journal : (*conf)->engine.journal;
	return journal_command_open_with(reader, *folder, NULL, (*conf)->engine.secret_file);
}
