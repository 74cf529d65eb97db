/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a compiled condition over a message. The program is only read, so any number of threads may run it.
 */
#include "rules/expr_value.h"

enum { PLAIN_MAX = 32 << 20 };

/* ---- one test ---- */

/* What was compared, in UTF-8; the other path's text is copied, both are made in the same buffer. */
static int tell(const struct aff_expr *x, const struct instruction *in, const struct aff_path *path, struct value *v,
                bool holds)
{
	const struct operand *o = in->operand ? &x->operands[in->operand - 1] : NULL;
	struct aff_expr_seen seen = {.test = in->source, .path = path, .holds = holds};
	struct aff_view other = {"", 0};
	struct aff_buf copy;
	int rc = 0;
	seen.segment = path->group_count ? AFF_NONE : from_segment(&v->from, path);
	aff_buf_init(&copy, v->plain.max);
	if (o && o->kind == OPERAND_PATH) {
		rc = value_other(o, v, &other);
		aff_buf_put_view(&copy, other);
		seen.other_path = &o->path;
	}
	seen.other = aff_buf_view(&copy);
	rc = rc ? rc : value_text(in, path, v, &seen.value);
	if (!rc && !copy.error && !v->plain.error && !v->made.error)
		v->seen(v->arg, &seen);
	rc = rc ? rc : copy.error;
	aff_buf_free(&copy);
	return rc;
}

static int test(const struct aff_expr *x, const struct instruction *in, const struct aff_path *path, struct value *v)
{
	int truth = value_test(x, in, path, v);
	if (!v->seen || truth < 0)
		return truth;
	int rc = tell(x, in, path, v, truth);
	return rc ? rc : truth;
}

/* ---- any and all of one test ---- */

static unsigned repetitions(struct value *v, const struct aff_path *path)
{
	unsigned segment = from_segment(&v->from, path), n = 1;
	if (segment == AFF_NONE)
		return 0;
	struct aff_view field = from_field(&v->from, segment, path->field);
	for (size_t i = 0; i < field.n; i++)
		n += field.p[i] == v->charset->delims.repetition;
	return n;
}

/* All repetitions within the current segment, or the occurrence that the path names. */
static int test_repetitions(const struct aff_expr *x, const struct instruction *in, struct value *v)
{
	struct aff_path path = in->path;
	unsigned n = path.repetition ? path.repetition : repetitions(v, &path);
	for (unsigned r = path.repetition ? path.repetition : 1; r <= n; r++) {
		path.repetition = r;
		int truth = test(x, in, &path, v);
		if (truth < 0 || truth == (in->each == EACH_ANY))
			return truth;
	}
	return in->each == EACH_ALL;
}

static int test_each(const struct aff_expr *x, const struct instruction *in, struct value *v)
{
	struct from outer = v->from;
	int truth = in->each == EACH_ALL;
	if (in->path.occurrence || from_is_current(&outer, in->path.segment))
		return test_repetitions(x, in, v);
	for (unsigned s = from_next(&outer, in->path.segment, 0); s != AFF_NONE && truth == (in->each == EACH_ALL);
	     s = from_next(&outer, in->path.segment, s + 1)) {
		v->from.current = s;
		truth = test_repetitions(x, in, v);
	}
	v->from = outer;
	return truth;
}

/* ---- the program ---- */

struct loop {
	unsigned outer; /* the current segment outside of it */
};

/* To the first segment of the loop; without one the loop is decided. */
static size_t enter(const struct instruction *in, size_t at, struct value *v, struct loop *loop, int *truth)
{
	unsigned first = from_next(&v->from, in->path.segment, 0);
	*truth = in->each == EACH_ALL;
	if (first == AFF_NONE)
		return in->target + 1u;
	loop->outer = v->from.current;
	v->from.current = first;
	return at + 1;
}

/* Behind one round. */
static size_t go_round(const struct aff_expr *x, const struct instruction *next, size_t at, struct value *v,
                       const struct loop *loop, int truth)
{
	const struct instruction *each = &x->program[next->target];
	unsigned here = v->from.current;
	v->from.current = loop->outer;
	if (truth == (each->each == EACH_ANY))
		return at + 1;
	unsigned following = from_next(&v->from, each->path.segment, here + 1);
	if (following == AFF_NONE)
		return at + 1;
	v->from.current = following;
	return next->target + 1u;
}

static int run(const struct aff_expr *x, struct value *v)
{
	struct loop loop = {AFF_NONE};
	int truth = 0;
	for (size_t i = 0; i < x->count && truth >= 0;) {
		const struct instruction *in = &x->program[i];
		switch (in->op) {
		case OP_NOT:
			truth = !truth;
			i++;
			break;
		case OP_AND:
		case OP_OR:
			i = truth == (in->op == OP_OR) ? in->target : i + 1;
			break;
		case OP_EACH:
			i = enter(in, i, v, &loop, &truth);
			break;
		case OP_NEXT:
			i = go_round(x, in, i, v, &loop, truth);
			break;
		default:
			truth = in->each ? test_each(x, in, v) : test(x, in, &in->path, v);
			i++;
		}
	}
	return truth;
}

static int run_from(const struct aff_expr *x, const struct from *f, struct charset_use *charset,
                    void (*seen)(void *, const struct aff_expr_seen *), void *arg)
{
	struct value v = {.from = *f, .charset = charset, .seen = seen, .arg = arg};
	aff_buf_init(&v.plain, PLAIN_MAX);
	aff_buf_init(&v.made, PLAIN_MAX);
	int truth = run(x, &v);
	aff_buf_free(&v.plain);
	aff_buf_free(&v.made);
	return truth;
}

int expr_test(const struct aff_expr *x, const struct aff_edit *e, struct charset_use *charset,
              const struct expr_current *current)
{
	const struct from from = {.edit = e, .current = current->segment, .one = *current};
	return run_from(x, &from, charset, NULL, NULL);
}

int aff_expr_test(const struct aff_expr *x, const struct aff_edit *e, unsigned current)
{
	struct charset_use charset = charset_use_of(aff_edit_message(e));
	int truth = expr_test(x, e, &charset, &(struct expr_current){.segment = current});
	charset_use_end(&charset);
	return truth;
}

int aff_expr_test_message(const struct aff_expr *x, const struct aff_msg *m, unsigned current)
{
	struct charset_use charset = charset_use_of(m);
	int truth = run_from(x, &(struct from){.message = m, .current = current}, &charset, NULL, NULL);
	charset_use_end(&charset);
	return truth;
}

int aff_expr_explain(const struct aff_expr *x, const struct aff_edit *e, unsigned current, unsigned field,
                     unsigned repetition, void (*seen)(void *arg, const struct aff_expr_seen *seen), void *arg)
{
	struct charset_use charset = charset_use_of(aff_edit_message(e));
	const struct from from = {.edit = e, .current = current, .one = {current, repetition, field}};
	int truth = run_from(x, &from, &charset, seen, arg);
	charset_use_end(&charset);
	return truth;
}
