/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiles a condition: operator precedence with an explicit stack (no recursion over input). `and` and `or` become
 * jumps that are aimed when their right side is complete; `any` and `all` with brackets become a loop.
 */
#include <afferent/expr.h>

#include <stdlib.h>

#include "base/nearest.h"
#include "base/vector.h"
#include "rules/compiler.h"

enum { TEXT_MAX = 16384 };

int compiler_fail(struct compiler *c, size_t at, const char *what)
{
	aff_diag_set(c->diag, AFF_ESYNTAX, "%s", what);
	if (c->diag)
		c->diag->column = (unsigned)at + 1;
	return AFF_ESYNTAX;
}

void compiler_hint(struct compiler *c, size_t at, const char *const *words, size_t n, const char *otherwise)
{
	struct lexer there = {c->lexer.text, at};
	struct nearest nearest = {.word = lexer_peek_word(&there)};
	for (size_t i = 0; i < n; i++)
		nearest_offer(&nearest, words[i]);
	if (nearest.best)
		aff_diag_hint(c->diag, "did you mean `%s`?", nearest.best);
	else
		aff_diag_hint(c->diag, "%s", otherwise);
}

static int emit(struct compiler *c, const struct instruction *in)
{
	struct aff_expr *x = c->x;
	if (vector_room(&x->program, &x->allocated, x->count, sizeof *x->program))
		return AFF_ENOMEM;
	x->program[x->count++] = *in;
	return 0;
}

static int push(struct compiler *c, enum pending_kind kind, size_t at, size_t instruction)
{
	if (c->depth == COMPILER_DEPTH) {
		compiler_fail(c, at, "the condition is nested too deep");
		aff_diag_hint(c->diag, "at most %d open brackets and words; split the condition", COMPILER_DEPTH);
		return AFF_ESYNTAX;
	}
	c->stack[c->depth++] = (struct pending){kind, at, instruction};
	return 0;
}

/* ---- one test: [any|all] PATH operator value, [any|all] SEGMENT (condition) ---- */

static int take_operator(struct compiler *c, enum op *op)
{
	static const struct {
		const char *text;
		enum op op;
		bool word;
	} operators[] = {{"<=", OP_LESS_EQUAL, false}, {">=", OP_GREATER_EQUAL, false}, {"!=", OP_UNEQUAL, false},
	                 {"=", OP_EQUAL, false}, {"<", OP_LESS, false}, {">", OP_GREATER, false},
	                 {"in", OP_IN, true}, {"matches", OP_MATCHES, true}};
	static const char *const words[] = {"in", "matches"};
	size_t at = c->lexer.at;
	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
		const char *text = operators[i].text;
		if (operators[i].word ? lexer_take_word(&c->lexer, text) : lexer_take(&c->lexer, text)) {
			*op = operators[i].op;
			return 0;
		}
	}
	compiler_fail(c, at, "an operator is expected here");
	if (lexer_take_word(&c->lexer, "not"))
		aff_diag_hint(c->diag, "`not` stands before the path: not PV1-2 in [I, E]");
	else
		compiler_hint(c, at, words, 2, "one of = != < <= > >= in matches");
	return AFF_ESYNTAX;
}

static enum quantifier take_quantifier(struct compiler *c)
{
	if (lexer_take_word(&c->lexer, "any"))
		return EACH_ANY;
	return lexer_take_word(&c->lexer, "all") ? EACH_ALL : EACH_NONE;
}

/* A function's name, when a bracket stands behind it; `count` has none. */
static enum function take_function(struct compiler *c)
{
	static const enum function functions[] = {FUNCTION_UPPER, FUNCTION_LOWER, FUNCTION_TRIM, FUNCTION_LENGTH};
	enum function f = function_take(&c->lexer, functions, sizeof functions / sizeof functions[0]);
	if (f)
		return f;
	return lexer_take_word(&c->lexer, "count") ? FUNCTION_COUNT : FUNCTION_NONE;
}

/* Behind `any SEGMENT` or `all SEGMENT`: the condition in brackets is tested for each of them. */
static int open_loop(struct compiler *c, struct instruction *in, size_t at)
{
	if (c->in_loop)
		return compiler_fail(c, at, "any and all do not stand within another one");
	if (in->path.group_count || in->path.occurrence)
		return compiler_fail(c, at, "any and all take a segment without occurrence and groups");
	int rc = push(c, PENDING_EACH, at, c->x->count);
	in->op = OP_EACH;
	in->source = aff_view(c->lexer.text.p + at, c->lexer.at - at);
	c->in_loop = true;
	c->want_operand = true;
	return rc ? rc : emit(c, in);
}

static int take_left(struct compiler *c, struct instruction *in, bool unary)
{
	lexer_skip_blanks(&c->lexer);
	if (!unary)
		in->function = take_function(c);
	lexer_skip_blanks(&c->lexer);
	size_t at = c->lexer.at;
	int rc = compiler_take_path(c, &in->path);
	if (rc)
		return rc;
	lexer_skip_blanks(&c->lexer);
	if (in->function && in->function != FUNCTION_COUNT && !lexer_take(&c->lexer, ")"))
		return compiler_fail(c, c->lexer.at, "`)` is expected here");
	if (in->each && in->function == FUNCTION_COUNT)
		return compiler_fail(c, at, "count stands alone: it counts all of them");
	bool part = in->path.group_count || in->path.repetition || in->path.component;
	if (in->function == FUNCTION_COUNT && part)
		return compiler_fail(c, at, "count takes a segment or a field, without groups");
	if (in->each && in->path.group_count)
		return compiler_fail(c, at, "any and all take a path without groups");
	if (!unary && !in->path.field && in->function != FUNCTION_COUNT && !in->each) {
		compiler_fail(c, at, "a field is expected here, not a segment");
		aff_diag_hint(c->diag, "write a path such as PV1-2, or `exists PV1`");
		return AFF_ESYNTAX;
	}
	return 0;
}

static int take_test(struct compiler *c)
{
	size_t start = c->lexer.at;
	struct instruction in = {.each = take_quantifier(c)};
	bool unary = true;
	lexer_skip_blanks(&c->lexer);
	if (lexer_take_word(&c->lexer, "exists"))
		in.op = OP_EXISTS;
	else if (lexer_take_word(&c->lexer, "empty"))
		in.op = OP_EMPTY;
	else
		unary = false;
	lexer_skip_blanks(&c->lexer);
	size_t at = c->lexer.at;
	int rc = take_left(c, &in, unary);
	if (!rc && in.each && !in.path.field) {
		if (!unary && !in.function && lexer_take(&c->lexer, "("))
			return open_loop(c, &in, at);
		compiler_fail(c, at, "a field is expected here, or a condition in brackets behind the segment");
		aff_diag_hint(c->diag, "any OBX-8 = HH, or any OBX (OBX-3.1 = 147842 and OBX-5 > 150)");
		return AFF_ESYNTAX;
	}
	c->want_operand = false;
	if (!rc && !unary) {
		lexer_skip_blanks(&c->lexer);
		at = c->lexer.at;
		rc = take_operator(c, &in.op);
		if (!rc && in.function >= FUNCTION_LENGTH && in.op >= OP_IN)
			return compiler_fail(c, at, "count and length are compared with = != < <= > >=");
		lexer_skip_blanks(&c->lexer);
		rc = rc ? rc : compiler_take_operands(c, &in);
	}
	in.source = aff_view(c->lexer.text.p + start, c->lexer.at - start);
	rc = rc ? rc : emit(c, &in);
	if (rc)
		regex_free(in.regex);
	return rc;
}

/* ---- how tests are put together ---- */

/* Completes what binds at least as strongly as `kind`. */
static int complete(struct compiler *c, enum pending_kind kind)
{
	static const struct instruction negate = {.op = OP_NOT};
	int rc = 0;
	while (!rc && c->depth && c->stack[c->depth - 1].kind >= kind) {
		const struct pending *top = &c->stack[--c->depth];
		if (top->kind == PENDING_NOT)
			rc = emit(c, &negate);
		else
			c->x->program[top->instruction].target = (unsigned)c->x->count;
	}
	return rc;
}

static int take_operand(struct compiler *c)
{
	size_t at = c->lexer.at;
	if (lexer_at_end(&c->lexer)) {
		bool begun = c->x->count || c->depth;
		compiler_fail(c, at, begun ? "the condition ends too early" : "the condition is empty");
		aff_diag_hint(c->diag, "a condition looks like PV1-3.1 = ICU or exists PID-3");
		return AFF_ESYNTAX;
	}
	if (lexer_take(&c->lexer, "("))
		return push(c, PENDING_OPEN, at, 0);
	if (lexer_take_word(&c->lexer, "not"))
		return push(c, PENDING_NOT, at, 0);
	return take_test(c);
}

static int close_bracket(struct compiler *c, size_t at)
{
	int rc = complete(c, PENDING_OR);
	if (rc)
		return rc;
	if (!c->depth)
		return compiler_fail(c, at, "this `)` closes nothing");
	const struct pending *open = &c->stack[--c->depth];
	if (open->kind == PENDING_OPEN)
		return 0;
	c->in_loop = false;
	c->x->program[open->instruction].target = (unsigned)c->x->count;
	return emit(c, &(struct instruction){.op = OP_NEXT, .target = (unsigned)open->instruction});
}

static int join(struct compiler *c, enum pending_kind kind, size_t at)
{
	struct instruction jump = {.op = kind == PENDING_AND ? OP_AND : OP_OR};
	int rc = complete(c, kind);
	rc = rc ? rc : push(c, kind, at, c->x->count);
	c->want_operand = true;
	return rc ? rc : emit(c, &jump);
}

static int take_connective(struct compiler *c)
{
	static const char *const words[] = {"and", "or"};
	size_t at = c->lexer.at;
	if (lexer_take(&c->lexer, ")"))
		return close_bracket(c, at);
	if (lexer_take_word(&c->lexer, "and"))
		return join(c, PENDING_AND, at);
	if (lexer_take_word(&c->lexer, "or"))
		return join(c, PENDING_OR, at);
	compiler_fail(c, at, "`and`, `or` or the end is expected here");
	char sign = at < c->lexer.text.n ? c->lexer.text.p[at] : '\0';
	compiler_hint(c, at, words, 2,
	              sign == '&' ? "write `and`" : sign == '|' ? "write `or`" : "text with blanks goes in quotes");
	return AFF_ESYNTAX;
}

static int compile(struct compiler *c)
{
	c->want_operand = true;
	for (;;) {
		lexer_skip_blanks(&c->lexer);
		if (!c->want_operand && lexer_at_end(&c->lexer))
			break;
		int rc = c->want_operand ? take_operand(c) : take_connective(c);
		if (rc)
			return rc;
	}
	int rc = complete(c, PENDING_OR);
	if (!rc && c->depth)
		return compiler_fail(c, c->stack[c->depth - 1].at, "this `(` is not closed");
	return rc;
}

int aff_expr_compile(struct aff_expr **out, struct aff_view text, struct aff_diag *diag)
{
	if (text.n > TEXT_MAX)
		return aff_diag_set(diag, AFF_ESYNTAX, "the condition is longer than %d bytes", TEXT_MAX);
	struct aff_expr *x = calloc(1, sizeof *x);
	char *copy = malloc(text.n + 1);
	int rc = AFF_ENOMEM;
	if (!x || !copy)
		goto out;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	x->text = copy;
	x->length = text.n;
	copy = NULL;
	struct compiler c = {.x = x, .lexer = {aff_view(x->text, x->length), 0}, .diag = diag};
	rc = compile(&c);
	if (!rc) {
		*out = x;
		x = NULL;
	}
out:
	free(copy);
	aff_expr_free(x);
	return rc == AFF_ENOMEM ? aff_diag_set(diag, rc, "%s", aff_error_text(rc)) : rc;
}

void aff_expr_free(struct aff_expr *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->count; i++)
		regex_free(x->program[i].regex);
	free(x->program);
	free(x->values);
	free(x->operands);
	free(x->text);
	free(x);
}

/* Where a segment's id stands in a test, behind `from`. */
static size_t find_id(struct aff_view test, size_t from, const char *id)
{
	while (from + 3 <= test.n && memcmp(test.p + from, id, 3) != 0)
		from++;
	return from + 3 <= test.n ? from : 0;
}

bool aff_expr_path(const struct aff_expr *x, size_t n, struct aff_expr_path *out)
{
	for (size_t i = 0; i < x->count; i++) {
		const struct instruction *in = &x->program[i];
		const struct operand *o = in->operand ? &x->operands[in->operand - 1] : NULL;
		if (!in->path.segment[0] || in->op == OP_NEXT)
			continue;
		size_t start = (size_t)(in->source.p - x->text), at = find_id(in->source, 0, in->path.segment);
		if (!n--) {
			bool one = in->op == OP_EQUAL || in->op == OP_UNEQUAL;
			*out = (struct aff_expr_path){.path = in->path, .at = start + at,
			                              .count = one ? !in->operand : in->values};
			out->texts = out->count ? &x->values[in->value] : NULL;
			return true;
		}
		if (!o || o->kind != OPERAND_PATH || n--)
			continue;
		at = find_id(in->source, at + 3, o->path.segment);
		*out = (struct aff_expr_path){o->path, start + at, NULL, 0};
		return true;
	}
	return false;
}

struct aff_view aff_expr_text(const struct aff_expr *x)
{
	return aff_view(x->text, x->length);
}
