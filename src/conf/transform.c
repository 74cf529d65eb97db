/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps under `transform:`.
 */
#include "conf/transform.h"

#include <stdio.h>

static bool is_segment_id(struct aff_view v)
{
	bool good = v.n == 3 && v.p[0] >= 'A' && v.p[0] <= 'Z';
	for (size_t i = 1; good && i < v.n; i++)
		good = (v.p[i] >= 'A' && v.p[i] <= 'Z') || (v.p[i] >= '0' && v.p[i] <= '9');
	return good;
}

void step_read_segment(struct reader *r, const struct node *n, char id[4])
{
	char word[SHOWN_SIZE];
	memset(id, 0, 4);
	if (n && is_segment_id(n->text))
		memcpy(id, n->text.p, 3);
	else if (n)
		report_error(&r->report, n->at, "write OBX, PID or another segment id", "'%s' is no segment id",
		             shown(word, n->text));
	if (id[0])
		expect_segment(r, n->at, id);
}

bool step_check_count(struct reader *r, const struct node *list, enum key_id key)
{
	enum { PARTS_MAX = 200 };
	bool good = list->count && list->count <= PARTS_MAX;
	if (!good)
		report_error(&r->report, list->at, NULL, "'%s' takes 1 to %d of them", conf_keys[key].name, PARTS_MAX);
	return good;
}

static void read_for(struct reader *r, const struct fields *f, struct aff_step *step)
{
	const struct node *n = f->value[KEY_STEP_for];
	char word[SHOWN_SIZE];
	struct aff_path path = {.field = 0};
	if (!n)
		return;
	bool is_path = !is_segment_id(n->text) && aff_path_parse(&path, n->text, NULL) == 0;
	if (is_path && !path.group_count && !path.occurrence && !path.repetition && !path.component) {
		memcpy(step->for_each, path.segment, sizeof step->for_each);
		step->for_field = path.field;
	} else if (is_path)
		report_error(&r->report, n->at, "choose with 'when'", "'for' takes a segment id or a field, not '%s'",
		             shown(word, n->text));
	else if (is_segment_id(n->text))
		memcpy(step->for_each, n->text.p, n->text.n);
	else
		report_error(&r->report, n->at, "write OBX, PID or another segment id, or a field that repeats: PID-3",
		             "'%s' is no segment id", shown(word, n->text));
	path.field = step->for_field;
	memcpy(path.segment, step->for_each, sizeof path.segment);
	expect_path(r, n->at, &path);
}

bool step_read_path(struct reader *r, const struct node *n, struct aff_path *out)
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
	else
		expect_path(r, n->at, out);
	return out->field != 0;
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

void step_check_condition(struct step_reader *s, const struct node *at, const struct aff_path *path, bool last)
{
	const struct node *when = s->f->value[KEY_STEP_when];
	if (when && !last && reads_field(when->text, path))
		report_error(&s->r->report, at->at, "change it last, or put it under 'steps'",
		             "'when' reads this field, and what stands below would find it changed");
}

int step_try(struct step_reader *s, struct aff_diag *diag)
{
	struct reader *r = s->r;
	const struct node *when = s->f->value[KEY_STEP_when];
	s->step.when = NULL;
	if (s->adrift || (s->f->meant[KEY_STEP_for] && !s->step.for_each[0]))
		return AFF_ENOTFOUND;
	int rc = when ? aff_expr_compile(&s->step.when, when->text, NULL) : 0;
	if (rc) {
		r->report.error = rc == AFF_ENOMEM ? rc : r->report.error;
		return AFF_ENOTFOUND;
	}
	rc = aff_rules_add(s->rules, &s->step, diag);
	s->step.joined |= !rc;
	if (rc)
		aff_expr_free(s->step.when);
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	return rc;
}

void step_add(struct step_reader *s, const struct node *at, const struct node *value)
{
	struct aff_diag diag = {0};
	int rc = step_try(s, &diag);
	if (rc && rc != AFF_ENOMEM && rc != AFF_ENOTFOUND)
		report_diag(&s->r->report, value && diag.column ? node_place(value, diag.column - 1) : at->at, &diag);
}

static void read_drop(struct step_reader *s, const struct node *n)
{
	static const enum aff_step_kind kinds[] = {
		AFF_STEP_DROP_SEGMENT, AFF_STEP_DROP_MESSAGE, AFF_STEP_DROP_REPETITION};
	s->step.kind = kinds[get_word(s->r, s->f, KEY_STEP_drop)];
	if (s->step.kind == AFF_STEP_DROP_MESSAGE && !s->f->meant[KEY_STEP_when])
		report_warning(&s->r->report, n->at, "add 'when'", "this drops every message");
	step_add(s, n, NULL);
}

static const enum aff_suspect suspect_words[] = {
	AFF_SUSPECT_DROP_VALUE, AFF_SUSPECT_DROP_SEGMENT, AFF_SUSPECT_FLAG
};

/* Whether the table can do what the step asks of it. */
static bool check_table(struct step_reader *s, const struct node *path, const struct known_table *known)
{
	struct report *report = &s->r->report;
	const struct node *direction = s->f->value[KEY_STEP_direction];
	char hint[HINT_SIZE];
	if (s->step.back && !aff_table_both_ways(known->table)) {
		snprintf(hint, sizeof hint, "add 'bidirectional: true' to %s", known->file);
		report_error(report, direction->at, hint, "the table '%s' is for one direction", known->name);
		return false;
	}
	if (!s->step.back && aff_table_asks_reading(known->table) && strcmp(s->step.path.segment, "OBX") != 0)
		report_warning(report, path->at, "such rows are for fields of an OBX",
		               "rows of '%s' with from_unit or within are never reached here", known->name);
	return true;
}

static void read_translate(struct step_reader *s, const struct node *path)
{
	static const enum aff_unknown unknown[] = {AFF_UNKNOWN_KEEP, AFF_UNKNOWN_DROP, AFF_UNKNOWN_REJECT};
	const struct node *with = s->f->value[KEY_STEP_with];
	s->step.kind = AFF_STEP_TRANSLATE;
	s->step.unknown = unknown[get_word(s->r, s->f, KEY_STEP_unknown)];
	s->step.back = get_word(s->r, s->f, KEY_STEP_direction) == 1;
	s->step.implausible = suspect_words[get_word(s->r, s->f, KEY_STEP_implausible)];
	bool good = step_read_path(s->r, path, &s->step.path);
	if (!s->f->meant[KEY_STEP_with])
		report_error(&s->r->report, path->at, "add 'with: ' and the name of a table",
		             "'translate' needs 'with'");
	const struct known_table *known = with ? use_table(s->r, with) : NULL;
	if (!good || !known || !known->table || !check_table(s, path, known))
		return;
	s->step.table = known->table;
	if (known->unknown && !s->f->value[KEY_STEP_unknown])
		s->step.unknown = unknown[known->unknown - 1];
	step_add(s, path, NULL);
}

static void read_suspect(struct step_reader *s, const struct node *n)
{
	const struct node *list = s->f->value[KEY_STEP_rules];
	unsigned words = list ? get_words(s->r, s->f, KEY_STEP_rules) : 0;
	char word[WORD_SIZE];
	bool later;
	s->step.kind = AFF_STEP_SUSPECT;
	s->step.suspect = suspect_words[get_word(s->r, s->f, KEY_STEP_suspect)];
	if (list && !list->count)
		report_error(&s->r->report, list->at, "leave 'rules' out to mean all",
		             "the list is empty: nothing would be suspect");
	for (unsigned i = 0; word_at(&conf_keys[KEY_STEP_rules], i, word, &later); i++)
		if (words & 1u << i)
			s->step.suspects |= aff_suspect_kind(aff_view_of(word));
	step_add(s, n, NULL);
}

static void read_units(struct step_reader *s, const struct node *n)
{
	get_word(s->r, s->f, KEY_STEP_units);
	s->step.kind = AFF_STEP_UNITS;
	step_add(s, n, NULL);
}

static void read_steps(struct step_reader *s, const struct node *list);

/* What a step can do, in the order in which a message lists them. */
static const struct action {
	enum key_id key;
	void (*read)(struct step_reader *s, const struct node *value);
} actions[] = {
	{KEY_STEP_drop, read_drop},       {KEY_STEP_translate, read_translate}, {KEY_STEP_units, read_units},
	{KEY_STEP_suspect, read_suspect}, {KEY_STEP_set, read_set},
	{KEY_STEP_copy, read_copy},       {KEY_STEP_move, read_move},           {KEY_STEP_delete, read_delete},
	{KEY_STEP_add, read_add},         {KEY_STEP_renumber, read_renumber},     {KEY_STEP_round, read_round},
	{KEY_STEP_zone, read_zone},       {KEY_STEP_steps, read_steps},
	{KEY_STEP_lua, read_lua},
	{KEY_STEP_order, read_order},
	{KEY_STEP_hash, read_hash},       {KEY_STEP_mask, read_mask},
	{KEY_STEP_deidentify, read_deidentify},
};
enum { ACTIONS = sizeof actions / sizeof actions[0] };

/* Keys that say how an action is done. */
static const struct {
	enum key_id key, with;
} companions[] = {
	{KEY_STEP_with, KEY_STEP_translate}, {KEY_STEP_unknown, KEY_STEP_translate},
	{KEY_STEP_direction, KEY_STEP_translate}, {KEY_STEP_implausible, KEY_STEP_translate},
	{KEY_STEP_rules, KEY_STEP_suspect},
};

static void check_companions(struct reader *r, const struct fields *f)
{
	for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
		if (f->value[companions[i].key] && !f->meant[companions[i].with])
			report_error(&r->report, f->value[companions[i].key]->at,
			             "leave it out, or move it to its step",
			             "'%s' goes with '%s' only",
			             conf_keys[companions[i].key].name, conf_keys[companions[i].with].name);
}

static void report_no_action(struct reader *r, const struct fields *f)
{
	char hint[HINT_SIZE];
	size_t n = (size_t)snprintf(hint, sizeof hint, "add one of ");
	for (size_t i = 0; i < ACTIONS && n < sizeof hint; i++)
		n += (size_t)snprintf(hint + n, sizeof hint - n, "%s%s", i ? ", " : "", conf_keys[actions[i].key].name);
	report_error(&r->report, f->at, hint, "the step does nothing");
}

/* One entry does one thing. */
static bool check_action(struct reader *r, const struct fields *f)
{
	enum key_id first = KEY_COUNT;
	for (size_t i = 0; i < ACTIONS; i++) {
		if (!f->meant[actions[i].key])
			continue;
		if (first != KEY_COUNT)
			report_error(&r->report, f->at, "make them two steps",
			             "a step does one thing, this one has '%s' and '%s'", conf_keys[first].name,
			             conf_keys[actions[i].key].name);
		first = actions[i].key;
	}
	if (first == KEY_COUNT)
		report_no_action(r, f);
	return first != KEY_COUNT;
}

/* A step within `steps` is done for what these are done for. */
static void take_over_for(struct reader *r, const struct fields *f, struct aff_step *step, const struct aff_step *group)
{
	step->inside = step->joined = true;
	if (!group->for_each[0])
		return;
	if (f->value[KEY_STEP_for])
		report_error(&r->report, f->value[KEY_STEP_for]->at, "leave it out here",
		             "'for' stands beside 'steps' already");
	memcpy(step->for_each, group->for_each, sizeof step->for_each);
	step->for_field = group->for_field;
}

/* group: the steps that it stands within; NULL: none. */
static void read_step(struct reader *r, struct aff_rules *rules, const struct node *entry,
                      const struct step_reader *group)
{
	struct fields f;
	if (!fields_read(r, &f, SECTION_STEP, entry))
		return;
	struct step_reader s = {.r = r, .rules = rules, .f = &f,
	                        .step = {.line = entry->at.line, .value = aff_view("", 0)}};
	read_for(r, &f, &s.step);
	if (group)
		take_over_for(r, &f, &s.step, &group->step);
	s.adrift = group && group->adrift;
	aff_expr_free(get_condition(r, &f, KEY_STEP_when));
	check_companions(r, &f);
	if (!check_action(r, &f))
		return;
	for (size_t i = 0; i < ACTIONS; i++)
		if (f.value[actions[i].key])
			actions[i].read(&s, f.value[actions[i].key]);
}

static void read_steps(struct step_reader *s, const struct node *list)
{
	if (s->step.inside) {
		report_error(&s->r->report, list->at, "move them one level up", "'steps' do not stand within 'steps'");
		return;
	}
	if (!step_check_count(s->r, list, KEY_STEP_steps))
		return;
	size_t before = aff_rules_steps(s->rules);
	s->step.kind = AFF_STEP_GROUP;
	step_add(s, list, NULL);
	s->adrift = aff_rules_steps(s->rules) == before;
	for (const struct node *entry = list->first; entry; entry = entry->next)
		read_step(s->r, s->rules, entry, s);
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
		read_step(r, rules, entry, NULL);
	return rules;
}
