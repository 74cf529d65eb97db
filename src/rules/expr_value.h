/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a condition's values come from, and one test of one value.
 */
#ifndef RULES_EXPR_VALUE_H
#define RULES_EXPR_VALUE_H

#include "rules/program.h"

/* An edit, or a message as it is. */
struct from {
	const struct aff_edit *edit;
	const struct aff_msg *message;
	unsigned current;
	struct expr_current one; /* what the condition as a whole is asked for */
	/* The segments of the patient of `of`, found when they are asked for: before `first`, and from low to high. */
	struct {
		bool known;
		unsigned of, first, low, high;
	} patient;
};

/* What is read, and the buffers for it. */
struct value {
	struct from from;
	struct aff_view raw;
	struct charset_use *charset;
	struct aff_buf plain, made;
	void (*seen)(void *arg, const struct aff_expr_seen *seen); /* told of each test; NULL: nobody is */
	void *arg;
};

/* The next segment with this id at or after `start`; with a current segment only those of its patient and those before
 * all patients. */
unsigned from_next(struct from *f, const char *id, unsigned start);
bool from_is_current(const struct from *f, const char *id);
/* The segment that a path without groups means. */
unsigned from_segment(struct from *f, const struct aff_path *path);
struct aff_view from_field(const struct from *f, unsigned segment, unsigned field);
/* What the path names; 0 or AFF_ENOMEM. */
int from_path(const struct from *f, const struct aff_path *path, struct aff_view *out);

/* The text that the instruction compares, once it was tested, and that of the other path that it is compared with.
 * Each lasts until the next test or text. Failures stick in plain and made, 0 or AFF_ENOMEM. */
int value_text(const struct instruction *in, const struct aff_path *path, struct value *v, struct aff_view *out);
int value_other(const struct operand *o, struct value *v, struct aff_view *out);

/* The test of what the instruction's path names, its quantifier left out. 1, 0 or AFF_ELIMIT, AFF_ENOMEM. */
int value_test(const struct aff_expr *x, const struct instruction *in, const struct aff_path *path, struct value *v);

#endif
