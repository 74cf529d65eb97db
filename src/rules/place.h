/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a path leads to while a program runs: reading, writing and clearing that part of the message.
 */
#ifndef RULES_PLACE_H
#define RULES_PLACE_H

#include "rules/step.h"

/* What a path names, the coarsest first. */
enum level { LEVEL_SEGMENT, LEVEL_FIELD, LEVEL_REPETITION, LEVEL_COMPONENT, LEVEL_SUBCOMPONENT };

struct place {
	unsigned segment; /* AFF_NONE: it is not there */
	enum level level;
	unsigned field, repetition, component, subcomponent;
};

/* The level of a path of a step: one to the field that it is done for each repetition of means a repetition. */
enum level place_level(const struct aff_path *path, const char *for_each, unsigned for_field);

/* The path with the current repetition, where it means that one: in `own`; else the path itself. */
const struct aff_path *place_path(const struct run *run, const struct aff_path *path, unsigned segment,
                                  struct aff_path *own);

/* Where the path leads to from this segment. 0, AFF_ENOMEM. */
int place_find(struct run *run, const struct aff_path *path, unsigned segment, struct place *out);
/* What stands there, as it is in the message. A field: with all its repetitions. */
struct aff_view place_read(const struct run *run, const struct place *at);
/* Puts raw text there. 0, STEP_DECIDED where the message cannot hold it, or an error. */
int place_write(struct run *run, const struct place *at, struct aff_view raw);
/* Takes away what stands there: a repetition with its place, any other part leaves its place empty. STEP_DELETED when
 * it was the current repetition or one before it, else as place_write. Overwrites run->text. */
int place_clear(struct run *run, const struct place *at);

#endif
