/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of single steps share. Each turns its part of an entry under `transform:` into steps of the program.
 */
#ifndef CONF_TRANSFORM_H
#define CONF_TRANSFORM_H

#include "conf/reader.h"

struct step_reader {
	struct reader *r;
	struct aff_rules *rules;
	const struct fields *f;
	struct aff_step step;   /* what all steps made from this entry share; its `when` is not set */
	bool adrift;            /* what it stands within was wrong: nothing is added */
};

/* Reads a path that names at least a field. */
bool step_read_path(struct reader *r, const struct node *n, struct aff_path *out);
/* The same for a segment's id; n NULL: "". */
void step_read_segment(struct reader *r, const struct node *n, char id[4]);
/* Whether a list holds from 1 to 200 parts of the key; reported otherwise. */
bool step_check_count(struct reader *r, const struct node *list, enum key_id key);
/* Adds the step with a condition of its own. `when` and `for` with mistakes were reported before, and nothing is added
 * then. at: the node that is to blame; value: the text that a column counts in, or NULL. */
void step_add(struct step_reader *s, const struct node *at, const struct node *value);

/* The same without a report but of memory: 0, or why it cannot be added, with the diag of aff_rules_add; AFF_ENOTFOUND:
 * what is wrong was reported before. */
int step_try(struct step_reader *s, struct aff_diag *diag);

/* The condition is asked anew for each part of an entry that changes several fields: only the last one may change what
 * it reads. */
void step_check_condition(struct step_reader *s, const struct node *at, const struct aff_path *path, bool last);

void read_hash(struct step_reader *s, const struct node *map);
void read_deidentify(struct step_reader *s, const struct node *map);
void read_mask(struct step_reader *s, const struct node *map);
void read_lua(struct step_reader *s, const struct node *n);
void read_set(struct step_reader *s, const struct node *map);
void read_copy(struct step_reader *s, const struct node *n);
void read_move(struct step_reader *s, const struct node *n);
void read_delete(struct step_reader *s, const struct node *n);
void read_add(struct step_reader *s, const struct node *n);
void read_renumber(struct step_reader *s, const struct node *n);
void read_round(struct step_reader *s, const struct node *map);
void read_zone(struct step_reader *s, const struct node *map);
void read_order(struct step_reader *s, const struct node *n);

#endif
