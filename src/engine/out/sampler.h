/* SPDX-License-Identifier: Apache-2.0
 *
 * Sampling as a sender needs it. Keeping the first reading of a window, and those that changed, needs one pass in
 * journal order. Keeping the last, or what all come to, needs two: a scan that learns, when the window has closed,
 * which message brought the last reading of each key, and then the pass that delivers. Until its window is closed a
 * message is pending; after a crash the window is scanned again, from its start: what it comes to does not depend on
 * the crash.
 */
#ifndef ENGINE_SAMPLER_H
#define ENGINE_SAMPLER_H

#include "conf/conf.h"
#include "journal/journal.h"

struct sampler;
/* line: of `sample` in the channel's file, named in outcomes. */
int sampler_new(struct sampler **out, const struct sample_spec *spec, unsigned line);
void sampler_free(struct sampler *s);

/* ---- the scan ---- */

/* Is there one? Not when the first reading is kept. */
bool sampler_scans(const struct sampler *s);

/* Says once from where the scan starts, when everything up to `position` has its outcome. */
void sampler_begin(struct sampler *s, int64_t position);
/* Up to which id was scanned. */
int64_t *sampler_position(struct sampler *s);
/* false: the message belongs to a later window; this closes the current one. */
bool sampler_may_scan(struct sampler *s, const struct journal_message *m);
/* e: the transformed message; NULL: it will not be sent. */
void sampler_scan(struct sampler *s, const struct journal_message *m, struct aff_edit *e);
/* Closes the window when its time is over and everything in it was scanned. */
void sampler_close_if_due(struct sampler *s, int64_t wall_us);
/* Is there a closed window, whose messages may be delivered? */
bool sampler_has_closed(const struct sampler *s);
/* Microseconds until the window can be closed; a large number when none is open. */
int64_t sampler_due_us(const struct sampler *s, int64_t wall_us);

/* ---- the pass that delivers ---- */

/* The id behind which the window that `position` is in starts, or an earlier one. With `keep: first`, the messages from
 * there on must be applied again after a restart. */
int64_t sampler_remembers_from(const struct sampler *s, int64_t position);

/* true: the message may be delivered now (its window is closed). */
bool sampler_may_apply(struct sampler *s, const struct journal_message *m);
/* Takes the readings out of e that the sample does not keep. Returns 0 when something is left, else the outcome
 * (JOURNAL_FILTERED or JOURNAL_MERGED; JOURNAL_DEAD: it could not be edited) with its detail. */
enum journal_outcome_kind sampler_apply(struct sampler *s, const struct journal_message *m, struct aff_edit *e,
                                        char *detail, size_t size);

#endif
