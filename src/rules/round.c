/* SPDX-License-Identifier: Apache-2.0
 *
 * ROUND: numbers to a multiple, half away from zero, as integers of decimal digits. What would say something else when
 * it is rounded stays as it came: a number by which devices mark that there is no reading, a small dose that would
 * become 0, a limit ("> 2.45").
 */
#include <afferent/parts.h>

#include "rules/units.h"
#include "terms/marker.h"

enum { OBX_TYPE = 2, OBX_VALUE = 5, OBX_RANGE = 7, DECIMALS_MAX = 9, DIGITS_MAX = 18 };
static const int64_t multiple_max = 1000000000000;

static int compile_round(struct step *step, const struct aff_step *asked, struct aff_diag *diag)
{
	struct aff_nm to;
	step->range = asked->range;
	if (aff_nm_parse(&to, asked->value) || to.fraction.n > DECIMALS_MAX ||
	    aff_nm_scaled(&to, (unsigned)to.fraction.n, &step->multiple) || step->multiple <= 0 ||
	    step->multiple > multiple_max)
		return step_wrong(diag, "numbers cannot be rounded to a multiple of this",
		                  "write a number above 0 with at most 9 decimals, such as 0.5");
	step->decimals = (unsigned)to.fraction.n;
	return 0;
}

static int64_t power_of_ten(unsigned n)
{
	int64_t p = 1;
	while (n--)
		p *= 10;
	return p;
}

static bool is_zero(const struct aff_nm *n)
{
	static const struct aff_nm zero = {false, {"0", 1}, {"", 0}, 0};
	return aff_nm_compare(n, &zero) == 0;
}

/* Half of the last place that stays is told by one digit more: the others are cut off, which changes nothing. */
static bool scaled(const struct aff_nm *n, unsigned decimals, int64_t *out)
{
	struct aff_nm cut = *n;
	if (cut.fraction.n > decimals)
		cut.fraction.n = decimals;
	cut.negative = false;
	return cut.whole.n + decimals <= DIGITS_MAX && aff_nm_scaled(&cut, decimals, out) == 0;
}

static void put_decimal(struct aff_buf *out, bool negative, int64_t value, unsigned decimals)
{
	int64_t one = power_of_ten(decimals);
	aff_buf_printf(out, "%s%lld", negative && value ? "-" : "", (long long)(value / one));
	if (decimals)
		aff_buf_printf(out, ".%0*lld", (int)decimals, (long long)(value % one));
}

/* Appends the number, rounded where that is due. true: it is another one, or has fewer digits. */
static bool put_rounded(const struct step *step, struct aff_buf *out, struct aff_view text)
{
	struct aff_nm n, made;
	int64_t value = 0;
	size_t from = out->n;
	bool number = aff_nm_parse(&n, text) == 0 && !marker_is(&n) && scaled(&n, step->decimals + 1, &value);
	int64_t unit = step->multiple * 10, times = value / unit + (value % unit * 2 >= unit);
	bool due = number && (value % unit || n.fraction.n > step->decimals) && (times || is_zero(&n));
	if (due) {
		put_decimal(out, n.negative, times * step->multiple, step->decimals);
#ifndef AFF_MUTANT_77
		due = !out->error && aff_nm_parse(&made, aff_view(out->p + from, out->n - from)) == 0 &&
		      !marker_is(&made);
#endif
	}
	if (!due && !out->error) {
		out->n = from;
		aff_buf_put_view(out, text);
	}
	return due;
}

/* An SN that is a number, or a range of two: comparator, number, separator, number. */
static bool put_structured(struct run *run, struct aff_view text)
{
	struct aff_view part[4];
	struct aff_sn sn;
	bool changed = false;
	size_t n = aff_components(part, 4, text, &run->delims);
	bool fits = !aff_sn_read(&sn, text, &run->delims, NULL) && sn.comparator == AFF_SN_EQUAL &&
	            (!sn.separator || sn.separator == '-') && aff_count(text, run->delims.component) <= 4;
	if (!fits) {
		aff_buf_put_view(&run->text, text);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (i)
			aff_buf_put_char(&run->text, run->delims.component);
		if (i == 1 || i == 3)
			changed |= put_rounded(run->step, &run->text, part[i]);
		else
			aff_buf_put_view(&run->text, part[i]);
	}
	return changed;
}

static int round_value(struct run *run, unsigned segment, bool structured)
{
	struct aff_view text;
	struct aff_parts values = aff_parts(aff_edit_field(run->e, segment, OBX_VALUE), run->delims.repetition);
	bool changed = false, first = true;
	aff_buf_clear(&run->text);
	for (; aff_parts_next(&values, &text); first = false) {
		if (!first)
			aff_buf_put_char(&run->text, run->delims.repetition);
		changed |= structured ? put_structured(run, text) : put_rounded(run->step, &run->text, text);
	}
	if (run->text.error)
		return run->text.error;
	return changed ? aff_edit_set(run->e, segment, OBX_VALUE, 0, 0, 0, aff_buf_view(&run->text)) : 0;
}

struct range_context {
	const struct step *step;
	bool changed;
};

static int map_number(void *context, struct aff_buf *out, struct aff_view number)
{
	struct range_context *c = context;
	if (!aff_is_number(number))
		return AFF_EDATATYPE;
	c->changed |= put_rounded(c->step, out, number);
	return 0;
}

static int round_range(struct run *run, unsigned segment)
{
	struct range_context c = {run->step, false};
	aff_buf_clear(&run->text);
	int rc = range_map(&run->text, aff_edit_field(run->e, segment, OBX_RANGE), map_number, &c);
	if (run->text.error)
		return run->text.error;
	if (rc || !c.changed) /* words, or nothing to round */
		return 0;
	return aff_edit_set(run->e, segment, OBX_RANGE, 0, 0, 0, aff_buf_view(&run->text));
}

static int run_round(struct run *run, unsigned segment)
{
	struct aff_view type = aff_edit_get(run->e, segment, OBX_TYPE, 1, 1, 1);
	bool structured = aff_view_is(type, "SN");
	if ((!structured && !aff_view_is(type, "NM")) || (structured && !run->delims.component))
		return STEP_DONE;
	int rc = round_value(run, segment, structured);
	return rc || !run->step->range ? rc : round_range(run, segment);
}

static int check_round(const struct aff_step *asked, struct aff_diag *diag)
{
	return step_check_obx(asked, diag, "only OBX segments have values to round");
}

const struct step_kind step_round = {
	.name = "round", .check = check_round, .compile = compile_round, .run = run_round, .everywhere = "OBX"};
