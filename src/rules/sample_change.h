/* SPDX-License-Identifier: Apache-2.0
 *
 * Of the readings of one window: the first, and each that differs enough from the one that was sent before it.
 */
#ifndef RULES_SAMPLE_CHANGE_H
#define RULES_SAMPLE_CHANGE_H

#include "rules/sample_key.h"

struct sample_change;
int sample_change_new(struct sample_change **out, const struct sample_spec *spec, size_t keys);
void sample_change_free(struct sample_change *s);
void sample_change_clear(struct sample_change *s);

/* The band for a code (OBX-3.1); NULL: its changes are not looked for. */
const struct sample_band *sample_band_of(const struct sample_spec *spec, struct aff_view code);

enum sample_change_fate { CHANGE_GOES_OUT, CHANGE_IS_SMALL, CHANGE_NO_ROOM };
/* What becomes of a reading (key: SAMPLE_KEY_CODE) of the message `index`. The same message again goes out again. */
enum sample_change_fate sample_change_fate(struct sample_change *s, const struct sample_band *band, struct aff_view key,
                                           uint64_t index, const struct sample_walk *w, unsigned row);

#endif
