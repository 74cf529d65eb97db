/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages for people and scripts.
 */
#include "cli/message.h"

#include <stdio.h>

#include <afferent/schema.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/term.h"

#define VALUE_MAX (64u << 20)

int message_check_charset(const char *name)
{
	struct aff_diag diag = {0};
	if (!name || aff_charset_find(aff_view_of(name), &diag))
		return 0;
	return command_error("--charset %s: %s", name, diag.text);
}

int message_parse(struct aff_msg *m, struct aff_charset *c, const char *name, const struct input_message *in,
		  bool lenient)
{
	struct aff_diag diag;
	const struct aff_charset_options options = {.override = name};
	int rc = aff_charset_parse(c, m, in->bytes.p, in->bytes.n, lenient ? AFF_LENIENT_ALL : 0, &options, &diag);
	if (rc) {
		char line[640];
		command_error("%s: %s", in->where, aff_diag_format(&diag, line, sizeof line));
	}
	return rc;
}

struct message_split message_split(struct aff_view text, char delimiter)
{
	struct message_split s = {text, delimiter, false};
	return s;
}

bool message_next(struct message_split *s, struct aff_view *part)
{
	if (s->done)
		return false;
	const char *end = s->delimiter && s->rest.n ? memchr(s->rest.p, s->delimiter, s->rest.n) : NULL;
	if (!end) {
		*part = s->rest;
		s->done = true;
		return true;
	}
	*part = aff_view(s->rest.p, (size_t)(end - s->rest.p));
	s->rest = aff_view(end + 1, s->rest.n - part->n - 1);
	return true;
}

bool message_is_delimiters(const struct aff_msg *m, unsigned segment, unsigned field)
{
	return (field == 1 || field == 2) &&
	       (aff_msg_is(m, segment, "MSH") || aff_msg_is(m, segment, "FHS") || aff_msg_is(m, segment, "BHS"));
}

struct walk {
	message_leaf_fn *fn;
	void *arg;
	struct aff_delims d;
	struct message_leaf leaf;
};

static void give(struct walk *w, struct aff_view raw)
{
	w->leaf.raw = raw;
	if (raw.n)
		w->fn(w->arg, &w->leaf);
}

static void walk_component(struct walk *w, struct aff_view text)
{
	struct message_split s = message_split(text, w->d.subcomponent);
	struct aff_view part;
	bool several = w->d.subcomponent && memchr(text.p, w->d.subcomponent, text.n);
	for (unsigned n = 1; message_next(&s, &part); n++) {
		w->leaf.path.subcomponent = several ? n : 0;
		give(w, part);
	}
}

static void walk_repetition(struct walk *w, struct aff_view text)
{
	struct message_split s = message_split(text, w->d.component);
	struct aff_view part;
	/* A path needs its component where there are subcomponents, even if there is only one. */
	bool several = (w->d.component && memchr(text.p, w->d.component, text.n)) ||
		       (w->d.subcomponent && memchr(text.p, w->d.subcomponent, text.n));
	for (unsigned n = 1; message_next(&s, &part); n++) {
		w->leaf.path.component = several ? n : 0;
		walk_component(w, part);
	}
}

static void walk_field(struct walk *w, struct aff_view text)
{
	struct message_split s = message_split(text, w->d.repetition);
	struct aff_view part;
	for (unsigned n = 1; message_next(&s, &part); n++) {
		w->leaf.path.repetition = n > 1 ? n : 0;
		walk_repetition(w, part);
	}
}

void message_walk(const struct aff_msg *m, message_leaf_fn *fn, void *arg)
{
	struct walk w = {.fn = fn, .arg = arg, .d = aff_msg_delims(m)};
	for (unsigned s = 0; s < aff_msg_segments(m); s++) {
		struct aff_view id = aff_msg_id(m, s);
		unsigned occurrence = aff_msg_occurrence(m, s);
		for (unsigned f = 1; f <= aff_msg_fields(m, s); f++) {
			memset(&w.leaf.path, 0, sizeof w.leaf.path);
			memcpy(w.leaf.path.segment, id.p, id.n < 3 ? id.n : 3);
			w.leaf.path.occurrence = occurrence > 1 ? occurrence : 0;
			w.leaf.path.field = f;
			if (message_is_delimiters(m, s, f))
				give(&w, aff_msg_field(m, s, f));
			else
				walk_field(&w, aff_msg_field(m, s, f));
		}
	}
}

const char *message_field_name(unsigned version, const char *segment, unsigned field)
{
	const struct aff_schema_part *part = aff_schema_field(version, segment, field);
	return part ? part->name : "";
}

static bool is_delimiter(const struct aff_delims *d, char c)
{
	return c && (c == d->field || c == d->component || c == d->repetition || c == d->subcomponent);
}

/* The id stands out, runs of delimiters step back. */
static void print_segment(FILE *f, const struct aff_delims *d, struct aff_view id, struct aff_view text)
{
	const char *dim = term_style(f, TERM_DIM), *plain = term_style(f, TERM_PLAIN);
	fprintf(f, "%s%.*s%s", term_style(f, TERM_CYAN), (int)id.n, id.p, plain);
	size_t i = id.n;
	while (i < text.n) {
		bool delimiters = is_delimiter(d, text.p[i]);
		size_t from = i;
		while (i < text.n && is_delimiter(d, text.p[i]) == delimiters)
			i++;
		fputs(delimiters ? dim : "", f);
		term_put_safe(f, aff_view(text.p + from, i - from));
		fputs(delimiters ? plain : "", f);
	}
	fputc('\n', f);
}

void message_print(FILE *f, const struct aff_msg *m)
{
	struct aff_charset *c = aff_charset_of(m);
	struct aff_delims d = aff_msg_delims(m);
	struct aff_buf utf8;
	aff_buf_init(&utf8, VALUE_MAX);
	for (unsigned s = 0; s < aff_msg_segments(m); s++) {
		struct aff_view segment = aff_msg_segment(m, s);
		if (!aff_charset_is_plain(c)) {
			aff_buf_clear(&utf8);
			aff_charset_field(c, &utf8, segment, &d);
			segment = aff_buf_view(&utf8);
		}
		print_segment(f, &d, aff_msg_id(m, s), segment);
	}
	aff_buf_free(&utf8);
}

struct tree {
	struct aff_charset *charset;
	struct table table;
	struct aff_buf value;
	struct aff_delims d;
	unsigned version;
};

static void tree_line(void *arg, const struct message_leaf *leaf)
{
	struct tree *t = arg;
	char path[64];
	table_cell(&t->table, aff_view_of(aff_path_format(&leaf->path, path, sizeof path)));
	table_cell(&t->table, aff_view_of(message_field_name(t->version, leaf->path.segment, leaf->path.field)));
	aff_buf_clear(&t->value);
	aff_charset_decode(t->charset, &t->value, leaf->raw, &t->d);
	table_cell(&t->table, aff_buf_view(&t->value));
}

int message_print_tree(FILE *f, const struct aff_msg *m)
{
	static const char *const titles[] = {"path", "field", "value"};
	struct tree t = {.charset = aff_charset_of(m), .d = aff_msg_delims(m)};
	t.version = aff_schema_version(aff_msg_get(m, 0, 12, 1, 1, 0));
	table_init(&t.table, titles, 3);
	aff_buf_init(&t.value, VALUE_MAX);
	message_walk(m, tree_line, &t);
	aff_buf_free(&t.value);
	return table_print(&t.table, f);
}

/* How values are written as JSON. */
struct json_values {
	struct json_writer *j;
	struct aff_charset *charset;
	struct aff_buf plain;
};

static void json_plain(struct json_values *v, struct aff_view raw, const struct aff_delims *d)
{
	aff_buf_clear(&v->plain);
	aff_charset_decode(v->charset, &v->plain, raw, d);
	jsonw_view(v->j, NULL, aff_buf_view(&v->plain));
}

static void json_component(struct json_values *v, struct aff_view text, const struct aff_delims *d)
{
	struct message_split s = message_split(text, d->subcomponent);
	struct aff_view part;
	bool several = d->subcomponent && memchr(text.p, d->subcomponent, text.n);
	if (several)
		jsonw_array(v->j, NULL);
	while (message_next(&s, &part))
		json_plain(v, part, d);
	if (several)
		jsonw_array_end(v->j);
}

static void json_field(struct json_values *v, struct aff_view text, const struct aff_delims *d)
{
	struct message_split repetitions = message_split(text, d->repetition);
	struct aff_view repetition, component;
	while (message_next(&repetitions, &repetition)) {
		struct message_split components = message_split(repetition, d->component);
		jsonw_array(v->j, NULL);
		while (message_next(&components, &component))
			json_component(v, component, d);
		jsonw_array_end(v->j);
	}
}

static void json_delimiters(struct json_writer *j, struct aff_view text)
{
	jsonw_array(j, NULL);
	jsonw_view(j, NULL, text);
	jsonw_array_end(j);
}

static void json_segment(struct json_values *v, const struct aff_msg *m, unsigned s)
{
	struct json_writer *j = v->j;
	struct aff_delims d = aff_msg_delims(m);
	jsonw_object(j, NULL);
	jsonw_view(j, "id", aff_msg_id(m, s));
	jsonw_object(j, "fields");
	for (unsigned f = 1; f <= aff_msg_fields(m, s); f++) {
		struct aff_view text = aff_msg_field(m, s, f);
		char name[16];
		if (!text.n)
			continue;
		snprintf(name, sizeof name, "%u", f);
		jsonw_array(j, name);
		if (message_is_delimiters(m, s, f))
			json_delimiters(j, text);
		else
			json_field(v, text, &d);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
	jsonw_object_end(j);
}

void message_put_json(struct json_writer *j, const struct aff_msg *m)
{
	struct json_values v = {.j = j, .charset = aff_charset_of(m)};
	aff_buf_init(&v.plain, VALUE_MAX);
	jsonw_array(j, "segments");
	for (unsigned s = 0; s < aff_msg_segments(m); s++)
		json_segment(&v, m, s);
	jsonw_array_end(j);
	aff_buf_free(&v.plain);
}
