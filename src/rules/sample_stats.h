/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbers of one window by key, and the one reading that stands for them: their mean, their median, or their range.
 */
#ifndef RULES_SAMPLE_STATS_H
#define RULES_SAMPLE_STATS_H

#include "rules/keyset.h"
#include "rules/sample_key.h"

struct sample_stats;

/* keys, values: the most of them in a window; 0 for the usual caps. */
int sample_stats_new(struct sample_stats **out, const struct sample_spec *spec, size_t keys);
void sample_stats_free(struct sample_stats *s);
void sample_stats_clear(struct sample_stats *s);

/* Takes up a number of the message `index`. Past the cap the key is given up: its readings pass as they are. */
void sample_stats_add(struct sample_stats *s, struct aff_view key, uint64_t index, struct decimal number);

enum sample_fate {
	SAMPLE_PASS,   /* memory is used up: the reading goes out as it is */
	SAMPLE_GOES,   /* another reading stands for it: in message *kept */
	SAMPLE_STANDS, /* it stands for the others: sample_stats_derive */
};
/* What becomes of a number of the message `index` now that the window is over; asked once for each, in order. */
enum sample_fate sample_stats_fate(struct sample_stats *s, struct aff_view key, uint64_t index, uint64_t *kept);

/* Makes the row that stands for the others say what they come to. Returns 0, or what aff_edit_set returned. */
int sample_stats_derive(struct sample_stats *s, struct aff_view key, struct aff_edit *e, unsigned row);

#endif
