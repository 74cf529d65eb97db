/* SPDX-License-Identifier: Apache-2.0
 *
 * What cannot be compared makes a test false, whatever the operator but `!=`: a text that is no number, a unit that is
 * not known or measures something else, a time whose zone nobody tells.
 */
#include "rules/expr_value.h"

#include <afferent/number.h>

static unsigned find(const struct from *f, const char *id, unsigned start)
{
	return f->edit ? aff_edit_find(f->edit, id, start) : aff_msg_find(f->message, id, start);
}

/* A current segment that stands before all patients has no patient: all segments are looked at. */
static void find_patient(struct from *f)
{
	unsigned first = find(f, "PID", 0), low = first, next = first;
	while (next != AFF_NONE && next <= f->current) {
		low = next;
		next = find(f, "PID", next + 1);
	}
	bool none = first == AFF_NONE || f->current < first;
	f->patient.known = true;
	f->patient.of = f->current;
	f->patient.first = none ? AFF_NONE : first;
	f->patient.low = low;
	f->patient.high = next;
}

unsigned from_next(struct from *f, const char *id, unsigned start)
{
	if (f->current == AFF_NONE)
		return find(f, id, start);
	if (!f->patient.known || f->patient.of != f->current)
		find_patient(f);
	unsigned s = find(f, id, start);
	if (s != AFF_NONE && s >= f->patient.first && s < f->patient.low)
		s = find(f, id, f->patient.low);
	return s != AFF_NONE && s >= f->patient.first && s >= f->patient.high ? AFF_NONE : s;
}

bool from_is_current(const struct from *f, const char *id)
{
	return f->current != AFF_NONE && find(f, id, f->current) == f->current;
}

unsigned from_segment(struct from *f, const struct aff_path *path)
{
	unsigned s, seen = 1;
	if (!path->occurrence)
		return from_is_current(f, path->segment) ? f->current : from_next(f, path->segment, 0);
	for (s = find(f, path->segment, 0); s != AFF_NONE && seen < path->occurrence; seen++)
		s = find(f, path->segment, s + 1);
	return s;
}

struct aff_view from_field(const struct from *f, unsigned segment, unsigned field)
{
	return f->edit ? aff_edit_field(f->edit, segment, field) : aff_msg_field(f->message, segment, field);
}

/* The path means the repetition that the condition is asked for. */
static bool is_current_repetition(const struct from *f, const struct aff_path *path)
{
	return f->one.repetition && path->field == f->one.field && !path->repetition && !path->occurrence &&
	       !path->group_count && f->current == f->one.segment && from_is_current(f, path->segment);
}

int from_path(const struct from *f, const struct aff_path *path, struct aff_view *out)
{
	const struct aff_groups *groups;
	int rc = 0;
	if (is_current_repetition(f, path)) {
		*out = aff_edit_get(f->edit, f->current, path->field, f->one.repetition, path->component,
		                    path->subcomponent);
		return 0;
	}
	if (path->group_count)
		rc = f->edit ? aff_edit_groups(f->edit, &groups) : aff_msg_groups(f->message, &groups);
	if (rc)
		return rc;
	*out = f->edit ? aff_edit_path(f->edit, path, f->current) : aff_path_read(f->message, path, f->current);
	return 0;
}

/* Nothing but delimiters, or the sender's `""`, is no value. */
static bool has_value(const struct value *v, struct aff_view raw)
{
	const struct aff_delims *d = &v->charset->delims;
	if (aff_is_null(raw))
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c != d->component && c != d->repetition && c != d->subcomponent)
			return true;
	}
	return false;
}

/* ---- text ---- */

static struct aff_view decimal(struct value *v, unsigned n)
{
	aff_buf_clear(&v->made);
	aff_buf_printf(&v->made, "%u", n);
	return aff_buf_view(&v->made);
}

/* Segments of this id, or repetitions of a field that have a value. */
static unsigned count(const struct aff_path *path, struct value *v)
{
	unsigned n = 0;
	if (!path->field) {
		for (unsigned s = from_next(&v->from, path->segment, 0); s != AFF_NONE;
		     s = from_next(&v->from, path->segment, s + 1))
			n++;
		return n;
	}
	unsigned segment = from_segment(&v->from, path);
	struct aff_view rest = segment == AFF_NONE ? aff_view("", 0) : from_field(&v->from, segment, path->field);
	for (bool more = true; more;) {
		const char *end = memchr(rest.p, v->charset->delims.repetition, rest.n);
		size_t length = end ? (size_t)(end - rest.p) : rest.n;
		n += has_value(v, aff_view(rest.p, length));
		more = end != NULL;
		if (end)
			rest = aff_view(end + 1, rest.n - length - 1);
	}
	return n;
}

/* The text to compare, by the test's function. */
static struct aff_view text_of(const struct instruction *in, const struct aff_path *path, struct value *v)
{
	if (in->function == FUNCTION_COUNT)
		return decimal(v, count(path, v));
	struct aff_view text = charset_read(v->charset, &v->plain, v->raw);
	return function_apply(in->function, text, &v->made);
}

int value_text(const struct instruction *in, const struct aff_path *path, struct value *v, struct aff_view *out)
{
	int rc = in->function == FUNCTION_COUNT ? 0 : from_path(&v->from, path, &v->raw);
	*out = rc ? aff_view("", 0) : text_of(in, path, v);
	return rc;
}

int value_other(const struct operand *o, struct value *v, struct aff_view *out)
{
	struct aff_view raw;
	int rc = from_path(&v->from, &o->path, &raw);
	*out = rc ? aff_view("", 0) : charset_read(v->charset, &v->plain, raw);
	return rc;
}

/* ---- equal ---- */

/* The text of another path, read after the first one: it has a buffer of its own. */
static int equals_other(const struct operand *o, struct value *v, struct aff_view text)
{
	struct aff_view raw;
	struct aff_buf plain;
	int rc = from_path(&v->from, &o->path, &raw);
	if (rc)
		return rc;
	aff_buf_init(&plain, v->plain.max);
	struct aff_view other = charset_read(v->charset, &plain, raw);
	int same = plain.error ? plain.error : aff_view_equal(text, other);
	aff_buf_free(&plain);
	return same;
}

static int equals(const struct aff_expr *x, const struct instruction *in, struct value *v, struct aff_view text)
{
	const struct operand *o = in->operand ? &x->operands[in->operand - 1] : NULL;
	struct aff_nm a, b;
	if (o && o->kind == OPERAND_NUMBER)
		return !aff_nm_parse(&a, text) && !aff_nm_parse(&b, o->number) && aff_nm_compare(&a, &b) == 0;
	if (o)
		return equals_other(o, v, text);
	unsigned n = in->op == OP_IN ? in->values : 1;
	for (unsigned i = 0; i < n; i++) {
		if (aff_view_equal(text, x->values[in->value + i]))
			return 1;
	}
	return 0;
}

/* ---- order ---- */

enum order { ORDER_NONE = 2 }; /* else -1, 0 or 1 */

static int order_numbers(struct aff_view a, struct aff_view b)
{
	struct aff_nm x, y;
	if (aff_nm_parse(&x, a) || aff_nm_parse(&y, b))
		return ORDER_NONE;
	int order = aff_nm_compare(&x, &y);
	return (order > 0) - (order < 0);
}

/* The value in the limit's unit, as `units` would write it. */
static int order_in_unit(const struct operand *o, const struct aff_path *path, struct value *v)
{
	struct aff_path unit_path = *path;
	struct aff_view cwe;
	unit_path.field = 6;
	unit_path.repetition = unit_path.component = unit_path.subcomponent = 0;
	if (from_path(&v->from, &unit_path, &cwe))
		return ORDER_NONE;
	const struct aff_unit *unit = charset_unit(v->charset, &v->plain, cwe);
	aff_buf_clear(&v->made);
	if (!unit || aff_unit_convert(&v->made, v->raw, unit, o->unit) || v->made.error)
		return ORDER_NONE;
	return order_numbers(aff_buf_view(&v->made), o->number);
}

struct instant {
	struct aff_dtm t;
	int64_t shift_us;
};

static int order_times(const struct value *v, const struct instant *a, const struct instant *b)
{
	const struct aff_msg *m = v->from.edit ? aff_edit_message(v->from.edit) : v->from.message;
	int zone = 0;
	bool known = aff_dtm_message_zone(m, &zone);
	if (a->t.has_zone != b->t.has_zone && !known)
		return ORDER_NONE;
	int64_t x = aff_dtm_micros(&a->t, zone) + a->shift_us, y = aff_dtm_micros(&b->t, zone) + b->shift_us;
	return (x > y) - (x < y);
}

static int order_with_path(const struct operand *o, struct value *v, struct aff_view text)
{
	struct aff_view other;
	struct instant a = {.shift_us = 0}, b = {.shift_us = o->shift_us};
	if (from_path(&v->from, &o->path, &other))
		return ORDER_NONE;
	int order = o->shifted ? ORDER_NONE : order_numbers(text, other);
	bool same_form = aff_dtm_parse(&a.t, text) == 0 && aff_dtm_parse(&b.t, other) == 0;
	/* What reads as dates to the day or finer on both sides is compared as such: 20260101 is after 202512312359. */
	if (!same_form || a.t.precision < AFF_DTM_DAY || b.t.precision < AFF_DTM_DAY)
		return order;
	b.t.year += o->shift_years;
	return order_times(v, &a, &b);
}

static int order(const struct operand *o, const struct aff_path *path, struct value *v, struct aff_view text)
{
	struct instant a = {.shift_us = 0}, b = {.shift_us = 0};
	switch (o->kind) {
	case OPERAND_NUMBER:
		return o->unit ? order_in_unit(o, path, v) : order_numbers(text, o->number);
	case OPERAND_DATE:
		b.t = o->date;
		return aff_dtm_parse(&a.t, text) ? ORDER_NONE : order_times(v, &a, &b);
	default:
		return order_with_path(o, v, text);
	}
}

static bool holds(enum op op, int order)
{
	if (order == ORDER_NONE)
		return false;
	switch (op) {
	case OP_LESS:
		return order < 0;
	case OP_LESS_EQUAL:
		return order <= 0;
	case OP_GREATER:
		return order > 0;
	default:
		return order >= 0;
	}
}

int value_test(const struct aff_expr *x, const struct instruction *in, const struct aff_path *path, struct value *v)
{
	int rc = in->function == FUNCTION_COUNT ? 0 : from_path(&v->from, path, &v->raw);
	if (rc)
		return rc;
	if (in->op == OP_EXISTS || in->op == OP_EMPTY)
		return has_value(v, v->raw) == (in->op == OP_EXISTS);
	struct aff_view text = text_of(in, path, v);
	if (v->plain.error || v->made.error)
		return v->plain.error ? v->plain.error : v->made.error;
	switch (in->op) {
	case OP_EQUAL:
	case OP_IN:
		return equals(x, in, v, text);
	case OP_UNEQUAL:
		rc = equals(x, in, v, text);
		return rc < 0 ? rc : !rc;
	case OP_MATCHES:
		return regex_test(in->regex, text);
	default:
		return holds(in->op, order(&x->operands[in->operand - 1], path, v, text));
	}
}
