/* SPDX-License-Identifier: Apache-2.0
 *
 * The pieces of a condition's text. What a piece may look like depends on what is expected (a path may hold brackets, a
 * bare value almost anything), so the compiler asks for the piece it expects.
 */
#ifndef RULES_LEXER_H
#define RULES_LEXER_H

#include <afferent/text.h>

struct lexer {
	struct aff_view text;
	size_t at; /* the next byte */
};

void lexer_skip_blanks(struct lexer *l);
bool lexer_at_end(const struct lexer *l);

/* Steps over `symbol` if it stands here. */
bool lexer_take(struct lexer *l, const char *symbol);

/* The letters that stand here, without stepping over them; empty when there is no letter. */
struct aff_view lexer_peek_word(const struct lexer *l);
/* Steps over `word` if it stands here and ends here. */
bool lexer_take_word(struct lexer *l, const char *word);

/* Steps over what looks like a path: letters, digits, '-', '.' and digits in brackets. */
struct aff_view lexer_take_path(struct lexer *l);

/* Steps over a value: quoted with " or ', or bare up to a blank or a parenthesis (in a list also ',' and ']').
 * quoted tells which. Returns 0 or AFF_ESYNTAX when the quotes are not closed. */
int lexer_take_value(struct lexer *l, bool in_list, struct aff_view *out, bool *quoted);

/* Steps over /pattern/ behind its first slash: \/ is a slash of the pattern. AFF_ESYNTAX when it is not closed. */
int lexer_take_pattern(struct lexer *l, struct aff_view *out);

#endif
