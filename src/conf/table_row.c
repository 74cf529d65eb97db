/* SPDX-License-Identifier: Apache-2.0
 *
 * One row of a mapping table: what it says is checked against the nomenclature, the units and the other rows.
 */
#include "conf/table.h"

#include <stdio.h>

#include <afferent/number.h>
#include <afferent/nomenclature.h>

#include "terms/units.h"

/* ---- numbers and lists ---- */

static bool is_above_zero(struct aff_view text)
{
	static const struct aff_nm zero = {.whole = {"0", 1}, .fraction = {"", 0}};
	struct aff_nm number;
	return !aff_nm_parse(&number, text) && aff_nm_compare(&number, &zero) > 0;
}

static void check_scale(struct report *report, const struct row_text *row)
{
	struct aff_view scale = row->text[COLUMN(scale)];
	char word[SHOWN_SIZE];
	if (scale.n && !is_above_zero(scale))
		report_error(report, row->at[COLUMN(scale)], "0.1 makes 37.5 of 375",
		             "'scale' takes a decimal number above 0, not '%s'", shown(word, scale));
}

/* Cuts the first line off; true when there was one. */
static bool next_item(struct aff_view *rest, struct aff_view *item)
{
	if (!rest->p)
		return false;
	const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	*item = aff_view(rest->p, n);
	*rest = end ? aff_view(end + 1, rest->n - n - 1) : aff_view(NULL, 0);
	return true;
}

/* "~", "null" or nothing: open at this end. */
static bool is_open(struct aff_view text)
{
	return !text.n || aff_view_is(text, "~") || aff_view_is(text, "null");
}

static bool is_bound(struct aff_view text, struct aff_nm *number)
{
	return is_open(text) || !aff_nm_parse(number, text);
}

static const char plausible_hint[] = "write the lowest and the highest value, such as [20, 300] or [0, ~]";

/* Whether the range is one, or is not said; low and high are "" at an open end. */
static bool read_plausible(struct report *report, const struct row_text *row, struct aff_view *low,
                           struct aff_view *high)
{
	struct aff_view rest = row->text[COLUMN(plausible)], extra;
	struct place at = row->at[COLUMN(plausible)];
	struct aff_nm least, most;
	char word[SHOWN_SIZE];
	*low = *high = aff_view("", 0);
	if (!rest.n)
		return true;
	if (!next_item(&rest, low) || !next_item(&rest, high) || next_item(&rest, &extra)) {
		report_error(report, at, plausible_hint, "'plausible' takes two numbers");
	} else if (!is_bound(*low, &least) || !is_bound(*high, &most)) {
		report_error(report, at, plausible_hint, "'%s' is no number",
		             shown(word, is_bound(*low, &least) ? *high : *low));
	} else if (is_open(*low) && is_open(*high)) {
		report_error(report, at, plausible_hint, "'plausible' is open at both ends");
	} else if (!is_open(*low) && !is_open(*high) && aff_nm_compare(&least, &most) > 0) {
		report_error(report, at, "write the lower one first", "no value is plausible: %.*s is above %.*s",
		             (int)low->n, low->p, (int)high->n, high->p);
	} else {
		*low = is_open(*low) ? aff_view("", 0) : *low;
		*high = is_open(*high) ? aff_view("", 0) : *high;
		return true;
	}
	return false;
}

enum { SENTINEL_MOST = 40 };

/* Something that begins like a number but is none was meant as one. */
static const char *sentinel_fault(struct aff_view item)
{
	size_t sign = item.n && (item.p[0] == '-' || item.p[0] == '+') ? 1 : 0;
	if (!item.n)
		return "an empty text is no sentinel: a row without a value needs none";
	if (item.n > SENTINEL_MOST)
		return "a sentinel has 40 bytes at most";
	for (size_t i = 0; i < item.n; i++)
		if ((unsigned char)item.p[i] < 0x20 || item.p[i] == '|' || item.p[i] == '^')
			return "a sentinel is one number or word";
	if (sign < item.n && item.p[sign] >= '0' && item.p[sign] <= '9' && !aff_is_number(item))
		return "this begins like a number and is none: digits with a point at most";
	return NULL;
}

static void check_sentinels(struct report *report, const struct row_text *row)
{
	struct aff_view rest = row->text[COLUMN(sentinels)], item;
	char word[SHOWN_SIZE];
	while (rest.n && next_item(&rest, &item)) {
		const char *fault = sentinel_fault(item);
		if (fault)
			report_error(report, row->at[COLUMN(sentinels)], fault, "'%s' cannot be a sentinel",
			             shown(word, item));
	}
}

/* ---- words ---- */

/* The index of the word in its key's values, 0 where nothing is said or the word is none. */
static unsigned check_word(struct reader *r, const struct row_text *row, unsigned column)
{
	enum key_id key = (enum key_id)((unsigned)KEY_ROW_from_system + column - 1);
	int i = row->text[column].n ? find_word(r, row->text[column], row->at[column], key) : 0;
	return i > 0 ? (unsigned)i : 0;
}

/* ---- codes ---- */

/* Luhn's digit over those before the dash; -1: it is no LOINC code. */
static int loinc_check_digit(struct aff_view code)
{
	unsigned sum = 0;
	if (code.n < 3 || code.n > 10 || code.p[code.n - 2] != '-')
		return -1;
	for (size_t i = 0; i < code.n; i++)
		if (i != code.n - 2 && (code.p[i] < '0' || code.p[i] > '9'))
			return -1;
	for (size_t i = code.n - 2, place = 0; i--; place++) {
		unsigned digit = (unsigned)(code.p[i] - '0') * (place % 2 ? 1 : 2);
		sum += digit / 10 + digit % 10;
	}
	return (int)((10 - sum % 10) % 10);
}

static void check_loinc(struct report *report, const struct row_text *row)
{
	struct aff_view code = row->text[COLUMN(loinc)];
	char word[SHOWN_SIZE];
	int digit = code.n ? loinc_check_digit(code) : -1;
	if (!code.n || (digit >= 0 && code.p[code.n - 1] == '0' + digit))
		return;
	if (digit < 0)
		report_warning(report, row->at[COLUMN(loinc)], "write it as 8867-4", "'%s' is no LOINC code",
		               shown(word, code));
	else
		report_warning(report, row->at[COLUMN(loinc)], "look it up once more",
		               "'%s' is no LOINC code: the digit behind the dash would be %d", shown(word, code),
		               digit);
}

/* Codes that the built-in nomenclature knows under another name, and units that readings of theirs cannot have. */
static void check_term(struct report *report, const struct table_reader *t, const struct row_text *row)
{
	struct aff_view code = row->text[COLUMN(code)], name = row->text[COLUMN(name)];
	struct aff_view wanted = row->text[COLUMN(unit)];
	char a[SHOWN_SIZE], b[SHOWN_SIZE];
	if (!aff_view_is(aff_table_to_system(t->table), "MDC"))
		return;
	const struct aff_term *term = aff_term_by_code(code);
	const struct aff_unit *unit = term && wanted.n ? aff_unit_by_ucum(wanted) : NULL;
	if (term && name.n && term->refid[0] && !aff_view_is(name, term->refid) && aff_term_by_refid(name) != term)
		report_warning(report, row->at[COLUMN(name)], NULL, "code %s is %s, not %s", shown(a, code),
		               term->refid, shown(b, name));
	if (unit && !unit_suits(unit, term))
		report_warning(report, row->at[COLUMN(unit)], "look at code and unit once more",
		               "no reading of %s can be in '%s'", term->refid, shown(a, wanted));
}

static void check_units(struct report *report, const struct row_text *row, const struct aff_table_row *added)
{
	char a[SHOWN_SIZE], b[SHOWN_SIZE];
	const struct aff_unit *from = added->from_unit_known, *to = added->unit_known;
	if (added->unit.n && !to)
		report_warning(report, row->at[COLUMN(unit)], "values cannot be converted to it",
		               "the unit '%s' is not known", shown(a, added->unit));
	if (from && to && from->quantity[0] && to->quantity[0] && strcmp(from->quantity, to->quantity) != 0)
		report_error(report, row->at[COLUMN(from_unit)], "look at both units once more",
		             "what is in '%s' can never be in '%s'",
		             shown(a, added->from_unit), shown(b, added->unit));
}

static bool check_from(struct report *report, const struct row_text *row)
{
	struct aff_view from = row->text[COLUMN_FROM];
	const char *star = from.n ? memchr(from.p, '*', from.n) : NULL;
	char word[SHOWN_SIZE];
	if (!from.n)
		report_error(report, row->at[COLUMN_FROM], "write the code, or leave the row out",
		             "the code that arrives is empty");
	else if (star && star != from.p + from.n - 1)
		report_error(report, row->at[COLUMN_FROM],
		             "it stands for what is behind it: AB* means all that begin with AB",
		             "a * in a code stands at its end: '%s'", shown(word, from));
	else
		return true;
	return false;
}

/* Spreadsheets hide blanks; a code that has one is another code. */
static void check_blanks(struct report *report, const struct row_text *row, unsigned column)
{
	struct aff_view text = row->text[column];
	char word[SHOWN_SIZE];
	if (aff_view_trim(text).n != text.n)
		report_warning(report, row->at[column], "take it away unless the device sends it so",
		               "there is a blank at an end of '%s'", shown(word, text));
}

static void check_within(struct report *report, const struct row_text *row)
{
	struct aff_view within = row->text[COLUMN(within)];
	if (within.n && memchr(within.p, '.', within.n))
		report_error(report, row->at[COLUMN(within)],
		             "write the code of the channel, module or device: numbers in OBX-4 change",
		             "'within' takes a code, not a place");
}

/* ---- adding ---- */

static void report_refusal(struct table_reader *t, const struct row_text *row, const struct aff_table_row *refused,
                           int rc, unsigned existing)
{
	struct report *report = &t->r->report;
	bool asks = refused->from_system.n || refused->from_name.n || refused->from_unit.n || refused->within.n;
	char code[SHOWN_SIZE];
	shown(code, refused->from);
	if (rc == AFF_ENOMEM)
		report->error = rc;
	else if (rc == AFF_ETABLE)
		report_error(report, row->at[COLUMN_FROM], "keep one of them",
		             "the code '%s' stands in line %u already%s", code, existing,
		             asks ? ", under the same conditions" : "");
	else if (rc == AFF_ELIMIT)
		report_error(report, row->at[COLUMN_FROM], "a code has 64 rows at most, and a table 500,000",
		             "too many rows with the code '%s'", code);
	else
		report_error(report, row->at[COLUMN_FROM], "what stands before a * has 249 bytes at most",
		             "the code '%s' is too long", code);
}

void table_add_row(struct table_reader *t, const struct row_text *row)
{
	struct report *report = &t->r->report;
	const struct aff_view *text = row->text;
	struct aff_view low, high;
	unsigned existing = 0;
	size_t errors = report->findings->errors;
	check_from(report, row);
	check_blanks(report, row, COLUMN_FROM);
	check_blanks(report, row, COLUMN(from_name));
	check_blanks(report, row, COLUMN(code));
	check_within(report, row);
	check_scale(report, row);
	check_sentinels(report, row);
	check_loinc(report, row);
	check_term(report, t, row);
	check_word(t->r, row, COLUMN(category));
	bool preferred = check_word(t->r, row, COLUMN(preferred)) == 1;
	if (!read_plausible(report, row, &low, &high) || report->findings->errors != errors)
		return;
	struct aff_table_row r = {.from = text[COLUMN_FROM], .from_system = text[COLUMN(from_system)],
	                          .from_name = text[COLUMN(from_name)], .from_unit = text[COLUMN(from_unit)],
	                          .within = text[COLUMN(within)], .code = text[COLUMN(code)],
	                          .name = text[COLUMN(name)], .loinc = text[COLUMN(loinc)],
	                          .loinc_name = text[COLUMN(loinc_name)], .unit = text[COLUMN(unit)],
	                          .category = text[COLUMN(category)], .scale = text[COLUMN(scale)], .low = low,
	                          .high = high, .sentinels = text[COLUMN(sentinels)],
	                          .source = text[COLUMN(source)], .preferred = preferred,
	                          .line = row->at[COLUMN_FROM].line, .column = row->at[COLUMN_FROM].column};
	int rc = aff_table_add(t->table, &r, &existing);
	if (rc)
		report_refusal(t, row, &r, rc, existing);
	else
		check_units(report, row, aff_table_at(t->table, aff_table_rows(t->table) - 1));
	if (preferred && !t->both_ways)
		report_warning(report, row->at[COLUMN(preferred)], "add 'bidirectional: true' to the table",
		               "'preferred' says nothing: the table is for one direction");
}

/* ---- the whole table ---- */

/* What a row asks for beside its code, for people. */
static const char *asked(char buf[SHOWN_SIZE], const struct aff_table_row *row)
{
	const struct {
		const char *name;
		bool asks;
	} keys[] = {{"from_system", row->from_system.n > 0}, {"from_name", row->from_name.n > 0},
		    {"from_unit", row->from_unit.n > 0}, {"within", row->within.n > 0}};
	size_t n = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].asks)
			n += (size_t)snprintf(buf + n, SHOWN_SIZE - n, "%s%s", n ? " and " : "", keys[i].name);
	return buf;
}

static void report_fault(void *context, enum aff_table_fault fault, const struct aff_table_row *row,
                         const struct aff_table_row *other)
{
	struct table_reader *t = context;
	struct place at = {row->line, row->column};
	char code[SHOWN_SIZE], a[SHOWN_SIZE], b[SHOWN_SIZE];
	switch (fault) {
	case AFF_TABLE_CONFLICT:
		report_error(&t->r->report, at, "add a row that asks for both, or let one of them ask for more",
		             "a code '%s' can be meant by this row (%s) and by line %u (%s)", shown(code, row->from),
		             asked(a, row), other->line, asked(b, other));
		break;
	case AFF_TABLE_AMBIGUOUS:
		report_error(&t->r->report, at, "add 'preferred: true' to one of them",
		             "this row and line %u both become '%s': which is the way back?", other->line,
		             shown(code, row->code));
		break;
	case AFF_TABLE_PREFERRED:
		report_error(&t->r->report, at, "prefer one of them",
		             "this row and line %u both become '%s', and both are preferred", other->line,
		             shown(code, row->code));
		break;
	}
}

void table_finish(struct table_reader *t)
{
	const char *file = t->r->report.file;
	t->r->report.file = t->rows_file;
	if (aff_table_finish(t->table, t->both_ways, report_fault, t) == AFF_ENOMEM)
		t->r->report.error = AFF_ENOMEM;
	t->r->report.file = file;
}
