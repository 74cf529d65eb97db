/* SPDX-License-Identifier: Apache-2.0
 *
 * One step of a program and what it works on while it runs. A struct step is read by any number of threads; a struct
 * run belongs to one call of aff_rules_run.
 */
#ifndef RULES_STEP_H
#define RULES_STEP_H

#include <afferent/rules.h>

#include "rules/charset.h"

/* A piece of a SET template: text, or the field a path names. */
struct part {
	bool is_path;
	struct aff_path path;
	struct aff_view text;
};

struct step {
	enum aff_step_kind kind;
	unsigned line;
	char for_each[4];
	struct aff_expr *when;
	struct aff_path path;
	const struct aff_table *table;
	enum aff_unknown unknown;
	enum aff_suspect suspect;
	unsigned suspects;
	char *value;             /* SET: the template; the parts are views into it */
	struct part *parts;
	size_t part_count;
};

struct run {
	const struct step *step;
	struct aff_edit *e;
	struct aff_delims delims;
	struct charset_use charset;
	struct aff_buf text;     /* what is written next */
	struct aff_buf key;      /* an unescaped code */
	struct aff_rules_result *result;
	struct aff_diag *diag;
};

/* What a step did to the segment it was run for; negative: AFF_E.... */
enum { STEP_DONE = 0, STEP_DELETED = 1, STEP_DECIDED = 2 };

int translate_run(struct run *run, unsigned segment);
int units_run(struct run *run, unsigned segment);
int suspect_run(struct run *run, unsigned segment);
int set_run(struct run *run, unsigned segment);
int set_compile(struct step *step, struct aff_view value, struct aff_diag *diag);

/* Decides that the message is rejected, with the place that is at fault. Returns STEP_DECIDED. */
int run_reject(struct run *run, int code, unsigned segment, unsigned field, const char *format, ...) AFF_PRINTF(5, 6);
/* The same for text that the message's character set does not have. */
int run_reject_text(struct run *run, unsigned segment, unsigned field);
/* Deletes a segment, an OBX with its notes. A PID or OBR with readings is not taken away where these would become those
 * of the one before: the message is rejected. Returns STEP_DELETED, STEP_DECIDED or an error. */
int run_delete(struct run *run, unsigned segment);

#endif
