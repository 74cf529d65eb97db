/* SPDX-License-Identifier: Apache-2.0
 *
 * What was not known: as a table, as JSON, as rows for a mapping table.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/term.h"
#include "cli/unmapped.h"
#include "cli/when.h"
#include "sys/clock.h"

#define OUTPUT_MAX (64u << 20)

/* ---- a table ---- */

/* "36.9 Cel^Degree" would be a value: only the unit is shown, by its code and what it is called. */
static void unit_cell(struct table *t, const struct unmapped_entry *e)
{
	bool both = e->unit[0] && e->unit_name[0] && strcmp(e->unit, e->unit_name) != 0;
	table_cellf(t, "%s%s%s", e->unit[0] ? e->unit : e->unit_name, both ? " " : "", both ? e->unit_name : "");
}

static void time_cell(struct table *t, int64_t us)
{
	char text[CLOCK_TEXT_SIZE];
	if (!us) {
		table_cell(t, aff_view("", 0));
		return;
	}
	clock_local_text(us, text);
	text[sizeof "2026-11-20T09:30:00" - 1] = '\0'; /* to the second is enough */
	table_cell(t, aff_view_of(text));
}

static void put_row(struct table *t, const struct unmapped_entry *e)
{
	table_cellf(t, "%" PRIu64, e->count);
	table_cell(t, aff_view_of(unmapped_kind_text(e->kind)));
	table_cell(t, aff_view_of(e->code));
	table_cell(t, aff_view_of(e->name));
	table_cell(t, aff_view_of(e->system));
	unit_cell(t, e);
	table_cell(t, aff_view_of(e->table));
	time_cell(t, e->first_us);
	time_cell(t, e->last_us);
	table_cell(t, aff_view_of(e->example));
}

void unmapped_print(const struct unmapped *u)
{
	static const char *const titles[] = {">count", "what",  "code",       "name",      "system",
	                                     "unit",   "table", "first seen", "last seen", "example"};
	struct table t;
	for (size_t i = 0, next; i < u->count; i = next) {
		printf("%s%s%s%s\n", i ? "\n" : "", term_style(stdout, TERM_BOLD), u->entries[i].channel,
		       term_style(stdout, TERM_PLAIN));
		table_init(&t, titles, sizeof titles / sizeof titles[0]);
		for (next = i; next < u->count && u->entries[next].channel == u->entries[i].channel; next++)
			put_row(&t, &u->entries[next]);
		if (table_print(&t, stdout))
			command_error("out of memory");
	}
	if (u->count)
		putchar('\n');
	printf("%" PRIu64 " message%s: %s%zu code%s or unit%s that no table knows\n", u->messages,
	       u->messages == 1 ? "" : "s", u->others ? "more than " : "", u->count, u->count == 1 ? "" : "s",
	       u->count == 1 ? "" : "s");
	if (u->others)
		command_note("%" PRIu64 " more were met when %d different ones were remembered already: fewer "
		             "messages or one channel tell more", u->others, UNMAPPED_MAX);
}

/* ---- JSON ---- */

static void put_entry(struct json_writer *j, const struct unmapped_entry *e)
{
	char when[WHEN_SIZE];
	jsonw_object(j, NULL);
	jsonw_text(j, "channel", e->channel);
	jsonw_text(j, "what", unmapped_kind_text(e->kind));
	jsonw_text(j, "code", e->code);
	jsonw_text(j, "name", e->name);
	jsonw_text(j, "system", e->system);
	jsonw_text(j, "unit", e->unit);
	jsonw_text(j, "unit_name", e->unit_name);
	jsonw_text(j, "unit_system", e->unit_system);
	jsonw_text(j, "table", e->table);
	jsonw_i64(j, "count", (int64_t)e->count);
	jsonw_i64(j, "messages", (int64_t)e->messages);
	if (e->first_us) {
		jsonw_text(j, "first_seen", when_utc(e->first_us, when));
		jsonw_text(j, "last_seen", when_utc(e->last_us, when));
	}
	jsonw_text(j, "example", e->example);
	jsonw_object_end(j);
}

int unmapped_print_json(const struct unmapped *u)
{
	struct aff_buf out;
	struct json_writer j;
	aff_buf_init(&out, OUTPUT_MAX);
	jsonw_begin(&j, &out, 0);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "messages", (int64_t)u->messages);
	jsonw_array(&j, "unmapped");
	for (size_t i = 0; i < u->count; i++)
		put_entry(&j, &u->entries[i]);
	jsonw_array_end(&j);
	jsonw_i64(&j, "not_listed", (int64_t)u->others);
	jsonw_object_end(&j);
	aff_buf_put_char(&out, '\n');
	int rc = out.error;
	if (!rc)
		fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
	return rc ? command_error("%s", aff_error_text(rc)) : 0;
}

/* ---- rows ---- */

/* Text of a comment or a CSV field: nothing in it may end the line. */
static void put_plain(struct aff_buf *out, const char *text)
{
	for (; *text; text++)
		aff_buf_put_char(out, (unsigned char)*text < 0x20 ? ' ' : *text);
}

static void put_quoted(struct aff_buf *out, const char *text)
{
	aff_buf_put_char(out, '"');
	jsonw_put_escaped(out, aff_view_of(text));
	aff_buf_put_char(out, '"');
}

static void put_csv(struct aff_buf *out, const char *text)
{
	bool quote = strpbrk(text, ",\"\r\n") != NULL;
	if (quote)
		aff_buf_put_char(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			aff_buf_put_char(out, '"');
		aff_buf_put_char(out, (unsigned char)*text < 0x20 ? ' ' : *text);
	}
	if (quote)
		aff_buf_put_char(out, '"');
}

static void put_note(struct aff_buf *out, const struct unmapped_entry *e)
{
	put_plain(out, e->name);
	if (e->unit[0] || e->unit_name[0]) {
		aff_buf_put_text(out, e->name[0] ? ", in " : "in ");
		put_plain(out, e->unit_name[0] ? e->unit_name : e->unit);
	}
	aff_buf_printf(out, "%s%" PRIu64 " time%s, last in message ", e->name[0] || e->unit[0] ? ", " : "", e->count,
	               e->count == 1 ? "" : "s");
	put_plain(out, e->example);
}

static void put_yaml_row(struct aff_buf *out, const struct unmapped_entry *e)
{
	aff_buf_put_text(out, "  # ");
	put_quoted(out, e->code);
	aff_buf_put_text(out, ": {code: , name: , unit: ");
	aff_buf_put_text(out, "}  # ");
	put_note(out, e);
	aff_buf_put_char(out, '\n');
}

static void put_csv_row(struct aff_buf *out, const struct unmapped_entry *e)
{
	put_csv(out, e->code);
	aff_buf_put_text(out, ",,,,");
	struct aff_buf note;
	aff_buf_init(&note, 1024);
	put_note(&note, e);
	aff_buf_put_char(&note, '\0');
	put_csv(out, note.error ? "" : note.p);
	aff_buf_free(&note);
	aff_buf_put_char(out, '\n');
}

/* What no row can mend: it is said, for it would be looked for in vain among the rows. */
static void put_other(struct aff_buf *out, const struct unmapped_entry *e)
{
	if (e->kind == AFF_UNMAPPED_NAME) {
		aff_buf_put_text(out, "# ");
		put_quoted(out, e->code);
		aff_buf_put_text(out, " has a row, but came as something else: ");
	} else {
		aff_buf_put_text(out, e->kind == AFF_UNMAPPED_UNIT ? "# this unit is not known: "
								   : "# this unit cannot be converted: ");
		put_quoted(out, e->unit[0] ? e->unit : e->unit_name);
		aff_buf_put_text(out, " beside ");
		put_quoted(out, e->code);
		aff_buf_put_text(out, ", ");
	}
	put_note(out, e);
	aff_buf_put_char(out, '\n');
}

static bool is_first_of_table(const struct unmapped *u, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (u->entries[k].kind == AFF_UNMAPPED_CODE && strcmp(u->entries[k].table, u->entries[i].table) == 0)
			return false;
	return u->entries[i].kind == AFF_UNMAPPED_CODE;
}

/* One code of several names, units or channels is one row. */
static bool is_first_of_code(const struct unmapped *u, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (u->entries[k].kind == AFF_UNMAPPED_CODE && strcmp(u->entries[k].table, u->entries[i].table) == 0 &&
		    strcmp(u->entries[k].code, u->entries[i].code) == 0)
			return false;
	return u->entries[i].kind == AFF_UNMAPPED_CODE;
}

int unmapped_print_stub(const struct unmapped *u, bool csv)
{
	struct aff_buf out;
	aff_buf_init(&out, OUTPUT_MAX);
	for (size_t t = 0; t < u->count; t++) {
		if (!is_first_of_table(u, t))
			continue;
		const char *table = u->entries[t].table;
		if (csv && !out.n)
			aff_buf_put_text(&out, "from,code,name,unit,source\n");
		else if (!csv)
			aff_buf_printf(&out, "# rows for the table %s: fill them in and take the first # away\n",
			               table);
		for (size_t i = t; i < u->count; i++) {
			if (strcmp(u->entries[i].table, table) != 0 || !is_first_of_code(u, i))
				continue;
			if (csv)
				put_csv_row(&out, &u->entries[i]);
			else
				put_yaml_row(&out, &u->entries[i]);
		}
	}
	for (size_t i = 0; i < u->count && !csv; i++)
		if (u->entries[i].kind != AFF_UNMAPPED_CODE)
			put_other(&out, &u->entries[i]);
	int rc = out.error;
	if (!rc && out.n)
		fwrite(out.p, 1, out.n, stdout);
	aff_buf_free(&out);
	if (csv && u->count)
		command_note("fill in the column code: a row without one says that the code has no counterpart");
	return rc ? command_error("%s", aff_error_text(rc)) : 0;
}
