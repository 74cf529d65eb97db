/* SPDX-License-Identifier: Apache-2.0
 *
 * Which row of a mapping table a coded field means.
 */
#ifndef RULES_ROW_FIT_H
#define RULES_ROW_FIT_H

#include <afferent/coded.h>

#include "rules/step.h"

/* What was found for a coding. */
struct row_found {
	const struct aff_table_row *row; /* NULL: none */
	bool mismatch;                   /* the code is known, but something that a row asks for beside it differs */
	bool costly;                     /* it was not found out what contains the segment: that costs too much */
};

/* A view of the message without escapes, in UTF-8; good until the next one is read. */
struct aff_view row_plain(struct run *run, struct aff_view raw);

struct row_found row_find(struct run *run, unsigned segment, const struct aff_coding *coding);

/* Whether rows of the table ask for this segment as a container. */
bool row_is_container(struct run *run, unsigned segment);

/* The same as row_find for the way back. */
struct row_found row_find_back(struct run *run, const struct aff_coding *coding);

#endif
