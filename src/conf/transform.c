/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps under `transform:`.
 */
#include "conf/reader.h"

struct step_reader {
	struct reader *r;
	struct aff_rules *rules;
	const struct fields *f;
	struct aff_step step;   /* what all steps made from this entry share; its `when` is not set */
};

static bool is_segment_id(struct aff_view v)
{
	bool good = v.n == 3 && v.p[0] >= 'A' && v.p[0] <= 'Z';
	for (size_t i = 1; good && i < v.n; i++)
		good = (v.p[i] >= 'A' && v.p[i] <= 'Z') || (v.p[i] >= '0' && v.p[i] <= '9');
	return good;
}

static void read_for(struct reader *r, const struct fields *f, struct aff_step *step)
{
	const struct node *n = f->value[KEY_STEP_for];
	char word[SHOWN_SIZE];
	if (!n)
		return;
	if (is_segment_id(n->text))
		memcpy(step->for_each, n->text.p, n->text.n);
	else
		report_error(&r->report, n->at, "write OBX, PID or another segment id", "'%s' is no segment id",
		             shown(word, n->text));
}

/* Reads a path that names at least a field. */
static bool read_path(struct reader *r, const struct node *n, struct aff_path *out)
{
	struct aff_diag diag = {0};
	int rc = aff_path_parse(out, n->text, &diag);
	if (rc) {
		report_diag(&r->report, node_place(n, diag.column ? diag.column - 1 : 0), &diag);
		return false;
	}
	if (!out->field)
		report_error(&r->report, n->at, "write OBX-3 or PID-5.1",
		             "this names a segment where a field is needed");
	return out->field != 0;
}

/* Adds the step with a condition of its own. `when` and `for` with mistakes were reported by read_step, and nothing
 * is added then. at: the node that is to blame; value: the template that a column counts in. */
static void add_step(struct step_reader *s, const struct node *at, const struct node *value)
{
	struct reader *r = s->r;
	struct aff_diag diag = {0};
	const struct node *when = s->f->value[KEY_STEP_when];
	s->step.when = NULL;
	if (s->f->meant[KEY_STEP_for] && !s->step.for_each[0])
		return;
	int rc = when ? aff_expr_compile(&s->step.when, when->text, NULL) : 0;
	if (rc) {
		r->report.error = rc == AFF_ENOMEM ? rc : r->report.error;
		return;
	}
	rc = aff_rules_add(s->rules, &s->step, &diag);
	if (!rc)
		return;
	aff_expr_free(s->step.when);
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	else
		report_diag(&r->report, value && diag.column ? node_place(value, diag.column - 1) : at->at, &diag);
}

static void read_drop(struct step_reader *s, const struct node *n)
{
	bool message = get_word(s->r, s->f, KEY_STEP_drop) == 1;
	s->step.kind = message ? AFF_STEP_DROP_MESSAGE : AFF_STEP_DROP_SEGMENT;
	if (message && !s->f->meant[KEY_STEP_when])
		report_warning(&s->r->report, n->at, "add 'when'", "this drops every message");
	add_step(s, n, NULL);
}

static void read_translate(struct step_reader *s, const struct node *path)
{
	static const enum aff_unknown unknown[] = {AFF_UNKNOWN_KEEP, AFF_UNKNOWN_DROP, AFF_UNKNOWN_REJECT};
	const struct node *with = s->f->value[KEY_STEP_with];
	s->step.kind = AFF_STEP_TRANSLATE;
	s->step.unknown = unknown[get_word(s->r, s->f, KEY_STEP_unknown)];
	bool good = read_path(s->r, path, &s->step.path);
	if (!s->f->meant[KEY_STEP_with])
		report_error(&s->r->report, path->at, "add 'with: ' and the name of a table",
		             "'translate' needs 'with'");
	s->step.table = with ? use_table(s->r, with) : NULL;
	if (good && s->step.table)
		add_step(s, path, NULL);
}

static bool same_path(const struct aff_path *a, const struct aff_path *b)
{
	if (a->group_count != b->group_count ||
	    memcmp(a->groups, b->groups, a->group_count * sizeof a->groups[0]) != 0)
		return false;
	return !strcmp(a->segment, b->segment) && a->occurrence == b->occurrence && a->field == b->field &&
	       a->repetition == b->repetition && a->component == b->component && a->subcomponent == b->subcomponent;
}

static void check_duplicate(struct reader *r, const struct node *map, const struct node *name,
                            const struct aff_path *path)
{
	for (const struct node *n = map->first; n != name; n = n->next->next) {
		struct aff_path other;
		if (n->kind == NODE_SCALAR && !aff_path_parse(&other, n->text, NULL) && same_path(&other, path)) {
			report_error(&r->report, name->at, "leave one of them out",
			             "this field is set in line %u already", n->at.line);
			return;
		}
	}
}

static bool is_path_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-.[]_/", c));
}

/* Whether the condition reads the field that a path names. */
static bool reads_field(struct aff_view condition, const struct aff_path *path)
{
	for (size_t from = 0, to; from < condition.n; from = to + 1) {
		struct aff_path read;
		for (to = from; to < condition.n && is_path_character(condition.p[to]);)
			to++;
		if (to - from > 3 && !aff_path_parse(&read, aff_view(condition.p + from, to - from), NULL) &&
		    !strcmp(read.segment, path->segment) && read.field == path->field)
			return true;
	}
	return false;
}

/* Each line of `set` asks the condition for itself: no line but the last may change what it reads. */
static void check_own_condition(struct step_reader *s, const struct node *name, const struct aff_path *path)
{
	const struct node *when = s->f->value[KEY_STEP_when];
	if (when && name->next->next && reads_field(when->text, path))
		report_error(&s->r->report, name->at, "set it last",
		             "'when' reads this field, and the lines below would find it changed");
}

#define MAX_SETS 200

static void read_set(struct step_reader *s, const struct node *map)
{
	struct reader *r = s->r;
	s->step.kind = AFF_STEP_SET;
	if (!map->count || map->count / 2 > MAX_SETS) {
		report_error(&r->report, map->at, NULL, "'set' takes 1 to %d fields", MAX_SETS);
		return;
	}
	for (const struct node *name = map->first; name; name = name->next->next) {
		const struct node *value = name->next;
		if (name->kind != NODE_SCALAR || !read_path(r, name, &s->step.path))
			continue;
		check_duplicate(r, map, name, &s->step.path);
		check_own_condition(s, name, &s->step.path);
		if (value->kind != NODE_SCALAR) {
			report_error(&r->report, value->at, "quote a text that starts with {: \"{PV1-3.4}\"",
			             "'set' takes a text for each field");
			continue;
		}
		s->step.value = value->text;
		add_step(s, name, value);
	}
}

static void read_suspect(struct step_reader *s, const struct node *n)
{
	static const enum aff_suspect how[] = {AFF_SUSPECT_DROP_VALUE, AFF_SUSPECT_DROP_SEGMENT, AFF_SUSPECT_FLAG};
	const struct node *list = s->f->value[KEY_STEP_rules];
	unsigned words = list ? get_words(s->r, s->f, KEY_STEP_rules) : 0;
	char word[WORD_SIZE];
	bool later;
	s->step.kind = AFF_STEP_SUSPECT;
	s->step.suspect = how[get_word(s->r, s->f, KEY_STEP_suspect)];
	if (list && !list->count)
		report_error(&s->r->report, list->at, "leave 'rules' out to mean all",
		             "the list is empty: nothing would be suspect");
	for (unsigned i = 0; word_at(&conf_keys[KEY_STEP_rules], i, word, &later); i++)
		if (words & 1u << i)
			s->step.suspects |= aff_suspect_kind(aff_view_of(word));
	add_step(s, n, NULL);
}

static void check_companions(struct reader *r, const struct fields *f)
{
	static const struct {
		enum key_id key, with;
	} companions[] = {{KEY_STEP_with, KEY_STEP_translate},
	                  {KEY_STEP_unknown, KEY_STEP_translate},
	                  {KEY_STEP_rules, KEY_STEP_suspect}};
	for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
		if (f->value[companions[i].key] && !f->meant[companions[i].with])
			report_error(&r->report, f->value[companions[i].key]->at, NULL, "'%s' goes with '%s' only",
			             conf_keys[companions[i].key].name, conf_keys[companions[i].with].name);
}

/* One entry does one thing. */
static bool check_action(struct reader *r, const struct fields *f)
{
	static const enum key_id actions[] = {KEY_STEP_drop, KEY_STEP_translate, KEY_STEP_units, KEY_STEP_suspect,
	                                       KEY_STEP_set};
	enum key_id first = KEY_COUNT;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		if (!f->meant[actions[i]])
			continue;
		if (first != KEY_COUNT)
			report_error(&r->report, f->at, "make them two steps",
			             "a step does one thing, this one has '%s' and '%s'", conf_keys[first].name,
			             conf_keys[actions[i]].name);
		first = actions[i];
	}
	if (first == KEY_COUNT)
		report_error(&r->report, f->at, "add one of drop, translate, units, suspect, set",
		             "the step does nothing");
	return first != KEY_COUNT;
}

static void read_step(struct reader *r, struct aff_rules *rules, const struct node *entry)
{
	struct fields f;
	if (!fields_read(r, &f, SECTION_STEP, entry))
		return;
	struct step_reader s = {r, rules, &f, {.line = entry->at.line, .value = aff_view("", 0)}};
	read_for(r, &f, &s.step);
	aff_expr_free(get_condition(r, &f, KEY_STEP_when));
	check_companions(r, &f);
	if (!check_action(r, &f))
		return;
	const struct node *drop = f.value[KEY_STEP_drop], *translate = f.value[KEY_STEP_translate];
	const struct node *units = f.value[KEY_STEP_units], *set = f.value[KEY_STEP_set];
	const struct node *suspect = f.value[KEY_STEP_suspect];
	if (drop)
		read_drop(&s, drop);
	if (translate)
		read_translate(&s, translate);
	if (units) {
		get_word(r, &f, KEY_STEP_units);
		s.step.kind = AFF_STEP_UNITS;
		add_step(&s, units, NULL);
	}
	if (suspect)
		read_suspect(&s, suspect);
	if (set)
		read_set(&s, set);
}

#define MAX_STEPS 1000

struct aff_rules *read_transform(struct reader *r, const struct node *list)
{
	struct aff_rules *rules = NULL;
	if (!list->count || list->count > MAX_STEPS) {
		report_error(&r->report, list->at, NULL, "'transform' takes 1 to %d steps", MAX_STEPS);
		return NULL;
	}
	if (aff_rules_new(&rules)) {
		r->report.error = AFF_ENOMEM;
		return NULL;
	}
	for (const struct node *entry = list->first; entry; entry = entry->next)
		read_step(r, rules, entry);
	return rules;
}
