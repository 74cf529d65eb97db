/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions over a message, as written in a channel's `when:`
 *
 *	PV1-3.1 in [ICU, CCU] and not (OBX-11 in [X, D]) and OBX-5 > 40 and exists PID-3 and OBX-3.2 matches /^MDC_/
 *
 * Operators: = != < <= > >= in [..] matches /regex/ exists empty and or not ( ). Text on the right may stand bare or in
 * quotes. `=` and `in` compare text without its escapes. exists: there is a value, and it is not `""`; empty: the
 * opposite. A path without an occurrence means the current segment inside `for:`, else the first one.
 *
 *	OBX-5 > 40                      decimal numbers
 *	OBX-5 > 38.5 Cel                the value in OBX-6's unit is converted, and rounded as `units` does
 *	OBX-14 < 2026-01-31T10:00       a date or time; one without a zone is in that of MSH-7; what is not written of
 *	                                it counts as its beginning
 *	PID-3.1 = {PV1-19.1}            another path
 *	OBX-14 < {MSH-7} - 2h           another time, moved by s, min, h, d, w or y (calendar years)
 *	count OBX > 3, count PID-3 = 1  segments, or the repetitions of a field that have a value
 *	lower(PV1-3.1) = icu            upper, lower (letters A to Z), trim (blanks), length (characters)
 *	any PID-3.5 = MR                of all segments and repetitions that the path names: one is so, all are; inside
 *	all OBX-11 in [F, R]            `for:` those of the current segment. Where there is none, any is false, all true
 *	any OBX (OBX-3.1 = 147842 and OBX-5 > 150)
 *	                                the condition holds for one of the segments: paths within mean that segment
 *
 * What cannot be compared makes < <= > >= false: a text that is no number or time, a unit that is not known or measures
 * something else, a time without a zone against one with. Inside `for:` no test is about the segments of another
 * patient. Compiled once, run by any number of threads.
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

/* One test that was made on the way to the answer, as a person would ask for it. Texts are UTF-8 without escapes. */
struct aff_expr_seen {
	struct aff_view test;         /* as it is written: "lower(PV1-3.1) = icu" */
	bool holds;
	const struct aff_path *path;  /* what was looked at */
	unsigned segment;             /* in which one; AFF_NONE: there is none, or the path has groups */
	struct aff_view value;        /* what stands there, by the test's function */
	const struct aff_path *other_path; /* NULL: it is compared with no other path */
	struct aff_view other;        /* what stands there */
};

/* aff_expr_test that tells of each test it makes, in order; everything told is valid during the call only, and is
 * patient data. Tests that the others decide are not made. field, repetition: within a step for each repetition of a
 * field the current one; else 0. Also AFF_ENOMEM. */
int aff_expr_explain(const struct aff_expr *x, const struct aff_edit *e, unsigned current, unsigned field,
                     unsigned repetition, void (*seen)(void *arg, const struct aff_expr_seen *seen), void *arg);

/* A path that a condition reads. */
struct aff_expr_path {
	struct aff_path path;
	size_t at;                    /* in the condition's text, in bytes */
	const struct aff_view *texts; /* what =, != or in compares it with, as long as the condition lives */
	size_t count;                 /* 0: it is compared with no text, or is an argument of length() or count */
};

/* The nth path, from 0, in the order of the text; false past the last one. */
bool aff_expr_path(const struct aff_expr *x, size_t n, struct aff_expr_path *out);

/* The text it was compiled from. */
struct aff_view aff_expr_text(const struct aff_expr *x);

#ifdef __cplusplus
}
#endif
#endif
