/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of compiling a condition share.
 */
#ifndef RULES_COMPILER_H
#define RULES_COMPILER_H

#include "rules/lexer.h"
#include "rules/program.h"

enum { COMPILER_DEPTH = 32 };

enum pending_kind { PENDING_OPEN, PENDING_EACH, PENDING_OR, PENDING_AND, PENDING_NOT }; /* by precedence */

struct pending {
	enum pending_kind kind;
	size_t at;            /* place in the text */
	size_t instruction;   /* the jump or loop to complete */
};

struct compiler {
	struct aff_expr *x;
	struct lexer lexer;
	struct pending stack[COMPILER_DEPTH];
	size_t depth;
	bool want_operand;
	bool in_loop;
	struct aff_diag *diag;
};

/* AFF_ESYNTAX, told at this place. */
int compiler_fail(struct compiler *c, size_t at, const char *what);
/* Says which of `words` is probably meant by the word that stands at `at`, else what may stand there. */
void compiler_hint(struct compiler *c, size_t at, const char *const *words, size_t n, const char *otherwise);

/* expr_operand.c: what stands on the right of an operator, and the path on its left. */
int compiler_take_path(struct compiler *c, struct aff_path *path);
int compiler_take_operands(struct compiler *c, struct instruction *in);

#endif
