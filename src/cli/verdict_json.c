/* SPDX-License-Identifier: Apache-2.0
 *
 * A verdict for programs: one JSON object a message and line.
 */
#include <stdio.h>

#include "base/json.h"
#include "cli/verdict.h"

static void put_finding(struct json_writer *j, const struct aff_diag *d)
{
	char at[64];
	jsonw_object(j, NULL);
	jsonw_text(j, "severity", verdict_severity(d));
	jsonw_text(j, "rule", d->rule);
	jsonw_text(j, "code", aff_error_name(d->code));
	jsonw_i64(j, "condition", aff_error_condition(d->code));
	jsonw_text(j, "location", aff_location_format(&d->at, at, sizeof at));
	jsonw_text(j, "text", d->text);
	jsonw_text(j, "hint", d->hint);
	jsonw_object_end(j);
}

static int json_message(struct verdict_writer *w, const struct verdict *v)
{
	const struct aff_diag_list *l = v->findings;
	struct json_writer j;
	aff_buf_clear(&w->out);
	jsonw_begin(&j, &w->out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "file", v->input->file);
	jsonw_i64(&j, "message", (int64_t)v->input->number);
	jsonw_bool(&j, "ok", !v->failed);
	jsonw_i64(&j, "errors", (int64_t)l->errors);
	jsonw_i64(&j, "warnings", (int64_t)l->warnings);
	jsonw_array(&j, "findings");
	for (size_t i = 0; i < l->count; i++)
		put_finding(&j, v->ordered[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	aff_buf_put_char(&w->out, '\n');
	if (!w->out.error)
		fwrite(w->out.p, 1, w->out.n, stdout);
	return w->out.error;
}

static int json_end(struct verdict_writer *w, struct verdict_totals *totals)
{
	(void)w;
	(void)totals;
	return 0;
}

const struct verdict_format verdict_json = {json_message, json_end};
