/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates: text with {PV1-3.4} for what a path names, {upper(PID-5.1)} for a function of it, {{ and }} for braces.
 * Text is written in the character set of the message it goes into. What a path names is put in raw: it is already
 * written with the same delimiters, so a whole field keeps its components. Where a template stands for a component, its
 * paths must name components: their delimiters would start new ones.
 */
#ifndef RULES_TEMPLATE_H
#define RULES_TEMPLATE_H

#include "rules/charset.h"
#include "rules/function.h"

enum part_kind { PART_TEXT, PART_PATH, PART_DELIMITER };

enum { TEMPLATE_CALLS = 4 };

struct call {
	enum function function;
	unsigned from, count;    /* SUBSTR */
	struct aff_view text;    /* DEFAULT */
};

struct part {
	enum part_kind kind;
	size_t at;               /* in the template */
	struct aff_view text;    /* TEXT */
	char delimiter;          /* of a segment, as the standard recommends them */
	struct aff_path path;
	size_t call_count;       /* the innermost first */
	struct call calls[TEMPLATE_CALLS];
};

struct template {
	char *text;
	struct part *parts;
	size_t count;
};

/* A template for a part of this level (place.h). With LEVEL_SEGMENT it is that of a whole segment, whose text is
 * divided by | ^ ~ and &. AFF_ESYNTAX with the column, AFF_ELIMIT, AFF_ENOMEM. Free it in any case. */
int template_compile(struct template *t, struct aff_view text, unsigned level, struct aff_diag *diag);
void template_free(struct template *t);

/* Appends it for a segment to run->text. 0, AFF_ECHARSET or AFF_EDELIMITER where the message cannot hold it,
 * AFF_ENOMEM, or what sticks in the buffer. Overwrites run->key and run->made. */
struct run;
int template_put(struct run *run, const struct template *t, unsigned segment);

#endif
