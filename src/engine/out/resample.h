/* SPDX-License-Identifier: Apache-2.0
 *
 * What a destination with a sample got is no function of one message. It is one of the messages of its window, which
 * the journal has.
 */
#ifndef ENGINE_RESAMPLE_H
#define ENGINE_RESAMPLE_H

#include "engine/pipeline.h"
#include "journal/journal.h"

/* As pipeline_run, for the accepted message `id` of the channel, with the sample of dest: reads its window from the
 * journal. Returns 0 with a verdict in *result (FILTERED: the sample left nothing of it), AFF_ENOMEM, or an error of
 * the journal with diag. */
int resample(struct journal_reader *r, struct pipeline *p, const struct conf_channel *channel,
             const struct conf_dest *dest, int64_t id, struct pipeline_result *result, struct aff_diag *diag);

#endif
