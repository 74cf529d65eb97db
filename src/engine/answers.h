/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages whose senders are answered when it is known what became of them at a destination (answer: when-delivered).
 * They are in the journal already; what waits here is lost without harm, because who sends again is answered by what
 * became of the original.
 *
 * The writer says which committed messages wait, and every outcome it commits while any do; a thread matches them,
 * looks up what became of the originals of duplicates, and sends a note to the io thread: an envelope that is `about`
 * the message, with its fate.
 */
#ifndef ENGINE_ANSWERS_H
#define ENGINE_ANSWERS_H

#include "engine/envelope.h"

/* What an envelope needs to wait, made before it is handed to the writer. NULL: out of memory. */
struct awaited;
struct awaited *awaited_new(int64_t within_ms);
void awaited_free(struct awaited *a);

struct answers;
/* max_bytes: of messages that wait; who comes beyond it is told at once that it is not delivered yet. secret_file: of
 * the journal, may be NULL. */
int answers_start(struct answers **out, const char *journal, const char *secret_file, size_t max_bytes);
/* Ends the thread: what waits is answered no more. Not while the writer runs. */
void answers_stop(struct answers *a);

/* ---- by the writer, after a commit ---- */

/* e is accepted, or a duplicate, and has `awaits`. Before e goes home: what it needs to wait is no longer e's. */
struct awaited *answers_prepare(struct envelope *e);
void answers_chain(struct awaited *before, struct awaited *next);
/* They wait from now on, first and those chained behind it; NULL: none. After their envelopes went home, so that what
 * became of a message never overtakes the answer that it is stored; before their outcomes can be committed. */
void answers_expect(struct answers *a, struct awaited *first);
/* Does anybody wait? If so, each committed outcome is told. */
bool answers_wanted(const struct answers *a);
void answers_tell(struct answers *a, const struct journal_outcome *o);

/* How many wait. Thread-safe. */
uint64_t answers_waiting(const struct answers *a);

#endif
