/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a compiled condition over a message. The program is only read, so any number of threads may run it.
 */
#include <afferent/expr.h>
#include <afferent/number.h>

#include "rules/program.h"

enum { PLAIN_MAX = 32 << 20 };

struct value {
	struct aff_view raw;
	struct charset_use *charset;
	struct aff_buf plain;
};

/* Nothing but delimiters, or the sender's `""`, is no value. */
static bool has_value(const struct value *v)
{
	const struct aff_delims *d = &v->charset->delims;
	if (aff_is_null(v->raw))
		return false;
	for (size_t i = 0; i < v->raw.n; i++) {
		char c = v->raw.p[i];
		if (c != d->component && c != d->repetition && c != d->subcomponent)
			return true;
	}
	return false;
}

static int equals_any(const struct aff_expr *x, const struct instruction *in, struct value *v)
{
	struct aff_view text = charset_read(v->charset, &v->plain, v->raw);
	if (v->plain.error)
		return v->plain.error;
	unsigned n = in->op == OP_IN ? in->values : 1;
	for (unsigned i = 0; i < n; i++) {
		if (aff_view_equal(text, x->values[in->value + i]))
			return 1;
	}
	return 0;
}

static int matches(const struct instruction *in, struct value *v)
{
	struct aff_view text = charset_read(v->charset, &v->plain, v->raw);
	return v->plain.error ? v->plain.error : regex_test(in->regex, text);
}

static int compares(const struct aff_expr *x, const struct instruction *in, const struct value *v)
{
	struct aff_nm number, limit;
	if (aff_nm_parse(&number, v->raw) || aff_nm_parse(&limit, x->values[in->value]))
		return 0;
	int order = aff_nm_compare(&number, &limit);
	switch (in->op) {
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

static int test(const struct aff_expr *x, const struct instruction *in, struct value *v)
{
	int rc;
	switch (in->op) {
	case OP_EXISTS:
		return has_value(v);
	case OP_EMPTY:
		return !has_value(v);
	case OP_EQUAL:
	case OP_IN:
		return equals_any(x, in, v);
	case OP_UNEQUAL:
		rc = equals_any(x, in, v);
		return rc < 0 ? rc : !rc;
	case OP_MATCHES:
		return matches(in, v);
	default:
		return compares(x, in, v);
	}
}

/* Where the values come from: an edit, or a message as it is. */
struct from {
	const struct aff_edit *edit;
	const struct aff_msg *message;
	unsigned current;
};

static int read_path(const struct from *f, const struct aff_path *path, struct aff_view *out)
{
	const struct aff_groups *groups;
	int rc = 0;
	if (path->group_count)
		rc = f->edit ? aff_edit_groups(f->edit, &groups) : aff_msg_groups(f->message, &groups);
	if (rc)
		return rc;
	*out = f->edit ? aff_edit_path(f->edit, path, f->current) : aff_path_read(f->message, path, f->current);
	return 0;
}

static int run(const struct aff_expr *x, const struct from *f, struct value *v)
{
	int truth = 0;
	for (size_t i = 0; i < x->count && truth >= 0;) {
		const struct instruction *in = &x->program[i++];
		if (in->op == OP_NOT) {
			truth = !truth;
		} else if (in->op == OP_AND || in->op == OP_OR) {
			if (truth == (in->op == OP_OR))
				i = in->target;
		} else {
			truth = read_path(f, &in->path, &v->raw);
			truth = truth ? truth : test(x, in, v);
		}
	}
	return truth;
}

static int run_from(const struct aff_expr *x, const struct from *f, struct charset_use *charset)
{
	struct value v = {.charset = charset};
	aff_buf_init(&v.plain, PLAIN_MAX);
	int truth = run(x, f, &v);
	aff_buf_free(&v.plain);
	return truth;
}

int expr_test(const struct aff_expr *x, const struct aff_edit *e, struct charset_use *charset, unsigned current)
{
	return run_from(x, &(struct from){.edit = e, .current = current}, charset);
}

int aff_expr_test(const struct aff_expr *x, const struct aff_edit *e, unsigned current)
{
	struct charset_use charset = charset_use_of(aff_edit_message(e));
	int truth = expr_test(x, e, &charset, current);
	charset_use_end(&charset);
	return truth;
}

int aff_expr_test_message(const struct aff_expr *x, const struct aff_msg *m, unsigned current)
{
	struct charset_use charset = charset_use_of(m);
	int truth = run_from(x, &(struct from){.message = m, .current = current}, &charset);
	charset_use_end(&charset);
	return truth;
}
