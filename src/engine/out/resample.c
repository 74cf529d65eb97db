/* SPDX-License-Identifier: Apache-2.0
 *
 * The same as a sender does (sender_fill.c), for one message, with a sampler of its own.
 */
#include "engine/out/resample.h"

#include "engine/out/sampler.h"

struct resampling {
	struct sampler *sampler;
	struct pipeline *p;
	const struct conf_channel *channel;
	const struct conf_dest *dest;
	int64_t id;
	bool found;
	struct pipeline_result *result;
};

/* true: there is something of it to be sampled. */
static bool transform(struct resampling *g, const struct journal_row *row, int *rc)
{
	if (pipeline_has_priority(g->p, g->channel, g->dest, row->raw))
		return false;
	*rc = pipeline_transform(g->p, g->channel, g->dest, row->raw, g->result);
	return !*rc && g->result->verdict == PIPELINE_SEND;
}

/* Up to the end of the message's window; windows before it are left behind. */
static int scan(void *arg, const struct journal_row *row)
{
	struct resampling *g = arg;
	const struct journal_message *m = &row->message;
	int rc = 0;
	if (!sampler_may_scan(g->sampler, m)) {
		if (*sampler_position(g->sampler) >= g->id)
			return 1;
		(void)sampler_may_apply(g->sampler, m);
		(void)sampler_may_scan(g->sampler, m);
	}
	bool some = transform(g, row, &rc);
	if (!rc)
		sampler_scan(g->sampler, m, some ? pipeline_edit(g->p) : NULL);
	return rc;
}

/* The message itself, after those of its window before it. */
static int apply(void *arg, const struct journal_row *row)
{
	struct resampling *g = arg;
	const struct journal_message *m = &row->message;
	struct pipeline_result *r = g->result;
	int rc = 0;
	bool scans = sampler_scans(g->sampler), wanted = m->id == g->id;
	if (m->id > g->id || (scans && !wanted))
		return m->id > g->id;
	g->found |= wanted;
	if (!transform(g, row, &rc))
		return rc ? rc : wanted ? pipeline_run(g->p, g->channel, g->dest, row->raw, r) : 0;
	(void)sampler_may_apply(g->sampler, m);
	enum journal_outcome_kind kind = sampler_apply(g->sampler, m, pipeline_edit(g->p), r->detail, sizeof r->detail);
	if (!wanted)
		return 0;
	if (!kind)
		return pipeline_render(g->p, g->dest, r);
	r->verdict = kind == JOURNAL_DEAD ? PIPELINE_DEAD : PIPELINE_FILTERED;
	return 0;
}

static int on_row(void *arg, const struct journal_row *row)
{
	int rc = apply(arg, row);
	return rc < 0 ? rc : ((struct resampling *)arg)->found || rc;
}

int resample(struct journal_reader *r, struct pipeline *p, const struct conf_channel *channel,
	     const struct conf_dest *dest, int64_t id, struct pipeline_result *result, struct aff_diag *diag)
{
	struct resampling g = {.p = p, .channel = channel, .dest = dest, .id = id, .result = result};
	struct aff_view name = aff_view_of(channel->name);
	int rc = sampler_new(&g.sampler, &dest->sample, dest->sample_line);
	if (rc)
		return rc;
	int64_t from = sampler_remembers_from(g.sampler, id);
	if (sampler_scans(g.sampler)) {
		rc = journal_read_channel(r, name, from, scan, &g, diag);
		sampler_close_if_due(g.sampler, INT64_MAX / 2);
	}
	if (!rc)
		rc = journal_read_channel(r, name, sampler_scans(g.sampler) ? id - 1 : from, on_row, &g, diag);
	if (!rc && !g.found)
		rc = aff_diag_set(diag, AFF_ENOTFOUND, "message %lld is not in the journal", (long long)id);
	sampler_free(g.sampler);
	return rc;
}
