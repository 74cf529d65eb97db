/* SPDX-License-Identifier: Apache-2.0
 *
 * See rehearsal.h.
 */
#include "engine/rehearsal.h"

#include <stdlib.h>

#include "engine/resends.h"
#include "engine/out/sampler.h"

#define PEER "127.0.0.1:1" /* all messages come from one connection */

struct state {
	const struct rehearsal *r;
	struct journal_message *rows; /* id, time and verdict are what counts */
	struct pipeline *pipeline;
	struct sampler *sampler;      /* of the destination at hand; NULL: none */
	const struct conf_dest *dest;
};

/* ---- taking ---- */

/* As judge.c does it: the same bytes again are answered like the first time and go nowhere. */
static void judge(const struct rehearsal *r, struct resends *resends, size_t i, struct journal_message *row)
{
	struct resend_key key;
	int64_t now = r->messages[i].received_us;
	if (row->verdict != JOURNAL_ACCEPTED || r->channel->source.again)
		return;
	resend_key(&key, row->channel, aff_view_of(PEER), r->messages[i].bytes);
	if (!key.usable)
		return;
	enum resend found = resends_find(resends, &key, now - r->conf->engine.resend_ms * 1000);
	if (found == RESEND_SAME) {
		row->verdict = JOURNAL_DUPLICATE;
		return;
	}
	if (found == RESEND_ID_REUSE)
		row->error = AFF_EIDREUSE;
	resends_add(resends, &key, now);
	resends_keep(resends);
}

static int take_all(struct state *s)
{
	const struct rehearsal *r = s->r;
	struct ingest *ingest = NULL;
	struct resends *resends = resends_new();
	int rc = resends ? ingest_new(&ingest, NULL, 0) : AFF_ENOMEM;
	for (size_t i = 0; !rc && i < r->count; i++) {
		struct ingest_decision d;
		ingest_decide(ingest, r->channel, r->messages[i].bytes, 0, r->messages[i].received_us, &d);
		d.row.id = (int64_t)i + 1;
		judge(r, resends, i, &d.row);
		s->rows[i] = (struct journal_message){
			.id = d.row.id, .received_us = d.row.received_us, .verdict = d.row.verdict};
		r->taken(r->arg, i, &d);
	}
	ingest_free(ingest);
	resends_free(resends);
	return rc;
}

/* ---- one destination ---- */

static size_t next_accepted(const struct state *s, size_t i)
{
	while (i < s->r->count && s->rows[i].verdict != JOURNAL_ACCEPTED)
		i++;
	return i;
}

/* It overtakes the others, so it waits for no window either. */
static bool is_urgent(struct state *s, size_t i)
{
	return pipeline_has_priority(s->pipeline, s->r->channel, s->dest, s->r->messages[i].bytes);
}

/* Learns the readings of one window from message *at on, and closes it. *at: the next message to scan. */
static int scan(struct state *s, size_t *at)
{
	struct pipeline_result result;
	size_t i = next_accepted(s, *at);
	for (; i < s->r->count && sampler_may_scan(s->sampler, &s->rows[i]); i = next_accepted(s, i + 1)) {
		bool urgent = is_urgent(s, i);
		int rc = urgent ? 0 : pipeline_transform(s->pipeline, s->r->channel, s->dest, s->r->messages[i].bytes,
		                                         &result);
		if (rc)
			return rc;
		sampler_scan(s->sampler, &s->rows[i],
			     !urgent && result.verdict == PIPELINE_SEND ? pipeline_edit(s->pipeline) : NULL);
	}
	sampler_close_if_due(s->sampler, INT64_MAX);
	*at = i;
	return 0;
}

/* As sender_fill.c admits a message. */
static int deliver(struct state *s, size_t i)
{
	struct pipeline_result result;
	enum journal_outcome_kind kind = JOURNAL_DELIVERED;
	bool urgent = is_urgent(s, i);
	int rc = pipeline_transform(s->pipeline, s->r->channel, s->dest, s->r->messages[i].bytes, &result);
	if (!rc && result.verdict == PIPELINE_SEND && s->sampler && !urgent) {
		kind = sampler_apply(s->sampler, &s->rows[i], pipeline_edit(s->pipeline), result.detail,
				     sizeof result.detail);
		kind = kind ? kind : JOURNAL_DELIVERED;
	}
	if (!rc && result.verdict == PIPELINE_SEND && kind == JOURNAL_DELIVERED)
		rc = pipeline_render(s->pipeline, s->dest, &result);
	if (rc)
		return rc;
	if (result.verdict == PIPELINE_DEAD)
		kind = JOURNAL_DEAD;
	else if (result.verdict == PIPELINE_FILTERED)
		kind = JOURNAL_FILTERED;
	s->r->outcome(s->r->arg, i, s->dest, kind, &result);
	return 0;
}

static int run_dest(struct state *s)
{
	bool scans = s->sampler && sampler_scans(s->sampler);
	size_t scanned = 0, i = next_accepted(s, 0);
	int rc = 0;
	while (!rc && i < s->r->count) {
		if (scans)
			rc = scan(s, &scanned);
		while (!rc && i < s->r->count && (!s->sampler || sampler_may_apply(s->sampler, &s->rows[i]))) {
			rc = deliver(s, i);
			i = next_accepted(s, i + 1);
		}
	}
	return rc;
}

int rehearsal_run(const struct rehearsal *r)
{
	struct state s = {.r = r, .rows = calloc(r->count ? r->count : 1, sizeof *s.rows)};
	int rc = s.rows ? pipeline_new(&s.pipeline) : AFF_ENOMEM;
	if (!rc)
		rc = take_all(&s);
	for (size_t k = 0; !rc && k < r->channel->ndests; k++) {
		s.dest = &r->channel->dests[k];
		s.sampler = NULL;
		if (s.dest->sample.every_ms)
			rc = sampler_new(&s.sampler, &s.dest->sample, s.dest->sample_line);
		if (!rc)
			rc = run_dest(&s);
		sampler_free(s.sampler);
	}
	pipeline_free(s.pipeline);
	free(s.rows);
	return rc;
}
