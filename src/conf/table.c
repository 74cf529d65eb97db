/* SPDX-License-Identifier: Apache-2.0
 *
 * mappings/<name>.yaml, rows inline or in a .csv beside it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conf/table.h"

enum { LISTS_MAX = 1 << 16 };

/* ---- rows in YAML ---- */

/* A list as one item a line. */
static void take_list(struct table_reader *t, struct row_text *row, unsigned column, const struct node *list)
{
	size_t start = t->lists.n;
	for (const struct node *n = list->first; n; n = n->next) {
		bool broken = n->kind != NODE_SCALAR || !n->text.n || memchr(n->text.p, '\n', n->text.n);
		if (broken) {
			report_error(&t->r->report, n->at, "quote a word: \"---\"",
			             "'%s' takes a list of numbers and words", column_name(column));
			continue;
		}
		if (n != list->first)
			aff_buf_put_char(&t->lists, '\n');
		aff_buf_put_view(&t->lists, n->text);
	}
	if (!list->count)
		report_error(&t->r->report, list->at, "leave the key out", "the list '%s' is empty",
		             column_name(column));
	/* Its place is told again when the buffer no longer moves. */
	row->text[column] = aff_view(NULL, t->lists.n - start);
}

static void point_to_lists(const struct table_reader *t, struct row_text *row)
{
	size_t at = 0;
	for (unsigned k = 0; k < COLUMNS; k++) {
		if (row->text[k].p)
			continue;
		row->text[k].p = row->text[k].n ? t->lists.p + at : "";
		at += row->text[k].n;
	}
}

static void read_row(struct table_reader *t, const struct node *from, const struct node *map)
{
	struct reader *r = t->r;
	struct fields f;
	struct row_text row;
	if (!fields_read(r, &f, SECTION_ROW, map))
		return;
	aff_buf_clear(&t->lists);
	row.text[COLUMN_FROM] = from->text;
	row.at[COLUMN_FROM] = from->at;
	for (unsigned k = 1; k < COLUMNS; k++) {
		const struct node *n = f.value[(unsigned)KEY_ROW_from_system + k - 1];
		row.text[k] = n ? n->text : aff_view("", 0);
		row.at[k] = n ? n->at : from->at;
		if (n && n->kind == NODE_LIST)
			take_list(t, &row, k, n);
		else if (n && node_is_empty(n))
			row.text[k] = aff_view("", 0);
	}
	point_to_lists(t, &row);
	if (t->lists.error)
		report_error(&r->report, from->at, "64 KiB are enough for a row", "the lists of this row are too long");
	else
		table_add_row(t, &row);
}

static void read_row_list(struct table_reader *t, const struct node *from, const struct node *list)
{
	if (!list->first)
		report_error(&t->r->report, list->at, "write a row, or leave the code out", "the list has no row");
	for (const struct node *row = list->first; row; row = row->next)
		read_row(t, from, row);
}

static void read_rows(struct table_reader *t, const struct node *rows)
{
	struct reader *r = t->r;
	char code[SHOWN_SIZE];
	for (const struct node *from = rows->first; from && !r->report.error; from = from->next->next) {
		if (from->kind != NODE_SCALAR)
			continue;
		const struct aff_table_row *there = aff_table_find(t->table, from->text);
		if (there)
			report_error(&r->report, from->at, "keep one of them, or write both as a list: [{...}, {...}]",
			             "the code '%s' stands in line %u already", shown(code, from->text), there->line);
		else if (from->next->kind == NODE_LIST)
			read_row_list(t, from, from->next);
		else
			read_row(t, from, from->next);
	}
}

/* ---- rows in a .csv ---- */

static bool is_csv(struct aff_view name)
{
	return name.n > 4 && !memcmp(name.p + name.n - 4, ".csv", 4);
}

/* Reads the .csv that `rows` names, which lies in the table's own folder. */
static void read_csv_file(struct table_reader *t, const struct node *rows)
{
	struct reader *r = t->r;
	const char *yaml = r->report.file, *slash = strrchr(yaml, '/');
	size_t folder = slash ? (size_t)(slash - yaml) + 1 : 0;
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = rows->text};
	for (size_t i = 0; i < r->files->count; i++) {
		const struct conf_file *file = &r->files->items[i];
		if (strncmp(file->name, yaml, folder) || !is_csv(aff_view_of(file->name)))
			continue;
		if (aff_view_is(rows->text, file->name + folder)) {
			r->report.file = t->rows_file = file->name;
			table_read_csv(t, file->bytes);
			r->report.file = yaml;
			return;
		}
		nearest_offer(&near, file->name + folder);
	}
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, rows->at, proposal ? proposal : "name a .csv file of the same folder",
	             "there is no file '%s' beside this one", shown(word, rows->text));
}

/* ---- what codes become that no row takes ---- */

/* The word's index plus 1. */
static unsigned default_word(struct reader *r, const struct node *n)
{
	static const char *const words[] = {"keep", "drop", "reject"};
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = n->text};
	for (unsigned i = 0; i < 3; i++) {
		if (aff_view_is(n->text, words[i]))
			return i + 1;
		nearest_offer(&near, words[i]);
	}
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, n->at, proposal ? proposal : "write keep, drop, reject, or a row such as {code: 0}",
	             "'default' cannot be '%s'", shown(word, n->text));
	return 0;
}

/* A row for all codes, which is what `*` means. Returns the word's index plus 1 where it is a word. */
static unsigned read_default(struct table_reader *t, const struct node *n)
{
	struct node any = {.kind = NODE_SCALAR, .at = n->at, .text = aff_view_of("*")};
	const struct aff_table_row *there = aff_table_find(t->table, any.text);
	while (there && (there->from_system.n || there->from_name.n || there->from_unit.n || there->within.n))
		there = NULL;
	if (there) {
		report_warning(&t->r->report, n->at, "leave one of them out",
		               "'default' is never reached: the row '*' in %s line %u takes every code",
		               t->rows_file, there->line);
		return 0;
	}
	if (n->kind != NODE_MAP)
		return default_word(t->r, n);
	for (const struct node *key = n->first; key; key = key->next->next)
		if (key->kind == NODE_SCALAR && (aff_view_is(key->text, "within") ||
						 (key->text.n > 5 && !memcmp(key->text.p, "from_", 5)))) {
			report_error(&t->r->report, key->at, "write a row '*' with it",
			             "'default' is for every code and asks for nothing");
			return 0;
		}
	read_row(t, &any, n);
	return 0;
}

/* ---- the table ---- */

static struct aff_view read_system(struct reader *r, const struct node *map)
{
	struct fields f;
	return fields_read(r, &f, SECTION_SYSTEM, map) ? get_view(&f, KEY_SYSTEM_system) : aff_view("", 0);
}

/* A table without a usable name goes by its file's. */
static char *table_name(struct reader *r, const struct fields *f)
{
	char *name = f ? get_name(r, f, KEY_TABLE_mapping) : NULL;
	const char *slash = strrchr(r->report.file, '/');
	const char *stem = slash ? slash + 1 : r->report.file;
	return name ? name : keep_text(r, aff_view(stem, strcspn(stem, ".")));
}

static const struct known_table *table_by_name(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->ntables; i++)
		if (!strcmp(r->tables[i].name, name))
			return &r->tables[i];
	return NULL;
}

static struct aff_table *build(struct reader *r, struct known_table *known, const struct fields *f)
{
	struct table_reader t = {.r = r, .rows_file = r->report.file};
	const struct node *rows = f->value[KEY_TABLE_rows], *others = f->value[KEY_TABLE_default];
	struct aff_view from = read_system(r, f->value[KEY_TABLE_from]), to = read_system(r, f->value[KEY_TABLE_to]);
	known->library = get_word(r, f, KEY_TABLE_library) == 1;
	t.both_ways = get_word(r, f, KEY_TABLE_bidirectional) == 1;
	aff_buf_init(&t.lists, LISTS_MAX);
	if (aff_table_new(&t.table, known->name, from, to)) {
		r->report.error = AFF_ENOMEM;
		return NULL;
	}
	if (rows && rows->kind == NODE_MAP)
		read_rows(&t, rows);
	else if (rows)
		read_csv_file(&t, rows);
	if (others)
		known->unknown = read_default(&t, others);
	table_finish(&t);
	aff_buf_free(&t.lists);
	return t.table;
}

void read_table(struct reader *r, const struct node *root)
{
	struct fields f;
	size_t errors = r->report.findings->errors;
	bool map = root && !in_wrong_folder(r, root, SECTION_TABLE) && fields_read(r, &f, SECTION_TABLE, root);
	struct place start = {1, 1}, at = map && f.value[KEY_TABLE_mapping] ? f.value[KEY_TABLE_mapping]->at : start;
	struct known_table known = {.name = table_name(r, map ? &f : NULL), .file = r->report.file, .at = at};
	if (!known.name)
		return;
	const struct known_table *other = table_by_name(r, known.name);
	if (other) {
		report_error(&r->report, at, "give one of them another name", "the table '%s' is in %s too", known.name,
		             other->file);
		free(known.name);
		return;
	}
	struct aff_table *t = map ? build(r, &known, &f) : NULL;
	if (t)
		r->conf->tables[r->conf->ntables++] = t;
	known.table = t && !root->cut && r->report.findings->errors == errors ? t : NULL;
	r->tables[r->ntables++] = known;
}

/* Whether text is a table's file, with or without its folder, or its name with the ending of a file. */
static bool names_file(struct aff_view text, const struct known_table *t)
{
	static const char folder[] = "mappings/", ending[] = ".yaml";
	size_t n = strlen(folder), m = strlen(ending);
	if (aff_view_is(text, t->file) || (strlen(t->file) > n && aff_view_is(text, t->file + n)))
		return true;
	return text.n > m && !memcmp(text.p + text.n - m, ending, m) &&
	       aff_view_is(aff_view(text.p, text.n - m), t->name);
}

const struct known_table *use_table(struct reader *r, const struct node *name)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = name->text};
	for (size_t i = 0; i < r->ntables; i++) {
		if (aff_view_is(name->text, r->tables[i].name)) {
			r->tables[i].used = true;
			return &r->tables[i];
		}
		nearest_offer(&near, r->tables[i].name);
	}
	if (r->unreadable_table && !near.best)
		return NULL;
	const char *proposal = did_you_mean(hint, &near);
	for (size_t i = 0; i < r->ntables; i++) {
		if (names_file(name->text, &r->tables[i])) {
			snprintf(hint, sizeof hint, "write its name, '%s'", r->tables[i].name);
			proposal = hint;
		}
	}
	report_error(&r->report, name->at, proposal ? proposal : "tables are files in mappings/",
	             "there is no table '%s'", shown(word, name->text));
	return NULL;
}
