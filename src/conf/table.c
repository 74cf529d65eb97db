/* SPDX-License-Identifier: Apache-2.0
 *
 * mappings/<name>.yaml, rows inline or in a .csv beside it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <afferent/nomenclature.h>
#include <afferent/unit.h>

#include "conf/csv.h"
#include "conf/reader.h"

/* Where a row's texts stand, for findings about them. */
struct row_places {
	struct place from, name, unit;
};

/* Codes that the built-in nomenclature knows under another name, and units that nobody can convert to. */
static void check_row(struct reader *r, const struct aff_table *t, const struct aff_table_row *row,
                      const struct row_places *at)
{
	char a[SHOWN_SIZE], b[SHOWN_SIZE];
	const struct aff_term *term =
	    row->name.n && aff_view_is(aff_table_to_system(t), "MDC") ? aff_term_by_code(row->code) : NULL;
	if (term && term->refid[0] && !aff_view_is(row->name, term->refid))
		report_warning(&r->report, at->name, NULL, "code %s is %s, not %s", shown(a, row->code), term->refid,
		               shown(b, row->name));
	if (row->unit.n && !aff_unit_by_ucum(row->unit))
		report_warning(&r->report, at->unit, "values cannot be converted to it", "the unit '%s' is not known",
		               shown(a, row->unit));
}

static void add_row(struct reader *r, struct aff_table *t, const struct aff_table_row *row, const struct row_places *at)
{
	unsigned existing = 0;
	char code[SHOWN_SIZE];
	int rc = aff_table_add(t, row, &existing);
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	else if (rc == AFF_ETABLE)
		report_error(&r->report, at->from, "keep one of them", "the code '%s' stands in line %u already",
		             shown(code, row->from), existing);
	else if (rc)
		report_error(&r->report, at->from, "write the code, or leave the row out",
		             "the code that arrives is empty");
	else
		check_row(r, t, row, at);
}

static struct place place_or(const struct node *n, struct place fallback)
{
	return n ? n->at : fallback;
}

static void read_rows(struct reader *r, struct aff_table *t, const struct node *rows)
{
	for (const struct node *from = rows->first; from && !r->report.error; from = from->next->next) {
		struct fields f;
		if (from->kind != NODE_SCALAR || !fields_read(r, &f, SECTION_ROW, from->next))
			continue;
		struct aff_table_row row = {
		    .from = from->text,
		    .from_name = get_view(&f, KEY_ROW_from_name),
		    .code = get_view(&f, KEY_ROW_code),
		    .name = get_view(&f, KEY_ROW_name),
		    .loinc = get_view(&f, KEY_ROW_loinc),
		    .loinc_name = get_view(&f, KEY_ROW_loinc_name),
		    .unit = get_view(&f, KEY_ROW_unit),
		    .line = from->at.line};
		struct row_places at = {from->at, place_or(f.value[KEY_ROW_name], from->at),
		                        place_or(f.value[KEY_ROW_unit], from->at)};
		add_row(r, t, &row, &at);
	}
}

/* ---- the same from a .csv ---- */

enum column { COLUMN_FROM, COLUMN_FROM_NAME, COLUMN_CODE, COLUMN_NAME, COLUMN_LOINC, COLUMN_LOINC_NAME, COLUMN_UNIT,
             COLUMNS };
#define ABSENT CSV_MAX_FIELDS

static bool read_header(struct reader *r, const struct csv *c, size_t index[COLUMNS])
{
	static const char *const names[COLUMNS] = {"from", "from_name", "code", "name", "loinc", "loinc_name", "unit"};
	bool good = true;
	for (int k = 0; k < COLUMNS; k++) {
		index[k] = ABSENT;
		for (size_t i = 0; i < c->count; i++) {
			if (!aff_view_is(csv_field(c, i), names[k]))
				continue;
			if (index[k] != ABSENT) {
				report_error(&r->report, c->place[i], "keep one of them",
				             "the column '%s' stands there twice",
				             names[k]);
				good = false;
			}
			index[k] = i;
		}
	}
	if (index[COLUMN_FROM] == ABSENT || index[COLUMN_CODE] == ABSENT) {
		struct aff_view line = csv_field(c, 0);
		bool other = c->count == 1 && (memchr(line.p, ';', line.n) || memchr(line.p, '\t', line.n));
		report_error(&r->report, c->place[0],
		             other ? "separate the columns by commas, not by semicolons or tabs"
		                   : "the first line names the columns: from, code, name, loinc, unit",
		             "the column '%s' is missing", index[COLUMN_FROM] == ABSENT ? "from" : "code");
		good = false;
	}
	return good;
}

static struct aff_view column_text(const struct csv *c, const size_t index[COLUMNS], enum column k)
{
	return index[k] == ABSENT ? aff_view("", 0) : csv_field(c, index[k]);
}

static struct place column_place(const struct csv *c, const size_t index[COLUMNS], enum column k)
{
	return c->place[index[k] == ABSENT ? index[COLUMN_FROM] : index[k]];
}

static void add_record(struct reader *r, struct aff_table *t, const struct csv *c, const size_t index[COLUMNS])
{
	struct aff_table_row row = {
	    .from = column_text(c, index, COLUMN_FROM),
	    .from_name = column_text(c, index, COLUMN_FROM_NAME),
	    .code = column_text(c, index, COLUMN_CODE),
	    .name = column_text(c, index, COLUMN_NAME),
	    .loinc = column_text(c, index, COLUMN_LOINC),
	    .loinc_name = column_text(c, index, COLUMN_LOINC_NAME),
	    .unit = column_text(c, index, COLUMN_UNIT),
	    .line = c->place[0].line};
	struct row_places at = {column_place(c, index, COLUMN_FROM), column_place(c, index, COLUMN_NAME),
	                        column_place(c, index, COLUMN_UNIT)};
	add_row(r, t, &row, &at);
}

static void read_csv(struct reader *r, struct aff_table *t, struct aff_view bytes)
{
	struct csv c;
	size_t index[COLUMNS], columns = 0;
	const char *fault = NULL;
	int rc;
	csv_begin(&c, bytes);
	while ((rc = csv_next(&c, &fault)) > 0 && !r->report.error) {
		if (!columns) {
			columns = c.count;
			if (!read_header(r, &c, index))
				break;
		} else if (c.count != columns) {
			report_error(&r->report, c.place[0], "quote a field that holds a comma; keep empty fields",
			             "the line has %zu fields, the first line has %zu", c.count, columns);
		} else {
			add_record(r, t, &c, index);
		}
	}
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	else if (rc < 0)
		report_error(&r->report, c.at, "quote a field with \"...\", and write a quote inside it twice", "%s",
		             fault);
	else if (!columns)
		report_error(&r->report, c.at, "the first line names the columns: from, code, name, loinc, unit",
		             "the file is empty");
	aff_buf_free(&c.text);
}

static bool is_csv(struct aff_view name)
{
	return name.n > 4 && !memcmp(name.p + name.n - 4, ".csv", 4);
}

/* Reads the .csv that `rows` names, which lies in the table's own folder. */
static void read_csv_file(struct reader *r, struct aff_table *t, const struct node *rows)
{
	const char *yaml = r->report.file, *slash = strrchr(yaml, '/');
	size_t folder = slash ? (size_t)(slash - yaml) + 1 : 0;
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = rows->text};
	for (size_t i = 0; i < r->files->count; i++) {
		const struct conf_file *file = &r->files->items[i];
		if (strncmp(file->name, yaml, folder) || !is_csv(aff_view_of(file->name)))
			continue;
		if (aff_view_is(rows->text, file->name + folder)) {
			r->report.file = file->name;
			read_csv(r, t, file->bytes);
			r->report.file = yaml;
			return;
		}
		nearest_offer(&near, file->name + folder);
	}
	const char *proposal = did_you_mean(hint, &near);
	report_error(&r->report, rows->at, proposal ? proposal : "name a .csv file of the same folder",
	             "there is no file '%s' beside this one", shown(word, rows->text));
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

static struct aff_table *build(struct reader *r, const char *name, const struct fields *f)
{
	struct aff_table *t = NULL;
	const struct node *rows = f->value[KEY_TABLE_rows];
	struct aff_view from = read_system(r, f->value[KEY_TABLE_from]), to = read_system(r, f->value[KEY_TABLE_to]);
	if (aff_table_new(&t, name, from, to)) {
		r->report.error = AFF_ENOMEM;
		return NULL;
	}
	if (rows && rows->kind == NODE_MAP)
		read_rows(r, t, rows);
	else if (rows)
		read_csv_file(r, t, rows);
	return t;
}

void read_table(struct reader *r, const struct node *root)
{
	struct fields f;
	size_t errors = r->report.findings->errors;
	bool map = root && !in_wrong_folder(r, root, SECTION_TABLE) && fields_read(r, &f, SECTION_TABLE, root);
	struct place start = {1, 1}, at = map && f.value[KEY_TABLE_mapping] ? f.value[KEY_TABLE_mapping]->at : start;
	char *name = table_name(r, map ? &f : NULL);
	if (!name)
		return;
	const struct known_table *other = table_by_name(r, name);
	if (other) {
		report_error(&r->report, at, "give one of them another name", "the table '%s' is in %s too", name,
		             other->file);
		free(name);
		return;
	}
	struct aff_table *t = map ? build(r, name, &f) : NULL;
	if (t)
		r->conf->tables[r->conf->ntables++] = t;
	bool good = t && !root->cut && r->report.findings->errors == errors;
	r->tables[r->ntables++] = (struct known_table){name, good ? t : NULL, r->report.file, at, false};
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

const struct aff_table *use_table(struct reader *r, const struct node *name)
{
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = name->text};
	for (size_t i = 0; i < r->ntables; i++) {
		if (aff_view_is(name->text, r->tables[i].name)) {
			r->tables[i].used = true;
			return r->tables[i].table;
		}
		nearest_offer(&near, r->tables[i].name);
	}
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
