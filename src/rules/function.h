/* SPDX-License-Identifier: Apache-2.0
 *
 * What conditions and templates can do to a text: upper(PID-5.1).
 */
#ifndef RULES_FUNCTION_H
#define RULES_FUNCTION_H

#include "rules/lexer.h"

enum function {
	FUNCTION_NONE, FUNCTION_UPPER, FUNCTION_LOWER, FUNCTION_TRIM, FUNCTION_LENGTH,
	FUNCTION_COUNT,                    /* conditions only */
	FUNCTION_SUBSTR, FUNCTION_DEFAULT  /* templates only */
};

/* Steps over one of these functions' names and the bracket behind it; FUNCTION_NONE: none of them stands here. */
enum function function_take(struct lexer *l, const enum function *functions, size_t count);

/* UPPER, LOWER (letters A to Z), TRIM (blanks), LENGTH (characters) of a UTF-8 text: a part of it, or in made, which is
 * overwritten; text may stand in made. Failures stick in made. */
struct aff_view function_apply(enum function function, struct aff_view text, struct aff_buf *made);

/* Characters `from` (from 1) and the ones behind it, `count` at most. */
struct aff_view function_substr(struct aff_view text, unsigned from, unsigned count);

#endif
