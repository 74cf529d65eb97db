/* SPDX-License-Identifier: Apache-2.0
 *
 * An explanation as a JSON object on one line.
 */
#include <stdio.h>

#include "base/json.h"
#include "cli/explain.h"
#include "engine/out/output.h"

#define JSON_MAX (512u << 20)

static void put_place(struct json_writer *j, const struct explain_place *at)
{
	char text[24];
	if (!at->id[0])
		return;
	snprintf(text, sizeof text, "%s[%u]", at->id, at->occurrence);
	jsonw_text(j, "segment", text);
	if (at->repetition)
		jsonw_i64(j, "repetition", at->repetition);
}

static void put_diag(struct json_writer *j, const struct aff_diag *d)
{
	char at[64];
	jsonw_object(j, NULL);
	jsonw_i64(j, "code", aff_error_condition(d->code));
	if (d->rule)
		jsonw_text(j, "rule", d->rule);
	if (aff_location_format(&d->at, at, sizeof at)[0])
		jsonw_text(j, "at", at);
	jsonw_text(j, "text", d->text);
	if (d->hint[0])
		jsonw_text(j, "hint", d->hint);
	jsonw_object_end(j);
}

static void put_accept(struct json_writer *j, const struct explanation *x)
{
	static const char *const verdicts[] = {
		[JOURNAL_ACCEPTED] = "accepted", [JOURNAL_REJECTED] = "refused", [JOURNAL_KEPT] = "kept"
	};
	const struct ingest_decision *d = &x->decision;
	char check[96];
	jsonw_object(j, "accept");
	jsonw_text(j, "verdict", verdicts[d->row.verdict]);
	jsonw_text(j, "check", explain_check_name(x->channel, check, sizeof check));
	jsonw_text(j, "answer", x->answer);
	if (d->awaits)
		jsonw_text(j, "answered_by", x->channel->source.delivered_to);
	jsonw_array(j, "errors");
	if (d->why.code)
		put_diag(j, &d->why);
	for (size_t i = 0; d->row.verdict != JOURNAL_ACCEPTED && i < d->findings->count; i++) {
		const struct aff_diag *f = &d->findings->items[i];
		if (f->severity == AFF_SEVERITY_ERROR && strcmp(f->text, d->why.text) != 0)
			put_diag(j, f);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_fields(struct json_writer *j, const struct explain *x, const struct explain_change *c)
{
	struct aff_view before, after;
	jsonw_array(j, "fields");
	for (unsigned field = 0; explain_next_field(c, x->delims.field, &field, &before, &after);) {
		jsonw_object(j, NULL);
		jsonw_i64(j, "field", field);
		jsonw_view(j, "before", before);
		jsonw_view(j, "after", after);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_changes(struct json_writer *j, const struct explain *x, const struct explain_deed *d)
{
	jsonw_array(j, "changes");
	for (size_t i = d->change; i < d->change + d->changes; i++) {
		const struct explain_change *c = &x->changes[i];
		jsonw_object(j, NULL);
		put_place(j, &c->at);
		if (!c->inserted)
			jsonw_view(j, "before", c->before);
		if (!c->deleted)
			jsonw_view(j, "after", c->after);
		if (!c->inserted && !c->deleted)
			put_fields(j, x, c);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_unknowns(struct json_writer *j, const struct explain *x, const struct explain_deed *d)
{
	static const char *const kinds[] = {[AFF_UNMAPPED_CODE] = "code", [AFF_UNMAPPED_NAME] = "name",
	                                    [AFF_UNMAPPED_UNIT] = "unit", [AFF_UNMAPPED_VALUE] = "value"};
	if (!d->unknowns)
		return;
	jsonw_array(j, "unmapped");
	for (size_t i = d->unknown; i < d->unknown + d->unknowns; i++) {
		const struct explain_unmapped *u = &x->unknowns[i];
		jsonw_object(j, NULL);
		jsonw_text(j, "what", kinds[u->kind]);
		jsonw_i64(j, "field", u->field);
		if (u->table)
			jsonw_text(j, "table", u->table);
		jsonw_view(j, "code", u->code);
		jsonw_view(j, "name", u->name);
		jsonw_view(j, "system", u->system);
		jsonw_view(j, "unit", u->unit);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_row(struct json_writer *j, const struct explain_deed *d)
{
	if (!d->row)
		return;
	jsonw_object(j, "row");
	jsonw_text(j, "table", d->table);
	jsonw_view(j, "from", d->row->from);
	jsonw_i64(j, "line", d->row->line);
	jsonw_object_end(j);
}

static void put_step(struct json_writer *j, const struct explanation *x, const struct explain_step *s)
{
	const struct explain *e = x->steps;
	jsonw_object(j, NULL);
	jsonw_text(j, "file", x->channel->file);
	jsonw_i64(j, "line", s->line);
	jsonw_text(j, "step", s->name);
	if (s->what[0])
		jsonw_text(j, "path", s->what);
	if (s->for_each[0])
		jsonw_text(j, "for", s->for_each);
	if (s->when.n)
		jsonw_view(j, "when", s->when);
	if (s->failed)
		jsonw_view(j, "fails", s->reason);
	if (s->skipped)
		jsonw_bool(j, "skipped", 1);
	jsonw_array(j, "asked");
	for (size_t i = s->ask; s->when.n && i < s->ask + s->asks; i++) {
		jsonw_object(j, NULL);
		put_place(j, &e->asks[i].at);
		jsonw_bool(j, "holds", e->asks[i].holds);
		jsonw_view(j, "why", e->asks[i].why);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_array(j, "done");
	for (size_t i = s->deed; i < s->deed + s->deeds; i++) {
		jsonw_object(j, NULL);
		put_place(j, &e->deeds[i].at);
		put_row(j, &e->deeds[i]);
		put_changes(j, e, &e->deeds[i]);
		put_unknowns(j, e, &e->deeds[i]);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_result(struct json_writer *j, const struct pipeline_result *r)
{
	static const char *const verdicts[] = {
		[PIPELINE_SEND] = "send", [PIPELINE_FILTERED] = "filtered", [PIPELINE_DEAD] = "dead"
	};
	jsonw_text(j, "result", verdicts[r->verdict]);
	if (r->detail[0])
		jsonw_text(j, "detail", r->detail);
}

static void put_dest(struct json_writer *j, const struct explanation *x, const struct explain_dest *d)
{
	jsonw_object(j, NULL);
	jsonw_text(j, "name", d->dest->name);
	jsonw_text(j, "kind", output_kind_text(d->dest->kind));
	put_result(j, &d->result);
	if (d->why.n)
		jsonw_view(j, "why", d->why);
	if (d->result.verdict == PIPELINE_SEND) {
		jsonw_i64(j, "bytes", (int64_t)d->bytes.n);
		jsonw_bool(j, "sampled", d->dest->sample.every_ms != 0);
		if (x->full)
			jsonw_view(j, "content", d->bytes);
	}
	jsonw_object_end(j);
}

static void put_way(struct json_writer *j, const struct explanation *x)
{
	jsonw_object(j, "transform");
	put_result(j, &x->transformed);
	jsonw_array(j, "steps");
	for (size_t i = 0; i < x->steps->nsteps; i++)
		put_step(j, x, &x->steps->steps[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
	jsonw_array(j, "destinations");
	for (size_t i = 0; x->transformed.verdict == PIPELINE_SEND && i < x->ndests; i++)
		put_dest(j, x, &x->dests[i]);
	jsonw_array_end(j);
}

int explain_print_json(const struct explanation *x)
{
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, JSON_MAX);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "message", x->where);
	jsonw_view(&j, "type", x->decision.row.type);
	jsonw_view(&j, "control_id", x->control_id);
	jsonw_text(&j, "channel", x->channel->name);
	put_accept(&j, x);
	if (x->steps)
		put_way(&j, x);
	jsonw_object_end(&j);
	aff_buf_put_char(&out, '\n');
	int rc = out.error;
	if (!rc)
		fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
	return rc;
}
