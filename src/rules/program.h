/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled condition: tests that set one truth value, `not` that turns it round, jumps over the right side of `and`
 * and `or` when the left side has decided, and loops over segments. No stack is needed to run it: a loop holds none.
 */
#ifndef RULES_PROGRAM_H
#define RULES_PROGRAM_H

#include <afferent/dtm.h>
#include <afferent/expr.h>
#include <afferent/unit.h>

#include "rules/charset.h"
#include "rules/function.h"
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
	OP_OR,
	OP_EACH, /* for each segment of the path: what stands up to its OP_NEXT */
	OP_NEXT
};

enum quantifier { EACH_NONE, EACH_ANY, EACH_ALL };

/* What a path is compared with, when it is not plain text. */
enum operand_kind { OPERAND_NUMBER, OPERAND_DATE, OPERAND_PATH };

struct operand {
	enum operand_kind kind;
	struct aff_view number;
	const struct aff_unit *unit;  /* NUMBER: NULL = as it is written */
	struct aff_dtm date;
	struct aff_path path;
	bool shifted;                 /* PATH: a time, moved by these */
	int64_t shift_us;
	int shift_years;
};

struct instruction {
	enum op op;
	enum quantifier each;
	enum function function;
	unsigned target;         /* AND: where to go on when false; OR: when true; EACH: its NEXT; NEXT: its EACH */
	unsigned value, values;  /* the values a test compares with: first and how many */
	unsigned operand;        /* 0: none; else its place in operands, from 1 */
	struct aff_path path;
	struct regex *regex;     /* MATCHES */
	struct aff_view source;  /* the test as it is written */
};

struct aff_expr {
	char *text;              /* the values are views into it */
	size_t length;
	struct instruction *program;
	size_t count, allocated;
	struct aff_view *values;
	size_t value_count, values_allocated;
	struct operand *operands;
	size_t operand_count, operands_allocated;
};

/* What a condition is asked for: a segment (AFF_NONE: the message), or one repetition of a field of it. */
struct expr_current {
	unsigned segment, repetition, field;
};

/* aff_expr_test by a caller that has the message's character set already. */
int expr_test(const struct aff_expr *x, const struct aff_edit *e, struct charset_use *charset,
              const struct expr_current *current);

#endif
