/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiles a condition: operator precedence with an explicit stack (no recursion over input). `and` and `or` become
 * jumps that are aimed when their right side is complete.
 */
#include <afferent/expr.h>

#include <afferent/number.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "base/vector.h"
#include "rules/lexer.h"
#include "rules/program.h"

enum { TEXT_MAX = 16384, DEPTH_MAX = 32 };

enum pending_kind { PENDING_OPEN, PENDING_OR, PENDING_AND, PENDING_NOT }; /* in the order of their precedence */

struct pending {
	enum pending_kind kind;
	size_t at;            /* place in the text */
	size_t instruction;   /* the jump to aim */
};

struct compiler {
	struct aff_expr *x;
	struct lexer lexer;
	struct pending stack[DEPTH_MAX];
	size_t depth;
	bool want_operand;
	struct aff_diag *diag;
};

static const char *const reserved[] = {"and", "or", "not", "in", "matches", "exists", "empty"};
static const size_t reserved_count = sizeof reserved / sizeof reserved[0];

static int fail(struct compiler *c, size_t at, const char *what)
{
	aff_diag_set(c->diag, AFF_ESYNTAX, "%s", what);
	if (c->diag)
		c->diag->column = (unsigned)at + 1;
	return AFF_ESYNTAX;
}

/* The one of `words` that is probably meant by the word that stands at `at`; NULL when none is near. */
static const char *near_word(const struct compiler *c, size_t at, const char *const *words, size_t n)
{
	struct lexer there = {c->lexer.text, at};
	struct nearest nearest = {.word = lexer_peek_word(&there)};
	for (size_t i = 0; i < n; i++)
		nearest_offer(&nearest, words[i]);
	return nearest.best;
}

/* Says which of `words` is probably meant by the word that stands at `at`, else what may stand there. */
static void hint_word(struct compiler *c, size_t at, const char *const *words, size_t n, const char *otherwise)
{
	const char *near = near_word(c, at, words, n);
	if (near)
		aff_diag_hint(c->diag, "did you mean `%s`?", near);
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

static int add_value(struct compiler *c, struct aff_view value)
{
	struct aff_expr *x = c->x;
	if (vector_room(&x->values, &x->values_allocated, x->value_count, sizeof *x->values))
		return AFF_ENOMEM;
	x->values[x->value_count++] = value;
	return 0;
}

/* ---- one test: PATH operator value ---- */

static int take_value(struct compiler *c, bool in_list, struct aff_view *out)
{
	bool quoted;
	size_t at = c->lexer.at;
	if (lexer_take_value(&c->lexer, in_list, out, &quoted))
		return fail(c, at, "these quotes are not closed");
	if (quoted)
		return 0;
	if (!out->n) {
		fail(c, at, "a value is missing here");
		aff_diag_hint(c->diag, "write a word, a number or \"text in quotes\"");
		return AFF_ESYNTAX;
	}
	for (size_t i = 0; i < reserved_count; i++) {
		if (aff_view_is(*out, reserved[i])) {
			fail(c, at, "a value is expected here, not a word of the language");
			aff_diag_hint(c->diag, "put \"%s\" in quotes if it is the value", reserved[i]);
			return AFF_ESYNTAX;
		}
	}
	if (strchr("=!<>", out->p[0])) {
		fail(c, at, "an operator has no place here");
		aff_diag_hint(c->diag, "operators are = != < <= > >= in matches; put a value that starts so in quotes");
		return AFF_ESYNTAX;
	}
	return 0;
}

static int take_list(struct compiler *c, struct instruction *in)
{
	size_t open = c->lexer.at;
	if (!lexer_take(&c->lexer, "[")) {
		fail(c, open, "`in` needs a list");
		aff_diag_hint(c->diag, "write in [A, B]");
		return AFF_ESYNTAX;
	}
	do {
		struct aff_view value;
		lexer_skip_blanks(&c->lexer);
		int rc = take_value(c, true, &value);
		rc = rc ? rc : add_value(c, value);
		if (rc)
			return rc;
		in->values++;
		lexer_skip_blanks(&c->lexer);
	} while (lexer_take(&c->lexer, ","));
	if (lexer_take(&c->lexer, "]"))
		return 0;
	fail(c, c->lexer.at, "the list is not closed");
	aff_diag_hint(c->diag,
	              "values are separated by `,` and the list ends with `]`; text with blanks goes in quotes");
	return AFF_ESYNTAX;
}

static int take_regex(struct compiler *c, struct instruction *in)
{
	size_t at = c->lexer.at, offset = 0;
	struct aff_view pattern;
	char why[128] = "", text[192];
	if (!lexer_take(&c->lexer, "/")) {
		fail(c, at, "`matches` needs a regular expression");
		aff_diag_hint(c->diag, "write matches /^MDC_/");
		return AFF_ESYNTAX;
	}
	if (lexer_take_pattern(&c->lexer, &pattern))
		return fail(c, at, "this regular expression is not closed with /");
	bool ignore_case = lexer_take_word(&c->lexer, "i");
	int rc = regex_compile(&in->regex, pattern, ignore_case, &offset, why, sizeof why);
	if (rc == AFF_ESYNTAX) {
		snprintf(text, sizeof text, "the regular expression is wrong: %s", why);
		return fail(c, at + 1 + offset, text);
	}
	return rc;
}

static int take_number(struct compiler *c)
{
	struct aff_view value;
	size_t at = c->lexer.at;
	int rc = take_value(c, false, &value);
	if (rc)
		return rc;
	if (!aff_is_number(value)) {
		fail(c, at, "a number is expected here");
		aff_diag_hint(c->diag,
		              "< <= > >= compare decimal numbers such as 40 or 37.5; use = or matches for text");
		return AFF_ESYNTAX;
	}
	return add_value(c, value);
}

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
	fail(c, at, "an operator is expected here");
	if (lexer_take_word(&c->lexer, "not"))
		aff_diag_hint(c->diag, "`not` stands before the path: not PV1-2 in [I, E]");
	else
		hint_word(c, at, words, 2, "one of = != < <= > >= in matches");
	return AFF_ESYNTAX;
}

static int take_path(struct compiler *c, struct aff_path *path)
{
	static const char *const words[] = {"exists", "empty", "not"};
	struct aff_diag why = {0};
	size_t at = c->lexer.at;
	bool near = near_word(c, at, words, sizeof words / sizeof words[0]) != NULL;
	struct aff_view text = lexer_take_path(&c->lexer);
	if (text.n && aff_path_parse(path, text, &why) == 0)
		return 0;
	if (near || !text.n)
		fail(c, at, "a path is expected here");
	else
		fail(c, why.column ? at + why.column - 1 : at, why.text);
	if (!near && memchr(text.p, '/', text.n))
		aff_diag_hint(c->diag, "%s", why.hint); /* it knows the groups */
	else
		hint_word(c, at, words, sizeof words / sizeof words[0], "a path looks like PV1-3.1 or OBX-5");
	return AFF_ESYNTAX;
}

static int take_operands(struct compiler *c, struct instruction *in)
{
	struct aff_view value;
	int rc;
	in->value = (unsigned)c->x->value_count;
	switch (in->op) {
	case OP_IN:
		return take_list(c, in);
	case OP_MATCHES:
		return take_regex(c, in);
	case OP_EQUAL:
	case OP_UNEQUAL:
		rc = take_value(c, false, &value);
		return rc ? rc : add_value(c, value);
	default:
		return take_number(c);
	}
}

static int take_test(struct compiler *c)
{
	struct instruction in = {0};
	bool unary = true;
	if (lexer_take_word(&c->lexer, "exists"))
		in.op = OP_EXISTS;
	else if (lexer_take_word(&c->lexer, "empty"))
		in.op = OP_EMPTY;
	else
		unary = false;
	lexer_skip_blanks(&c->lexer);
	size_t at = c->lexer.at;
	int rc = take_path(c, &in.path);
	if (!rc && !unary && !in.path.field) {
		fail(c, at, "a field is expected here, not a segment");
		aff_diag_hint(c->diag, "write a path such as PV1-2, or `exists PV1`");
		return AFF_ESYNTAX;
	}
	if (!rc && !unary) {
		lexer_skip_blanks(&c->lexer);
		rc = take_operator(c, &in.op);
		lexer_skip_blanks(&c->lexer);
		rc = rc ? rc : take_operands(c, &in);
	}
	rc = rc ? rc : emit(c, &in);
	if (rc)
		regex_free(in.regex);
	return rc;
}

/* ---- how tests are put together ---- */

static int push(struct compiler *c, enum pending_kind kind, size_t at, size_t instruction)
{
	if (c->depth == DEPTH_MAX) {
		fail(c, at, "the condition is nested too deep");
		aff_diag_hint(c->diag, "at most %d open brackets and words; split the condition", DEPTH_MAX);
		return AFF_ESYNTAX;
	}
	c->stack[c->depth++] = (struct pending){kind, at, instruction};
	return 0;
}

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
		fail(c, at, c->x->count || c->depth ? "the condition ends too early" : "the condition is empty");
		aff_diag_hint(c->diag, "a condition looks like PV1-3.1 = ICU or exists PID-3");
		return AFF_ESYNTAX;
	}
	if (lexer_take(&c->lexer, "("))
		return push(c, PENDING_OPEN, at, 0);
	if (lexer_take_word(&c->lexer, "not"))
		return push(c, PENDING_NOT, at, 0);
	c->want_operand = false;
	return take_test(c);
}

static int close_bracket(struct compiler *c, size_t at)
{
	int rc = complete(c, PENDING_OR);
	if (rc)
		return rc;
	if (!c->depth)
		return fail(c, at, "this `)` closes nothing");
	c->depth--;
	return 0;
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
	fail(c, at, "`and`, `or` or the end is expected here");
	hint_word(c, at, words, 2, "text with blanks goes in quotes");
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
		return fail(c, c->stack[c->depth - 1].at, "this `(` is not closed");
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
	free(x->text);
	free(x);
}

struct aff_view aff_expr_text(const struct aff_expr *x)
{
	return aff_view(x->text, x->length);
}
