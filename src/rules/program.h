/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled condition: tests that set one truth value, `not` that turns it round, and jumps over the right side of
 * `and` and `or` when the left side has decided. No stack is needed to run it.
 */
#ifndef RULES_PROGRAM_H
#define RULES_PROGRAM_H

#include <afferent/expr.h>

#include "rules/charset.h"
#include "rules/regex.h"

enum op {
	OP_EXISTS,
	OP_EMPTY,
	OP_EQUAL,
	OP_UNEQUAL,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_IN,
	OP_MATCHES,
	OP_NOT,
	OP_AND,
	OP_OR
};

struct instruction {
	enum op op;
	unsigned target;         /* AND: where to go on when false; OR: when true */
	unsigned value, values;  /* the values a test compares with: first and how many */
	struct aff_path path;
	struct regex *regex;     /* MATCHES */
};

struct aff_expr {
	char *text;              /* the values are views into it */
	size_t length;
	struct instruction *program;
	size_t count, allocated;
	struct aff_view *values;
	size_t value_count, values_allocated;
};

/* aff_expr_test by a caller that has the message's character set already. */
int expr_test(const struct aff_expr *x, const struct aff_edit *e, struct charset_use *charset, unsigned current);

#endif
