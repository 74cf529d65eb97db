/* SPDX-License-Identifier: Apache-2.0
 *
 * The detail of an action is text ("configuration 3f...") or a JSON object, which is shown as "name value, ...".
 */
#include "cli/actions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/number.h"
#include "cli/term.h"
#include "cli/when.h"
#include "sys/clock.h"

static json_t *parsed(struct aff_view detail)
{
	json_error_t error;
	json_t *o = detail.n && detail.p[0] == '{' ? json_loadb(detail.p, detail.n, 0, &error) : NULL;
	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

static bool says_something(const json_t *value)
{
	return !json_is_false(value) && !(json_is_array(value) && json_array_size(value) == 0);
}

static void print_value(const json_t *value)
{
	if (json_is_string(value))
		term_put_safe(stdout, aff_view(json_string_value(value), json_string_length(value)));
	else if (json_is_integer(value))
		printf("%" PRId64, (int64_t)json_integer_value(value));
	else if (json_is_array(value))
		printf("%zu", json_array_size(value));
	else
		fputs("yes", stdout);
}

static void print_detail(struct aff_view detail)
{
	const char *name;
	json_t *value, *o = parsed(detail);
	bool comma = false;
	if (!o) {
		term_put_safe(stdout, detail);
		return;
	}
	json_object_foreach(o, name, value)
	{
		if (!says_something(value))
			continue;
		printf("%s%s ", comma ? ", " : "", name);
		print_value(value);
		comma = true;
	}
	json_decref(o);
}

void actions_print(const struct journal_action *a)
{
	char when[CLOCK_TEXT_SIZE];
	printf("%s  %s%.*s%s by ", clock_local_text(a->at_us, when), term_style(stdout, TERM_BOLD), (int)a->kind.n,
	       a->kind.p, term_style(stdout, TERM_PLAIN));
	term_put_safe(stdout, a->who);
	fputs(": ", stdout);
	print_detail(a->detail);
	printf(" (%" PRId64 ")\n", a->at_us);
}

void actions_put(struct json_writer *j, const struct journal_action *a)
{
	char when[WHEN_SIZE];
	json_t *o = parsed(a->detail);
	jsonw_object(j, NULL);
	jsonw_i64(j, "number", a->at_us);
	jsonw_text(j, "at", when_utc(a->at_us, when));
	jsonw_view(j, "kind", a->kind);
	jsonw_view(j, "who", a->who);
	if (o)
		jsonw_raw(j, "detail", a->detail);
	else
		jsonw_view(j, "detail", a->detail);
	jsonw_object_end(j);
	json_decref(o);
}

int actions_is_as_new(void *arg, const struct journal_action *a)
{
	json_t *o = parsed(a->detail);
	*(bool *)arg = json_is_true(json_object_get(o, "as_new"));
	json_decref(o);
	return 0;
}

int64_t actions_copy(struct aff_view detail)
{
	static const char word[] = "copy ";
	uint64_t id;
	const char *colon = detail.n > sizeof word ? memchr(detail.p, ':', detail.n) : NULL;
	if (!colon || memcmp(detail.p, word, sizeof word - 1) != 0 ||
	    number_u64(aff_view(detail.p + sizeof word - 1, (size_t)(colon - detail.p) - (sizeof word - 1)), INT64_MAX,
		       &id))
		return 0;
	return (int64_t)id;
}

void actions_keep(struct actions_kept *k, int64_t at_us)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at_us[i] == at_us)
			return;
	if (at_us && k->n < ACTIONS_KEPT)
		k->at_us[k->n++] = at_us;
}

struct wanted {
	int64_t at_us;
	journal_action_fn *fn;
	void *arg;
};

static int take(void *arg, const struct journal_action *a)
{
	const struct wanted *w = arg;
	return a->at_us == w->at_us ? w->fn(w->arg, a) : 0;
}

int actions_each(const struct actions_kept *k, struct journal_reader *r, journal_action_fn *fn, void *arg,
		 struct aff_diag *diag)
{
	int rc = 0;
	for (size_t i = 0; i < k->n && rc >= 0; i++) {
		struct wanted w = {k->at_us[i], fn, arg};
		rc = k->at_us[i] < INT64_MAX ? journal_read_actions(r, k->at_us[i] + 1, 1, take, &w, diag) : 0;
	}
	return rc < 0 ? rc : 0;
}
