/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay_plan.h"

#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/json.h"
#include "cli/command.h"

#define IDS_TOLD 200

/* What is asked for by value; not told. */
#define VALUES(q) \
	{ \
		{"patient", (q)->patient}, {"device", (q)->device}, \
		{ \
			"control-id", (q)->control_id \
		} \
	}
struct value {
	const char *name, *text;
};

static void put_text(struct json_writer *j, const char *name, const char *text)
{
	if (text)
		jsonw_text(j, name, text);
}

void plan_put(const struct plan *p, struct aff_buf *out)
{
	const struct value values[] = VALUES(&p->query);
	struct json_writer j;
	jsonw_begin(&j, out, 0);
	jsonw_object(&j, NULL);
	jsonw_text(&j, "to", p->to);
	jsonw_i64(&j, "messages", (int64_t)p->messages);
	jsonw_text(&j, "reason", p->reason);
	jsonw_bool(&j, "file", p->to_file);
	jsonw_bool(&j, "as_new", p->as_new);
	jsonw_i64(&j, "first", p->first);
	jsonw_i64(&j, "last", p->last);
	put_text(&j, "rate", p->rate);
	jsonw_i64(&j, "tries", (int64_t)p->tries);
	put_text(&j, "type", p->query.type);
	put_text(&j, "peer", p->query.peer);
	put_text(&j, "status", p->query.status ? query_statuses[p->query.status] : NULL);
	put_text(&j, "destination", p->query.destination);
	if (p->built.from_us)
		jsonw_i64(&j, "since", p->built.from_us);
	if (p->built.to_us)
		jsonw_i64(&j, "until", p->built.to_us);
	jsonw_array(&j, "by");
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		if (values[i].text)
			jsonw_text(&j, NULL, values[i].name);
	if (p->nids > IDS_TOLD)
		jsonw_text(&j, NULL, "id");
	jsonw_array_end(&j);
	jsonw_array(&j, "ids");
	for (size_t i = 0; i < p->nids && p->nids <= IDS_TOLD; i++)
		jsonw_i64(&j, NULL, p->ids[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
}

/* ---- reading ---- */

struct wanted {
	int64_t number;
	struct plan *plan;
	bool found;
};

static int take_action(void *arg, const struct journal_action *a)
{
	struct wanted *w = arg;
	json_error_t error;
	bool resend = aff_view_is(a->kind, "resend");
	if (a->at_us != w->number || !(resend || aff_view_is(a->kind, "replay")))
		return 0;
	w->plan->keep = json_loadb(a->detail.p, a->detail.n, 0, &error);
	w->plan->kind = resend ? "resend" : "replay";
	w->found = json_is_object((json_t *)w->plan->keep);
	return 1;
}

static const char *text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}

static int status_of(const char *name)
{
	for (int i = 1; name && query_statuses[i]; i++)
		if (strcmp(query_statuses[i], name) == 0)
			return i;
	return 0;
}

static int check_values(const struct plan *p, const json_t *o, bool ids_given)
{
	const struct value values[] = VALUES(&p->query);
	size_t k;
	json_t *name;
	json_array_foreach(json_object_get(o, "by"), k, name)
	{
		const char *by = json_string_value(name);
		bool given = by && strcmp(by, "id") == 0 && ids_given;
		for (size_t i = 0; by && i < sizeof values / sizeof values[0]; i++)
			given = given || (strcmp(by, values[i].name) == 0 && values[i].text);
		if (!given)
			return command_error("that replay chose messages by %s, which the journal does not keep; give "
					     "%s%s again",
					     by ? by : "a value", by && strcmp(by, "id") == 0 ? "the " : "--",
					     by ? by : "it");
	}
	return 0;
}

static int take_ids(struct plan *p, const json_t *ids)
{
	size_t n = json_array_size(ids), i;
	json_t *id;
	if (!n)
		return 0;
	p->kept_ids = calloc(n, sizeof *p->kept_ids);
	if (!p->kept_ids)
		return command_error("out of memory");
	json_array_foreach(ids, i, id) p->kept_ids[i] = json_integer_value(id);
	p->ids = p->kept_ids;
	p->nids = n;
	return 0;
}

int plan_read(struct plan *p, struct journal_reader *r, int64_t number, bool ids_given)
{
	struct wanted w = {number, p, false};
	struct aff_diag diag = {0};
	int rc = number == INT64_MAX ? 0 : journal_read_actions(r, number + 1, 1, take_action, &w, &diag);
	if (rc < 0)
		return command_error_diag(&diag);
	if (!w.found)
		return command_error("there is no replay %" PRId64 "; 'afferent journal actions' lists them", number);
	const json_t *o = p->keep;
	if (check_values(p, o, ids_given))
		return COMMAND_FAILED;
	p->to = text(o, "to");
	p->reason = text(o, "reason");
	p->rate = text(o, "rate");
	p->to_file = json_is_true(json_object_get(o, "file"));
	p->as_new = json_is_true(json_object_get(o, "as_new"));
	p->tries = (uint64_t)json_integer_value(json_object_get(o, "tries"));
	p->first = json_integer_value(json_object_get(o, "first"));
	p->last = json_integer_value(json_object_get(o, "last"));
	p->messages = (uint64_t)json_integer_value(json_object_get(o, "messages"));
	p->query.type = text(o, "type");
	p->query.peer = text(o, "peer");
	p->query.status = status_of(text(o, "status"));
	p->query.destination = text(o, "destination");
	p->built.from_us = json_integer_value(json_object_get(o, "since"));
	p->built.to_us = json_integer_value(json_object_get(o, "until"));
	if (!p->to || !p->reason || p->tries == 0)
		return command_error("what the journal says of replay %" PRId64 " is not complete", number);
	return take_ids(p, json_object_get(o, "ids"));
}

void plan_free(struct plan *p)
{
	json_decref(p->keep);
	free(p->kept_ids);
}
