/* SPDX-License-Identifier: Apache-2.0
 *
 * The rows of a mapping table from a .csv: its first line names the columns, which are the keys of a row.
 */
#include <stdio.h>

#include "conf/csv.h"
#include "conf/table.h"

#define ABSENT CSV_MAX_FIELDS

static const char columns_hint[] = "the first line names the columns: from, code, name, loinc, unit";

/* Takes one name of the first line; what is no column is the author's own, unless it looks like a slip. */
static void read_name(struct reader *r, const struct csv *c, size_t i, size_t index[COLUMNS])
{
	struct aff_view name = csv_field(c, i);
	char word[SHOWN_SIZE], hint[HINT_SIZE];
	struct nearest near = {.word = name};
	for (unsigned k = 0; k < COLUMNS; k++) {
		if (!aff_view_is(name, column_name(k))) {
			nearest_offer(&near, column_name(k));
			continue;
		}
		if (index[k] != ABSENT)
			report_error(&r->report, c->place[i], "keep one of them",
			             "the column '%s' stands there twice", column_name(k));
		index[k] = i;
		return;
	}
	if (near.best)
		report_error(&r->report, c->place[i], did_you_mean(hint, &near), "unknown column '%s'",
		             shown(word, name));
}

static bool read_header(struct reader *r, const struct csv *c, size_t index[COLUMNS])
{
	size_t errors = r->report.findings->errors;
	for (unsigned k = 0; k < COLUMNS; k++)
		index[k] = ABSENT;
	for (size_t i = 0; i < c->count; i++)
		read_name(r, c, i, index);
	if (errors == r->report.findings->errors && (index[COLUMN_FROM] == ABSENT || index[COLUMN(code)] == ABSENT)) {
		struct aff_view line = csv_field(c, 0);
		bool other = c->count == 1 && (memchr(line.p, ';', line.n) || memchr(line.p, '\t', line.n));
		report_error(&r->report, c->place[0],
		             other ? "separate the columns by commas, not by semicolons or tabs" : columns_hint,
		             "the column '%s' is missing", index[COLUMN_FROM] == ABSENT ? "from" : "code");
	}
	return errors == r->report.findings->errors;
}

/* A list in a cell: its items stand between blanks, or between bars when there is one, one a line then. */
static void put_list(struct aff_buf *out, struct aff_view cell)
{
	bool bars = cell.n && memchr(cell.p, '|', cell.n);
	size_t items = 0;
	for (size_t from = 0, to; from <= cell.n; from = to + 1) {
		for (to = from; to < cell.n && cell.p[to] != (bars ? '|' : ' ');)
			to++;
		struct aff_view item = aff_view_trim(aff_view(cell.p + from, to - from));
		if (!bars && !item.n)
			continue;
		if (items++)
			aff_buf_put_char(out, '\n');
		aff_buf_put_view(out, item);
	}
}

static void add_record(struct table_reader *t, const struct csv *c, const size_t index[COLUMNS])
{
	struct row_text row;
	size_t ends[COLUMNS];
	aff_buf_clear(&t->lists);
	for (unsigned k = 0; k < COLUMNS; k++) {
		size_t i = index[k];
		row.text[k] = i == ABSENT ? aff_view("", 0) : csv_field(c, i);
		row.at[k] = c->place[i == ABSENT ? index[COLUMN_FROM] : i];
		if (row.text[k].n && k != COLUMN_FROM && column_key(k)->kind == KIND_LIST)
			put_list(&t->lists, row.text[k]);
		ends[k] = t->lists.n;
	}
	if (t->lists.error) {
		t->r->report.error = AFF_ENOMEM;
		return;
	}
	for (unsigned k = 1; k < COLUMNS; k++)
		if (ends[k] > ends[k - 1])
			row.text[k] = aff_view(t->lists.p + ends[k - 1], ends[k] - ends[k - 1]);
	table_add_row(t, &row);
}

void table_read_csv(struct table_reader *t, struct aff_view bytes)
{
	struct reader *r = t->r;
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
			add_record(t, &c, index);
		}
	}
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	else if (rc < 0)
		report_error(&r->report, c.at, "quote a field with \"...\", and write a quote inside it twice", "%s",
		             fault);
	else if (!columns)
		report_error(&r->report, c.at, columns_hint, "the file is empty");
	aff_buf_free(&c.text);
}
