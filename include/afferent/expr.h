/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions over a message, as written in a channel's `when:`
 *
 *	PV1-3.1 in [ICU, CCU] and not (OBX-11 in [X, D]) and OBX-5 > 40 and exists PID-3 and OBX-3.2 matches /^MDC_/
 *
 * Operators: = != < <= > >= in [..] matches /regex/ exists empty and or not ( ). Text on the right may stand bare or in
 * quotes. `=` and `in` compare text without its escapes. < and > compare decimal numbers; a value that is no number
 * makes them false. exists: there is a value, and it is not `""`; empty: the opposite. A path without an occurrence
 * means the current segment inside `for:`, else the first one. Compiled once, run by any number of threads.
 */
#ifndef AFFERENT_EXPR_H
#define AFFERENT_EXPR_H

#include <afferent/edit.h>

#ifdef __cplusplus
extern "C" {
#endif

struct aff_expr;

/* AFF_ESYNTAX: the diag's column is the place in text, from 1. */
int aff_expr_compile(struct aff_expr **out, struct aff_view text, struct aff_diag *diag);
void aff_expr_free(struct aff_expr *e);

/* 1 true, 0 false, or AFF_ELIMIT (a regular expression went past its match limit). current: see aff_edit_path. */
int aff_expr_test(const struct aff_expr *x, const struct aff_edit *e, unsigned current);

/* The same over a message that nobody changes. */
int aff_expr_test_message(const struct aff_expr *x, const struct aff_msg *m, unsigned current);

/* The text it was compiled from. */
struct aff_view aff_expr_text(const struct aff_expr *x);

#ifdef __cplusplus
}
#endif
#endif
