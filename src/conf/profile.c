/* SPDX-License-Identifier: Apache-2.0
 *
 * profiles/<name>.yaml, the short form of a profile: rules about paths. The .xml files beside them are read by the
 * library; here their findings get the folder's name.
 */
#include "conf/profile.h"

#include <afferent/schema.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "conf/reader.h"
#include "profile/profile.h"
#include "sys/file.h"

enum { COUNT_MAX = 1000000, LENGTH_MAX = 100000000, WHY_SIZE = 256 };

/* A rule while it is read: what it owns goes to the profile or is freed. */
struct rule_reader {
	struct reader *r;
	struct aff_profile *p;
	struct fields f;
	struct profile_rule rule;
};

static bool good(struct reader *r, struct place at, int rc)
{
	if (rc == AFF_ELIMIT)
		report_error(&r->report, at, "make it two profiles",
		             "the profile is too large: more than %d rules or %d values",
		             PROFILE_MAX_RULES, PROFILE_MAX_VALUES);
	else if (rc)
		r->report.error = rc;
	return !rc;
}

/* ---- one rule ---- */

static void read_path(struct rule_reader *w, const struct node *n)
{
	struct aff_diag diag = {0};
	struct reader *r = w->r;
	if (!n)
		return;
	if (aff_path_parse(&w->rule.path, n->text, &diag)) {
		report_diag(&r->report, node_place(n, diag.column ? diag.column - 1 : 0), &diag);
		return;
	}
	if (!w->rule.path.field && w->rule.path.occurrence)
		report_error(&r->report, n->at, "say with 'count' how many segments there may be",
		             "one segment of several cannot be asked for by itself");
	const struct node *each = w->f.value[KEY_RULE_for];
	w->rule.each = each != NULL;
	if (each && !aff_view_is(each->text, w->rule.path.segment))
		report_error(&r->report, each->at, "leave 'for' out, or write the id of the path",
		             "'for' names another segment than the path, which is in %s",
		             w->rule.path.segment);
	else if (each && (!w->rule.path.field || w->rule.path.occurrence))
		report_error(&r->report, each->at, "leave it out",
		             "'for' goes with a path to a field of every such segment");
}

/* "2" (exactly, or at most), "1..3", "0..*". */
static bool read_range(struct aff_view v, uint64_t most, bool exactly, unsigned *low, unsigned *high)
{
	const char *dots = v.n > 2 ? memmem(v.p, v.n, "..", 2) : NULL;
	struct aff_view left = dots ? aff_view(v.p, (size_t)(dots - v.p)) : v;
	struct aff_view right = dots ? aff_view(dots + 2, v.n - left.n - 2) : v;
	uint64_t a = 0, b = PROFILE_MANY;
	if ((dots || exactly) && number_u64(left, most, &a))
		return false;
	if (!aff_view_is(right, "*") && number_u64(right, most, &b))
		return false;
	*low = (unsigned)a;
	*high = (unsigned)b;
	return a <= b;
}

static void read_ranges(struct rule_reader *w)
{
	const struct node *count = w->f.value[KEY_RULE_count], *length = w->f.value[KEY_RULE_length];
	struct constraint *is = &w->rule.is;
	unsigned high = 0;
	is->max = PROFILE_MANY;
	if (count && !read_range(count->text, COUNT_MAX, true, &is->min, &is->max))
		report_error(&w->r->report, count->at, NULL, "'count' is written as 2, 1..3 or 0..*");
	if (length && !read_range(length->text, LENGTH_MAX, false, &is->shortest, &high))
		report_error(&w->r->report, length->at, NULL, "'length' is written as 20 or 1..20");
	is->longest = high == PROFILE_MANY ? 0 : high;
	if (length && !is->longest && high != PROFILE_MANY)
		report_error(&w->r->report, length->at, "write usage: X", "'length' leaves no room for a value");
}

static void read_usage(struct rule_reader *w)
{
	static const enum profile_usage usages[] = {USAGE_O, USAGE_R, USAGE_RE, USAGE_X};
	const struct node *n = w->f.value[KEY_RULE_usage];
	struct constraint *is = &w->rule.is;
	is->usage = usages[get_word(w->r, &w->f, KEY_RULE_usage)];
	if (!n && is->min)
		is->usage = USAGE_R;
	else if (n && is->min && is->usage == USAGE_X)
		report_error(&w->r->report, n->at, "leave one of them out",
		             "usage X and a count contradict each other");
}

static void read_values(struct rule_reader *w, const struct node *list)
{
	struct reader *r = w->r;
	if (list && !list->count)
		report_error(&r->report, list->at, "write usage: X if nothing may be there", "the list is empty");
	for (const struct node *n = list ? list->first : NULL; n && !r->report.error; n = n->next) {
		if (n->kind != NODE_SCALAR)
			report_error(&r->report, n->at, "write values: [A, B]", "'values' takes a list of texts");
		else if (!good(r, n->at, profile_add_value(w->p, &w->rule.is, n->text)))
			return;
	}
}

static void read_table_number(struct rule_reader *w, const struct node *n)
{
	if (!n)
		return;
	w->rule.is.table = (unsigned)get_number(w->r, &w->f, KEY_RULE_table);
	if (w->rule.is.table && !aff_schema_table(w->rule.is.table))
		report_error(&w->r->report, n->at, "list them: values: [...]",
		             "the codes of table %u are not known here", w->rule.is.table);
}

static void read_pattern(struct rule_reader *w, const struct node *n)
{
	size_t offset = 0;
	char why[128] = "";
	if (!n)
		return;
	int rc = regex_compile(&w->rule.is.matches, n->text, false, &offset, why, sizeof why);
	if (rc == AFF_ENOMEM)
		w->r->report.error = rc;
	else if (rc)
		report_error(&w->r->report, node_place(n, offset),
		             "a \\ before ( ) [ . * + ? makes it stand for itself",
		             "not a regular expression: %s", why);
}

static void check_use(struct rule_reader *w, struct place at)
{
	static const enum key_id of_values[] = {KEY_RULE_values, KEY_RULE_table, KEY_RULE_matches, KEY_RULE_length,
	                                        KEY_RULE_type};
	const struct fields *f = &w->f;
	bool asks = f->meant[KEY_RULE_usage] || f->meant[KEY_RULE_count];
	for (size_t i = 0; i < sizeof of_values / sizeof of_values[0]; i++) {
		const struct node *n = f->value[of_values[i]];
		asks = asks || f->meant[of_values[i]];
		if (n && w->rule.path.segment[0] && !w->rule.path.field)
			report_error(&w->r->report, n->at, "write a path such as PID-3",
			             "'%s' needs a field; the path names a whole segment",
			             conf_keys[of_values[i]].name);
	}
	if (!asks)
		report_error(&w->r->report, at, "add usage, count, values, table, matches, length or type",
		             "the rule asks for nothing");
}

static void check_id(struct rule_reader *w, const struct node *n)
{
	for (size_t i = 0; i < w->p->nrules; i++) {
		if (w->rule.id[0] && !strcmp(w->p->rules[i].id, w->rule.id))
			report_error(&w->r->report, n->at, "give one of them another id",
			             "the rule in line %u has this id, too", w->p->rules[i].is.line);
	}
}

static void keep_texts(struct rule_reader *w, struct place at)
{
	struct reader *r = w->r;
	char *id = get_name(r, &w->f, KEY_RULE_id);
	w->rule.id = w->rule.why = "";
	if (id)
		good(r, at, profile_text(w->p, aff_view_of(id), &w->rule.id));
	free(id);
	good(r, at, profile_text(w->p, get_view(&w->f, KEY_RULE_why), &w->rule.why));
	if (id)
		check_id(w, w->f.value[KEY_RULE_id]);
}

static void read_rule(struct reader *r, struct aff_profile *p, const struct node *map)
{
	static const enum aff_severity severities[] = {AFF_SEVERITY_ERROR, AFF_SEVERITY_WARNING, AFF_SEVERITY_INFO};
	struct rule_reader w = {.r = r, .p = p};
	if (!fields_read(r, &w.f, SECTION_RULE, map))
		return;
	w.rule.is.line = map->at.line;
	w.rule.is.column = map->at.column;
	keep_texts(&w, map->at);
	read_path(&w, w.f.value[KEY_RULE_path]);
	read_ranges(&w);
	read_usage(&w);
	read_values(&w, w.f.value[KEY_RULE_values]);
	read_table_number(&w, w.f.value[KEY_RULE_table]);
	read_pattern(&w, w.f.value[KEY_RULE_matches]);
	w.rule.severity = severities[get_word(r, &w.f, KEY_RULE_severity)];
	if (w.f.value[KEY_RULE_type]) {
		get_word(r, &w.f, KEY_RULE_type);
		snprintf(w.rule.is.type, sizeof w.rule.is.type, "%.3s", w.f.value[KEY_RULE_type]->text.p);
	}
	w.rule.when = get_condition(r, &w.f, KEY_RULE_when);
	check_use(&w, map->at);
	good(r, map->at, profile_add_rule(p, &w.rule));
}

/* ---- the file ---- */

static void add_message(struct reader *r, struct aff_profile *p, struct place at, struct aff_view v)
{
	struct aff_view any = aff_view("", 0), event = v.n == 7 ? aff_view(v.p + 4, 3) : any;
	good(r, at, profile_add_message(p, v.n > 1 ? aff_view(v.p, 3) : any, event));
}

static void read_message_types(struct reader *r, struct aff_profile *p, const struct node *list)
{
	char word[SHOWN_SIZE];
	struct place start = {1, 1};
	if (!list)
		add_message(r, p, start, aff_view_of("*"));
	else if (!list->count)
		report_error(&r->report, list->at, "leave 'messages' out for all",
		             "the list is empty: nothing is asked");
	for (const struct node *n = list ? list->first : NULL; n; n = n->next) {
		if (n->kind == NODE_SCALAR && is_message_type(n->text))
			add_message(r, p, n->at, n->text);
		else
			report_error(&r->report, n->at, "write ORU^R01, ORU^* or *", "'%s' is no message type",
			             shown(word, n->text));
	}
}

static void read_short_form(struct reader *r, struct aff_profile *p, const struct node *root)
{
	struct fields f;
	if (!fields_read(r, &f, SECTION_PROFILE, root))
		return;
	char *name = get_name(r, &f, KEY_PROFILE_profile);
	if (name)
		good(r, root->at, profile_text(p, aff_view_of(name), &p->name));
	free(name);
	read_message_types(r, p, f.value[KEY_PROFILE_messages]);
	const struct node *rules = f.value[KEY_PROFILE_rules];
	if (rules && !rules->count)
		report_error(&r->report, rules->at, "add a rule, or leave the profile out",
		             "the list is empty: nothing is asked");
	for (const struct node *n = rules ? rules->first : NULL; n && !r->report.error; n = n->next)
		read_rule(r, p, n);
}

/* Reads a profile; NULL when it has mistakes. */
static struct aff_profile *read_yaml(struct reader *r, const char *source, struct aff_view bytes)
{
	struct aff_profile *p = NULL;
	struct tree tree;
	struct place start = {1, 1};
	size_t errors = r->report.findings->errors;
	if (profile_new(&p, source)) {
		r->report.error = AFF_ENOMEM;
		return NULL;
	}
	p->quick = true;
	int rc = tree_read(&tree, bytes, &r->report);
	if (!rc && !tree.root)
		report_error(&r->report, start, "fill it, or remove it", "the file is empty");
	else if (tree.root && !r->report.error)
		read_short_form(r, p, tree.root);
	tree_free(&tree);
	if (r->report.error || r->report.findings->errors > errors) {
		aff_profile_free(p);
		p = NULL;
	}
	return p;
}

static struct aff_profile *read_xml(struct reader *r, const char *source, struct aff_view bytes)
{
	struct aff_profile *p = NULL;
	struct aff_diag_list found;
	aff_diag_list_init(&found, r->report.findings->cap);
	int rc = aff_profile_read_xml(&p, source, bytes, &found);
	for (size_t i = 0; i < found.count; i++)
		report_forward(&r->report, &found.items[i]);
	aff_diag_list_free(&found);
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	return p;
}

static bool ends_with(struct aff_view name, const char *end)
{
	size_t n = strlen(end);
	return name.n > n && !memcmp(name.p + name.n - n, end, n);
}

void read_profile(struct reader *r, const struct conf_file *file)
{
	r->report.file = file->name;
	bool yaml = ends_with(aff_view_of(file->name), ".yaml");
	struct aff_profile *p = (yaml ? read_yaml : read_xml)(r, file->name, file->bytes);
	r->profiles[r->nprofiles++] = (struct known_profile){file->name, p, false};
	if (p)
		r->conf->profiles[r->conf->nprofiles++] = p;
}

bool is_profile_file(const struct node *check)
{
	return memchr(check->text.p, '/', check->text.n) || ends_with(check->text, ".xml") ||
	       ends_with(check->text, ".yaml");
}

const struct aff_profile *use_profile(struct reader *r, const struct node *file)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = file->text};
	for (size_t i = 0; i < r->nprofiles; i++) {
		if (aff_view_is(file->text, r->profiles[i].file)) {
			r->profiles[i].used = true;
			return r->profiles[i].profile;
		}
		nearest_offer(&near, r->profiles[i].file);
	}
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, file->at, proposal ? proposal : "profiles are files in profiles/, .xml or .yaml",
	             "there is no profile '%s'", shown(word, file->text));
	return NULL;
}

int conf_profile_load(struct aff_profile **out, const char *path, struct aff_diag_list *findings)
{
	char root[] = "";
	const struct conf_files none = {.root = root};
	struct reader r = {.report = {.findings = findings, .root = root, .file = path}, .files = &none};
	struct aff_buf bytes;
	struct aff_diag diag;
	*out = NULL;
	aff_buf_init(&bytes, AFF_PROFILE_MAX_BYTES);
	int rc = file_read(path, &bytes, &diag);
	if (rc)
		report_diag(&r.report, (struct place){0, 0}, &diag);
	else
		*out = (ends_with(aff_view_of(path), ".yaml") ? read_yaml : read_xml)(&r, path, aff_buf_view(&bytes));
	aff_buf_free(&bytes);
	return r.report.error ? r.report.error : *out ? 0 : AFF_ECONFIG;
}
