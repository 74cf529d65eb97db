/* SPDX-License-Identifier: Apache-2.0
 *
 * Units: OBX-6 to UCUM, and values into the unit that a mapping table wants. A value, its unit and its range are
 * changed together or not at all: limits in another unit than the value would be a danger to the patient.
 */
#include "rules/units.h"

#include <afferent/number.h>
#include <afferent/parts.h>

#include "rules/cwe.h"
#include "terms/marker.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_UNITS = 6, OBX_RANGE = 7 };

static bool is_ucum_already(const struct aff_coding *t, const struct aff_unit *unit)
{
	return aff_view_is(t->system, "UCUM") && aff_view_is(t->code, unit->ucum);
}

static void put_ucum(struct run *run, const struct aff_unit *unit)
{
	struct aff_view code = aff_view_of(unit->ucum), symbol = aff_view_of(unit->symbol);
	(void)charset_write(&run->charset, &run->text, code);
	aff_buf_put_char(&run->text, run->delims.component);
	if (charset_write(&run->charset, &run->text, symbol))
		(void)charset_write(&run->charset, &run->text, code); /* UCUM is ASCII */
	aff_buf_put_char(&run->text, run->delims.component);
	aff_buf_put_text(&run->text, "UCUM");
}

static int set_field(struct run *run, unsigned segment, unsigned field, struct aff_view raw)
{
	return aff_edit_set(run->e, segment, field, 0, 0, 0, raw);
}

static int run_units(struct run *run, unsigned segment)
{
	struct aff_view field = aff_edit_field(run->e, segment, OBX_UNITS);
	if (!field.n || aff_is_null(field) || !run->delims.component)
		return STEP_DONE;
	const struct aff_unit *unit = charset_unit(&run->charset, &run->key, field);
	if (!unit || !unit->ucum[0]) {
		run_keep_unmapped(run, AFF_UNMAPPED_UNIT, segment);
		return STEP_DONE;
	}
	struct aff_cwe original;
	aff_cwe_read(&original, field, &run->delims);
	if (is_ucum_already(&original.coding[0], unit))
		return STEP_DONE;
	aff_buf_clear(&run->text);
	put_ucum(run, unit);
	aff_buf_put_char(&run->text, run->delims.component);
	cwe_put_raw(&run->text, &run->delims, &original.coding[0]);
	cwe_trim(&run->text, &run->delims);
	return run->text.error ? run->text.error : set_field(run, segment, OBX_UNITS, aff_buf_view(&run->text));
}

static int check_units(const struct aff_step *asked, struct aff_diag *diag)
{
	return step_check_obx(asked, diag, "only OBX segments have units");
}

const struct step_kind step_units = {.name = "units", .check = check_units, .run = run_units, .everywhere = "OBX"};

/* ---- conversion ---- */

struct conversion {
	const struct aff_unit *from, *to;
};

/* Converts every repetition of a numeric field. Appends to run->text. */
static int convert_values(struct run *run, struct aff_view field, const struct conversion *c)
{
	struct aff_parts values = aff_parts(field, run->delims.repetition);
	struct aff_view value;
	for (bool more = aff_parts_next(&values, &value); more;) {
		int rc = aff_unit_convert(&run->text, value, c->from, c->to);
		more = !rc && aff_parts_next(&values, &value);
		if (more)
			aff_buf_put_char(&run->text, run->delims.repetition);
		if (rc)
			return rc;
	}
	return 0;
}

/* The length of the number at the start of text, with its sign. */
static size_t number_length(struct aff_view text)
{
	size_t n = text.n && (text.p[0] == '+' || text.p[0] == '-') ? 1 : 0;
	while (n < text.n && ((text.p[n] >= '0' && text.p[n] <= '9') || text.p[n] == '.'))
		n++;
	return n;
}

static struct aff_view behind(struct aff_view text, size_t n)
{
	return aff_view(text.p + n, text.n - n);
}

static bool is_comparator(char c)
{
	return c == '<' || c == '>' || c == '=' || c == ' ';
}

int range_map(struct aff_buf *out, struct aff_view range,
              int (*map)(void *context, struct aff_buf *out, struct aff_view number), void *context)
{
	struct aff_view rest = aff_view_trim(range);
	size_t comparator = 0;
	while (comparator < rest.n && is_comparator(rest.p[comparator]))
		comparator++;
	aff_buf_put(out, rest.p, comparator);
	rest = behind(rest, comparator);
	size_t n = number_length(rest);
	int rc = map(context, out, aff_view(rest.p, n));
	if (rc || n == rest.n)
		return rc;
	rest = aff_view_trim(behind(rest, n));
	if (comparator || rest.p[0] != '-')
		return AFF_EDATATYPE;
	rest = aff_view_trim(behind(rest, 1));
	aff_buf_put_char(out, '-');
	return map(context, out, rest);
}

static int convert_number(void *context, struct aff_buf *out, struct aff_view number)
{
	const struct conversion *c = context;
	return aff_unit_convert(out, number, c->from, c->to);
}

/* The new unit names itself in UCUM and, where there is one, as MDC; the old unit would no longer be true. */
static void put_new_unit(struct run *run, const struct aff_unit *unit)
{
	put_ucum(run, unit);
	if (!unit->mdc)
		return;
	aff_buf_put_char(&run->text, run->delims.component);
	aff_buf_put_u64(&run->text, unit->mdc);
	aff_buf_put_char(&run->text, run->delims.component);
	(void)charset_write(&run->charset, &run->text, aff_view_of(unit->refid));
	aff_buf_put_char(&run->text, run->delims.component);
	aff_buf_put_text(&run->text, "MDC");
}

static int convert_all(struct run *run, unsigned segment, struct aff_view value, struct aff_view range,
                       struct conversion c)
{
	aff_buf_clear(&run->text);
	if (convert_values(run, value, &c))
		return run->text.error;
	size_t unit_at = run->text.n;
	put_new_unit(run, c.to);
	size_t range_at = run->text.n;
	bool ranged = range.n && !aff_is_null(range);
	if ((ranged && range_map(&run->text, range, convert_number, &c)) || run->text.error)
		return run->text.error;
	const char *p = run->text.p;
	int rc = set_field(run, segment, OBX_VALUE, aff_view(p, unit_at));
	rc = rc ? rc : set_field(run, segment, OBX_UNITS, aff_view(p + unit_at, range_at - unit_at));
	if (!rc && ranged)
		rc = set_field(run, segment, OBX_RANGE, aff_view(p + range_at, run->text.n - range_at));
	return rc ? rc : 1;
}

/* A number that marks a missing reading says so in any unit; converted it would be a number like others. */
static bool has_marker(struct aff_view field, const struct aff_delims *d)
{
	struct aff_parts values = aff_parts(field, d->repetition);
	struct aff_view value;
	struct aff_nm number;
	while (aff_parts_next(&values, &value)) {
		if (aff_nm_parse(&number, value) == 0 && marker_is(&number))
			return true;
	}
	return false;
}

int units_convert(struct run *run, unsigned segment, struct aff_view wanted)
{
	struct aff_view type = aff_edit_field(run->e, segment, OBX_TYPE);
	struct aff_view value = aff_edit_field(run->e, segment, OBX_VALUE);
	struct aff_view units = aff_edit_field(run->e, segment, OBX_UNITS);
	if ((type.n && !aff_view_is(type, "NM")) || !units.n || !run->delims.component ||
	    !aff_is_number(aff_cut(value, &run->delims, 1, 0, 0)) || has_marker(value, &run->delims))
		return 1;
	struct conversion c = {charset_unit(&run->charset, &run->key, units), aff_unit_by_ucum(wanted)};
	if (!c.from || !c.to)
		return 0;
	if (c.from == c.to || strcmp(c.from->ucum, c.to->ucum) == 0)
		return 1;
	return convert_all(run, segment, value, aff_edit_field(run->e, segment, OBX_RANGE), c);
}

bool units_agree(struct run *run, unsigned segment, struct aff_view wanted)
{
	struct aff_view units = aff_edit_field(run->e, segment, OBX_UNITS);
	const struct aff_unit *unit = charset_unit(&run->charset, &run->key, units);
	const struct aff_unit *to = aff_unit_by_ucum(wanted);
	return !unit || !to || !unit->quantity[0] || !to->quantity[0] || strcmp(unit->quantity, to->quantity) == 0;
}
