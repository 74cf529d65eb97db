/* SPDX-License-Identifier: Apache-2.0
 *
 * A source with a thread of its own: what does not come over connections of the io threads.
 */
#ifndef ENGINE_SOURCE_H
#define ENGINE_SOURCE_H

#include "engine/in/intake.h"

struct source;

struct source_env {
	struct journal *journal;
	struct budget *budget;
	unsigned number;             /* another one for each source, and none of an io thread */
};

/* Whether sources of this kind have a thread of their own. */
bool source_is_own(enum conf_source_kind kind);

/* Makes it ready; nothing is taken before source_use. listener: a socket that listens, of which the source gets a
 * descriptor of its own; -1 for kinds that do not listen. AFF_ENOMEM. */
int source_new(struct source **out, const struct source_env *env, const struct conf_channel *settings,
	       struct channel *channel, int listener, struct aff_diag *diag);
/* Takes messages for the writer under this snapshot from now on. settings are of conf. */
void source_use(struct source *s, struct writer *writer, struct conf *conf, const struct conf_channel *settings);
/* Takes no more; returns at once. What was taken is answered when it comes back from the writer. */
void source_end(struct source *s);
/* After source_end: whether everything is answered; waits for it until the deadline (monotonic; 0: not at all). */
bool source_is_over(struct source *s, int64_t deadline_us);
/* From the last byte of a message to its answer. */
const struct histogram *source_latency(const struct source *s);
/* Ends the thread and frees it. Not while the writer may have something of it: after writer_stop, or when it is
 * over. */
void source_free(struct source *s);

#endif
